package directory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

// Bytes returns roughly what the version holds in memory.
func (r *Root) Bytes() int64 {
	n := r.users.bytes() + r.contacts.bytes() + r.roles.bytes() + r.deptNos.bytes() +
		r.arrivals.Bytes() + r.reports.Bytes() + r.system.bytes() + 24*cap(r.departed) + 8*r.present.n + 8*r.activated.n
	for i := range r.records.n {
		n += len(r.records.at(i)) + len(r.cards.at(i)) + 48
	}
	for i := range r.depts.n {
		d := r.depts.at(i)
		n += 500 + d.all.bytes() + 24*cap(d.past) + len(d.Name) + len(d.Brief)
		if d.shown != nil {
			n += d.shown.bytes()
		}
	}
	return int64(n)
}

func (o *orders) bytes() int {
	n := o.custom.Bytes() + o.entry.Bytes() + o.modify.Bytes()
	if !o.customEN.Same(o.custom) {
		n += o.customEN.Bytes()
	}
	return n
}

// Verified says what a check looked at.
type Verified struct {
	Version     uint64 `json:"version"`
	People      int    `json:"people"`
	Present     int    `json:"present"`
	Departments int    `json:"departments"`
	Memberships int    `json:"memberships"`
	Lists       int    `json:"lists"`
	Changes     int    `json:"changes"`
}

// Verify computes everything that a version derives anew from its records, and
// compares. It returns the first difference as an error.
func (r *Root) Verify() (Verified, error) {
	v := Verified{Version: r.version, People: r.people}
	members := map[rollcall.DeptID][]uint32{}
	holders := map[rollcall.RoleID][]uint32{}
	var system [systemCount][]uint32
	count, active := 0, 0
	var arrivals, reports []uint32
	for o := range uint32(r.people) {
		u := r.record(o).user(rollcall.Ordinal(o))
		if got, ok := r.ordinal([]byte(u.UserID)); !ok || got != o {
			return v, fmt.Errorf("%q has the ordinal %d and is found under %d (%v)", u.UserID, o, got, ok)
		}
		if word := int(o / 64); (r.present.at(word)>>(o%64)&1 == 1) != u.Present() {
			return v, fmt.Errorf("%q: present is %v by the record", u.UserID, u.Present())
		}
		if word := int(o / 64); (r.activated.at(word)>>(o%64)&1 == 1) != u.Active {
			return v, fmt.Errorf("%q: activated is %v by the record", u.UserID, u.Active)
		}
		if !u.Present() {
			if len(u.Memberships) > 0 {
				return v, fmt.Errorf("%q has left and still has memberships", u.UserID)
			}
			continue
		}
		for c := range contactCount {
			value := c.Of(u)
			if value == "" {
				continue
			}
			if got, ok := r.contact(c, []byte(value)); !ok {
				return v, fmt.Errorf("%q is not found by %s", u.UserID, c)
			} else if got != o {
				return v, fmt.Errorf("%q and %q have the same %s", u.UserID, r.record(got).userid(), c)
			}
		}
		for _, id := range u.Roles {
			holders[id] = append(holders[id], o)
		}
		for i := range systemCount {
			if u.HoldsSystem(rollcall.RoleID(i + 1)) {
				system[i] = append(system[i], o)
			}
		}
		count++
		active += b2i(u.Active)
		arrivals = append(arrivals, o)
		if u.Manager != nil {
			reports = append(reports, o)
		}
		for _, m := range u.Memberships {
			if r.dept(m.DeptID) == nil {
				return v, fmt.Errorf("%q is in department %d, which does not exist", u.UserID, m.DeptID)
			}
			members[m.DeptID] = append(members[m.DeptID], o)
			v.Memberships++
		}
	}
	v.Present = count
	if count != r.count || active != r.active {
		return v, fmt.Errorf("%d people (%d active) are counted, %d (%d) are there", r.count, r.active, count, active)
	}
	slices.SortStableFunc(arrivals, comparer{record: r.record}.arrival)
	for id, h := range r.roles.roles {
		if _, ok := r.roles.groups[h.GroupID]; !ok || id != h.ID || id > r.roles.lastRole || h.GroupID > r.roles.lastGroup {
			return v, fmt.Errorf("role %d: its group %d or one of the numbers is wrong", id, h.GroupID)
		}
		if err := sameList(fmt.Sprintf("role %d", id), h.people, holders[id]); err != nil {
			return v, err
		}
		delete(holders, id)
	}
	if len(holders) > 0 {
		return v, fmt.Errorf("people hold roles that do not exist")
	}
	for i, list := range system {
		if err := sameList(fmt.Sprintf("system role %d", i+1), r.system[i], list); err != nil {
			return v, err
		}
	}
	if err := sameList("arrivals", r.arrivals, arrivals); err != nil {
		return v, err
	}
	slices.SortFunc(reports, comparer{record: r.record}.report)
	if err := sameList("who reports to whom", r.reports, reports); err != nil {
		return v, err
	}
	if !slices.IsSortedFunc(r.departed, func(a, b pastStay) int { return cmp.Compare(a.To, b.To) }) {
		return v, fmt.Errorf("the ended stays are not sorted")
	}
	for n := range r.depts.n {
		d := r.depts.at(n)
		if got, ok := r.deptNo(d.ID); !ok || int(got) != n {
			return v, fmt.Errorf("department %d is found under the number %d and not %d", d.ID, got, n)
		}
		if err := r.verifyDept(d, members[d.ID], &v); err != nil {
			return v, fmt.Errorf("department %d: %w", d.ID, err)
		}
	}
	return v, r.verifyTree()
}

