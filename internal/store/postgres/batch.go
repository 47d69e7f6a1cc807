package postgres

import (
	"fmt"

	"rollcall"
)

const (
	// Slots come round: see the migration.
	upsertBatch = `
INSERT INTO batches (corp_id, slot, batch, version, feed) VALUES ($1, ($3::bigint + $4::bigint) % 2048, $2, $3, $4)
ON CONFLICT (corp_id, slot) DO UPDATE SET batch = excluded.batch, version = excluded.version, feed = excluded.feed`

	// The last one, should somebody use a name again.
	selectBatch = `
SELECT corp_id, version, feed, batch FROM batches WHERE corp_id = $1 AND batch = $2 ORDER BY version + feed DESC LIMIT 1`
)

// remember returns the statement that keeps the batch of a head that is being
// committed.
func remember(h rollcall.Head) query {
	q := statement(upsertBatch)
	q.text(h.CorpID).text(h.Batch).int(int64(h.Version)).int(int64(h.Feed))
	return q
}

// Committed implements [rollcall.Tx].
func (t *tx) Committed(batch string) (h rollcall.Head, ok bool, err error) {
	ctx, leave, err := t.enter(false)
	if err == nil {
		defer leave()
		q := statement(selectBatch)
		q.text(t.head.CorpID).text(batch)
		err = t.link.each(ctx, q, func(r row) error {
			h, ok = head(r), true
			return nil
		})
	}
	if err != nil {
		return rollcall.Head{}, false, fmt.Errorf("look for a batch of %q: %w", t.head.CorpID, err)
	}
	return h, ok, nil
}
