package modeltest

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"rollcall"
)

// Clock is a clock that tests set. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at an instant.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Set sets the clock.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// DeptIDs returns all ids that random departments have: few, so that
// departments that were deleted come back, and not in the order of creation.
func DeptIDs() []rollcall.DeptID { return []rollcall.DeptID{1, 2, 3, 4, 5, 7, 70, 1 << 40} }

// Names returns the names that random people have.
func Names() []string {
	return []string{"王伟", "李娜", "单雄信", "Anna", "anna", "Bob", "李 娜", "欧阳锋", "Zoë", "张三", "𠮷田", "1号"}
}

func namesEN() []string { return []string{"", "", "", "Li Na", "Anna", "Wang Wei", "zed"} }

// Operations makes random changes that fit a model.
type Operations struct {
	// Pick chooses one of n, from 0.
	Pick func(n int) int
	// People bounds how many there may ever be.
	People int
	// NoCrowds leaves out what moves very many people at once.
	NoCrowds bool
}

// Transaction returns the changes of one transaction at an instant: of one
// operation, and at times of several that follow each other. It is empty where
// what came up cannot be done now.
func (x *Operations) Transaction(m *Model, now rollcall.Instant) []rollcall.Change {
	return slices.Concat(x.Steps(m, now)...)
}

// Steps is Transaction, operation by operation. In between everything that has
// to hold of an organization holds.
func (x *Operations) Steps(m *Model, now rollcall.Instant) [][]rollcall.Change {
	scratch, n := m.Clone(), 1
	if x.Pick(3) == 0 {
		n += x.Pick(8)
	}
	var all [][]rollcall.Change
	for range n {
		changes := x.operation(scratch, now)
		for i := range changes {
			changes[i].At = now
		}
		scratch.Apply(changes)
		if len(changes) > 0 {
			all = append(all, changes)
		}
	}
	return all
}

func (x *Operations) operation(m *Model, now rollcall.Instant) []rollcall.Change {
	o := op{x, m, now, nil}
	all := []func(){
		o.join, o.join, o.join, o.leave, o.comeBack, o.comeBack,
		o.enter, o.enter, o.quit, o.move, o.move,
		o.rename, o.renameEN, o.restrict, o.restrict, o.correctJoined, o.activate, o.edit,
		o.describe, o.describe, o.exchange, o.exchange, o.inherit, o.erase, o.erase,
		o.reorder, o.reorder, o.lead, o.retitle, o.place, o.correctEntered,
		o.createGroup, o.renameGroup, o.deleteGroup, o.createRole, o.createRole, o.changeRole, o.deleteRole,
		o.give, o.give, o.give, o.take,
		o.createDept, o.createDept, o.createDept, o.moveDept, o.moveDept, o.renameDept, o.reorderDept, o.setOptions, o.setOptions, o.deleteDept, o.deleteDept,
		o.createApp, o.updateApp, o.resetApp, o.deleteApp, o.changeCorp,
	}
	if !x.NoCrowds {
		all = append(all, o.crowd, o.evacuate)
	}
	all[x.Pick(len(all))]()
	return o.changes
}

// op is one operation in the making.
type op struct {
	*Operations
	m       *Model
	now     rollcall.Instant
	changes []rollcall.Change
}

func (o *op) add(c rollcall.Change) { o.changes = append(o.changes, c) }

func (o *op) yes() bool { return o.Pick(2) == 1 }

