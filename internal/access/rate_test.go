package access

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
)

// rated gives the app of the hall a rate and returns what its token opens.
func (h *hall) rated(rate int) *Grant {
	h.t.Helper()
	next := *h.app
	next.Rate = rate
	h.app = &next
	h.corp.put(&next)
	g, ok := h.Grant([]byte(h.get()))
	if !ok {
		h.t.Fatal("no grant")
	}
	return g
}

func TestARateCountsEachCallByItself(t *testing.T) {
	h := newHall(t)
	g := h.rated(3)
	now := h.clock()
	for i, want := range []bool{true, true, true, false, false} {
		for _, path := range []string{"/a", "/b"} {
			if limit, ok := g.Spend(path, now); ok != want || limit != 3 {
				t.Errorf("call %d of %s: %v of %d", i, path, ok, limit)
			}
		}
	}
	now = now.Add(time.Second / 3)
	if _, ok := g.Spend("/a", now); !ok {
		t.Error("a third of a second later there is none")
	}
	if _, ok := g.Spend("/a", now); ok {
		t.Error("a third of a second later there are two")
	}
	now = now.Add(time.Hour)
	for i, want := range []bool{true, true, true, false} {
		if _, ok := g.Spend("/a", now); ok != want {
			t.Errorf("an hour later, call %d: %v", i, ok)
		}
	}
	if _, ok := g.Spend("/a", now.Add(-time.Hour)); ok {
		t.Error("a clock that goes back brings calls")
	}
}

func TestARateIsThatOfTheApp(t *testing.T) {
	h := newHall(t)
	g := h.rated(1)
	now := h.clock()
	g.Spend("/a", now)

	// Another change of the app counts on.
	next := *h.app
	next.Name = "renamed"
	h.corp.put(&next)
	again, _ := h.Grant([]byte(h.get()))
	if again == g {
		t.Fatal("the same grant")
	}
	if _, ok := again.Spend("/a", now); ok {
		t.Error("a change of the app brings calls")
	}
	if _, ok := g.Spend("/a", now); ok {
		t.Error("the grant before brings calls")
	}
	// Another rate counts at once.
	if limit, ok := h.rated(2).Spend("/a", now); !ok || limit != 2 {
		t.Errorf("with another rate: %v of %d", ok, limit)
	}
	for range 1000 {
		if limit, ok := h.rated(0).Spend("/a", now); !ok || limit != 0 {
			t.Fatal("without a rate there is one")
		}
	}
}

func TestRatesOfDeletedAppsAreDropped(t *testing.T) {
	h := newHall(t)
	tenant := h.index.Load().corp("acme")
	for range 50 {
		app := newApp(h.key, "acme", NewAppkey("acme"))
		app.Rate = 1
		h.corp.put(app)
		tenant.ratesOf(app)
		h.corp.delete(app.Appkey)
	}
	if n := len(tenant.rates); n > 1 {
		t.Errorf("%d rates are kept", n)
	}
}

func TestCallsAtOnceKeepTheRate(t *testing.T) {
	h := newHall(t)
	g := h.rated(100)
	now := h.clock()
	var through atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				if _, ok := g.Spend("/a", now); ok {
					through.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := through.Load(); n != 100 {
		t.Errorf("%d calls of 800 at the same instant, want 100", n)
	}
}

// Without a rate nothing is counted and nothing is paid.
func TestNoRateCostsNothing(t *testing.T) {
	g := newGrant(nil, &rollcall.App{})
	n := testing.AllocsPerRun(100, func() {
		if _, ok := g.Spend("/a", time.Time{}); !ok || len(g.Networks()) > 0 {
			t.Error("there is a limit")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