func (r *Root) verifyDept(d *dept, members []uint32, v *Verified) error {
	if d.ended == rollcall.Open {
		v.Departments++
	} else if len(members) > 0 || len(d.children) > 0 {
		return fmt.Errorf("it was deleted and is not empty")
	}
	var shown []uint32
	english := 0
	for _, o := range members {
		rec := r.record(o)
		english += b2i(rec.english())
		if !rec.limited() {
			shown = append(shown, o)
		}
	}
	if d.limited != len(members)-len(shown) || d.english != english || (d.shown != nil) != (d.limited > 0) {
		return fmt.Errorf("%d restricted and %d English are counted, %d and %d are there", d.limited, d.english, len(members)-len(shown), english)
	}
	check := func(o *orders, members []uint32, what string) error {
		c := comparer{r.record, d.ID}
		for _, x := range []struct {
			name string
			seq  sequence.Seq
			cmp  func(a, b uint32) int
		}{
			{"custom", o.custom, c.custom(rollcall.Chinese)},
			{"custom in English", o.customEN, c.custom(rollcall.English)},
			{"entry", o.entry, c.entry},
			{"modify", o.modify, c.modify},
		} {
			want := slices.Clone(members)
			slices.SortFunc(want, x.cmp)
			if err := sameList(what+" "+x.name, x.seq, want); err != nil {
				return err
			}
			v.Lists++
		}
		return nil
	}
	if err := check(&d.all, members, "all by"); err != nil {
		return err
	}
	if d.shown != nil {
		return check(d.shown, shown, "unrestricted by")
	}
	return nil
}

func sameList(what string, q sequence.Seq, want []uint32) error {
	if got := slices.Collect(q.All()); !slices.Equal(got, want) {
		return fmt.Errorf("%s: the list has %d entries and is not the computed one of %d", what, len(got), len(want))
	}
	return nil
}

