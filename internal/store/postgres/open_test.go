package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"rollcall"
	"rollcall/internal/store/postgres"
)

// database returns the name of the database of a URL, for psql.
func database(t *testing.T, text string) string {
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// sql runs statements in the database of a URL.
func sql(t *testing.T, url, text string) string {
	t.Helper()
	out, err := server.Server(t).Query(database(t, url), text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, postgres.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s
}

func newCorp(t *testing.T, s *postgres.Store, id string) {
	t.Helper()
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: id, Name: id, Settings: rollcall.DefaultSettings()}); err != nil {
		t.Fatal(err)
	}
}

func TestAnEmptyDatabaseIsRefused(t *testing.T) {
	url := server.Database(t)
	_, err := postgres.Open(t.Context(), url, postgres.Options{})
	if !errors.Is(err, rollcall.ErrNoDatabase) || !strings.Contains(err.Error(), "rollcall init --database") {
		t.Errorf("%v: it should be ErrNoDatabase and name the command", err)
	}
	if n := sql(t, url, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"); n != "0" {
		t.Errorf("it has %s tables now", n)
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	url := server.Database(t)
	open(t, url)
	sql(t, url, "INSERT INTO rollcall_schema (version_id, is_applied) VALUES (99, true)")
	for _, create := range []bool{false, true} {
		if _, err := postgres.Open(t.Context(), url, postgres.Options{Create: create}); !errors.Is(err, rollcall.ErrNewerSchema) {
			t.Errorf("%v: not ErrNewerSchema", err)
		}
	}
}

func TestADatabaseInAnotherEncodingIsRefused(t *testing.T) {
	s := server.Server(t)
	if _, err := s.Query("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Open(t.Context(), s.URL("latin"), postgres.Options{Create: true})
	if err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("%v: it should name the encoding", err)
	}
}

// Several nodes that start at once on an empty database make its tables once.
func TestManyCreateAtOnce(t *testing.T) {
	url := server.Database(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := postgres.Open(t.Context(), url, postgres.Options{Create: true})
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: fmt.Sprint("corp", i), Settings: rollcall.DefaultSettings()}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := sql(t, url, "SELECT count(*) FROM rollcall_schema WHERE version_id = 1"); n != "1" {
		t.Errorf("the first migration was applied %s times", n)
	}
	if n := sql(t, url, "SELECT count(*) FROM heads"); n != "8" {
		t.Errorf("%s organizations, not 8", n)
	}
}

// Neither what cannot be read nor what cannot be reached shows the password.
func TestErrorsDoNotShowThePassword(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, url := range []string{
		"postgres://rollcall:hunter2@127.0.0.1:1/none?connect_timeout=1",
		"postgres://rollcall@127.0.0.1:1/none?password=hunter2&connect_timeout=1",
		"postgres://rollcall:hunter2@127.0.0.1:port/none",
		"postgres://rollcall:hun%zzter2@127.0.0.1/none",
		"postgres://rollcall:hunter2@127.0.0.1/none?sslmode=nonsense",
		"postgres://rollcall:hunter2@127.0.0.1/none?pool_max_conns=many",
		"postgres://rollcall@127.0.0.1/none?sslpassword=hunter2&sslmode=nonsense",
		"mysql://rollcall:hunter2@127.0.0.1/none",
		"rollcall:hunter2@127.0.0.1/none",
		"host=127.0.0.1 password=hunter2 user=rollcall",
	} {
		_, err := postgres.Open(ctx, url, postgres.Options{})
		if err == nil {
			t.Errorf("%s: no error", url)
		} else if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "zzter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// A password in the URL is used all the same.
func TestAPasswordIsUsed(t *testing.T) {
	own := server.Server(t)
	db := server.Database(t)
	open(t, db)
	// A server that asks for passwords, for one role.
	if _, err := own.Query("postgres", "CREATE ROLE careful LOGIN SUPERUSER PASSWORD 'open sesame & more'"); err != nil {
		t.Fatal(err)
	}
	if err := own.Allow("careful", "scram-sha-256"); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(db)
	if err != nil {
		t.Fatal(err)
	}
	for password, good := range map[string]bool{"open sesame & more": true, "guess": false} {
		u.User = url.UserPassword("careful", password)
		s, err := postgres.Open(t.Context(), u.String(), postgres.Options{})
		if (err == nil) != good {
			t.Errorf("with %q: %v", password, err)
		}
		if err == nil {
			s.Close()
		}
	}
}

// Where the URL has several servers, the one that takes writes is chosen; one that
// is not there does not keep it for long.
func TestThePrimaryOfSeveralServersIsChosen(t *testing.T) {
	db := server.Database(t)
	port := server.Server(t).Port
	several := strings.Replace(db, fmt.Sprint("127.0.0.1:", port), fmt.Sprint("127.0.0.1:1,127.0.0.1:", port), 1)
	s := open(t, several)
	newCorp(t, s, "acme")
}
