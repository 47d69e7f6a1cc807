package node_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/node"
	"rollcall/internal/store/sqlite"
)

// standby makes another store with everything that there is so far. replace puts
// it in the place of the first one: what was committed in between is lost.
func (w *world) standby(corpID string) (replace func()) {
	w.t.Helper()
	dir := w.t.TempDir()
	open := func() *sqlite.Store {
		s, err := sqlite.Open(w.t.Context(), dir, sqlite.Options{Create: true})
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { s.Close() })
		return s
	}
	ours, others := open(), open()
	to, err := others.Restore(w.t.Context(), corpID)
	if err != nil {
		w.t.Fatal(err)
	}
	defer to.Rollback()
	head, err := w.others.Dump(w.t.Context(), corpID, to)
	if err == nil {
		err = to.Commit(head)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return func() { w.ours.Store, w.others = ours, others }
}

// rename gives the first person a name, in another process; signed in is the
// person where a day is given.
func (w *world) rename(corpID, name string, day rollcall.Day) {
	w.t.Helper()
	org, err := node.OpenOrg(w.t.Context(), corpID, w.options(w.others))
	if err != nil {
		w.t.Fatal(err)
	}
	update := edit.UpdateUser("u0", rollcall.At(start), edit.UserValues{Name: &name})
	_, err = org.Do(w.t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
		b, err := update(s)
		if day != 0 {
			b.InTx = func(tx rollcall.Tx) error {
				_, err := activity.Record(tx, map[rollcall.Day][]rollcall.Ordinal{day: {0}})
				return err
			}
		}
		return b, err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// shown is what an organization shows.
func shown(o *node.Org) string {
	u, _ := o.Current().UserByID("u0")
	return fmt.Sprintf("version %d, feed %d, %d people, %s, signed in on %v",
		o.Current().Version(), o.Activity.Feed(), o.Current().Count(false), u.Name, o.Activity.Days())
}

// A server took the place of one that was ahead of it. The node shows what is
// there now, also where it has as many versions as what was lost, or more.
func TestWhatTheStoreHasLostIsNotShown(t *testing.T) {
	t.Parallel()
	for others := range 4 {
		t.Run(fmt.Sprint(others, " commits afterwards"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "a")
			w.join("a")
			n := w.open(node.Options{})
			replace := w.standby("a")
			w.join("a")
			w.rename("a", "Lost", 20260302)
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			o := n.Orgs()[0]
			if got := shown(o); got != "version 3, feed 3, 2 people, Lost, signed in on [20260301 20260302]" {
				t.Fatal(got)
			}
			replace()
			for i := range others {
				w.rename("a", fmt.Sprint("Kept ", i), 20260310+rollcall.Day(i))
			}
			// The first time a node may believe that it was told an older head.
			for range 2 {
				if err := n.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			fresh, err := node.OpenOrg(t.Context(), "a", w.options(w.others))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown(fresh), shown(o)); diff != "" {
				t.Error(diff)
			}
			w.rename("a", "After", 20260320)
			if err := n.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			if u, _ := o.Current().UserByID("u0"); u.Name != "After" || o.Losses() != 1 {
				t.Errorf("%s, %d losses", shown(o), o.Losses())
			}
		})
	}
}

// So does what the node itself changes then, without having asked.
func TestAChangeAfterALossHasWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.join("a")
	n := w.open(node.Options{})
	replace := w.standby("a")
	w.join("a")
	w.rename("a", "Lost", 20260302)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	replace()
	o, title := n.Orgs()[0], "Director"
	out, err := o.Do(t.Context(), "test", edit.UpdateUser("u0", rollcall.At(start), edit.UserValues{Title: &title}))
	if err != nil || out.Version != 2 {
		t.Fatalf("version %d, %v", out.Version, err)
	}
	if u, _ := o.Current().UserByID("u0"); u.Name != "X" || u.Title != title {
		t.Errorf("%s, %s", shown(o), u.Title)
	}
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := shown(o); got != "version 2, feed 1, 1 people, X, signed in on [20260301]" {
		t.Error(got)
	}
}
