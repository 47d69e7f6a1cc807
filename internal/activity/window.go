package activity

import (
	"time"

	"rollcall"
)

// Window returns the first and the last day that the wire's activity call
// answers at a moment (contract D6): from one month back to the last day that
// is closed. A day closes at the closing hour of the next one.
func Window(now time.Time, loc *time.Location, closingHour int) (first, last rollcall.Day) {
	return rollcall.DayAt(now, loc).MonthBefore(), LastClosed(now, loc, closingHour)
}

// LastClosed returns the last day that is closed at a moment. What the clocks
// show decides, so that a day closes on time where the clocks change, too.
func LastClosed(now time.Time, loc *time.Location, closingHour int) rollcall.Day {
	local := now.In(loc)
	today := rollcall.DayOf(local.Date())
	if local.Hour() < closingHour {
		return today.AddDays(-2)
	}
	return today.AddDays(-1)
}
