package node_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/node"
)

// ids makes the ids of so many organizations, in their order.
func ids(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("corp%03d", i))
	}
	return list
}

func get(t *testing.T, n *node.Node, corpID string) *node.Org {
	t.Helper()
	o, err := n.Get(t.Context(), corpID)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func held(n *node.Node) (list []string) {
	for _, o := range n.Orgs() {
		list = append(list, o.ID())
	}
	return list
}

func TestManyOrganizationsAreLoadedWhenTheyAreAskedFor(t *testing.T) {
	t.Parallel()
	all := ids(12)
	w := newWorld(t, all...)
	var known []string
	n := w.open(node.Options{Known: func(ids []string) { known = ids }})
	if len(held(n)) != 0 || !slices.Equal(known, all) {
		t.Fatalf("held: %v, known: %v", held(n), known)
	}
	var loads atomic.Int64
	w.ours.load = func(string) error { loads.Add(1); return nil }
	w.join(all[3])
	var together sync.WaitGroup
	for range 50 {
		together.Go(func() {
			if o, err := n.Get(t.Context(), all[3]); err != nil || o.Current().Count(false) != 1 {
				t.Error(err)
			}
		})
	}
	together.Wait()
	if loads.Load() != 1 || n.Counts().Loads != 1 {
		t.Errorf("%d loads", loads.Load())
	}
	w.join(all[3])
	if err := n.CatchUp(t.Context()); err != nil || people(n) != all[3]+" 2/2" {
		t.Errorf("%v, %s", err, people(n))
	}
	// One that is added later is found when it is asked for.
	w.create("later")
	get(t, n, "later")
	if !slices.Contains(known, "later") {
		t.Error("it is not told that there is one more")
	}
	if _, err := n.Get(t.Context(), "nobody"); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("an unknown one: %v", err)
	}
}

func TestAnOrganizationThatCannotBeLoadedIsTriedAgain(t *testing.T) {
	t.Parallel()
	all := ids(12)
	w := newWorld(t, all...)
	n := w.open(node.Options{})
	broken := errors.New("broken")
	w.ours.load = func(corpID string) error {
		if corpID == all[0] {
			return broken
		}
		return nil
	}
	if _, err := n.Get(t.Context(), all[0]); rollcall.KindOf(err) != rollcall.KindBusy || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	get(t, n, all[1])
	if err := n.CatchUp(t.Context()); err != nil {
		t.Errorf("the others: %v", err)
	}
	w.ours.load = nil
	get(t, n, all[0])
	if c := n.Counts(); c.Held != 2 || c.Loads != 2 || c.Failures != 1 {
		t.Errorf("%+v", c)
	}
}

// populate gives an organization people.
func (w *world) populate(corpID string, count int) {
	w.t.Helper()
	org, err := node.OpenOrg(w.t.Context(), corpID, w.options(w.others))
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = org.Do(w.t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
		var b directory.Batch
		for o := range rollcall.Ordinal(count) {
			u := &rollcall.User{UserID: fmt.Sprintf("u%d", o), Name: "Somebody with a name", Stay: rollcall.Stay{To: rollcall.Open}}
			b.Changes = append(b.Changes,
				rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: u}},
				rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: 1, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: 1}}})
		}
		return b, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestOrganizationsStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	all := ids(16)
	w := newWorld(t, all...)
	for _, id := range all {
		w.populate(id, 100)
	}
	var now, closed atomic.Int64
	probe := w.open(node.Options{})
	get(t, probe, all[0])
	one := probe.Counts().Bytes
	opt := node.Options{
		MemoryLimit: 5*one + one/2, Elapsed: func() time.Duration { return time.Duration(now.Load()) },
		Closed: func(*node.Org) { closed.Add(1) }, MaxStaleness: time.Hour,
	}
	n := w.open(opt)
	for round := range 2 {
		for i, id := range all {
			now.Add(int64(time.Second))
			o := get(t, n, id)
			if o.Current().Count(false) != 100 || o.Left() {
				t.Fatalf("%s has %d people", id, o.Current().Count(false))
			}
			if c := n.Counts(); c.Bytes > opt.MemoryLimit || c.Held > 5 || c.Held != min(5, round*len(all)+i+1) {
				t.Fatalf("%+v of %d bytes", c, opt.MemoryLimit)
			}
		}
	}
	if c := n.Counts(); c.Evictions != c.Loads-5 || uint64(closed.Load()) != c.Evictions {
		t.Errorf("%+v, %d were told of", c, closed.Load())
	}

	// The least recently used leave.
	want := []string{all[11], all[12], all[13], all[14], all[15]}
	if got := held(n); !slices.Equal(got, want) {
		t.Errorf("held: %v", got)
	}
	now.Add(int64(time.Second))
	old, _ := n.Org(all[11])
	if _, err := old.Fresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	now.Add(int64(time.Second))
	get(t, n, all[0])
	if got := held(n); !slices.Equal(got, append([]string{all[0], all[11]}, all[13:]...)) {
		t.Errorf("held: %v", got)
	}

	// One that somebody waits for stays, and one with a walk stays before others.
	waits, _ := n.Org(all[13])
	release := waits.Hold()
	walked, _ := n.Org(all[14])
	walked.Version(directory.WalkKey{Appkey: "x"}, true)
	for _, id := range all[1:4] {
		now.Add(int64(time.Second))
		get(t, n, id)
	}
	if got := held(n); !slices.Equal(got, append(slices.Clone(all[1:4]), all[13:15]...)) {
		t.Errorf("held: %v", got)
	}
	release()
	for _, id := range all[4:9] {
		now.Add(int64(time.Second))
		get(t, n, id).Version(directory.WalkKey{Appkey: "x"}, true)
	}
	// Where all have walks the limit counts for more.
	if got := held(n); !slices.Equal(got, all[4:9]) || !waits.Left() || !walked.Left() {
		t.Errorf("held: %v", got)
	}
}

