package rollcall_test

import (
	"go/token"
	"slices"
	"testing"
)

// TestLawsCatch breaks each law on purpose: a law that cannot fail is none.
func TestLawsCatch(t *testing.T) {
	tests := []struct {
		law   string // empty: all of them
		path  string
		src   string
		lines []int // where the law is broken
	}{
		{"the root package imports only the standard library", "user.go", `package rollcall
			import "time"
			import "rollcall/internal/wire"
			import "golang.org/x/sync/errgroup"`, []int{3, 4}},
		{"the root package imports only the standard library", "user_test.go", `package rollcall_test
			import "pgregory.net/rapid"`, nil},
		{"requests reach no SQL", "internal/directory/sequence/x.go", `package sequence
			import "rollcall/internal/store/sqlite"
			import "rollcall/internal/storefront"
			import "database/sql"
			import "modernc.org/sqlite"`, []int{2, 4, 5}},
		{"requests reach no SQL", "internal/api/user.go", `package api
			import "zombiezen.com/go/sqlite/sqlitex"`, []int{2}},
		{"a store knows nothing above it", "internal/store/storetest/x_test.go", `package storetest
			import "rollcall"
			import "rollcall/internal/directory"`, []int{3}},
		{"the wire has no data", "internal/wire/x.go", `package wire
			import "rollcall/internal/activity"`, []int{2}},
		{"the directory has no dialect", "internal/directory/x.go", `package directory
			import "rollcall/internal/wire"`, []int{2}},
		{"the API writes no replies", "internal/api/x.go", `package api
			import "net/http"`, []int{2}},
		{"our own calls know no store and no dialect's rules", "internal/rest/x.go", `package rest
			import "rollcall/internal/wire"
			import "rollcall/internal/api"`, []int{3}},
		{"the manual reads the table and nothing else", "internal/manual/x.go", `package manual
			import "rollcall/internal/wire"
			import "rollcall/internal/api"`, []int{3}},
		{"the console does not go through the wire", "internal/console/x.go", `package console
			import "rollcall/internal/wire"
			import "net/http"`, []int{2}},
		{"third-party libraries enter by their door", "internal/intake/sheet/x.go", `package intake
			import "golang.org/x/text/encoding/simplifiedchinese"
			import "golang.org/x/text/collate"
			import "github.com/somebody/something"`, []int{3, 4}},
		{"third-party libraries enter by their door", "bench/x.go", `package main
			import "github.com/somebody/something"`, nil},
		{"nothing happens on import", "cmd/rollcall/main.go", `package main
			func init() {}
			type t struct{}
			func (t) init() {}`, []int{2}},
		{"no package-level state", "internal/wire/x.go", `package wire
			var cache = map[string]int{}
			var n int
			var (
				ErrGone    = errors.New("gone")
				pattern    = regexp.MustCompile("x")
				a, b       = errors.New("a"), 1
				hook       = func() {}
			)
			// codes is immutable.
			var codes = []int{1}
			var (
				// set is immutable.
				set = build[int](1)
				// mu is immutable, it says.
				mu sync.Mutex
			)
			var _ error = (*Error)(nil)
			//go:embed x.sql
			var schema string
			func f() { var local int; _ = local }`, []int{2, 3, 7, 8, 16}},
		{"no package-level state", "internal/ops/x.go", `package ops
			var n int`, nil},
		{"no surroundings", "internal/access/x.go", `package access
			import "flag"
			import "os"
			import clock "time"
			var now = clock.Now
			func f(os2 string) { os.Exit(1) }
			func g(clock struct{ Now int }) int { return clock.Now }
			func h() { clock.NewTimer(clock.Second); os.Getenv("HOME") }`, []int{2, 5, 6, 8}},
		{"no surroundings", "internal/access/y.go", `package access
			import . "time"
			import "log"
			func f() { log.Fatal(Now()) }`, []int{2, 4}},
		{"no surroundings", "cmd/rollcall/x.go", `package main
			import "os"
			func f() { os.Exit(1) }`, nil},
		{"everything exported is documented", "internal/intake/x.go", `package intake
			func F() {}
			//nolint:unused
			type T[P any] struct{}
			func (T[P]) M() {}
			type hidden struct{}
			func (*hidden) M() {}
			const A, B = 1, 2
			// Groups are told about once.
			const (
				C = 1
			)
			var (
				V int
				W int // told beside it
			)
			// Types are told about one by one.
			type (
				U int
			)
			// G is a function.
			func G() {}`, []int{1, 2, 4, 5, 8, 8, 14, 19}},
		{"everything exported is documented", "internal/intake/x_test.go", `package intake
			func F() {}`, nil},
		{"package names say something", "internal/utils/x.go", "package text", []int{1}},
		{"package names say something", "internal/text/x_test.go", "package helper_test", []int{1}},
		{"", "internal/store/sqlite/user.go", `// Package sqlite is the store.
			package sqlite
			import (
				"database/sql"
				"rollcall"
				"zombiezen.com/go/sqlite"
			)
			// ErrLocked is returned for a database that is in use.
			var ErrLocked = fmt.Errorf("it is in use: %w", rollcall.ErrBusy)
			// User reads one person.
			func User() {}`, nil},
	}
	caught := map[string]bool{}
	for _, tt := range tests {
		s, err := parse(token.NewFileSet(), tt.path, tt.src)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range laws {
			if tt.law != "" && tt.law != l.name {
				continue
			}
			var lines []int
			found := l.check([]source{s})
			for _, b := range found {
				lines = append(lines, b.line)
			}
			if !slices.Equal(lines, tt.lines) {
				t.Errorf("%s: %s: caught at lines %v, want %v\n%v", l.name, tt.path, lines, tt.lines, found)
			}
			caught[l.name] = caught[l.name] || len(lines) > 0
		}
	}
	for _, l := range laws {
		if !caught[l.name] {
			t.Errorf("no example breaks the law %q", l.name)
		}
	}
}
