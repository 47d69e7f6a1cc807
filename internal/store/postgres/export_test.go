package postgres

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"rollcall"

	"github.com/jackc/pgx/v5/pgxpool"
)

// CorpKey is the key of an organization.
func CorpKey(corpID string) int64 { return corpKey(corpID) }

// MigrateTo makes the tables as they were after a migration.
func MigrateTo(ctx context.Context, url string, number int) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	files := fstest.MapFS{}
	entries, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name()[:5] > fmt.Sprintf("%05d", number) {
			continue
		}
		name := "migrations/" + e.Name()
		data, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	return migrate(ctx, config, files)
}

// Patience makes a store's transactions show that they live, and end where they
// do not, after a time that a test can wait for.
func (s *Store) Patience(_ testing.TB, idle, alive time.Duration) { s.idle, s.alive = idle, alive }

// Setting returns a setting of the server as a transaction sees it.
func Setting(t testing.TB, of rollcall.Tx, name string) (value string) {
	q := statement("SELECT current_setting($1)")
	q.text(name)
	err := of.(*tx).link.each(t.Context(), q, func(r row) error {
		value = r.text(0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}
