package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall"
)

// loadWait is how long a request waits for an organization to be loaded.
const loadWait = 10 * time.Second

// Get returns an organization, which is loaded where it is not held. All who ask
// for it meanwhile share the work. One that there is not is [rollcall.ErrNoCorp];
// one that cannot be loaded is an error of [rollcall.KindBusy], and tried again
// when somebody asks again.
func (n *Node) Get(ctx context.Context, corpID string) (*Org, error) {
	for {
		if o, ok := n.Org(corpID); ok {
			return o, nil
		}
		if !n.isKnown(corpID) {
			if err := n.Discover(ctx); err != nil {
				return nil, err
			}
			if !n.isKnown(corpID) {
				return nil, rollcall.ErrNoCorp
			}
		}
		wait := loadWait
		if n.away.Load() {
			wait = freshFor
		}
		if err := n.waitFor(ctx, n.load(corpID, n.asks.Load(), false), wait); err != nil {
			return nil, &rollcall.Error{Kind: rollcall.KindBusy, Detail: "the organization cannot be loaded", Err: err}
		}
	}
}

func (n *Node) waitFor(ctx context.Context, t *task, atMost time.Duration) error {
	patience := time.NewTimer(atMost)
	defer patience.Stop()
	select {
	case <-t.done:
		return t.err
	case <-patience.C:
		return fmt.Errorf("it takes longer than %s", atMost)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bring is [Node.Get] for those who find the organization elsewhere afterwards.
func (n *Node) Bring(ctx context.Context, corpID string) error {
	_, err := n.Get(ctx, corpID)
	return err
}

// load loads an organization in the background. Who asks while it goes on gets
// the same task. One that is to be held unasked is trouble where it cannot be
// loaded; of another the one who asked is told.
func (n *Node) load(corpID string, number uint64, unasked bool) *task {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.loading[corpID]; t != nil {
		return t
	}
	t := &task{done: make(chan struct{}), ask: number}
	if n.orgs[corpID] != nil { // since the caller looked
		close(t.done)
		return t
	}
	n.loading[corpID] = t
	if !n.start(func() { n.loadNow(t, corpID, unasked) }) {
		n.ended(n.loading, corpID, t, context.Canceled)
	}
	return t
}

func (n *Node) loadNow(t *task, corpID string, unasked bool) {
	n.loads <- struct{}{}
	asked := n.opt.Elapsed()
	o, err := OpenOrg(n.ctx, corpID, n.opt.Options)
	if err == nil {
		o.node = n
		o.confirm(asked)
		o.used.Store(int64(n.opt.Elapsed()))
		o.measure()
		if n.opt.Opened != nil {
			err = n.opt.Opened(n.ctx, o)
		}
	}
	<-n.loads
	if err == nil {
		n.counted.loads.Add(1)
	} else {
		n.counted.failures.Add(1)
	}
	n.mu.Lock()
	if err == nil {
		n.orgs[corpID] = o
	}
	n.mu.Unlock()
	if err == nil || unasked {
		n.trouble.note(corpID, err)
	}
	n.makeRoom(o)
	n.changed()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended(n.loading, corpID, t, err)
}

// own is about what an organization takes beside its people.
const own = 64 << 10

// measure takes in how much the organization takes.
func (o *Org) measure() {
	_, walks := o.KeptVersions()
	o.bytes.Store(own + o.Current().Bytes() + o.Activity.Bytes() + walks)
}

// measure does so for all that are held, and makes room where they take more than
// they may.
func (n *Node) measure() {
	for _, o := range n.Orgs() {
		o.measure()
	}
	if n.makeRoom(nil) {
		n.changed()
	}
}

// makeRoom lets organizations leave until the others take no more than they may:
// the least recently used first, those without walks before the others, and none
// that is written to or that somebody waits for. The one that was just loaded
// stays in any case. Who has got hold of one that leaves goes on with it.
func (n *Node) makeRoom(loaded *Org) (left bool) {
	if n.opt.MemoryLimit == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	total := int64(0)
	for _, o := range n.orgs {
		total += o.bytes.Load()
	}
	if total <= n.opt.MemoryLimit {
		return false
	}
	var free []*Org
	walked := map[*Org]bool{}
	for _, o := range n.orgs {
		if o != loaded && o.users.Load() == 0 && !o.Writing() {
			walks, _ := o.KeptVersions()
			walked[o] = walks > 0
			free = append(free, o)
		}
	}
	slices.SortFunc(free, func(a, b *Org) int {
		if walked[a] != walked[b] {
			if walked[b] {
				return -1
			}
			return 1
		}
		return int(min(1, max(-1, a.used.Load()-b.used.Load())))
	})
	if loaded == nil && len(free) == len(n.orgs) && len(free) > 0 {
		free = free[:len(free)-1] // one may be larger than the limit
	}
	for _, o := range free {
		if total <= n.opt.MemoryLimit {
			break
		}
		total -= o.bytes.Load()
		n.drop(o)
		left = true
	}
	return left
}

// drop lets an organization leave; n.mu is held.
func (n *Node) drop(o *Org) {
	delete(n.orgs, o.ID())
	o.left.Store(true)
	n.counted.evictions.Add(1)
	if n.opt.Closed != nil {
		n.opt.Closed(o)
	}
}

// Counts tell what a node holds and has done.
type Counts struct {
	Known, Held                int
	Bytes                      int64
	Loads, Failures, Evictions uint64
}

// Counts returns the numbers.
func (n *Node) Counts() Counts {
	c := Counts{
		Loads: n.counted.loads.Load(), Failures: n.counted.failures.Load(), Evictions: n.counted.evictions.Load(),
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	c.Known, c.Held = len(n.known), len(n.orgs)
	for _, o := range n.orgs {
		c.Bytes += o.bytes.Load()
	}
	return c
}

// errEnough ends a loading of which the beginning was wanted.
var errEnough = errors.New("enough is loaded")

// beginning takes in an organization's own values, which come first, and nothing
// else.
type beginning struct {
	rollcall.Snapshot // nil: it is never asked
	corp              rollcall.Corp
}

func (b *beginning) Corp(c *rollcall.Corp) error {
	b.corp = *c
	return errEnough
}

// EachCorp calls fn for all organizations, held or not, without loading any.
func (n *Node) EachCorp(ctx context.Context, fn func(rollcall.Corp) error) error {
	if err := n.discover.Do(ctx); err != nil {
		return err
	}
	var errs []error
	for _, id := range n.corpIDs() {
		var corp rollcall.Corp
		if o, ok := n.Org(id); ok {
			corp = o.Current().Corp()
		} else {
			var b beginning
			if _, err := n.opt.Store.Load(ctx, id, &b); !errors.Is(err, errEnough) {
				errs = append(errs, err)
				continue
			}
			corp = b.corp
		}
		errs = append(errs, fn(corp))
	}
	return errors.Join(errs...)
}
