package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"

	"zombiezen.com/go/sqlite"
)

const (
	selectChanges = `
SELECT version, kind, ordinal, dept_id, made_at, made_by, payload
FROM changes WHERE corp_id = ?1 AND version > ?2 ORDER BY version, seq`

	insertChange = `
INSERT INTO changes (corp_id, version, seq, kind, ordinal, dept_id, made_at, made_by, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`

	insertChanges = insertChange + `,
(?1, ?2, ?10, ?11, ?12, ?13, ?14, ?15, ?16),
(?1, ?2, ?17, ?18, ?19, ?20, ?21, ?22, ?23),
(?1, ?2, ?24, ?25, ?26, ?27, ?28, ?29, ?30),
(?1, ?2, ?31, ?32, ?33, ?34, ?35, ?36, ?37),
(?1, ?2, ?38, ?39, ?40, ?41, ?42, ?43, ?44),
(?1, ?2, ?45, ?46, ?47, ?48, ?49, ?50, ?51),
(?1, ?2, ?52, ?53, ?54, ?55, ?56, ?57, ?58)`
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

// logRows is how many rows of the log one statement writes: most of what a row
// costs is the statement.
const logRows = 8

// A log writes changes down, those of one version in few statements.
type log struct {
	buf     []byte
	version int64    // of the rows
	rows    []logRow // not written yet
}

type logRow struct {
	seq     int64
	kind    rollcall.Kind
	ordinal *int64 // nil where the kind is not about a person
	dept    *int64 // nil where the kind is not about a department
	at      rollcall.Instant
	by      string
	payload string
}

// write adds a change to the log; flush must follow. person and dept say what it
// is about.
func (l *log) write(conn *sqlite.Conn, at place, c *rollcall.Change, person, dept bool) error {
	var err error
	if l.buf, err = pack.AppendPayload(l.buf[:0], &c.Payload); err != nil {
		return fmt.Errorf("encode the payload: %w", err)
	}
	if at.version != l.version {
		if err := l.flush(conn, at.corpID); err != nil {
			return err
		}
		l.version = at.version
	}
	r := logRow{seq: at.seq, kind: c.Kind, at: c.At, by: c.By, payload: string(l.buf)}
	if person {
		o := int64(c.Ordinal)
		r.ordinal = &o
	}
	if dept {
		d := int64(c.DeptID)
		r.dept = &d
	}
	if l.rows = append(l.rows, r); len(l.rows) < logRows {
		return nil
	}
	return l.flush(conn, at.corpID)
}

// flush writes what is left.
func (l *log) flush(conn *sqlite.Conn, corpID string) error {
	for len(l.rows) > 0 {
		sql, n := insertChanges, logRows
		if len(l.rows) < logRows {
			sql, n = insertChange, 1
		}
		q := prepare(conn, sql)
		q.text(corpID).int(l.version)
		for _, r := range l.rows[:n] {
			given(q.int(r.seq).text(string(r.kind)), r.ordinal)
			given(&q, r.dept).int(int64(r.at)).text(r.by).text(r.payload)
		}
		if _, err := q.run(); err != nil {
			return err
		}
		l.rows = append(l.rows[:0], l.rows[n:]...)
	}
	return nil
}
