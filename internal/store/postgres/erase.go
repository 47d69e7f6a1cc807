package postgres

import (
	"encoding/json"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"
)

const (
	eraseUser = `
UPDATE users SET userid = $3, access_limited = false, name = '', name_en = '', mobile = '', email = '', title = '', job_number = '',
	hired_date = 0, extension = '', details = '', modified_at = $4
WHERE corp = $1 AND ordinal = $2 AND left_at IS NOT NULL`

	selectUserID = `SELECT userid FROM users WHERE corp = $1 AND ordinal = $2`

	// The rows of the log that are about a person, or may be.
	selectPersonal = `
SELECT version, seq, kind, ordinal, payload FROM changes WHERE corp = $1 AND ordinal <= $2 AND coalesce(last_ordinal, ordinal) >= $2`

	// The changes of apps, whose contact scopes name people by userid.
	selectOfApps = `SELECT version, seq, kind, ordinal, payload FROM changes WHERE corp = $1 AND kind IN ('app_create', 'app_update', 'app_secret')`

	selectScopes = `SELECT appkey, scope_users FROM apps WHERE corp = $1`

	updateScope = `UPDATE apps SET scope_users = $3 WHERE corp = $1 AND appkey = $2`

	updatePayload = `UPDATE changes SET payload = $4 WHERE corp = $1 AND version = $2 AND seq = $3`
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
	var steps []query
	err := w.t.link.each(w.ctx, q, func(r row) error {
		version, seq := r.int(0), r.int(1)
		payload, changed, err := anew(rollcall.Kind(r.text(2)), rollcall.Ordinal(r.int(3)), r[4], change)
		if err != nil {
			return fmt.Errorf("the log at version %d: %w", version, err)
		}
		if changed {
			q := w.on(updatePayload)
			q.int(version).int(seq).text(string(payload))
			steps = append(steps, q)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, q := range steps {
		if err := w.one(q, "a row of the log is gone"); err != nil {
			return err
		}
	}
	return nil
}

// anew returns the payload of a row of the log after change.
func anew(kind rollcall.Kind, o rollcall.Ordinal, payload []byte, change func(*logged) bool) (to []byte, changed bool, err error) {
	list := []logged{{Kind: kind, Ordinal: o}}
	if kind != manyChanged {
		err = json.Unmarshal(payload, &list[0].Payload)
	} else {
		err = json.Unmarshal(payload, &list)
	}
	if err != nil {
		return nil, false, err
	}
	for i := range list {
		changed = change(&list[i]) || changed
	}
	if !changed {
		return nil, false, nil
	}
	if kind != manyChanged {
		to, err = pack.AppendPayload(nil, &list[0].Payload)
		return to, true, err
	}
	to, err = appendList(list)
	return to, true, err
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
