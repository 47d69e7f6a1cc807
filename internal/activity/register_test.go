package activity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
)

var spring = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

func (x *org) feed() uint64 {
	x.t.Helper()
	heads, err := x.store.Heads(x.t.Context())
	if err != nil || len(heads) != 1 {
		x.t.Fatal(heads, err)
	}
	return heads[0].Feed
}

func TestRecordingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	x := newOrg(t, spring, "Asia/Shanghai")
	days := signIns{20260301: {3, 1, 2}, 20260302: {0, 70_000}}
	steps := []struct {
		days  signIns
		added int
		feed  uint64
	}{
		{days, 5, 1},
		{days, 0, 1},
		{signIns{20260301: {2}}, 0, 1},
		{signIns{20260301: {2, 2, 9, 9}}, 1, 2}, // each person once
		{signIns{20260302: {69_999, 70_000}}, 1, 3},
		{signIns{20260302: {}}, 0, 3},
		{nil, 0, 3},
	}
	for i, s := range steps {
		if got := x.do(s.days); got != s.added {
			t.Errorf("step %d: %d were new and not %d", i, got, s.added)
		}
		if x.feed() != s.feed || x.reg.Feed() != s.feed {
			t.Errorf("step %d: feed %d, in the register %d, and not %d", i, x.feed(), x.reg.Feed(), s.feed)
		}
		if v := x.corp.Current().Version(); v != 0 {
			t.Errorf("step %d: sign-ins made version %d", i, v)
		}
		x.checkDays(x.reg)
	}
}

// checkDays fails unless a register has the sign-ins of the model, day by day.
func (x *org) checkDays(g *activity.Register) {
	x.t.Helper()
	var want []rollcall.Day
	for day, who := range x.model.SignedIn {
		got := slices.Collect(g.SignedIn(day).All())
		var ordinals []uint32
		for o := range who {
			ordinals = append(ordinals, uint32(o))
		}
		slices.Sort(ordinals)
		if !slices.Equal(got, ordinals) {
			x.t.Fatalf("on %s signed in %v and not %v", day, got, ordinals)
		}
		if len(who) > 0 {
			want = append(want, day)
		}
	}
	slices.Sort(want)
	if !slices.Equal(g.Days(), want) {
		x.t.Fatalf("there are sign-ins on %v and not on %v", g.Days(), want)
	}
	if g.SignedIn(20300101).Count() != 0 {
		x.t.Fatal("somebody signed in where nobody did")
	}
}

// The ordinals around the borders of the stored chunks.
func TestChunks(t *testing.T) {
	t.Parallel()
	x := newOrg(t, spring, "Asia/Shanghai")
	borders := []rollcall.Ordinal{0, 63, 64, 65_535, 65_536, 65_537, 131_071, 131_072, 1_000_000}
	for i, o := range borders {
		x.do(signIns{20260301: {o}, 20260302: borders[:i+1]})
		x.checkDays(x.reg)
		x.checkDays(x.register(x.store))
	}
	var many []rollcall.Ordinal // so many that bits are smaller than a list
	for o := rollcall.Ordinal(60_000); o < 80_000; o++ {
		many = append(many, o)
	}
	if got := x.do(signIns{20260301: many}); got != 20_000-3 {
		t.Errorf("%d were new", got)
	}
	x.checkDays(x.reg)
	x.checkDays(x.register(x.store))
}

func TestASecondProcessCatchesUp(t *testing.T) {
	t.Parallel()
	x := newOrg(t, spring, "Asia/Shanghai")
	second := x.register(x.connect())
	for i := range rollcall.Ordinal(20) {
		x.do(signIns{20260301: {i}, rollcall.Day(20260302 + i%3): {i, 80_000 + i}})
		if i%4 != 3 {
			continue
		}
		if err := second.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if second.Feed() != x.reg.Feed() {
			t.Fatalf("feed %d and not %d", second.Feed(), x.reg.Feed())
		}
		x.checkDays(second)
	}
	if second.Bytes() <= 0 || second.Bytes() > 1<<20 {
		t.Errorf("it holds %d bytes", second.Bytes())
	}
}

