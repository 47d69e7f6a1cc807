package postgres_test

import (
	"os"
	"testing"

	"rollcall"
	"rollcall/internal/store/pgtest"
	"rollcall/internal/store/postgres"
	"rollcall/internal/store/storetest"
)

// server is that of all tests of the package.
var server pgtest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	server.Remove()
	os.Exit(code)
}

func TestConformance(t *testing.T) {
	conformance(t, func(url string) string { return url })
}

func conformance(t *testing.T, through func(url string) string) {
	databases := map[string]string{} // of tests, by name
	storetest.Run(t, func(t *testing.T) rollcall.Store {
		url, ok := databases[t.Name()]
		if !ok {
			url = through(server.Database(t))
			databases[t.Name()] = url
		}
		s, err := postgres.Open(t.Context(), url, postgres.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
