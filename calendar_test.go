package rollcall_test

import (
	"slices"
	"testing"
	"time"

	"rollcall"
)

func calendar(t *testing.T, s rollcall.Settings, eras ...rollcall.Era) *rollcall.Calendar {
	t.Helper()
	k, err := rollcall.Corp{Settings: s, Eras: eras}.Calendar()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWindow(t *testing.T) {
	t.Parallel()
	const local = "2006-01-02 15:04:05"
	tests := []struct {
		zone, now   string
		closing     int
		first, last rollcall.Day
	}{
		// The example of contract D6.
		{"Asia/Shanghai", "2026-08-21 09:00:00", 9, 20260721, 20260820},
		{"Asia/Shanghai", "2026-08-21 08:59:59", 9, 20260721, 20260819},
		{"Asia/Shanghai", "2026-08-21 23:59:59", 9, 20260721, 20260820},
		{"Asia/Shanghai", "2026-08-22 00:00:00", 9, 20260722, 20260820},
		// Closing hours at the ends of the day.
		{"Asia/Shanghai", "2026-08-21 00:00:00", 0, 20260721, 20260820},
		{"Asia/Shanghai", "2026-08-20 23:59:59", 0, 20260720, 20260819},
		{"Asia/Shanghai", "2026-08-21 22:59:59", 23, 20260721, 20260819},
		{"Asia/Shanghai", "2026-08-21 23:00:00", 23, 20260721, 20260820},
		// The month before is shorter.
		{"Asia/Shanghai", "2026-03-31 10:00:00", 9, 20260228, 20260330},
		{"Asia/Shanghai", "2026-03-29 10:00:00", 9, 20260228, 20260328},
		{"Asia/Shanghai", "2026-03-28 10:00:00", 9, 20260228, 20260327},
		{"Asia/Shanghai", "2028-03-31 10:00:00", 9, 20280229, 20280330},
		{"Asia/Shanghai", "2028-03-29 10:00:00", 9, 20280229, 20280328},
		{"Asia/Shanghai", "2100-03-31 10:00:00", 9, 21000228, 21000330},
		{"Asia/Shanghai", "2026-05-31 10:00:00", 9, 20260430, 20260530},
		// Into another month and year, and the leap day itself.
		{"Asia/Shanghai", "2026-01-01 08:59:59", 9, 20251201, 20251230},
		{"Asia/Shanghai", "2026-03-01 08:59:59", 9, 20260201, 20260227},
		{"Asia/Shanghai", "2028-03-01 09:00:00", 9, 20280201, 20280229},
		{"Asia/Shanghai", "2028-02-29 09:00:00", 9, 20280129, 20280228},
		// Days on which the clocks change.
		{"America/New_York", "2026-03-08 08:59:59", 9, 20260208, 20260306},
		{"America/New_York", "2026-03-08 09:00:00", 9, 20260208, 20260307},
		{"America/New_York", "2026-11-01 08:59:59", 9, 20261001, 20261030},
		{"America/New_York", "2026-11-01 09:00:00", 9, 20261001, 20261031},
		{"Europe/Berlin", "2026-03-29 08:59:59", 9, 20260228, 20260327},
		{"Europe/Berlin", "2026-03-29 09:00:00", 9, 20260228, 20260328},
		{"Europe/Berlin", "2026-10-25 09:00:00", 9, 20260925, 20261024},
		// 00:00 to 00:59:59 do not exist.
		{"America/Sao_Paulo", "2018-11-03 23:59:59", 0, 20181003, 20181102},
		{"America/Sao_Paulo", "2018-11-04 01:00:00", 0, 20181004, 20181103},
	}
	for _, test := range tests {
		loc := zone(t, test.zone)
		now, err := time.ParseInLocation(local, test.now, loc)
		if err != nil || now.Format(local) != test.now {
			t.Fatalf("%s in %s is %s: %v", test.now, test.zone, now, err)
		}
		k := calendar(t, rollcall.Settings{Timezone: test.zone, ClosingHour: test.closing})
		first, last := k.Window(now.UTC())
		if first != test.first || last != test.last {
			t.Errorf("at %s in %s, closing at %d, the window is %s to %s and not %s to %s",
				test.now, test.zone, test.closing, first, last, test.first, test.last)
		}
		if got := k.LastClosed(now); got != last {
			t.Errorf("at %s in %s, closing at %d, the last closed day is %s", test.now, test.zone, test.closing, got)
		}
	}
}

// Around every change of the clocks a day closes when the clock first shows the
// closing hour, or what comes in its place, and stays closed.
func TestDaysCloseOnceWhereClocksChange(t *testing.T) {
	t.Parallel()
	changes := map[string][]rollcall.Day{
		"America/New_York":    {20260308, 20261101},
		"Europe/Berlin":       {20260329, 20261025},
		"America/Sao_Paulo":   {20180218, 20181104},
		"America/Havana":      {20260308, 20261101}, // midnight comes twice in autumn
		"Australia/Lord_Howe": {20260405, 20261004}, // by half an hour
		"Asia/Shanghai":       {20260308},
	}
	for name, days := range changes {
		loc := zone(t, name)
		for _, day := range days {
			from := time.Date(day.Year(), day.Month(), day.DayOfMonth(), 12, 0, 0, 0, loc).Add(-60 * time.Hour)
			for closing := range 24 {
				k := calendar(t, rollcall.Settings{Timezone: name, ClosingHour: closing})
				closed := rollcall.Day(0) // by what the clock has shown so far
				for now := from; now.Before(from.Add(120 * time.Hour)); now = now.Add(15 * time.Minute) {
					if now.In(loc).Hour() >= closing {
						closed = max(closed, rollcall.DayAt(now, loc).AddDays(-1))
					}
					if closed == 0 || now.Before(from.Add(24*time.Hour)) {
						continue
					}
					if got := k.LastClosed(now); got != closed {
						t.Errorf("%s, closing at %d: at %s the last closed day is %s and not %s", name, closing, now.In(loc), got, closed)
					}
				}
			}
		}
	}
}

// Whatever zones follow each other, every instant belongs to one day, days
// follow each other, and a day ends where the next begins.
func TestDaysFollowEachOtherOverChangesOfTheZone(t *testing.T) {
	t.Parallel()
	zones := []string{"Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"}
	for _, before := range zones {
		for _, after := range zones {
			k := calendar(t, rollcall.Settings{Timezone: after, ClosingHour: 9}, rollcall.Era{Until: 20260815, Timezone: before, ClosingHour: 17})
			from := time.Date(2026, 8, 13, 0, 0, 0, 0, time.UTC)
			day := k.Day(from)
			for now := from; now.Before(from.AddDate(0, 0, 8)); now = now.Add(15 * time.Minute) {
				next := k.Day(now)
				if next < day || next > day.AddDays(2) {
					t.Fatalf("%s to %s: at %s comes %s after %s", before, after, now, next, day)
				}
				if day = next; now.Before(k.End(day.AddDays(-1))) || !now.Before(k.End(day)) {
					t.Fatalf("%s to %s: %s is counted for %s, from %s to %s", before, after, now, day, k.End(day.AddDays(-1)), k.End(day))
				}
			}
			if got, want := k.End(20260815), rollcall.Day(20260815).End(zone(t, before)); !got.Equal(want) {
				t.Errorf("%s to %s: the last day before the change ends at %s, not %s", before, after, got, want)
			}
		}
	}
}

func TestChoosingAnotherZoneChangesNoDayUpToToday(t *testing.T) {
	t.Parallel()
	c := rollcall.Corp{ID: "acme", Name: "Acme", Settings: rollcall.DefaultSettings()}
	choose := func(key, value string, today rollcall.Day) {
		t.Helper()
		s, err := c.With(key, value)
		if err != nil {
			t.Fatal(err)
		}
		u := c.Choose(s, today)
		c.Settings = *u.Settings
		if u.Eras != nil {
			c.Eras = *u.Eras
		}
	}
	choose("errmsg_language", "zh_CN", 20260801)
	if len(c.Eras) != 0 {
		t.Errorf("another language made eras: %v", c.Eras)
	}
	choose("timezone", "America/New_York", 20260810)
	choose("activity.closing_hour", "3", 20260810) // on the same day: still not in force
	choose("activity.closing_hour", "5", 20260820)
	want := []rollcall.Era{{Until: 20260810, Timezone: "Asia/Shanghai", ClosingHour: 9}, {Until: 20260820, Timezone: "America/New_York", ClosingHour: 3}}
	if !slices.Equal(c.Eras, want) {
		t.Errorf("eras %v, not %v", c.Eras, want)
	}
	k := calendar(t, c.Settings, c.Eras...)
	for _, test := range []struct {
		day    rollcall.Day
		end    string
		closes string
	}{
		{20260810, "2026-08-10T16:00:00Z", "2026-08-11T01:00:00Z"},
		{20260811, "2026-08-12T04:00:00Z", "2026-08-12T07:00:00Z"},
		{20260820, "2026-08-21T04:00:00Z", "2026-08-21T07:00:00Z"},
		{20260821, "2026-08-22T04:00:00Z", "2026-08-22T09:00:00Z"},
	} {
		if got := k.End(test.day).UTC().Format(time.RFC3339); got != test.end {
			t.Errorf("%s ends at %s, not %s", test.day, got, test.end)
		}
		closes, err := time.Parse(time.RFC3339, test.closes)
		if err != nil {
			t.Fatal(err)
		}
		if k.Closed(test.day, closes.Add(-time.Second)) || !k.Closed(test.day, closes) {
			t.Errorf("%s does not close at %s", test.day, test.closes)
		}
	}
}
