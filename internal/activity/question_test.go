package activity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory/modeltest"
)

// Every question about any days agrees with a naive computation, after months in
// which people came, left and returned, moved and were moved with their
// departments, and the organization chose other time zones.
func TestQuestionsThroughManyChanges(t *testing.T) {
	t.Parallel()
	x := newOrg(t, time.Date(2026, 1, 15, 1, 30, 0, 0, time.UTC), "Asia/Shanghai")
	zones := []string{"America/New_York", "Asia/Shanghai", "Europe/Berlin", "Pacific/Auckland"}
	first, rnd := x.today(), rand.New(rand.NewPCG(5, 6))
	ops := modeltest.Operations{Pick: rnd.IntN, People: 70, NoCrowds: true}
	for step := 0; x.today() < first.AddDays(75); step++ {
		x.clock.Advance(time.Duration(1+rnd.IntN(16)) * time.Hour)
		x.do(x.someSignIns(rnd), ops.Transaction(x.model, x.now())...)
		if step%40 == 39 {
			x.chooseZone(zones[rnd.IntN(len(zones))])
		}
		if step%10 == 0 {
			x.checkQuestions(rnd, first)
		}
	}
	if n := len(x.corp.Current().Corp().Eras); n < 2 {
		t.Errorf("there were %d earlier time zones", n)
	}
	for range 100 {
		x.checkQuestions(rnd, first)
	}
	x.reg = x.register(x.connect())
	for range 20 {
		x.checkQuestions(rnd, first)
	}
}

func (x *org) chooseZone(zone string) {
	x.t.Helper()
	c := x.corp.Current().Corp()
	s := c.Settings
	s.Timezone = zone
	u := c.Choose(s, x.today())
	x.do(nil, rollcall.Change{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &u}})
}

// checkQuestions asks everything about some days and some departments.
func (x *org) checkQuestions(rnd *rand.Rand, first rollcall.Day) {
	x.t.Helper()
	about := x.someQuery(rnd, first)
	q := activity.Question{From: max(first, about.Day.AddDays(-rnd.IntN(30))), To: about.Day, Depts: about.Depts, Subtrees: about.Subtrees}
	r := x.corp.Current()
	for _, q.Kind = range activity.Kinds() {
		reply := x.reg.Ask(r, q)
		tally := reply.Tally()
		got := []string{}
		for _, o := range reply.People.Append(nil, 0, reply.People.Count()) {
			last, count := tally.Of(rollcall.Ordinal(o))
			got = append(got, fmt.Sprint(o, last, count))
		}
		if want := x.naively(q); fmt.Sprint(got) != fmt.Sprint(want) {
			x.t.Fatalf("%+v: %v and not %v", q, got, want)
		}
	}
	var want []activity.Point
	for d := q.From; d <= q.To; d = d.AddDays(1) {
		p := activity.Point{Day: d}
		for _, o := range x.members(q.Depts, q.Subtrees, d) {
			p.Members++
			if x.model.SignedIn[d][rollcall.Ordinal(o)] {
				p.Signed++
			}
		}
		want = append(want, p)
	}
	if got := x.reg.Trend(r, q); fmt.Sprint(got) != fmt.Sprint(want) {
		x.t.Fatalf("trend of %+v: %v and not %v", q, got, want)
	}
}

// naively answers a question about people from the model.
func (x *org) naively(q activity.Question) []string {
	list := []string{}
	for _, o := range x.members(q.Depts, q.Subtrees, q.To) {
		var last rollcall.Day
		count := 0
		for d, signed := range x.model.SignedIn {
			if d > q.To || !signed[rollcall.Ordinal(o)] {
				continue
			}
			last = max(last, d)
			if d >= q.From {
				count++
			}
		}
		if q.Kind == activity.Absent && count > 0 || q.Kind == activity.Seen && count == 0 ||
			q.Kind == activity.Never && x.model.People[o].Own.Active {
			continue
		}
		list = append(list, fmt.Sprint(o, last, count))
	}
	return list
}
