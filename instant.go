package rollcall

import (
	"math"
	"time"
)

// Instant is a point in time in milliseconds since 1970-01-01T00:00:00Z.
type Instant int64

const (
	// Beginning stands for "since before the first recorded day": the start of
	// a belonging whose start nobody gave (contract D6).
	Beginning Instant = 0
	// Open is the end of a belonging that has not ended.
	Open Instant = math.MaxInt64
)

// At converts t, cutting what is below a millisecond.
func At(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time converts back, in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// Stay is a belonging from From (inclusive) to To (exclusive; [Open] while it
// lasts).
type Stay struct{ From, To Instant }

// Covers reports whether the stay includes the instant just before t, which is
// what "belonged at the end of the day that ends at t" means (contract D6).
func (s Stay) Covers(t Instant) bool { return s.From < t && s.To >= t }
