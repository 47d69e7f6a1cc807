package sqlite

import (
	"context"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	// Slots come round: see migration 00005.
	upsertBatch = `
INSERT INTO batches (corp_id, slot, batch, version, feed) VALUES (?1, (?3 + ?4) % 2048, ?2, ?3, ?4)
ON CONFLICT (corp_id, slot) DO UPDATE SET batch = excluded.batch, version = excluded.version, feed = excluded.feed`

	// The last one, should somebody use a name again.
	selectBatch = `
SELECT version, feed FROM batches WHERE corp_id = ?1 AND batch = ?2 ORDER BY version + feed DESC LIMIT 1`

	// Before its first batch an organization has a head that none made.
	selectPassed = `
SELECT 1 FROM batches WHERE corp_id = ?1 AND slot = (?3 + ?4) % 2048 AND batch = ?2 AND version = ?3 AND feed = ?4
UNION ALL
SELECT 1 FROM heads WHERE corp_id = ?1 AND batch = ?2 AND version = ?3 AND feed = ?4
UNION ALL
SELECT 1 FROM heads WHERE corp_id = ?1 AND ?2 = '' AND ?3 = 0 AND ?4 = 0`
)

// Passed implements [rollcall.Store].
func (s *Store) Passed(ctx context.Context, h rollcall.Head) (passed bool, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		q := prepare(conn, selectPassed)
		q.text(h.CorpID).text(h.Batch).int(int64(h.Version)).int(int64(h.Feed))
		return q.each(func(*sqlite.Stmt) error {
			passed = true
			return nil
		})
	})
	if err != nil {
		return false, fmt.Errorf("look for a head of %q: %w", h.CorpID, err)
	}
	return passed, nil
}

// remember keeps the batch of a head that is being committed.
func remember(conn *sqlite.Conn, head rollcall.Head) error {
	q := prepare(conn, upsertBatch)
	q.text(head.CorpID).text(head.Batch).int(int64(head.Version)).int(int64(head.Feed))
	_, err := q.run()
	return err
}

// Committed implements [rollcall.Tx].
func (t *tx) Committed(batch string) (h rollcall.Head, ok bool, err error) {
	if err = t.usable(); err == nil {
		q := prepare(t.conn, selectBatch)
		q.text(t.head.CorpID).text(batch)
		err = q.each(func(stmt *sqlite.Stmt) error {
			h, ok = rollcall.Head{
				CorpID: t.head.CorpID, Version: uint64(stmt.ColumnInt64(0)), Feed: uint64(stmt.ColumnInt64(1)), Batch: batch,
			}, true
			return nil
		})
	}
	if err != nil {
		return rollcall.Head{}, false, fmt.Errorf("look for a batch of %q: %w", t.head.CorpID, err)
	}
	return h, ok, nil
}
