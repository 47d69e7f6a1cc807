package wire

import (
	"errors"
	"os"
	"sync"
	"time"
)

// net/http moves the deadlines of a connection eight times for each request,
// mostly without reading or writing in between, and each time the runtime sets
// a timer. A deadline is therefore told to the connection late: when something
// is about to be read or written, and only where the connection would wait too
// long. What it was told before and comes too early only interrupts: then it is
// told the right one and goes on waiting.

// deadline is one of the two deadlines of a connection. A zero time is none.
type deadline struct {
	tell func(time.Time) error // tells the connection

	mu      sync.Mutex
	wanted  time.Time
	told    time.Time // never later than wanted while something waits for it
	waiting int       // reads or writes that go on
}

// move is SetReadDeadline or SetWriteDeadline.
func (d *deadline) move(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wanted = t
	if d.waiting > 0 && later(d.told, t) {
		return d.tellWanted()
	}
	return nil
}

// begin is called before a read or write. It is false where the deadline has
// passed, and then there is nothing to end.
func (d *deadline) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if longAgo(d.wanted) {
		return false
	}
	if later(d.told, d.wanted) || longAgo(d.told) {
		_ = d.tellWanted() // it fails on a closed connection only, and that shows
	}
	d.waiting++
	return true
}

// end is called after a read or write with its error. It is true where the
// deadline that interrupted it is not the one that is wanted.
func (d *deadline) end(err error) (again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
	if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || d.told.Equal(d.wanted) {
		return false
	}
	return d.tellWanted() == nil
}

func (d *deadline) tellWanted() error {
	d.told = d.wanted
	return d.tell(d.wanted)
}

// later tells whether one deadline is later than another.
func later(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.After(b))
}

// longAgo tells of a deadline that has passed for sure. Interrupting a read,
// net/http sets one of the year 1970.
func longAgo(t time.Time) bool {
	const year2001 = 1_000_000_000
	return !t.IsZero() && t.Unix() < year2001
}
