package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"rollcall"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	selectCorp = `
SELECT name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, eras, sandbox FROM corps WHERE corp_id = $1`

	selectDepts = `
SELECT dept_id, parent_id, sort_order, since, created_at, modified_at, deleted_at,
	name, name_en, source_identifier, brief, options
FROM departments WHERE corp_id = $1 ORDER BY dept_id`

	// A page of people.
	selectUsers = `
SELECT ordinal, active, access_limited, hired_date, joined_at, left_at, created_at, modified_at,
	userid, name, name_en, mobile, email, title, job_number, extension, details
FROM users WHERE corp_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3`

	selectMemberships = `
SELECT ordinal, dept_id, sort_order, ordered, leader, entered_at, modified_at, title,
	is_main, work_place
FROM memberships WHERE corp_id = $1 AND ordinal > $2 AND ordinal <= $3 ORDER BY ordinal, dept_id`

	selectEndedStays = `
SELECT ordinal, joined_at, left_at FROM user_history WHERE corp_id = $1 ORDER BY version, seq`

	selectEndedMemberships = `
SELECT ordinal, dept_id, entered_at, left_at FROM membership_history WHERE corp_id = $1 ORDER BY version, seq`

	selectEndedParents = `
SELECT dept_id, parent_id, since, until FROM department_history WHERE corp_id = $1 ORDER BY version, seq`

	selectRoleMembers = `SELECT ordinal, role_id FROM role_members WHERE corp_id = $1 ORDER BY ordinal, role_id`

	selectGroups = `SELECT group_id, name, deleted_at IS NOT NULL FROM role_groups WHERE corp_id = $1 ORDER BY group_id`

	selectRoles = `SELECT role_id, group_id, name, deleted_at IS NOT NULL FROM roles WHERE corp_id = $1 ORDER BY role_id`
)

// Load implements [rollcall.Store].
func (s *Store) Load(ctx context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(ctx context.Context, l link, told func()) (err error) {
		if head, err = headOf(ctx, l, corpID); err != nil {
			return err
		}
		told()
		load := loader{ctx: ctx, link: l, corpID: corpID, to: to}
		return load.all()
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("load %q: %w", corpID, err)
	}
	return head, nil
}

