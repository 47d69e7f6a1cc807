package directory

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

// publish makes the next version out of a state. Everything that the state did
// not touch is shared with the version before.
func (s *State) publish(version uint64, m *maker) *Root {
	base := s.base
	next := &Root{
		version: version, corp: s.corp, calendar: s.calendar, apps: s.apps, departed: s.departed,
		cards: base.cards, records: base.records, packed: base.packed, renamed: base.renamed, people: int(s.NextOrdinal()), users: base.users,
		count: base.count, active: base.active, present: base.present, activated: base.activated, arrivals: base.arrivals,
		reports: base.reports, system: base.system,
		contacts: base.contacts, unions: base.unions, lastDept: s.lastDept, roles: s.roles,
		depts: base.depts, deptNos: base.deptNos, copied: base.copied, joined: base.joined, pages: base.pages, cardsAs: base.cardsAs, totals: &sync.Map{},
	}
	// Every version is noted, so that a gap shows.
	next.recent = base.recent
	for _, b := range s.boundary[max(0, len(s.boundary)-len(next.recent)):] {
		next.recent[b.version%uint64(len(next.recent))] = b
	}
	if s.roles != base.roles {
		next.copied += int64(s.roles.bytes())
	}
	edits := s.publishPeople(next, m)
	s.publishDepts(next, edits)
	return next
}

// memberEdit is what changed in the lists of one department: who has to be
// taken out, by the order of the old records, and put in, by that of the new.
type memberEdit struct{ out, in []uint32 }

// move notes that a person was in a list, and is now.
func (e *memberEdit) move(o uint32, was, is bool) {
	if was {
		e.out = append(e.out, o)
	}
	if is {
		e.in = append(e.in, o)
	}
}

// publishPeople encodes the touched people and returns what follows for the
// departments.
func (s *State) publishPeople(next *Root, m *maker) map[rollcall.DeptID]*memberEdit {
	base, touched := s.base, s.users.ordinals()
	all, edits := touched, map[rollcall.DeptID]*memberEdit{}
	if len(all) == 0 {
		return edits
	}
	edit := func(id rollcall.DeptID) *memberEdit {
		e := edits[id]
		if e == nil {
			e = &memberEdit{}
			edits[id] = e
		}
		return e
	}
	records, cards := base.records.edit(), base.cards.edit()
	present, activated := base.present.edit(), base.activated.edit()
	for word := base.present.n; word*64 < next.people; word++ {
		present.set(word, 0)
		activated.set(word, 0)
	}
	var arrivals, reports memberEdit
	var system systemEdits
	var scratch []byte     // where the people of a block are encoded, before it is put together
	for len(touched) > 0 { // block by block
		no := int(touched[0] / blockLen)
		n := 1
		for n < len(touched) && int(touched[n]/blockLen) == no {
			n++
		}
		freshRecords, freshCards, recarded := items{}, items{}, false
		for _, o := range touched[:n] {
			u := s.users.at(o)
			var old record
			if int(o) < base.people {
				old = base.record(uint32(o))
			}
			var rec record
			var crd card
			scratch, rec, crd = m.encode(scratch, u)
			switch {
			case old == nil:
				recarded = true
			case !bytes.Equal(base.card(uint32(o)), crd):
				next.cardsAs, recarded = next.version, true
			default:
				crd = nil // it stays
			}
			if old != nil && !bytes.Equal(old.userid(), rec.userid()) {
				next.renamed = next.version
			}
			freshRecords[int(o%blockLen)], freshCards[int(o%blockLen)] = rec, crd
			was, is := old != nil && old.stay().To == rollcall.Open, u.Present()
			next.tally(old, was, -1)
			next.tally(rec, is, 1)
			setBit(present, uint32(o), is)
			setBit(activated, uint32(o), u.Active)
			if was != is || was && old.stay().From != u.Stay.From {
				arrivals.move(uint32(o), was, is)
			}
			if led, leads := was && old.managed(), is && rec.managed(); led != leads || led && old.manager() != rec.manager() {
				reports.move(uint32(o), led, leads)
			}
			system.note(uint32(o), old.systemIf(was), rec.systemIf(is))
			for i := range record.members(orEmpty(old)) {
				if om := old.member(i); !sameInLists(old, om, rec) {
					e := edit(om.dept())
					e.out = append(e.out, uint32(o))
				}
			}
			for i := range rec.members() {
				if nm := rec.member(i); old == nil || !sameInLists(rec, nm, old) {
					e := edit(nm.dept())
					e.in = append(e.in, uint32(o))
				}
			}
		}
		next.unpack(no, records, cards)
		next.copied += renew(records, no, &freshRecords)
		if recarded {
			next.copied += renew(cards, no, &freshCards)
		}
		touched, scratch = touched[n:], scratch[:0]
	}
	next.records, next.cards, next.present, next.activated = records.vector(), cards.vector(), present.vector(), activated.vector()
	s.publishNames(next, all)
	next.copied += 8 * int64(len(next.records.leaves)+len(next.cards.leaves)+len(next.present.leaves)+len(next.activated.leaves))
	next.arrivals = s.relist(base.arrivals, next, arrivals, func(c comparer) func(a, b uint32) int { return c.arrival }, 0)
	next.reports = s.relist(base.reports, next, reports, func(c comparer) func(a, b uint32) int { return c.report }, 0)
	s.relistSystem(next, &system)
	return edits
}

