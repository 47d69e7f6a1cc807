// Package sample makes up organizations: a small one to look at and to try
// things with ([Demo]), and large ones to measure with ([Generate]). What it
// makes depends on nothing but the arguments: the same ones give the same
// organization, byte for byte, on every machine.
package sample

import (
	"math/bits"

	"rollcall"
)

// Organization is a made-up organization, ready for the write path.
type Organization struct {
	// Name is the name for the organization and so for its root department,
	// which exists before the first change.
	Name string
	// Changes bring everything in, in an order in which they can be applied to
	// a new organization. At, By and Version are left to the writer.
	Changes []rollcall.Change
	// SignIns are the people who signed in on each day, ascending. Everyone in
	// them is activated.
	SignIns map[rollcall.Day][]rollcall.Ordinal
}

// dice is a source of numbers that look random: splitmix64, whose numbers are
// the same everywhere and for ever.
type dice uint64

// throw makes the dice for one thing, such as a person, from the seed and
// numbers that name the thing. Each thing has dice of its own, so that it comes
// out the same whether or not the others are made.
func throw(seed uint64, names ...uint64) *dice {
	d := dice(seed)
	for _, n := range names {
		d = dice(d.next() ^ n)
	}
	return &d
}

func (d *dice) next() uint64 {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below returns a number from 0 to n-1.
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.next(), uint64(n))
	return int(hi)
}

// permille is true n times of 1000.
func (d *dice) permille(n int) bool { return d.below(1000) < n }

// front is below with small numbers more often than large ones.
func (d *dice) front(n int) int { return min(d.below(n), d.below(n), d.below(n)) }

func pick[T any](d *dice, from []T) T { return from[d.below(len(from))] }

// join is the change by which a person comes in.
func join(u *rollcall.User) rollcall.Change {
	own := *u
	own.Memberships = nil
	return rollcall.Change{Kind: rollcall.UserJoined, Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &own}}
}

// addMember is the change by which a person comes into a department.
func addMember(o rollcall.Ordinal, m rollcall.Membership) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: m.DeptID, Payload: rollcall.Payload{Member: &m}}
}

// createDept is the change that creates a department.
func createDept(d rollcall.Dept) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptCreated, DeptID: d.ID, Payload: rollcall.Payload{Dept: &d}}
}
