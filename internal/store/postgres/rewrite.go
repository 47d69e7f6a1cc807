package postgres

import (
	"context"
	"fmt"
	"time"
)

const (
	selectNow = `SELECT pg_current_xact_id()::xid::text`

	// The views of others (sessions, standbys, replication slots) that are older
	// than a transaction.
	selectOldViews = `
SELECT count(*) FROM (
	SELECT backend_xmin AS x FROM pg_stat_activity WHERE pid <> pg_backend_pid()
	UNION ALL SELECT xmin FROM pg_replication_slots
) AS views WHERE x IS NOT NULL AND age(x) >= age($1::text::xid)`

	// oldViewPause is between two looks.
	oldViewPause = 20 * time.Millisecond
)

// rewritten are the tables that hold values of people. The heads come first: their
// lock is that of every transaction.
func rewritten() []string { return []string{"heads", "users", "memberships", "changes", "apps"} }

// Rewrite implements [rollcall.Store]. VACUUM FULL copies what is there into new
// files and deletes the old ones. What an older view of the database still sees
// would be copied too: it waits until there is none.
func (s *Store) Rewrite(ctx context.Context) error {
	if err := s.rewrite(ctx); err != nil {
		return fmt.Errorf("write the database anew: %w", err)
	}
	return nil
}

func (s *Store) rewrite(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.inside.Done()
	ctx, cancel := s.until(ctx)
	defer cancel()
	l, err := take(ctx, s.writes)
	if err != nil {
		return ended(ctx, err)
	}
	err = rewriteOn(ctx, l)
	s.giveBack(l, err)
	return ended(ctx, err)
}

func rewriteOn(ctx context.Context, l link) error {
	if err := awaitViews(ctx, l); err != nil {
		return err
	}
	for _, name := range rewritten() {
		if _, err := l.run(ctx, statement("VACUUM (FULL) "+name)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// awaitViews waits until nobody has a view of the database that is older than
// this moment.
func awaitViews(ctx context.Context, l link) error {
	now := ""
	err := l.each(ctx, statement(selectNow), func(r row) error {
		now = r.text(0)
		return nil
	})
	for err == nil {
		views := int64(0)
		q := statement(selectOldViews)
		q.text(now)
		err = l.each(ctx, q, func(r row) error {
			views = r.int(0)
			return nil
		})
		if err == nil && views == 0 {
			return nil
		}
		if err == nil && !sleep(ctx, oldViewPause) {
			err = ctx.Err()
		}
	}
	return err
}
