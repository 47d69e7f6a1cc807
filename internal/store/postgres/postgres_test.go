package postgres_test

import (
	"os"
	"sync"
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
	var mu sync.Mutex
	databases := map[string]string{} // of tests, by name
	database := func(t *testing.T) string {
		mu.Lock()
		defer mu.Unlock()
		url, ok := databases[t.Name()]
		if !ok {
			url = through(server.Database(t))
			databases[t.Name()] = url
		}
		return url
	}
	storetest.Run(t, func(t *testing.T) rollcall.Store {
		url := database(t)
		s, err := postgres.Open(t.Context(), url, postgres.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
