package directory

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/pinyin"
)

// Options are what a [Corp] needs from outside.
type Options struct {
	Store   rollcall.Store
	Encoder Encoder
	Keyer   *pinyin.Keyer
	// Clock tells when a change is committed.
	Clock func() time.Time
	// Kept bounds the versions kept for walks; zero values take defaults.
	Kept KeptLimits
	// Done is closed when the process is about to end: nothing is waited for
	// any longer. Nil is never.
	Done <-chan struct{}
}

// Corp is one organization, live: its newest version and the one way to change
// it.
type Corp struct {
	id     string
	opt    Options
	maker  *maker
	root   atomic.Pointer[Root]
	head   atomic.Pointer[rollcall.Head] // of the store, up to which root is; set by the holder of writing
	losses atomic.Uint64                 // how often the store had lost what was shown
	walks  *walks
	recent *recent

	// writing is held by whoever makes the next version: the sequencer within its
	// transaction, or a follower that takes over what others committed. It is not
	// held while a transaction is waited for.
	writing sync.Mutex

	pool pool
}

// Open loads an organization.
func Open(ctx context.Context, corpID string, opt Options) (*Corp, error) {
	c := &Corp{id: corpID, opt: opt, maker: &maker{opt.Encoder, opt.Keyer}, walks: newWalks(opt.Kept), recent: newRecent()}
	r, head, err := loadHead(ctx, opt.Store, corpID, c.maker)
	if err != nil {
		return nil, err
	}
	r.stamp()
	c.head.Store(&head)
	c.root.Store(r)
	return c, nil
}

// ID returns the organization's id.
func (c *Corp) ID() string { return c.id }

// Head returns the head of the store up to which the newest version is.
func (c *Corp) Head() rollcall.Head { return *c.head.Load() }

// Losses counts how often the organization was loaded anew because the store did
// not have any more what was shown.
func (c *Corp) Losses() uint64 { return c.losses.Load() }

// Current returns the newest version.
func (c *Corp) Current() *Root { return c.root.Load() }

// show makes a version the newest. Walks that may not hold an older one any
// longer lose it even where nobody reads pages.
func (c *Corp) show(r *Root) {
	r.stamp()
	c.root.Store(r)
	c.recent.wake()
	c.walks.mu.Lock()
	defer c.walks.mu.Unlock()
	c.walks.trim(r, c.opt.Clock())
}

// Batch is what an intent wants to happen, all or nothing.
type Batch struct {
	// Changes are what is to happen. The writer fills in At, By and Version, and
	// keeps the list.
	Changes []rollcall.Change
	// InTx does what else belongs to the same transaction, such as sign-ins. It
	// may be called again, in a new transaction, and must not use the State.
	InTx func(tx rollcall.Tx) error
	// Committed is called after the commit and before anyone is answered.
	Committed func(rollcall.Head)
}

// Intent looks at the newest state and decides what should happen. It may be
// called more than once, and must not keep the state. Its error goes to the one
// who asked, and nothing of it happens.
type Intent func(s *State) (Batch, error)

// Outcome tells what became of an intent.
type Outcome struct {
	// Version is the one in which it took effect; of an intent that refused, the
	// one on which it decided that; 0 where it was not asked.
	Version uint64
	Changes []rollcall.Change // as they were committed
}

// Do carries out an intent: it is decided on the newest state, durable, and
// visible to every later reader before Do returns. Intents that come at the
// same time share a transaction; each sees what those before it decided. by
// says who wants it. When ctx ends before its turn has come, or the turn does not
// come within ten seconds, nothing happens; afterwards Do waits for the answer.
func (c *Corp) Do(ctx context.Context, by string, intent Intent) (Outcome, error) {
	w := &waiter{by: by, intent: intent, done: make(chan struct{})}
	first, ok := c.pool.add(w)
	if !ok {
		return Outcome{}, busy("too many changes are waiting", ErrFull)
	}
	if first {
		go c.sequence()
	}
	turn := time.NewTimer(writeTimeout)
	defer turn.Stop()
	late := context.DeadlineExceeded
	select {
	case <-w.done:
		return w.out, w.err
	case <-turn.C:
	case <-ctx.Done():
		late = ctx.Err()
	}
	if c.pool.withdraw(w) {
		return Outcome{}, busy("the change waited for its turn", late)
	}
	<-w.done
	return w.out, w.err
}

func busy(detail string, err error) error {
	return &rollcall.Error{Kind: rollcall.KindBusy, Detail: detail, Err: err}
}

// Writing reports whether changes are waiting or being committed.
func (c *Corp) Writing() bool {
	c.pool.Lock()
	defer c.pool.Unlock()
	return c.pool.running
}

