// Package node holds the organizations that this process serves and keeps them
// up to date with what other processes commit: see docs/nodes.md.
package node

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/round"
)

const (
	// eager is how many organizations are loaded before anybody asks for them,
	// where memory has no limit: with few, ready means ready.
	eager = 10
	// askTimeout is how long the store may take to tell the heads before it
	// counts as away.
	askTimeout = 2 * time.Second
	// askEvery is how far apart two questions for the heads are at least, however
	// many requests wait for an answer.
	askEvery = 20 * time.Millisecond
	// discoverEvery is the same for the list of all organizations.
	discoverEvery = 100 * time.Millisecond
	// atWork is how many organizations are loaded, and how many caught up, at a
	// time.
	atWork = 4
)

// Options say which organizations a node serves, and how.
type Options struct {
	directory.Options // the node sets Done
	// Only is the id of the one organization to serve; empty serves all.
	Only string
	// Opened is told of every organization before it is served, and Closed of
	// one that leaves; they may be nil.
	Opened func(context.Context, *Org) error
	Closed func(*Org)
	// Known is told the ids of all organizations that there are; it may be nil.
	Known func(corpIDs []string)
	// Changed is called after organizations were opened, caught up or left; it
	// may be nil.
	Changed func(*Node)
	// Elapsed tells how long the process runs. It goes on while the process is
	// stopped, and nobody sets it. Without it time stands still, and nothing is
	// ever stale.
	Elapsed func() time.Duration
	// MaxStaleness is how old answers may be while the store is away.
	MaxStaleness time.Duration
	// MemoryLimit is how many bytes the organizations may take; 0 is no limit.
	MemoryLimit int64
}

// Node holds the organizations of one store.
type Node struct {
	opt  Options
	ctx  context.Context // ends with the node
	stop context.CancelFunc

	confirm  *round.Round // asks for the heads of what is held
	discover *round.Round // asks which organizations there are
	asks     atomic.Uint64

	confirmed atomic.Int64 // Elapsed when the store was last asked and answered
	away      atomic.Bool  // the last question was not answered, or late

	catchUps, loads chan struct{} // a value for each that is at work

	mu       sync.RWMutex
	closed   bool
	tasks    sync.WaitGroup
	orgs     map[string]*Org
	known    []string // the ids of all organizations, ascending
	loading  map[string]*task
	catching map[string]*task

	counted struct{ loads, evictions, failures atomic.Uint64 }

	trouble trouble
}

// task is work on one organization that goes on in the background.
type task struct {
	done chan struct{}
	err  error
	ask  uint64 // the question after which it began
}

// Open learns which organizations the store has. Where there are few and memory
// has no limit they are loaded; else, and where they are added later, an
// organization is loaded when it is asked for. The caller closes the node.
func Open(ctx context.Context, opt Options) (*Node, error) {
	if opt.Elapsed == nil {
		opt.Elapsed = func() time.Duration { return 0 }
	}
	n := &Node{
		opt: opt, orgs: map[string]*Org{}, loading: map[string]*task{}, catching: map[string]*task{},
		catchUps: make(chan struct{}, atWork), loads: make(chan struct{}, atWork),
	}
	n.ctx, n.stop = context.WithCancel(context.Background())
	n.opt.Done = n.ctx.Done()
	n.confirm = round.New(askEvery, n.ask)
	n.discover = round.New(discoverEvery, n.list)
	err := n.discover.Do(ctx)
	if err == nil {
		err = n.CatchUp(ctx)
	}
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Close ends what goes on in the background and waits for it. Nobody is answered
// any longer.
func (n *Node) Close() {
	n.stop()
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.tasks.Wait()
}

// start does work in the background; false when the node is closed. n.mu is
// held.
func (n *Node) start(work func()) bool {
	if n.closed {
		return false
	}
	n.tasks.Go(work)
	return true
}

// Orgs returns the organizations that are held, by id.
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

// Org returns an organization that is held, by its id.
func (n *Node) Org(corpID string) (*Org, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	o, ok := n.orgs[corpID]
	return o, ok
}

// Age returns how long ago the store was last known to have nothing newer.
func (n *Node) Age() time.Duration {
	if n.opt.Elapsed == nil { // one that holds nothing
		return 0
	}
	return n.opt.Elapsed() - time.Duration(n.confirmed.Load())
}

// Discover asks the store which organizations there are. However many ask, it
// does so ten times a second at most; who asks meanwhile waits for the next time.
func (n *Node) Discover(ctx context.Context) error {
	if n.away.Load() {
		n.discover.Ask()
		return away(errors.New("the organizations cannot be listed"))
	}
	return n.discover.Do(ctx)
}

// isKnown reports whether there is an organization, as far as is known.
func (n *Node) isKnown(corpID string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	_, ok := slices.BinarySearch(n.known, corpID)
	return ok
}

// corpIDs returns the ids of all organizations.
func (n *Node) corpIDs() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.known // replaced, never changed
}

// learn takes in which organizations there are.
func (n *Node) learn(heads []rollcall.Head) {
	var ids []string
	for _, h := range heads {
		if n.opt.Only == "" || n.opt.Only == h.CorpID {
			ids = append(ids, h.CorpID)
		}
	}
	slices.Sort(ids)
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Equal(ids, n.known) {
		return
	}
	n.known = ids
	if n.opt.Known != nil {
		n.opt.Known(ids)
	}
}

// raise moves an instant forward, never back.
func raise(at *atomic.Int64, to time.Duration) {
	for {
		was := at.Load()
		if was >= int64(to) || at.CompareAndSwap(was, int64(to)) {
			return
		}
	}
}

// away is the error of what needs the store when it does not answer.
func away(err error) error {
	return &rollcall.Error{Kind: rollcall.KindBusy, Detail: "the storage does not answer", Err: err}
}
