package sqlite

import (
	"encoding/json"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	eraseUser = `
UPDATE users SET userid = ?3, access_limited = 0, name = '', name_en = '', mobile = '', email = '', title = '', job_number = '',
	hired_date = 0, extension = '', details = '', modified_at = ?4
WHERE corp_id = ?1 AND ordinal = ?2 AND left_at IS NOT NULL`

	selectPersonal = `SELECT version, seq, payload FROM changes WHERE corp_id = ?1 AND ordinal = ?2`

	updatePayload = `UPDATE changes SET payload = ?4 WHERE corp_id = ?1 AND version = ?2 AND seq = ?3`
)

// eraseUser takes a person's values out of the tables and out of the log.
func (c carrier) eraseUser(ch *rollcall.Change) error {
	q := c.on(eraseUser)
	q.int(int64(ch.Ordinal)).text(ch.User.UserID).int(int64(ch.At))
	if err := one(&q, "nobody with ordinal %d has left", ch.Ordinal); err != nil {
		return err
	}
	type entry struct {
		version, seq int64
		payload      rollcall.Payload
	}
	var log []entry
	q = c.on(selectPersonal)
	q.int(int64(ch.Ordinal))
	err := q.each(func(stmt *sqlite.Stmt) error {
		e := entry{version: stmt.ColumnInt64(0), seq: stmt.ColumnInt64(1)}
		if err := json.Unmarshal(column(stmt, 2), &e.payload); err != nil {
			return fmt.Errorf("the log at version %d: %w", e.version, err)
		}
		log = append(log, e)
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range log {
		e.payload.Erase(ch.User.UserID)
		text, err := json.Marshal(e.payload)
		if err != nil {
			return err
		}
		q := c.on(updatePayload)
		q.int(e.version).int(e.seq).text(string(text))
		if err := one(&q, "the log at version %d is gone", e.version); err != nil {
			return err
		}
	}
	return nil
}