// sequence works off the pool, transaction by transaction, until it is empty.
func (c *Corp) sequence() {
	for c.pool.goesOn() {
		group, synced := c.commit()
		c.pool.Lock()
		c.pool.committed(len(group), len(c.pool.waiting), synced)
		c.pool.Unlock()
		for _, w := range group {
			close(w.done)
		}
	}
}

// writeTimeout is how long a transaction may wait for its turn, for example
// behind an import.
const writeTimeout = 10 * time.Second

// commit carries out the intents that wait in one transaction, sets their answers
// and returns whose they are. Where the store refuses what one of them wants, each
// gets a transaction of its own, so that the others do not suffer from it. It
// returns how long the store took to make the last of it durable.
func (c *Corp) commit() (group []*waiter, synced time.Duration) {
	there, began := c.pool.last(), c.opt.Clock()
	tx, err := c.begin()
	if err != nil {
		// Whoever came meanwhile has a try of his own.
		group = c.pool.take(there)
		fail(group, err)
		return group, 0
	}
	// Beginning takes a way to the server and back: whoever comes meanwhile is in.
	c.gather(began)
	if group = c.pool.take(c.pool.last()); len(group) == 0 { // they gave up
		tx.Rollback()
		return nil, 0
	}
	synced, accepted := c.commitTogether(tx, group)
	if accepted || len(group) == 1 {
		return group, synced
	}
	for _, w := range group {
		w.out, w.err = Outcome{}, nil
	}
	for i := range group {
		if tx, err = c.begin(); err != nil {
			fail(group[i:], err)
			break
		}
		synced, _ = c.commitTogether(tx, group[i:i+1])
	}
	return group, synced
}

func (c *Corp) begin() (rollcall.Tx, error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	tx, err := c.opt.Store.Begin(ctx, c.id)
	if err != nil {
		return nil, busy("the change could not be begun", err)
	}
	return tx, nil
}

// fail answers those who have no error yet.
func fail(group []*waiter, err error) {
	for _, w := range group {
		if w.err == nil {
			w.out, w.err = Outcome{}, err
		}
	}
}

// commitTogether carries out intents in a transaction, which it ends. It reports
// false where the store refused to write something.
func (c *Corp) commitTogether(tx rollcall.Tx, group []*waiter) (synced time.Duration, accepted bool) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	defer tx.Rollback()
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.takeOver(ctx, tx.Head(), tx.Changes); err != nil {
		fail(group, err)
		return synced, true
	}
	writer := &ahead{tx: tx}
	defer writer.stop() //nolint:errcheck // whoever asked knows of it
	state, batches, changes, ok := c.decide(group, writer)
	if !ok {
		return synced, false
	}
	if !needsCommit(batches) {
		for _, w := range group {
			w.out.Version = tx.Head().Version
		}
		return synced, true
	}
	// The next version is made while the changes are being written, and given up
	// where that fails.
	next := c.prepare(state, len(changes) > 0)
	defer next.wait() // before anybody makes another
	if err := writer.finish(changes); err != nil {
		fail(group, fmt.Errorf("writing the changes: %w", err))
		return synced, false
	}
	for _, b := range batches {
		if b.InTx != nil {
			if err := b.InTx(tx); err != nil {
				fail(group, fmt.Errorf("writing what goes with the changes: %w", err))
				return synced, false
			}
		}
	}
	id := newBatchID()
	began := c.opt.Clock()
	head, err := tx.Commit(id)
	synced = c.opt.Clock().Sub(began)
	if err != nil {
		tx.Rollback()
		next.wait() // finding out may take over what others committed
		if head, err = c.resolve(id, err); err != nil {
			for _, w := range group { // who was refused, too: it may be for what is not there now
				w.out, w.err = Outcome{}, err
			}
			return synced, true
		}
	}
	if len(changes) > 0 && c.Current() == state.base { // else a follower was there first
		r := next.wait()
		c.recent.note(next.touched)
		c.show(r)
	}
	if known := c.Head(); head.Version+head.Feed > known.Version+known.Feed {
		c.head.Store(&head)
	}
	for _, w := range group {
		w.out.Version = head.Version
	}
	for _, b := range batches {
		if b.Committed != nil {
			b.Committed(head)
		}
	}
	return synced, true
}

// prepared is a version in the making.
type prepared struct {
	touched touch
	done    chan struct{} // nil where there is no version to make
	root    *Root
}

// prepare begins to make the version after the newest one.
func (c *Corp) prepare(s *State, needed bool) *prepared {
	p := &prepared{}
	if needed {
		version := s.base.version + 1
		p.touched, p.done = s.touch(version), make(chan struct{})
		go func() {
			defer close(p.done)
			p.root = s.publish(version, c.maker)
		}()
	}
	return p
}

