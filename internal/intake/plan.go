package intake

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"time"

	"rollcall"
)

// View is the newest state of the organization, as far as a plan needs it.
// What it returns may be kept but is not changed.
type View interface {
	// NextOrdinal is the one that the next new person gets.
	NextOrdinal() rollcall.Ordinal
	// UserByID finds a person, also one who left.
	UserByID(userid string) (*rollcall.User, bool)
	// Users yields everyone who ever belonged, by ordinal.
	Users() iter.Seq[*rollcall.User]
	// User is the one with an ordinal, nil where it was not given.
	User(o rollcall.Ordinal) *rollcall.User
	// Dept finds a living department.
	Dept(id rollcall.DeptID) (*rollcall.Dept, bool)
	// Depts yields the living departments, in any order.
	Depts() iter.Seq[*rollcall.Dept]
	// DeptEver reports whether a department is living or was once, and the
	// parent that it has or had.
	DeptEver(id rollcall.DeptID) (parent rollcall.DeptID, ok bool)
	// Roles are those that the newest state has; NextGroup and NextRole are the
	// ids that the next new ones get.
	Roles
	NextGroup() rollcall.GroupID
	NextRole() rollcall.RoleID
	// Location is the organization's time zone.
	Location() *time.Location
	// Calendar has the organization's days.
	Calendar() *rollcall.Calendar
}

// DefaultMaxLeaversPercent is the part of the people who may leave in one
// import unless somebody says otherwise.
const DefaultMaxLeaversPercent = 5

// Options say how the files are meant.
type Options struct {
	// Replace makes people leave who are not in a given file of users, and
	// deletes departments that are not in a given file of departments.
	Replace bool
	// MaxLeaversPercent is how many of the people present may leave by
	// Replace. 0 stands for [DefaultMaxLeaversPercent], a negative number for
	// nobody.
	MaxLeaversPercent float64
	// CreateDepartments creates the departments that a contact sheet names and
	// that do not exist. Where there is none but the root this is done anyway.
	CreateDepartments bool
	// Now is the present, for everything that begins with the import.
	Now rollcall.Instant
}

// Plan is what leads from the state of a [View] to that of the files.
type Plan struct {
	// Changes are in the order in which they must be applied. At and By are
	// left to the writer. New people have their ordinals, from
	// [View.NextOrdinal] on, in the order of the file.
	Changes []rollcall.Change
	// SignIns are the people who signed in on each day, ascending, each once.
	SignIns map[rollcall.Day][]rollcall.Ordinal
	Summary Summary
}

// Empty reports whether there is nothing to change. Sign-ins do not count: they
// may all be known already.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// Summary counts what a plan does.
type Summary struct {
	DeptsCreated int `json:"departments_created"`
	// DeptsUpdated counts new values apart from the parent, DeptsMoved new
	// parents; a department can be in both.
	DeptsUpdated int `json:"departments_updated"`
	DeptsMoved   int `json:"departments_moved"`
	DeptsDeleted int `json:"departments_deleted"`

	// PeopleJoining are new ones, PeopleReturning had left before.
	PeopleJoining   int `json:"people_joining"`
	PeopleReturning int `json:"people_returning"`
	// PeopleUpdated counts new values of their own, PeopleMoved those who stay
	// but in other departments; a person can be in both.
	PeopleUpdated   int `json:"people_updated"`
	PeopleMoved     int `json:"people_moved"`
	PeopleLeaving   int `json:"people_leaving"`
	PeopleActivated int `json:"people_activated"`

	// The memberships include those of people who come and leave.
	MembershipsAdded   int `json:"memberships_added"`
	MembershipsChanged int `json:"memberships_changed"`
	MembershipsRemoved int `json:"memberships_removed"`

	// The roles of those who leave are not counted.
	RoleGroupsCreated int `json:"role_groups_created,omitempty"`
	RoleGroupsDeleted int `json:"role_groups_deleted,omitempty"`
	RolesCreated      int `json:"roles_created,omitempty"`
	RolesDeleted      int `json:"roles_deleted,omitempty"`
	RolesGiven        int `json:"roles_given,omitempty"`
	RolesTaken        int `json:"roles_taken,omitempty"`

	// SignInsRead are the rows of the file; SignInsRepeated of them name a day
	// and a person that an earlier one has named.
	SignInsRead     int64 `json:"sign_ins_read"`
	SignInsRepeated int64 `json:"sign_ins_repeated"`
	Days            int   `json:"days"`
}

// planner makes one plan.
type planner struct {
	d        *Data
	v        View
	opt      Options
	loc      *time.Location
	plan     *Plan
	problems problems

	// doomed are the departments that Replace deletes, with the number of
	// people who would still be in them.
	doomed map[rollcall.DeptID]int

	// What becomes of the people of the file, by row.
	ordinals []rollcall.Ordinal
	active   []bool
	claimed  bool                         // rows bring contacts in
	claims   [contactCount]map[string]int // the rows that do, where the file's own index does not say it
	present  int                          // people who belong before the import
	leavers  []*rollcall.User

	// Those who join, with what they belong to.
	people  slab[rollcall.User]
	members slab[rollcall.Membership]
}

// MakePlan compares what was read with the newest state. When anything does
// not fit together it returns problems and no plan. The error, of kind
// [rollcall.KindConflict], says that more people would leave than may.
func MakePlan(d *Data, v View, opt Options) (*Plan, []Problem, error) {
	p := &planner{d: d, v: v, opt: opt, loc: v.Location(), plan: &Plan{}}
	if d.depts.given {
		p.planDepts()
	}
	if d.sheet.given {
		p.fitSheet()
	}
	if p.d.users.given {
		p.planUsers()
	}
	p.meetOthers()
	if p.d.users.usable || !p.d.users.given {
		p.refuseDoomed()
	}
	p.forget()
	p.leave()
	if d.roles.given {
		p.planRoles()
	}
	p.deleteDepts()
	if d.signIns.given {
		p.planSignIns()
	}
	switch {
	case len(p.problems.list) > 0:
		return nil, p.problems.sorted(d.files), nil
	case d.broken:
		return nil, nil, nil
	}
	if err := p.guard(); err != nil {
		return nil, nil, err
	}
	return p.plan, nil, nil
}

func (p *planner) add(c rollcall.Change) { p.plan.Changes = append(p.plan.Changes, c) }

// makeRoom makes room, where there is hardly any left, for the changes that all
// rows will bring, of which those so far have brought what the plan has more
// than before. Changes are big, and there are many.
func (p *planner) makeRoom(before, rows, all int) {
	n := len(p.plan.Changes)
	if rows < 100 || cap(p.plan.Changes)-n > 8 {
		return
	}
	each := float64(n-before) / float64(rows)
	p.plan.Changes = slices.Grow(p.plan.Changes, int(each*float64(all-rows)*1.02)+100)
}

// guard refuses a plan by which too many people leave.
func (p *planner) guard() error {
	allowed := p.opt.MaxLeaversPercent
	if allowed == 0 {
		allowed = DefaultMaxLeaversPercent
	}
	allowed = max(allowed, 0)
	n := len(p.leavers)
	if n == 0 || float64(n)*100 <= allowed*float64(p.present) {
		return nil
	}
	percent := float64(n) * 100 / float64(p.present)
	return &rollcall.Error{Kind: rollcall.KindConflict, Detail: fmt.Sprintf(
		"%d of %d people are not in the file and would leave, which is %s %%; %s %% are allowed (--max-leavers %s allows it)",
		n, p.present, decimal(percent), decimal(allowed), decimal(math.Ceil(percent)))}
}

// decimal writes a number with two digits behind the point at most.
func decimal(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}
