package directory_test

import (
	"cmp"
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
)

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
		want := fmt.Sprintf("%+v", m.People[o].User())
		byID, ok := s.UserByID(m.People[o].Own.UserID)
		if got := fmt.Sprintf("%+v", *u); got != want || !ok || fmt.Sprintf("%+v", *byID) != want {
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
		if *d != m.Depts[living[i]].Dept {
			t.Fatalf("department %+v is not %+v", *d, m.Depts[living[i]].Dept)
		}
	}
	for _, id := range modeltest.DeptIDs() {
		d, ok := s.Dept(id)
		if alive := slices.Contains(living, id); ok != alive || ok && d.ID != id {
			t.Fatalf("department %d exists: %v", id, ok)
		}
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
	for o, p := range m.People {
		for _, b := range p.User().Memberships {
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