// verifyTree checks that every living department hangs below the root, once.
func (r *Root) verifyTree() error {
	seen := map[rollcall.DeptID]bool{}
	queue := []rollcall.DeptID{rollcall.RootDept}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if seen[id] {
			return fmt.Errorf("department %d is in the tree twice", id)
		}
		seen[id] = true
		for d := range r.Children(id) {
			if d.ParentID != id {
				return fmt.Errorf("department %d is listed below %d and belongs below %d", d.ID, id, d.ParentID)
			}
			queue = append(queue, d.ID)
		}
	}
	for d := range r.Depts() {
		if !seen[d.ID] {
			return fmt.Errorf("department %d does not hang below the root", d.ID)
		}
	}
	return nil
}

// Source is what an organization is loaded from and checked with: a
// [rollcall.Store], or what reads like one.
type Source interface {
	Load(ctx context.Context, corpID string, s rollcall.Snapshot) (rollcall.Head, error)
	Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error)
}

// CheckStore is [Check] of the store that the options name.
func CheckStore(ctx context.Context, corpID string, opt Options) (Verified, error) {
	return Check(ctx, opt.Store, corpID, opt)
}

// Check loads an organization, verifies what was loaded, replays the whole change
// log from an empty organization and compares the two. Where somebody is erased
// between the two, the log does not tell any more what was loaded: then it begins
// again.
func Check(ctx context.Context, from Source, corpID string, opt Options) (Verified, error) {
	for {
		v, erased, err := check(ctx, from, corpID, opt)
		if err == nil || !erased {
			return v, err
		}
	}
}

func check(ctx context.Context, from Source, corpID string, opt Options) (v Verified, erased bool, err error) {
	m := &maker{opt.Encoder, opt.Keyer}
	loaded, err := load(ctx, from, corpID, m)
	if err != nil {
		return v, false, err
	}
	if v, err = loaded.Verify(); err != nil {
		return v, false, fmt.Errorf("what was loaded does not agree with itself: %w", err)
	}
	replayed := newborn(loaded)
	state, version := replayed.replay(), uint64(0)
	_, err = from.Changes(ctx, corpID, 0, func(ch rollcall.Change) error {
		if ch.Version > loaded.version {
			erased = erased || ch.Kind == rollcall.UserErased
			return nil // committed since the snapshot
		}
		if ch.Version != version && ch.Version != version+1 {
			return fmt.Errorf("the log goes from version %d to %d", version, ch.Version)
		}
		version = ch.Version
		v.Changes++
		return state.apply(&ch)
	})
	if err != nil {
		return v, erased, fmt.Errorf("replaying the change log: %w", err)
	}
	if version != loaded.version {
		return v, erased, fmt.Errorf("the change log ends at version %d, the organization is at %d", version, loaded.version)
	}
	if err := Differ(state.publish(version, m), loaded); err != nil {
		return v, erased, fmt.Errorf("the change log gives another organization than the tables: %w", err)
	}
	return v, erased, nil
}

// newborn is an organization as it was created: with nothing but the root
// department. What was changed since is as it became; the log sets it again.
func newborn(r *Root) *Root {
	born := r.corp.CreatedAt
	root := rollcall.Dept{ID: rollcall.RootDept, Name: r.dept(rollcall.RootDept).Name, CreatedAt: born, ModifiedAt: born}
	r = &Root{
		corp: r.corp, calendar: r.calendar, users: newIndex(0), deptNos: newIndex(0), contacts: newContacts([contactCount]int{}),
		unions: r.unions, roles: newRoles(), lastDept: rollcall.RootDept,
		apps: map[string]*rollcall.App{}, joined: newJoinedIDs(), pages: newPages(), totals: &sync.Map{},
	}
	e := r.depts.edit()
	e.set(0, &dept{Dept: root, ended: rollcall.Open})
	r.depts = e.vector()
	r.deptNos = r.deptNos.with(r.deptNos.hashNumber(int64(root.ID)), 0, nil)
	return r
}

