package activity_test

import (
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
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
		first, last := activity.Window(now.UTC(), loc, test.closing)
		if first != test.first || last != test.last {
			t.Errorf("at %s in %s, closing at %d, the window is %s to %s and not %s to %s",
				test.now, test.zone, test.closing, first, last, test.first, test.last)
		}
		if got := activity.LastClosed(now, loc, test.closing); got != last {
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
				closed := rollcall.Day(0) // by what the clock has shown so far
				for now := from; now.Before(from.Add(120 * time.Hour)); now = now.Add(15 * time.Minute) {
					if now.In(loc).Hour() >= closing {
						closed = max(closed, rollcall.DayAt(now, loc).AddDays(-1))
					}
					if closed == 0 || now.Before(from.Add(24*time.Hour)) {
						continue
					}
					if got := activity.LastClosed(now, loc, closing); got != closed {
						t.Errorf("%s, closing at %d: at %s the last closed day is %s and not %s", name, closing, now.In(loc), got, closed)
					}
				}
			}
		}
	}
}