type loader struct {
	ctx    context.Context
	link   link
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
func (l *loader) each(sql string, fn func(row) error) error {
	q := statement(sql)
	q.text(l.corpID)
	return l.link.each(l.ctx, q, fn)
}

func (l *loader) corp() error {
	return l.each(selectCorp, func(r row) error {
		var eras []rollcall.Era
		if text := r.text(7); text != "" {
			if err := json.Unmarshal([]byte(text), &eras); err != nil {
				return err
			}
		}
		return l.to.Corp(&rollcall.Corp{
			ID:        l.corpID,
			Eras:      eras,
			Name:      r.text(0),
			CreatedAt: r.instant(5),
			Settings: rollcall.Settings{
				ErrmsgLanguage: rollcall.Language(r.text(1)),
				Timezone:       r.text(2),
				ClosingHour:    int(r.int(3)),
				Subdepartments: r.flag(4),
				RetentionDays:  int(r.int(6)),
				Sandbox:        r.flag(8),
			},
		})
	})
}

func (l *loader) depts() error {
	var d rollcall.Dept
	return l.each(selectDepts, func(r row) error {
		options, err := unpackOptions(r[11])
		if err != nil {
			return fmt.Errorf("options of %d: %w", r.int(0), err)
		}
		d = rollcall.Dept{
			ID:               rollcall.DeptID(r.int(0)),
			ParentID:         rollcall.DeptID(r.int(1)), // NULL is 0
			Order:            r.int(2),
			Since:            r.instant(3),
			CreatedAt:        r.instant(4),
			ModifiedAt:       r.instant(5),
			Name:             r.text(7),
			NameEN:           r.text(8),
			SourceIdentifier: r.text(9),
			Brief:            r.text(10),
			Options:          options,
		}
		return l.to.Dept(&d, r.end(6))
	})
}

// pageSize is how many people are read at a time.
const pageSize = 5_000

// users reads people and memberships side by side, a page at a time: the server
// looks for the next people while those before are told.
func (l *loader) users() error {
	holders, err := l.holders()
	if err != nil {
		return err
	}
	p := l.link.conn.StartPipeline(l.ctx)
	err = l.pages(p, holders)
	if failed := p.Close(); err == nil {
		err = failed
	}
	return err
}

func (l *loader) pages(p *pgconn.Pipeline, holders map[rollcall.Ordinal][]rollcall.RoleID) error {
	page := people{list: make([]rollcall.User, 0, pageSize)}
	l.ask(p, -1)
	if err := p.Sync(); err != nil {
		return err
	}
	for after := int64(-1); ; {
		if err := l.next(p, page.read); err != nil {
			return err
		}
		if err := l.synced(p); err != nil {
			return err
		}
		last, more := page.last(), len(page.list) == pageSize
		// Memberships up to that person belong to this page; beyond the last person
		// there must not be any.
		members := statement(selectMemberships)
		members.text(l.corpID).int(after).int(last)
		if !more {
			members.values, members.types = nil, nil
			members.text(l.corpID).int(after).int(1 << 62)
		}
		send(p, members)
		if more {
			l.ask(p, last)
		}
		if err := p.Sync(); err != nil {
			return err
		}
		if err := l.next(p, page.member); err != nil {
			return err
		}
		for i := range page.list {
			u := &page.list[i]
			u.Roles = holders[u.Ordinal]
			if err := l.to.User(u); err != nil {
				return err
			}
		}
		if !more {
			return l.synced(p)
		}
		after = last
		page.turn()
	}
}

func send(p *pgconn.Pipeline, q query) {
	p.SendQueryParams(q.sql, q.values, q.types, inBinary(), inBinary())
}

// ask sends the question for the people after an ordinal.
func (l *loader) ask(p *pgconn.Pipeline, after int64) {
	q := statement(selectUsers)
	q.text(l.corpID).int(after).int(pageSize)
	send(p, q)
}

// next reads the next result.
func (l *loader) next(p *pgconn.Pipeline, fn func(row) error) error {
	s := step{each: fn}
	return s.result(l.ctx, p)
}

// synced reads the end of what was sent together.
func (l *loader) synced(p *pgconn.Pipeline) error {
	result, err := p.GetResults()
	if _, ok := result.(*pgconn.PipelineSync); err == nil && !ok {
		err = fmt.Errorf("the server answered with %T", result)
	}
	return err
}

// people is a page of people, whose space serves the next one too.
type people struct {
	list  []rollcall.User
	at    int // of the person whose memberships come
	texts texts
}

// turn begins the next page.
func (p *people) turn() { p.list, p.at = p.list[:0], 0 }

// last returns the ordinal of the last person.
func (p *people) last() int64 {
	if len(p.list) == 0 {
		return -1
	}
	return int64(p.list[len(p.list)-1].Ordinal)
}

func (p *people) read(r row) error {
	p.list = p.list[:len(p.list)+1]
	u := &p.list[len(p.list)-1]
	members := u.Memberships[:0]
	*u = rollcall.User{
		Ordinal:       rollcall.Ordinal(r.int(0)),
		Active:        r.flag(1),
		AccessLimited: r.flag(2),
		HiredDate:     r.instant(3),
		Stay:          rollcall.Stay{From: r.instant(4), To: r.end(5)},
		CreatedAt:     r.instant(6),
		ModifiedAt:    r.instant(7),
		Memberships:   members,
	}
	p.texts.read(r, 8, &u.UserID, &u.Name, &u.NameEN, &u.Mobile, &u.Email, &u.Title, &u.JobNumber, &u.Extension)
	if len(r[16]) > 0 {
		if err := json.Unmarshal(r[16], &u.Details); err != nil {
			return fmt.Errorf("details of ordinal %d: %w", u.Ordinal, err)
		}
	}
	return nil
}

func (p *people) member(r row) error {
	o := rollcall.Ordinal(r.int(0))
	for p.at < len(p.list) && p.list[p.at].Ordinal < o {
		p.at++
	}
	if p.at == len(p.list) || p.list[p.at].Ordinal != o {
		return fmt.Errorf("the memberships of ordinal %d are nobody's", o)
	}
	u := &p.list[p.at]
	u.Memberships = append(u.Memberships, rollcall.Membership{
		DeptID:    rollcall.DeptID(r.int(1)),
		Order:     r.int(2),
		Ordered:   r.flag(3),
		Leader:    r.flag(4),
		Entered:   r.instant(5),
		Modified:  r.instant(6),
		Title:     r.text(7),
		Main:      r.flag(8),
		WorkPlace: r.text(9),
	})
	return nil
}

// holders returns the roles of everyone who holds any; few do.
func (l *loader) holders() (map[rollcall.Ordinal][]rollcall.RoleID, error) {
	m := map[rollcall.Ordinal][]rollcall.RoleID{}
	err := l.each(selectRoleMembers, func(r row) error {
		o := rollcall.Ordinal(r.int(0))
		m[o] = append(m[o], rollcall.RoleID(r.int(1)))
		return nil
	})
	return m, err
}

func (l *loader) endedStays() error {
	return l.each(selectEndedStays, func(r row) error {
		return l.to.EndedStay(rollcall.Ordinal(r.int(0)), rollcall.Stay{From: r.instant(1), To: r.instant(2)})
	})
}

func (l *loader) endedMemberships() error {
	return l.each(selectEndedMemberships, func(r row) error {
		return l.to.EndedMembership(rollcall.Ordinal(r.int(0)), rollcall.DeptID(r.int(1)), rollcall.Stay{From: r.instant(2), To: r.instant(3)})
	})
}

func (l *loader) endedParents() error {
	return l.each(selectEndedParents, func(r row) error {
		return l.to.EndedParent(rollcall.DeptID(r.int(0)), rollcall.DeptID(r.int(1)), rollcall.Stay{From: r.instant(2), To: r.instant(3)})
	})
}

func (l *loader) groups() error {
	return l.each(selectGroups, func(r row) error {
		return l.to.RoleGroup(&rollcall.RoleGroup{ID: rollcall.GroupID(r.int(0)), Name: r.text(1)}, r.flag(2))
	})
}

func (l *loader) roles() error {
	return l.each(selectRoles, func(r row) error {
		return l.to.Role(&rollcall.Role{ID: rollcall.RoleID(r.int(0)), GroupID: rollcall.GroupID(r.int(1)), Name: r.text(2)}, r.flag(3))
	})
}
