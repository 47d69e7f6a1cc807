package postgres

import (
	"errors"

	"rollcall"
	"rollcall/internal/store/pack"

	"github.com/jackc/pgx/v5/pgtype"
)

func userTable() table {
	return table{
		"users",
		"corp, ordinal, hired_date, joined_at, left_at, created_at, modified_at, active, access_limited, " +
			"userid, name, name_en, mobile, email, title, job_number, extension, details",
		"iiiiiiibbttttttttt",
	}
}

const (
	endStay = `
INSERT INTO user_history (corp, version, seq, ordinal, joined_at, left_at)
SELECT corp, $2, $3, ordinal, joined_at, left_at
FROM users WHERE corp = $1 AND ordinal = $4 AND userid = $5 AND left_at IS NOT NULL`

	hadLeft = `EXISTS (SELECT FROM user_history x WHERE x.corp = $1 AND x.version = $2 AND x.seq = $3)`

	returnUser = `
UPDATE users SET name = $6, name_en = $7, active = $8, access_limited = $9, mobile = $10, email = $11,
	title = $12, job_number = $13, hired_date = $14, extension = $15, joined_at = $16, modified_at = $17,
	details = $18, left_at = NULL
WHERE corp = $1 AND ordinal = $4 AND userid = $5 AND ` + hadLeft

	// It makes no row where the ordinal is known, and fails on a userid that
	// belongs to another one.
	insertUser = `
INSERT INTO users (corp, ordinal, userid, name, name_en, active, access_limited, mobile, email, title,
	job_number, hired_date, extension, joined_at, created_at, modified_at, details)
SELECT h.corp, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17, $18
FROM heads h WHERE h.corp = $1 AND NOT ` + hadLeft + `
ON CONFLICT (corp, ordinal) DO NOTHING`

	updateUser = `
UPDATE users SET name = coalesce($3, name), name_en = coalesce($4, name_en), active = coalesce($5, active),
	access_limited = coalesce($6, access_limited), mobile = coalesce($7, mobile), email = coalesce($8, email),
	title = coalesce($9, title), job_number = coalesce($10, job_number), hired_date = coalesce($11, hired_date),
	extension = coalesce($12, extension), joined_at = coalesce($13, joined_at), modified_at = $14,
	details = coalesce($15, details)
WHERE corp = $1 AND ordinal = $2`

	activateUser = `UPDATE users SET active = true, modified_at = $3 WHERE corp = $1 AND ordinal = $2`

	leaveUser = `
UPDATE users SET left_at = $3, modified_at = $3
WHERE corp = $1 AND ordinal = $2 AND left_at IS NULL
	AND NOT EXISTS (SELECT FROM memberships m WHERE m.corp = $1 AND m.ordinal = $2)
	AND NOT EXISTS (SELECT FROM role_members r WHERE r.corp = $1 AND r.ordinal = $2)`
)

// joinUser adds a person, or brings one back: then the last stay goes into the
// history. Ordinals are given in order: one beyond all others is new.
func (w *writer) joinUser(c *rollcall.Change) error {
	u := c.User
	if len(u.Memberships)+len(u.Roles) > 0 {
		return errors.New("it carries memberships or roles; they are changes of their own")
	}
	details, err := pack.Details(&u.Details)
	if err != nil {
		return err
	}
	if int64(c.Ordinal) > w.t.largest {
		w.t.largest = int64(c.Ordinal)
		w.newUser(c, details)
		return nil
	}
	q := w.ending(endStay)
	q.int(int64(c.Ordinal)).text(u.UserID)
	if err := w.do(q, nil); err != nil {
		return err
	}
	there := int64(0)
	for _, sql := range []string{returnUser, insertUser} {
		q := w.ending(sql)
		q.int(int64(c.Ordinal)).text(u.UserID).text(u.Name).text(u.NameEN).flag(u.Active).flag(u.AccessLimited)
		q.text(u.Mobile).text(u.Email).text(u.Title).text(u.JobNumber).int(int64(u.HiredDate)).text(u.Extension)
		q.int(int64(u.Stay.From)).int(int64(c.At)).text(details)
		err := w.do(q, func(touched int64) error {
			if there += touched; there == 0 && sql == insertUser {
				return conflict("userid", "ordinal %d is present already, or is another person than %q", c.Ordinal, u.UserID)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newUser adds the row of a person whose ordinal nobody had before.
func (w *writer) newUser(c *rollcall.Change, details string) {
	u := c.User
	w.userAt = append(w.userAt, entry{w.seq, c})
	at := int64(c.At)
	s := w.users.row().int(w.t.corp).int(int64(c.Ordinal)).int(int64(u.HiredDate)).int(int64(u.Stay.From)).null().int(at).int(at)
	s.flag(u.Active).flag(u.AccessLimited).text(u.UserID).text(u.Name).text(u.NameEN).text(u.Mobile).text(u.Email).text(u.Title)
	s.text(u.JobNumber).text(u.Extension).text(details)
}

func (w *writer) updateUser(c *rollcall.Change) error {
	u := c.UserUpdate
	q := w.on(updateUser)
	q.int(int64(c.Ordinal)).givenText(u.Name).givenText(u.NameEN).givenFlag(u.Active).givenFlag(u.AccessLimited)
	q.givenText(u.Mobile).givenText(u.Email).givenText(u.Title).givenText(u.JobNumber)
	given(&q, u.HiredDate).givenText(u.Extension)
	given(&q, u.Joined).int(int64(c.At))
	if u.Details != nil {
		details, err := pack.Details(u.Details)
		if err != nil {
			return err
		}
		q.text(details)
	} else {
		q.null(pgtype.TextOID)
	}
	return w.one(q, noPerson, c.Ordinal)
}

func (w *writer) activateUser(c *rollcall.Change) error {
	q := w.on(activateUser)
	q.int(int64(c.Ordinal)).int(int64(c.At))
	return w.one(q, noPerson, c.Ordinal)
}

func (w *writer) leaveUser(c *rollcall.Change) error {
	q := w.on(leaveUser)
	q.int(int64(c.Ordinal)).int(int64(c.At))
	return w.one(q, "nobody with ordinal %d is present and without memberships and roles", c.Ordinal)
}
