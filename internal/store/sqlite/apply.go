package sqlite

import (
	"errors"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"

	"zombiezen.com/go/sqlite"
)

// An effect is what one kind of change does to the tables.
type effect struct {
	person, dept bool   // what the kind is about; the log has it in columns
	param, taken string // the conflict where a key is taken
	given        func(*rollcall.Payload) bool
	apply        func(carrier, *rollcall.Change) error
}

// effectOf is the table of all kinds.
func effectOf(k rollcall.Kind) (effect, bool) {
	type p = rollcall.Payload
	nothing := func(*p) bool { return true }
	switch k {
	case rollcall.CorpUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Corp != nil }, carrier.updateCorp}, true
	case rollcall.DeptCreated:
		return effect{false, true, "dept_id", "the department exists already", func(p *p) bool { return p.Dept != nil }, carrier.createDept}, true
	case rollcall.DeptUpdated:
		return effect{false, true, "", "", func(p *p) bool { return p.DeptUpdate != nil }, carrier.updateDept}, true
	case rollcall.DeptDeleted:
		return effect{false, true, "", "", nothing, carrier.deleteDept}, true
	case rollcall.UserJoined:
		return effect{true, false, "userid", "it belongs to another person", func(p *p) bool { return p.User != nil }, carrier.joinUser}, true
	case rollcall.UserUpdated:
		return effect{true, false, "", "", func(p *p) bool { return p.UserUpdate != nil }, carrier.updateUser}, true
	case rollcall.UserActivated:
		return effect{true, false, "", "", nothing, carrier.activateUser}, true
	case rollcall.UserLeft:
		return effect{true, false, "", "", nothing, carrier.leaveUser}, true
	case rollcall.MemberAdded:
		return effect{true, true, "dept_id", "the person is in the department already", func(p *p) bool { return p.Member != nil }, carrier.addMember}, true
	case rollcall.MemberUpdated:
		return effect{true, true, "", "", func(p *p) bool { return p.MemberUpdate != nil }, carrier.updateMember}, true
	case rollcall.MemberRemoved:
		return effect{true, true, "", "", nothing, carrier.removeMember}, true
	case rollcall.UserErased:
		return effect{true, false, "userid", "it belongs to another person", func(p *p) bool { return p.User != nil }, carrier.eraseUser}, true
	case rollcall.RoleGroupCreated:
		return effect{false, false, "group_id", "the group exists already", func(p *p) bool { return p.Group != nil }, carrier.createGroup}, true
	case rollcall.RoleGroupUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Group != nil }, carrier.updateGroup}, true
	case rollcall.RoleGroupDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.Group != nil }, carrier.deleteGroup}, true
	case rollcall.RoleCreated:
		return effect{false, false, "role_id", "the role exists already", func(p *p) bool { return p.Role != nil }, carrier.createRole}, true
	case rollcall.RoleUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Role != nil }, carrier.updateRole}, true
	case rollcall.RoleDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.Role != nil }, carrier.deleteRole}, true
	case rollcall.RoleGiven:
		return effect{true, false, "role_id", "the person holds the role already", func(p *p) bool { return p.Role != nil }, carrier.giveRole}, true
	case rollcall.RoleTaken:
		return effect{true, false, "", "", func(p *p) bool { return p.Role != nil }, carrier.takeRole}, true
	case rollcall.AppCreated:
		return effect{false, false, "appkey", "it is taken", func(p *p) bool { return p.App != nil }, carrier.createApp}, true
	case rollcall.AppUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, carrier.updateApp}, true
	case rollcall.AppSecretReset:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, carrier.resetSecret}, true
	case rollcall.AppDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, carrier.deleteApp}, true
	}
	return effect{}, false
}

// A place is where a change stands in the log of its organization.
type place struct {
	corpID  string
	version int64
	seq     int64
}

// A carrier carries one change out.
type carrier struct {
	conn *sqlite.Conn
	place
}

// on prepares a statement about one row; its first parameter is the
// organization.
func (c carrier) on(sql string) query {
	q := prepare(c.conn, sql)
	q.text(c.corpID)
	return q
}

// ending prepares a statement that writes a history row: its first parameters
// are the place of the change.
func (c carrier) ending(sql string) query {
	q := prepare(c.conn, sql)
	q.text(c.corpID).int(c.version).int(c.seq)
	return q
}

// one runs a statement that has to touch exactly one row; the rest says why it
// may not have.
func one(q *query, reason string, args ...any) error {
	rows, err := q.run()
	if err == nil && rows != 1 {
		err = fmt.Errorf(reason, args...)
	}
	return err
}

