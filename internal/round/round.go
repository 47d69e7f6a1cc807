// Package round joins those who want the same work done at the same time: it is
// done once for all of them.
package round

import (
	"context"
	"sync"
	"time"
)

// Round is work that many ask for. Who asks gets the outcome of a run that began
// after the question, and not of one that is under way already, which may have
// missed what the question is about; so there is one run at a time, and one that
// gathers those who wait for the next. It may be used concurrently.
type Round struct {
	every time.Duration
	work  func() error

	mu      sync.Mutex
	next    *run // who asks now waits for it; nil while nobody does
	working bool // a run is under way
	resting bool // it is too early for the next
}

type run struct {
	done chan struct{}
	err  error
}

// New makes a round of work. Two runs begin no less than every apart. The work
// has to end by itself.
func New(every time.Duration, work func() error) *Round {
	return &Round{every: every, work: work}
}

// Ask sees to it that there will be a run, and returns what waits for its
// outcome.
func (r *Round) Ask() (wait func(ctx context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &run{done: make(chan struct{})}
	}
	mine := r.next
	r.begin()
	return func(ctx context.Context) error {
		select {
		case <-mine.done:
			return mine.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Do asks and waits. When ctx ends before, its error is returned; the work goes
// on.
func (r *Round) Do(ctx context.Context) error { return r.Ask()(ctx) }

// begin starts the next run where somebody asks for it and it is time; mu is
// held.
func (r *Round) begin() {
	if r.next == nil || r.working || r.resting {
		return
	}
	now := r.next
	r.next, r.working, r.resting = nil, true, true
	time.AfterFunc(r.every, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.resting = false
		r.begin()
	})
	go func() {
		now.err = r.work()
		close(now.done)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.working = false
		r.begin()
	}()
}
