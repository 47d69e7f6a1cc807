package activity

import (
	"time"

	"rollcall"
)

// Window returns the first and the last day that the wire's activity call
// answers at a moment (contract D6): from one month back to the last day that
// is closed. A day closes at the closing hour of the next one.
func Window(now time.Time, loc *time.Location, closingHour int) (first, last rollcall.Day) {
	today := rollcall.DayAt(now, loc)
	return today.MonthBefore(), LastClosed(now, loc, closingHour)
}

// LastClosed returns the last day that is closed at a moment.
func LastClosed(now time.Time, loc *time.Location, closingHour int) rollcall.Day {
	today := rollcall.DayAt(now, loc)
	closing := time.Date(today.Year(), today.Month(), today.DayOfMonth(), closingHour, 0, 0, 0, loc)
	if now.Before(closing) {
		return today.AddDays(-2)
	}
	return today.AddDays(-1)
}
