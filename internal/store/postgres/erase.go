package postgres

import (
	"rollcall"
	"rollcall/internal/store/pack"
)

const (
	eraseUser = `
UPDATE users SET userid = $3, access_limited = false, name = '', name_en = '', mobile = '', email = '', title = '', job_number = '',
	hired_date = 0, extension = '', details = '', modified_at = $4
WHERE corp_id = $1 AND ordinal = $2 AND left_at IS NOT NULL`

	selectUserID = `SELECT userid FROM users WHERE corp_id = $1 AND ordinal = $2`

	selectPersonal = `SELECT version, seq, payload FROM changes WHERE corp_id = $1 AND ordinal = $2`

	// The changes of apps, whose contact scopes name people by userid.
	selectOfApps = `SELECT version, seq, payload FROM changes WHERE corp_id = $1 AND kind IN ('app_create', 'app_update', 'app_secret')`

	selectScopes = `SELECT appkey, scope_users FROM apps WHERE corp_id = $1`

	updateScope = `UPDATE apps SET scope_users = $3 WHERE corp_id = $1 AND appkey = $2`

	updatePayload = `UPDATE changes SET payload = $4 WHERE corp_id = $1 AND version = $2 AND seq = $3`
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
	if err := w.rewrite(q, func(p *rollcall.Payload) bool {
		p.Erase(to)
		return true
	}); err != nil {
		return err
	}
	err = w.rewrite(w.on(selectOfApps), func(p *rollcall.Payload) bool { return p.RenameInScopes(userid, to) })
	if err != nil {
		return err
	}
	if err := w.renameInScopes(userid, to); err != nil {
		return err
	}
	return w.flush()
}

// rewrite changes payloads of the log; a query has said which, and change says
// whether it changed one.
func (w *writer) rewrite(q query, change func(*rollcall.Payload) bool) error {
	var log pack.Payloads
	err := w.t.link.each(w.ctx, q, func(r row) error {
		return log.Change(r.int(0), r.int(1), r[2], change)
	})
	if err != nil {
		return err
	}
	for _, p := range log {
		q := w.on(updatePayload)
		q.int(p.Version).int(p.Seq).text(p.Text)
		if err := w.one(q, "the log at version %d is gone", p.Version); err != nil {
			return err
		}
	}
	return nil
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
