package directory_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
)

// Whatever fails in the store: the answer tells the truth about what is there,
// nobody sees what is not durable, and the next change works.
func TestStoreFailures(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	fail := func() error { return broken }
	const unknown = rollcall.KindInternal
	tests := map[string]struct {
		prepare func(f *faulty, elsewhere func())
		done    bool               // whether the change is there afterwards
		kind    rollcall.ErrorKind // of the answer, where it is an error
		success bool
	}{
		"begin":  {prepare: func(f *faulty, _ func()) { f.begin = fail }, kind: rollcall.KindBusy},
		"append": {prepare: func(f *faulty, _ func()) { f.writing = fail }, kind: rollcall.KindInternal},
		"commit": {prepare: func(f *faulty, _ func()) { f.committing = fail }, kind: rollcall.KindBusy},
		"answer of commit": {
			prepare: func(f *faulty, _ func()) { f.committed = fail }, done: true, success: true,
		},
		// A store that is away for a while is asked until it answers.
		"commit and asking": {
			prepare: func(f *faulty, _ func()) { f.committing, f.asking = fail, times(3, fail) }, kind: rollcall.KindBusy,
		},
		"answer of commit and asking": {
			prepare: func(f *faulty, _ func()) { f.committed, f.asking = fail, times(3, fail) }, done: true, success: true,
		},
		"answer of commit, and no transaction to ask in": {
			prepare: func(f *faulty, _ func()) {
				f.committed = func() error { f.set(&f.begin, times(2, fail)); return broken }
			}, done: true, success: true,
		},
		// The head then shows the other's batch.
		"answer of commit, and somebody else commits": {
			prepare: func(f *faulty, elsewhere func()) {
				f.committed = func() error { elsewhere(); return broken }
			}, done: true, success: true,
		},
		"commit, and somebody else commits": {
			prepare: func(f *faulty, elsewhere func()) {
				f.committing = fail
				f.begin = second(elsewhere)
			}, kind: rollcall.KindBusy,
		},
		"commit, while the process ends": {
			prepare: func(f *faulty, _ func()) { f.committing, f.asking = fail, func() error { f.end(); return broken } }, kind: unknown,
		},
		"answer of commit, while the process ends": {
			prepare: func(f *faulty, _ func()) { f.committed, f.asking = fail, func() error { f.end(); return broken } }, done: true, kind: unknown,
		},
	}
	w := newWorld(t)
	elsewhere := w.connect(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			model := w.newCorp(t)
			store := &faulty{Store: w.store}
			opt, done := w.options(store), make(chan struct{})
			opt.Done, store.end = done, sync.OnceFunc(func() { close(done) })
			corp := openWith(t, model.Corp.ID, opt)
			do(t, corp, model, created(2, 1), joined(0, "a", "Anna"))
			other := w.open(t, elsewhere, model.Corp.ID)

			before := corp.Current()
			var elsewhere []rollcall.Change
			test.prepare(store, func() {
				// Whether the change is there decides about the next ordinal.
				out, err := other.Do(t.Context(), "other", func(s *directory.State) (directory.Batch, error) {
					return directory.Batch{Changes: []rollcall.Change{joined(s.NextOrdinal(), "o", "Other")}}, nil
				})
				if err != nil {
					t.Fatal(err)
				}
				elsewhere = out.Changes
			})
			answered := false
			out, err := corp.Do(t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
				changes := []rollcall.Change{joined(1, "b", "Bob"), added(1, 2)}
				return directory.Batch{Changes: changes, Committed: func(rollcall.Head) { answered = true }}, nil
			})
			if test.success {
				if err != nil || out.Version != 2 || !answered {
					t.Errorf("got %+v, %v; the end was reported: %v", out, err, answered)
				}
			} else {
				if !errors.Is(err, broken) && elsewhere == nil || rollcall.KindOf(err) != test.kind {
					t.Errorf("got %v, of kind %d", err, rollcall.KindOf(err))
				}
				if corp.Current() != before || answered {
					t.Errorf("version %d is shown; the end was reported: %v", corp.Current().Version(), answered)
				}
			}
			store.heal()
			if test.done {
				stamped := []rollcall.Change{joined(1, "b", "Bob"), added(1, 2)}
				for i := range stamped {
					stamped[i].At = rollcall.At(start)
				}
				model.Apply(stamped)
			}
			model.Apply(elsewhere)
			if err := corp.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			do(t, corp, model, updated(0, rollcall.UserUpdate{Name: ptr("next")}))
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
		})
	}
}

