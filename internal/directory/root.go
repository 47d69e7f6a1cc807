package directory

import (
	"bytes"
	"iter"
	"strconv"
	"sync"
	"time"

	"rollcall"
	"rollcall/internal/directory/sequence"
	"rollcall/internal/ordset"
)

// Root is one version of one organization. It never changes; a request loads it
// once and reads it from start to end. Two roots share everything that did not
// change between them.
type Root struct {
	version  uint64
	header   []string // the version as the value of a header, see stamp
	corp     rollcall.Corp
	calendar *rollcall.Calendar

	cards    vector[block] // what lists show, by ordinal
	records  vector[block] // everything else, by ordinal
	packed   *ordset.Set   // which packs of blocks are whole, see packLen
	renamed  uint64        // the last version that gave somebody another userid
	people   int           // ordinals given so far
	users    *index        // userid → ordinal
	contacts contacts      // mobile and the like → ordinal
	unions   rollcall.Unions
	count    int // who belongs now
	active   int // of those, the activated

	present   vector[uint64] // who belongs now, as bits
	activated vector[uint64] // whose account was ever activated, as bits
	arrivals  sequence.Seq   // who belongs now, by the start of the stay
	reports   sequence.Seq   // of those, who reports to somebody, by that person
	departed  []pastStay     // ended stays, by their end

	depts    vector[*dept]
	deptNos  *index          // dept_id → number in depts
	lastDept rollcall.DeptID // the largest dept_id that was ever given

	roles  *roles
	system systemHolders

	apps map[string]*rollcall.App

	// recent tells for the newest versions from when on they changed who
	// belonged where; it lets kept answers about earlier days live on.
	recent [16]boundary

	// copied counts the bytes that all versions up to this one had to copy;
	// the difference of two roots bounds what the older one keeps alive.
	copied int64

	joined  *joinedIDs // of large lists, for all versions
	pages   *pages     // of large lists, for all versions
	cardsAs uint64     // the version in which the card of anybody known before last became another
	totals  *sync.Map  // DeptID → people in the subtree, computed when asked for
}

// dept is one department of one version.
type dept struct {
	rollcall.Dept
	ended    rollcall.Instant // when it was deleted, else Open
	children []uint32         // numbers of the living children, by order and dept_id
	all      orders
	shown    *orders // without restricted people, where there are any (contract D9)
	limited  int     // restricted members
	english  int     // members with an English name
	past     []pastStay
	parents  []pastParent
}

// orders are the members of a department in every order. customEN shares
// custom where nobody has an English name. The descending orders are the
// ascending ones read backwards.
type orders struct{ custom, customEN, entry, modify sequence.Seq }

// pastStay is a belonging that has ended.
type pastStay struct {
	ordinal uint32
	rollcall.Stay
}

// boundary is the earliest instant at which a version changed a belonging.
type boundary struct {
	version  uint64
	earliest rollcall.Instant
}

type pastParent struct {
	parent rollcall.DeptID
	rollcall.Stay
}

// Version returns the number of the version.
func (r *Root) Version() uint64 { return r.version }

// VersionHeader returns the number as the value of a header, which nobody may
// write to: every reply has it, and it costs nothing there.
func (r *Root) VersionHeader() []string { return r.header }

// stamp writes the number down, before the version is shown.
func (r *Root) stamp() { r.header = []string{strconv.FormatUint(r.version, 10)} }

// BelongingSame reports whether all belongings before t are the same in this
// version as in an earlier one. It may say no where they are.
func (r *Root) BelongingSame(earlier uint64, t rollcall.Instant) bool {
	seen := uint64(0)
	for _, b := range r.recent {
		if b.version > earlier {
			if b.earliest < t {
				return false
			}
			seen++
		}
	}
	return earlier <= r.version && seen == r.version-earlier
}

// UserIDsSame reports whether everyone has the same userid in this version as in
// an earlier one. It may say no where they have.
func (r *Root) UserIDsSame(earlier uint64) bool { return r.renamed <= earlier && earlier <= r.version }

// Corp returns the organization's own values.
func (r *Root) Corp() rollcall.Corp { return r.corp }

// Location returns the organization's time zone.
func (r *Root) Location() *time.Location { return r.calendar.Location() }

// Calendar returns the organization's days. It is the same pointer in every
// version in which the days are the same.
func (r *Root) Calendar() *rollcall.Calendar { return r.calendar }

// Count returns how many people belong to the organization, or how many of
// them are activated (contract D7).
func (r *Root) Count(onlyActive bool) int {
	if onlyActive {
		return r.active
	}
	return r.count
}

// NextOrdinal returns the ordinal that the next new person gets.
func (r *Root) NextOrdinal() rollcall.Ordinal { return rollcall.Ordinal(r.people) }

func (r *Root) card(o uint32) card { return card(r.cards.at(int(o / blockLen)).at(int(o % blockLen))) }

func (r *Root) record(o uint32) record {
	return record(r.records.at(int(o / blockLen)).at(int(o % blockLen)))
}

func (r *Root) ordinal(userid []byte) (uint32, bool) {
	return r.users.find(r.users.hashString(userid), func(n uint32) bool {
		return int(n) < r.people && bytes.Equal(r.record(n).userid(), userid)
	})
}

