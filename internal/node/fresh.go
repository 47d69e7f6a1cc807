package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall"
)

// freshFor is how long an organization counts as the newest after it was
// confirmed to be; it is also how long a request waits for that at most.
const freshFor = time.Second

// confirm takes in that the organization was the newest when the store was asked.
func (o *Org) confirm(asked time.Duration) {
	raise(&o.confirmed, asked)
	if o.node.opt.Elapsed()-asked <= freshFor {
		o.stuck.Store(false)
	}
}

// Fresh makes sure that what is served is not older than a second. Where that
// has not been confirmed for so long, as after the process was stopped for a
// while, it asks the store, once for all who wait. While the store does not
// answer it returns how old the answers are, without waiting after the first
// time, up to the limit; then an error of [rollcall.KindBusy].
func (o *Org) Fresh(ctx context.Context) (stale time.Duration, err error) {
	n := o.node
	if n == nil {
		return 0, nil
	}
	now := n.opt.Elapsed()
	o.touch(now)
	if now-time.Duration(o.confirmed.Load()) <= freshFor {
		return 0, nil
	}
	return o.freshen(ctx)
}

func (o *Org) age() time.Duration { return o.node.opt.Elapsed() - time.Duration(o.confirmed.Load()) }

func (o *Org) freshen(ctx context.Context) (time.Duration, error) {
	n := o.node
	fresh := func() bool { return o.age() <= freshFor }
	if !n.away.Load() && !o.stuck.Load() { // else Follow goes on asking
		switch err := o.await(ctx, fresh); {
		case err == nil:
			return 0, nil
		case n.Age() > freshFor:
			n.away.Store(true)
		default:
			o.stuck.Store(true)
		}
	}
	age := o.age()
	if age <= freshFor {
		return 0, nil
	}
	if age > n.opt.MaxStaleness {
		return age, away(fmt.Errorf("it was last confirmed %s ago that organization %s is up to date", age.Round(time.Second), o.ID()))
	}
	return age, nil
}

// errWaited is returned where something did not come within a second.
var errWaited = errors.New("waited for a second")

// await catches up until something is so, for a second at most. It does not end
// with ctx: that of a request ends when the client closes its side, and it may
// wait for the answer all the same.
func (o *Org) await(ctx context.Context, so func() bool) error {
	n := o.node
	wait, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), freshFor, errWaited)
	defer cancel()
	for {
		err := n.confirm.Do(wait)
		if so() {
			return nil
		}
		if wait.Err() != nil {
			return context.Cause(wait)
		}
		if err != nil {
			return err
		}
		n.mu.RLock()
		t := n.catching[o.ID()]
		n.mu.RUnlock()
		if t != nil {
			select {
			case <-t.done:
			case <-wait.Done():
			}
		}
		if so() {
			return nil
		}
		if o.stuck.Load() {
			return fmt.Errorf("organization %s cannot be caught up", o.ID())
		}
	}
}

// Await waits until the organization is at least at a version, for a second at
// most; then the error is [rollcall.ErrNotYet].
func (o *Org) Await(ctx context.Context, version uint64) error {
	if o.Current().Version() >= version {
		return nil
	}
	err := error(nil)
	if n := o.node; n != nil && !n.away.Load() {
		if err = o.await(ctx, func() bool { return o.Current().Version() >= version }); err == nil {
			return nil
		}
	}
	return &rollcall.Error{
		Kind: rollcall.KindBusy, Detail: fmt.Sprintf("version %d is not here yet, only %d", version, o.Current().Version()),
		Err: errors.Join(rollcall.ErrNotYet, err),
	}
}

// Refresh takes over what others committed up to now.
func (o *Org) Refresh(ctx context.Context) error {
	if o.node == nil || o.node.away.Load() {
		return away(errors.New("nothing is asked for while it is away"))
	}
	begun := o.node.opt.Elapsed()
	return o.await(ctx, func() bool { return time.Duration(o.confirmed.Load()) >= begun })
}
