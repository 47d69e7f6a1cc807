package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	selectChanges = `
SELECT version, kind, ordinal, dept_id, made_at, made_by, payload
FROM changes WHERE corp_id = ?1 AND version > ?2 ORDER BY version, seq`

	insertChange = `
INSERT INTO changes (corp_id, version, seq, kind, ordinal, dept_id, made_at, made_by, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`
)

// Changes implements [rollcall.Store].
func (s *Store) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		if head, err = headOf(conn, corpID); err != nil || head.Version <= after {
			return err
		}
		return readChanges(conn, corpID, after, fn)
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the changes of %q after version %d: %w", corpID, after, err)
	}
	return head, nil
}

func readChanges(conn *sqlite.Conn, corpID string, after uint64, fn func(rollcall.Change) error) error {
	var payload []byte
	q := prepare(conn, selectChanges)
	q.text(corpID).int(int64(after))
	return q.each(func(stmt *sqlite.Stmt) error {
		c := rollcall.Change{
			Version: uint64(stmt.ColumnInt64(0)),
			Kind:    rollcall.Kind(stmt.ColumnText(1)),
			Ordinal: rollcall.Ordinal(stmt.ColumnInt64(2)), // NULL is 0
			DeptID:  rollcall.DeptID(stmt.ColumnInt64(3)),
			At:      instant(stmt, 4),
			By:      stmt.ColumnText(5),
		}
		if n := stmt.ColumnLen(6); n > cap(payload) {
			payload = make([]byte, n)
		}
		n := stmt.ColumnBytes(6, payload[:cap(payload)])
		if err := json.Unmarshal(payload[:n], &c.Payload); err != nil {
			return fmt.Errorf("payload of a change of version %d: %w", c.Version, err)
		}
		return fn(c)
	})
}

// A log writes changes down.
type log struct {
	buf  bytes.Buffer
	json *json.Encoder
}

// write adds a change to the log. person and dept say what it is about.
func (l *log) write(conn *sqlite.Conn, at place, c *rollcall.Change, person, dept bool) error {
	if l.json == nil {
		l.json = json.NewEncoder(&l.buf)
		l.json.SetEscapeHTML(false)
	}
	payload := "{}" // of those that come in large numbers
	if c.Payload != (rollcall.Payload{}) {
		l.buf.Reset()
		if err := l.json.Encode(&c.Payload); err != nil {
			return fmt.Errorf("encode the payload: %w", err)
		}
		payload = string(bytes.TrimRight(l.buf.Bytes(), "\n"))
	}
	q := prepare(conn, insertChange)
	q.text(at.corpID).int(at.version).int(at.seq).text(string(c.Kind))
	if person {
		q.int(int64(c.Ordinal))
	} else {
		q.null()
	}
	if dept {
		q.int(int64(c.DeptID))
	} else {
		q.null()
	}
	q.int(int64(c.At)).text(c.By).text(payload)
	_, err := q.run()
	return err
}
