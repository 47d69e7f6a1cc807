package activity

import (
	"slices"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// Kind says what a [Question] asks for.
type Kind string

// The questions beyond the one day of the wire.
const (
	Absent Kind = "absent" // who did not sign in on any day of the range
	Seen   Kind = "seen"   // who signed in on at least one of them
	Last   Kind = "last"   // everyone, with the last day with a sign-in
	Count  Kind = "count"  // everyone, with the number of days of the range with a sign-in
	Never  Kind = "never"  // whose account was never activated
)

// Kinds lists the questions about people.
func Kinds() []Kind { return []Kind{Absent, Seen, Last, Count, Never} }

// Question asks about the sign-ins of a range of days.
type Question struct {
	Kind Kind
	// From and To are the first and the last day.
	From, To rollcall.Day
	// Depts limits it to those who were in one of them at the end of To; none is
	// the whole organization. Subtrees widens them to everything below.
	Depts    []rollcall.DeptID
	Subtrees bool
}

// Reply are the people who are the answer, by ordinal, with what can be said of
// each.
type Reply struct {
	People *ordset.Ranked
	days   []dayset // of the range
	kept   []dayset // all that are kept, up to the end of the range
}

// dayset is who signed in on a day.
type dayset struct {
	day rollcall.Day
	set *ordset.Set
}

// between returns the days of a range on which anybody signed in, ascending.
func (g *Register) between(from, to rollcall.Day) []dayset {
	g.mu.RLock()
	defer g.mu.RUnlock()
	lo, _ := slices.BinarySearch(g.order, from)
	hi, _ := slices.BinarySearch(g.order, to+1)
	list := make([]dayset, 0, max(0, hi-lo))
	for _, d := range g.order[lo:max(lo, hi)] {
		list = append(list, dayset{d, g.days[d]})
	}
	return list
}

// Ask answers a question about people. It is about those who belonged at the end
// of the last day of the range, by the tree and the memberships as they were
// then; where that day is not over, as they are now.
func (g *Register) Ask(r *directory.Root, q Question) Reply {
	set := belonging(r, q)
	days := g.between(q.From, q.To)
	switch q.Kind {
	case Absent:
		set.AndNot(union(days))
	case Seen:
		set.And(union(days))
	case Never:
		for o := range set.All() {
			if r.Activated(rollcall.Ordinal(o)) {
				set.Remove(o)
			}
		}
	}
	return Reply{ordset.Rank(set), days, g.between(0, q.To)}
}

func belonging(r *directory.Root, q Question) *ordset.Set {
	end := rollcall.At(r.Calendar().End(q.To))
	if len(q.Depts) == 0 {
		return r.RosterAt(end)
	}
	return membersAt(r, Query{Depts: q.Depts, Subtrees: q.Subtrees}, end)
}

func union(days []dayset) *ordset.Set {
	all := ordset.New(0)
	for _, d := range days {
		all.Or(d.set)
	}
	return all
}

// Last returns the last day up to the end of the range on which a person signed
// in; 0 where there is none, or it is not kept any more.
func (a Reply) Last(o rollcall.Ordinal) rollcall.Day {
	for i := len(a.kept) - 1; i >= 0; i-- {
		if a.kept[i].set.Has(uint32(o)) {
			return a.kept[i].day
		}
	}
	return 0
}

// Count returns on how many days of the range a person signed in.
func (a Reply) Count(o rollcall.Ordinal) int {
	n := 0
	for i := range a.days {
		if a.days[i].set.Has(uint32(o)) {
			n++
		}
	}
	return n
}

// Point is one day of a trend.
type Point struct {
	Day     rollcall.Day
	Members int // who belonged at the end of the day
	Signed  int // who of them signed in
}

// Trend returns for each day of the range how many belonged and how many of them
// signed in.
func (g *Register) Trend(r *directory.Root, q Question) []Point {
	points := []Point{}
	for d := q.From; d <= q.To; d = d.AddDays(1) {
		set := belonging(r, Question{To: d, Depts: q.Depts, Subtrees: q.Subtrees})
		p := Point{Day: d, Members: set.Count()}
		set.And(g.SignedIn(d))
		p.Signed = set.Count()
		points = append(points, p)
	}
	return points
}

// Bounds checks the range of a question and fills in what is left open: To is
// today, From is days before and including To, 30 where days is 0.
func (q *Question) Bounds(r *directory.Root, now time.Time, days int) error {
	k := r.Calendar()
	today, oldest := k.Day(now), Oldest(r.Corp().Settings, k, now)
	if q.To == 0 {
		q.To = today
	}
	if days == 0 {
		days = 30
	}
	if q.From == 0 {
		q.From = max(q.To.AddDays(1-days), oldest)
	}
	switch {
	case q.To > today:
		return rollcall.Invalid("to", "%s is in the future; today is %s", q.To, today)
	case q.From > q.To:
		return rollcall.Invalid("from", "%s is after %s", q.From, q.To)
	case q.From < oldest:
		return rollcall.Invalid("from", "sign-ins are kept since %s only (activity.retention_days)", oldest)
	}
	return nil
}
