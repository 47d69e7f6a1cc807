package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/store/pack"

	"zombiezen.com/go/sqlite"
)

const (
	selectCorp = `
SELECT name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, eras, sandbox FROM corps WHERE corp_id = ?1`

	selectDepts = `
SELECT dept_id, parent_id, sort_order, since, created_at, modified_at, deleted_at,
	name, name_en, source_identifier, brief, options
FROM departments WHERE corp_id = ?1 ORDER BY dept_id`

	selectUsers = `
SELECT ordinal, active, access_limited, hired_date, joined_at, left_at, created_at, modified_at,
	userid, name, name_en, mobile, email, title, job_number, extension, details
FROM users WHERE corp_id = ?1 ORDER BY ordinal`

	selectMemberships = `
SELECT ordinal, dept_id, sort_order, ordered, leader, entered_at, modified_at, title,
	is_main, work_place
FROM memberships WHERE corp_id = ?1 ORDER BY ordinal, dept_id`

	selectEndedStays = `
SELECT ordinal, joined_at, left_at FROM user_history WHERE corp_id = ?1 ORDER BY version, seq`

	selectEndedMemberships = `
SELECT ordinal, dept_id, entered_at, left_at FROM membership_history WHERE corp_id = ?1 ORDER BY version, seq`

	selectEndedParents = `
SELECT dept_id, parent_id, since, until FROM department_history WHERE corp_id = ?1 ORDER BY version, seq`

	selectRoleMembers = `SELECT ordinal, role_id FROM role_members WHERE corp_id = ?1 ORDER BY ordinal, role_id`

	selectGroups = `SELECT group_id, name, deleted_at FROM role_groups WHERE corp_id = ?1 ORDER BY group_id`

	selectRoles = `SELECT role_id, group_id, name, deleted_at FROM roles WHERE corp_id = ?1 ORDER BY role_id`
)

// Load implements [rollcall.Store].
func (s *Store) Load(ctx context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		if head, err = headOf(conn, corpID); err != nil {
			return err
		}
		l := loader{conn: conn, corpID: corpID, to: to}
		return l.all()
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("load %q: %w", corpID, err)
	}
	return head, nil
}

type loader struct {
	conn   *sqlite.Conn
	corpID string
	to     rollcall.Snapshot
}

func (l *loader) all() error {
	for _, part := range []struct {
		what string
		load func() error
	}{
		{"the organization", l.corp},
		{"departments", l.depts},
		{"people", l.users},
		{"ended stays", l.endedStays},
		{"ended memberships", l.endedMemberships},
		{"ended parents", l.endedParents},
		{"role groups", l.groups},
		{"roles", l.roles},
		{"apps", l.apps},
	} {
		if err := part.load(); err != nil {
			return fmt.Errorf("%s: %w", part.what, err)
		}
	}
	return nil
}

// each runs one of the statements above.
func (l *loader) each(sql string, fn func(*sqlite.Stmt) error) error {
	q := prepare(l.conn, sql)
	q.text(l.corpID)
	return q.each(fn)
}

func (l *loader) corp() error {
	return l.each(selectCorp, func(stmt *sqlite.Stmt) error {
		var eras []rollcall.Era
		if stmt.ColumnLen(7) > 0 {
			if err := json.Unmarshal(column(stmt, 7), &eras); err != nil {
				return err
			}
		}
		return l.to.Corp(&rollcall.Corp{
			ID:        l.corpID,
			Eras:      eras,
			Name:      stmt.ColumnText(0),
			CreatedAt: instant(stmt, 5),
			Settings: rollcall.Settings{
				ErrmsgLanguage: rollcall.Language(stmt.ColumnText(1)),
				Timezone:       stmt.ColumnText(2),
				ClosingHour:    stmt.ColumnInt(3),
				Subdepartments: stmt.ColumnBool(4),
				RetentionDays:  stmt.ColumnInt(6),
				Sandbox:        stmt.ColumnBool(8),
			},
		})
	})
}

