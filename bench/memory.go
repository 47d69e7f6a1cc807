package main

import (
	"context"
	"errors"

	"rollcall"
	"rollcall/internal/sample"
)

// instantStore is a store that keeps nothing but the head, so that what is left
// of a change is the work in memory. It loads a generated organization.
type instantStore struct {
	made *sample.Generated
	head rollcall.Head
}

var _ rollcall.Store = (*instantStore)(nil)

func newInstantStore(g *sample.Generated) *instantStore {
	return &instantStore{g, rollcall.Head{CorpID: corp("").ID}}
}

// Heads implements [rollcall.Store].
func (s *instantStore) Heads(context.Context, ...string) ([]rollcall.Head, error) {
	return []rollcall.Head{s.head}, nil
}

// Passed implements [rollcall.Store].
func (*instantStore) Passed(context.Context, rollcall.Head) (bool, error) { return true, nil }

// CreateCorp implements [rollcall.Store].
func (*instantStore) CreateCorp(context.Context, rollcall.Corp) error { return rollcall.ErrCorpExists }

// Load implements [rollcall.Store].
func (s *instantStore) Load(_ context.Context, _ string, to rollcall.Snapshot) (rollcall.Head, error) {
	c := corp(s.made.Name())
	err := to.Corp(&c)
	if err == nil {
		err = to.Dept(&rollcall.Dept{ID: rollcall.RootDept, Name: c.Name}, rollcall.Open)
	}
	for d := range s.made.Depts() {
		if err == nil {
			err = to.Dept(&d, rollcall.Open)
		}
	}
	for u := range s.made.Users() {
		if err == nil {
			err = to.User(u)
		}
	}
	return s.head, err
}

// Changes implements [rollcall.Store].
func (s *instantStore) Changes(context.Context, string, uint64, func(rollcall.Change) error) (rollcall.Head, error) {
	return s.head, nil
}

// Dump implements [rollcall.Store]: there is nothing but the state.
func (s *instantStore) Dump(ctx context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error) {
	return s.Load(ctx, corpID, to)
}

// Restore implements [rollcall.Store].
func (*instantStore) Restore(context.Context, string) (rollcall.Restorer, error) {
	return nil, rollcall.ErrCorpExists
}

// DropSignIns implements [rollcall.SignIns].
func (*instantStore) DropSignIns(context.Context, string, rollcall.Day) (int, error) { return 0, nil }

// SignInChunks implements [rollcall.SignIns].
func (s *instantStore) SignInChunks(context.Context, string, uint64, func(rollcall.Day, uint32, []byte) error) (rollcall.Head, error) {
	return s.head, nil
}

// LoadTokens implements [rollcall.Tokens].
func (*instantStore) LoadTokens(context.Context, string) ([]rollcall.Token, error) { return nil, nil }

// SaveToken implements [rollcall.Tokens].
func (*instantStore) SaveToken(_ context.Context, _ string, t rollcall.Token, _ int, _ rollcall.Instant) (rollcall.Token, error) {
	return t, nil
}

// Rewrite implements [rollcall.Store].
func (*instantStore) Rewrite(context.Context) error { return nil }

// Close implements [rollcall.Store].
func (*instantStore) Close() error { return nil }

// Begin implements [rollcall.Store].
func (s *instantStore) Begin(context.Context, string) (rollcall.Tx, error) { return instantTx{s}, nil }

// instantTx is a transaction that is done at once. The directory begins only
// one at a time.
type instantTx struct{ store *instantStore }

// Head implements [rollcall.Tx].
func (t instantTx) Head() rollcall.Head { return t.store.head }

// Changes implements [rollcall.Tx].
func (instantTx) Changes(uint64, func(rollcall.Change) error) error { return nil }

// Append implements [rollcall.Tx].
func (instantTx) Append([]rollcall.Change) error { return nil }

// SignInChunk implements [rollcall.Tx].
func (instantTx) SignInChunk(rollcall.Day, uint32) ([]byte, error) { return nil, nil }

// PutSignInChunk implements [rollcall.Tx].
func (instantTx) PutSignInChunk(rollcall.Day, uint32, []byte) error {
	return errors.New("sign-ins are not kept")
}

// Commit implements [rollcall.Tx].
func (t instantTx) Commit(batch string) (rollcall.Head, error) {
	t.store.head.Version++
	t.store.head.Batch = batch
	return t.store.head, nil
}

// Committed implements [rollcall.Tx].
func (instantTx) Committed(string) (rollcall.Head, bool, error) { return rollcall.Head{}, false, nil }

// Rollback implements [rollcall.Tx].
func (instantTx) Rollback() {}
