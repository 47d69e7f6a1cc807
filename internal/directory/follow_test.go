package directory_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"

	"pgregory.net/rapid"
)

// Two processes on one database: whoever wrote, both come to the same.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stores := []rollcall.Store{w.store, w.connect(t)}
	rapid.Check(t, func(t *rapid.T) {
		pick := picker(t)
		model := w.newCorp(t)
		corps := []*directory.Corp{w.open(t, stores[0], model.Corp.ID), w.open(t, stores[1], model.Corp.ID)}
		ops := modeltest.Operations{Pick: pick, People: 30, NoCrowds: true}
		if pick(12) == 0 {
			ops = modeltest.Operations{Pick: pick, People: 150}
		}
		catchUp := func(c *directory.Corp) {
			old := c.Current()
			if err := c.CatchUp(t.Context()); err != nil {
				t.Fatalf("%v", err)
			}
			agree(t, c.Current(), model, 7)
			instants := model.Instants()
			for range 5 {
				agreeAt(t, c.Current(), model, instants[pick(len(instants))])
			}
			for _, at := range instants {
				if c.Current().BelongingSame(old.Version(), at) && modeltest.Past(old, at) != model.Past(at) {
					t.Fatalf("versions %d and %d are said to have the same belongings before %d", old.Version(), c.Current().Version(), at)
				}
			}
		}
		writer := corps[0]
		for range 1 + pick(20) {
			w.clock.Advance([]time.Duration{0, time.Millisecond, time.Hour}[pick(3)])
			if pick(4) == 0 {
				writer = corps[pick(2)] // it takes over what the other one wrote
			}
			changes := ops.Transaction(model, rollcall.At(w.clock.Now()))
			if len(changes) == 0 {
				continue
			}
			logChanges(t, changes)
			out, err := writer.Do(t.Context(), "test", want(changes...))
			if err != nil {
				t.Fatalf("%v", err)
			}
			model.Apply(out.Changes)
			agree(t, writer.Current(), model, 7)
			if pick(6) == 0 {
				catchUp(corps[pick(2)])
			}
		}
		catchUp(corps[0])
		catchUp(corps[1])
		if err := directory.Differ(corps[0].Current(), corps[1].Current()); err != nil {
			t.Fatalf("%v", err)
		}
		if corps[0].Current().Version() != corps[1].Current().Version() {
			t.Fatalf("versions %d and %d", corps[0].Current().Version(), corps[1].Current().Version())
		}
		sameAfresh(t, w, corps[0].Current())
	})
}

// Very many changes are not taken over one by one.
func TestVeryManyChangesAreLoaded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	other := w.connect(t)
	writer := w.open(t, w.store, model.Corp.ID)
	byFollowing, byWriting := w.open(t, other, model.Corp.ID), w.open(t, other, model.Corp.ID)
	do(t, writer, model, created(2, 1), joined(0, "a", "Anna"), added(0, 2))
	if err := byFollowing.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := directory.WalkKey{Dept: 2, Size: 1}
	walked, picture := byFollowing.Version(key, true), model.Picture()

	var changes []rollcall.Change
	for i := range directory.ReloadAfter + 1 {
		changes = append(changes, updated(0, rollcall.UserUpdate{Name: ptr(modeltest.Names()[i%2])}))
	}
	for i := range 100 {
		o := rollcall.Ordinal(i + 1)
		changes = append(changes, joined(o, fmt.Sprint("u", i), "王伟"), added(o, 2))
	}
	do(t, writer, model, changes...)

	if err := byFollowing.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	agree(t, byFollowing.Current(), model, 7)
	out, err := byWriting.Do(t.Context(), "test", want(updated(1, rollcall.UserUpdate{Name: ptr("李娜")})))
	if err != nil {
		t.Fatal(err)
	}
	model.Apply(out.Changes)
	agree(t, byWriting.Current(), model, 7)
	if err := byFollowing.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	agree(t, byFollowing.Current(), model, 7)
	sameAfresh(t, w, byFollowing.Current())

	if byFollowing.Version(key, false) != walked {
		t.Error("the walk has lost its version")
	}
	if d := modeltest.Differ(modeltest.Picture(walked, 7), picture); d != "" {
		t.Errorf("the walked version has changed: %s", d)
	}
	// What the walk holds, it holds alone.
	if _, bytes := byFollowing.KeptVersions(); bytes < byFollowing.Current().Bytes() {
		t.Errorf("the walked version is said to hold %d bytes", bytes)
	}
	// Nothing is known of what the loaded changes did to belongings.
	if byFollowing.Current().BelongingSame(1, rollcall.Beginning) {
		t.Error("belongings are said to be the same across the loading")
	}
}

func TestCatchingUpFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	store := &faulty{Store: w.store}
	corp := w.open(t, store, model.Corp.ID)
	broken := errors.New("broken")
	store.asking = func() error { return broken }
	if err := corp.CatchUp(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// Belongings before a change are told to be the same, or a kept answer would
// never be used again.
func TestBelongingSame(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) rollcall.Instant { return rollcall.At(start.Add(d)) }
	const hour = time.Hour
	tests := map[string]struct {
		change rollcall.Change
		// until is up to when, exclusively of what begins there, nothing is
		// different.
		until rollcall.Instant
	}{
		"rename":         {updated(0, rollcall.UserUpdate{Name: ptr("x")}), rollcall.Open},
		"activate":       {rollcall.Change{Kind: rollcall.UserActivated, Ordinal: 0}, rollcall.Open},
		"join since":     {joinedAt(2, at(-hour)), at(-hour)},
		"leave":          {left(1), at(0)},
		"enter since":    {addedAt(1, 2, at(-2*hour)), at(-2 * hour)},
		"go out":         {removed(0, 2), at(0)},
		"joined earlier": {updated(1, rollcall.UserUpdate{Joined: ptr(at(-3 * hour))}), at(-3 * hour)},
		"joined later":   {updated(1, rollcall.UserUpdate{Joined: ptr(at(-hour))}), at(-2 * hour)},
		"entered earlier": {rollcall.Change{Kind: rollcall.MemberUpdated, Ordinal: 0, DeptID: 2, Payload: rollcall.Payload{
			MemberUpdate: &rollcall.MembershipUpdate{Entered: ptr(at(-5 * hour))},
		}}, at(-5 * hour)},
		"entered later": {rollcall.Change{Kind: rollcall.MemberUpdated, Ordinal: 0, DeptID: 2, Payload: rollcall.Payload{
			MemberUpdate: &rollcall.MembershipUpdate{Entered: ptr(at(0))},
		}}, at(-hour)},
		"create a department": {created(4, 1), rollcall.Beginning},
		"move a department":   {moved(3, 1), at(0)},
		"delete a department": {deleted(3), at(0)},
		"rename a department": {rollcall.Change{Kind: rollcall.DeptUpdated, DeptID: 3, Payload: rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{Name: ptr("x")}}}, rollcall.Open},
	}
	w := newWorld(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			corp, model := w.solo(t)
			do(t, corp, model,
				created(2, 1), created(3, 2), joined(0, "a", "Anna"), addedAt(0, 2, at(-hour)), joinedAt(1, at(-2*hour)))
			before := corp.Current().Version()
			do(t, corp, model, test.change)
			r := corp.Current()
			if test.until > 0 && !r.BelongingSame(before, test.until) {
				t.Errorf("before %d it is said not to be the same", test.until)
			}
			if test.until < rollcall.Open && r.BelongingSame(before, test.until+1) {
				t.Errorf("before %d it is said to be the same", test.until+1)
			}
			if r.BelongingSame(r.Version()+1, 0) {
				t.Error("a later version is said to be the same")
			}
			// It is remembered for a while, across other changes.
			for range 14 {
				do(t, corp, model, updated(0, rollcall.UserUpdate{Name: ptr("y")}))
			}
			r = corp.Current()
			if test.until > 0 && !r.BelongingSame(before, test.until) || test.until < rollcall.Open && r.BelongingSame(before, test.until+1) {
				t.Error("15 versions later it is another answer")
			}
			for range 5 {
				do(t, corp, model, updated(0, rollcall.UserUpdate{Name: ptr("y")}))
			}
			if corp.Current().BelongingSame(before, rollcall.Beginning) {
				t.Error("20 versions later it is said to be the same")
			}
		})
	}
}

func joinedAt(o rollcall.Ordinal, at rollcall.Instant) rollcall.Change {
	c := joined(o, fmt.Sprint("u", o), "王伟")
	c.User.Stay.From = at
	return c
}

func addedAt(o rollcall.Ordinal, id rollcall.DeptID, at rollcall.Instant) rollcall.Change {
	c := added(o, id)
	c.Member.Entered = at
	return c
}
