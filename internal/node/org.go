package node

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
)

// Org is one organization, live: its directory and its sign-ins.
type Org struct {
	*directory.Corp
	Activity *activity.Register

	node      *Node        // nil for one that is nobody's
	confirmed atomic.Int64 // Elapsed when it was last known to be the newest
	used      atomic.Int64 // Elapsed when somebody last asked for it, roughly
	stuck     atomic.Bool  // it could not be confirmed in time, and may not be yet
	users     atomic.Int32 // who must not lose it: see Hold
	left      atomic.Bool  // the node, to make room for others
	bytes     atomic.Int64 // as last measured

	making sync.Mutex    // held while a loss is made good
	losses atomic.Uint64 // of the directory, that the sign-ins know of
	odd    atomic.Pointer[rollcall.Head]
}

// OpenOrg loads one organization, for a process that serves nobody.
func OpenOrg(ctx context.Context, corpID string, opt directory.Options) (*Org, error) {
	dir, err := directory.Open(ctx, corpID, opt)
	if err != nil {
		return nil, err
	}
	reg, err := activity.Open(ctx, opt.Store, corpID)
	if err != nil {
		return nil, err
	}
	return &Org{Corp: dir, Activity: reg}, nil
}

// Settings returns what the organization's operator chose.
func (o *Org) Settings() rollcall.Settings { return o.Current().Corp().Settings }

// App returns an app by its appkey.
func (o *Org) App(appkey string) (*rollcall.App, bool) { return o.Current().App(appkey) }

// Apps yields the apps in no particular order.
func (o *Org) Apps() iter.Seq[*rollcall.App] { return o.Current().Apps() }

// VersionHeader returns the number of the newest version as the value of a
// header.
func (o *Org) VersionHeader() []string { return o.Current().VersionHeader() }

// behind reports whether the organization has not come to a head.
func (o *Org) behind(h rollcall.Head) bool {
	return h.Version > o.Current().Version() || h.Feed > o.Activity.Feed()
}

// strayed reports whether the organization shows what its head does not follow
// from. It is asked with every head that the store tells; the first time it may
// have been told before a commit of this node came between.
func (o *Org) strayed(h rollcall.Head) bool {
	if h == o.Head() {
		o.odd.Store(nil)
		return o.Losses() != o.losses.Load()
	}
	before := o.odd.Swap(&h)
	return before != nil && *before == h
}

// takeOver takes over what others committed.
func (o *Org) takeOver(ctx context.Context) error {
	// People before their sign-ins, so that every ordinal is known.
	if err := o.CatchUp(ctx); err != nil {
		return err
	}
	o.making.Lock()
	defer o.making.Unlock()
	losses := o.Losses()
	if losses == o.losses.Load() {
		return o.Activity.CatchUp(ctx)
	}
	if err := o.Activity.Reload(ctx); err != nil {
		return err
	}
	o.losses.Store(losses)
	return nil
}

// Do is [directory.Corp.Do]. Where the organization has left the node since the
// caller asked for it and was loaded again, whoever reads from the node sees the
// change, too, before Do returns.
func (o *Org) Do(ctx context.Context, by string, intent directory.Intent) (directory.Outcome, error) {
	release := o.Hold()
	defer release()
	out, err := o.Corp.Do(ctx, by, intent)
	if err == nil && o.left.Load() {
		if now, ok := o.node.Org(o.ID()); ok {
			if err := now.takeOver(ctx); err != nil {
				return out, fmt.Errorf("showing version %d: %w", out.Version, err)
			}
		}
	}
	return out, err
}

// Hold keeps the organization in the node until it is released: for whoever
// waits for news of it. One that has left the node already hears none.
func (o *Org) Hold() (release func()) {
	o.users.Add(1)
	return func() { o.users.Add(-1) }
}

// Left reports whether the organization has left the node.
func (o *Org) Left() bool { return o.left.Load() }

// usedTick is how exact the time of the last use is: who asks more often writes
// nothing.
const usedTick = 100 * time.Millisecond

func (o *Org) touch(now time.Duration) {
	if now-time.Duration(o.used.Load()) > usedTick {
		o.used.Store(int64(now))
	}
}
