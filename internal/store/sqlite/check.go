package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// IntegrityCheck reads the whole database and reports what is damaged.
func (s *Store) IntegrityCheck(ctx context.Context) error {
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		var found []error
		q := prepare(conn, "PRAGMA integrity_check(20)")
		err := q.each(func(stmt *sqlite.Stmt) error {
			if text := stmt.ColumnText(0); text != "ok" {
				found = append(found, errors.New(text))
			}
			return nil
		})
		if err != nil {
			return err
		}
		q = prepare(conn, "PRAGMA foreign_key_check")
		err = q.each(func(stmt *sqlite.Stmt) error {
			if len(found) < 20 {
				found = append(found, fmt.Errorf("a row of %s points to a row of %s that is not there", stmt.ColumnText(0), stmt.ColumnText(2)))
			}
			return nil
		})
		return errors.Join(append(found, err)...)
	})
	if err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	return nil
}
