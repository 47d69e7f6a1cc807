package postgres_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"rollcall"
	"rollcall/internal/store/pgtest"
)

// inTables tells which of a server's files of tables hold a text. It writes all
// that is in memory to them first.
func inTables(t *testing.T, s *pgtest.Server, text string) (found []string) {
	t.Helper()
	if _, err := s.Query("postgres", "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(s.Dir, "data", "base"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unlike returns a text that has nothing in common with others, so that it stays in
// one piece where the log is packed.
func unlike(label string, n int) string {
	sum := sha256.Sum256(fmt.Append(nil, label, n))
	return hex.EncodeToString(sum[:10])
}

// What was erased is in no table any more once they were written anew, also where
// somebody reads an older state for a while.
func TestNothingErasedStaysInTheTables(t *testing.T) {
	server, url := ownServer(t)
	s := open(t, url)
	commit := func(changes ...rollcall.Change) {
		t.Helper()
		commitAs(t, s, "batch", changes...)
	}
	const people, erased = 500, 250
	for o := range rollcall.Ordinal(people) {
		u := rollcall.User{UserID: unlike("user", int(o)), Name: unlike("name", int(o)), Mobile: unlike("mobile", int(o)), Stay: rollcall.Stay{To: rollcall.Open}}
		commit(rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: &u}})
	}
	for i := range 20 {
		name := unlike("former", i)
		commit(rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: erased, Payload: rollcall.Payload{
			UserUpdate: &rollcall.UserUpdate{Name: &name}, UserBefore: &rollcall.UserUpdate{Name: &name},
		}})
	}
	values := []string{unlike("user", erased), unlike("name", erased), unlike("mobile", erased), unlike("former", 3), unlike("former", 19)}
	for _, v := range values {
		if len(inTables(t, server, v)) == 0 {
			t.Fatalf("%q is in no file from the beginning", v)
		}
	}
	reading, enough, read := make(chan bool), make(chan bool), make(chan error)
	go func() {
		once := true
		_, err := open(t, url).Changes(t.Context(), "acme", 0, func(rollcall.Change) error {
			if once {
				once = false
				close(reading)
				<-enough
			}
			return nil
		})
		read <- err
	}()
	<-reading
	commit(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: erased, At: 5},
		rollcall.Change{Kind: rollcall.UserErased, Ordinal: erased, At: 5, Payload: rollcall.Payload{User: &rollcall.User{UserID: "gone-250-end"}}})
	rewritten := make(chan error)
	go func() { rewritten <- s.Rewrite(t.Context()) }()
	close(enough)
	if err := <-read; err != nil {
		t.Error(err)
	}
	if err := <-rewritten; err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if files := inTables(t, server, v); len(files) > 0 {
			t.Errorf("%q is still in %v", v, files)
		}
	}
	for _, v := range []string{"gone-250-end", unlike("user", erased-1), unlike("name", erased+1)} {
		if len(inTables(t, server, v)) == 0 {
			t.Errorf("%q is gone too", v)
		}
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

// A row that points to nothing is found.
func TestDamageIsFound(t *testing.T) {
	for what, damage := range map[string]string{
		"a membership of nobody":    "DELETE FROM users WHERE ordinal = 0",
		"an organization's log":     "INSERT INTO changes VALUES (0, 1, 0, NULL, NULL, 0, 'x', 'x', '{}')",
		"an ended stay of nobody":   "INSERT INTO user_history SELECT corp, 1, 0, 77, 0, 0 FROM corps WHERE corp_id = 'acme'",
		"a membership in no dept":   "UPDATE memberships SET dept_id = 77",
		"a parent that was deleted": "SET session_replication_role = replica; UPDATE departments SET parent_id = 77 WHERE dept_id = 2",
	} {
		url := server.Database(t)
		s := open(t, url)
		newCorp(t, s, "acme")
		tx := begin(t, s)
		u := rollcall.User{UserID: "ann", Stay: rollcall.Stay{To: rollcall.Open}}
		err := tx.Append([]rollcall.Change{
			dept(2),
			{Kind: rollcall.UserJoined, Payload: rollcall.Payload{User: &u}},
			{Kind: rollcall.MemberAdded, DeptID: 2, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: 2}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit("x"); err != nil {
			t.Fatal(err)
		}
		if err := s.IntegrityCheck(t.Context()); err != nil {
			t.Error(err)
		}
		sql(t, url, damage)
		if err := s.IntegrityCheck(t.Context()); err == nil {
			t.Errorf("%s was not found", what)
		}
	}
}