func conflict(param, detail string, args ...any) error {
	return &rollcall.Error{Kind: rollcall.KindConflict, Param: param, Detail: fmt.Sprintf(detail, args...)}
}

// Why a change touched no row.
const (
	noDept   = "there is no department %d"
	noPerson = "nobody has ordinal %d"
	noMember = "ordinal %d is not in department %d"
	noApp    = "there is no app %q"
)

const updateCorp = `
UPDATE corps SET name = coalesce(?2, name), errmsg_language = coalesce(?3, errmsg_language),
	timezone = coalesce(?4, timezone), closing_hour = coalesce(?5, closing_hour),
	subdepartments = coalesce(?6, subdepartments), retention_days = coalesce(?7, retention_days), sandbox = coalesce(?8, sandbox),
	eras = coalesce(?9, eras)
WHERE corp_id = ?1`

func (c carrier) updateCorp(ch *rollcall.Change) error {
	q := c.on(updateCorp)
	q.givenText(ch.Corp.Name)
	if s := ch.Corp.Settings; s != nil {
		q.text(string(s.ErrmsgLanguage)).text(s.Timezone).int(int64(s.ClosingHour)).flag(s.Subdepartments).int(int64(s.RetentionDays)).flag(s.Sandbox)
	} else {
		q.null().null().null().null().null().null()
	}
	if ch.Corp.Eras != nil {
		eras, err := pack.Eras(*ch.Corp.Eras)
		if err != nil {
			return err
		}
		q.text(eras)
	}
	return one(&q, "there is no such organization")
}

const (
	// The time ends at ?5, or with the deletion where ?5 is NULL.
	endParent = `
INSERT INTO department_history (corp_id, version, seq, dept_id, parent_id, since, until)
SELECT corp_id, ?2, ?3, dept_id, parent_id, since, coalesce(deleted_at, ?5)
FROM departments WHERE corp_id = ?1 AND dept_id = ?4 AND (deleted_at IS NULL) = (?5 IS NOT NULL)`

	// A parent that is deleted or not there makes no row.
	insertDept = `
INSERT INTO departments (corp_id, dept_id, parent_id, name, name_en, sort_order,
	source_identifier, brief, since, created_at, modified_at, options)
SELECT ?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11
WHERE ?3 = 0 OR (SELECT deleted_at IS NULL FROM departments WHERE corp_id = ?1 AND dept_id = ?3)`

	reviveDept = `
UPDATE departments SET parent_id = nullif(?3, 0), name = ?4, name_en = ?5, sort_order = ?6,
	source_identifier = ?7, brief = ?8, since = ?9, created_at = ?10, modified_at = ?10, options = ?11, deleted_at = NULL
WHERE corp_id = ?1 AND dept_id = ?2
	AND (?3 = 0 OR (SELECT deleted_at IS NULL FROM departments WHERE corp_id = ?1 AND dept_id = ?3))`

	updateDept = `
UPDATE departments SET parent_id = coalesce(?3, parent_id), since = iif(?3 IS NULL, since, ?9),
	name = coalesce(?4, name), name_en = coalesce(?5, name_en), sort_order = coalesce(?6, sort_order),
	source_identifier = coalesce(?7, source_identifier), brief = coalesce(?8, brief), modified_at = ?9,
	options = coalesce(?10, options)
WHERE corp_id = ?1 AND dept_id = ?2 AND deleted_at IS NULL
	AND (?3 IS NULL OR (SELECT deleted_at IS NULL FROM departments WHERE corp_id = ?1 AND dept_id = ?3))`

	deleteDept = `
UPDATE departments SET deleted_at = ?3, modified_at = ?3 WHERE corp_id = ?1 AND dept_id = ?2 AND deleted_at IS NULL`
)

// createDept inserts a department, or revives one that was deleted: then the
// time under its last parent goes into the history.
func (c carrier) createDept(ch *rollcall.Change) error {
	q := c.ending(endParent)
	q.int(int64(ch.DeptID)).null()
	known, err := q.run()
	if err != nil {
		return err
	}
	d := ch.Dept
	options, err := pack.Options(d.Options)
	if err != nil {
		return err
	}
	sql := insertDept
	if known == 1 {
		sql = reviveDept
	}
	q = c.on(sql)
	q.int(int64(ch.DeptID)).int(int64(d.ParentID)).text(d.Name).text(d.NameEN).int(d.Order)
	q.text(d.SourceIdentifier).text(d.Brief).int(int64(d.Since)).int(int64(ch.At)).text(options)
	return one(&q, "there is no department %d to be its parent", d.ParentID)
}

