package sqlite

import (
	"encoding/json"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"

	"zombiezen.com/go/sqlite"
)

const (
	eraseUser = `
UPDATE users SET userid = ?3, access_limited = 0, name = '', name_en = '', mobile = '', email = '', title = '', job_number = '',
	hired_date = 0, extension = '', details = '', modified_at = ?4
WHERE corp_id = ?1 AND ordinal = ?2 AND left_at IS NOT NULL`

	selectUserID = `SELECT userid FROM users WHERE corp_id = ?1 AND ordinal = ?2`

	selectPersonal = `SELECT version, seq, payload FROM changes WHERE corp_id = ?1 AND ordinal = ?2`

	// The changes of apps, whose contact scopes name people by userid.
	selectOfApps = `SELECT version, seq, payload FROM changes WHERE corp_id = ?1 AND kind IN ('app_create', 'app_update', 'app_secret')`

	selectScopes = `SELECT appkey, scope_users FROM apps WHERE corp_id = ?1`

	updateScope = `UPDATE apps SET scope_users = ?3 WHERE corp_id = ?1 AND appkey = ?2`

	updatePayload = `UPDATE changes SET payload = ?4 WHERE corp_id = ?1 AND version = ?2 AND seq = ?3`
)

// eraseUser takes a person's values out of the tables and out of the log.
func (c carrier) eraseUser(ch *rollcall.Change) error {
	userid := ""
	q := c.on(selectUserID)
	q.int(int64(ch.Ordinal))
	err := q.each(func(stmt *sqlite.Stmt) error {
		userid = stmt.ColumnText(0)
		return nil
	})
	if err != nil {
		return err
	}
	to := ch.User.UserID
	q = c.on(eraseUser)
	q.int(int64(ch.Ordinal)).text(to).int(int64(ch.At))
	if err := one(&q, "nobody with ordinal %d has left", ch.Ordinal); err != nil {
		return err
	}
	q = c.on(selectPersonal)
	q.int(int64(ch.Ordinal))
	if err := c.rewrite(&q, func(p *rollcall.Payload) bool {
		p.Erase(to)
		return true
	}); err != nil {
		return err
	}
	q = c.on(selectOfApps)
	if err := c.rewrite(&q, func(p *rollcall.Payload) bool { return p.RenameInScopes(userid, to) }); err != nil {
		return err
	}
	return c.renameInScopes(userid, to)
}

// payload is a payload of the change log that is to be written anew.
type payload struct {
	version, seq int64
	text         string
}

// payloads collects them.
type payloads []payload

// change decodes a payload and keeps it where change says that it changed it.
func (p *payloads) change(version, seq int64, text []byte, change func(*rollcall.Payload) bool) error {
	var old rollcall.Payload
	if err := json.Unmarshal(text, &old); err != nil {
		return fmt.Errorf("the log at version %d: %w", version, err)
	}
	if !change(&old) {
		return nil
	}
	changed, err := pack.AppendPayload(nil, &old)
	if err == nil {
		*p = append(*p, payload{version, seq, string(changed)})
	}
	return err
}

// rewrite changes payloads of the log; a query has said which, and change says
// whether it changed one.
func (c carrier) rewrite(q *query, change func(*rollcall.Payload) bool) error {
	var log payloads
	err := q.each(func(stmt *sqlite.Stmt) error {
		return log.change(stmt.ColumnInt64(0), stmt.ColumnInt64(1), column(stmt, 2), change)
	})
	if err != nil {
		return err
	}
	for _, p := range log {
		q := c.on(updatePayload)
		q.int(p.version).int(p.seq).text(p.text)
		if err := one(&q, "the log at version %d is gone", p.version); err != nil {
			return err
		}
	}
	return nil
}

// renameInScopes puts another userid into the contact scopes of the apps.
func (c carrier) renameInScopes(from, to string) error {
	var scopes pack.Scopes
	q := c.on(selectScopes)
	err := q.each(func(stmt *sqlite.Stmt) error {
		return scopes.Rename(stmt.ColumnText(0), column(stmt, 1), from, to)
	})
	if err != nil {
		return err
	}
	for _, s := range scopes {
		q := c.on(updateScope)
		q.text(s.Appkey).text(s.People)
		if err := one(&q, noApp, s.Appkey); err != nil {
			return err
		}
	}
	return nil
}
