package postgres

import (
	"testing"
	"time"

	"rollcall"
)

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
