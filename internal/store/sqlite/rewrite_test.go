package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"rollcall"
)

// inFiles tells which files of a directory hold a text.
func inFiles(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			found = append(found, e.Name())
		}
	}
	return found
}

// What was erased is in no file any more once they were written anew: not in a
// row, not in a page that is free, not in the write-ahead log. Another process
// has the database open, and reads an older state for a while.
func TestNothingErasedStaysInTheFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a failing test has said enough
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme", Name: "Acme", Settings: rollcall.DefaultSettings()}); err != nil {
		t.Fatal(err)
	}
	commit := func(changes ...rollcall.Change) {
		t.Helper()
		tx, err := s.Begin(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if err := tx.Append(changes); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Commit("batch"); err != nil {
			t.Fatal(err)
		}
	}
	const people = 500 // so that there are many pages
	for o := range rollcall.Ordinal(people) {
		u := rollcall.User{UserID: fmt.Sprintf("user-%d-end", o), Name: fmt.Sprintf("Name-%d-end", o), Mobile: fmt.Sprintf("mobile-%d-end", o), Stay: rollcall.Stay{To: rollcall.Open}}
		u.Details.Remark = fmt.Sprintf("Remark-%d-end", o)
		commit(rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: &u}})
	}
	const erased = 250
	for i := range 20 { // the values move about
		name := fmt.Sprintf("Former-%d-end", i)
		commit(rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: erased, Payload: rollcall.Payload{
			UserUpdate: &rollcall.UserUpdate{Name: &name, Details: &rollcall.Details{WorkPlace: "Place-250-end"}},
			UserBefore: &rollcall.UserUpdate{Name: &name, Details: &rollcall.Details{WorkPlace: "Place-250-end"}},
		}})
	}
	app := rollcall.App{Appkey: "app.one", Name: "App", Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermBase}, ScopeUsers: []string{"user-250-end"}}
	commit(rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &app}})
	values := []string{"user-250-end", "Name-250-end", "mobile-250-end", "Remark-250-end", "Former-3-end", "Former-19-end", "Place-250-end"}
	for _, v := range values {
		if len(inFiles(t, dir, v)) == 0 {
			t.Fatalf("%q is in no file from the beginning", v)
		}
	}

	other, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // it only reads
	reading, enough := make(chan bool), make(chan bool)
	read := make(chan error)
	go func() {
		once := true
		_, err := other.Changes(t.Context(), "acme", 0, func(rollcall.Change) error {
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
	select {
	case err := <-rewritten:
		t.Errorf("the log was cut while somebody read it: %v", err)
	default:
	}
	close(enough)
	if err := <-read; err != nil {
		t.Error(err)
	}
	if err := <-rewritten; err != nil {
		t.Fatal(err)
	}
	for _, v := range values {
		if files := inFiles(t, dir, v); len(files) > 0 {
			t.Errorf("%q is still in %v", v, files)
		}
	}
	for _, v := range []string{"gone-250-end", "user-249-end", "Name-251-end", "mobile-499-end"} {
		if len(inFiles(t, dir, v)) == 0 {
			t.Errorf("%q is gone too", v)
		}
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}
