package directory

import (
	"iter"
	"slices"

	"rollcall"
	"rollcall/internal/ordset"
)

// Reports yields who reports to somebody, by ordinal.
func (r *Root) Reports(to rollcall.Ordinal) iter.Seq[rollcall.Ordinal] {
	return func(yield func(rollcall.Ordinal) bool) {
		at := r.reports.Search(func(o uint32) bool { return r.record(o).manager() < uint32(to) })
		for ; at < r.reports.Len(); at++ {
			o := r.reports.At(at)
			if r.record(o).manager() != uint32(to) || !yield(rollcall.Ordinal(o)) {
				return
			}
		}
	}
}

// Admins returns the administrators, by ordinal.
func (r *Root) Admins() []rollcall.Ordinal {
	var list []rollcall.Ordinal
	for _, role := range []rollcall.RoleID{rollcall.RoleMainAdmin, rollcall.RoleSubAdmin} {
		for o := range r.system[role-1].All() {
			list = append(list, rollcall.Ordinal(o))
		}
	}
	slices.Sort(list)
	return list
}

// Departed yields who has left and not come back, in the order in which they
// left.
func (r *Root) Departed() iter.Seq[rollcall.Ordinal] {
	return func(yield func(rollcall.Ordinal) bool) {
		// Two stays of a person may be the same: clocks have no finer tick.
		seen := ordset.New(r.people)
		for _, p := range r.departed {
			if r.record(p.ordinal).stay() != p.Stay || seen.Has(p.ordinal) {
				continue
			}
			seen.Add(p.ordinal)
			if !yield(rollcall.Ordinal(p.ordinal)) {
				return
			}
		}
	}
}

// Reports returns who reports to somebody by now, by ordinal.
func (s *State) Reports(to rollcall.Ordinal) []rollcall.Ordinal {
	var list []rollcall.Ordinal
	for o := range s.base.Reports(to) {
		if s.users.at(o) == nil {
			list = append(list, o)
		}
	}
	for o, u := range s.users.all() {
		if u.Present() && u.Manager != nil && *u.Manager == to {
			list = append(list, o)
		}
	}
	slices.Sort(list)
	return list
}
