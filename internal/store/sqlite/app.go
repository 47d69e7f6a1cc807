package sqlite

import (
	"encoding/json"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	insertApp = `
INSERT INTO apps (corp_id, appkey, name, permissions, scope_depts, scope_users, allowed_ips, rate,
	ticket_generation, any_ticket, type, secret_hash, secret_sealed, secret_generation, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)`

	updateApp = `
UPDATE apps SET name = ?3, permissions = ?4, scope_depts = ?5, scope_users = ?6, allowed_ips = ?7, rate = ?8,
	ticket_generation = ?9, any_ticket = ?10
WHERE corp_id = ?1 AND appkey = ?2`

	updateSecret = `
UPDATE apps SET secret_hash = ?3, secret_sealed = ?4, secret_generation = ?5 WHERE corp_id = ?1 AND appkey = ?2`

	deleteTokens = `DELETE FROM tokens WHERE corp_id = ?1 AND appkey = ?2`

	deleteApp = `DELETE FROM apps WHERE corp_id = ?1 AND appkey = ?2`

	selectApps = `
SELECT appkey, name, type, permissions, scope_depts, scope_users, allowed_ips, rate, ticket_generation, any_ticket,
	secret_hash, secret_sealed, secret_generation, created_at
FROM apps WHERE corp_id = ?1 ORDER BY appkey`
)

// app prepares a statement whose parameters from ?2 on are the appkey and what
// an update can change.
func (c carrier) app(sql string, a *rollcall.App) (query, error) {
	q := c.on(sql)
	q.text(a.Appkey).text(a.Name)
	for _, list := range []any{a.Permissions, a.ScopeDepts, a.ScopeUsers, a.AllowedIPs} {
		b, err := json.Marshal(list)
		if err != nil {
			return q, err
		}
		q.text(string(b))
	}
	q.int(int64(a.Rate)).int(int64(a.TicketGeneration)).flag(a.AnyTicket)
	return q, nil
}

func (c carrier) createApp(ch *rollcall.Change) error {
	a := ch.App
	q, err := c.app(insertApp, a)
	if err != nil {
		return err
	}
	q.text(string(a.Type)).text(a.SecretHash).text(a.SecretSealed).int(int64(a.SecretGeneration)).int(int64(ch.At))
	_, err = q.run()
	return err
}

func (c carrier) updateApp(ch *rollcall.Change) error {
	q, err := c.app(updateApp, ch.App)
	if err != nil {
		return err
	}
	return one(&q, noApp, ch.App.Appkey)
}

func (c carrier) resetSecret(ch *rollcall.Change) error {
	q := c.on(updateSecret)
	q.text(ch.App.Appkey).text(ch.App.SecretHash).text(ch.App.SecretSealed).int(int64(ch.App.SecretGeneration))
	return one(&q, noApp, ch.App.Appkey)
}

func (c carrier) deleteApp(ch *rollcall.Change) error {
	q := c.on(deleteTokens)
	q.text(ch.App.Appkey)
	if _, err := q.run(); err != nil {
		return err
	}
	q = c.on(deleteApp)
	q.text(ch.App.Appkey)
	return one(&q, noApp, ch.App.Appkey)
}

func (l *loader) apps() error {
	return l.each(selectApps, func(stmt *sqlite.Stmt) error {
		a := rollcall.App{
			Appkey:           stmt.ColumnText(0),
			Name:             stmt.ColumnText(1),
			Type:             rollcall.AppType(stmt.ColumnText(2)),
			Rate:             stmt.ColumnInt(7),
			TicketGeneration: stmt.ColumnInt(8),
			AnyTicket:        stmt.ColumnBool(9),
			SecretHash:       stmt.ColumnText(10),
			SecretSealed:     stmt.ColumnText(11),
			SecretGeneration: stmt.ColumnInt(12),
			CreatedAt:        instant(stmt, 13),
		}
		for i, list := range []any{&a.Permissions, &a.ScopeDepts, &a.ScopeUsers, &a.AllowedIPs} {
			if err := json.Unmarshal(column(stmt, 3+i), list); err != nil {
				return fmt.Errorf("the lists of %s: %w", a.Appkey, err)
			}
		}
		return l.to.App(&a)
	})
}
