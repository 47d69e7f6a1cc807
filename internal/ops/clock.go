package ops

import "time"

// Clock returns a clock that starts at an instant and goes on from there; the
// zero instant is the machine's own time.
func Clock(start time.Time) func() time.Time {
	if start.IsZero() {
		return time.Now
	}
	began := time.Now() // its monotonic reading is not moved by corrections of the clock
	return func() time.Time { return start.Add(time.Since(began)) }
}
