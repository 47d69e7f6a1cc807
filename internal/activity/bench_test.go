package activity_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/ordset"
	"rollcall/internal/pinyin"
	"rollcall/internal/sample"
)

// large is a store with a generated organization and many days of sign-ins, which
// can be loaded and nothing else.
type large struct {
	rollcall.Store
	made *sample.Generated
	days int
	last rollcall.Day
}

// Load implements [rollcall.Store].
func (l *large) Load(_ context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	c := rollcall.Corp{ID: corpID, Name: "Bench", Settings: rollcall.DefaultSettings()}
	err := to.Corp(&c)
	if err == nil {
		err = to.Dept(&rollcall.Dept{ID: rollcall.RootDept, Name: c.Name}, rollcall.Open)
	}
	for d := range l.made.Depts() {
		if err == nil {
			err = to.Dept(&d, rollcall.Open)
		}
	}
	for u := range l.made.Users() {
		if err == nil {
			err = to.User(u)
		}
	}
	return rollcall.Head{CorpID: corpID, Version: 1}, err
}

// SignInChunks implements [rollcall.SignIns]: of those whose accounts are in use,
// three of four come each day.
func (l *large) SignInChunks(_ context.Context, _ string, _ uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error) {
	n := l.made.Options().People
	active := ordset.New(n)
	for u := range l.made.Users() {
		if u.Active {
			active.Add(uint32(u.Ordinal))
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for back := l.days - 1; back >= 0; back-- {
		words := make([]uint64, (n+63)/64)
		for i := range words {
			words[i] = (rnd.Uint64() | rnd.Uint64()) & active.Word(i)
		}
		set := ordset.Of(words)
		for c := range set.Chunks() {
			if err := fn(l.last.AddDays(-back), uint32(c), set.AppendChunk(nil, c)); err != nil {
				return rollcall.Head{}, err
			}
		}
	}
	return rollcall.Head{Feed: uint64(l.days)}, nil
}

// Questions about a million people and 400 days, as if each were the first: a
// page of 100, or what is told of everybody.
func BenchmarkQuestions(b *testing.B) {
	const people, days = 1_000_000, 400
	opt := sample.Defaults(people)
	store := &large{made: sample.Generate(opt), days: days, last: opt.Last}
	corp, err := directory.Open(b.Context(), "bench", directory.Options{
		Store: store, Encoder: modeltest.Encoder{}, Keyer: pinyin.New(), Clock: modeltest.NewClock(spring).Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	g, err := activity.Open(b.Context(), store, "bench")
	if err != nil {
		b.Fatal(err)
	}
	r := corp.Current()
	q := activity.Question{From: opt.Last.AddDays(1 - days), To: opt.Last}
	ask := func(b *testing.B, q activity.Question, offset, n int) {
		for b.Loop() {
			reply := g.Ask(r, q)
			tally := reply.Tally()
			for _, o := range reply.People.Append(nil, offset, min(n, reply.People.Count())) {
				tally.Of(rollcall.Ordinal(o))
			}
		}
	}
	for _, kind := range activity.Kinds() {
		q := q
		q.Kind = kind
		b.Run(string(kind)+"/page", func(b *testing.B) { ask(b, q, 0, 100) })
		b.Run(string(kind)+"/everybody", func(b *testing.B) { ask(b, q, 0, people) })
		q.Depts, q.Subtrees = []rollcall.DeptID{rollcall.RootDept}, true
		b.Run(string(kind)+"/page below the root department", func(b *testing.B) { ask(b, q, 0, 100) })
	}
	for _, t := range []struct {
		name     string
		depts    []rollcall.DeptID
		subtrees bool
	}{
		{"everybody", nil, false},
		{"department of 20,000", []rollcall.DeptID{sample.BigDept}, false},
		{"department of 100", []rollcall.DeptID{77}, false},
		{"below the root department", []rollcall.DeptID{rollcall.RootDept}, true},
	} {
		q := q
		q.Depts, q.Subtrees = t.depts, t.subtrees
		b.Run("trend/"+t.name, func(b *testing.B) {
			for b.Loop() {
				if len(g.Trend(r, q)) != days {
					b.Fatal("days are missing")
				}
			}
		})
	}
}

// First sign-ins of accounts, 10,000 in a batch, out of 100,000 people in any
// order: each is a change of the log. It is to be run at most ten times.
func BenchmarkFirstSignIns(b *testing.B) {
	const people, batch = 100_000, 10_000
	x := newOrg(b, spring, "Asia/Shanghai")
	var changes []rollcall.Change
	for o := range rollcall.Ordinal(people) {
		changes = append(changes, joined(o, rollcall.Beginning))
	}
	if _, err := x.corp.Do(b.Context(), "bench", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: changes}, nil
	}); err != nil {
		b.Fatal(err)
	}
	order := rand.New(rand.NewPCG(1, 2)).Perm(people)
	for b.Loop() {
		if len(order) == 0 {
			b.Fatal("everybody has signed in")
		}
		var list []activity.SignIn
		for _, o := range order[:batch] {
			list = append(list, activity.SignIn{Ordinal: rollcall.Ordinal(o), At: rollcall.At(spring)})
		}
		order = order[batch:]
		out, err := x.reg.Take(b.Context(), x.corp, list, x.clock.Now, activity.Terms{By: "bench"})
		if err != nil || out.Fresh != batch {
			b.Fatal(out.Fresh, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/sign-in")
}
