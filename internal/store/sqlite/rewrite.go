package sqlite

import (
	"context"
	"errors"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Rewrite implements [rollcall.Store]. VACUUM copies what is there into new
// pages: those that were free, and what was left over within the others, are
// gone with it. It goes through the write-ahead log, which is then carried over
// to the database and cut to nothing. Readers, also of other processes, go on
// meanwhile; the log is cut once none of them reads an older state.
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
	var conn *sqlite.Conn
	select {
	case conn = <-s.writer:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return rollcall.ErrClosed
	}
	defer func() { s.writer <- conn }()
	conn.SetInterrupt(ctx.Done())
	defer conn.SetInterrupt(nil)
	for _, step := range []func() error{
		func() error { return sqlitex.ExecuteTransient(conn, "VACUUM", nil) },
		func() error { return cutLog(conn) },
	} {
		if err := awaitTurn(ctx, conn, s.closing, step); err != nil {
			if errors.Is(err, errStopped) {
				return rollcall.ErrClosed
			}
			return ended(ctx, err)
		}
	}
	return nil
}

// cutLog carries the write-ahead log over to the database and empties it. Where
// somebody reads an older state it cannot, which is as if the database was busy.
func cutLog(conn *sqlite.Conn) error {
	busy := true
	err := sqlitex.ExecuteTransient(conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			busy = stmt.ColumnBool(0)
			return nil
		},
	})
	if err == nil && busy {
		return sqlite.ResultBusy.ToError()
	}
	return err
}
