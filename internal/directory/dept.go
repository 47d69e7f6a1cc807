package directory

import (
	"iter"
	"slices"

	"rollcall"
)

// Children yields the departments directly below one as they are by now, in no
// particular order.
func (s *State) Children(id rollcall.DeptID) iter.Seq[*rollcall.Dept] {
	return func(yield func(*rollcall.Dept) bool) {
		if d := s.base.dept(id); d != nil {
			for _, n := range d.children {
				c := s.base.depts.at(int(n))
				if s.depts[c.ID] == nil && !yield(&c.Dept) {
					return
				}
			}
		}
		for _, c := range s.depts {
			if c.ParentID == id && c.ended == rollcall.Open && !yield(&c.Dept) {
				return
			}
		}
	}
}

// MemberCount returns how many people are directly in a department by now.
func (s *State) MemberCount(id rollcall.DeptID) int {
	d := s.livingDept(id)
	if d == nil {
		return 0
	}
	return d.all.custom.Len() + s.members[id]
}

// Leaders returns who leads a department by now, by ordinal.
func (s *State) Leaders(id rollcall.DeptID) []rollcall.Ordinal {
	var leaders []rollcall.Ordinal
	if d := s.base.dept(id); d != nil {
		for o := range d.all.custom.All() {
			if s.users.at(rollcall.Ordinal(o)) == nil && s.base.record(o).in(id).leader() {
				leaders = append(leaders, rollcall.Ordinal(o))
			}
		}
	}
	for o, u := range s.users.all() {
		if m := u.Membership(id); m != nil && m.Leader {
			leaders = append(leaders, o)
		}
	}
	slices.Sort(leaders)
	return leaders
}
