package activity

import (
	"math/rand/v2"
	"testing"

	"rollcall"
	"rollcall/internal/ordset"
)

// A tally says of everybody what looking at day after day says, in any order of
// asking, for any number of days and wherever the range begins.
func TestTallyAgreesWithAskingAboutEach(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const people = 5000
	for _, n := range []int{0, 1, 7, 8, 9, 40, 700} {
		var a Reply
		day := rollcall.Day(20240101)
		for range n {
			set := ordset.New(0)
			for range rng.IntN(people) {
				set.Add(rng.Uint32N(1 + rng.Uint32N(people)))
			}
			if rng.IntN(10) == 0 {
				for o := range uint32(300) {
					set.Add(o) // some come often
				}
			}
			a.kept = append(a.kept, dayset{day, set})
			day = day.AddDays(1 + rng.IntN(2))
		}
		for _, first := range []int{0, n / 7, n - 1, n} {
			a.first = min(max(first, 0), n)
			checkTally(t, a, rng)
		}
	}
}

func checkTally(t *testing.T, a Reply, rng *rand.Rand) {
	t.Helper()
	tally := a.Tally()
	for i := range 800 {
		o := rng.Uint32N(6000)
		if i < 400 {
			o = uint32(i)
		}
		var last rollcall.Day
		count := 0
		for i, d := range a.kept {
			if d.set.Has(o) {
				last = d.day
				if i >= a.first {
					count++
				}
			}
		}
		if l, c := tally.Of(rollcall.Ordinal(o)); l != last || c != count {
			t.Fatalf("%d days from %d on, person %d: %s, %d days; not %s, %d", len(a.kept), a.first, o, l, c, last, count)
		}
	}
}
