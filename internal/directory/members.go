package directory

import (
	"bytes"
	"cmp"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

// Members is the list of a department's members in one order.
type Members struct {
	seq sequence.Seq
	// time gives the instant by which seq ascends, where it is to be read
	// downwards.
	time func(ordinal uint32) rollcall.Instant
}

// Members returns a department's members in an order (contract D8): everyone,
// or only those whose visibility is not restricted (contract D9). It reports
// false where the department does not exist.
func (r *Root) Members(id rollcall.DeptID, o rollcall.Order, l rollcall.Language, withLimited bool) (Members, bool) {
	d := r.dept(id)
	if d == nil {
		return Members{}, false
	}
	of := &d.all
	if !withLimited && d.shown != nil {
		of = d.shown
	}
	switch o {
	case rollcall.OrderEntryAsc:
		return Members{seq: of.entry}, true
	case rollcall.OrderEntryDesc:
		return Members{seq: of.entry, time: func(o uint32) rollcall.Instant { return r.record(o).in(id).entered() }}, true
	case rollcall.OrderModifyAsc:
		return Members{seq: of.modify}, true
	case rollcall.OrderModifyDesc:
		return Members{seq: of.modify, time: func(o uint32) rollcall.Instant { return r.record(o).in(id).modified() }}, true
	}
	if l == rollcall.English {
		return Members{seq: of.customEN}, true
	}
	return Members{seq: of.custom}, true
}

// Len returns the number of members.
func (m Members) Len() int { return m.seq.Len() }

// Append appends the ordinals of n members from the offset-th on to dst; fewer
// where the list ends.
func (m Members) Append(dst []uint32, offset, n int) []uint32 {
	if m.time == nil {
		return m.seq.Append(dst, offset, n)
	}
	// Downwards, but those of the same time stay in ascending order: go from
	// run to run of equal times. A run at lo..hi of the ascending list lies at
	// total-hi..total-lo of the descending one.
	total := m.seq.Len()
	for n > 0 && offset >= 0 && offset < total {
		lo, hi := m.run(total - 1 - offset)
		skip := offset - (total - hi)
		take := min(n, hi-lo-skip)
		dst = m.seq.Append(dst, lo+skip, take)
		offset += take
		n -= take
	}
	return dst
}

// run returns the bounds of the run of equal times around a position. Most runs
// are of one: the neighbours are looked at before anything is searched.
func (m Members) run(at int) (lo, hi int) {
	t := m.time(m.seq.At(at))
	lo, hi = at, at+1
	if lo > 0 && m.time(m.seq.At(lo-1)) == t {
		lo = m.seq.Search(func(o uint32) bool { return m.time(o) < t })
	}
	if hi < m.seq.Len() && m.time(m.seq.At(hi)) == t {
		hi = m.seq.Search(func(o uint32) bool { return m.time(o) <= t })
	}
	return lo, hi
}

// maxAtOnce is how many cards are gathered before they are copied.
const maxAtOnce = 128

// gather finds the cards of people. They lie all over the memory: going over
// them step by step, instead of person by person, lets the processor fetch many
// at the same time.
func (r *Root) gather(cards *[maxAtOnce]card, ordinals []uint32) []card {
	var blocks [maxAtOnce]block
	for i, o := range ordinals {
		blocks[i] = r.cards.at(int(o / blockLen))
	}
	for i, o := range ordinals {
		cards[i] = card(blocks[i].at(int(o % blockLen)))
	}
	return cards[:len(ordinals)]
}

// AppendCards appends the fragments of people, joined by commas, to dst.
func (r *Root) AppendCards(dst []byte, ordinals []uint32, l rollcall.Language) []byte {
	var room [maxAtOnce]card
	for len(ordinals) > 0 {
		n := min(len(ordinals), maxAtOnce)
		cards := r.gather(&room, ordinals[:n])
		for i, c := range cards {
			cards[i] = c.fragment(l)
		}
		for _, fragment := range cards {
			dst = append(append(dst, fragment...), ',')
		}
		if ordinals = ordinals[n:]; len(ordinals) == 0 {
			return dst[:len(dst)-1]
		}
	}
	return dst
}

// AppendUserIDs appends the quoted userids of people, joined by commas, to dst.
func (r *Root) AppendUserIDs(dst []byte, ordinals []uint32) []byte {
	var room [maxAtOnce]card
	for len(ordinals) > 0 {
		n := min(len(ordinals), maxAtOnce)
		cards := r.gather(&room, ordinals[:n])
		for i, c := range cards {
			cards[i] = c.userid()
		}
		for _, userid := range cards {
			dst = append(append(dst, userid...), ',')
		}
		if ordinals = ordinals[n:]; len(ordinals) == 0 {
			return dst[:len(dst)-1]
		}
	}
	return dst
}

// AppendEachUserID appends the quoted userids of people to dst, a comma behind
// each, and to ends where in dst each one ends with its comma.
func (r *Root) AppendEachUserID(dst []byte, ends, ordinals []uint32) ([]byte, []uint32) {
	var room [maxAtOnce]card
	for len(ordinals) > 0 {
		n := min(len(ordinals), maxAtOnce)
		for _, c := range r.gather(&room, ordinals[:n]) {
			dst = append(append(dst, c.userid()...), ',')
			ends = append(ends, uint32(len(dst)))
		}
		ordinals = ordinals[n:]
	}
	return dst, ends
}

// AppendAllUserIDs is AppendUserIDs of a whole list. Of a large one it keeps the
// result for the next time.
func (r *Root) AppendAllUserIDs(dst []byte, m Members) []byte {
	if m.Len() < joinedFrom || m.time != nil {
		return r.appendAllUserIDs(dst, m)
	}
	return append(dst, r.joined.get(m.seq, func() []byte { return r.appendAllUserIDs(nil, m) })...)
}

func (r *Root) appendAllUserIDs(dst []byte, m Members) []byte {
	var page [maxAtOnce]uint32
	for at := 0; at < m.Len(); at += maxAtOnce {
		if at > 0 {
			dst = append(dst, ',')
		}
		dst = r.AppendUserIDs(dst, m.Append(page[:0], at, maxAtOnce))
	}
	return dst
}

// comparer gives the orders of a department's members, as the records of one
// version have them. Ties end with the userid (contract D8).
type comparer struct {
	record func(o uint32) record
	dept   rollcall.DeptID
}

func (c comparer) custom(l rollcall.Language) func(a, b uint32) int {
	return func(a, b uint32) int {
		ra, rb := c.record(a), c.record(b)
		ma, mb := ra.in(c.dept), rb.in(c.dept)
		if oa, ob := ma.ordered(), mb.ordered(); oa || ob {
			if oa != ob {
				if oa {
					return -1
				}
				return 1
			}
			if x := cmp.Compare(mb.order(), ma.order()); x != 0 {
				return x
			}
		}
		if x := bytes.Compare(ra.key(l), rb.key(l)); x != 0 {
			return x
		}
		return compareUserIDs(ra, rb)
	}
}

func (c comparer) entry(a, b uint32) int {
	ra, rb := c.record(a), c.record(b)
	if x := cmp.Compare(ra.in(c.dept).entered(), rb.in(c.dept).entered()); x != 0 {
		return x
	}
	return compareUserIDs(ra, rb)
}

func (c comparer) modify(a, b uint32) int {
	ra, rb := c.record(a), c.record(b)
	if x := cmp.Compare(ra.in(c.dept).modified(), rb.in(c.dept).modified()); x != 0 {
		return x
	}
	return compareUserIDs(ra, rb)
}

// report is the order of Root.reports.
func (c comparer) report(a, b uint32) int {
	if x := cmp.Compare(c.record(a).manager(), c.record(b).manager()); x != 0 {
		return x
	}
	return cmp.Compare(a, b)
}

// arrival is the order of Root.arrivals.
func (c comparer) arrival(a, b uint32) int {
	if x := cmp.Compare(c.record(a).stay().From, c.record(b).stay().From); x != 0 {
		return x
	}
	return cmp.Compare(a, b)
}
