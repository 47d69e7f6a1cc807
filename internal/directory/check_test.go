package directory_test

import (
	"context"
	"testing"

	"rollcall"
	"rollcall/internal/directory"
)

// erasing is a store in which somebody is erased after the organization was loaded.
type erasing struct {
	rollcall.Store
	erase func()
}

func (e *erasing) Load(ctx context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	head, err := e.Store.Load(ctx, corpID, to)
	if e.erase != nil {
		e.erase()
		e.erase = nil
	}
	return head, err
}

// A check beside a server finds nothing wrong where somebody is erased while it
// reads: the person is in what was loaded, and not in the log any more.
func TestTheCheckBearsErasing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, joined(0, "a", "Anna"), joined(1, "b", "Bob"))
	do(t, corp, model, left(1))
	store := &erasing{w.store, func() { do(t, corp, model, erased(1, "gone")) }}
	v, err := directory.CheckStore(t.Context(), model.Corp.ID, w.options(store))
	if err != nil || v.Version != 3 || store.erase != nil {
		t.Errorf("%+v, %v", v, err)
	}
}
