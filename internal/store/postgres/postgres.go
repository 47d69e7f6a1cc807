// Package postgres is the engine for more than one machine: it keeps
// organizations in a PostgreSQL database, which several nodes use at once.
// DESIGN.md beside it says how, and why so.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"rollcall"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options says how to open a database.
type Options struct {
	// Create makes the tables where there are none. The database itself has to be
	// there.
	Create bool
}

// Store is a [rollcall.Store] in a PostgreSQL database. Several stores, also of
// several machines, may be open on the same one.
type Store struct {
	// reads and writes are apart: transactions that wait for each other must not
	// take the connections of those who read.
	reads, writes *pgxpool.Pool

	turns turns

	// A transaction that says nothing for idle is ended by the server; one that
	// lives says something every alive.
	idle, alive time.Duration

	// inside counts running calls and open transactions. Nothing enters once
	// closed is set; life ends then, and with it the waiting for a turn.
	mu     sync.Mutex
	closed bool
	life   context.Context
	end    context.CancelFunc
	inside sync.WaitGroup
}

var _ rollcall.Store = (*Store)(nil)

// Open connects to the database of a URL, postgres://…, and brings its tables up
// to date. Without tables the error is [rollcall.ErrNoDatabase], for those of a
// newer program [rollcall.ErrNewerSchema]. No error shows the password.
func Open(ctx context.Context, url string, opt Options) (*Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	where := place(config)
	if err := prepare(ctx, config, opt.Create); err != nil {
		return nil, fmt.Errorf("open %s: %w", where, err)
	}
	reads, err := pgxpool.NewWithConfig(ctx, config.Copy())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", where, err)
	}
	writes, err := pgxpool.NewWithConfig(ctx, config.Copy())
	if err != nil {
		reads.Close()
		return nil, fmt.Errorf("open %s: %w", where, err)
	}
	s := &Store{reads: reads, writes: writes, idle: idleLimit, alive: alive}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Close waits for running calls and open transactions, then releases
// everything. Whoever waits for a turn to write gets [rollcall.ErrClosed], as do
// all calls from then on.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return rollcall.ErrClosed
	}
	s.closed = true
	s.end()
	s.mu.Unlock()
	s.inside.Wait()
	s.reads.Close()
	s.writes.Close()
	return nil
}

// enter lets a call in; it has to call s.inside.Done at its end.
func (s *Store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return rollcall.ErrClosed
	}
	s.inside.Add(1)
	return nil
}

// until returns a context that ends with ctx, and when the store is closed.
func (s *Store) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(rollcall.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// ended makes the end of ctx the error where that is what stopped a call.
func ended(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if cause := context.Cause(ctx); !errors.Is(err, cause) {
		return cause
	}
	return err
}

const (
	beginRead = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`

	// How often a read that got nothing yet is tried on another connection, and
	// what it waits for in between.
	readTries = 4
	readPause = 20 * time.Millisecond
)

// read calls fn with a connection inside a read transaction, whose state is that
// of its first statement. Where the connection breaks before fn was told
// anything, it is called again: fn says with told whether it was.
func (s *Store) read(ctx context.Context, fn func(ctx context.Context, l link, told func()) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.inside.Done()
	for try, pause := 1, readPause; ; try, pause = try+1, 2*pause {
		told := false
		err := s.readOnce(ctx, func(l link) error { return fn(ctx, l, func() { told = true }) })
		if told || try == readTries || !again(err) || !sleep(ctx, pause) {
			return ended(ctx, err)
		}
	}
}

func (s *Store) readOnce(ctx context.Context, fn func(link) error) error {
	l, err := take(ctx, s.reads)
	if err != nil {
		return err
	}
	if _, err = l.run(ctx, statement(beginRead)); err == nil {
		err = fn(l)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = l.run(ctx, statement("COMMIT"))
	}
	s.giveBack(l, err)
	return err
}

// giveBack returns a connection after a call. Of one whose call failed the
// transaction is rolled back; where it may be broken it is closed, and where the
// server is not the one to talk to any more, so are all others.
func (s *Store) giveBack(l link, err error) {
	if demoted(err) {
		s.reads.Reset()
		s.writes.Reset()
	}
	if err == nil || l.rollback(err) {
		l.release()
		return
	}
	l.drop()
}
