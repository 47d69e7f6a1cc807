package postgres

import (
	"context"
	"fmt"

	"rollcall"
)

const (
	// Slots come round: see the migration.
	upsertBatch = `
INSERT INTO batches (corp, slot, batch, version, feed) VALUES ($1, ($3::bigint + $4::bigint) % 2048, $2, $3, $4)
ON CONFLICT (corp, slot) DO UPDATE SET batch = excluded.batch, version = excluded.version, feed = excluded.feed`

	// The last one, should somebody use a name again.
	selectBatch = `
SELECT version, feed, batch FROM batches WHERE corp = $1 AND batch = $2 ORDER BY version + feed DESC LIMIT 1`

	touchBatch = `UPDATE batches SET batch = batch WHERE corp = $1 AND slot = ($2::bigint + $3::bigint) % 2048`

	// Before its first batch an organization has a head that none made.
	selectPassed = `
SELECT 1 FROM batches WHERE corp = $1 AND slot = ($3::bigint + $4::bigint) % 2048 AND batch = $2 AND version = $3 AND feed = $4
UNION ALL
SELECT 1 FROM heads WHERE corp = $1 AND batch = $2 AND version = $3 AND feed = $4
UNION ALL
SELECT 1 FROM heads WHERE corp = $1 AND $2::text = '' AND $3::bigint = 0 AND $4::bigint = 0`
)

// Passed implements [rollcall.Store].
func (s *Store) Passed(ctx context.Context, h rollcall.Head) (passed bool, err error) {
	err = s.read(ctx, func(ctx context.Context, l link, _ func()) error {
		q := statement(selectPassed)
		q.corp(h.CorpID).text(h.Batch).int(int64(h.Version)).int(int64(h.Feed))
		return l.each(ctx, q, func(row) error {
			passed = true
			return nil
		})
	})
	if err != nil {
		return false, fmt.Errorf("look for a head of %q: %w", h.CorpID, err)
	}
	return passed, nil
}

// remember returns the statement that keeps the batch of a head that is being
// committed.
func remember(h rollcall.Head) query {
	q := statement(upsertBatch)
	q.corp(h.CorpID).text(h.Batch).int(int64(h.Version)).int(int64(h.Feed))
	return q
}

// settle waits until a batch that is there is as durable as a commit that
// succeeded. What this server shows its synchronous standby may not have, where the
// waiting for that was broken off or the server was started again meanwhile; a
// commit that returns is after it in what the standby has. It uses another
// connection: the transaction that asked goes on. It changes nothing, so that it is
// done again where the connection is lost.
func (s *Store) settle(ctx context.Context, h rollcall.Head) error {
	for pause := beginPause; ; pause = min(2*pause, beginPauseMost) {
		err := s.settleOnce(ctx, h)
		if !again(err) || !sleep(ctx, pause) {
			return err
		}
	}
}

func (s *Store) settleOnce(ctx context.Context, h rollcall.Head) error {
	l, err := take(ctx, s.reads) // those who read never wait for who writes
	if err != nil {
		return err
	}
	settings, touch := statement(setLocal), statement(touchBatch)
	settings.text(idleLimit.String()).text(lockPatience.String())
	touch.corp(h.CorpID).int(int64(h.Version)).int(int64(h.Feed))
	err = l.commit(ctx, []step{{query: statement(beginWrite)}, {query: settings}, {query: touch}})
	s.giveBack(l, err)
	return err
}

// Committed implements [rollcall.Tx].
func (t *tx) Committed(batch string) (h rollcall.Head, ok bool, err error) {
	ctx, leave, err := t.enter(false)
	if err == nil {
		defer leave()
		q := statement(selectBatch)
		q.int(t.corp).text(batch)
		err = t.link.each(ctx, q, func(r row) error {
			h, ok = rollcall.Head{CorpID: t.head.CorpID, Version: uint64(r.int(0)), Feed: uint64(r.int(1)), Batch: r.text(2)}, true
			return nil
		})
		if err == nil && ok {
			err = t.store.settle(ctx, h)
		}
	}
	if err != nil {
		return rollcall.Head{}, false, fmt.Errorf("look for a batch of %q: %w", t.head.CorpID, err)
	}
	return h, ok, nil
}