// wait returns the version when it is made.
func (p *prepared) wait() *Root {
	if p.done != nil {
		<-p.done
	}
	return p.root
}

func needsCommit(batches []Batch) bool {
	return slices.ContainsFunc(batches, func(b Batch) bool { return len(b.Changes) > 0 || b.InTx != nil })
}

// decide asks every intent in turn. An intent whose changes do not fit is
// dropped, and the others are decided anew without it. Where some changes were
// handed to the writer by then, that cannot be: it reports false.
func (c *Corp) decide(group []*waiter, writer *ahead) (state *State, batches []Batch, changes []rollcall.Change, ok bool) {
	at, version := rollcall.At(c.opt.Clock()), c.Current().version+1
again:
	for {
		state, batches, changes = c.Current().edit(), nil, nil
		for _, w := range group {
			if w.err != nil {
				continue
			}
			w.out = Outcome{}
			b, err := w.intent(state)
			if err != nil {
				w.err = err
				continue
			}
			from := len(changes)
			if from == 0 {
				changes = slices.Clip(b.Changes)
			} else {
				changes = append(changes, b.Changes...)
			}
			for i := from; i < len(changes) && err == nil; i++ {
				ch := &changes[i]
				ch.Version, ch.At, ch.By = version, at, w.by
				if err = state.apply(ch); err == nil {
					writer.decided(changes[:i+1])
				}
			}
			if err == nil {
				err = state.unique()
			}
			if err != nil {
				w.err = err
				if writer.handed > 0 {
					return nil, nil, nil, false
				}
				continue again
			}
			batches = append(batches, b)
			w.out.Changes = changes[from:len(changes):len(changes)]
		}
		return state, batches, changes, true
	}
}

func newBatchID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// reloadAfter is how many changes are taken over one by one; beyond that the
// organization is loaded anew, which costs less and keeps the memory small.
const reloadAfter = 20_000

// CatchUp takes over what others committed up to now.
func (c *Corp) CatchUp(ctx context.Context) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	heads, err := c.opt.Store.Heads(ctx, c.id)
	if err != nil {
		return fmt.Errorf("catching up with organization %s: %w", c.id, err)
	}
	for _, h := range heads {
		if h.CorpID == c.id {
			return c.takeOver(ctx, h, func(after uint64, fn func(rollcall.Change) error) error {
				_, err := c.opt.Store.Changes(ctx, c.id, after, fn)
				return err
			})
		}
	}
	return fmt.Errorf("catching up with organization %s: %w", c.id, rollcall.ErrNoCorp)
}

var errTooMany = errors.New("too many changes to take over one by one")

// takeOver publishes every version up to the head's that others committed. Where
// the store has lost what is shown, because a server took the place of one that
// was ahead of it, the organization is loaded anew: a version of the same number
// may be another one.
func (c *Corp) takeOver(ctx context.Context, head rollcall.Head, changes func(after uint64, fn func(rollcall.Change) error) error) error {
	r, known := c.Current(), c.Head()
	if head == known {
		return nil
	}
	passed, err := c.opt.Store.Passed(ctx, known)
	if err != nil {
		return fmt.Errorf("taking over the changes of organization %s: %w", c.id, err)
	}
	if !passed {
		if err := c.reload(ctx); err != nil {
			return err
		}
		c.losses.Add(1)
		return nil
	}
	if head.Version == r.version {
		c.head.Store(&head)
		return nil
	}
	state, version, n := r.replay(), r.version, 0
	err = changes(r.version, func(ch rollcall.Change) error {
		if ch.Version != version && ch.Version != version+1 {
			return fmt.Errorf("the log goes from version %d to %d", version, ch.Version)
		}
		if n++; n > reloadAfter {
			return errTooMany
		}
		version = ch.Version
		return state.apply(&ch)
	})
	if err == nil && version < head.Version {
		err = fmt.Errorf("the log ends at version %d of %d", version, head.Version)
	}
	if errors.Is(err, errTooMany) {
		return c.reload(ctx)
	}
	if err != nil {
		return fmt.Errorf("taking over the changes of organization %s: %w", c.id, err)
	}
	c.recent.note(state.touch(version))
	c.show(state.publish(version, c.maker))
	c.head.Store(&head)
	return nil
}

// reload loads the organization anew and makes that the newest version.
func (c *Corp) reload(ctx context.Context) error {
	fresh, head, err := loadHead(ctx, c.opt.Store, c.id, c.maker)
	if err != nil {
		return err
	}
	// What old versions hold is now theirs alone.
	fresh.copied = c.Current().copied + fresh.Bytes()
	c.recent.forget()
	c.show(fresh)
	c.head.Store(&head)
	return nil
}
