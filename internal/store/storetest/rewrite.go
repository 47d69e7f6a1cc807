package storetest

import (
	"context"
	"errors"

	"rollcall"
)

// rewriting: the files are other ones, and what they hold is the same, for this
// store and for another one that is open meanwhile; both go on.
func rewriting(f *fixture) {
	f.populate("acme")
	f.corp("empty")
	tx := f.begin("acme")
	if err := tx.PutSignInChunk(20260820, 3, []byte{1, 2}); err != nil {
		f.Fatal(err)
	}
	f.end(tx, "feed")
	saveToken(f, "acme", rollcall.Token{Appkey: "key.acme", Nonce: []byte{1}, Hash: []byte{2}})
	other := f.another()
	f.commit("acme",
		memberChange(rollcall.MemberRemoved, later, 0, 2, rollcall.Payload{}),
		userChange(rollcall.UserLeft, later, 0, rollcall.Payload{}),
		userChange(rollcall.UserErased, later, 0, rollcall.Payload{User: &rollcall.User{UserID: "gone"}}))

	everything := func(s rollcall.Store) []any {
		f.Helper()
		chunks, _, err1 := readChunks(f.Context(), s, "acme", 0)
		list, err2 := s.LoadTokens(f.Context(), "acme")
		state, err3 := loadState(f.Context(), s, "acme")
		changes, _, err4 := readChanges(f.Context(), s, "acme", 0)
		heads, err5 := s.Heads(f.Context())
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			f.Fatal(err)
		}
		if !sameChunks(chunks, []chunk{{chunkKey{20260820, 3}, []byte{1, 2}}}) {
			f.Errorf("sign-ins: %v", chunks)
		}
		return []any{heads, state, changes, list}
	}
	want := everything(f.store)
	for range 2 {
		if err := f.store.Rewrite(f.Context()); err != nil {
			f.Fatal(err)
		}
		f.equal("what was there", want, everything(f.store))
		f.equal("what another store sees", want, everything(other))
	}
	f.commit("acme", join(later+1, 2, "cid"))
	head, err := loadState(f.Context(), other, "acme")
	if err != nil {
		f.Fatal(err)
	}
	f.equal("the version that another store sees", uint64(3), head.Head.Version)
}

// rewritingWaits: a transaction goes first, and the waiting ends with the
// context.
func rewritingWaits(f *fixture) {
	f.corp("acme")
	other := f.another()
	tx := f.begin("acme")
	for _, s := range []rollcall.Store{f.store, other} {
		ctx, cancel := context.WithCancel(f.Context())
		done := make(chan error)
		go func() { done <- s.Rewrite(ctx) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			f.Errorf("beside a transaction, after the context ended: %v", err)
		}
	}
	done := make(chan error)
	go func() { done <- other.Rewrite(f.Context()) }()
	if err := tx.Append([]rollcall.Change{createDept(day, 2, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	f.end(tx, "x")
	if err := <-done; err != nil {
		f.Error(err)
	}
	f.equal("the version", uint64(1), f.load("acme").Head.Version)
}