// UserByID returns a person, also one who has left. The value is the caller's.
func (r *Root) UserByID(userid string) (*rollcall.User, bool) {
	o, ok := r.ordinal([]byte(userid))
	if !ok {
		return nil, false
	}
	return r.record(o).user(rollcall.Ordinal(o)), true
}

// User returns the person with an ordinal, also one who has left; nil where the
// ordinal has not been given. The value is the caller's.
func (r *Root) User(o rollcall.Ordinal) *rollcall.User {
	if int(o) >= r.people {
		return nil
	}
	return r.record(uint32(o)).user(o)
}

// ReadUser is [Root.User] into a value that is used again: its lists are
// overwritten. The ordinal must have been given.
func (r *Root) ReadUser(o rollcall.Ordinal, u *rollcall.User) { r.record(uint32(o)).read(o, u) }

// UserID returns the userid of the person with an ordinal that has been given.
func (r *Root) UserID(o rollcall.Ordinal) string { return string(r.record(uint32(o)).userid()) }

// Users yields everyone who ever belonged, by ordinal.
func (r *Root) Users() iter.Seq[*rollcall.User] {
	return func(yield func(*rollcall.User) bool) {
		for o := range r.people {
			if !yield(r.User(rollcall.Ordinal(o))) {
				return
			}
		}
	}
}

// App returns an app by its appkey.
func (r *Root) App(appkey string) (*rollcall.App, bool) {
	a, ok := r.apps[appkey]
	return a, ok
}

// Apps yields the apps in no particular order.
func (r *Root) Apps() iter.Seq[*rollcall.App] {
	return func(yield func(*rollcall.App) bool) {
		for _, a := range r.apps {
			if !yield(a) {
				return
			}
		}
	}
}

// deptNo returns the number of a department, also of a deleted one.
func (r *Root) deptNo(id rollcall.DeptID) (uint32, bool) {
	return r.deptNos.find(r.deptNos.hashNumber(int64(id)), func(n uint32) bool {
		return int(n) < r.depts.n && r.depts.at(int(n)).ID == id
	})
}

// dept returns a department that exists now, or nil.
func (r *Root) dept(id rollcall.DeptID) *dept {
	n, ok := r.deptNo(id)
	if !ok {
		return nil
	}
	if d := r.depts.at(int(n)); d.ended == rollcall.Open {
		return d
	}
	return nil
}

// Dept returns a department that exists now. The value must not be changed.
func (r *Root) Dept(id rollcall.DeptID) (*rollcall.Dept, bool) {
	d := r.dept(id)
	if d == nil {
		return nil, false
	}
	return &d.Dept, true
}

// Depts yields the departments that exist now, in the order of their creation.
func (r *Root) Depts() iter.Seq[*rollcall.Dept] {
	return func(yield func(*rollcall.Dept) bool) {
		for n := range r.depts.n {
			if d := r.depts.at(n); d.ended == rollcall.Open && !yield(&d.Dept) {
				return
			}
		}
	}
}

// DeptEver reports whether a department exists or ever existed, and returns the
// parent that it has or last had.
func (r *Root) DeptEver(id rollcall.DeptID) (parent rollcall.DeptID, ok bool) {
	n, ok := r.deptNo(id)
	if !ok {
		return 0, false
	}
	return r.depts.at(int(n)).ParentID, true
}

// Children yields the departments directly below one, by order and dept_id.
func (r *Root) Children(id rollcall.DeptID) iter.Seq[*rollcall.Dept] {
	return func(yield func(*rollcall.Dept) bool) {
		d := r.dept(id)
		if d == nil {
			return
		}
		for _, n := range d.children {
			if !yield(&r.depts.at(int(n)).Dept) {
				return
			}
		}
	}
}

// MemberCount returns how many people are directly in a department, and how
// many in it and everything below it, each counted once.
func (r *Root) MemberCount(id rollcall.DeptID) (direct, subtree int) {
	d := r.dept(id)
	if d == nil {
		return 0, 0
	}
	direct = d.all.custom.Len()
	if len(d.children) == 0 {
		return direct, direct
	}
	if v, ok := r.totals.Load(id); ok {
		return direct, v.(int)
	}
	subtree = r.SubtreeMembers(id).Count()
	r.totals.Store(id, subtree)
	return direct, subtree
}

// SubtreeMembers returns who is in a department or anywhere below it. The set
// is the caller's.
func (r *Root) SubtreeMembers(id rollcall.DeptID) *ordset.Set {
	set := ordset.New(r.people)
	var add func(d *dept)
	add = func(d *dept) {
		for o := range d.all.custom.All() {
			set.Add(o)
		}
		for _, n := range d.children {
			add(r.depts.at(int(n)))
		}
	}
	if d := r.dept(id); d != nil {
		add(d)
	}
	return set
}

// Leaders returns the userids of a department's leaders, in custom order.
func (r *Root) Leaders(id rollcall.DeptID) []string {
	leaders := []string{}
	d := r.dept(id)
	if d == nil {
		return leaders
	}
	for o := range d.all.custom.All() {
		if rec := r.record(o); rec.in(id).leader() {
			leaders = append(leaders, string(rec.userid()))
		}
	}
	return leaders
}
