package directory_test

import (
	"cmp"
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
)

// blind returns an error unless an intent's state is what the model says. It is
// for intents, which run in a goroutine that is not the test's.
func blind(s *directory.State, m *modeltest.Model) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case noted:
			err = p
		default:
			panic(p)
		}
	}()
	sees(notes{}, s, m)
	return nil
}

// notes is a tb that stops at the first failure with a panic of a [noted].
type notes struct{}

type noted string

func (n noted) Error() string                   { return string(n) }
func (notes) Helper()                           {}
func (notes) Fatalf(format string, args ...any) { panic(noted(fmt.Sprintf(format, args...))) }

// sees fails unless an intent's state is what the model says.
func sees(t tb, s *directory.State, m *modeltest.Model) {
	t.Helper()
	if got := int(s.NextOrdinal()); got != len(m.People) {
		t.Fatalf("the next ordinal is %d and not %d", got, len(m.People))
	}
	if !s.Corp().Same(m.Corp) || s.Location().String() != m.Corp.Timezone {
		t.Fatalf("the organization is %+v in %s and not %+v", s.Corp(), s.Location(), m.Corp)
	}
	o := 0
	for u := range s.Users() {
		person := m.User(rollcall.Ordinal(o))
		want := modeltest.ShowUser(&person)
		byID, ok := s.UserByID(person.UserID)
		if got := modeltest.ShowUser(u); got != want || !ok || modeltest.ShowUser(byID) != want {
			t.Fatalf("person %d is %s and not %s", o, got, want)
		}
		o++
	}
	if o != len(m.People) || s.User(rollcall.Ordinal(o)) != nil {
		t.Fatalf("there are %d people and not %d", o, len(m.People))
	}
	if _, ok := s.UserByID("nobody"); ok {
		t.Fatalf("nobody is there")
	}
	depts := slices.SortedFunc(s.Depts(), func(a, b *rollcall.Dept) int { return cmp.Compare(a.ID, b.ID) })
	living := m.LivingDepts()
	if len(depts) != len(living) {
		t.Fatalf("there are %d departments and not %d", len(depts), len(living))
	}
	for i, d := range depts {
		if got, want := modeltest.ShowDept(d), modeltest.ShowDept(&m.Depts[living[i]].Dept); got != want {
			t.Fatalf("department %s is not %s", got, want)
		}
	}
	next := slices.Max(m.EveryDept()) + 1
	if s.NextDept() != next || s.DeptEver(next) {
		t.Fatalf("the next department is %d and not %d", s.NextDept(), next)
	}
	for _, id := range modeltest.DeptIDs() {
		d, ok := s.Dept(id)
		if alive := slices.Contains(living, id); ok != alive || ok && d.ID != id {
			t.Fatalf("department %d exists: %v", id, ok)
		}
		if _, ever := m.Depts[id]; s.DeptEver(id) != ever {
			t.Fatalf("department %d ever existed: %v", id, !ever)
		}
	}
	seesRoles(t, s, m)
	if d := modeltest.Differ(modeltest.FoundWithin(s, m.Seen), m.FoundWithin(m.Seen)); d != "" {
		t.Fatalf("%s", d)
	}
	for _, id := range living {
		seesDept(t, s, m, id)
	}
	for _, name := range []string{"appA", "appB"} {
		a, ok := s.App(m.Corp.ID + name)
		want, there := m.Apps[m.Corp.ID+name]
		if ok != there || ok && fmt.Sprintf("%+v", *a) != fmt.Sprintf("%+v", want) {
			t.Fatalf("app %s is %+v and not %+v", name, a, want)
		}
	}
}

func seesRoles(t tb, s *directory.State, m *modeltest.Model) {
	t.Helper()
	if s.NextGroup() != m.Roles.NextGroup || s.NextRole() != m.Roles.NextRole {
		t.Fatalf("the next group is %d, the next role %d, and not %d and %d", s.NextGroup(), s.NextRole(), m.Roles.NextGroup, m.Roles.NextRole)
	}
	groups, all := 0, 0
	for g := range s.RoleGroups() {
		groups++
		if same, ok := s.RoleGroup(g.ID); !ok || same != g || m.Roles.Groups[g.ID] != g.Name {
			t.Fatalf("role group %+v is not %q, or found as %+v", g, m.Roles.Groups[g.ID], same)
		}
	}
	for r := range s.Roles() {
		all++
		if same, ok := s.Role(r.ID); !ok || same != r || m.Roles.Roles[r.ID] != r {
			t.Fatalf("role %+v is not %+v, or found as %+v", r, m.Roles.Roles[r.ID], same)
		}
		if got, want := slices.Collect(s.RoleHolders(r.ID)), m.Roles.Holders(r.ID); !slices.Equal(got, want) {
			t.Fatalf("role %d is held by %v and not by %v", r.ID, got, want)
		}
	}
	if groups != len(m.Roles.Groups) || all != len(m.Roles.Roles) {
		t.Fatalf("there are %d groups and %d roles, and not %d and %d", groups, all, len(m.Roles.Groups), len(m.Roles.Roles))
	}
	if _, ok := s.Role(s.NextRole()); ok {
		t.Fatalf("the next role is there already")
	}
}

// seesDept fails unless what an intent's state says about a department is what
// the model says.
func seesDept(t tb, s *directory.State, m *modeltest.Model, id rollcall.DeptID) {
	t.Helper()
	children, members, leaders := []rollcall.DeptID{}, 0, []rollcall.Ordinal{}
	for _, c := range m.LivingDepts() {
		if m.Depts[c].ParentID == id {
			children = append(children, c)
		}
	}
	for o := range m.People {
		for _, b := range m.User(rollcall.Ordinal(o)).Memberships {
			if b.DeptID == id {
				members++
				if b.Leader {
					leaders = append(leaders, rollcall.Ordinal(o))
				}
			}
		}
	}
	below := []rollcall.DeptID{}
	for d := range s.Children(id) {
		below = append(below, d.ID)
	}
	slices.Sort(below)
	slices.Sort(children)
	if !slices.Equal(below, children) || s.MemberCount(id) != members || !slices.Equal(s.Leaders(id), leaders) {
		t.Fatalf("department %d has the children %v, %d members and the leaders %v, and not %v, %d and %v",
			id, below, s.MemberCount(id), s.Leaders(id), children, members, leaders)
	}
}
