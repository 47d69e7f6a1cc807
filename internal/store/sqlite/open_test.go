package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"rollcall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func openTest(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOldLibraryIsRefused(t *testing.T) {
	for number, ok := range map[int]bool{
		3_054_001: true, 3_051_003: true, 4_000_000: true,
		3_051_002: false, 3_050_099: false, 3_007_000: false, 0: false,
	} {
		err := checkLibrary(number)
		if (err == nil) != ok {
			t.Errorf("%d: %v", number, err)
		}
	}
	if err := checkLibrary(3_046_001); !strings.Contains(err.Error(), "3.46.1") || !strings.Contains(err.Error(), "3.51.3") {
		t.Errorf("the error does not name both versions: %v", err)
	}
}

func TestMissingDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, err := Open(t.Context(), dir, Options{})
	if !errors.Is(err, rollcall.ErrNoDatabase) {
		t.Fatalf("%v, not ErrNoDatabase", err)
	}
	for _, part := range []string{filepath.Join(dir, "rollcall.db"), "create it with: rollcall init --data " + dir + " --name NAME"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opening made the directory: %v", err)
	}
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	if err := Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, dir)
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(entries, fs.FileInfoToDirEntry(stat(t, dir))) {
		info, err := name.Info()
		if err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o600)
		if info.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, not %v", info.Name(), info.Mode(), want)
		}
	}
	// What is there stays.
	if err := Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if heads, err := s.Heads(t.Context()); err != nil || len(heads) != 1 {
		t.Errorf("heads %v, %v", heads, err)
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestCreateAfterAKilledAttempt(t *testing.T) {
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := os.WriteFile(filepath.Join(dir, fileName+".new"+suffix), []byte("half of something"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := openTest(t, dir).IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

func TestOddPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file:a ?mode=memory&b#%41 '日本'")
	s := openTest(t, dir)
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme"}); err != nil {
		t.Fatal(err)
	}
	stat(t, filepath.Join(dir, fileName))
}

// write runs SQL on the database behind the store's back.
func write(t *testing.T, dir, sql string) {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(dir, fileName), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := sqlitex.ExecuteScript(conn, sql, nil); err != nil {
		t.Fatal(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, 1)")
	_, err := Open(t.Context(), dir, Options{Create: true})
	if !errors.Is(err, rollcall.ErrNewerSchema) {
		t.Fatalf("%v, not ErrNewerSchema", err)
	}
	known, _ := newest(migrations)
	for _, number := range []string{"4711", fmt.Sprint(known)} {
		if !strings.Contains(err.Error(), number) {
			t.Errorf("%q does not say %s", err, number)
		}
	}
}

func TestForeignFileIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(conn, "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)", nil); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, opt := range []Options{{}, {Create: true}} {
		if _, err := Open(t.Context(), dir, opt); err == nil || !strings.Contains(err.Error(), "not a Rollcall database") {
			t.Errorf("Open(%v): %v", opt, err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || string(before) != string(after) {
		t.Errorf("the file was changed: %v", err)
	}
}

// more returns the migrations and further ones.
func more(t *testing.T, files map[string]string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	for name, sql := range files {
		all["migrations/"+name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + sql)}
	}
	err := fs.WalkDir(migrations, "migrations", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embed.FS.ReadFile(migrations, path)
		all[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestUpgradeAppliesEachMigrationOnce(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	files := more(t, map[string]string{
		"90001_a.sql": "CREATE TABLE extra (n INTEGER); INSERT INTO extra VALUES (0);",
		"90002_b.sql": "UPDATE extra SET n = n + 1;",
		"90003_c.sql": "UPDATE extra SET n = n + 10;",
	})
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if err := upgrade(t.Context(), dir, files); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	err := s.read(t.Context(), func(conn *sqlite.Conn) error {
		n, err := sqlitex.ResultInt(conn.Prep("SELECT n FROM extra"))
		if err == nil && n != 11 {
			err = fmt.Errorf("n is %d, not 11", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, rollcall.ErrNewerSchema) {
		t.Errorf("the older program opens it: %v", err)
	}
}

func TestFailedUpgradeLeavesTheDatabase(t *testing.T) {
	dir := t.TempDir()
	if err := Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	files := more(t, map[string]string{"90001_a.sql": "CREATE TABLE extra (n INTEGER); INSERT INTO nowhere VALUES (0);"})
	if err := upgrade(t.Context(), dir, files); err == nil {
		t.Fatal("no error")
	}
	if err := openTest(t, dir).IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWaitForTheLockEndsWithTheContext(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() { got <- Create(ctx, dir) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, not Canceled", err)
	}
	unlock()
	if err := Create(t.Context(), dir); err != nil {
		t.Error(err)
	}
}

func TestDamagedFileIsAnError(t *testing.T) {
	whole := t.TempDir()
	s := openTest(t, whole)
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	commitTest(t, s, 500)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(whole, fileName))
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"empty":              func(b []byte) []byte { return nil },
		"a few bytes":        func(b []byte) []byte { return b[:50] },
		"the header only":    func(b []byte) []byte { return b[:100] },
		"one page":           func(b []byte) []byte { return b[:4096] },
		"half":               func(b []byte) []byte { return b[:len(b)/2] },
		"no database at all": func(b []byte) []byte { return []byte(strings.Repeat("text ", 2000)) },
		"pages of zeros":     func(b []byte) []byte { clear(b[4096 : len(b)-8192]); return b },
		"pages of ones": func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] = 0xff
			}
			return b
		},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), damage(append([]byte(nil), data...)), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), dir, Options{})
		if err == nil {
			err = s.IntegrityCheck(t.Context())
			_, _ = s.Load(t.Context(), "acme", discard{}) // must not panic
			_ = s.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if name == "empty" && err != nil && !strings.Contains(err.Error(), "is empty") {
			t.Errorf("%s: %v does not say so", name, err)
		}
		if errors.Is(err, rollcall.ErrNoDatabase) {
			t.Errorf("%s: %v invites to overwrite it", name, err)
		}
	}
}

// discard is a snapshot that keeps nothing.
type discard struct{}

func (discard) Corp(*rollcall.Corp) error { return nil }

func (discard) Dept(*rollcall.Dept, rollcall.Instant) error { return nil }

func (discard) User(*rollcall.User) error { return nil }

func (discard) EndedStay(rollcall.Ordinal, rollcall.Stay) error { return nil }

func (discard) EndedMembership(rollcall.Ordinal, rollcall.DeptID, rollcall.Stay) error { return nil }

func (discard) EndedParent(rollcall.DeptID, rollcall.DeptID, rollcall.Stay) error { return nil }

func (discard) RoleGroup(*rollcall.RoleGroup, bool) error { return nil }

func (discard) Role(*rollcall.Role, bool) error { return nil }

func (discard) App(*rollcall.App) error { return nil }