func (l *loader) depts() error {
	var d rollcall.Dept
	return l.each(selectDepts, func(stmt *sqlite.Stmt) error {
		options, err := pack.UnpackOptions(column(stmt, 11))
		if err != nil {
			return fmt.Errorf("options of %d: %w", stmt.ColumnInt64(0), err)
		}
		d = rollcall.Dept{
			ID:               rollcall.DeptID(stmt.ColumnInt64(0)),
			ParentID:         rollcall.DeptID(stmt.ColumnInt64(1)), // NULL is 0
			Order:            stmt.ColumnInt64(2),
			Since:            instant(stmt, 3),
			CreatedAt:        instant(stmt, 4),
			ModifiedAt:       instant(stmt, 5),
			Name:             stmt.ColumnText(7),
			NameEN:           stmt.ColumnText(8),
			SourceIdentifier: stmt.ColumnText(9),
			Brief:            stmt.ColumnText(10),
			Options:          options,
		}
		return l.to.Dept(&d, end(stmt, 6))
	})
}

// users reads people and memberships side by side, in one pass over both
// tables.
func (l *loader) users() error {
	members := prepare(l.conn, selectMemberships)
	members.text(l.corpID)
	if members.err != nil {
		return members.err
	}
	defer members.stmt.Reset() //nolint:errcheck // it repeats the error of Step
	m := memberships{stmt: members.stmt}
	if err := m.next(); err != nil {
		return err
	}
	holders, err := l.holders()
	if err != nil {
		return err
	}
	var u rollcall.User
	var texts texts
	err = l.each(selectUsers, func(stmt *sqlite.Stmt) error {
		list := u.Memberships[:0]
		u = rollcall.User{
			Ordinal:       rollcall.Ordinal(stmt.ColumnInt64(0)),
			Active:        stmt.ColumnBool(1),
			AccessLimited: stmt.ColumnBool(2),
			HiredDate:     instant(stmt, 3),
			Stay:          rollcall.Stay{From: instant(stmt, 4), To: end(stmt, 5)},
			CreatedAt:     instant(stmt, 6),
			ModifiedAt:    instant(stmt, 7),
		}
		texts.read(stmt, 8, &u.UserID, &u.Name, &u.NameEN, &u.Mobile, &u.Email, &u.Title, &u.JobNumber, &u.Extension)
		if stmt.ColumnLen(16) > 0 {
			if err := json.Unmarshal(column(stmt, 16), &u.Details); err != nil {
				return fmt.Errorf("details of ordinal %d: %w", u.Ordinal, err)
			}
		}
		u.Roles = holders[u.Ordinal]
		var err error
		if u.Memberships, err = m.of(u.Ordinal, list); err != nil {
			return err
		}
		return l.to.User(&u)
	})
	if err == nil && m.row {
		err = fmt.Errorf("the memberships of ordinal %d are nobody's", m.ordinal)
	}
	return err
}

// holders returns the roles of everyone who holds any; few do.
func (l *loader) holders() (map[rollcall.Ordinal][]rollcall.RoleID, error) {
	m := map[rollcall.Ordinal][]rollcall.RoleID{}
	err := l.each(selectRoleMembers, func(stmt *sqlite.Stmt) error {
		o := rollcall.Ordinal(stmt.ColumnInt64(0))
		m[o] = append(m[o], rollcall.RoleID(stmt.ColumnInt64(1)))
		return nil
	})
	return m, err
}

// memberships walks along the memberships of an organization.
type memberships struct {
	stmt    *sqlite.Stmt
	row     bool // whether there is a row
	ordinal rollcall.Ordinal
}

func (m *memberships) next() (err error) {
	if m.row, err = m.stmt.Step(); m.row {
		m.ordinal = rollcall.Ordinal(m.stmt.ColumnInt64(0))
	}
	return err
}