// times is a hook that fails so often.
func times(n int, fail func() error) func() error {
	return func() error {
		if n--; n < 0 {
			return nil
		}
		return fail()
	}
}

// second is a hook that does something at its second call.
func second(do func()) func() error {
	n := 0
	return func() error {
		if n++; n == 2 {
			do()
		}
		return nil
	}
}

// While it is not known what became of a change, nobody is answered; those who
// wait behind it are told that it is busy, and nothing of them happens.
func TestWhoWaitsBehindAnOpenQuestionIsNotKeptForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		model := w.newCorp(t)
		down := errors.New("down")
		store := &faulty{Store: w.store, committed: func() error { return down }, asking: func() error { return down }}
		corp := w.open(t, store, model.Corp.ID)
		first := make(chan result, 1)
		go func() {
			out, err := corp.Do(t.Context(), "test", want(joined(0, "a", "Anna")))
			first <- result{out, err}
		}()
		time.Sleep(time.Minute) // of the bubble's clock
		began := time.Now()
		_, err := corp.Do(t.Context(), "test", want(joined(1, "b", "Bob")))
		if took := time.Since(began); rollcall.KindOf(err) != rollcall.KindBusy || took != 10*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := corp.Do(ctx, "test", want(joined(1, "b", "Bob"))); rollcall.KindOf(err) != rollcall.KindBusy {
			t.Error(err)
		}
		select {
		case r := <-first:
			t.Errorf("the first was answered: %+v", r)
		default:
		}
		store.heal()
		if r := <-first; r.err != nil || r.out.Version != 1 {
			t.Errorf("the first got %+v", r)
		}
		if n := corp.Current().Count(false); n != 1 {
			t.Errorf("there are %d people, not one", n)
		}
	})
}

// Where the store refuses one of many, each gets a transaction of its own; but
// not where there are none to be had.
func TestAStoreThatIsAwayIsNotAskedForEveryOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	g := shut(t, w, model.Corp.ID)
	g.store.writing = func() error { return errors.New("broken") }
	var intents []directory.Intent
	for o := range rollcall.Ordinal(20) {
		intents = append(intents, want(joined(o, fmt.Sprint("u", o), "X")))
	}
	results := g.queue(intents...)
	begun := 0
	g.store.begin = func() error {
		if begun++; begun > 1 {
			return errors.New("down")
		}
		return nil
	}
	close(g.opened)
	if x := <-results[0]; x.err == nil { // it had one of its own
		t.Errorf("the first got %+v", x)
	}
	for _, r := range results[1:] {
		if x := <-r; rollcall.KindOf(x.err) != rollcall.KindBusy {
			t.Errorf("got %+v", x)
		}
	}
	if begun != 2 {
		t.Errorf("%d transactions were asked for", begun)
	}
}

// Whoever comes while a transaction begins is in it; where none could be begun, only
// those are told so who were there before, and the others have a try of their own.
func TestWhoComesWhileATransactionBegins(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		w := newWorld(t)
		model := w.newCorp(t)
		begin, asked, goOn := 0, make(chan struct{}), make(chan struct{})
		store := &faulty{Store: w.store, begin: func() error {
			if begin++; begin > 1 {
				return nil
			}
			close(asked)
			<-goOn
			if fails {
				return errors.New("down")
			}
			return nil
		}}
		g := &gate{corp: w.open(t, store, model.Corp.ID), store: store}
		first := g.queue(want(joined(0, "a", "Anna")))[0]
		<-asked
		bob := rollcall.Ordinal(1)
		if fails {
			bob = 0 // Anna does not come
		}
		second := g.queue(want(joined(bob, "b", "Bob")))[0]
		close(goOn)
		a, b := <-first, <-second
		switch {
		case !fails && (a.err != nil || b.err != nil || a.out.Version != 1 || b.out.Version != 1):
			t.Errorf("both are not in one: %+v, %+v", a, b)
		case fails && (rollcall.KindOf(a.err) != rollcall.KindBusy || b.err != nil || b.out.Version != 1):
			t.Errorf("none was begun for the first: %+v, %+v", a, b)
		}
	}
}