// Who got hold of an organization before it left goes on with it, and what is
// written to it is seen by those who ask the node.
func TestAWriteToAnOrganizationThatHasLeft(t *testing.T) {
	t.Parallel()
	all := ids(2)
	w := newWorld(t, all...)
	n := w.open(node.Options{MemoryLimit: 1})
	early := get(t, n, all[0])
	get(t, n, all[1])
	if !early.Left() {
		t.Fatal("it has not left")
	}
	again := get(t, n, all[0])
	u := &rollcall.User{UserID: "u", Name: "X", Stay: rollcall.Stay{To: rollcall.Open}}
	_, err := early.Do(t.Context(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: []rollcall.Change{{Kind: rollcall.UserJoined, Payload: rollcall.Payload{User: u}}}}, nil
	})
	if err != nil || again == early || again.Current().Count(false) != 1 {
		t.Errorf("%d people: %v", again.Current().Count(false), err)
	}
	at := []activity.SignIn{{Ordinal: 0, At: rollcall.At(start)}}
	if _, err := early.Activity.Take(t.Context(), early, at, func() time.Time { return start }, activity.Terms{}); err != nil {
		t.Fatal(err)
	}
	if again.Activity.SignedIn(20260302).Count() != 1 {
		t.Error("the sign-in is not seen")
	}
}

// One that is larger than the limit is served all the same.
func TestAnOrganizationLargerThanTheLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	n := w.open(node.Options{MemoryLimit: 1})
	for _, id := range []string{"a", "b", "a"} {
		get(t, n, id)
		if got := held(n); !slices.Equal(got, []string{id}) {
			t.Errorf("held: %v", got)
		}
	}
}

func TestOldSignInsOfOrganizationsThatAreNotHeld(t *testing.T) {
	t.Parallel()
	all := ids(3)
	w := newWorld(t, all...)
	for _, id := range all {
		for _, day := range []rollcall.Day{20240101, 20260301} {
			tx, err := w.others.Begin(t.Context(), id)
			if err == nil {
				err = tx.PutSignInChunk(day, 0, []byte{1, 0, 0})
			}
			if err == nil {
				_, err = tx.Commit("x")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var loads atomic.Int64
	n := w.open(node.Options{MemoryLimit: 1 << 30})
	get(t, n, all[0])
	w.ours.load = func(string) error { loads.Add(1); return nil }
	days, err := n.Retain(t.Context())
	if err != nil || days != 3 || len(held(n)) != 1 {
		t.Errorf("%d days, %v, held %v", days, err, held(n))
	}
	for _, id := range all {
		var left []rollcall.Day
		_, err := w.others.SignInChunks(t.Context(), id, 0, func(d rollcall.Day, _ uint32, _ []byte) error {
			left = append(left, d)
			return nil
		})
		if err != nil || !slices.Equal(left, []rollcall.Day{20260301}) {
			t.Errorf("%s: %v, %v", id, left, err)
		}
	}
	if loads.Load() != 2 {
		t.Errorf("%d were looked at", loads.Load())
	}
	var names []string
	if err := n.EachCorp(context.Background(), func(c rollcall.Corp) error { names = append(names, c.Name); return nil }); err != nil || !slices.Equal(names, all) {
		t.Errorf("%v, %v", names, err)
	}
}