// person returns one of the people who are present, or of those who left; nil
// where there is nobody.
func (o *op) person(present bool) *Person {
	var some []*Person
	for _, p := range o.m.People {
		if p.Present() == present {
			some = append(some, p)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[o.Pick(len(some))]
}

// member returns one of the memberships there are now.
func (o *op) member() (*Person, *Member) {
	p := o.person(true)
	if p == nil {
		return nil, nil
	}
	ms := p.user().Memberships
	if len(ms) == 0 {
		return nil, nil
	}
	x := p.member(ms[o.Pick(len(ms))].DeptID)
	return p, x
}

// dept returns one of the departments that exist.
func (o *op) dept() *Dept {
	ids := o.m.LivingDepts()
	return o.m.Depts[ids[o.Pick(len(ids))]]
}

func choose[T any](o *op, from ...T) *T { return &from[o.Pick(len(from))] }

// start returns when a belonging may begin: now, in the past, in the future, or
// at a time that others have too.
func (o *op) start() rollcall.Instant {
	const hour = rollcall.Instant(time.Hour / time.Millisecond)
	if o.Pick(40) == 0 { // beyond what the narrow form of a membership holds
		return *choose(o, rollcall.Instant(1)<<50, -1<<50, -1)
	}
	return *choose(o, o.now, o.now, o.now, rollcall.Beginning, o.now-hour, o.now-30*24*hour, o.now/hour*hour, o.now+24*hour)
}

// join lets a new person come in, with up to three departments.
func (o *op) join() {
	if len(o.m.People) < o.Operations.People {
		o.joinAs(len(o.m.People), o.Pick(4) == 0)
	}
}

// joinAs lets somebody come in, maybe with details, which two people of one
// operation could have in common.
func (o *op) joinAs(ordinal int, detailed bool) {
	u := rollcall.User{
		UserID: fmt.Sprintf("%s%d", *choose(o, "b", "a", "Z", "é", `"`), ordinal),
		Name:   *choose(o, Names()...), NameEN: *choose(o, namesEN()...),
		Active: o.yes(), AccessLimited: o.Pick(5) == 0,
		Mobile: fmt.Sprint(13800000000 + ordinal), Extension: *choose(o, "", `{"a":"b"}`),
		Stay: rollcall.Stay{From: o.start(), To: rollcall.Open},
	}
	if detailed {
		u.Details = o.details(rollcall.Ordinal(ordinal))
	}
	u.Ordinal = rollcall.Ordinal(ordinal)
	o.free(&u)
	o.bringIn(u.Ordinal, u)
}

func (o *op) bringIn(ordinal rollcall.Ordinal, u rollcall.User) {
	u.Ordinal = ordinal
	o.add(rollcall.Change{Kind: rollcall.UserJoined, Ordinal: ordinal, Payload: rollcall.Payload{User: &u}})
	ids := o.m.LivingDepts()
	for range o.Pick(4) {
		i := o.Pick(len(ids))
		o.addMember(ordinal, ids[i])
		if ids = slices.Delete(ids, i, i+1); len(ids) == 0 {
			break
		}
	}
}

func (o *op) addMember(ordinal rollcall.Ordinal, id rollcall.DeptID) {
	m := rollcall.Membership{
		DeptID: id, Ordered: o.Pick(3) == 0, Leader: o.Pick(4) == 0, Title: *choose(o, "", "lead"),
		Main: o.Pick(4) == 0, WorkPlace: *choose(o, "", "", "Hall"), Entered: o.start(), Modified: o.now,
	}
	if m.Ordered {
		m.Order = int64(o.Pick(3)) - 1
	}
	o.add(rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: ordinal, DeptID: id, Payload: rollcall.Payload{Member: &m}})
}

func (o *op) removeMember(p *Person, id rollcall.DeptID) {
	o.add(rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: p.Own.Ordinal, DeptID: id})
}

func (o *op) leave() {
	p := o.person(true)
	if p == nil {
		return
	}
	for _, x := range p.user().Memberships {
		o.removeMember(p, x.DeptID)
	}
	o.takeAll(p.Own.Ordinal)
	o.add(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: p.Own.Ordinal})
}

func (o *op) comeBack() {
	p := o.person(false)
	if p == nil {
		return
	}
	u := p.Own
	u.Name, u.Active, u.AccessLimited = *choose(o, Names()...), o.yes(), o.Pick(5) == 0
	u.Stay = rollcall.Stay{From: o.start(), To: rollcall.Open}
	o.free(&u)
	o.bringIn(p.Own.Ordinal, u)
}

func (o *op) enter() {
	if p, d := o.person(true), o.dept(); p != nil && !p.In(d.ID) {
		o.addMember(p.Own.Ordinal, d.ID)
	}
}

func (o *op) quit() {
	if p, x := o.member(); x != nil {
		o.removeMember(p, x.DeptID)
	}
}

