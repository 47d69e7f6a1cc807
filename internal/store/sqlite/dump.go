package sqlite

import (
	"context"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

// Dump implements [rollcall.Store]: one read transaction over everything.
func (s *Store) Dump(ctx context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		if head, err = headOf(conn, corpID); err != nil {
			return err
		}
		l := loader{conn: conn, corpID: corpID, to: to}
		if err := l.all(); err != nil {
			return err
		}
		err = readChanges(conn, corpID, 0, func(c rollcall.Change) error { return to.Change(&c) })
		if err != nil {
			return fmt.Errorf("changes: %w", err)
		}
		if err := readChunks(conn, corpID, 0, to.SignInChunk); err != nil {
			return fmt.Errorf("sign-ins: %w", err)
		}
		if err := readTokens(conn, corpID, to.Token); err != nil {
			return fmt.Errorf("tokens: %w", err)
		}
		return nil
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read all of %q: %w", corpID, err)
	}
	return head, nil
}