// A set that was handed out stays what it was.
func TestHandedOutDaysStay(t *testing.T) {
	t.Parallel()
	x := newOrg(t, spring, "Asia/Shanghai")
	x.do(signIns{20260301: {1}})
	before := x.reg.SignedIn(20260301)
	x.do(signIns{20260301: {2}})
	if !before.Has(1) || before.Has(2) || !x.reg.SignedIn(20260301).Has(2) {
		t.Error("the set has changed")
	}
}

// unreadable tells chunks and an error in the place of what there is, once
// they are given.
type unreadable struct {
	rollcall.SignIns
	fake *fake
}

type fake struct {
	chunks []chunk
	err    error
}

type chunk struct {
	day  rollcall.Day
	no   uint32
	bits []byte
}

func (u *unreadable) SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error) {
	if u.fake == nil {
		return u.SignIns.SignInChunks(ctx, corpID, after, fn)
	}
	for _, c := range u.fake.chunks {
		if err := fn(c.day, c.no, c.bits); err != nil {
			return rollcall.Head{}, err
		}
	}
	return rollcall.Head{Feed: 7}, u.fake.err
}

// What cannot be read leaves the register as it was.
func TestUnreadableSignIns(t *testing.T) {
	t.Parallel()
	good := chunk{20260301, 0, []byte{1, 5, 0}}
	broken := errors.New("broken")
	tests := map[string]fake{
		"error":        {chunks: []chunk{good}, err: broken},
		"empty chunk":  {chunks: []chunk{good, {20260302, 0, nil}}},
		"unknown form": {chunks: []chunk{good, {20260302, 0, []byte{9, 1, 0}}}},
		"half a word":  {chunks: []chunk{good, {20260302, 0, []byte{2, 1, 0}}}},
	}
	for name, f := range tests {
		x := newOrg(t, spring, "Asia/Shanghai")
		x.do(signIns{20260228: {1}})
		failing := &unreadable{SignIns: x.store}
		g := x.register(failing)
		failing.fake = &f
		if err := g.CatchUp(t.Context()); err == nil || f.err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		x.checkDays(g)
		if g.Feed() != 1 {
			t.Errorf("%s: feed %d", name, g.Feed())
		}
		failing.fake = nil
		x.do(signIns{20260228: {2}})
		if err := g.CatchUp(t.Context()); err != nil {
			t.Errorf("%s: afterwards %v", name, err)
		}
		x.checkDays(g)
		if _, err := activity.Open(t.Context(), &unreadable{x.store, &f}, "corp"); err == nil {
			t.Errorf("%s: it was opened", name)
		}
	}
}

// Reading while sign-ins come in, for the race detector.
func TestReadingWhileRecording(t *testing.T) {
	t.Parallel()
	x := newOrg(t, spring, "Asia/Shanghai")
	x.do(nil, joined(0, rollcall.Beginning), joined(1, rollcall.Beginning), joined(2, rollcall.Beginning))
	stop := make(chan struct{})
	var reading sync.WaitGroup
	for range 3 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r := x.corp.Current()
				for _, active := range []bool{false, true} {
					a := x.reg.Answer(r, activity.Query{Day: 20260302, Active: active})
					if n := a.Count(); n < 0 || n > 3 {
						t.Errorf("%d of 3 people", n)
					}
				}
				if n := x.reg.SignedIn(20260302).Count(); n > len(x.reg.Days())*3 {
					t.Errorf("%d signed in", n)
				}
				if err := x.reg.CatchUp(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range rollcall.Ordinal(30) {
		x.do(signIns{20260302: {i % 3}, rollcall.Day(20260301 - i%5): {i}})
	}
	close(stop)
	reading.Wait()
	x.checkDays(x.reg)
	if got := fmt.Sprint(x.check(activity.Query{Day: 20260302, Active: true}).Append(nil, 0, 9)); got != "[0 1 2]" {
		t.Errorf("signed in have %s", got)
	}
}
