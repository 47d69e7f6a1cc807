package directory_test

import (
	"context"
	"sync"

	"rollcall"
)

// faulty is a store that fails, or waits, where a test wants it to. A hook that
// is nil does nothing; an error of a hook is the error of the call.
type faulty struct {
	rollcall.Store
	end func() // ends the process, where a test wants that

	mu                                            sync.Mutex
	begin, writing, committing, committed, asking func() error
}

func (f *faulty) call(hook *func() error) error {
	f.mu.Lock()
	fn := *hook
	f.mu.Unlock()
	if fn == nil {
		return nil
	}
	return fn()
}

// set is for hooks that change another.
func (f *faulty) set(hook *func() error, to func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*hook = to
}

// heal makes the store work again.
func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begin, f.writing, f.committing, f.committed, f.asking = nil, nil, nil, nil, nil
}

func (f *faulty) Begin(ctx context.Context, corpID string) (rollcall.Tx, error) {
	if err := f.call(&f.begin); err != nil {
		return nil, err
	}
	tx, err := f.Store.Begin(ctx, corpID)
	return &faultyTx{tx, f}, err
}

func (f *faulty) Heads(ctx context.Context, only ...string) ([]rollcall.Head, error) {
	if err := f.call(&f.asking); err != nil {
		return nil, err
	}
	return f.Store.Heads(ctx, only...)
}

type faultyTx struct {
	rollcall.Tx
	f *faulty
}

func (t *faultyTx) Committed(batch string) (rollcall.Head, bool, error) {
	if err := t.f.call(&t.f.asking); err != nil {
		return rollcall.Head{}, false, err
	}
	return t.Tx.Committed(batch)
}

func (t *faultyTx) Append(changes []rollcall.Change) error {
	if err := t.f.call(&t.f.writing); err != nil {
		return err
	}
	return t.Tx.Append(changes)
}

func (t *faultyTx) Commit(batch string) (rollcall.Head, error) {
	if err := t.f.call(&t.f.committing); err != nil {
		t.Rollback()
		return rollcall.Head{}, err
	}
	head, err := t.Tx.Commit(batch)
	if err == nil {
		err = t.f.call(&t.f.committed)
	}
	return head, err
}
