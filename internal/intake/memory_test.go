package intake_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// memory is the plainest organization that can be: what a store and the
// directory make of changes, without either. It refuses changes that make no
// sense at the moment at which they come.
type memory struct {
	loc     *time.Location
	depts   map[rollcall.DeptID]*rollcall.Dept
	gone    map[rollcall.DeptID]rollcall.DeptID // deleted departments and their last parents
	users   []*rollcall.User                    // by ordinal
	byID    map[string]*rollcall.User
	signIns map[rollcall.Day]map[rollcall.Ordinal]bool
	groups  []rollcall.RoleGroup // every one there ever was; a deleted one has no name
	roles   []rollcall.Role
}

func newMemory(loc *time.Location) *memory {
	return &memory{
		loc:     loc,
		depts:   map[rollcall.DeptID]*rollcall.Dept{1: {ID: 1, Name: "new"}},
		gone:    map[rollcall.DeptID]rollcall.DeptID{},
		byID:    map[string]*rollcall.User{},
		signIns: map[rollcall.Day]map[rollcall.Ordinal]bool{},
	}
}

func (m *memory) RoleGroups() iter.Seq[rollcall.RoleGroup] {
	return slices.Values(slices.DeleteFunc(slices.Clone(m.groups), func(g rollcall.RoleGroup) bool { return g.Name == "" }))
}

func (m *memory) Roles() iter.Seq[rollcall.Role] {
	return slices.Values(append(rollcall.SystemRoles(), slices.DeleteFunc(slices.Clone(m.roles), func(r rollcall.Role) bool { return r.Name == "" })...))
}

func (m *memory) NextGroup() rollcall.GroupID {
	return rollcall.FirstGroup + rollcall.GroupID(len(m.groups))
}

func (m *memory) NextRole() rollcall.RoleID {
	return rollcall.FirstRole + rollcall.RoleID(len(m.roles))
}

// changeRole carries out a change that is not about a person.
func (m *memory) changeRole(c rollcall.Change) error {
	held := func(u *rollcall.User) bool { return u.Holds(c.Role.ID) }
	inGroup := func(r rollcall.Role) bool { return r.Name != "" && r.GroupID == c.Group.ID }
	switch c.Kind {
	case rollcall.RoleGroupCreated:
		if c.Group.ID != m.NextGroup() || c.Group.Name == "" {
			return fmt.Errorf("it is not the next group, %d: %+v", m.NextGroup(), c.Group)
		}
		m.groups = append(m.groups, *c.Group)
	case rollcall.RoleGroupDeleted:
		g := &m.groups[c.Group.ID-rollcall.FirstGroup]
		if g.Name == "" || slices.ContainsFunc(m.roles, inGroup) {
			return fmt.Errorf("it is gone, or has roles: %+v", c.Group)
		}
		g.Name = ""
	case rollcall.RoleCreated:
		if c.Role.ID != m.NextRole() || m.groups[c.Role.GroupID-rollcall.FirstGroup].Name == "" {
			return fmt.Errorf("it is not the next role, %d, or has no group: %+v", m.NextRole(), c.Role)
		}
		m.roles = append(m.roles, *c.Role)
	case rollcall.RoleDeleted:
		r := &m.roles[c.Role.ID-rollcall.FirstRole]
		if r.Name == "" || slices.ContainsFunc(m.users, held) {
			return fmt.Errorf("it is gone, or somebody holds it: %+v", c.Role)
		}
		r.Name = ""
	}
	return nil
}

func (m *memory) NextOrdinal() rollcall.Ordinal { return rollcall.Ordinal(len(m.users)) }
func (m *memory) Location() *time.Location      { return m.loc }

// Calendar has the days of the location.
func (m *memory) Calendar() *rollcall.Calendar { return rollcall.NewCalendar(m.loc, 0) }

