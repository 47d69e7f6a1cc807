package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"rollcall"
)

const selectChanges = `
SELECT version, ordinal, dept_id, made_at, kind, made_by, payload, packed
FROM changes WHERE corp = $1 AND version > $2 ORDER BY version, seq`

func changeTable() table {
	return table{"changes", "corp, version, seq, ordinal, last_ordinal, dept_id, made_at, kind, made_by, payload, packed", "iiiiiiittty"}
}

// Changes implements [rollcall.Store].
func (s *Store) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(ctx context.Context, l link, told func()) (err error) {
		if head, err = headOf(ctx, l, corpID); err != nil || head.Version <= after {
			return err
		}
		return readChanges(ctx, l, corpID, after, func(c rollcall.Change) error {
			told()
			return fn(c)
		})
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the changes of %q after version %d: %w", corpID, after, err)
	}
	return head, nil
}

func readChanges(ctx context.Context, l link, corpID string, after uint64, fn func(rollcall.Change) error) error {
	q := statement(selectChanges)
	q.corp(corpID).int(int64(min(after, 1<<62)))
	return l.each(ctx, q, func(r row) error {
		c := rollcall.Change{
			Version: uint64(r.int(0)),
			Ordinal: rollcall.Ordinal(r.int(1)), // NULL is 0
			DeptID:  rollcall.DeptID(r.int(2)),
			At:      r.instant(3),
			Kind:    rollcall.Kind(r.text(4)),
			By:      r.text(5),
		}
		if c.Kind != manyChanged {
			if err := json.Unmarshal(r[6], &c.Payload); err != nil {
				return fmt.Errorf("payload of a change of version %d: %w", c.Version, err)
			}
			return fn(c)
		}
		many, err := unpacked(r[7])
		if err != nil {
			return fmt.Errorf("changes of version %d: %w", c.Version, err)
		}
		for i := range many {
			m := &many[i]
			c.Kind, c.Ordinal, c.DeptID, c.Payload = m.Kind, m.Ordinal, m.DeptID, m.Payload
			if err := fn(c); err != nil {
				return err
			}
		}
		return nil
	})
}
