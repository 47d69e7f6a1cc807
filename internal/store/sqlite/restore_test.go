package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"rollcall"

	"zombiezen.com/go/sqlite/sqlitex"
)

// tellPeople tells an organization of its root department and some people.
func tellPeople(to rollcall.Copy, corpID string, people int) error {
	err := to.Corp(&rollcall.Corp{ID: corpID, Name: "Copy"})
	if err == nil {
		err = to.Dept(&rollcall.Dept{ID: rollcall.RootDept, Name: "Copy"}, rollcall.Open)
	}
	for o := range rollcall.Ordinal(people) {
		if err == nil {
			err = to.User(&rollcall.User{Ordinal: o, UserID: fmt.Sprint("u", o), Name: "name", Stay: rollcall.Stay{To: rollcall.Open}})
		}
	}
	return err
}

// holdRestore is what a process does that gets killed while it restores.
func holdRestore(ctx context.Context, s *Store) error {
	r, err := s.restore(ctx, "copy")
	if err != nil {
		return err
	}
	// A small cache, so that the half-done transaction reaches the disk.
	if err := sqlitex.ExecuteTransient(r.conn, "PRAGMA cache_size=10", nil); err != nil {
		return err
	}
	if err := tellPeople(r, "copy", 40_000); err != nil {
		return err
	}
	fmt.Println("holding")
	_, err = io.Copy(io.Discard, os.Stdin) // until it is killed
	return err
}

// A restore that is killed leaves nothing, also where half of it is on the disk.
func TestKilledRestore(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir)
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme", Name: "Acme"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cmd, lines := start(t, "restore", dir)
	if !lines.Scan() || lines.Text() != "holding" {
		t.Fatalf("the process says %q", lines.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	if stat(t, filepath.Join(dir, fileName+"-wal")).Size() < 1<<20 {
		t.Error("the half-done transaction did not reach the disk: this test shows nothing")
	}
	s = openTest(t, dir)
	if heads, err := s.Heads(t.Context()); err != nil || len(heads) != 1 {
		t.Errorf("it left %v, %v", heads, err)
	}
	if _, err := s.Load(t.Context(), "copy", &counter{}); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("loading what it left: %v", err)
	}
	r, err := s.Restore(t.Context(), "copy")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Rollback()
	if err := errors.Join(tellPeople(r, "copy", 10), r.Commit(rollcall.Head{CorpID: "copy"})); err != nil {
		t.Fatal(err)
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

// An appkey belongs to one organization, also where one is restored.
func TestRestoredAppkeyIsTaken(t *testing.T) {
	s := openTest(t, t.TempDir())
	restore := func(id string) error {
		r, err := s.Restore(t.Context(), id)
		if err != nil {
			return err
		}
		defer r.Rollback()
		if err := tellPeople(r, id, 1); err != nil {
			return err
		}
		if err := r.App(&rollcall.App{Appkey: "same"}); err != nil {
			return err
		}
		return r.Commit(rollcall.Head{CorpID: id})
	}
	if err := restore("one"); err != nil {
		t.Fatal(err)
	}
	if err := restore("two"); rollcall.KindOf(err) != rollcall.KindConflict {
		t.Errorf("an appkey that is taken: %v", err)
	}
}
