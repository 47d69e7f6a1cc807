package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"
)

const (
	selectCorp = `
SELECT name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, eras, sandbox FROM corps WHERE corp = $1`

	selectDepts = `
SELECT dept_id, parent_id, sort_order, since, created_at, modified_at, deleted_at,
	name, name_en, source_identifier, brief, options
FROM departments WHERE corp = $1 ORDER BY dept_id`

	// People and memberships by ranges of ordinals. A range has an end: without one
	// a server that knows little of the table yet sorts all the rest each time.
	selectUsers = `
SELECT ordinal, active, access_limited, hired_date, joined_at, left_at, created_at, modified_at,
	userid, name, name_en, mobile, email, title, job_number, extension, details
FROM users WHERE corp = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal`

	selectMemberships = `
SELECT ordinal, dept_id, sort_order, ordered, leader, entered_at, modified_at, title,
	is_main, work_place
FROM memberships WHERE corp = $1 AND ordinal >= $2 AND ordinal < $3 ORDER BY ordinal, dept_id`

	selectBounds = `SELECT min(ordinal), max(ordinal) FROM users WHERE corp = $1`

	selectNext = `SELECT min(ordinal) FROM users WHERE corp = $1 AND ordinal >= $2`

	selectEndedStays = `
SELECT ordinal, joined_at, left_at FROM user_history WHERE corp = $1 ORDER BY version, seq`

	selectEndedMemberships = `
SELECT ordinal, dept_id, entered_at, left_at FROM membership_history WHERE corp = $1 ORDER BY version, seq`

	selectEndedParents = `
SELECT dept_id, parent_id, since, until FROM department_history WHERE corp = $1 ORDER BY version, seq`

	selectRoleMembers = `SELECT ordinal, role_id FROM role_members WHERE corp = $1 ORDER BY ordinal, role_id`

	selectGroups = `SELECT group_id, name, deleted_at IS NOT NULL FROM role_groups WHERE corp = $1 ORDER BY group_id`

	selectRoles = `SELECT role_id, group_id, name, deleted_at IS NOT NULL FROM roles WHERE corp = $1 ORDER BY role_id`
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

	holders map[rollcall.Ordinal][]rollcall.RoleID // who holds roles; few do
	users   ranges
}

// A part is what one statement about an organization tells.
type part struct {
	what string
	sql  string
	each func(row) error
}

func (l *loader) all() error {
	l.holders = map[rollcall.Ordinal][]rollcall.RoleID{}
	l.users.loader = l
	var d rollcall.Dept
	err := l.together(
		part{"the organization", selectCorp, l.corp},
		part{"departments", selectDepts, func(r row) error { return l.dept(r, &d) }},
		part{"holders of roles", selectRoleMembers, l.holder},
		part{"people", selectBounds, l.users.bounds},
	)
	if err != nil {
		return err
	}
	if err := l.users.all(); err != nil {
		return fmt.Errorf("people: %w", err)
	}
	return l.together(
		part{"ended stays", selectEndedStays, l.endedStay},
		part{"ended memberships", selectEndedMemberships, l.endedMembership},
		part{"ended parents", selectEndedParents, l.endedParent},
		part{"role groups", selectGroups, l.group},
		part{"roles", selectRoles, l.role},
		part{"apps", selectApps, l.app},
	)
}

// together reads several parts in one round trip.
func (l *loader) together(parts ...part) error {
	steps := make([]step, 0, len(parts))
	for _, p := range parts {
		q := statement(p.sql)
		q.corp(l.corpID)
		steps = append(steps, step{query: q, each: p.each, check: func(_ int64, err error) error {
			if err != nil {
				err = fmt.Errorf("%s: %w", p.what, err)
			}
			return err
		}})
	}
	return l.link.all(l.ctx, steps)
}

func (l *loader) corp(r row) error {
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
}

func (l *loader) dept(r row, d *rollcall.Dept) error {
	options, err := pack.UnpackOptions(r[11])
	if err != nil {
		return fmt.Errorf("options of %d: %w", r.int(0), err)
	}
	*d = rollcall.Dept{
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
	return l.to.Dept(d, r.end(6))
}

func (l *loader) holder(r row) error {
	o := rollcall.Ordinal(r.int(0))
	l.holders[o] = append(l.holders[o], rollcall.RoleID(r.int(1)))
	return nil
}

func (l *loader) endedStay(r row) error {
	return l.to.EndedStay(rollcall.Ordinal(r.int(0)), rollcall.Stay{From: r.instant(1), To: r.instant(2)})
}

func (l *loader) endedMembership(r row) error {
	return l.to.EndedMembership(rollcall.Ordinal(r.int(0)), rollcall.DeptID(r.int(1)), rollcall.Stay{From: r.instant(2), To: r.instant(3)})
}

func (l *loader) endedParent(r row) error {
	return l.to.EndedParent(rollcall.DeptID(r.int(0)), rollcall.DeptID(r.int(1)), rollcall.Stay{From: r.instant(2), To: r.instant(3)})
}

func (l *loader) group(r row) error {
	return l.to.RoleGroup(&rollcall.RoleGroup{ID: rollcall.GroupID(r.int(0)), Name: r.text(1)}, r.flag(2))
}

func (l *loader) role(r row) error {
	return l.to.Role(&rollcall.Role{ID: rollcall.RoleID(r.int(0)), GroupID: rollcall.GroupID(r.int(1)), Name: r.text(2)}, r.flag(3))
}
