package rollcall_test

import (
	"testing"
	"time"

	"rollcall"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rollcall.Day{
		"20260820": 20260820, "20280229": 20280229, "20000229": 20000229, "00010101": 10101, "99991231": 99991231,
	} {
		got, err := rollcall.ParseDay(text)
		if err != nil || got != want || got.String() != text || string(got.Append([]byte("on "))) != "on "+text {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for day, want := range map[rollcall.Day]string{0: "00000000", 99999999: "99999999", 123456789: "123456789", -1: "-0000001"} {
		if got := day.String(); got != want {
			t.Errorf("what is no day, %d, is shown as %s", int(day), got)
		}
	}
	for _, text := range []string{
		"", "2026082", "202608200", "2026-8-2", " 2026082", "+2026082", "2026082x", "２０２６０８２０",
		"20260229", "21000229", "20260431", "20260832", "20260800", "20261301", "20260001", "00000101", "00000000",
	} {
		if got, err := rollcall.ParseDay(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestDayArithmetic(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		day  rollcall.Day
		n    int
		want rollcall.Day
	}{
		{20260820, 0, 20260820},
		{20260831, 1, 20260901},
		{20260901, -1, 20260831},
		{20261231, 1, 20270101},
		{20260101, -1, 20251231},
		{20260228, 1, 20260301},
		{20280228, 1, 20280229},
		{20280301, -1, 20280229},
		{20260820, 365, 20270820},
		{20260820, -31, 20260720},
	} {
		if got := test.day.AddDays(test.n); got != test.want {
			t.Errorf("%s and %d days is %s and not %s", test.day, test.n, got, test.want)
		}
	}
	for day, want := range map[rollcall.Day]rollcall.Day{
		20260821: 20260721, 20260101: 20251201, 20260131: 20251231,
		20260331: 20260228, 20260330: 20260228, 20260329: 20260228, 20260328: 20260228,
		20280331: 20280229, 20280330: 20280229, 20280329: 20280229, 20280328: 20280228,
		20260531: 20260430, 20260731: 20260630, 20260831: 20260731, 20260301: 20260201,
	} {
		if got := day.MonthBefore(); got != want {
			t.Errorf("a month before %s is %s and not %s", day, got, want)
		}
	}
	d := rollcall.DayOf(2026, time.August, 5)
	if d != 20260805 || d.Year() != 2026 || d.Month() != time.August || d.DayOfMonth() != 5 {
		t.Errorf("the day is %s", d)
	}
}

func TestStartOfDay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone  string
		day   rollcall.Day
		start string
		hours float64
	}{
		{"Asia/Shanghai", 20260820, "2026-08-20T00:00:00+08:00", 24},
		{"America/New_York", 20260308, "2026-03-08T00:00:00-05:00", 23},
		{"America/New_York", 20261101, "2026-11-01T00:00:00-04:00", 25},
		{"Europe/Berlin", 20260329, "2026-03-29T00:00:00+01:00", 23},
		{"Europe/Berlin", 20261025, "2026-10-25T00:00:00+02:00", 25},
		{"America/Sao_Paulo", 20181104, "2018-11-04T01:00:00-02:00", 23}, // no midnight
		{"America/Sao_Paulo", 20181103, "2018-11-03T00:00:00-03:00", 24},
		{"America/Sao_Paulo", 20180217, "2018-02-17T00:00:00-02:00", 25}, // 23:00 comes twice
		{"America/Sao_Paulo", 20180218, "2018-02-18T00:00:00-03:00", 24},
		{"America/Havana", 20261101, "2026-11-01T00:00:00-04:00", 25}, // midnight comes twice
		{"Asia/Beirut", 20220327, "2022-03-27T01:00:00+03:00", 23},    // no midnight, east of Greenwich
		{"Australia/Lord_Howe", 20260405, "2026-04-05T00:00:00+11:00", 24.5},
	} {
		loc := zone(t, test.zone)
		start, end := test.day.Start(loc), test.day.End(loc)
		if got := start.In(loc).Format(time.RFC3339); got != test.start {
			t.Errorf("%s in %s starts at %s and not at %s", test.day, test.zone, got, test.start)
		}
		if got := end.Sub(start).Hours(); got != test.hours {
			t.Errorf("%s in %s has %v hours and not %v", test.day, test.zone, got, test.hours)
		}
	}
}

// A day starts at the first instant whose date it is, whatever the clocks do.
func TestEveryDayStartsWithItsFirstInstant(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Beirut",
		"Africa/Cairo", "Asia/Tehran", "America/Asuncion", "Atlantic/Azores", "Australia/Lord_Howe",
		"America/Scoresbysund", "Pacific/Chatham", "Asia/Kathmandu",
	} {
		loc := zone(t, name)
		for day := rollcall.Day(20050101); day < 20300101; day = day.AddDays(1) {
			start := day.Start(loc)
			if got, before := rollcall.DayAt(start, loc), rollcall.DayAt(start.Add(-time.Nanosecond), loc); got != day || before != day.AddDays(-1) {
				t.Fatalf("%s in %s starts at %s, before which it is %s", day, name, start.In(loc), before)
			}
			if end := day.End(loc); end != day.AddDays(1).Start(loc) {
				t.Fatalf("%s in %s ends at %s", day, name, end)
			}
		}
	}
	// Samoa had no 30th of December in 2011.
	loc := zone(t, "Pacific/Apia")
	if start, next := rollcall.Day(20111230).Start(loc), rollcall.Day(20111231).Start(loc); !start.Equal(next) {
		t.Errorf("a day that was left out starts at %s, the next one at %s", start.In(loc), next.In(loc))
	}
}

func TestStayCovers(t *testing.T) {
	t.Parallel()
	s := rollcall.Stay{From: 10, To: 20}
	for at, want := range map[rollcall.Instant]bool{9: false, 10: false, 11: true, 20: true, 21: false} {
		if s.Covers(at) != want {
			t.Errorf("just before %d: %v", at, !want)
		}
	}
	if !(rollcall.Stay{From: rollcall.Beginning, To: rollcall.Open}).Covers(1) {
		t.Error("for ever does not cover the beginning")
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 8, 20, 12, 34, 56, 789_999_999, time.UTC)
	i := rollcall.At(at)
	if got := i.Time(); !got.Equal(at.Truncate(time.Millisecond)) || got.Location() != time.UTC {
		t.Errorf("%s came back as %s", at, got)
	}
}
