package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/ops"
	"rollcall/internal/pinyin"
	"rollcall/internal/sample"
	"rollcall/internal/store/sqlite"
)

// firstTimes are how long the first queries of each day took, in milliseconds.
type firstTimes struct{ All, Dept, Depts []float64 }

// firstDay times the first query of each day in a register that nobody has
// asked yet: of the whole organization, of the big department and of 100
// departments.
func firstDay(args []string) (err error) {
	f := flag.NewFlagSet("firstday", flag.ContinueOnError)
	dir := f.String("data", "", "directory of the database")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, *dir, sqlite.Options{})
	if err != nil {
		return err
	}
	defer closing(&err, store.Close)
	id := corp("").ID
	c, err := directory.Open(ctx, id, directory.Options{
		Store: store, Encoder: api.Card{}, Keyer: pinyin.New(), Clock: ops.NewClock(now()).Now,
	})
	if err != nil {
		return err
	}
	r := c.Current()
	ops.KeepHeadroom(r.Count(false))
	ops.ReturnMemory()
	hundred := []rollcall.DeptID{}
	for d := range r.Depts() {
		if d.ID != rollcall.RootDept && len(hundred) < 100 {
			hundred = append(hundred, d.ID)
		}
	}
	var times firstTimes
	for _, q := range []struct {
		depts []rollcall.DeptID
		to    *[]float64
	}{
		{nil, &times.All},
		{[]rollcall.DeptID{sample.BigDept}, &times.Dept},
		{hundred, &times.Depts},
	} {
		g, err := activity.Open(ctx, store, id)
		if err != nil {
			return err
		}
		for _, day := range g.Days() {
			began := time.Now()
			list := g.Answer(r, activity.Query{Day: day, Depts: q.depts})
			*q.to = append(*q.to, time.Since(began).Seconds()*1000)
			if list.Count() == 0 {
				return fmt.Errorf("everybody has signed in on %s", day)
			}
		}
	}
	return answer(times)
}

func (b *bench) firstDay() error {
	dir, err := b.usual(b.most)
	if err != nil {
		return err
	}
	var rounds []firstTimes
	for range b.times(3) {
		var t firstTimes
		if err := ask(&t, "firstday", "-data", dir); err != nil {
			return err
		}
		rounds = append(rounds, t)
	}
	show := func(what string, of func(firstTimes) []float64) {
		var medians, slowest []float64
		for _, t := range rounds {
			medians = append(medians, median(of(t)))
			slowest = append(slowest, slices.Max(of(t)))
		}
		b.print(atMost(line{
			Case: "P6", What: fmt.Sprintf("inactive, first query of a day, %s", what), Unit: "ms", Values: medians,
			Note: fmt.Sprintf("median of %d days; slowest day %s ms", len(of(rounds[0])), spread(slowest)),
		}, 1))
	}
	show(fmt.Sprintf("%d people", b.most), func(t firstTimes) []float64 { return t.All })
	show(fmt.Sprintf("department of %d", sample.Defaults(b.most).BigDepartment), func(t firstTimes) []float64 { return t.Dept })
	show("100 departments", func(t firstTimes) []float64 { return t.Depts })
	return nil
}
