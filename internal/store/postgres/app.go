package postgres

import (
	"encoding/json"
	"fmt"

	"rollcall"
)

const (
	// An appkey belongs to one organization. This looks at all of them, which
	// happens only when an app is created.
	selectAppkey = `SELECT FROM apps WHERE appkey = $1 LIMIT 1`

	insertApp = `
INSERT INTO apps (corp, appkey, name, permissions, scope_depts, scope_users, allowed_ips, rate,
	ticket_generation, any_ticket, type, secret_hash, secret_sealed, secret_generation, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

	updateApp = `
UPDATE apps SET name = $3, permissions = $4, scope_depts = $5, scope_users = $6, allowed_ips = $7, rate = $8,
	ticket_generation = $9, any_ticket = $10
WHERE corp = $1 AND appkey = $2`

	updateSecret = `
UPDATE apps SET secret_hash = $3, secret_sealed = $4, secret_generation = $5 WHERE corp = $1 AND appkey = $2`

	deleteTokens = `DELETE FROM tokens WHERE corp = $1 AND appkey = $2`

	deleteApp = `DELETE FROM apps WHERE corp = $1 AND appkey = $2`

	selectApps = `
SELECT appkey, name, type, permissions, scope_depts, scope_users, allowed_ips, rate, ticket_generation, any_ticket,
	secret_hash, secret_sealed, secret_generation, created_at
FROM apps WHERE corp = $1 ORDER BY appkey`
)

// giveApp gives a statement what an update can change of an app, after the
// organization.
func giveApp(q *query, a *rollcall.App) error {
	q.text(a.Appkey).text(a.Name)
	for _, list := range []any{a.Permissions, a.ScopeDepts, a.ScopeUsers, a.AllowedIPs} {
		b, err := json.Marshal(list)
		if err != nil {
			return err
		}
		q.text(string(b))
	}
	q.int(int64(a.Rate)).int(int64(a.TicketGeneration)).flag(a.AnyTicket)
	return nil
}

// newApp returns the statement that inserts an app.
func newApp(corp int64, a *rollcall.App, created rollcall.Instant) (query, error) {
	q := statement(insertApp)
	err := giveApp(q.int(corp), a)
	q.text(string(a.Type)).text(a.SecretHash).text(a.SecretSealed).int(int64(a.SecretGeneration)).int(int64(created))
	return q, err
}

// byAppkey returns the statement that finds an appkey, whoever has it.
func byAppkey(appkey string) query {
	q := statement(selectAppkey)
	q.text(appkey)
	return q
}

func (w *writer) createApp(c *rollcall.Change) error {
	row := w.row
	err := w.do(byAppkey(c.App.Appkey), func(found int64) error {
		if found > 0 {
			return conflict(row.param, "%s", row.taken)
		}
		return nil
	})
	if err != nil {
		return err
	}
	q, err := newApp(w.t.corp, c.App, c.At)
	if err != nil {
		return err
	}
	return w.do(q, nil)
}

func (w *writer) updateApp(c *rollcall.Change) error {
	q := w.on(updateApp)
	if err := giveApp(&q, c.App); err != nil {
		return err
	}
	return w.one(q, noApp, c.App.Appkey)
}

func (w *writer) resetSecret(c *rollcall.Change) error {
	q := w.on(updateSecret)
	q.text(c.App.Appkey).text(c.App.SecretHash).text(c.App.SecretSealed).int(int64(c.App.SecretGeneration))
	return w.one(q, noApp, c.App.Appkey)
}

func (w *writer) deleteApp(c *rollcall.Change) error {
	q := w.on(deleteTokens)
	q.text(c.App.Appkey)
	if err := w.do(q, nil); err != nil {
		return err
	}
	q = w.on(deleteApp)
	q.text(c.App.Appkey)
	return w.one(q, noApp, c.App.Appkey)
}

func (l *loader) app(r row) error {
	a := rollcall.App{
		Appkey:           r.text(0),
		Name:             r.text(1),
		Type:             rollcall.AppType(r.text(2)),
		Rate:             int(r.int(7)),
		TicketGeneration: int(r.int(8)),
		AnyTicket:        r.flag(9),
		SecretHash:       r.text(10),
		SecretSealed:     r.text(11),
		SecretGeneration: int(r.int(12)),
		CreatedAt:        r.instant(13),
	}
	for i, list := range []any{&a.Permissions, &a.ScopeDepts, &a.ScopeUsers, &a.AllowedIPs} {
		if err := json.Unmarshal([]byte(r.text(3+i)), list); err != nil {
			return fmt.Errorf("the lists of %s: %w", a.Appkey, err)
		}
	}
	return l.to.App(&a)
}
