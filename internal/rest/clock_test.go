package rest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall"
)

func (w *world) settings(change func(*rollcall.Settings)) {
	w.t.Helper()
	set := w.org.Settings()
	change(&set)
	w.do(rollcall.Change{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &set}}})
}

func TestSettingTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createApp("sandbox", rollcall.PermSandbox)
	if status, body := w.postTo("clock", `{"advance":"24h"}`); status != 409 || !strings.Contains(body, "no_sandbox") {
		t.Errorf("outside a sandbox: %d %s", status, body)
	}
	w.settings(func(s *rollcall.Settings) { s.Sandbox = true })
	for _, test := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"advance":"90m"}`, 200, `{"now":"2026-03-02T19:30:00+08:00"}`},
		{`{"now":"2026-03-01T00:00:00Z"}`, 200, `{"now":"2026-03-01T08:00:00+08:00"}`},
		{`{"advance":"-1h"}`, 200, `{"now":"2026-03-01T07:00:00+08:00"}`},
		{`{}`, 400, `"param":"body"`},
		{`{"now":"2026-03-01T00:00:00Z","advance":"1h"}`, 400, `"param":"body"`},
		{`{"advance":"1 day"}`, 400, `"param":"advance"`},
		{`{"now":"tomorrow"}`, 400, `"param":"body"`},
		{`{"now":"9999-01-01T00:00:00Z"}`, 400, `"param":"now"`},
		{`nonsense`, 400, `"param":"body"`},
	} {
		if status, body := w.postTo("clock", test.body); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %s", test.body, status, body)
		}
	}
	if status, body := w.get("/rollcall/v1/clock"); status != 200 || body != "{\"now\":\"2026-03-01T07:00:00+08:00\"}\n" {
		t.Errorf("%d %s", status, body)
	}
}

// A virtual month and a half in half days, over a leap day, the ends of two months
// and the changes of the clocks: at each step the window, what may still be fed
// and what is closed are what the clock on the wall says.
func TestAVirtualMonth(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Asia/Shanghai", "America/New_York", "Europe/Berlin"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			w := newFeedWorld(t)
			w.settings(func(s *rollcall.Settings) { s.Sandbox, s.Timezone = true, zone })
			w.createApp("month", rollcall.PermSandbox, rollcall.PermSignInWrite)
			loc := w.org.Current().Location()
			start := time.Date(2028, 2, 26, 8, 59, 0, 0, loc)
			if status, body := w.postTo("clock", fmt.Sprintf(`{"now":%q}`, start.Format(time.RFC3339))); status != 200 {
				t.Fatal(body)
			}
			w.restart() // its token had expired by that clock
			closed := map[rollcall.Day]string{}
			for now := start; now.Before(start.AddDate(0, 0, 34)); {
				k := w.org.Current().Calendar()
				today := rollcall.DayOf(now.Date())
				last := today.AddDays(-1)
				if now.Hour() < 9 {
					last = today.AddDays(-2)
				}
				first := today.MonthBefore()
				if gotFirst, gotLast := k.Window(now); gotFirst != first || gotLast != last {
					t.Fatalf("at %s the window is %s to %s, not %s to %s", now, gotFirst, gotLast, first, last)
				}
				for back, name := range []string{"ann", "bob", "cid"} {
					day := today.AddDays(-back)
					at := day.Start(loc).Add(time.Minute)
					f := w.feed(fmt.Sprintf(`{"userid":%q,"time":%q}`, name, at.Format(time.RFC3339)))
					if taken := f.Accepted == 1; taken != (day > last) {
						t.Fatalf("at %s a sign-in of %s is taken: %v", now, day, taken)
					}
				}
				for day, was := range closed {
					if got := w.signedIn(day); got != was {
						t.Fatalf("at %s the closed day %s has %q and not %q", now, day, got, was)
					}
				}
				closed[last] = w.signedIn(last)
				// A minute before the closing hour, at it, and in the evening.
				step := time.Minute
				switch {
				case now.Hour() == 9:
					step = 11 * time.Hour
				case now.Hour() > 9:
					next := today.AddDays(1)
					step = time.Date(next.Year(), next.Month(), next.DayOfMonth(), 8, 59, 0, 0, loc).Sub(now)
				}
				now = now.Add(step)
				status, _ := w.postTo("clock", fmt.Sprintf(`{"advance":%q}`, step))
				w.restart() // the token lives for two hours only, by that clock
				if status != 200 {
					if status, body := w.postTo("clock", fmt.Sprintf(`{"now":%q}`, now.Format(time.RFC3339))); status != 200 {
						t.Fatal(body)
					}
					w.restart()
				}
			}
		})
	}
}

func TestOldSignInsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	w.settings(func(s *rollcall.Settings) { s.Sandbox, s.RetentionDays = true, 40 })
	w.createApp("old", rollcall.PermSandbox, rollcall.PermSignInWrite)
	w.feed(`{"userid":"ann","time":"2026-03-02T09:00:00+08:00"}`)
	advance := func(days int, want string) {
		t.Helper()
		if status, body := w.postTo("clock", fmt.Sprintf(`{"advance":"%dh"}`, 24*days)); status != 200 {
			t.Fatal(body)
		}
		w.restart()
		if got := w.signedIn(20260302); got != want {
			t.Errorf("at %s %q signed in on the 2nd, not %q", w.clock.Now(), got, want)
		}
	}
	advance(40, "ann")
	advance(1, "")
	if n := len(w.org.Activity.Days()); n != 0 {
		t.Errorf("%d days are left", n)
	}
}
