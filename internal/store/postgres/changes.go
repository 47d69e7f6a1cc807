package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"rollcall"
)

const selectChanges = `
SELECT version, ordinal, dept_id, made_at, kind, made_by, payload
FROM changes WHERE corp_id = $1 AND version > $2 ORDER BY version, seq`

func changeTable() table {
	return table{"changes", "corp_id, version, seq, ordinal, dept_id, made_at, kind, made_by, payload", "tiiiiittt"}
}

// Changes implements [rollcall.Store].
func (s *Store) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(ctx context.Context, l link, told func()) (err error) {
		if head, err = headOf(ctx, l, corpID); err != nil || head.Version <= after {
			return err
		}
		return readChanges(ctx, l, corpID, after, func(c rollcall.Change) error {
			told()
			return fn(c)
		})
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the changes of %q after version %d: %w", corpID, after, err)
	}
	return head, nil
}

func readChanges(ctx context.Context, l link, corpID string, after uint64, fn func(rollcall.Change) error) error {
	q := statement(selectChanges)
	q.text(corpID).int(int64(min(after, 1<<62)))
	return l.each(ctx, q, func(r row) error {
		c := rollcall.Change{
			Version: uint64(r.int(0)),
			Ordinal: rollcall.Ordinal(r.int(1)), // NULL is 0
			DeptID:  rollcall.DeptID(r.int(2)),
			At:      r.instant(3),
			Kind:    rollcall.Kind(r.text(4)),
			By:      r.text(5),
		}
		if err := json.Unmarshal(r[6], &c.Payload); err != nil {
			return fmt.Errorf("payload of a change of version %d: %w", c.Version, err)
		}
		return fn(c)
	})
}

// A journal makes rows of the log.
type journal struct {
	rows    rowSet
	payload bytes.Buffer
	json    *json.Encoder
}

func newJournal() *journal {
	j := &journal{rows: rowSet{table: changeTable()}}
	j.json = json.NewEncoder(&j.payload)
	j.json.SetEscapeHTML(false)
	return j
}

// add adds the row of a change at its place in the log. JSON has no NUL and is
// in UTF-8 whatever the texts in it are.
func (j *journal) add(corpID string, version uint64, seq int64, c *rollcall.Change, is effect) error {
	j.payload.Reset()
	if err := j.json.Encode(&c.Payload); err != nil {
		return fmt.Errorf("encode the payload: %w", err)
	}
	s := j.rows.row().text(corpID).int(int64(version)).int(seq)
	s.intOrNull(int64(c.Ordinal), is.person).intOrNull(int64(c.DeptID), is.dept)
	s.int(int64(c.At)).text(string(c.Kind)).text(c.By).blob(bytes.TrimRight(j.payload.Bytes(), "\n"))
	return nil
}