func (m *memory) UserByID(s string) (*rollcall.User, bool) { u, ok := m.byID[s]; return u, ok }
func (m *memory) Users() iter.Seq[*rollcall.User]          { return slices.Values(m.users) }

func (m *memory) User(o rollcall.Ordinal) *rollcall.User {
	if int(o) >= len(m.users) {
		return nil
	}
	return m.users[o]
}

func (m *memory) Dept(id rollcall.DeptID) (*rollcall.Dept, bool) { d, ok := m.depts[id]; return d, ok }

func (m *memory) DeptEver(id rollcall.DeptID) (parent rollcall.DeptID, ok bool) {
	if d, ok := m.depts[id]; ok {
		return d.ParentID, true
	}
	parent, ok = m.gone[id]
	return parent, ok
}

func (m *memory) Depts() iter.Seq[*rollcall.Dept] {
	return slices.Values(slices.SortedFunc(maps.Values(m.depts), func(a, b *rollcall.Dept) int { return cmp.Compare(a.ID, b.ID) }))
}

func (m *memory) SignIns(fn func(rollcall.Day, string) error) error {
	for _, day := range slices.Sorted(maps.Keys(m.signIns)) {
		for o := range m.signIns[day] { // in any order
			if err := fn(day, m.users[o].UserID); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply carries a plan out.
func (m *memory) apply(p *intake.Plan, now rollcall.Instant) error {
	for i, c := range p.Changes {
		if err := m.change(c, now); err != nil {
			return fmt.Errorf("change %d, %s of user %d, department %d: %w", i, c.Kind, c.Ordinal, c.DeptID, err)
		}
	}
	if err := m.consistent(); err != nil {
		return err
	}
	for day, people := range p.SignIns {
		if !slices.IsSorted(people) || len(slices.Compact(slices.Clone(people))) != len(people) {
			return fmt.Errorf("the sign-ins of %s are not sorted and distinct: %d", day, people)
		}
		for _, o := range people {
			if int(o) >= len(m.users) {
				return fmt.Errorf("the sign-ins of %s name user %d of %d", day, o, len(m.users))
			}
			if !m.users[o].Active {
				return fmt.Errorf("user %d signed in on %s and is not active", o, day)
			}
			if m.signIns[day] == nil {
				m.signIns[day] = map[rollcall.Ordinal]bool{}
			}
			m.signIns[day][o] = true
		}
	}
	return nil
}

// consistent reports what names somebody who has left, and contacts that two
// people have.
func (m *memory) consistent() error {
	gone := func(o rollcall.Ordinal) bool { return !m.users[o].Present() }
	seen := map[string]string{}
	for _, u := range m.users {
		if !u.Present() {
			continue
		}
		if u.Manager != nil && gone(*u.Manager) {
			return fmt.Errorf("%s reports to somebody who left", u.UserID)
		}
		for kind, value := range []string{u.Mobile, u.Email, u.Telephone, u.UnionID} {
			key := fmt.Sprint(kind, value)
			if value != "" && seen[key] != "" {
				return fmt.Errorf("%s and %s have the same contact %q", u.UserID, seen[key], value)
			}
			seen[key] = u.UserID
		}
	}
	for _, d := range m.depts {
		o := d.Opt()
		if slices.ContainsFunc(o.PermitUsers, gone) || slices.ContainsFunc(o.OuterUsers, gone) || o.GroupOwner != nil && gone(*o.GroupOwner) {
			return fmt.Errorf("department %d names somebody who left: %+v", d.ID, *o)
		}
	}
	return nil
}

func (m *memory) change(c rollcall.Change, now rollcall.Instant) error {
	if c.At != 0 || c.By != "" || c.Version != 0 {
		return fmt.Errorf("At, By or Version is set: %+v", c)
	}
	switch c.Kind {
	case rollcall.DeptCreated, rollcall.DeptUpdated, rollcall.DeptDeleted:
		return m.changeDept(c, now)
	case rollcall.RoleGroupCreated, rollcall.RoleGroupDeleted, rollcall.RoleCreated, rollcall.RoleDeleted:
		return m.changeRole(c)
	case rollcall.UserJoined:
		u := *c.User
		if err := u.Validate(); err != nil {
			return err
		}
		if len(u.Memberships)+len(u.Roles) != 0 || u.Ordinal != c.Ordinal || !u.Present() {
			return fmt.Errorf("joins as %+v", u)
		}
		old, known := m.byID[u.UserID]
		switch {
		case known && (old.Present() || old.Ordinal != u.Ordinal):
			return fmt.Errorf("%s is known: %+v", u.UserID, old)
		case !known && int(u.Ordinal) != len(m.users):
			return fmt.Errorf("is not the next ordinal, %d", len(m.users))
		case !known:
			m.users = append(m.users, nil)
		}
		m.users[u.Ordinal], m.byID[u.UserID] = &u, &u
		return nil
	}
	if int(c.Ordinal) >= len(m.users) {
		return fmt.Errorf("there is no such user")
	}
	old := m.users[c.Ordinal]
	u := *old
	u.Memberships = slices.Clone(old.Memberships)
	m.users[c.Ordinal], m.byID[u.UserID] = &u, &u
	if !u.Present() && c.Kind != rollcall.UserActivated {
		return fmt.Errorf("has left")
	}
	switch c.Kind {
	case rollcall.UserUpdated:
		u.ModifiedAt = now
		if err := same(c.UserUpdate.Apply(&u), *c.UserBefore); err != nil {
			return err
		}
		return u.Validate()
	case rollcall.UserActivated:
		if u.Active {
			return fmt.Errorf("is active")
		}
		u.Active = true
	case rollcall.RoleGiven:
		if u.Holds(c.Role.ID) || m.roles[c.Role.ID-rollcall.FirstRole].Name == "" {
			return fmt.Errorf("holds role %d already, or there is none", c.Role.ID)
		}
		u.Roles = slices.Sorted(slices.Values(append(slices.Clone(u.Roles), c.Role.ID)))
	case rollcall.RoleTaken:
		if !u.Holds(c.Role.ID) {
			return fmt.Errorf("does not hold role %d", c.Role.ID)
		}
		u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(id rollcall.RoleID) bool { return id == c.Role.ID })
	case rollcall.UserLeft:
		if len(u.Memberships)+len(u.Roles) > 0 {
			return fmt.Errorf("has memberships or roles left: %+v %v", u.Memberships, u.Roles)
		}
		u.Stay.To = now
	default:
		return m.changeMember(&u, c, now)
	}
	return nil
}

func (m *memory) changeDept(c rollcall.Change, now rollcall.Instant) error {
	d, lives := m.depts[c.DeptID]
	switch c.Kind {
	case rollcall.DeptCreated:
		if lives || c.Dept.ID != c.DeptID {
			return fmt.Errorf("lives, or is another: %+v", c.Dept)
		}
		made := *c.Dept
		d, m.depts[c.DeptID] = &made, &made
	case rollcall.DeptUpdated:
		if !lives {
			return fmt.Errorf("does not live")
		}
		changed := *d
		d, m.depts[c.DeptID] = &changed, &changed
		d.ModifiedAt = now
		if err := same(c.DeptUpdate.Apply(d), *c.DeptBefore); err != nil {
			return err
		}
	case rollcall.DeptDeleted:
		for _, child := range m.depts {
			if child.ParentID == c.DeptID {
				return fmt.Errorf("has the child %d", child.ID)
			}
		}
		for _, u := range m.users {
			if u.Membership(c.DeptID) != nil {
				return fmt.Errorf("has the member %s", u.UserID)
			}
		}
		if !lives || c.DeptID == rollcall.RootDept {
			return fmt.Errorf("cannot be deleted")
		}
		m.gone[c.DeptID] = m.depts[c.DeptID].ParentID
		delete(m.depts, c.DeptID)
		return nil
	}
	if err := d.Validate(); err != nil {
		return err
	}
	for id, steps := d.ID, 0; id != rollcall.RootDept; steps++ {
		above, ok := m.depts[id]
		if !ok || steps > len(m.depts) {
			return fmt.Errorf("does not hang on the root")
		}
		id = above.ParentID
	}
	return nil
}

func (m *memory) changeMember(u *rollcall.User, c rollcall.Change, now rollcall.Instant) error {
	if _, lives := m.depts[c.DeptID]; !lives {
		return fmt.Errorf("the department does not live")
	}
	old := u.Membership(c.DeptID)
	switch {
	case c.Kind == rollcall.MemberAdded && old == nil:
		if c.Member.Modified == 0 {
			return fmt.Errorf("is never modified: %+v", c.Member)
		}
		u.Memberships = append(u.Memberships, *c.Member)
		slices.SortFunc(u.Memberships, func(a, b rollcall.Membership) int { return cmp.Compare(a.DeptID, b.DeptID) })
		return nil
	case c.Kind == rollcall.MemberRemoved && old != nil:
		u.Memberships = slices.DeleteFunc(u.Memberships, func(m rollcall.Membership) bool { return m.DeptID == c.DeptID })
		return nil
	case c.Kind == rollcall.MemberUpdated && old != nil:
		old.Modified = now
		return same(c.MemberUpdate.Apply(old), *c.MemberBefore)
	}
	return fmt.Errorf("%s with the membership %+v", c.Kind, old)
}

// same compares two updates by what they say.
func same[T any](got, want T) error {
	if g, w := render(got), render(want); g != w {
		return fmt.Errorf("before it was %s, the change says %s", g, w)
	}
	return nil
}

// The tests import at these times, one after the other.
const (
	firstNow  rollcall.Instant = 1_788_000_000_000 // 2026-08-29
	secondNow                  = firstNow + 3_600_000
)

// write makes files; an empty text makes none.
func write(t testing.TB, depts, users, signIns string) intake.Files {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		if text == "" {
			return ""
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return intake.Files{
		Departments: file("departments.csv", depts),
		Users:       file("users.csv", users),
		SignIns:     file("signins.csv", signIns),
	}
}

// read reads files that have no problems.
func read(t testing.TB, f intake.Files) *intake.Data {
	t.Helper()
	d, problems, err := intake.Read(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Fatalf("%d problems, the first is %s", len(problems), problems[0])
	}
	return d
}

// plan plans and expects neither problems nor an error.
func plan(t testing.TB, d *intake.Data, v intake.View, opt intake.Options) *intake.Plan {
	t.Helper()
	p, problems, err := intake.MakePlan(d, v, opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Fatalf("%d problems, the first is %s", len(problems), problems[0])
	}
	return p
}

// bring brings files in, checks that a second time changes nothing, and returns
// the plan.
func bring(t testing.TB, m *memory, f intake.Files, opt intake.Options) *intake.Plan {
	t.Helper()
	d := read(t, f)
	p := plan(t, d, m, opt)
	if err := m.apply(p, opt.Now); err != nil {
		t.Fatal(err)
	}
	opt.Now += 1000
	if again := plan(t, d, m, opt); !again.Empty() {
		t.Fatalf("the second time it changes %s", renderChanges(again.Changes[:1]))
	}
	return p
}

// starting makes an organization from the texts of files.
func starting(t testing.TB, depts, users, signIns string) *memory {
	t.Helper()
	m := newMemory(time.UTC)
	bring(t, m, write(t, depts, users, signIns), intake.Options{Now: firstNow})
	return m
}

func renderChanges(changes []rollcall.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s u%d d%d %s\n", c.Kind, c.Ordinal, c.DeptID, render(c.Payload))
	}
	return b.String()
}

// render shows a value by what it says, pointers followed.
func render(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