// of appends the memberships of the next person to list.
func (m *memberships) of(o rollcall.Ordinal, list []rollcall.Membership) ([]rollcall.Membership, error) {
	for m.row && m.ordinal == o {
		list = append(list, rollcall.Membership{
			DeptID:    rollcall.DeptID(m.stmt.ColumnInt64(1)),
			Order:     m.stmt.ColumnInt64(2),
			Ordered:   m.stmt.ColumnBool(3),
			Leader:    m.stmt.ColumnBool(4),
			Entered:   instant(m.stmt, 5),
			Modified:  instant(m.stmt, 6),
			Title:     m.stmt.ColumnText(7),
			Main:      m.stmt.ColumnBool(8),
			WorkPlace: m.stmt.ColumnText(9),
		})
		if err := m.next(); err != nil {
			return nil, err
		}
	}
	if m.row && m.ordinal < o {
		return nil, fmt.Errorf("the memberships of ordinal %d are nobody's", m.ordinal)
	}
	return list, nil
}

func (l *loader) endedStays() error {
	return l.each(selectEndedStays, func(stmt *sqlite.Stmt) error {
		return l.to.EndedStay(rollcall.Ordinal(stmt.ColumnInt64(0)),
			rollcall.Stay{From: instant(stmt, 1), To: instant(stmt, 2)})
	})
}

func (l *loader) endedMemberships() error {
	return l.each(selectEndedMemberships, func(stmt *sqlite.Stmt) error {
		return l.to.EndedMembership(rollcall.Ordinal(stmt.ColumnInt64(0)), rollcall.DeptID(stmt.ColumnInt64(1)),
			rollcall.Stay{From: instant(stmt, 2), To: instant(stmt, 3)})
	})
}

func (l *loader) endedParents() error {
	return l.each(selectEndedParents, func(stmt *sqlite.Stmt) error {
		return l.to.EndedParent(rollcall.DeptID(stmt.ColumnInt64(0)), rollcall.DeptID(stmt.ColumnInt64(1)),
			rollcall.Stay{From: instant(stmt, 2), To: instant(stmt, 3)})
	})
}

func (l *loader) groups() error {
	return l.each(selectGroups, func(stmt *sqlite.Stmt) error {
		g := rollcall.RoleGroup{ID: rollcall.GroupID(stmt.ColumnInt64(0)), Name: stmt.ColumnText(1)}
		return l.to.RoleGroup(&g, !stmt.ColumnIsNull(2))
	})
}

func (l *loader) roles() error {
	return l.each(selectRoles, func(stmt *sqlite.Stmt) error {
		r := rollcall.Role{
			ID: rollcall.RoleID(stmt.ColumnInt64(0)), GroupID: rollcall.GroupID(stmt.ColumnInt64(1)), Name: stmt.ColumnText(2),
		}
		return l.to.Role(&r, !stmt.ColumnIsNull(3))
	})
}

func instant(stmt *sqlite.Stmt, col int) rollcall.Instant {
	return rollcall.Instant(stmt.ColumnInt64(col))
}

// end reads an end, which is NULL while there is none.
func end(stmt *sqlite.Stmt, col int) rollcall.Instant {
	if stmt.ColumnIsNull(col) {
		return rollcall.Open
	}
	return instant(stmt, col)
}

// texts reads the texts of a row into one string, so that a row costs one
// allocation.
type texts struct {
	bytes []byte
	ends  []int
}

// read sets the targets to the columns from first on.
func (t *texts) read(stmt *sqlite.Stmt, first int, targets ...*string) {
	t.bytes, t.ends = t.bytes[:0], t.ends[:0]
	for i := range targets {
		if n := stmt.ColumnLen(first + i); n > 0 {
			at := len(t.bytes)
			t.bytes = slices.Grow(t.bytes, n)
			stmt.ColumnBytes(first+i, t.bytes[at:at+n])
			t.bytes = t.bytes[:at+n]
		}
		t.ends = append(t.ends, len(t.bytes))
	}
	all, start := string(t.bytes), 0
	for i, target := range targets {
		*target = all[start:t.ends[i]]
		start = t.ends[i]
	}
}
