package storetest

import (
	"errors"
	"runtime"

	"rollcall"
)

func closedStore(f *fixture) {
	f.populate("acme")
	if err := f.store.Close(); err != nil {
		f.Fatal(err)
	}
	ctx := f.Context()
	_, err1 := f.store.Heads(ctx)
	_, err2 := f.store.Load(ctx, "acme", &recorder{state: &state{}})
	_, _, err3 := readChanges(ctx, f.store, "acme", 0)
	_, err4 := f.store.Begin(ctx, "acme")
	_, _, err5 := readChunks(ctx, f.store, "acme", 0)
	_, err6 := f.store.LoadTokens(ctx, "acme")
	_, err7 := f.store.Dump(ctx, "acme", newWhole())
	_, err8 := f.store.Restore(ctx, "another")
	_, err9 := f.store.SaveToken(ctx, "acme", rollcall.Token{Appkey: "key.acme"}, 1, 0)
	for i, err := range []error{
		err1, err2, err3, err4, err5, err6, err7, err8, err9,
		f.store.CreateCorp(ctx, aCorp("other")),
		f.store.Rewrite(ctx),
		f.store.Close(),
	} {
		if !errors.Is(err, rollcall.ErrClosed) {
			f.Errorf("call %d: %v, not ErrClosed", i, err)
		}
	}
}

func closeEndsWaiting(f *fixture) {
	f.corp("acme")
	tx := f.begin("acme")
	const waiters = 20
	started, waiting, closed := make(chan bool), make(chan error), make(chan error)
	for range waiters {
		go func() {
			started <- true
			_, err := f.store.Begin(f.Context(), "acme")
			waiting <- err
		}()
	}
	for range waiters {
		<-started
	}
	runtime.Gosched() // most of them wait by now; those that do not come too late
	go func() { closed <- f.store.Close() }()
	for range waiters {
		if err := <-waiting; !errors.Is(err, rollcall.ErrClosed) {
			f.Errorf("Begin: %v, not ErrClosed", err)
		}
	}
	// The open transaction still comes to its end.
	if err := tx.Append([]rollcall.Change{createDept(day, 2, 1, "x")}); err != nil {
		f.Error(err)
	}
	f.end(tx, "x")
	if err := <-closed; err != nil {
		f.Errorf("Close: %v", err)
	}
	f.store = f.another()
	f.equal("the version", uint64(1), f.load("acme").Head.Version)
}

func reopened(f *fixture) {
	f.populate("acme")
	f.corp("empty")
	f.commit("acme",
		memberChange(rollcall.MemberRemoved, later, 0, 2, rollcall.Payload{}),
		userChange(rollcall.UserLeft, later, 0, rollcall.Payload{}), join(later+1, 0, "ann"),
		deptChange(rollcall.DeptUpdated, later, 3, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}))
	tx := f.begin("acme")
	if err := tx.PutSignInChunk(20260820, 3, []byte{1, 2}); err != nil {
		f.Fatal(err)
	}
	f.end(tx, "feed")
	saveToken(f, "acme", rollcall.Token{Appkey: "key.acme", Nonce: []byte{1}, Hash: []byte{2}})

	everything := func() []any {
		chunks, _, err1 := readChunks(f.Context(), f.store, "acme", 0)
		list, err2 := f.store.LoadTokens(f.Context(), "acme")
		if err := errors.Join(err1, err2); err != nil {
			f.Fatal(err)
		}
		if !sameChunks(chunks, []chunk{{chunkKey{20260820, 3}, []byte{1, 2}}}) {
			f.Errorf("sign-ins: %v", chunks)
		}
		return []any{f.heads(), f.load("acme"), f.load("empty"), f.changes("acme", 0), list}
	}
	want := everything()
	for range 2 {
		if err := f.store.Close(); err != nil {
			f.Fatal(err)
		}
		f.store = f.another()
		f.equal("what was there", want, everything())
	}
	head := f.commit("acme", createDept(later, 9, 1, "x"))
	f.equal("the next version", uint64(3), head.Version)
}

func twoStores(f *fixture) {
	other := f.another()
	f.equal("the heads of nothing", 0, len(f.heads()))
	if err := other.CreateCorp(f.Context(), aCorp("acme")); err != nil {
		f.Fatal(err)
	}
	for v := range uint64(20) {
		writer, reader := other, f.store
		if v%2 == 1 {
			writer, reader = reader, writer
		}
		if got, err := addOne(f.Context(), writer); err != nil || got != v+1 {
			f.Fatalf("version %d: %v", got, err)
		}
		for _, s := range []rollcall.Store{reader, writer} {
			heads, err := s.Heads(f.Context())
			if err != nil || heads[0].Version != v+1 {
				f.Fatalf("heads %v, not version %d: %v", heads, v+1, err)
			}
		}
		if s, err := loadState(f.Context(), reader, "acme"); err != nil || s.Head.Version != v+1 || len(s.Depts) != int(v)+2 {
			f.Fatalf("%v, %v", s, err)
		}
	}
	// What one has closed does not touch the other.
	if err := other.Close(); err != nil {
		f.Fatal(err)
	}
	f.equal("the version", uint64(20), f.load("acme").Head.Version)
	f.commit("acme", createDept(later, 99, 1, "x"))
}