func (c carrier) updateDept(ch *rollcall.Change) error {
	u := ch.DeptUpdate
	if u.ParentID != nil {
		q := c.ending(endParent)
		q.int(int64(ch.DeptID)).int(int64(ch.At))
		if err := one(&q, noDept, ch.DeptID); err != nil {
			return err
		}
	}
	q := c.on(updateDept)
	q.int(int64(ch.DeptID))
	given(&q, u.ParentID).givenText(u.Name).givenText(u.NameEN)
	given(&q, u.Order).givenText(u.SourceIdentifier).givenText(u.Brief).int(int64(ch.At))
	if u.Options != nil {
		options, err := pack.Options(u.Options)
		if err != nil {
			return err
		}
		q.text(options)
	}
	return one(&q, noDept+", or not the one to be its parent", ch.DeptID)
}

// deleteDept keeps the row. It holds the time under the last parent, which
// goes into the history if the department is revived.
func (c carrier) deleteDept(ch *rollcall.Change) error {
	q := c.on(deleteDept)
	q.int(int64(ch.DeptID)).int(int64(ch.At))
	return one(&q, noDept, ch.DeptID)
}

const (
	// What comes first is a new person in nearly all cases, so that is tried
	// first. It makes no row where the ordinal is known, and fails on a userid
	// that belongs to another one.
	insertUser = `
INSERT INTO users (corp_id, ordinal, userid, name, name_en, active, access_limited, mobile, email, title,
	job_number, hired_date, extension, joined_at, created_at, modified_at, details)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16)
ON CONFLICT (corp_id, ordinal) DO NOTHING`

	endStay = `
INSERT INTO user_history (corp_id, version, seq, ordinal, joined_at, left_at)
SELECT corp_id, ?2, ?3, ordinal, joined_at, left_at
FROM users WHERE corp_id = ?1 AND ordinal = ?4 AND userid = ?5 AND left_at IS NOT NULL`

	returnUser = `
UPDATE users SET name = ?4, name_en = ?5, active = ?6, access_limited = ?7, mobile = ?8, email = ?9,
	title = ?10, job_number = ?11, hired_date = ?12, extension = ?13, joined_at = ?14, modified_at = ?15,
	details = ?16, left_at = NULL
WHERE corp_id = ?1 AND ordinal = ?2`

	updateUser = `
UPDATE users SET name = coalesce(?3, name), name_en = coalesce(?4, name_en), active = coalesce(?5, active),
	access_limited = coalesce(?6, access_limited), mobile = coalesce(?7, mobile), email = coalesce(?8, email),
	title = coalesce(?9, title), job_number = coalesce(?10, job_number), hired_date = coalesce(?11, hired_date),
	extension = coalesce(?12, extension), joined_at = coalesce(?13, joined_at), modified_at = ?14,
	details = coalesce(?15, details)
WHERE corp_id = ?1 AND ordinal = ?2`

	activateUser = `UPDATE users SET active = 1, modified_at = ?3 WHERE corp_id = ?1 AND ordinal = ?2`

	leaveUser = `
UPDATE users SET left_at = ?3, modified_at = ?3
WHERE corp_id = ?1 AND ordinal = ?2 AND left_at IS NULL
	AND NOT EXISTS (SELECT 1 FROM memberships WHERE corp_id = ?1 AND ordinal = ?2)
	AND NOT EXISTS (SELECT 1 FROM role_members WHERE corp_id = ?1 AND ordinal = ?2)`
)

// joinUser inserts a person, or brings one back: then the last stay goes into
// the history.
func (c carrier) joinUser(ch *rollcall.Change) error {
	if len(ch.User.Memberships)+len(ch.User.Roles) > 0 {
		return errors.New("it carries memberships or roles; they are changes of their own")
	}
	known, err := c.putUser(insertUser, ch)
	if err != nil || known == 1 {
		return err
	}
	q := c.ending(endStay)
	q.int(int64(ch.Ordinal)).text(ch.User.UserID)
	switch rows, err := q.run(); {
	case err != nil:
		return err
	case rows != 1:
		return conflict("userid", "ordinal %d is present already, or is another person than %q", ch.Ordinal, ch.User.UserID)
	}
	_, err = c.putUser(returnUser, ch)
	return err
}

