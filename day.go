package rollcall

import (
	"fmt"
	"time"
)

// Day is a calendar day as yyyymmdd, for example 20260820. It carries no time
// zone; the organization's zone is applied where instants are needed.
type Day int32

// DayOf makes a Day of a year, a month and a day of the month.
func DayOf(year int, month time.Month, day int) Day {
	return Day(year*10000 + int(month)*100 + day)
}

// DayAt returns the calendar day of t in loc.
func DayAt(t time.Time, loc *time.Location) Day {
	y, m, d := t.In(loc).Date()
	return DayOf(y, m, d)
}

// ParseDay reads a real calendar date written as eight digits, yyyyMMdd.
func ParseDay(s string) (Day, error) {
	if len(s) != 8 {
		return 0, fmt.Errorf("%q is not a date of the form yyyyMMdd", s)
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("%q is not a date of the form yyyyMMdd", s)
		}
		n = n*10 + int(s[i]-'0')
	}
	d := Day(n)
	// time.Date normalizes impossible dates to others, which shows them.
	if y := d.Year(); y < 1 || DayAt(time.Date(y, d.Month(), d.DayOfMonth(), 0, 0, 0, 0, time.UTC), time.UTC) != d {
		return 0, fmt.Errorf("%q is not a date of the calendar", s)
	}
	return d, nil
}

// Year returns the year.
func (d Day) Year() int { return int(d) / 10000 }

// Month returns the month.
func (d Day) Month() time.Month { return time.Month(int(d) / 100 % 100) }

// DayOfMonth returns the day of the month, from 1.
func (d Day) DayOfMonth() int { return int(d) % 100 }

// String returns the day as yyyyMMdd.
func (d Day) String() string { return string(d.Append(make([]byte, 0, 8))) }

// Append appends the day as String shows it.
func (d Day) Append(dst []byte) []byte {
	if d < 0 || d > 99999999 { // no day
		return fmt.Appendf(dst, "%08d", int32(d))
	}
	at := len(dst)
	dst = append(dst, "00000000"...)
	for i := at + 7; d > 0; i, d = i-1, d/10 {
		dst[i] += byte(d % 10)
	}
	return dst
}

// AddDays returns the day n days later, or earlier for a negative n.
func (d Day) AddDays(n int) Day {
	if day := d.DayOfMonth() + n; 1 <= day && day <= 28 { // in every month
		return d + Day(n)
	}
	return DayAt(time.Date(d.Year(), d.Month(), d.DayOfMonth()+n, 12, 0, 0, 0, time.UTC), time.UTC)
}

// MonthBefore returns the same day of the month before, or the last day of
// that month where it has no such day (contract D6).
func (d Day) MonthBefore() Day {
	lastOfBefore := time.Date(d.Year(), d.Month(), 0, 12, 0, 0, 0, time.UTC)
	y, m, last := lastOfBefore.Date()
	return DayOf(y, m, min(d.DayOfMonth(), last))
}

// Start returns the first instant of the day in loc. Where daylight saving
// skips midnight it is the first instant that exists.
func (d Day) Start(loc *time.Location) time.Time {
	t := time.Date(d.Year(), d.Month(), d.DayOfMonth(), 0, 0, 0, 0, loc)
	if DayAt(t, loc) != d { // midnight does not exist: time.Date went back
		lo, hi := t, t.Add(24*time.Hour)
		for hi.Sub(lo) > time.Second {
			mid := lo.Add(hi.Sub(lo) / 2)
			if DayAt(mid, loc) < d {
				lo = mid
			} else {
				hi = mid
			}
		}
		return hi.Truncate(time.Second)
	}
	return t
}

// End returns the first instant of the next day in loc.
func (d Day) End(loc *time.Location) time.Time { return d.AddDays(1).Start(loc) }
