package activity_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory/modeltest"
)

// Three months of an organization: people come, leave, return, move and are
// moved with their departments, times are corrected, and people sign in. At
// any time every past day is answered as a replay of all intervals answers it.
func TestThreeMonths(t *testing.T) {
	t.Parallel()
	const days = 92
	for _, zone := range []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			// Both clock changes of the northern spring are within.
			x := newOrg(t, time.Date(2026, 1, 15, 1, 30, 0, 0, time.UTC), zone)
			first := x.today()
			rnd := rand.New(rand.NewPCG(1, uint64(len(zone))))
			ops := modeltest.Operations{Pick: rnd.IntN, People: 70, NoCrowds: true}
			for x.today() < first.AddDays(days) {
				x.clock.Advance(time.Duration(1+rnd.IntN(16)) * time.Hour)
				x.do(x.someSignIns(rnd), ops.Transaction(x.model, x.now())...)
				for range 3 {
					x.check(x.someQuery(rnd, first))
				}
			}
			x.checkEverything(first, x.today())

			// The same in a process that starts now.
			x.reg = x.register(x.connect())
			x.checkEverything(first.AddDays(days-10), x.today())
		})
	}
}

// someSignIns lets people sign in today, and at times late on an earlier day.
func (x *org) someSignIns(rnd *rand.Rand) signIns {
	days := signIns{}
	day := x.today()
	if rnd.IntN(5) == 0 {
		day = day.AddDays(-rnd.IntN(40))
	}
	for o := range x.model.People {
		if rnd.IntN(4) == 0 {
			days[day] = append(days[day], rollcall.Ordinal(o))
		}
	}
	return days
}

func (x *org) someQuery(rnd *rand.Rand, first rollcall.Day) activity.Query {
	q := activity.Query{Day: x.today().AddDays(-rnd.IntN(35)), Active: rnd.IntN(2) == 0, Subtrees: rnd.IntN(2) == 0}
	if q.Day < first {
		q.Day = first
	}
	ids := modeltest.DeptIDs()
	for range rnd.IntN(4) { // none: everyone; the same one may come twice
		q.Depts = append(q.Depts, ids[rnd.IntN(len(ids))])
	}
	return q
}

// checkEverything asks about every day, every department and every subtree.
func (x *org) checkEverything(first, last rollcall.Day) {
	x.t.Helper()
	about := [][]rollcall.DeptID{nil, modeltest.DeptIDs()}
	for _, id := range modeltest.DeptIDs() {
		about = append(about, []rollcall.DeptID{id})
	}
	for day := first; day <= last; day = day.AddDays(1) {
		for _, depts := range about {
			for _, subtrees := range []bool{false, true} {
				q := activity.Query{Day: day, Depts: depts, Subtrees: subtrees}
				inactive := x.check(q)
				q.Active = true
				active := x.check(q)
				x.checkPartition(q, active.Append(nil, 0, active.Count()), inactive.Append(nil, 0, inactive.Count()))
			}
		}
	}
}

// checkPartition fails unless those who signed in and those who did not are
// the members, each once.
func (x *org) checkPartition(q activity.Query, active, inactive []uint32) {
	x.t.Helper()
	members := x.members(q.Depts, q.Subtrees, q.Day)
	seen := map[uint32]int{}
	for _, o := range active {
		seen[o]++
	}
	for _, o := range inactive {
		seen[o]++
	}
	for _, o := range members {
		if seen[o] != 1 {
			x.t.Fatalf("%+v: member %d is there %d times", q, o, seen[o])
		}
	}
	if len(seen) != len(members) {
		x.t.Fatalf("%+v: %d people are answered, %d are members", q, len(seen), len(members))
	}
}

// members returns who belonged at the end of a day, by ordinal.
func (x *org) members(depts []rollcall.DeptID, subtrees bool, day rollcall.Day) []uint32 {
	end := rollcall.At(x.corp.Current().Calendar().End(day))
	if depts == nil {
		return x.model.RosterAt(end)
	}
	ids := depts
	if subtrees {
		ids = nil
		for _, id := range depts {
			if x.model.Depts[id] != nil {
				ids = append(ids, x.model.SubtreeAt(id, end)...)
			}
		}
	}
	return x.model.MembersAt(ids, end)
}

// A belonging counts on the day at whose end it is there, to the millisecond.
func TestTheEndOfTheDayDecides(t *testing.T) {
	t.Parallel()
	x := newOrg(t, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), "Asia/Shanghai")
	midnight := time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC) // 00:00 of the 11th there
	const day = rollcall.Day(20260310)
	x.do(nil,
		joined(0, rollcall.At(midnight)-1), joined(1, rollcall.At(midnight)),
		joined(2, rollcall.Beginning), joined(3, rollcall.Beginning), joined(4, rollcall.Beginning))
	for o, at := range map[rollcall.Ordinal]time.Time{2: midnight.Add(-time.Millisecond), 3: midnight, 4: midnight.Add(time.Millisecond)} {
		x.clock.Set(at)
		x.do(nil, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: o})
	}
	answer := x.check(activity.Query{Day: day})
	// 0 came just before the end, 3 and 4 were still there at the end.
	if got := answer.Append(nil, 0, 10); len(got) != 3 || got[0] != 0 || got[1] != 3 || got[2] != 4 {
		t.Errorf("on the roster are %v", got)
	}
	if got := x.check(activity.Query{Day: day.AddDays(1)}).Append(nil, 0, 10); len(got) != 2 || got[0] != 0 || got[1] != 1 {
		t.Errorf("on the next roster are %v", got)
	}
}

