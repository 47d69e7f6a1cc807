package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"rollcall"
)

// catchUpTimeout ends the catching up with one organization, to begin it anew.
const catchUpTimeout = time.Minute

// CatchUp takes over what others committed up to now, in every organization that
// is held, and loads those that are to be held whether or not somebody asks for
// them.
func (n *Node) CatchUp(ctx context.Context) error {
	before, begun := n.asks.Load(), n.opt.Elapsed()
	for {
		if err := n.confirm.Do(ctx); err != nil {
			return err
		}
		again := false
		for _, t := range n.working() {
			select {
			case <-t.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			again = again || t.ask <= before // it may have missed what came since
		}
		if again {
			continue
		}
		if err := n.trouble.ofOrgs(); err != nil || n.confirmedSince(begun) {
			return err
		}
	}
}

// confirmedSince reports whether every organization that is held was the newest
// at some time after one. It may not be although nothing goes on any more: what
// did had begun before.
func (n *Node) confirmedSince(begun time.Duration) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, o := range n.orgs {
		if time.Duration(o.confirmed.Load()) < begun {
			return false
		}
	}
	return true
}

// working returns what goes on in the background.
func (n *Node) working() []*task {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return slices.AppendSeq(slices.Collect(maps.Values(n.loading)), maps.Values(n.catching))
}

// asking returns the ids that the store is asked for; none stands for all.
func (n *Node) asking() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	switch {
	case n.opt.Only != "":
		return []string{n.opt.Only}
	case n.opt.MemoryLimit == 0 && len(n.known) <= eager:
		return nil
	case len(n.orgs) == 0:
		return []string{""} // nobody's: it shows that the store is there
	}
	return slices.Collect(maps.Keys(n.orgs))
}

// list asks the store which organizations there are.
func (n *Node) list() error {
	ctx, cancel := context.WithTimeout(n.ctx, askTimeout)
	defer cancel()
	heads, err := n.opt.Store.Heads(ctx)
	if err != nil {
		return away(fmt.Errorf("listing the organizations: %w", err))
	}
	n.learn(heads)
	return nil
}

// ask asks the store for the heads. What is at its head is confirmed, and what is
// not is caught up in the background.
func (n *Node) ask() error {
	asked, number := n.opt.Elapsed(), n.asks.Add(1)
	ids := n.asking()
	ctx, cancel := context.WithTimeout(n.ctx, askTimeout)
	defer cancel()
	heads, err := n.opt.Store.Heads(ctx, ids...)
	if err != nil {
		n.away.Store(true)
		err = away(fmt.Errorf("asking for the heads: %w", err))
		n.trouble.note("", err)
		return err
	}
	raise(&n.confirmed, asked)
	n.away.Store(n.opt.Elapsed()-asked > freshFor)
	if ids == nil {
		n.learn(heads)
	}
	all := n.opt.MemoryLimit == 0 && len(heads) <= eager && (ids == nil || n.opt.Only != "")
	var begun []*task
	for _, h := range heads {
		o, held := n.Org(h.CorpID)
		switch {
		case held && !o.behind(h) && !o.strayed(h):
			o.confirm(asked)
		case held:
			begun = append(begun, n.catchUp(o, h, asked, number))
		case all && n.isKnown(h.CorpID):
			begun = append(begun, n.load(h.CorpID, number, true))
		}
	}
	n.answered(begun)
	return nil
}

// answered says that the store answers again, once what it told has been taken
// over.
func (n *Node) answered(begun []*task) {
	if !n.trouble.has("") {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.start(func() {
		for _, t := range begun {
			<-t.done
		}
		n.trouble.note("", nil)
	})
}

// catchUp takes over, in the background, what others committed in an
// organization. Who asks while it goes on gets the same task.
func (n *Node) catchUp(o *Org, h rollcall.Head, asked time.Duration, number uint64) *task {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.catching[o.ID()]; t != nil {
		return t
	}
	t := &task{done: make(chan struct{}), ask: number}
	n.catching[o.ID()] = t
	if !n.start(func() { n.catchUpNow(t, o, h, asked) }) {
		n.ended(n.catching, o.ID(), t, context.Canceled)
	}
	return t
}

func (n *Node) catchUpNow(t *task, o *Org, h rollcall.Head, asked time.Duration) {
	n.catchUps <- struct{}{}
	ctx, cancel := context.WithTimeout(n.ctx, catchUpTimeout)
	err := o.takeOver(ctx)
	cancel()
	<-n.catchUps
	if err == nil && o.behind(h) {
		err = fmt.Errorf("organization %s is at version %d and feed %d, not %d and %d",
			o.ID(), o.Current().Version(), o.Activity.Feed(), h.Version, h.Feed)
	}
	if err == nil {
		o.confirm(asked)
		o.measure()
	} else {
		o.stuck.Store(true)
	}
	n.trouble.note(o.ID(), err)
	n.changed()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended(n.catching, o.ID(), t, err)
}

// ended takes a task out of those at work; n.mu is held.
func (n *Node) ended(from map[string]*task, corpID string, t *task, err error) {
	delete(from, corpID)
	t.err = err
	close(t.done)
}

func (n *Node) changed() {
	if n.opt.Changed != nil {
		n.opt.Changed(n)
	}
}

// Follow catches up again and again until ctx ends. An error is reported when it
// begins, and with nil when it is over; the organizations go on being served
// from memory meanwhile.
func (n *Node) Follow(ctx context.Context, every time.Duration, report func(error)) {
	n.trouble.tell(func(err error) {
		if ctx.Err() == nil {
			report(err)
		}
	})
	defer n.trouble.tell(nil)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = n.confirm.Do(ctx) // trouble has been told
		if round%measureRounds == 0 {
			n.measure()
		}
	}
}

// measureRounds is how many rounds of following lie between two measurements of
// what is held: what reading alone keeps, such as answers, is not told.
const measureRounds = 25

// trouble is what does not work, by organization; the store itself is "".
type trouble struct {
	mu     sync.Mutex
	open   map[string]error
	report func(error) // nil while nobody wants to know
	told   bool        // that something does not work
}

// note takes in that something does not work, or that it does.
func (t *trouble) note(corpID string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil && t.open == nil:
		t.open = map[string]error{corpID: err}
	case err != nil:
		t.open[corpID] = err
	default:
		delete(t.open, corpID)
	}
	t.speak()
}

// tell says who wants to know.
func (t *trouble) tell(report func(error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report = report
	if report != nil {
		t.speak()
	}
}

// speak reports the beginning and the end; t.mu is held.
func (t *trouble) speak() {
	if t.report == nil || t.told == (len(t.open) > 0) {
		return
	}
	t.told = !t.told
	t.report(t.join(func(string) bool { return true }))
}

func (t *trouble) has(corpID string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[corpID] != nil
}

// ofOrgs returns what does not work in organizations, or nil.
func (t *trouble) ofOrgs() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.join(func(corpID string) bool { return corpID != "" })
}

func (t *trouble) join(which func(corpID string) bool) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(t.open)) {
		if which(id) {
			errs = append(errs, t.open[id])
		}
	}
	return errors.Join(errs...)
}
