package sample

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"rollcall"
)

// Options say how large a generated organization is.
type Options struct {
	Seed   uint64
	People int
	// Departments counts the root department too.
	Departments int
	// BigDepartment is how many people are in department [BigDept].
	BigDepartment int
	// Days is how many days of sign-ins there are; Last is the last of them.
	Days int
	Last rollcall.Day
}

// BigDept is the department of a generated organization that has many people.
const BigDept rollcall.DeptID = 2

// Defaults returns the options for a number of people: 10,000 departments, one
// of them with 20,000 people, and less where there are fewer people; 31 days of
// sign-ins.
func Defaults(people int) Options {
	return Options{
		Seed: 1, People: people, Departments: min(10_000, max(3, people/10)),
		BigDepartment: min(20_000, people/5), Days: 31, Last: rollcall.DayOf(2026, time.August, 19),
	}
}

// Generated is a large organization that is made while it is read. Each of its
// sequences can be read again and gives the same.
type Generated struct {
	opt  Options
	step uint64 // spreads the people of BigDept over all ordinals
	from rollcall.Instant
	to   rollcall.Instant
}

const (
	// utc8 is the time zone of generated organizations. It is that of
	// Asia/Shanghai, and needs no table of zones.
	utc8 = 8 * 60 * 60 * perSecond
	// generatedYears is over how many years the people came.
	generatedYears = 12
	perSecond      = 1000 // instants
	daySeconds     = 24 * 60 * 60
)