// Who was refused for what another one in the same transaction wanted is not told
// so when that has not come about.
func TestARefusalForWhatWasNotCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, fails := range []bool{true, false} {
		model := w.newCorp(t)
		g := shut(t, w, model.Corp.ID)
		results := g.queue(want(joined(0, "a", "Anna")), func(s *directory.State) (directory.Batch, error) {
			if _, there := s.UserByID("a"); there {
				return directory.Batch{}, &rollcall.Error{Kind: rollcall.KindConflict, Param: "userid"}
			}
			return directory.Batch{}, nil
		})
		if fails {
			g.store.committing = func() error { return errors.New("broken") }
		}
		close(g.opened)
		first, second := <-results[0], <-results[1]
		if fails && (rollcall.KindOf(first.err) != rollcall.KindBusy || rollcall.KindOf(second.err) != rollcall.KindBusy) {
			t.Errorf("nothing was committed: %v, %v", first.err, second.err)
		}
		if !fails && (first.err != nil || rollcall.KindOf(second.err) != rollcall.KindConflict || first.out.Version != second.out.Version) {
			t.Errorf("the one: %+v; the other, refused in the same version: %+v", first, second)
		}
	}
}

// The same for sign-ins, which make no version.
func TestAFailingCommitOfSignIns(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w := newWorld(t)
	for _, durable := range []bool{false, true} {
		model := w.newCorp(t)
		store := &faulty{Store: w.store}
		corp := w.open(t, store, model.Corp.ID)
		hook := &store.committing
		if durable {
			hook = &store.committed
		}
		*hook = func() error { return broken }
		var feed uint64
		_, err := corp.Do(t.Context(), "test", func(*directory.State) (directory.Batch, error) {
			return directory.Batch{
				InTx:      func(tx rollcall.Tx) error { return tx.PutSignInChunk(20260301, 0, []byte{1, 0, 0}) },
				Committed: func(h rollcall.Head) { feed = h.Feed },
			}, nil
		})
		if durable && (err != nil || feed != 1) || !durable && (rollcall.KindOf(err) != rollcall.KindBusy || feed != 0) {
			t.Errorf("durable %v: feed %d, %v", durable, feed, err)
		}
		if corp.Current().Version() != 0 {
			t.Errorf("durable %v: version %d", durable, corp.Current().Version())
		}
	}
}

// The changes that others made are taken over even where a new one fails.
func TestAFailedChangeKeepsWhatWasTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	store := &faulty{Store: w.store}
	corp, other := w.open(t, store, model.Corp.ID), w.open(t, w.connect(t), model.Corp.ID)
	do(t, other, model, joined(0, "a", "Anna"))
	store.writing = func() error { return errors.New("broken") }
	if _, err := corp.Do(t.Context(), "test", want(created(2, 1))); err == nil {
		t.Fatal("it did not fail")
	}
	agree(t, corp.Current(), model, 7)
}

func TestOpeningFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := directory.Open(t.Context(), "nobody", w.options(w.store)); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("an unknown organization: %v", err)
	}
	if _, err := directory.CheckStore(t.Context(), "nobody", w.options(w.store)); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("checking an unknown organization: %v", err)
	}
}

// lying shows another log than there is.
type lying struct {
	rollcall.Store
	edit func(c *rollcall.Change) (keep bool)
}

func (l lying) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	return l.Store.Changes(ctx, corpID, after, func(c rollcall.Change) error {
		if !l.edit(&c) {
			return nil
		}
		return fn(c)
	})
}

// A log that does not fit is not followed, and found by the check.
func TestADamagedLog(t *testing.T) {
	t.Parallel()
	tests := map[string]func(c *rollcall.Change) bool{
		"a version is missing":     func(c *rollcall.Change) bool { return c.Version != 2 },
		"the end is missing":       func(c *rollcall.Change) bool { return c.Version < 3 },
		"everything is missing":    func(*rollcall.Change) bool { return false },
		"a change is missing":      func(c *rollcall.Change) bool { return c.Kind != rollcall.DeptCreated },
		"a kind is not known":      func(c *rollcall.Change) bool { c.Kind = "rename"; return true },
		"somebody else is renamed": func(c *rollcall.Change) bool { c.Ordinal++; return true },
	}
	w := newWorld(t)
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			model := w.newCorp(t)
			follower := w.open(t, lying{w.store, edit}, model.Corp.ID)
			writer := w.open(t, w.store, model.Corp.ID)
			do(t, writer, model, created(2, 1), joined(0, "a", "Anna"))
			do(t, writer, model, updated(0, rollcall.UserUpdate{Name: ptr("new")}))
			do(t, writer, model, added(0, 2))
			before := follower.Current()
			if err := follower.CatchUp(t.Context()); err == nil {
				t.Error("it was followed")
			}
			if follower.Current() != before {
				t.Errorf("version %d is shown", follower.Current().Version())
			}
			if _, err := directory.CheckStore(t.Context(), model.Corp.ID, w.options(lying{w.store, edit})); err == nil {
				t.Error("the check did not find it")
			}
		})
	}
}

