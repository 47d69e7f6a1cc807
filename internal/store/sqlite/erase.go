package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"

	"rollcall"

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

// rewrite changes payloads of the log; a query has said which, and change says
// whether it changed one.
func (c carrier) rewrite(q *query, change func(*rollcall.Payload) bool) error {
	type entry struct {
		version, seq int64
		payload      rollcall.Payload
	}
	var log []entry
	err := q.each(func(stmt *sqlite.Stmt) error {
		e := entry{version: stmt.ColumnInt64(0), seq: stmt.ColumnInt64(1)}
		if err := json.Unmarshal(column(stmt, 2), &e.payload); err != nil {
			return fmt.Errorf("the log at version %d: %w", e.version, err)
		}
		if change(&e.payload) {
			log = append(log, e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range log {
		text, err := json.Marshal(&log[i].payload)
		if err != nil {
			return err
		}
		q := c.on(updatePayload)
		q.int(log[i].version).int(log[i].seq).text(string(text))
		if err := one(&q, "the log at version %d is gone", log[i].version); err != nil {
			return err
		}
	}
	return nil
}

// renameInScopes puts another userid into the contact scopes of the apps.
func (c carrier) renameInScopes(from, to string) error {
	scopes := map[string][]string{}
	q := c.on(selectScopes)
	err := q.each(func(stmt *sqlite.Stmt) error {
		var people []string
		if err := json.Unmarshal(column(stmt, 1), &people); err != nil {
			return fmt.Errorf("the contact scope of %s: %w", stmt.ColumnText(0), err)
		}
		if slices.Contains(people, from) {
			scopes[stmt.ColumnText(0)] = rollcall.RenameUser(people, from, to)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for appkey, people := range scopes {
		text, err := json.Marshal(people)
		if err != nil {
			return err
		}
		q := c.on(updateScope)
		q.text(appkey).text(string(text))
		if err := one(&q, noApp, appkey); err != nil {
			return err
		}
	}
	return nil
}
