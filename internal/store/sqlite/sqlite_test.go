package sqlite_test

import (
	"path/filepath"
	"testing"

	"rollcall"
	"rollcall/internal/store/sqlite"
	"rollcall/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t *testing.T) rollcall.Store {
		s, err := sqlite.Open(t.Context(), filepath.Join(dir, filepath.Base(t.Name())), sqlite.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
