package directory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"rollcall"
	"rollcall/internal/directory/sequence"
	"rollcall/internal/ordset"
)

// load reads an organization from the store into a fresh root.
func load(ctx context.Context, store Source, corpID string, m *maker) (*Root, error) {
	r, _, err := loadHead(ctx, store, corpID, m)
	return r, err
}

// loadHead is load that tells the head, too.
func loadHead(ctx context.Context, store Source, corpID string, m *maker) (*Root, rollcall.Head, error) {
	l := &loader{maker: m, holders: map[rollcall.RoleID][]uint32{}, root: &Root{
		users: newIndex(0), deptNos: newIndex(0), contacts: newContacts([contactCount]int{}), roles: newRoles(), apps: map[string]*rollcall.App{}, joined: newJoinedIDs(), pages: newPages(), packed: ordset.New(0), totals: &sync.Map{},
	}}
	head, err := store.Load(ctx, corpID, l)
	if err != nil {
		return nil, head, fmt.Errorf("loading organization %s: %w", corpID, err)
	}
	l.root.version, l.root.renamed = head.Version, head.Version // what was before is not known
	if err := l.finish(); err != nil {
		return nil, head, fmt.Errorf("loading organization %s: %w", corpID, err)
	}
	return l.root, head, nil
}

// loader builds a root from a snapshot, in bulk.
type loader struct {
	maker *maker
	root  *Root
	// The pack being filled.
	records, cards pending
	recordBlocks   *vectorEditor[block]
	cardBlocks     *vectorEditor[block]
	present        []uint64
	activated      []uint64
	places         []place
	contacts       [contactCount]int // how many people have each
	holders        map[rollcall.RoleID][]uint32
	reports        []uint32              // who reports to somebody
	system         [systemCount][]uint32 // who holds the system roles
}

// place is one membership on the way into its department's orders.
type place struct{ ordinal, dept uint32 }

func (l *loader) Corp(c *rollcall.Corp) error {
	calendar, err := c.Calendar()
	l.root.corp, l.root.calendar = *c, calendar
	return err
}

func (l *loader) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	r := l.root
	n := r.depts.n
	e := r.depts.edit()
	if n%leafLen != 0 {
		e.own = make([]bool, len(r.depts.leaves))
		for i := range e.own { // nobody else has seen this root
			e.own[i] = true
		}
	}
	e.set(n, &dept{Dept: *d, ended: ended})
	r.depts = e.v
	r.deptNos = r.deptNos.with(r.deptNos.hashNumber(int64(d.ID)), uint32(n), func(n uint32) (uint64, bool) {
		return r.deptNos.hashNumber(int64(r.depts.at(int(n)).ID)), true
	})
	r.lastDept = max(r.lastDept, d.ID)
	return nil
}

func (l *loader) User(u *rollcall.User) error {
	r, o := l.root, uint32(l.root.people)
	if uint32(u.Ordinal) != o {
		return fmt.Errorf("the ordinal %d is missing", o)
	}
	if l.recordBlocks == nil {
		l.recordBlocks, l.cardBlocks = r.records.edit(), r.cards.edit()
	}
	for c := range contactCount {
		l.contacts[c] += b2i(c.Of(u) != "")
	}
	for _, id := range u.Roles {
		l.holders[id] = append(l.holders[id], o)
	}
	l.records.open()
	l.cards.open()
	l.records.bytes = l.maker.appendRecord(l.records.bytes, u)
	l.records.ends[l.records.n] = uint32(len(l.records.bytes))
	l.records.n++
	l.cards.bytes = l.maker.appendCard(l.cards.bytes, u)
	l.cards.ends[l.cards.n] = uint32(len(l.cards.bytes))
	l.cards.n++
	r.people++
	if r.people%blockLen == 0 {
		l.closeBlocks()
	}
	if o%64 == 0 {
		l.present, l.activated = append(l.present, 0), append(l.activated, 0)
	}
	l.activated[o/64] |= uint64(b2i(u.Active)) << (o % 64)
	if !u.Present() {
		r.departed = append(r.departed, pastStay{o, u.Stay})
		return nil
	}
	l.present[o/64] |= 1 << (o % 64)
	r.count++
	r.active += b2i(u.Active)
	if u.Manager != nil {
		l.reports = append(l.reports, o)
	}
	for i := range systemCount {
		if u.HoldsSystem(rollcall.RoleID(i + 1)) {
			l.system[i] = append(l.system[i], o)
		}
	}
	for i := range u.Memberships {
		n, ok := r.deptNo(u.Memberships[i].DeptID)
		if !ok {
			return fmt.Errorf("%q is in department %d, which does not exist", u.UserID, u.Memberships[i].DeptID)
		}
		l.places = append(l.places, place{o, n})
		d := r.depts.at(int(n))
		d.limited += b2i(u.AccessLimited)
		d.english += b2i(u.NameEN != "")
	}
	return nil
}

func (l *loader) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	l.root.departed = append(l.root.departed, pastStay{uint32(o), s})
	return nil
}

