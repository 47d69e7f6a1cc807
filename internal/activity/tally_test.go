package activity

import (
	"math/rand/v2"
	"testing"

	"rollcall"
	"rollcall/internal/ordset"
)

// A tally says of everybody what Last and Count say, in any order.
func TestTallyAgreesWithAskingAboutEach(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	var a Reply
	day := rollcall.Day(20240101)
	for range 700 {
		set := ordset.New(0)
		for range rng.IntN(300) {
			set.Add(rng.Uint32N(1 + rng.Uint32N(500)))
		}
		a.kept = append(a.kept, dayset{day, set})
		day = day.AddDays(1 + rng.IntN(2))
	}
	a.days = a.kept[100:]
	some := 0
	tally := a.Tally()
	for i := range 1500 {
		o := rollcall.Ordinal(i % 600)
		if i >= 600 {
			o = rollcall.Ordinal(rng.IntN(600))
		}
		last, count := tally.Of(o)
		if last != a.Last(o) || count != a.Count(o) {
			t.Fatalf("person %d: %s, %d days; not %s, %d", o, last, count, a.Last(o), a.Count(o))
		}
		if count > 255 {
			some++
		}
	}
	if some == 0 {
		t.Error("nobody signed in often enough for the test to show much")
	}
}