// Generate prepares an organization. Numbers that make no sense are put right:
// there are at least three departments, and the big one has not more people
// than there are.
func Generate(opt Options) *Generated {
	opt.Departments = max(opt.Departments, 3)
	opt.BigDepartment = min(max(opt.BigDepartment, 0), opt.People)
	g := &Generated{opt: opt, step: 1}
	for n := uint64(opt.People) * 618 / 1000; n > 1; n++ { // about the golden section
		if gcd(n, uint64(opt.People)) == 1 {
			g.step = n
			break
		}
	}
	last := opt.Last
	start := rollcall.At(time.Date(last.Year()-generatedYears, last.Month(), last.DayOfMonth(), 0, 0, 0, 0, time.UTC))
	g.from, g.to = start-utc8, endOf(last)
	return g
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// endOf returns the end of a day in the zone of generated organizations.
func endOf(d rollcall.Day) rollcall.Instant {
	return rollcall.At(time.Date(d.Year(), d.Month(), d.DayOfMonth()+1, 0, 0, 0, 0, time.UTC)) - utc8
}

// Options returns the options, put right.
func (g *Generated) Options() Options { return g.opt }

// Name is the name for the organization and its root department.
func (g *Generated) Name() string { return "样本集团 " + strconv.Itoa(g.opt.People) }

// Depts yields the departments below the root, each after its parent. The value
// is the caller's.
func (g *Generated) Depts() iter.Seq[rollcall.Dept] {
	return func(yield func(rollcall.Dept) bool) {
		for n := 2; n <= g.opt.Departments; n++ {
			kind := lines[n%len(lines)]
			d := rollcall.Dept{
				// Every department has ten below it, as far as they go.
				ID: rollcall.DeptID(n), ParentID: rollcall.DeptID(1 + (n-2)/10),
				Name: kind.text + strconv.Itoa(n) + "组", NameEN: kind.plain + " " + strconv.Itoa(n),
				SourceIdentifier: "org-" + strconv.Itoa(n), Order: int64(n % 10), Since: g.from,
			}
			if !yield(d) {
				return
			}
		}
	}
}

// lines is immutable: what departments are about.
var lines = []word{
	{"研发", "Development"},
	{"销售", "Sales"},
	{"市场", "Marketing"},
	{"客服", "Customer Service"},
	{"财务", "Finance"},
	{"人事", "Human Resources"},
	{"生产", "Production"},
	{"物流", "Logistics"},
	{"采购", "Purchasing"},
	{"质量", "Quality"},
	{"运维", "Operations"},
}

// big tells whether a person is in the big department.
func (g *Generated) big(o int) bool {
	return uint64(o)*g.step%uint64(g.opt.People) < uint64(g.opt.BigDepartment)
}

// User returns one person with the memberships.
func (g *Generated) User(o rollcall.Ordinal) *rollcall.User {
	d := throw(g.opt.Seed, uint64(o))
	p := makePerson(d, 5, 40)
	number := strconv.Itoa(int(o))
	u := &rollcall.User{
		Ordinal: o, UserID: p.handle + "." + number, Name: p.name, NameEN: p.nameEN,
		Active: d.below(20) > 0, AccessLimited: d.permille(1),
		Mobile: fmt.Sprintf("19%09d", (uint64(o)*314159+271828)%1_000_000_000),
		Title:  pick(d, ranks), JobNumber: fmt.Sprintf("J%07d", o),
	}
	u.Email = u.UserID + "@sample.example"
	u.Stay = rollcall.Stay{From: g.joined(d, int(o)), To: rollcall.Open}
	u.Memberships = g.memberships(d, int(o), u.Stay.From)
	return u
}

// joined spreads the people over the years, roughly in the order of their
// ordinals.
func (g *Generated) joined(d *dice, o int) rollcall.Instant {
	const month = 30 * daySeconds
	each := g.to - g.from - month*perSecond
	at := each/rollcall.Instant(g.opt.People)*rollcall.Instant(o)/perSecond + rollcall.Instant(d.below(month))
	return g.from + at*perSecond
}

// memberships are one for nine of ten people, else two or three.
func (g *Generated) memberships(d *dice, o int, joined rollcall.Instant) []rollcall.Membership {
	n := 1
	if d.below(10) == 0 {
		n = 2 + d.below(4)/3
	}
	list := make([]rollcall.Membership, 0, n)
	for i := range n {
		m := rollcall.Membership{DeptID: BigDept, Entered: joined}
		if i > 0 || !g.big(o) {
			m.DeptID = rollcall.DeptID(3 + d.below(g.opt.Departments-2))
		}
		if d.below(3) == 0 { // moved here later
			m.Entered += rollcall.Instant(d.below(int((g.to-joined)/perSecond))) * perSecond
		}
		m.Modified = m.Entered
		m.Leader = d.permille(10)
		if d.permille(10) {
			m.Ordered, m.Order = true, int64(d.below(10_000))
		}
		if !slices.ContainsFunc(list, func(x rollcall.Membership) bool { return x.DeptID == m.DeptID }) {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b rollcall.Membership) int { return cmp.Compare(a.DeptID, b.DeptID) })
	return list
}

// Users yields everyone, by ordinal. The value is the caller's.
func (g *Generated) Users() iter.Seq[*rollcall.User] {
	return func(yield func(*rollcall.User) bool) {
		for o := range g.opt.People {
			if !yield(g.User(rollcall.Ordinal(o))) {
				return
			}
		}
	}
}

// Changes yields what brings the departments and the people into a new
// organization, in an order in which it can be applied. At, By and Version are
// left to the writer.
func (g *Generated) Changes() iter.Seq[rollcall.Change] {
	return func(yield func(rollcall.Change) bool) {
		for d := range g.Depts() {
			if !yield(createDept(d)) {
				return
			}
		}
		for u := range g.Users() {
			if !yield(join(u)) {
				return
			}
			for _, m := range u.Memberships {
				if !yield(addMember(u.Ordinal, m)) {
					return
				}
			}
		}
	}
}

// SignIns yields the days, ascending, with the ordinals of those who signed in,
// ascending: about seven of ten people. The list is used again for the next
// day.
func (g *Generated) SignIns() iter.Seq2[rollcall.Day, []rollcall.Ordinal] {
	return func(yield func(rollcall.Day, []rollcall.Ordinal) bool) {
		// Of each person it is enough to know from when on there can be any.
		from := make([]rollcall.Instant, g.opt.People)
		for u := range g.Users() {
			if from[u.Ordinal] = rollcall.Open; u.Active {
				from[u.Ordinal] = u.Stay.From
			}
		}
		list := make([]rollcall.Ordinal, 0, g.opt.People)
		for back := g.opt.Days - 1; back >= 0; back-- {
			today := g.opt.Last.AddDays(-back)
			end := endOf(today)
			list = list[:0]
			for o, at := range from {
				// 735 of 1000 of the 95 in 100 who are activated.
				if at < end && throw(g.opt.Seed, uint64(o), uint64(today)).permille(735) {
					list = append(list, rollcall.Ordinal(o))
				}
			}
			if !yield(today, list) {
				return
			}
		}
	}
}
