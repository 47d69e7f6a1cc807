package access

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"rollcall"
)

// rates count the calls of one app, each endpoint by itself.
type rates struct {
	perSecond int
	limiters  sync.Map // path to *rate.Limiter
}

// Spend counts a call of an endpoint against the app's rate. It is false for
// one too many in a second in which limit are allowed. For an app without a
// rate it does nothing.
func (g *Grant) Spend(path string, now time.Time) (limit int, ok bool) {
	if g.rates == nil {
		return 0, true
	}
	return g.rates.perSecond, g.rates.limiter(path).AllowN(now, 1)
}

func (r *rates) limiter(path string) *rate.Limiter {
	l, ok := r.limiters.Load(path)
	if !ok {
		l, _ = r.limiters.LoadOrStore(path, rate.NewLimiter(rate.Limit(r.perSecond), r.perSecond))
	}
	return l.(*rate.Limiter)
}

// ratesOf returns what counts the calls of an app, or nil for an app without a
// rate. All tokens of an app share it; another rate begins anew.
func (t *tenant) ratesOf(app *rollcall.App) *rates {
	if app.Rate == 0 {
		return nil
	}
	t.counting.Lock()
	defer t.counting.Unlock()
	r := t.rates[app.Appkey]
	if r == nil || r.perSecond != app.Rate {
		for key := range t.rates { // on the occasion, those of apps that are gone
			if _, there := t.corp.App(key); !there {
				delete(t.rates, key)
			}
		}
		if t.rates == nil {
			t.rates = map[string]*rates{}
		}
		r = &rates{perSecond: app.Rate}
		t.rates[app.Appkey] = r
	}
	return r
}
