package directory

import "time"

// A transaction costs the same sync whether it carries one intent or many, and
// whoever was answered just now is likely to ask again. So the sequencer waits a
// moment for as many as there were last time: not as long as the sync takes that
// is saved by it, so that nobody waits much longer, and not at all for a lone
// writer.

// maxGather is how long the sequencer waits for others at most.
const maxGather = 2 * time.Millisecond

// gathering is what the sequencer knows about those who write. It is part of the
// pool.
type gathering struct {
	expected int           // how many wrote at the same time when the last transaction ended
	patience time.Duration // how long to wait for them

	full   chan struct{} // closed when there are enough; nil while nobody waits
	enough int
}

// arrived is called with the lock when there are that many intents.
func (g *gathering) arrived(waiting int) {
	if g.full != nil && waiting >= g.enough {
		close(g.full)
		g.full = nil
	}
}

// committed is called with the lock after a transaction of so many intents, whose
// sync took so long, while others came to wait.
func (g *gathering) committed(group, waiting int, synced time.Duration) {
	g.expected, g.patience = group+waiting, min(max(synced/2, 0), maxGather)
}

// gather waits, where an intent is in the pool, until as many are as there were
// last time, for a moment after began at most.
func (c *Corp) gather(began time.Time) {
	c.pool.Lock()
	enough := min(c.pool.expected, maxGroup)
	passed := max(c.opt.Clock().Sub(began), 0) // the clock may be set back
	rest := c.pool.patience - passed
	if n := len(c.pool.waiting); n == 0 || n >= enough || rest <= 0 {
		c.pool.Unlock()
		return
	}
	full := make(chan struct{})
	c.pool.full, c.pool.enough = full, enough
	patience := time.NewTimer(rest)
	c.pool.Unlock()
	defer patience.Stop()
	select {
	case <-full:
	case <-patience.C:
	}
	c.pool.Lock()
	defer c.pool.Unlock()
	c.pool.full = nil
}
