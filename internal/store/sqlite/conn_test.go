package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"rollcall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// people returns the changes by which n people come into the root, with
// ordinals from first on.
func people(first, n int) []rollcall.Change {
	var changes []rollcall.Change
	for i := first; i < first+n; i++ {
		changes = append(changes,
			rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(i), Payload: rollcall.Payload{
				User: &rollcall.User{UserID: fmt.Sprint("user", i), Name: strings.Repeat("x", 100)},
			}},
			rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: rollcall.Ordinal(i), DeptID: 1, Payload: rollcall.Payload{
				Member: &rollcall.Membership{DeptID: 1},
			}})
	}
	return changes
}

// commitTest commits n people more and returns the version.
func commitTest(t *testing.T, s *Store, n int) uint64 {
	t.Helper()
	tx, err := s.Begin(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if err := tx.Append(people(int(tx.Head().Version)*10_000, n)); err != nil {
		t.Fatal(err)
	}
	head, err := tx.Commit("batch")
	if err != nil {
		t.Fatal(err)
	}
	return head.Version
}

func acme(t *testing.T) *Store {
	t.Helper()
	s := openTest(t, t.TempDir())
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryConnectionIsSetUp(t *testing.T) {
	s := acme(t)
	check := func(what string, conn *sqlite.Conn, readOnly string) {
		t.Helper()
		for name, want := range map[string]string{
			"busy_timeout": "10000", "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
			"trusted_schema": "0", "query_only": readOnly,
		} {
			if got, err := pragma(conn, name); err != nil || got != want {
				t.Errorf("%s: %s is %s, not %s (%v)", what, name, got, want, err)
			}
		}
	}
	var taken []*sqlite.Conn
	for i := range readers {
		conn, err := s.pool.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, conn)
		check(fmt.Sprint("reader ", i), conn, "1")
	}
	for _, conn := range taken {
		s.pool.Put(conn)
	}
	cache := <-s.heads
	check("watcher", cache.conn, "1")
	s.heads <- cache
	commitTest(t, s, 1) // has changed the timeout and set it back
	conn := <-s.writer
	check("writer", conn, "0")
	if pages, err := pragma(conn, "wal_autocheckpoint"); err != nil || pages != "10000" {
		t.Errorf("a checkpoint comes after %s pages (%v)", pages, err)
	}
	s.writer <- conn
	if first := pragmas(true)[0]; !strings.HasPrefix(first, "busy_timeout") {
		t.Errorf("%s comes first", first)
	}
}

// Loading a large organization must not sort it, and reading a small one must
// not walk through all.
func TestStatementsFollowTheKeys(t *testing.T) {
	s := acme(t)
	for _, sql := range []string{
		selectHead, selectCorp, selectDepts, selectUsers, selectMemberships, selectEndedStays, selectEndedMemberships,
		selectEndedParents, selectApps, selectChanges, selectChunk, selectChunks, selectTokens, selectHeads,
	} {
		err := s.read(t.Context(), func(conn *sqlite.Conn) error {
			q := prepare(conn, "EXPLAIN QUERY PLAN "+sql)
			return q.each(func(stmt *sqlite.Stmt) error {
				step := stmt.ColumnText(3)
				if strings.Contains(step, "TEMP B-TREE") || strings.HasPrefix(step, "SCAN") && sql != selectHeads {
					t.Errorf("%s\n%s", sql, step)
				}
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestHeadsAreReadOnlyWhereSomethingHappened(t *testing.T) {
	s := acme(t)
	cache := <-s.heads
	defer func() { s.heads <- cache }()
	get := func() *rollcall.Head {
		t.Helper()
		heads, err := cache.get()
		if err != nil || len(heads) != 1 {
			t.Fatal(heads, err)
		}
		return &heads[0]
	}
	first := get()
	if get() != first {
		t.Error("read again although nothing happened")
	}
	version := commitTest(t, s, 1)
	if got := get(); got == first || got.Version != version {
		t.Errorf("the head after a commit is %v", got)
	}
}

func TestFailedCommitLeavesTheStoreUsable(t *testing.T) {
	s := acme(t)
	commitTest(t, s, 1)
	tx, err := s.begin(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Append(people(5, 1)); err != nil {
		t.Fatal(err)
	}
	// A row that points nowhere, noticed at COMMIT only.
	err = sqlitex.ExecuteScript(tx.conn, `PRAGMA defer_foreign_keys = on;
		INSERT INTO memberships VALUES ('acme', 99, 99, 0, 0, 0, '', 0, 0, 0, '')`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit("x"); err == nil {
		t.Fatal("no error")
	}
	if version := commitTest(t, s, 1); version != 2 {
		t.Errorf("the next version is %d, not 2", version)
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFullDiskLeavesTheStoreUsable(t *testing.T) {
	s := acme(t)
	commitTest(t, s, 1)
	conn := <-s.writer
	pages, err := pragma(conn, "page_count")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(pages string) {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA max_page_count="+pages, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	s.writer <- conn

	tx, err := s.begin(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Append(people(5, 1000)); sqlite.ErrCode(err) != sqlite.ResultFull {
		t.Errorf("Append: %v", err)
	}
	// SQLite has rolled back: nothing may be written outside the transaction.
	if err := tx.PutSignInChunk(20260820, 0, []byte{1}); err == nil {
		t.Error("PutSignInChunk went on")
	}
	if _, err := tx.Commit("x"); err == nil {
		t.Error("Commit went on")
	}
	limit("1000000")
	if version := commitTest(t, s, 10); version != 2 {
		t.Errorf("the next version is %d, not 2", version)
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestIntegrityCheckFindsDamage(t *testing.T) {
	for what, sql := range map[string]string{
		"orphan": `PRAGMA foreign_keys = off; INSERT INTO memberships VALUES ('acme', 99, 99, 0, 0, 0, '', 0, 0, 0, '')`,
		"index": `PRAGMA writable_schema = on;
			UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE', '') WHERE name = 'apps_by_appkey';
			UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'heads') WHERE name = 'apps_by_appkey'`,
	} {
		dir := t.TempDir()
		if err := Create(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
		write(t, dir, sql)
		if err := openTest(t, dir).IntegrityCheck(t.Context()); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