// move takes a person from one department to another, at times to the same one
// again.
func (o *op) move() {
	if p, x := o.member(); x != nil {
		if d := o.dept(); !p.In(d.ID) || d.ID == x.DeptID {
			o.removeMember(p, x.DeptID)
			o.addMember(p.Own.Ordinal, d.ID)
		}
	}
}

func (o *op) updateUser(u rollcall.UserUpdate) {
	if p := o.person(true); p != nil {
		o.add(rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: p.Own.Ordinal, Payload: rollcall.Payload{UserUpdate: &u}})
	}
}

func (o *op) rename()        { o.updateUser(rollcall.UserUpdate{Name: choose(o, Names()...)}) }
func (o *op) renameEN()      { o.updateUser(rollcall.UserUpdate{NameEN: choose(o, namesEN()...)}) }
func (o *op) restrict()      { o.updateUser(rollcall.UserUpdate{AccessLimited: choose(o, true, false)}) }
func (o *op) correctJoined() { o.updateUser(rollcall.UserUpdate{Joined: choose(o, o.start())}) }

func (o *op) edit() {
	p := o.person(true)
	if p == nil {
		return
	}
	u := rollcall.UserUpdate{
		Active: choose(o, true, false), Mobile: choose(o, "", "1", "2"), Email: choose(o, "", "a@b"), Title: choose(o, "", "Dr"),
		JobNumber: choose(o, "", "7"), HiredDate: choose(o, o.start()), Extension: choose(o, "", `{"x":"<&>"}`),
	}
	o.update(p, u)
}

// activate concerns people who left, too: a sign-in may be imported late.
func (o *op) activate() {
	if p := o.person(o.Pick(4) > 0); p != nil {
		o.add(rollcall.Change{Kind: rollcall.UserActivated, Ordinal: p.Own.Ordinal})
	}
}

func (o *op) updateMember(u rollcall.MembershipUpdate) {
	if p, x := o.member(); x != nil {
		o.add(rollcall.Change{
			Kind: rollcall.MemberUpdated, Ordinal: p.Own.Ordinal, DeptID: x.DeptID,
			Payload: rollcall.Payload{MemberUpdate: &u},
		})
	}
}

func (o *op) reorder() {
	u := rollcall.MembershipUpdate{Order: choose(o, int64(0)), Ordered: choose(o, false)}
	if o.yes() {
		u = rollcall.MembershipUpdate{Order: choose(o, int64(-1), 0, 1, 1<<62), Ordered: choose(o, true)}
	}
	o.updateMember(u)
}

func (o *op) lead() { o.updateMember(rollcall.MembershipUpdate{Leader: choose(o, true, false)}) }
func (o *op) place() {
	o.updateMember(rollcall.MembershipUpdate{Main: choose(o, true, false), WorkPlace: choose(o, "", "Hall")})
}
func (o *op) retitle() { o.updateMember(rollcall.MembershipUpdate{Title: choose(o, "", "chief")}) }

func (o *op) correctEntered() {
	o.updateMember(rollcall.MembershipUpdate{Entered: choose(o, o.start())})
}

// createDept makes a department, or brings one back.
func (o *op) createDept() {
	id, parent := DeptIDs()[o.Pick(len(DeptIDs()))], o.dept()
	if d := o.m.Depts[id]; d != nil && d.Alive() {
		return
	}
	d := rollcall.Dept{
		ID: id, ParentID: parent.ID, Name: fmt.Sprint("dept ", o.Pick(100)), Order: int64(o.Pick(3)),
		Since: *choose(o, rollcall.Beginning, o.now), Brief: *choose(o, "", "brief"),
	}
	if o.yes() {
		d.Options = o.options()
	}
	o.add(rollcall.Change{Kind: rollcall.DeptCreated, DeptID: id, Payload: rollcall.Payload{Dept: &d}})
}

func (o *op) updateDept(id rollcall.DeptID, u rollcall.DeptUpdate) {
	o.add(rollcall.Change{Kind: rollcall.DeptUpdated, DeptID: id, Payload: rollcall.Payload{DeptUpdate: &u}})
}

func (o *op) moveDept() {
	d, to := o.dept(), o.dept().ID
	if d.ID == rollcall.RootDept || o.m.Below(to, d.ID) {
		return
	}
	u := rollcall.DeptUpdate{ParentID: &to}
	if o.yes() {
		u.Order = choose(o, int64(0), 1, 2)
	}
	o.updateDept(d.ID, u)
}

