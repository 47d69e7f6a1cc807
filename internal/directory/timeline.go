package directory

import (
	"math/bits"
	"slices"
	"sort"

	"rollcall"
	"rollcall/internal/ordset"
)

// Timeline goes through instants, one after the other, and tells who belonged
// just before each. From one to the next it takes what began and what ended
// between them, which is little beside everyone.
type Timeline struct {
	ends []rollcall.Instant
	next int // which instant comes next

	set   *ordset.Set
	count int
	// twice has those who belong more than once at the moment, in two departments
	// or by stays that overlap; more says how often beyond twice.
	twice *ordset.Set
	more  map[uint32]int
	// comes and goes are who has one belonging more or less at each instant.
	comes, goes [][]uint32
	// words are the only ones of the set that ever have a bit; nil where it may be
	// any.
	words []uint32
}

// Timeline returns who belonged to the organization, or where there are
// departments to one of them, just before each of some ascending instants.
// Subtrees widens the departments to everything that was below them at the
// instant.
func (r *Root) Timeline(ends []rollcall.Instant, depts []rollcall.DeptID, subtrees bool) *Timeline {
	t := &Timeline{
		ends: ends, twice: ordset.New(0), more: map[uint32]int{}, comes: make([][]uint32, len(ends)+1), goes: make([][]uint32, len(ends)+1),
	}
	if len(ends) == 0 {
		return t
	}
	if len(depts) == 0 {
		t.everyone(r)
		return t
	}
	var numbers []uint32
	for _, id := range depts {
		if n, ok := r.deptNo(id); ok && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	t.set = ordset.New(r.people)
	if subtrees {
		for _, p := range r.subtrees(ends, numbers) {
			t.members(r, p)
		}
	} else {
		for _, n := range numbers {
			t.members(r, part{n, 0, len(ends)})
		}
	}
	t.narrow()
	return t
}

// part is a department that counts from one instant until before another, by
// their numbers.
type part struct {
	dept     uint32
	from, to int
}

// after returns the number of the first instant after one.
func (t *Timeline) after(x rollcall.Instant) int { return after(t.ends, x) }

func after(ends []rollcall.Instant, x rollcall.Instant) int {
	return sort.Search(len(ends), func(i int) bool { return ends[i] > x })
}

// everyone takes in the stays of all people.
func (t *Timeline) everyone(r *Root) {
	t.set = setOf(r.present)
	began := r.arrivals.Search(func(o uint32) bool { return r.record(o).stay().From < t.ends[0] })
	for _, o := range r.arrivals.Append(nil, began, r.arrivals.Len()-began) {
		t.set.Remove(o)
		t.begins(o, t.after(r.record(o).stay().From))
	}
	t.count = t.set.Count()
	t.ended(r.departed, 0, len(t.ends))
}

// members takes in those of a department.
func (t *Timeline) members(r *Root, p part) {
	d := r.depts.at(int(p.dept))
	entered := r.enteredBefore(d, t.ends[p.from])
	list := d.all.entry.Append(nil, 0, d.all.entry.Len())
	for i, o := range list {
		from := p.from
		if i >= entered {
			if from = t.after(r.record(o).in(d.ID).entered()); from >= p.to {
				list = list[:i]
				break
			}
		}
		t.begins(o, from)
	}
	if p.to < len(t.ends) {
		t.goes[p.to] = append(t.goes[p.to], list...)
	}
	t.ended(d.past, p.from, p.to)
}

// ended takes in belongings that have ended, of those that are sorted by their
// end, where they were there at one of the instants from one until before
// another.
func (t *Timeline) ended(past []pastStay, from, to int) {
	for i := len(past) - 1; i >= 0 && past[i].To >= t.ends[from]; i-- {
		lo, hi := max(from, t.after(past[i].From)), min(to, t.after(past[i].To))
		if lo < hi {
			t.begins(past[i].ordinal, lo)
			t.goes[hi] = append(t.goes[hi], past[i].ordinal) // of the last one, nobody looks
		}
	}
}

// begins notes that somebody belongs from an instant on.
func (t *Timeline) begins(o uint32, at int) {
	if at == 0 {
		t.enter(o)
	} else {
		t.comes[at] = append(t.comes[at], o)
	}
}

func (t *Timeline) enter(o uint32) {
	switch {
	case !t.set.Has(o):
		t.set.Add(o)
		t.count++
	case !t.twice.Has(o):
		t.twice.Add(o)
	default:
		t.more[o]++
	}
}

func (t *Timeline) leave(o uint32) {
	switch {
	case !t.twice.Has(o):
		t.set.Remove(o)
		t.count--
	case t.more[o] == 0:
		t.twice.Remove(o)
	default:
		t.more[o]--
	}
}

// Next goes on to the next instant and returns who belonged just before it, and
// how many they are. The set holds until Next is called again and must not be
// changed.
func (t *Timeline) Next() (set *ordset.Set, count int) {
	for _, o := range t.comes[t.next] {
		t.enter(o)
	}
	for _, o := range t.goes[t.next] {
		t.leave(o)
	}
	t.next++
	return t.set, t.count
}

// CountBoth returns how many of those whom Next returned are in a set.
func (t *Timeline) CountBoth(s *ordset.Set) int {
	if t.words == nil {
		return t.set.CountBoth(s)
	}
	n := 0
	for _, i := range t.words {
		n += bits.OnesCount64(t.set.Word(int(i)) & s.Word(int(i)))
	}
	return n
}

// narrow finds out where in the set anybody can ever be. Of a small department
// these are few places.
func (t *Timeline) narrow() {
	reach := ordset.New(0)
	for o := range t.set.All() {
		reach.Add(o / 64)
	}
	for _, list := range t.comes {
		for _, o := range list {
			reach.Add(o / 64)
		}
	}
	if 4*reach.Count() < t.set.Bytes()/8 {
		t.words = slices.AppendSeq([]uint32{}, reach.All())
	}
}

// subtrees returns when departments were below some others, or are these.
func (r *Root) subtrees(ends []rollcall.Instant, tops []uint32) []part {
	var parts []part
	since := make([]int, r.depts.n) // when each began to be below, and one more; 0 is not
	for i, changed := range r.treeChanges(ends) {
		if !changed {
			continue
		}
		below := make([]bool, r.depts.n)
		for _, n := range r.treeAt(ends[i]).below(tops) {
			if below[n] = true; since[n] == 0 {
				since[n] = i + 1
			}
		}
		for n, is := range below {
			if !is && since[n] > 0 {
				parts = append(parts, part{uint32(n), since[n] - 1, i})
				since[n] = 0
			}
		}
	}
	for n, i := range since {
		if i > 0 {
			parts = append(parts, part{uint32(n), i - 1, len(ends)})
		}
	}
	return parts
}

// treeChanges tells for each instant whether the tree may be another than at the
// one before.
func (r *Root) treeChanges(ends []rollcall.Instant) []bool {
	changed := make([]bool, len(ends)+1)
	note := func(x rollcall.Instant) { changed[after(ends, x)] = true }
	for n := range r.depts.n {
		d := r.depts.at(n)
		note(d.Since)
		note(d.ended)
		for _, p := range d.parents {
			note(p.From)
			note(p.To)
		}
	}
	changed[0] = true // there is none before it
	return changed[:len(ends)]
}
