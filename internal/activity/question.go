package activity

import (
	"cmp"
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
	kept   []dayset // all that are kept, up to the end of the range
	first  int      // which of them is the first of the range
}

// days are those of the range.
func (a Reply) days() []dayset { return a.kept[a.first:] }

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
	kept := g.between(0, q.To)
	first, _ := slices.BinarySearchFunc(kept, q.From, func(d dayset, from rollcall.Day) int { return cmp.Compare(d.day, from) })
	days := kept[first:]
	switch q.Kind {
	case Absent:
		set.AndNot(union(days))
	case Seen:
		set.And(union(days))
	case Never:
		set.AndNot(r.EverActivated())
	}
	return Reply{ordset.Rank(set), kept, first}
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

// Point is one day of a trend.
type Point struct {
	Day     rollcall.Day
	Members int // who belonged at the end of the day
	Signed  int // who of them signed in
}

// Trend returns for each day of the range how many belonged and how many of them
// signed in.
func (g *Register) Trend(r *directory.Root, q Question) []Point {
	var ends []rollcall.Instant
	points := []Point{}
	for d := q.From; d <= q.To; d = d.AddDays(1) {
		ends = append(ends, rollcall.At(r.Calendar().End(d)))
		points = append(points, Point{Day: d})
	}
	line, days := r.Timeline(ends, q.Depts, q.Subtrees), g.between(q.From, q.To)
	for i := range points {
		p := &points[i]
		_, p.Members = line.Next()
		if len(days) > 0 && days[0].day == p.Day {
			p.Signed = line.CountBoth(days[0].set)
			days = days[1:]
		}
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