func (o *op) renameDept() {
	o.updateDept(o.dept().ID, rollcall.DeptUpdate{
		Name: choose(o, "甲", "乙"), NameEN: choose(o, "", "A"), SourceIdentifier: choose(o, "", "s"), Brief: choose(o, "", "b"),
	})
}

func (o *op) reorderDept() {
	o.updateDept(o.dept().ID, rollcall.DeptUpdate{Order: choose(o, int64(-1), 0, 1)})
}

// deleteDept deletes a department. Its members go out of it before, and the
// departments below it up by one.
func (o *op) deleteDept() {
	d := o.dept()
	if d.ID == rollcall.RootDept {
		return
	}
	o.empty(d.ID)
	up := d.ParentID
	for _, child := range o.m.Children(d.ID) {
		o.updateDept(child, rollcall.DeptUpdate{ParentID: &up})
	}
	o.add(rollcall.Change{Kind: rollcall.DeptDeleted, DeptID: d.ID})
}

func (o *op) empty(id rollcall.DeptID) {
	for _, p := range o.m.People {
		if p.In(id) {
			o.removeMember(p, id)
		}
	}
}

// crowd lets 70 people in at once.
func (o *op) crowd() {
	for i := range 70 {
		if n := len(o.m.People) + i; n < o.Operations.People {
			o.joinAs(n, false)
		}
	}
}

// evacuate makes everyone go out of a department.
func (o *op) evacuate() { o.empty(o.dept().ID) }

func (o *op) createApp() {
	a := rollcall.App{
		Appkey: *choose(o, "appA", "appB"), Name: "app", Type: rollcall.Internal,
		Permissions: []rollcall.Permission{rollcall.PermMember}, SecretHash: "00", SecretGeneration: 1,
	}
	if o.yes() {
		a.ScopeDepts = []rollcall.DeptID{o.dept().ID}
	}
	a.Appkey = o.m.Corp.ID + a.Appkey
	if _, taken := o.m.Apps[a.Appkey]; !taken {
		o.add(rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &a}})
	}
}

func (o *op) app() (rollcall.App, bool) {
	a, ok := o.m.Apps[o.m.Corp.ID+*choose(o, "appA", "appB")]
	return a, ok
}

func (o *op) resetApp() {
	if a, ok := o.app(); ok {
		a.SecretGeneration++
		a.SecretHash = fmt.Sprint("hash", a.SecretGeneration)
		o.add(rollcall.Change{Kind: rollcall.AppSecretReset, Payload: rollcall.Payload{App: &a}})
	}
}

func (o *op) updateApp() {
	if a, ok := o.app(); ok {
		before := a
		a.Name, a.Rate, a.ScopeUsers = *choose(o, "app", "应用"), o.Pick(3), []string{*choose(o, "a", "b")}
		if o.yes() {
			a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix(*choose(o, "10.0.0.0/8", "2001:db8::/32"))}
		}
		a.SecretHash, a.Type = "ignored", rollcall.ThirdParty
		o.add(rollcall.Change{Kind: rollcall.AppUpdated, Payload: rollcall.Payload{App: &a, AppBefore: &before}})
	}
}

func (o *op) deleteApp() {
	if a, ok := o.app(); ok {
		o.add(rollcall.Change{Kind: rollcall.AppDeleted, Payload: rollcall.Payload{App: &rollcall.App{Appkey: a.Appkey}}})
	}
}

func (o *op) changeCorp() {
	u := rollcall.CorpUpdate{Name: choose(o, "Org", "组织")}
	if o.yes() {
		s := o.m.Corp.Settings
		s.Timezone, s.ClosingHour = *choose(o, "Asia/Shanghai", "America/New_York"), o.Pick(24)
		if u = (rollcall.CorpUpdate{Settings: &s}); o.yes() { // from tomorrow on
			k, err := o.m.Corp.Calendar()
			if err != nil {
				panic(err)
			}
			u = o.m.Corp.Choose(s, k.Day(o.now.Time()))
		}
	}
	o.add(rollcall.Change{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &u}})
}
