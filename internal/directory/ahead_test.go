package directory_test

import (
	"errors"
	"fmt"
	"testing"

	"rollcall"
	"rollcall/internal/directory"
)

// crowd makes an intent of as many new people as are written before all are
// decided, and what comes after them.
func crowd(prefix string, after ...rollcall.Change) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		first := s.NextOrdinal()
		changes := make([]rollcall.Change, directory.AheadLen+10)
		for i := range changes {
			changes[i] = joined(first+rollcall.Ordinal(i), fmt.Sprint(prefix, i), "王伟")
		}
		return directory.Batch{Changes: append(changes, after...)}, nil
	}
}

// one makes an intent of one new person.
func one(userid string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: []rollcall.Change{joined(s.NextOrdinal(), userid, userid)}}, nil
	}
}

// What was written before it turned out that it does not fit is gone, and the
// others of the transaction do not suffer from it.
func TestManyChangesOfWhichTheLastDoesNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, results := together(t, w, w.newCorp(t).Corp.ID, one("ann"), crowd("x", left(4_000_000)), one("bob"))
	if err := results[1].err; err == nil || results[1].out.Version != 0 {
		t.Errorf("the crowd: %+v, %v", results[1].out, err)
	}
	for _, i := range []int{0, 2} {
		if results[i].err != nil || len(results[i].out.Changes) != 1 {
			t.Errorf("intent %d: %+v, %v", i, results[i].out, results[i].err)
		}
	}
	r := corp.Current()
	if n := r.Count(false); n != 2 {
		t.Errorf("%d people, not 2", n)
	}
	sameAfresh(t, w, r)
}

func TestManyChangesThatAreWrittenWhileTheyAreDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, results := together(t, w, w.newCorp(t).Corp.ID, one("ann"), crowd("x"), one("bob"))
	for i, want := range []int{1, directory.AheadLen + 10, 1} {
		if r := results[i]; r.err != nil || r.out.Version != 1 || len(r.out.Changes) != want {
			t.Errorf("intent %d: version %d, %d changes, %v", i, r.out.Version, len(r.out.Changes), r.err)
		}
	}
	if results[2].out.Changes[0].User.UserID != "bob" {
		t.Errorf("bob got the changes of %q", results[2].out.Changes[0].User.UserID)
	}
	sameAfresh(t, w, corp.Current())
}

// A store that fails while the rest is decided makes the whole fail.
func TestTheStoreFailsWhileManyChangesAreDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	full := errors.New("the disk is full")
	store := &faulty{Store: w.store, writing: func() error { return full }}
	corp := w.open(t, store, w.newCorp(t).Corp.ID)
	if _, err := corp.Do(t.Context(), "test", crowd("x")); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	store.heal()
	if _, err := corp.Do(t.Context(), "test", one("ann")); err != nil {
		t.Error(err)
	}
	sameAfresh(t, w, corp.Current())
}
