// Package node holds the organizations that this process serves and keeps them
// up to date with what other processes commit.
package node

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
)

// Org is one organization, live: its directory and its sign-ins.
type Org struct {
	*directory.Corp
	Activity *activity.Register
}

// OpenOrg loads one organization.
func OpenOrg(ctx context.Context, corpID string, opt directory.Options) (*Org, error) {
	dir, err := directory.Open(ctx, corpID, opt)
	if err != nil {
		return nil, err
	}
	reg, err := activity.Open(ctx, opt.Store, corpID)
	if err != nil {
		return nil, err
	}
	return &Org{dir, reg}, nil
}

// Settings returns what the organization's operator chose.
func (o *Org) Settings() rollcall.Settings { return o.Current().Corp().Settings }

// App returns an app by its appkey.
func (o *Org) App(appkey string) (*rollcall.App, bool) { return o.Current().App(appkey) }

// Apps yields the apps in no particular order.
func (o *Org) Apps() iter.Seq[*rollcall.App] { return o.Current().Apps() }

// Options say which organizations a node serves, and how.
type Options struct {
	directory.Options
	// Only is the id of the one organization to serve; empty serves all.
	Only string
	// Opened is told of every organization before it is served; it may be nil.
	Opened func(context.Context, *Org) error
	// Changed is called after organizations were opened or caught up; it may
	// be nil.
	Changed func(*Node)
}

// Node holds the organizations of one store.
type Node struct {
	opt Options

	mu       sync.RWMutex
	orgs     map[string]*Org
	atWork   map[string]bool // organizations that are being opened or caught up
	lastSeen time.Time       // when the store last told the heads
}

// Open loads the organizations of the store. Those that are added later are
// found by catching up.
func Open(ctx context.Context, opt Options) (*Node, error) {
	n := &Node{opt: opt, orgs: map[string]*Org{}, atWork: map[string]bool{}}
	if err := n.CatchUp(ctx); err != nil {
		return nil, err
	}
	return n, nil
}

// Orgs returns the organizations, by id.
func (n *Node) Orgs() []*Org {
	n.mu.RLock()
	defer n.mu.RUnlock()
	list := make([]*Org, 0, len(n.orgs))
	for _, o := range n.orgs {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *Org) int { return strings.Compare(a.ID(), b.ID()) })
	return list
}

// Org returns an organization by its id.
func (n *Node) Org(corpID string) (*Org, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	o, ok := n.orgs[corpID]
	return o, ok
}

// LastSeen returns when the store last answered.
func (n *Node) LastSeen() time.Time {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.lastSeen
}

// CatchUp takes over what others committed up to now, in every organization. An
// organization that is being caught up already is left to whoever does that.
func (n *Node) CatchUp(ctx context.Context) error {
	_, err := n.round(ctx)
	return err
}

// round is one CatchUp. It is not complete where it left out an organization
// at which another round is at work.
func (n *Node) round(ctx context.Context) (complete bool, err error) {
	heads, err := n.opt.Store.Heads(ctx)
	if err != nil {
		return false, fmt.Errorf("asking for the heads: %w", err)
	}
	n.mu.Lock()
	n.lastSeen = n.opt.Clock()
	n.mu.Unlock()
	var errs []error
	complete, changed := true, false
	for _, h := range heads {
		if n.opt.Only != "" && n.opt.Only != h.CorpID || !n.behind(h) {
			continue
		}
		if !n.take(h.CorpID) {
			complete = false
			continue
		}
		errs = append(errs, n.catchUp(ctx, h.CorpID))
		n.leave(h.CorpID)
		changed = true
	}
	if changed && n.opt.Changed != nil {
		n.opt.Changed(n)
	}
	return complete, errors.Join(errs...)
}

// behind reports whether an organization is not at its head.
func (n *Node) behind(h rollcall.Head) bool {
	o, ok := n.Org(h.CorpID)
	return !ok || h.Version != o.Current().Version() || h.Feed > o.Activity.Feed()
}

// take claims the work on an organization.
func (n *Node) take(corpID string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.atWork[corpID] {
		return false
	}
	n.atWork[corpID] = true
	return true
}

func (n *Node) leave(corpID string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.atWork, corpID)
}

func (n *Node) catchUp(ctx context.Context, corpID string) error {
	o, ok := n.Org(corpID)
	if !ok {
		return n.open(ctx, corpID)
	}
	// People before their sign-ins, so that every ordinal is known.
	if err := o.CatchUp(ctx); err != nil {
		return err
	}
	return o.Activity.CatchUp(ctx)
}

func (n *Node) open(ctx context.Context, corpID string) error {
	o, err := OpenOrg(ctx, corpID, n.opt.Options)
	if err != nil {
		return err
	}
	if n.opt.Opened != nil {
		if err := n.opt.Opened(ctx, o); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.orgs[corpID] = o
	return nil
}

// maxFollowers is how many rounds of following may run at a time: a large
// organization that is loaded anew holds up its own round only.
const maxFollowers = 4

// Follow catches up again and again until ctx ends. An error is reported when it
// begins, and with nil when it is over; the organizations go on being served
// from memory meanwhile.
func (n *Node) Follow(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var rounds sync.WaitGroup
	defer rounds.Wait()
	places := make(chan struct{}, maxFollowers)
	var mu sync.Mutex
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case places <- struct{}{}:
		default:
			continue // all rounds are still at work
		}
		rounds.Go(func() {
			complete, err := n.round(ctx)
			<-places
			if ctx.Err() != nil || err == nil && !complete { // what was left out may be failing
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if (err != nil) != failing {
				failing = err != nil
				report(err)
			}
		})
	}
}

// Retain forgets, in every organization, the sign-ins that its settings do not
// keep any longer, and returns how many days that were.
func (n *Node) Retain(ctx context.Context) (days int, err error) {
	var errs []error
	for _, o := range n.Orgs() {
		r := o.Current()
		oldest := activity.Oldest(r.Corp().Settings, r.Calendar(), n.opt.Clock())
		if oldest == 0 {
			continue
		}
		k, err := o.Activity.Retain(ctx, oldest)
		days += k
		errs = append(errs, err)
	}
	return days, errors.Join(errs...)
}
