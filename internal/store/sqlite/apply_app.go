package sqlite

import (
	"encoding/json"

	"rollcall"
)

const (
	insertApp = `
INSERT INTO apps (corp_id, appkey, name, type, permissions, scope_depts, secret_hash, secret_generation, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`

	updateSecret = `UPDATE apps SET secret_hash = ?3, secret_generation = ?4 WHERE corp_id = ?1 AND appkey = ?2`

	deleteToken = `DELETE FROM tokens WHERE corp_id = ?1 AND appkey = ?2`

	deleteApp = `DELETE FROM apps WHERE corp_id = ?1 AND appkey = ?2`
)

func (c carrier) createApp(ch *rollcall.Change) error {
	a := ch.App
	permissions, err := json.Marshal(a.Permissions)
	if err != nil {
		return err
	}
	scope, err := json.Marshal(a.ScopeDepts)
	if err != nil {
		return err
	}
	q := c.on(insertApp)
	q.text(a.Appkey).text(a.Name).text(string(a.Type)).text(string(permissions)).text(string(scope))
	q.text(a.SecretHash).int(int64(a.SecretGeneration)).int(int64(ch.At))
	_, err = q.run()
	return err
}

func (c carrier) resetSecret(ch *rollcall.Change) error {
	q := c.on(updateSecret)
	q.text(ch.App.Appkey).text(ch.App.SecretHash).int(int64(ch.App.SecretGeneration))
	return one(&q, noApp, ch.App.Appkey)
}

func (c carrier) deleteApp(ch *rollcall.Change) error {
	q := c.on(deleteToken)
	q.text(ch.App.Appkey)
	if _, err := q.run(); err != nil {
		return err
	}
	q = c.on(deleteApp)
	q.text(ch.App.Appkey)
	return one(&q, noApp, ch.App.Appkey)
}
