package backup

import (
	"context"
	"fmt"

	"rollcall"
)

// Transfer puts an organization into a store, in one transaction, and returns the
// sum of what was read. What the store has afterwards is for [SumOf] to say.
func Transfer(ctx context.Context, from Source, to rollcall.Store, corpID string, tell Progress) (Sum, error) {
	r, err := to.Restore(ctx, corpID)
	if err != nil {
		return Sum{}, err
	}
	defer r.Rollback()
	sum, err := pass(ctx, from, corpID, tell, r)
	if err != nil {
		return Sum{}, err
	}
	if err := r.Commit(sum.Head); err != nil {
		return Sum{}, err
	}
	return sum, nil
}

// changer is what a store has of the change log.
type changer interface {
	Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error)
}

// SameHistory reports whether two stores tell the same of an organization up to a
// version, which both have. Of the values of the changes nothing is looked at:
// whoever is erased later is gone from the older ones.
func SameHistory(ctx context.Context, a, b rollcall.Store, corpID string, version uint64) (bool, error) {
	first, err := history(ctx, a, corpID, version)
	if err != nil {
		return false, err
	}
	second, err := history(ctx, b, corpID, version)
	return first == second, err
}

func history(ctx context.Context, from changer, corpID string, version uint64) (string, error) {
	s := newSummer(nil)
	_, err := from.Changes(ctx, corpID, 0, func(c rollcall.Change) error {
		if c.Version > version {
			return nil
		}
		c.Payload = rollcall.Payload{}
		return s.Change(&c)
	})
	if err != nil {
		return "", fmt.Errorf("compare the change logs: %w", err)
	}
	return s.sum(rollcall.Head{}, Counts{}).Hashes[Log], nil
}
