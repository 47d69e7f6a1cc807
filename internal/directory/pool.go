package directory

import (
	"errors"
	"slices"
	"sync"
)

// A waiter is an intent, and what became of it.
type waiter struct {
	no     uint64 // they are numbered as they come
	by     string
	intent Intent
	done   chan struct{} // closed when out and err are there
	out    Outcome
	err    error
}

// A pool holds the intents that wait for the next transaction.
type pool struct {
	sync.Mutex
	came    uint64    // how many so far
	waiting []*waiter // as they came
	running bool      // a sequencer is at work
	gathering
}

// maxGroup is how many intents one transaction takes at most.
const maxGroup = 256

// ErrFull is behind the error of an intent that found too many others waiting.
var ErrFull = errors.New("the queue is full")

// maxWaiting is how many intents may wait; more are refused as busy.
const maxWaiting = 4096

// add lets an intent wait, where there is room. first tells that a sequencer has
// to begin.
func (p *pool) add(w *waiter) (first, ok bool) {
	p.Lock()
	defer p.Unlock()
	if len(p.waiting) >= maxWaiting {
		return false, false
	}
	p.came++
	w.no = p.came
	p.waiting = append(p.waiting, w)
	p.arrived(len(p.waiting))
	first = !p.running
	p.running = true
	return first, true
}

// goesOn tells whether anybody waits; if not, the sequencer has ended.
func (p *pool) goesOn() bool {
	p.Lock()
	defer p.Unlock()
	p.running = len(p.waiting) > 0
	return p.running
}

// last returns the number of the one who came last.
func (p *pool) last() uint64 {
	p.Lock()
	defer p.Unlock()
	return p.came
}

// take takes the first intents out, up to a number, as many as a transaction may
// have.
func (p *pool) take(last uint64) []*waiter {
	p.Lock()
	defer p.Unlock()
	n := 0
	for n < min(len(p.waiting), maxGroup) && p.waiting[n].no <= last {
		n++
	}
	group := p.waiting[:n:n]
	p.waiting = slices.Clone(p.waiting[n:])
	return group
}

// withdraw takes a waiter back; false when its turn has come.
func (p *pool) withdraw(w *waiter) bool {
	p.Lock()
	defer p.Unlock()
	i := slices.Index(p.waiting, w)
	if i < 0 {
		return false
	}
	p.waiting = slices.Concat(p.waiting[:i], p.waiting[i+1:])
	return true
}
