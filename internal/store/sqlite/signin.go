package sqlite

import (
	"context"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	selectChunk = `SELECT bits FROM signin_chunks WHERE corp_id = ?1 AND day = ?2 AND chunk = ?3`

	// All chunks of the days that moved. CROSS JOIN: the days come first.
	selectChunks = `
SELECT c.day, c.chunk, c.bits
FROM signin_days d CROSS JOIN signin_chunks c ON c.corp_id = d.corp_id AND c.day = d.day
WHERE d.corp_id = ?1 AND d.feed > ?2
ORDER BY d.day, c.chunk`

	upsertDay = `
INSERT INTO signin_days (corp_id, day, feed) VALUES (?1, ?2, ?3)
ON CONFLICT (corp_id, day) DO UPDATE SET feed = excluded.feed`

	upsertChunk = `
INSERT INTO signin_chunks (corp_id, day, chunk, bits) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (corp_id, day, chunk) DO UPDATE SET bits = excluded.bits`
)

// SignInChunks implements [rollcall.SignIns].
func (s *Store) SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		if head, err = headOf(conn, corpID); err != nil || head.Feed <= after {
			return err
		}
		return readChunks(conn, corpID, after, fn)
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the sign-ins of %q: %w", corpID, err)
	}
	return head, nil
}

func readChunks(conn *sqlite.Conn, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) error {
	q := prepare(conn, selectChunks)
	q.text(corpID).int(int64(after))
	return q.each(func(stmt *sqlite.Stmt) error {
		return fn(rollcall.Day(stmt.ColumnInt32(0)), uint32(stmt.ColumnInt64(1)), column(stmt, 2))
	})
}

const (
	dropChunks = `DELETE FROM signin_chunks WHERE corp_id = ?1 AND day < ?2`

	dropDays = `DELETE FROM signin_days WHERE corp_id = ?1 AND day < ?2`
)

// DropSignIns implements [rollcall.SignIns].
func (s *Store) DropSignIns(ctx context.Context, corpID string, before rollcall.Day) (days int, err error) {
	if days, err = s.dropSignIns(ctx, corpID, before); err != nil {
		return 0, fmt.Errorf("forget the sign-ins of %q before %s: %w", corpID, before, err)
	}
	return days, nil
}

func (s *Store) dropSignIns(ctx context.Context, corpID string, before rollcall.Day) (days int, err error) {
	conn, err := s.write(ctx)
	if err != nil {
		return 0, err
	}
	defer s.endWrite(conn)
	for _, sql := range []string{dropChunks, dropDays} {
		q := prepare(conn, sql)
		q.text(corpID).int(int64(before))
		if days, err = q.run(); err != nil {
			return 0, err
		}
	}
	return days, execute(conn, "COMMIT")
}

// column returns the bytes of a column, never nil.
func column(stmt *sqlite.Stmt, col int) []byte {
	b := make([]byte, stmt.ColumnLen(col))
	return b[:stmt.ColumnBytes(col, b)]
}

// SignInChunk implements [rollcall.Tx].
func (t *tx) SignInChunk(d rollcall.Day, chunk uint32) ([]byte, error) {
	var bits []byte
	err := t.usable()
	if err == nil {
		q := prepare(t.conn, selectChunk)
		q.text(t.head.CorpID).int(int64(d)).int(int64(chunk))
		err = q.each(func(stmt *sqlite.Stmt) error {
			bits = column(stmt, 0)
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read the sign-ins of %q on %v: %w", t.head.CorpID, d, err)
	}
	return bits, nil
}

// PutSignInChunk implements [rollcall.Tx].
func (t *tx) PutSignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	err := t.usable()
	if err == nil {
		err = t.putSignInChunk(d, chunk, bits)
	}
	if err != nil {
		return t.fail(fmt.Errorf("write the sign-ins of %q on %v: %w", t.head.CorpID, d, err))
	}
	t.signIns = true
	return nil
}

func (t *tx) putSignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	q := prepare(t.conn, upsertDay)
	q.text(t.head.CorpID).int(int64(d)).int(int64(t.head.Feed + 1))
	if _, err := q.run(); err != nil {
		return err
	}
	q = prepare(t.conn, upsertChunk)
	q.text(t.head.CorpID).int(int64(d)).int(int64(chunk)).blob(bits)
	_, err := q.run()
	return err
}
