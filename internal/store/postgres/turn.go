package postgres

import (
	"context"
	"sync"
)

// turns lets one transaction of each organization at a time go to the database,
// in the order of asking: those that would only wait there for the lock on the
// head wait here, without a connection.
type turns struct {
	mu sync.Mutex
	of map[string]*turn
}

type turn struct {
	free chan struct{} // holds one thing while nobody has the turn
	want int           // who has it or waits for it
}

// take waits for the turn of an organization, or for the end of ctx. The caller
// calls done afterwards.
func (t *turns) take(ctx context.Context, corpID string) (done func(), err error) {
	t.mu.Lock()
	if t.of == nil {
		t.of = map[string]*turn{}
	}
	own := t.of[corpID]
	if own == nil {
		own = &turn{free: make(chan struct{}, 1)}
		own.free <- struct{}{}
		t.of[corpID] = own
	}
	own.want++
	t.mu.Unlock()

	leave := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if own.want--; own.want == 0 {
			delete(t.of, corpID)
		}
	}
	select {
	case <-own.free:
		return func() {
			own.free <- struct{}{}
			leave()
		}, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