func (l *loader) EndedMembership(o rollcall.Ordinal, id rollcall.DeptID, s rollcall.Stay) error {
	n, ok := l.root.deptNo(id)
	if !ok {
		return fmt.Errorf("the department %d of an ended membership never existed", id)
	}
	d := l.root.depts.at(int(n))
	d.past = append(d.past, pastStay{uint32(o), s})
	return nil
}

func (l *loader) EndedParent(id, parent rollcall.DeptID, s rollcall.Stay) error {
	n, ok := l.root.deptNo(id)
	if !ok {
		return fmt.Errorf("the department %d of an ended parent never existed", id)
	}
	d := l.root.depts.at(int(n))
	d.parents = append(d.parents, pastParent{parent, s})
	return nil
}

// RoleGroup implements [rollcall.Snapshot].
func (l *loader) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	r := l.root.roles
	r.lastGroup = max(r.lastGroup, g.ID)
	if !deleted {
		r.groups[g.ID] = *g
	}
	return nil
}

// Role implements [rollcall.Snapshot].
func (l *loader) Role(role *rollcall.Role, deleted bool) error {
	r := l.root.roles
	r.lastRole = max(r.lastRole, role.ID)
	if !deleted {
		r.roles[role.ID] = roleHolders{*role, sequence.Build(l.holders[role.ID])}
	}
	return nil
}

func (l *loader) App(a *rollcall.App) error {
	fresh := *a
	l.root.apps[a.Appkey] = &fresh
	return nil
}

// finish makes the orders. Everyone is ranked once by userid and by each sort
// key; the departments' lists then fall out of one pass over the ranks.
func (l *loader) finish() error {
	r := l.root
	if l.records.n > 0 {
		l.closeBlocks()
	}
	if l.recordBlocks != nil {
		l.closePack()
		r.records, r.cards = l.recordBlocks.vector(), l.cardBlocks.vector()
	}
	r.present, r.activated = vectorOf(l.present), vectorOf(l.activated)
	r.unions = rollcall.NewUnions(r.corp.ID)
	slices.SortFunc(l.reports, comparer{record: r.record}.report)
	r.reports = sequence.Build(l.reports)
	for i := range l.system {
		r.system[i] = sequence.Build(l.system[i])
	}
	if err := l.linkDepts(); err != nil {
		return err
	}
	byEnd := func(a, b pastStay) int { return cmp.Compare(a.To, b.To) }
	slices.SortStableFunc(r.departed, byEnd)
	for n := range r.depts.n {
		slices.SortStableFunc(r.depts.at(n).past, byEnd)
	}

	var english bool
	for n := range r.depts.n {
		english = english || r.depts.at(n).english > 0
	}
	var work sync.WaitGroup
	work.Go(l.indexPeople)
	var custom, customEN, entry, modify [][]uint32
	userIDs := r.ranked(func(o uint32) []byte { return r.record(o).userid() }, nil)
	work.Go(func() {
		rank := make([]uint32, len(userIDs))
		for i, o := range userIDs {
			rank[o] = uint32(i)
		}
		custom = l.customOrder(rollcall.Chinese, rank)
		customEN = custom
		if english {
			customEN = l.customOrder(rollcall.English, rank)
		}
	})
	work.Go(func() {
		byID := l.spread(userIDs)
		entry = l.timeOrder(byID, member.entered)
		modify = l.timeOrder(byID, member.modified)
	})
	r.arrivals = r.arrivalOrder()
	work.Wait()

	for n := range r.depts.n {
		d := r.depts.at(n)
		d.all = orders{custom: sequence.Build(custom[n]), entry: sequence.Build(entry[n]), modify: sequence.Build(modify[n])}
		d.all.customEN = d.all.custom
		if d.english > 0 {
			d.all.customEN = sequence.Build(customEN[n])
		}
		d.shown = nil
		if d.limited > 0 {
			limited := func(o uint32) bool { return r.record(o).limited() }
			o := orders{
				custom: without(d.all.custom, limited), entry: without(d.all.entry, limited),
				modify: without(d.all.modify, limited),
			}
			if o.customEN = o.custom; d.english > 0 {
				o.customEN = without(d.all.customEN, limited)
			}
			d.shown = &o
		}
	}
	return nil
}

// indexPeople makes what finds people.
func (l *loader) indexPeople() {
	r := l.root
	r.users, r.contacts = newIndex(r.people), newContacts(l.contacts)
	for o := range uint32(r.people) {
		rec := r.record(o)
		r.users = r.users.with(r.users.hashString(rec.userid()), o, nil)
		r.contacts.fill(o, rec)
	}
}

// linkDepts makes the lists of children.
func (l *loader) linkDepts() error {
	r := l.root
	for n := range r.depts.n {
		d := r.depts.at(n)
		if d.ended != rollcall.Open || d.ID == rollcall.RootDept {
			continue
		}
		parent := r.dept(d.ParentID)
		if parent == nil {
			return fmt.Errorf("the parent %d of department %d does not exist", d.ParentID, d.ID)
		}
		parent.children = append(parent.children, uint32(n))
	}
	for n := range r.depts.n {
		sortChildren(r, r.depts.at(n).children)
	}
	return nil
}