// renew replaces items of a block, or begins one behind the last, and returns its
// size.
func renew(blocks *vectorEditor[block], no int, fresh *items) int64 {
	var b block
	if no < blocks.v.n {
		b = blocks.at(no)
	}
	b = b.with(fresh)
	blocks.set(no, b)
	return int64(len(b))
}

// setBit makes a bit of a vector of bits be what it is, where it is not yet.
func setBit(bits *vectorEditor[uint64], o uint32, is bool) {
	word, bit := int(o/64), uint64(1)<<(o%64)
	if before := bits.at(word); before&bit != 0 != is {
		bits.set(word, before^bit)
	}
}

// publishNames brings what finds people up to date.
func (s *State) publishNames(next *Root, touched []rollcall.Ordinal) {
	rehash := func(n uint32) (uint64, bool) {
		if int(n) >= next.people { // of a version that was given up
			return 0, false
		}
		return next.users.hashString(next.record(n).userid()), true
	}
	record := func(n uint32) record {
		if int(n) >= next.people { // of a version that was given up
			return nil
		}
		return next.record(n)
	}
	next.users = next.users.reserve(len(s.users.fresh), rehash)
	next.contacts = next.contacts.reserve(s.users.fresh, record)
	for o := s.base.people; o < next.people; o++ {
		next.users = next.users.with(next.users.hashString(next.record(uint32(o)).userid()), uint32(o), rehash)
	}
	for _, o := range touched {
		u := s.users.at(o)
		if int(o) < s.base.people && string(s.base.record(uint32(o)).userid()) != u.UserID { // erased
			next.users = next.users.with(next.users.hashString([]byte(u.UserID)), uint32(o), rehash)
		}
		next.contacts = next.contacts.with(uint32(o), next.record(uint32(o)), record)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func orEmpty(r record) record {
	if r == nil {
		return make(record, recordHead)
	}
	return r
}

// tally counts a person in or out.
func (r *Root) tally(rec record, present bool, by int) {
	if !present {
		return
	}
	r.count += by
	if rec.active() {
		r.active += by
	}
}

// sameInLists reports whether a membership m of record a stands at the same
// place in every list by record b too.
func sameInLists(a record, m member, b record) bool {
	const elsewhere = flagActive | flagManaged | flagSystem // what no list of a department shows
	if a[0]&^elsewhere != b[0]&^elsewhere ||
		!bytes.Equal(a.key(rollcall.Chinese), b.key(rollcall.Chinese)) ||
		!bytes.Equal(a.key(rollcall.English), b.key(rollcall.English)) {
		return false
	}
	for i := range b.members() {
		if o := b.member(i); o.dept() == m.dept() {
			return bytes.Equal(o, m)
		}
	}
	return false
}

// publishDepts brings the departments up to date.
func (s *State) publishDepts(next *Root, edits map[rollcall.DeptID]*memberEdit) {
	base := s.base
	if len(s.depts) == 0 && len(edits) == 0 && len(s.moved) == 0 {
		return
	}
	depts := base.depts.edit()
	number := func(id rollcall.DeptID) int { // of a department that next knows
		n, _ := next.deptNo(id)
		return int(n)
	}
	// New departments first, so that everything else finds their numbers.
	for _, id := range s.news {
		n := depts.v.n
		depts.set(n, s.depts[id])
		next.depts = depts.v
		next.deptNos = next.deptNos.with(next.deptNos.hashNumber(int64(id)), uint32(n), func(n uint32) (uint64, bool) {
			if int(n) >= depts.v.n { // of a version that was given up
				return 0, false
			}
			return next.deptNos.hashNumber(int64(depts.at(int(n)).ID)), true
		})
	}
	for id, d := range s.depts {
		depts.set(number(id), d)
	}
	own := func(id rollcall.DeptID) *dept { // a copy that may be changed
		d, ok := s.depts[id]
		if !ok {
			fresh := *depts.at(number(id))
			d = &fresh
			s.depts[id] = d
			depts.set(number(id), d)
		}
		return d
	}
	next.depts = depts.v
	for id, e := range edits {
		d := own(id)
		s.relistDept(d, next, e)
	}
	for parent := range s.moved {
		own(parent) // all of them first, because that makes them touched
	}
	came := s.childrenByParent(next)
	for parent := range s.moved {
		d := own(parent)
		d.children = s.childrenOf(d, came[parent], next)
		next.copied += 4 * int64(len(d.children))
	}
	next.copied += 8*int64(len(depts.v.leaves)) + 400*int64(len(s.depts))
	next.depts = depts.vector()
}

// childrenByParent lists the touched living departments below each parent.
func (s *State) childrenByParent(next *Root) map[rollcall.DeptID][]uint32 {
	came := map[rollcall.DeptID][]uint32{}
	for id, d := range s.depts {
		if d.ended == rollcall.Open && s.moved[d.ParentID] {
			n, _ := next.deptNo(id)
			came[d.ParentID] = append(came[d.ParentID], n)
		}
	}
	return came
}

// childrenOf lists the living children: those of the version before that were
// not touched, and the touched ones that are below it now.
func (s *State) childrenOf(parent *dept, came []uint32, next *Root) []uint32 {
	list := came
	for _, n := range parent.children {
		if _, touched := s.depts[next.depts.at(int(n)).ID]; !touched {
			list = append(list, n)
		}
	}
	sortChildren(next, list)
	return list
}

func sortChildren(r *Root, list []uint32) {
	slices.SortFunc(list, func(a, b uint32) int {
		da, db := r.depts.at(int(a)), r.depts.at(int(b))
		return cmp.Or(cmp.Compare(da.Order, db.Order), cmp.Compare(da.ID, db.ID))
	})
}

// relistDept brings the orders of one department up to date.
func (s *State) relistDept(d *dept, next *Root, e *memberEdit) {
	before := *d
	var shown memberEdit
	for _, o := range e.out {
		rec := s.base.record(o)
		d.limited -= b2i(rec.limited())
		d.english -= b2i(rec.english())
		if !rec.limited() {
			shown.out = append(shown.out, o)
		}
	}
	for _, o := range e.in {
		rec := next.record(o)
		d.limited += b2i(rec.limited())
		d.english += b2i(rec.english())
		if !rec.limited() {
			shown.in = append(shown.in, o)
		}
	}
	d.all = s.relistOrders(before.all, d, next, *e)
	switch {
	case d.limited == 0:
		d.shown = nil
	case before.shown != nil:
		o := s.relistOrders(*before.shown, d, next, shown)
		d.shown = &o
	default: // the first restricted people, who all came in just now
		o, c := d.all, comparer{next.record, d.ID}
		for _, list := range []struct {
			seq *sequence.Seq
			by  func(a, b uint32) int
		}{
			{&o.custom, c.custom(rollcall.Chinese)},
			{&o.customEN, c.custom(rollcall.English)},
			{&o.entry, c.entry},
			{&o.modify, c.modify},
		} {
			edit := list.seq.Edit()
			for _, o := range e.in {
				if next.record(o).limited() {
					edit.Delete(o, list.by)
				}
			}
			next.copied += int64(edit.Copied())
			*list.seq = edit.Seq()
		}
		if d.english == 0 {
			o.customEN = o.custom
		}
		d.shown = &o
	}
}

func without(q sequence.Seq, drop func(o uint32) bool) sequence.Seq {
	kept := make([]uint32, 0, q.Len())
	for o := range q.All() {
		if !drop(o) {
			kept = append(kept, o)
		}
	}
	return sequence.Build(kept)
}

func (s *State) relistOrders(o orders, d *dept, next *Root, e memberEdit) orders {
	en := o.customEN
	o.custom = s.relist(o.custom, next, e, func(c comparer) func(a, b uint32) int { return c.custom(rollcall.Chinese) }, d.ID)
	if d.english == 0 {
		o.customEN = o.custom
	} else {
		o.customEN = s.relist(en, next, e, func(c comparer) func(a, b uint32) int { return c.custom(rollcall.English) }, d.ID)
	}
	o.entry = s.relist(o.entry, next, e, func(c comparer) func(a, b uint32) int { return c.entry }, d.ID)
	o.modify = s.relist(o.modify, next, e, func(c comparer) func(a, b uint32) int { return c.modify }, d.ID)
	return o
}

// relist takes people out of a sequence, by the order of the old records, and
// puts people in, by that of the new ones. What stays has not changed its
// place, so that both orders agree about it.
func (s *State) relist(q sequence.Seq, next *Root, e memberEdit, by func(comparer) func(a, b uint32) int, id rollcall.DeptID) sequence.Seq {
	if len(e.out)+len(e.in) == 0 {
		return q
	}
	older, newer := by(comparer{s.base.record, id}), by(comparer{next.record, id})
	if n := len(e.out) + len(e.in); n > 64 && n > q.Len()/8 {
		q = merge(q, e, newer)
		next.copied += int64(q.Bytes())
		return q
	}
	edit := q.Edit()
	for _, o := range e.out {
		edit.Delete(o, older)
	}
	for _, o := range e.in {
		edit.Insert(o, newer)
	}
	next.copied += int64(edit.Copied())
	return edit.Seq()
}

// merge is relist for many people at once: everything is written anew.
func merge(q sequence.Seq, e memberEdit, newer func(a, b uint32) int) sequence.Seq {
	out := make(map[uint32]struct{}, len(e.out))
	for _, o := range e.out {
		out[o] = struct{}{}
	}
	in := slices.Clone(e.in)
	slices.SortFunc(in, newer)
	list := make([]uint32, 0, q.Len()+len(in))
	for o := range q.All() {
		if _, gone := out[o]; gone {
			continue
		}
		for len(in) > 0 && newer(in[0], o) < 0 {
			list, in = append(list, in[0]), in[1:]
		}
		list = append(list, o)
	}
	return sequence.Build(append(list, in...))
}
