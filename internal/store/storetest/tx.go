package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rollcall"
)

func versions(f *fixture) {
	f.corp("acme")
	head := rollcall.Head{CorpID: "acme"}
	check := func(what string, got rollcall.Head) {
		f.Helper()
		f.equal(what, head, got)
		f.equal(what+", in Heads", []rollcall.Head{head}, f.heads())
		f.equal(what+", in Load", head, f.load("acme").Head)
		tx := f.begin("acme")
		f.equal(what+", in Tx", head, tx.Head())
		tx.Rollback()
	}
	check("the first head", head)

	tx := f.begin("acme")
	locked := tx.Head()
	for d := range rollcall.DeptID(3) { // several calls, one version
		if err := tx.Append([]rollcall.Change{createDept(day, d+2, 1, "x")}); err != nil {
			f.Fatal(err)
		}
	}
	f.equal("the head within the transaction", locked, tx.Head())
	head.Version, head.Batch = 1, "a"
	check("after changes", f.end(tx, "a"))

	tx = f.begin("acme")
	if err := tx.PutSignInChunk(20260820, 0, []byte{1}); err != nil {
		f.Fatal(err)
	}
	head.Feed, head.Batch = 1, "b"
	check("after sign-ins", f.end(tx, "b"))

	tx = f.begin("acme")
	err := errors.Join(tx.PutSignInChunk(20260820, 1, []byte{1}), tx.PutSignInChunk(20260821, 0, []byte{1}),
		tx.Append([]rollcall.Change{createDept(day, 7, 1, "x")}), tx.PutSignInChunk(20260820, 1, []byte{2}))
	if err != nil {
		f.Fatal(err)
	}
	head.Version, head.Feed, head.Batch = 2, 2, "c"
	check("after both", f.end(tx, "c"))

	check("after an empty transaction", f.end(f.begin("acme"), "d"))
	tx = f.begin("acme")
	if err := tx.Append(nil); err != nil {
		f.Fatal(err)
	}
	check("after an empty list", f.end(tx, "d"))
}

func changesInOrder(f *fixture) {
	f.corp("acme")
	f.corp("other")
	m := newModel(aCorp("acme"))
	for v := range 5 {
		var changes []rollcall.Change
		for i := range 30 { // more than ten: 10 must not come after 1
			changes = append(changes, createDept(day-rollcall.Instant(v), rollcall.DeptID(100*v+i+2), 1, "x"))
		}
		tx := f.begin("acme")
		for part := range 3 {
			if err := tx.Append(changes[part*10 : part*10+10]); err != nil {
				f.Fatal(err)
			}
		}
		m.commit("batch", changes)
		var seen []rollcall.Change
		if err := tx.Changes(0, func(c rollcall.Change) error { seen = append(seen, c); return nil }); err != nil {
			f.Fatal(err)
		}
		f.equal("the changes within the transaction", m.log, seen)
		f.end(tx, "batch")
		f.commit("other", createDept(day, rollcall.DeptID(v+2), 1, "x"))
	}
	for after := range uint64(7) {
		list, head, err := readChanges(f.Context(), f.store, "acme", after)
		if err != nil {
			f.Fatal(err)
		}
		f.equal(fmt.Sprintf("the changes after %d", after), m.logAfter(after), list)
		f.equal("the head", m.head, head)
	}
}

