package pgtest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
)

// Start is [New] for a test, which ends with it.
func Start(t testing.TB, opt Options) *Server {
	t.Helper()
	return forTest(t, func() (*Server, error) { return New(opt) })
}

// StartStandby is [NewStandby] for a test, which ends with it.
func StartStandby(t testing.TB, primary *Server, opt Options) *Server {
	t.Helper()
	return forTest(t, func() (*Server, error) { return NewStandby(primary, opt) })
}

func forTest(t testing.TB, start func() (*Server, error)) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		missing(t, err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// missing ends a test that has no server: with a failure where CI=true says that it
// has to run.
func missing(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		// On purpose: `make test` installs PostgreSQL, and where that cannot be,
		// everything else is still tested and these say that they were not run.
		// .ci/run sets CI, and fails.
		t.Skip("not run, as there is no PostgreSQL: ", err)
	}
	t.Fatal(err)
}

// Shared is one server for all tests of a package, which starts when the first
// one asks for it. TestMain calls Remove.
type Shared struct {
	once      sync.Once
	server    *Server
	err       error
	mu        sync.Mutex
	databases int
}

// Server returns the server. It is not durable.
func (s *Shared) Server(t testing.TB) *Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = New(Options{}) })
	if s.err != nil {
		missing(t, s.err)
	}
	return s.server
}

// Database makes a new database for a test and returns its URL. Its collation is
// not that of bytes, where the server knows another.
func (s *Shared) Database(t testing.TB) string {
	t.Helper()
	server := s.Server(t)
	s.mu.Lock()
	s.databases++
	name := fmt.Sprint("test_", s.databases)
	s.mu.Unlock()
	create := "CREATE DATABASE " + name + " TEMPLATE template0"
	if _, err := server.Query("postgres", create+" LOCALE_PROVIDER icu ICU_LOCALE 'und'"); err != nil {
		if !strings.Contains(err.Error(), "option") && !strings.Contains(err.Error(), "ICU") {
			t.Fatal(err)
		}
		if _, err := server.Query("postgres", create); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := server.Query("postgres", "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return server.URL(name)
}

// Remove ends the server, if one was started.
func (s *Shared) Remove() {
	if s.server == nil {
		return
	}
	if err := s.server.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
	}
}
