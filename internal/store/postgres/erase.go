package postgres

import (
	"encoding/json"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"

	"github.com/jackc/pgx/v5/pgtype"
)

const (
	eraseUser = `
UPDATE users SET userid = $3, access_limited = false, name = '', name_en = '', mobile = '', email = '', title = '', job_number = '',
	hired_date = 0, extension = '', details = '', modified_at = $4
WHERE corp = $1 AND ordinal = $2 AND left_at IS NOT NULL`

	selectUserID = `SELECT userid FROM users WHERE corp = $1 AND ordinal = $2`

	// The rows of the log that are about a person, or may be.
	selectPersonal = `
SELECT version, seq, kind, ordinal, payload, packed FROM changes WHERE corp = $1 AND ordinal <= $2 AND coalesce(last_ordinal, ordinal) >= $2`

	// The changes of apps, whose contact scopes name people by userid.
	selectOfApps = `SELECT version, seq, kind, ordinal, payload, packed FROM changes WHERE corp = $1 AND kind IN ('app_create', 'app_update', 'app_secret')`

	selectScopes = `SELECT appkey, scope_users FROM apps WHERE corp = $1`

	updateScope = `UPDATE apps SET scope_users = $3 WHERE corp = $1 AND appkey = $2`

	updatePayload = `UPDATE changes SET payload = $4, packed = $5 WHERE corp = $1 AND version = $2 AND seq = $3`
)

// eraseUser takes a person's values out of the tables and out of the log. It reads
// what it changes, so that everything before has to be there.
func (w *writer) eraseUser(c *rollcall.Change) error {
	if err := w.flush(); err != nil {
		return err
	}
	userid, to := "", c.User.UserID
	q := w.on(selectUserID)
	q.int(int64(c.Ordinal))
	err := w.t.link.each(w.ctx, q, func(r row) error {
		userid = r.text(0)
		return nil
	})
	if err != nil {
		return err
	}
	q = w.on(eraseUser)
	q.int(int64(c.Ordinal)).text(to).int(int64(c.At))
	if err := w.one(q, "nobody with ordinal %d has left", c.Ordinal); err != nil {
		return err
	}
	q = w.on(selectPersonal)
	q.int(int64(c.Ordinal))
	err = w.rewrite(q, func(m *logged) bool {
		is, _ := effectOf(m.Kind)
		if !is.person || m.Ordinal != c.Ordinal {
			return false
		}
		m.Erase(to)
		return true
	})
	if err != nil {
		return err
	}
	err = w.rewrite(w.on(selectOfApps), func(m *logged) bool { return m.RenameInScopes(userid, to) })
	if err != nil {
		return err
	}
	if err := w.renameInScopes(userid, to); err != nil {
		return err
	}
	return w.flush()
}

// rewrite changes rows of the log; a query has said which, and change says whether
// it changed one of the changes in them.
func (w *writer) rewrite(q query, change func(*logged) bool) error {
	var updates []query
	err := w.t.link.each(w.ctx, q, func(r row) error {
		q := w.on(updatePayload)
		q.int(r.int(0)).int(r.int(1))
		changed, err := rewriteRow(r, &q, change)
		if changed {
			updates = append(updates, q)
		}
		if err != nil {
			err = fmt.Errorf("the log at version %d: %w", r.int(0), err)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, q := range updates {
		if err := w.one(q, "a row of the log is gone"); err != nil {
			return err
		}
	}
	return nil
}

// rewriteRow gives an update what a row of the log holds after change.
func rewriteRow(r row, update *query, change func(*logged) bool) (changed bool, err error) {
	one := logged{Kind: rollcall.Kind(r.text(2)), Ordinal: rollcall.Ordinal(r.int(3))}
	if one.Kind != manyChanged {
		if err := json.Unmarshal(r[4], &one.Payload); err != nil || !change(&one) {
			return false, err
		}
		payload, err := pack.AppendPayload(nil, &one.Payload)
		update.text(string(payload)).null(pgtype.ByteaOID)
		return true, err
	}
	list, err := unpacked(r[5])
	if err != nil {
		return false, err
	}
	for i := range list {
		changed = change(&list[i]) || changed
	}
	if !changed {
		return false, nil
	}
	b, err := packed(list)
	update.text("").blob(b)
	return true, err
}

// renameInScopes puts another userid into the contact scopes of the apps.
func (w *writer) renameInScopes(from, to string) error {
	var scopes pack.Scopes
	err := w.t.link.each(w.ctx, w.on(selectScopes), func(r row) error {
		return scopes.Rename(r.text(0), []byte(r.text(1)), from, to)
	})
	if err != nil {
		return err
	}
	for _, s := range scopes {
		q := w.on(updateScope)
		q.text(s.Appkey).text(s.People)
		if err := w.one(q, noApp, s.Appkey); err != nil {
			return err
		}
	}
	return nil
}