// What the check compares with the log, value by value.
func TestTheCheckFindsAnotherValue(t *testing.T) {
	t.Parallel()
	tests := map[string]func(c *rollcall.Change){
		"name":       func(c *rollcall.Change) { set(c.User != nil, func() { c.User.Name = "x" }) },
		"userid":     func(c *rollcall.Change) { set(c.User != nil, func() { c.User.UserID = "x" }) },
		"stay":       func(c *rollcall.Change) { set(c.User != nil && c.Version == 1, func() { c.User.Stay.From = 5 }) },
		"entered":    func(c *rollcall.Change) { set(c.Member != nil, func() { c.Member.Entered = 5 }) },
		"department": func(c *rollcall.Change) { set(c.Dept != nil, func() { c.Dept.Name = "x" }) },
		"since":      func(c *rollcall.Change) { set(c.Dept != nil, func() { c.Dept.Since = 5 }) },
		"time":       func(c *rollcall.Change) { c.At++ },
		"app":        func(c *rollcall.Change) { set(c.App != nil, func() { c.App.SecretHash = "x" }) },
		"setting":    func(c *rollcall.Change) { set(c.Corp != nil, func() { c.Corp.Settings.ClosingHour = 1 }) },
		"person is left out": func(c *rollcall.Change) {
			set(c.Ordinal == 2, func() { *c = rollcall.Change{Version: c.Version, Kind: rollcall.UserActivated, Ordinal: 1} })
		},
	}
	w := newWorld(t)
	corp, model := w.solo(t)
	settings := model.Corp.Settings
	settings.ClosingHour = 7
	do(t, corp, model,
		created(2, 1), joined(0, "a", "Anna"), added(0, 2), joined(1, "b", "Bob"), added(1, 2), removed(1, 2), left(1),
		rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &rollcall.App{Appkey: "checked"}}},
		rollcall.Change{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &settings}}})
	do(t, corp, model, joined(2, "c", "C"))
	for name, edit := range tests {
		store := lying{w.store, func(c *rollcall.Change) bool { edit(c); return true }}
		if _, err := directory.CheckStore(t.Context(), model.Corp.ID, w.options(store)); err == nil {
			t.Errorf("%s: the check did not find it", name)
		}
	}
	sameAfresh(t, w, corp.Current())
}

func set(where bool, do func()) {
	if where {
		do()
	}
}

// A version is made while its changes are written. Where they are not committed,
// what was made is given up: nobody finds it, however often that happens, and
// its numbers go to others.
func TestVersionsThatAreGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	store := &faulty{Store: w.store}
	corp := w.open(t, store, model.Corp.ID)
	do(t, corp, model, created(2, 1))
	person := func(o rollcall.Ordinal, userid, mobile string) rollcall.Change {
		c := joined(o, userid, "Anna")
		c.User.Mobile = mobile
		return c
	}
	const lost = 20
	for round, dept := range modeltest.DeptIDs()[2:] {
		store.committing = func() error { return errors.New("broken") }
		for try := range lost {
			o := rollcall.Ordinal(round)
			id := dept + rollcall.DeptID(100*try)
			changes := []rollcall.Change{created(id, 2)}
			for i := range rollcall.Ordinal(1 + try%3) {
				changes = append(changes, person(o+i, fmt.Sprint("lost", round, ".", try, ".", i), fmt.Sprint("13", round, "000", try, "00", i)), added(o+i, id))
			}
			if _, err := corp.Do(t.Context(), "test", want(changes...)); err == nil {
				t.Fatal("a change was acknowledged that is not there")
			}
			r := corp.Current()
			if u, ok := r.UserByID(changes[1].User.UserID); ok {
				t.Fatalf("%s is found and is not there: %+v", changes[1].User.UserID, u)
			}
			if u, ok := r.UserByContact(directory.Mobile, changes[1].User.Mobile); ok {
				t.Fatalf("%s is found and is not there: %+v", changes[1].User.Mobile, u)
			}
			if _, ok := r.Dept(id); ok {
				t.Fatalf("department %d is found and is not there", id)
			}
		}
		store.heal()
		// The last one comes after all, with another's number.
		userid := fmt.Sprint("lost", round, ".", lost-1, ".0")
		do(t, corp, model, created(dept, 1), person(rollcall.Ordinal(round), userid, fmt.Sprint("13", round, "0000000")), added(rollcall.Ordinal(round), dept))
		if u, ok := corp.Current().UserByID(userid); !ok || u.Mobile != fmt.Sprint("13", round, "0000000") {
			t.Fatalf("%s is %+v", userid, u)
		}
	}
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}