// ranked returns all ordinals in the order of a key. Ties are in the order of
// tie, which has a rank for each ordinal; without it there are none.
func (r *Root) ranked(key func(o uint32) []byte, tie []uint32) []uint32 {
	type entry struct {
		// The first bytes decide nearly always. A key never ends with a zero
		// byte, so that one of up to 12 bytes is told whole by them.
		first   uint64
		second  uint32
		ordinal uint32
	}
	list := make([]entry, r.people)
	long := ordset.New(r.people) // whose key has more bytes
	for o := range uint32(r.people) {
		var first [12]byte
		k := key(o)
		if copy(first[:], k) < len(k) {
			long.Add(o)
		}
		list[o] = entry{binary.BigEndian.Uint64(first[:]), binary.BigEndian.Uint32(first[8:]), o}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		if a.second != b.second {
			return cmp.Compare(a.second, b.second)
		}
		if long.Has(a.ordinal) || long.Has(b.ordinal) {
			if x := bytes.Compare(key(a.ordinal), key(b.ordinal)); x != 0 {
				return x
			}
		}
		return cmp.Compare(tie[a.ordinal], tie[b.ordinal])
	})
	ordinals := make([]uint32, len(list))
	for i, e := range list {
		ordinals[i] = e.ordinal
	}
	return ordinals
}

// spread lists each department's members in the order in which they come in
// ranked.
func (l *loader) spread(ranked []uint32) [][]uint32 {
	r := l.root
	first := make([]uint32, r.people+1) // where a person's places begin; places are by ordinal
	sizes := make([]int, r.depts.n)
	for _, p := range l.places {
		first[p.ordinal+1]++
		sizes[p.dept]++
	}
	for o := range r.people {
		first[o+1] += first[o]
	}
	lists := make([][]uint32, r.depts.n)
	all := make([]uint32, len(l.places))
	for n, size := range sizes {
		lists[n], all = all[:0:size], all[size:]
	}
	for _, o := range ranked {
		for _, p := range l.places[first[o]:first[o+1]] {
			lists[p.dept] = append(lists[p.dept], o)
		}
	}
	return lists
}

// customOrder lists everyone by the name in a language; userIDs has the rank of
// each ordinal by userid. Those with an explicit order go first.
func (l *loader) customOrder(lang rollcall.Language, userIDs []uint32) [][]uint32 {
	r := l.root
	lists := l.spread(r.ranked(func(o uint32) []byte { return r.record(o).key(lang) }, userIDs))
	var ordered, rest []uint32
	for n, list := range lists {
		id := r.depts.at(n).ID
		ordered, rest = ordered[:0], rest[:0]
		for _, o := range list {
			if r.record(o).in(id).ordered() {
				ordered = append(ordered, o)
			} else {
				rest = append(rest, o)
			}
		}
		slices.SortStableFunc(ordered, func(a, b uint32) int {
			return cmp.Compare(r.record(b).in(id).order(), r.record(a).in(id).order())
		})
		copy(list[copy(list, ordered):], rest)
	}
	return lists
}

// timeOrder sorts lists that are in the order of the userids by a time of the
// membership.
func (l *loader) timeOrder(byID [][]uint32, time func(member) rollcall.Instant) [][]uint32 {
	type entry struct {
		at          rollcall.Instant
		id, ordinal uint32 // id is the place in the order of the userids
	}
	lists := make([][]uint32, len(byID))
	var entries []entry
	for n, list := range byID {
		id := l.root.depts.at(n).ID
		entries = entries[:0]
		for i, o := range list {
			entries = append(entries, entry{time(l.root.record(o).in(id)), uint32(i), o})
		}
		// Sorting stably by the time alone takes longer.
		byTime := func(a, b entry) int {
			if a.at != b.at {
				return cmp.Compare(a.at, b.at)
			}
			return cmp.Compare(a.id, b.id)
		}
		if slices.IsSortedFunc(entries, byTime) {
			lists[n] = list
			continue
		}
		slices.SortFunc(entries, byTime)
		lists[n] = make([]uint32, len(entries))
		for i, e := range entries {
			lists[n][i] = e.ordinal
		}
	}
	return lists
}

func (r *Root) arrivalOrder() sequence.Seq {
	type entry struct {
		at      rollcall.Instant
		ordinal uint32
	}
	list := make([]entry, 0, r.count)
	for o := range uint32(r.people) {
		if s := r.record(o).stay(); s.To == rollcall.Open {
			list = append(list, entry{s.From, o})
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return cmp.Compare(a.ordinal, b.ordinal)
	})
	ordinals := make([]uint32, len(list))
	for i, e := range list {
		ordinals[i] = e.ordinal
	}
	return sequence.Build(ordinals)
}