func (c carrier) putUser(sql string, ch *rollcall.Change) (rows int, err error) {
	u := ch.User
	details, err := pack.Details(&u.Details)
	if err != nil {
		return 0, err
	}
	q := c.on(sql)
	q.int(int64(ch.Ordinal)).text(u.UserID).text(u.Name).text(u.NameEN).flag(u.Active).flag(u.AccessLimited)
	q.text(u.Mobile).text(u.Email).text(u.Title).text(u.JobNumber).int(int64(u.HiredDate)).text(u.Extension)
	q.int(int64(u.Stay.From)).int(int64(ch.At)).text(details)
	return q.run()
}

func (c carrier) updateUser(ch *rollcall.Change) error {
	u := ch.UserUpdate
	q := c.on(updateUser)
	q.int(int64(ch.Ordinal)).givenText(u.Name).givenText(u.NameEN).givenFlag(u.Active).givenFlag(u.AccessLimited)
	q.givenText(u.Mobile).givenText(u.Email).givenText(u.Title).givenText(u.JobNumber)
	given(&q, u.HiredDate).givenText(u.Extension)
	given(&q, u.Joined).int(int64(ch.At))
	if u.Details != nil {
		details, err := pack.Details(u.Details)
		if err != nil {
			return err
		}
		q.text(details)
	}
	return one(&q, noPerson, ch.Ordinal)
}

func (c carrier) activateUser(ch *rollcall.Change) error {
	q := c.on(activateUser)
	q.int(int64(ch.Ordinal)).int(int64(ch.At))
	return one(&q, noPerson, ch.Ordinal)
}

func (c carrier) leaveUser(ch *rollcall.Change) error {
	q := c.on(leaveUser)
	q.int(int64(ch.Ordinal)).int(int64(ch.At))
	return one(&q, "nobody with ordinal %d is present and without memberships and roles", ch.Ordinal)
}

const (
	// Somebody who left, or a department that is deleted, makes no row.
	insertMember = `
INSERT INTO memberships (corp_id, ordinal, dept_id, sort_order, ordered, leader, title, entered_at, modified_at,
	is_main, work_place)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
WHERE (SELECT left_at IS NULL FROM users WHERE corp_id = ?1 AND ordinal = ?2)
	AND (SELECT deleted_at IS NULL FROM departments WHERE corp_id = ?1 AND dept_id = ?3)`

	updateMember = `
UPDATE memberships SET sort_order = coalesce(?4, sort_order), ordered = coalesce(?5, ordered),
	leader = coalesce(?6, leader), title = coalesce(?7, title), entered_at = coalesce(?8, entered_at), modified_at = ?9,
	is_main = coalesce(?10, is_main), work_place = coalesce(?11, work_place)
WHERE corp_id = ?1 AND ordinal = ?2 AND dept_id = ?3`

	endMember = `
INSERT INTO membership_history (corp_id, version, seq, ordinal, dept_id, entered_at, left_at)
SELECT corp_id, ?2, ?3, ordinal, dept_id, entered_at, ?6
FROM memberships WHERE corp_id = ?1 AND ordinal = ?4 AND dept_id = ?5`

	deleteMember = `DELETE FROM memberships WHERE corp_id = ?1 AND ordinal = ?2 AND dept_id = ?3`
)

func (c carrier) addMember(ch *rollcall.Change) error {
	m := ch.Member
	q := c.on(insertMember)
	q.int(int64(ch.Ordinal)).int(int64(ch.DeptID)).int(m.Order).flag(m.Ordered).flag(m.Leader).text(m.Title)
	q.int(int64(m.Entered)).int(int64(m.Modified)).flag(m.Main).text(m.WorkPlace)
	return one(&q, "nobody with ordinal %d is present, or there is no department %d", ch.Ordinal, ch.DeptID)
}

func (c carrier) updateMember(ch *rollcall.Change) error {
	m := ch.MemberUpdate
	q := c.on(updateMember)
	q.int(int64(ch.Ordinal)).int(int64(ch.DeptID))
	given(&q, m.Order).givenFlag(m.Ordered).givenFlag(m.Leader).givenText(m.Title)
	given(&q, m.Entered).int(int64(ch.At)).givenFlag(m.Main).givenText(m.WorkPlace)
	return one(&q, noMember, ch.Ordinal, ch.DeptID)
}

func (c carrier) removeMember(ch *rollcall.Change) error {
	q := c.ending(endMember)
	q.int(int64(ch.Ordinal)).int(int64(ch.DeptID)).int(int64(ch.At))
	if err := one(&q, noMember, ch.Ordinal, ch.DeptID); err != nil {
		return err
	}
	q = c.on(deleteMember)
	q.int(int64(ch.Ordinal)).int(int64(ch.DeptID))
	return one(&q, noMember, ch.Ordinal, ch.DeptID)
}
