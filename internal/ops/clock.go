package ops

import (
	"sync/atomic"
	"time"
)

// Clock is the clock by which a server goes. It may start at another instant than
// the machine's, and be set while it runs.
type Clock struct{ set atomic.Pointer[setting] }

// setting is when a clock was set, and to what.
type setting struct {
	to time.Time
	at time.Time // with its monotonic reading, which no correction of the machine's clock moves
}

// NewClock returns a clock that starts at an instant and goes on from there; the
// zero instant is the machine's own time.
func NewClock(start time.Time) *Clock {
	c := &Clock{}
	if !start.IsZero() {
		c.Set(start)
	}
	return c
}

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	s := c.set.Load()
	if s == nil {
		return time.Now()
	}
	return s.to.Add(time.Since(s.at))
}

// Set makes the clock show an instant, from which it goes on.
func (c *Clock) Set(now time.Time) { c.set.Store(&setting{now, time.Now()}) }
