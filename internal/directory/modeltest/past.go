package modeltest

import (
	"slices"

	"rollcall"
)

// covers says that a belonging includes the instant just before t (contract
// D6).
func covers(s rollcall.Stay, t rollcall.Instant) bool { return s.From < t && t <= s.To }

// RosterAt returns who belonged just before t, by ordinal.
func (m *Model) RosterAt(t rollcall.Instant) []uint32 {
	roster := []uint32{}
	for o, p := range m.People {
		if slices.ContainsFunc(p.Stays, func(s rollcall.Stay) bool { return covers(s, t) }) {
			roster = append(roster, uint32(o))
		}
	}
	return roster
}

// MembersAt returns who was directly in one of the departments just before t,
// by ordinal.
func (m *Model) MembersAt(ids []rollcall.DeptID, t rollcall.Instant) []uint32 {
	members := []uint32{}
	for o, p := range m.People {
		if slices.ContainsFunc(p.Members, func(x Member) bool {
			return slices.Contains(ids, x.DeptID) && covers(rollcall.Stay{From: x.Entered, To: x.Left}, t)
		}) {
			members = append(members, uint32(o))
		}
	}
	return members
}

// parentAt returns the parent of a department just before t; false where it had
// none. Of times that overlap, because a start was put into the past, the one
// that was recorded first counts.
func (m *Model) parentAt(id rollcall.DeptID, t rollcall.Instant) (rollcall.DeptID, bool) {
	for _, life := range m.Depts[id].Lives {
		if id != rollcall.RootDept && covers(life.Stay, t) {
			return life.Parent, true
		}
	}
	return 0, false
}

// SubtreeAt returns a department and all that was below it just before t, by
// id.
func (m *Model) SubtreeAt(top rollcall.DeptID, t rollcall.Instant) []rollcall.DeptID {
	subtree := []rollcall.DeptID{}
	for _, id := range m.EveryDept() {
		at, ok := id, true
		// The tree cannot be deeper than there are departments.
		for range m.Depts {
			if at == top || !ok {
				break
			}
			at, ok = m.parentAt(at, t)
		}
		if at == top {
			subtree = append(subtree, id)
		}
	}
	return subtree
}

// Answer returns who did or did not sign in on a day, by ordinal (contract D6).
// Without departments it is about everyone.
func (m *Model) Answer(day rollcall.Day, k *rollcall.Calendar, active bool, depts []rollcall.DeptID, subtrees bool) []uint32 {
	end := rollcall.At(k.End(day))
	of := m.RosterAt(end)
	if len(depts) > 0 {
		all := slices.Clone(depts)
		if subtrees {
			for _, d := range depts {
				all = append(all, m.SubtreeAt(d, end)...)
			}
		}
		of = m.MembersAt(all, end)
	}
	answer := []uint32{}
	for _, o := range of {
		if m.SignedIn[day][rollcall.Ordinal(o)] == active {
			answer = append(answer, o)
		}
	}
	return answer
}

// Instants returns every instant at which a belonging began or ended, and those
// right after: between two of them nothing changes.
func (m *Model) Instants() []rollcall.Instant {
	var list []rollcall.Instant
	add := func(s rollcall.Stay) {
		for _, t := range []rollcall.Instant{s.From, s.To} {
			if t != rollcall.Open {
				list = append(list, t, t+1)
			}
		}
	}
	for _, p := range m.People {
		for _, s := range p.Stays {
			add(s)
		}
		for _, x := range p.Members {
			add(rollcall.Stay{From: x.Entered, To: x.Left})
		}
	}
	for _, d := range m.Depts {
		for _, life := range d.Lives {
			add(life.Stay)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