// Kept answers are given again while they are right, and only then.
func TestKeptAnswers(t *testing.T) {
	t.Parallel()
	const (
		day  = rollcall.Day(20260303)
		hour = time.Hour
	)
	noon := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	correct := func(o rollcall.Ordinal, at time.Time) rollcall.Change {
		return rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: o, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Joined: ptr(rollcall.At(at))}}}
	}
	entered := func(o rollcall.Ordinal, at time.Time) rollcall.Change {
		return rollcall.Change{Kind: rollcall.MemberUpdated, Ordinal: o, DeptID: 2, Payload: rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{Entered: ptr(rollcall.At(at))}}}
	}
	rename := rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 0, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("x")}}}
	west := rollcall.DefaultSettings()
	west.Timezone = "America/New_York"
	tests := map[string]struct {
		days    signIns
		changes []rollcall.Change
		kept    bool // whether the kept answer is still right and used
	}{
		"nothing":                         {nil, nil, true},
		"a rename":                        {nil, []rollcall.Change{rename}, true},
		"somebody comes today":            {nil, []rollcall.Change{joined(3, rollcall.At(noon.Add(9*24*hour))), added(3, 2, rollcall.At(noon.Add(9*24*hour)))}, true},
		"somebody leaves today":           {nil, []rollcall.Change{{Kind: rollcall.MemberRemoved, Ordinal: 0, DeptID: 2}, {Kind: rollcall.UserLeft, Ordinal: 0}}, true},
		"somebody leaves and is erased":   {nil, []rollcall.Change{{Kind: rollcall.MemberRemoved, Ordinal: 0, DeptID: 2}, {Kind: rollcall.UserLeft, Ordinal: 0}, erased(0)}, false},
		"a department is moved today":     {nil, []rollcall.Change{{Kind: rollcall.DeptUpdated, DeptID: 3, Payload: rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}}}, true},
		"a sign-in of another day":        {signIns{day + 1: {0, 1, 2}}, nil, true},
		"known sign-ins":                  {signIns{day: {1}}, nil, true},
		"new sign-ins":                    {signIns{day: {0}}, nil, false},
		"joined is put into the past":     {nil, []rollcall.Change{correct(2, noon)}, false},
		"joined is put after the day":     {nil, []rollcall.Change{correct(0, noon.Add(48*hour))}, false},
		"entered is put into the past":    {nil, []rollcall.Change{entered(2, noon)}, false},
		"entered is put after the day":    {nil, []rollcall.Change{entered(0, noon.Add(48*hour))}, false},
		"somebody comes with an old stay": {nil, []rollcall.Change{joined(3, rollcall.Beginning), added(3, 2, rollcall.Beginning)}, false},
		"an old membership is added":      {nil, []rollcall.Change{added(1, 3, rollcall.Beginning)}, false},
		"a department since ever":         {nil, []rollcall.Change{created(4, 2)}, false},
		"another time zone":               {nil, []rollcall.Change{{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &west}}}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newOrg(t, noon, "Asia/Shanghai")
			x.do(signIns{day: {1}}, created(2, 1), created(3, 2),
				joined(0, rollcall.Beginning), added(0, 2, rollcall.Beginning),
				joined(1, rollcall.Beginning), added(1, 2, rollcall.Beginning),
				joined(2, rollcall.At(noon.Add(72*hour))), added(2, 2, rollcall.At(noon.Add(72*hour))))
			x.clock.Set(noon.Add(9 * 24 * hour))
			queries := []activity.Query{
				{Day: day},
				{Day: day, Active: true},
				{Day: day, Depts: []rollcall.DeptID{2, 3}},
				{Day: day, Depts: []rollcall.DeptID{2}, Subtrees: true},
			}
			for _, q := range queries {
				x.check(q)
			}
			x.do(test.days, test.changes...)
			for _, q := range queries {
				before := x.reg.Answer(x.corp.Current(), q)
				if again := x.check(q); before != again {
					t.Errorf("%+v is computed twice", q)
				}
			}
			x.do(nil) // and once more, from what is kept now
			for _, q := range queries {
				x.check(q)
			}
		})
		t.Run(name+", reuse", func(t *testing.T) {
			t.Parallel()
			x := newOrg(t, noon, "Asia/Shanghai")
			x.do(signIns{day: {1}}, created(2, 1), created(3, 2),
				joined(0, rollcall.Beginning), added(0, 2, rollcall.Beginning),
				joined(1, rollcall.Beginning), added(1, 2, rollcall.Beginning),
				joined(2, rollcall.At(noon.Add(72*hour))), added(2, 2, rollcall.At(noon.Add(72*hour))))
			x.clock.Set(noon.Add(9 * 24 * hour))
			q := activity.Query{Day: day, Depts: []rollcall.DeptID{3, 2}}
			kept := x.check(q)
			x.do(test.days, test.changes...)
			q.Depts = []rollcall.DeptID{2, 3, 2} // the same question
			if used := x.check(q) == kept; used != test.kept {
				t.Errorf("the kept answer is used: %v", used)
			}
		})
	}
}

// An answer that is asked for now and then is kept for as long as it is right.
func TestAnAnswerOutlivesManyVersions(t *testing.T) {
	t.Parallel()
	x := newOrg(t, time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC), "Asia/Shanghai")
	x.do(nil, joined(0, rollcall.Beginning))
	q := activity.Query{Day: 20260301}
	kept := x.check(q)
	for i := range 50 {
		x.do(nil, rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 0, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Title: ptr("x")}}})
		if i%10 == 0 && x.check(q) != kept {
			t.Fatalf("after %d versions it was computed anew", i+1)
		}
	}
}
