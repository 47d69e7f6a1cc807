package directory

import (
	"slices"

	"rollcall"
	"rollcall/internal/ordset"
)

// What belonged at an instant follows from the intervals (contract D6): what
// belongs now, without what began since, with what ended since.

// RosterAt returns who belonged to the organization just before t. The set is
// the caller's.
func (r *Root) RosterAt(t rollcall.Instant) *ordset.Set {
	set := setOf(r.present)
	began := r.arrivals.Search(func(o uint32) bool { return r.record(o).stay().From < t })
	for _, o := range r.arrivals.Append(nil, began, r.arrivals.Len()-began) {
		set.Remove(o)
	}
	addEnded(set, r.departed, t)
	return set
}

// EverActivated returns whose account was ever activated, also of those who have
// left. The set is the caller's.
func (r *Root) EverActivated() *ordset.Set { return setOf(r.activated) }

func setOf(bits vector[uint64]) *ordset.Set {
	words := make([]uint64, 0, bits.n)
	for i, leaf := range bits.leaves {
		words = append(words, leaf[:min(leafLen, bits.n-i*leafLen)]...)
	}
	return ordset.Of(words)
}

// AddMembersAt adds those who were directly in a department just before t, also
// in one that was deleted since.
func (r *Root) AddMembersAt(set *ordset.Set, id rollcall.DeptID, t rollcall.Instant) {
	n, ok := r.deptNo(id)
	if !ok {
		return
	}
	d := r.depts.at(int(n))
	entered := r.enteredBefore(d, t)
	for _, o := range d.all.entry.Append(make([]uint32, 0, entered), 0, entered) {
		set.Add(o)
	}
	addEnded(set, d.past, t)
}

// enteredBefore returns how many of a department's members had entered it just
// before t; they are the first by the time of entering.
func (r *Root) enteredBefore(d *dept, t rollcall.Instant) int {
	before := func(o uint32) bool { return r.record(o).in(d.ID).entered() < t }
	// Mostly it is about all of them, and each look goes to another place of the
	// memory.
	if n := d.all.entry.Len(); n == 0 || before(d.all.entry.At(n-1)) {
		return n
	}
	return d.all.entry.Search(before)
}

// addEnded adds those of ended belongings, which are sorted by their end, that
// were there just before t.
func addEnded(set *ordset.Set, past []pastStay, t rollcall.Instant) {
	for i := len(past) - 1; i >= 0 && past[i].To >= t; i-- {
		if past[i].Covers(t) {
			set.Add(past[i].ordinal)
		}
	}
}

// SubtreeAt returns a department and everything below it, with the tree as it
// was just before t.
func (r *Root) SubtreeAt(id rollcall.DeptID, t rollcall.Instant) []rollcall.DeptID {
	n, ok := r.deptNo(id)
	if !ok {
		return []rollcall.DeptID{id}
	}
	numbers := r.treeAt(t).below([]uint32{n})
	tree := make([]rollcall.DeptID, len(numbers))
	for i, n := range numbers {
		tree[i] = r.depts.at(int(n)).ID
	}
	return tree
}

// tree is what was directly below each department at an instant, by number.
type tree struct {
	first []uint32 // where in kids those below each begin
	kids  []uint32
}

func (r *Root) treeAt(t rollcall.Instant) tree {
	const none = ^uint32(0)
	parents := make([]uint32, r.depts.n)
	first := make([]uint32, r.depts.n+1)
	for n := range parents {
		parents[n] = none
		if id, ok := r.depts.at(n).parentAt(t); ok {
			if p, ok := r.deptNo(id); ok {
				parents[n] = p
				first[p+1]++
			}
		}
	}
	for n := range parents {
		first[n+1] += first[n]
	}
	kids, next := make([]uint32, first[len(parents)]), slices.Clone(first)
	for n, p := range parents {
		if p != none {
			kids[next[p]] = uint32(n)
			next[p]++
		}
	}
	return tree{first, kids}
}

// below returns departments and everything below them, each once.
func (t tree) below(tops []uint32) []uint32 {
	seen := make([]bool, len(t.first)-1)
	var list []uint32
	add := func(numbers []uint32) {
		for _, n := range numbers {
			// Times can contradict each other where a clock went back; what is
			// above the top must not be found below it, that would never end.
			if !seen[n] {
				seen[n] = true
				list = append(list, n)
			}
		}
	}
	add(tops)
	for i := 0; i < len(list); i++ {
		n := list[i]
		add(t.kids[t.first[n]:t.first[n+1]])
	}
	return list
}

// parentAt returns the parent just before t; false for the root department and
// where the department did not exist then. Times overlap where a department
// came back "since the beginning"; then the one that was recorded first counts.
func (d *dept) parentAt(t rollcall.Instant) (rollcall.DeptID, bool) {
	if d.ID == rollcall.RootDept {
		return 0, false
	}
	for _, p := range d.parents {
		if p.Covers(t) {
			return p.parent, true
		}
	}
	return d.ParentID, rollcall.Stay{From: d.Since, To: d.ended}.Covers(t)
}

// withPast adds an ended belonging and keeps the list sorted by the end. Older
// versions may share the list, so that only the place past their end is
// written.
func withPast(past []pastStay, p pastStay) []pastStay {
	if n := len(past); n == 0 || past[n-1].To <= p.To {
		return append(past, p)
	}
	i, _ := slices.BinarySearchFunc(past, p, func(a, b pastStay) int {
		if a.To <= b.To {
			return -1
		}
		return 1
	})
	return slices.Insert(slices.Clone(past), i, p)
}