// Differ returns the first difference of two versions as an error; the numbers
// of the versions are not compared.
func Differ(a, b *Root) error {
	if a.people != b.people || a.count != b.count || a.active != b.active {
		return fmt.Errorf("%d people, %d present, %d active against %d, %d, %d", a.people, a.count, a.active, b.people, b.count, b.active)
	}
	if !a.corp.Same(b.corp) {
		return fmt.Errorf("organization %+v against %+v", a.corp, b.corp)
	}
	for o := range uint32(a.people) {
		ra, rb := a.record(o), b.record(o)
		if !bytes.Equal(ra, rb) || !bytes.Equal(a.card(o), b.card(o)) {
			return fmt.Errorf("person %d: %+v against %+v", o, *ra.user(rollcall.Ordinal(o)), *rb.user(rollcall.Ordinal(o)))
		}
	}
	if !sameStays(a.departed, b.departed) {
		return fmt.Errorf("ended stays differ")
	}
	if !maps.Equal(a.roles.groups, b.roles.groups) || a.roles.lastGroup != b.roles.lastGroup || a.roles.lastRole != b.roles.lastRole ||
		!maps.EqualFunc(a.roles.roles, b.roles.roles, func(x, y roleHolders) bool {
			return x.Role == y.Role && slices.Equal(slices.Collect(x.people.All()), slices.Collect(y.people.All()))
		}) {
		return fmt.Errorf("roles differ")
	}
	if a.lastDept != b.lastDept {
		return fmt.Errorf("the last department is %d against %d", a.lastDept, b.lastDept)
	}
	if !maps.EqualFunc(a.apps, b.apps, sameApp) {
		return fmt.Errorf("apps differ")
	}
	if a.depts.n != b.depts.n {
		return fmt.Errorf("%d departments against %d", a.depts.n, b.depts.n)
	}
	for n := range a.depts.n {
		da := a.depts.at(n)
		no, ok := b.deptNo(da.ID)
		if !ok {
			return fmt.Errorf("department %d is in one only", da.ID)
		}
		if err := differDept(da, b.depts.at(int(no))); err != nil {
			return fmt.Errorf("department %d: %w", da.ID, err)
		}
	}
	return nil
}

// sameApp compares two apps; no list and an empty one are the same.
func sameApp(x, y *rollcall.App) bool {
	a, b := *x, *y
	for _, c := range []*rollcall.App{&a, &b} {
		c.Permissions, c.ScopeDepts, c.ScopeUsers, c.AllowedIPs = nil, nil, nil, nil
	}
	return reflect.DeepEqual(a, b) &&
		slices.Equal(x.Permissions, y.Permissions) && slices.Equal(x.ScopeDepts, y.ScopeDepts) &&
		slices.Equal(x.ScopeUsers, y.ScopeUsers) && slices.Equal(x.AllowedIPs, y.AllowedIPs)
}

func differDept(a, b *dept) error {
	if !a.Same(&b.Dept) || a.ended != b.ended {
		return fmt.Errorf("%+v until %d against %+v until %d", a.Dept, a.ended, b.Dept, b.ended)
	}
	if !sameStays(a.past, b.past) {
		return fmt.Errorf("ended memberships differ")
	}
	byStart := func(x, y pastParent) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), cmp.Compare(x.parent, y.parent))
	}
	if !slices.Equal(slices.SortedFunc(slices.Values(a.parents), byStart), slices.SortedFunc(slices.Values(b.parents), byStart)) {
		return fmt.Errorf("ended parents differ")
	}
	for _, pair := range [][2]sequence.Seq{
		{a.all.custom, b.all.custom},
		{a.all.customEN, b.all.customEN},
		{a.all.entry, b.all.entry},
		{a.all.modify, b.all.modify},
	} {
		if !slices.Equal(slices.Collect(pair[0].All()), slices.Collect(pair[1].All())) {
			return fmt.Errorf("its lists differ")
		}
	}
	return nil
}

func sameStays(a, b []pastStay) bool {
	order := func(x, y pastStay) int {
		return cmp.Or(cmp.Compare(x.To, y.To), cmp.Compare(x.From, y.From), cmp.Compare(x.ordinal, y.ordinal))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}
