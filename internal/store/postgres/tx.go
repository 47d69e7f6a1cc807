package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"rollcall"
)

const (
	// largeTx is how many changes make a transaction one that may take its time.
	largeTx = 1_000

	// What a call of a small transaction may take, when the server answers not at
	// all and its machine still acknowledges what it is sent. A large one may wait
	// for its data to be written.
	patience, largePatience = 15 * time.Second, 10 * time.Minute

	// A transaction that says nothing for idleLimit is ended by the server, which
	// frees the head: its node was stopped or cut off. Those who wait behind it on
	// other nodes wait longer. One that is alive says something every alive, also
	// while its owner only computes.
	idleLimit, alive = 6 * time.Second, 2 * time.Second

	// lockPatience is how long the server lets a transaction wait for a lock. Then
	// it asks again, on a connection that is known to be good.
	lockPatience = 5 * time.Second

	// Waiting between two tries to begin.
	beginPause, beginPauseMost = 10 * time.Millisecond, 500 * time.Millisecond
)

const (
	beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`

	// Local settings: on the way through a pooler nothing else lasts. A commit
	// returns when it is on the disk, and on that of the synchronous standby where
	// there is one, whatever the server's default is.
	setLocal = `
SELECT set_config('idle_in_transaction_session_timeout', $1, true), set_config('lock_timeout', $2, true),
	set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
		ELSE current_setting('synchronous_commit') END, true)`

	lockHead = selectHead + ` FOR UPDATE`

	selectLargest = `SELECT coalesce(max(ordinal), -1) FROM users WHERE corp = $1`
)

// tx is a [rollcall.Tx]. It holds the organization's turn to write, a connection,
// and on the server the lock on the head, until it is over.
type tx struct {
	store *Store
	turn  func()
	link  link
	corp  int64 // the organization, as rows have it
	head  rollcall.Head

	// mu is held by whoever uses the connection: a call, or the sign of life.
	mu   sync.Mutex
	sign *time.Timer

	largest int64                    // the largest ordinal that there is, -1 without any
	depts   map[rollcall.DeptID]bool // those that there are, and whether they are not deleted; nil where not read
	writer  *writer
	changes int64 // appended so far
	signIns bool  // whether a chunk was put
	puts    []step

	// failed is the first error of a write. What was written then is not whole:
	// nothing but Rollback is possible.
	failed error
	over   bool
}

// Begin implements [rollcall.Store]. Only the waiting ends with ctx; the
// transaction itself does not. While the database is away it waits for that too.
func (s *Store) Begin(ctx context.Context, corpID string) (rollcall.Tx, error) {
	t, err := s.begin(ctx, corpID)
	if err != nil {
		return nil, fmt.Errorf("begin a transaction on %q: %w", corpID, err)
	}
	return t, nil
}

func (s *Store) begin(ctx context.Context, corpID string) (*tx, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	t, err := s.takeTurn(ctx, corpID)
	if err != nil {
		s.inside.Done()
		return nil, err
	}
	// It is set before it can go off, as it might if the process is stopped here.
	t.sign = time.AfterFunc(math.MaxInt64, t.signOfLife)
	t.sign.Reset(s.alive)
	return t, nil
}

func (s *Store) takeTurn(ctx context.Context, corpID string) (*tx, error) {
	ctx, cancel := s.until(ctx)
	defer cancel()
	turn, err := s.turns.take(ctx, corpID)
	if err != nil {
		return nil, ended(ctx, err)
	}
	t := &tx{store: s, turn: turn, corp: corpKey(corpID), largest: -1}
	t.writer = newWriter(t)
	if err := s.beginOn(ctx, t.lockHead(corpID), &t.link); err != nil {
		turn()
		return nil, ended(ctx, err)
	}
	return t, nil
}

// lockHead returns the steps that lock the head and read what a transaction
// begins with. Each statement sees what was committed before it, and so the ones
// after the lock see all that was committed under it before.
func (t *tx) lockHead(corpID string) []step {
	lock, largest := statement(lockHead), statement(selectLargest)
	lock.corp(corpID)
	largest.corp(corpID)
	return []step{
		{
			query: lock,
			each: func(r row) error {
				t.head = head(r)
				return nil
			},
			check: func(touched int64, err error) error {
				if err == nil && (touched == 0 || t.head.CorpID != corpID) {
					err = rollcall.ErrNoCorp
				}
				return err
			},
		},
		{query: largest, each: func(r row) error {
			t.largest = r.int(0)
			return nil
		}},
	}
}

// beginOn begins a write transaction with these steps, on a connection that it
// takes. Nothing of them lasts before the commit: where the connection is lost,
// or others are in the way, it begins again until ctx ends.
func (s *Store) beginOn(ctx context.Context, steps []step, on *link) error {
	settings := statement(setLocal)
	settings.text(fmt.Sprintf("%dms", s.idle.Milliseconds())).text(fmt.Sprintf("%dms", lockPatience.Milliseconds()))
	steps = append([]step{{query: statement(beginWrite)}, {query: settings}}, steps...)
	for pause := beginPause; ; pause = min(2*pause, beginPauseMost) {
		l, err := take(ctx, s.writes)
		if err == nil {
			if err = l.all(ctx, steps); err == nil {
				*on = l
				return nil
			}
			s.giveBack(l, err)
		}
		if codeOf(err) == lockTimeout {
			continue
		}
		if !again(err) || !sleep(ctx, pause) {
			return err
		}
	}
}

// inTurn carries out a short transaction under the lock on a head. fn returns what
// there is to do together with the commit. Where the connection is lost before
// that, it begins again; afterwards it is not known what happened, and the caller
// gets the error.
func (s *Store) inTurn(ctx context.Context, corpID string, fn func(context.Context, link) ([]step, error)) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.inside.Done()
	ctx, cancel := s.until(ctx)
	defer cancel()
	turn, err := s.turns.take(ctx, corpID)
	if err != nil {
		return ended(ctx, err)
	}
	defer turn()
	return s.inWrite(ctx, (&tx{}).lockHead(corpID), fn)
}

// inWrite carries out a short transaction that begins with these steps.
func (s *Store) inWrite(ctx context.Context, first []step, fn func(context.Context, link) ([]step, error)) error {
	for {
		var l link
		err := s.beginOn(ctx, first, &l)
		if err != nil {
			return ended(ctx, err)
		}
		last, err := fn(ctx, l)
		sent := err == nil
		if sent {
			err = l.commit(ctx, last)
		}
		s.giveBack(l, err)
		if sent || !again(err) || !sleep(ctx, beginPause) {
			return ended(ctx, err)
		}
	}
}

// signOfLife tells the server that the transaction goes on.
func (t *tx) signOfLife() {
	if !t.mu.TryLock() {
		t.sign.Reset(t.store.alive) // somebody uses the connection: that is a sign too
		return
	}
	defer t.mu.Unlock()
	if t.over || t.failed != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := t.link.run(ctx, statement("SELECT 1")); err != nil {
		_ = t.fail(fmt.Errorf("the transaction was lost: %w", err))
		return
	}
	t.sign.Reset(t.store.alive)
}

// enter lets a call in. It returns the context of its statements and what to call
// at its end.
func (t *tx) enter(large bool) (context.Context, func(), error) {
	t.mu.Lock()
	if err := t.usable(); err != nil {
		t.mu.Unlock()
		return nil, nil, err
	}
	limit := patience
	if large || t.changes > largeTx {
		limit = largePatience
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	return ctx, func() {
		cancel()
		t.mu.Unlock()
	}, nil
}

// usable tells whether the transaction can go on.
func (t *tx) usable() error {
	if t.over {
		return fmt.Errorf("the transaction is %w", rollcall.ErrClosed)
	}
	if t.failed != nil {
		return fmt.Errorf("the transaction failed before: %w", t.failed)
	}
	return nil
}

// fail remembers the first error.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// Head implements [rollcall.Tx].
func (t *tx) Head() rollcall.Head { return t.head }

// Changes implements [rollcall.Tx].
func (t *tx) Changes(after uint64, fn func(rollcall.Change) error) error {
	ctx, leave, err := t.enter(true)
	if err == nil {
		defer leave()
		err = readChanges(ctx, t.link, t.head.CorpID, after, fn)
	}
	if err != nil {
		return fmt.Errorf("read the changes of %q after version %d: %w", t.head.CorpID, after, err)
	}
	return nil
}

// Append implements [rollcall.Tx].
func (t *tx) Append(changes []rollcall.Change) error {
	ctx, leave, err := t.enter(len(changes) > largeTx)
	if err != nil {
		return err
	}
	defer leave()
	if err := t.writer.write(ctx, changes); err != nil {
		return t.fail(err)
	}
	return nil
}

// Commit implements [rollcall.Tx].
func (t *tx) Commit(batch string) (rollcall.Head, error) {
	defer t.Rollback() // drops what failed to commit
	ctx, leave, err := t.enter(false)
	if err != nil {
		return rollcall.Head{}, err
	}
	defer leave()
	head := t.head
	if t.changes == 0 && !t.signIns {
		return head, nil
	}
	if t.changes > 0 {
		head.Version++
	}
	if t.signIns {
		head.Feed++
	}
	head.Batch = batch
	if err := t.commit(ctx, head); err != nil {
		return rollcall.Head{}, t.fail(fmt.Errorf("commit to %q: %w", head.CorpID, err))
	}
	t.end(nil)
	return head, nil
}

// commit sends everything that is left, and the commit, at once. A statement
// that fails keeps the server from carrying out those after it.
func (t *tx) commit(ctx context.Context, head rollcall.Head) error {
	q := statement(updateHead)
	q.int(t.corp).int(int64(head.Version)).int(int64(head.Feed)).text(head.Batch)
	return t.link.commit(ctx, append(t.puts, step{query: q}, step{query: remember(head)}))
}

// Rollback implements [rollcall.Tx].
func (t *tx) Rollback() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	err := t.failed
	if err == nil {
		err = errDropped
	}
	t.end(err)
}

// errDropped is why a transaction ends that did not fail.
var errDropped = errors.New("dropped")

// end gives everything back; after an error what was done is rolled back.
func (t *tx) end(err error) {
	t.over = true
	t.sign.Stop()
	t.store.giveBack(t.link, err)
	if err == nil && t.changes > largeTx {
		t.store.analyze()
	}
	t.turn()
	t.store.inside.Done()
}

// analyze has the server look at what large transactions filled. Until it does so
// by itself, a minute later, it takes the tables for small ones and reads them
// from end to end for every group of changes. How large they are is all that
// matters, so that a small sample does. Where it fails nothing is wrong, and nobody
// waits for long: what was written is committed already.
func (s *Store) analyze() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	l, err := take(ctx, s.writes)
	if err != nil {
		return
	}
	err = l.all(ctx, []step{
		{query: statement(beginWrite)},
		{query: statement("SET LOCAL default_statistics_target = 1")},
		{query: statement("ANALYZE users, memberships, departments, changes")},
		{query: statement("COMMIT")},
	})
	s.giveBack(l, err)
}
