package main

import (
	"context"
	"fmt"
	"strings"

	"rollcall"
	"rollcall/internal/store/sqlite"
)

// openDatabase opens the database at a URL, sqlite:DIR; where create says so, one
// that is missing is made.
func openDatabase(ctx context.Context, url string, create bool) (rollcall.Store, error) {
	dir, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || dir == "" {
		return nil, usageError{fmt.Errorf("the URL of a database is sqlite:DIR")}
	}
	return sqlite.Open(ctx, dir, sqlite.Options{Create: create})
}