func rollbackLeavesNothing(f *fixture) {
	f.populate("acme")
	want, heads := f.load("acme"), f.heads()
	for _, end := range []func(rollcall.Tx){
		func(tx rollcall.Tx) { tx.Rollback() },
		func(tx rollcall.Tx) { tx.Rollback(); tx.Rollback() },
	} {
		tx := f.begin("acme")
		err := errors.Join(tx.PutSignInChunk(20260820, 0, []byte{1}), tx.Append([]rollcall.Change{
			createDept(later, 9, 1, "x"), join(later, 2, "cid"), enter(later, 2, 9),
			memberChange(rollcall.MemberRemoved, later, 1, 2, rollcall.Payload{}),
		}))
		if err != nil {
			f.Fatal(err)
		}
		end(tx)
		f.equal("the state", want, f.load("acme"))
		f.equal("the heads", heads, f.heads())
		f.equal("the log", 8, len(f.changes("acme", 0)))
		if chunks, _, err := readChunks(f.Context(), f.store, "acme", 0); err != nil || len(chunks) > 0 {
			f.Errorf("sign-ins: %v, %v", chunks, err)
		}
	}
	tx := f.begin("acme")
	if err := tx.Append([]rollcall.Change{createDept(later, 9, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	head := f.end(tx, "kept")
	tx.Rollback()
	f.equal("the head after a rollback too late", head, f.load("acme").Head)
}

func isolation(f *fixture) {
	f.populate("acme")
	want, heads := f.load("acme"), f.heads()
	tx := f.begin("acme")
	if err := tx.Append([]rollcall.Change{createDept(later, 9, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	if err := tx.PutSignInChunk(20260820, 0, []byte{1}); err != nil {
		f.Fatal(err)
	}
	f.equal("the state beside an open transaction", want, f.load("acme"))
	f.equal("the heads", heads, f.heads())
	f.equal("the log", 8, len(f.changes("acme", 0)))

	// A reader keeps the state that it began with.
	var during rollcall.Head
	seen, err := f.store.Changes(f.Context(), "acme", 0, func(rollcall.Change) error {
		if during.CorpID == "" {
			during = f.end(tx, "meanwhile")
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	f.equal("the head of the reader", heads[0], seen)
	f.equal("the head afterwards", during, f.load("acme").Head)
	f.equal("the heads afterwards", []rollcall.Head{during}, f.heads())
}

func finishedTx(f *fixture) {
	f.populate("acme")
	committed := f.begin("acme")
	f.end(committed, "x")
	dropped := f.begin("acme")
	dropped.Rollback()
	for _, tx := range []rollcall.Tx{committed, dropped} {
		_, err1 := tx.Commit("x")
		_, err2 := tx.SignInChunk(20260820, 0)
		_, _, err3 := tx.Committed("x")
		for i, err := range []error{
			err1, err2, err3, tx.Append([]rollcall.Change{createDept(later, 9, 1, "x")}), tx.PutSignInChunk(20260820, 0, nil),
			tx.Changes(0, func(rollcall.Change) error { return nil }),
		} {
			if !errors.Is(err, rollcall.ErrClosed) {
				f.Errorf("call %d: %v, not ErrClosed", i, err)
			}
		}
	}
}

func beginWaits(f *fixture) {
	f.corp("acme")
	const writers = 5
	first := f.begin("acme")
	got := make(chan error)
	for range writers {
		go func() {
			tx, err := f.store.Begin(f.Context(), "acme")
			if err != nil {
				got <- err
				return
			}
			defer tx.Rollback()
			// Whatever was committed before is there.
			id := rollcall.DeptID(tx.Head().Version + 2)
			if id == 2 {
				got <- errors.New("it did not wait")
				return
			}
			if err := tx.Append([]rollcall.Change{createDept(day, id, 1, "x")}); err != nil {
				got <- err
				return
			}
			_, err = tx.Commit("x")
			got <- err
		}()
	}
	if err := first.Append([]rollcall.Change{createDept(day, 2, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	f.end(first, "x")
	for range writers {
		if err := <-got; err != nil {
			f.Error(err)
		}
	}
	f.equal("the version", uint64(writers+1), f.load("acme").Head.Version)
}

func waitingEnds(f *fixture) {
	f.corp("acme")
	stores := []rollcall.Store{f.store, f.another()}
	f.begin("acme")
	for _, s := range stores {
		ctx, cancel := context.WithTimeout(f.Context(), 20*time.Millisecond)
		if _, err := s.Begin(ctx, "acme"); !errors.Is(err, context.DeadlineExceeded) {
			f.Errorf("Begin: %v", err)
		}
		cancel()
		ctx, cancel = context.WithCancel(f.Context())
		got := make(chan error)
		go func() {
			_, err := s.SaveToken(ctx, "acme", rollcall.Token{Appkey: "x"}, 1, 0)
			got <- err
		}()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			f.Errorf("SaveToken: %v", err)
		}
		if err := s.CreateCorp(ctx, aCorp("late")); !errors.Is(err, context.Canceled) {
			f.Errorf("CreateCorp: %v", err)
		}
		if _, err := s.Load(ctx, "acme", &recorder{state: &state{}}); !errors.Is(err, context.Canceled) {
			f.Errorf("Load: %v", err)
		}
	}
}

// cancelling is a snapshot that ends its own loading.
type cancelling struct {
	recorder
	cancel func()
}

func (s *cancelling) Dept(*rollcall.Dept, rollcall.Instant) error {
	s.cancel()
	return nil
}

func readingEnds(f *fixture) {
	f.populate("acme")
	ctx, cancel := context.WithCancel(f.Context())
	_, err := f.store.Load(ctx, "acme", &cancelling{recorder{state: &state{}}, cancel})
	if !errors.Is(err, context.Canceled) {
		f.Errorf("Load: %v", err)
	}
	ctx, cancel = context.WithCancel(f.Context())
	_, err = f.store.Changes(ctx, "acme", 0, func(rollcall.Change) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		f.Errorf("Changes: %v", err)
	}
	f.load("acme") // the next call is not concerned
}

func beginContext(f *fixture) {
	f.corp("acme")
	ctx, cancel := context.WithCancel(f.Context())
	tx, err := f.store.Begin(ctx, "acme")
	if err != nil {
		f.Fatal(err)
	}
	defer tx.Rollback()
	cancel()
	if err := tx.Append([]rollcall.Change{createDept(day, 2, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	f.equal("the version", uint64(1), f.end(tx, "x").Version)
}

// atOnce checks that versions have no gaps and that head and rows agree,
// whatever goes on.
func atOnce(f *fixture) {
	f.corp("acme")
	stores := []rollcall.Store{f.store, f.another()}
	const writers, each = 4, 10
	seen := make(chan uint64, writers*each)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for range each {
				version, err := addOne(f.Context(), stores[w%2])
				if err != nil {
					f.Error(err)
					return
				}
				seen <- version
			}
		})
		all.Go(func() {
			last := uint64(0)
			for last < writers*each && !f.Failed() {
				s, err := loadState(f.Context(), stores[w%2], "acme")
				if err != nil {
					f.Error(err)
					return
				}
				if n := uint64(len(s.Depts)) - 1; n != s.Head.Version || n < last {
					f.Errorf("%d departments at version %d after version %d", n, s.Head.Version, last)
				}
				last = s.Head.Version
				heads, err := stores[w%2].Heads(f.Context())
				if err != nil || heads[0].Version < last {
					f.Errorf("heads %v after version %d: %v", heads, last, err)
				}
			}
		})
	}
	all.Wait()
	close(seen)
	versions := map[uint64]bool{}
	for v := range seen {
		versions[v] = true
	}
	f.equal("the number of versions", writers*each, len(versions))
	f.equal("the last version", uint64(writers*each), f.load("acme").Head.Version)
}

// addOne commits one department more.
func addOne(ctx context.Context, s rollcall.Store) (version uint64, err error) {
	tx, err := s.Begin(ctx, "acme")
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	id := rollcall.DeptID(tx.Head().Version + 2)
	if err := tx.Append([]rollcall.Change{createDept(day, id, 1, "x")}); err != nil {
		return 0, err
	}
	head, err := tx.Commit("x")
	return head.Version, err
}
