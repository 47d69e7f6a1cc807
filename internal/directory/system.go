package directory

import (
	"rollcall"
	"rollcall/internal/directory/sequence"
)

// systemCount is how many roles follow from what people are. Who holds them is
// kept in lists, as for other roles, so that a page of one does not look at
// everyone.
const systemCount = 4

// systemHolders are the people who hold each system role, by ordinal.
type systemHolders [systemCount]sequence.Seq

// systemSet is a set of system roles, a bit for each.
type systemSet uint8

// has reports whether the i-th of the system roles is in the set.
func (s systemSet) has(i int) bool { return s>>i&1 == 1 }

func systemRolesOf(u *rollcall.User) (s systemSet) {
	for i := range systemCount {
		if u.HoldsSystem(rollcall.RoleID(i + 1)) {
			s |= 1 << i
		}
	}
	return s
}

// system is systemRolesOf from the bytes.
func (r record) system() systemSet {
	if r[0]&flagSystem == 0 { // as nearly everyone
		return 0
	}
	var u rollcall.User
	for i := range r.members() {
		if r.member(i).leader() {
			u.Memberships = []rollcall.Membership{{Leader: true}}
			break
		}
	}
	d := r.afterNumbers()
	d.skipTexts()
	marks := d.natural()
	u.Boss = marks&markBoss != 0
	if marks&markManager != 0 {
		d.natural()
	}
	if marks&markAdmin != 0 {
		u.Admin = d[0]
	}
	return systemRolesOf(&u)
}

// systemIf is system of somebody who is present, and nothing of anybody else.
func (r record) systemIf(present bool) systemSet {
	if !present {
		return 0
	}
	return r.system()
}

// systemEdits is what changes in the lists.
type systemEdits [systemCount]memberEdit

// note notes what a person held and holds.
func (e *systemEdits) note(o uint32, held, holds systemSet) {
	for i := range e {
		switch was, is := held.has(i), holds.has(i); {
		case was && !is:
			e[i].out = append(e[i].out, o)
		case is && !was:
			e[i].in = append(e[i].in, o)
		}
	}
}

// relistSystem brings the lists up to date.
func (s *State) relistSystem(next *Root, edits *systemEdits) {
	for i := range edits {
		next.system[i] = s.relist(s.base.system[i], next, edits[i], func(comparer) func(a, b uint32) int { return byOrdinal }, 0)
	}
}

func (h *systemHolders) bytes() (n int) {
	for i := range h {
		n += h[i].Bytes()
	}
	return n
}
