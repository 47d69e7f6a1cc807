// Package sqlite is the embedded engine: it keeps organizations in one SQLite
// file, DIR/rollcall.db. DESIGN.md beside it says how, and why so.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"rollcall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// fileName is the name of the database within its directory.
const fileName = "rollcall.db"

// readers is how many calls can read at the same time.
const readers = 4

// Options says how to open a database.
type Options struct {
	// Create makes the directory and the database where they are missing.
	Create bool
}

// Store is a [rollcall.Store] in a SQLite file. Several stores, also of
// several processes, may be open on the same file.
type Store struct {
	// pool reads. Every call reads in one transaction: one state.
	pool *sqlitex.Pool

	// writer holds the one connection that writes; who takes it has the turn.
	// It hands out turns in the order of asking.
	writer chan *sqlite.Conn

	// heads holds the cache of heads; who takes it may use it.
	heads chan *headCache

	// inside counts running calls and open transactions. Nothing enters once
	// closed is set, and closing ends the waiting for a turn.
	mu      sync.Mutex
	closed  bool
	closing chan struct{}
	inside  sync.WaitGroup
}

var _ rollcall.Store = (*Store)(nil)

// Create makes the directory and an empty database in it. A database that is
// there already stays as it is.
func Create(ctx context.Context, dir string) error {
	s, err := Open(ctx, dir, Options{Create: true})
	if err != nil {
		return err
	}
	return s.Close()
}

// Open opens the database in dir and brings its tables up to date. Without a
// database the error is [rollcall.ErrNoDatabase], for one of a newer program
// [rollcall.ErrNewerSchema].
func Open(ctx context.Context, dir string, opt Options) (*Store, error) {
	if err := checkLibrary(sqlite.VersionNumber); err != nil {
		return nil, err
	}
	// An absolute path cannot be mistaken for a URI or an option.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if opt.Create {
		if err := create(ctx, dir); err != nil {
			return nil, fmt.Errorf("create the database in %s: %w", dir, err)
		}
	}
	path := filepath.Join(dir, fileName)
	if err := checkFile(dir, path); err != nil {
		return nil, err
	}
	if err := upgrade(ctx, dir, migrations); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s, err := connectAll(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func connectAll(path string) (*Store, error) {
	writer, err := connect(path, false)
	if err != nil {
		return nil, err
	}
	watch, err := connect(path, true)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite,
		PoolSize:    readers,
		PrepareConn: func(conn *sqlite.Conn) error { return prepareConn(conn, true) },
	})
	if err != nil {
		return nil, errors.Join(err, watch.Close(), writer.Close())
	}
	s := &Store{
		pool:    pool,
		writer:  make(chan *sqlite.Conn, 1),
		heads:   make(chan *headCache, 1),
		closing: make(chan struct{}),
	}
	s.writer <- writer
	s.heads <- &headCache{conn: watch}
	return s, nil
}

// Close waits for running calls and open transactions, then releases
// everything. Whoever waits for a turn to write gets [rollcall.ErrClosed], as
// do all calls from then on.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return rollcall.ErrClosed
	}
	s.closed = true
	close(s.closing)
	s.mu.Unlock()
	s.inside.Wait()

	heads, writer := <-s.heads, <-s.writer
	if err := errors.Join(s.pool.Close(), heads.conn.Close(), writer.Close()); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
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

// read calls fn with a connection inside a read transaction, whose state is
// that of its first statement.
func (s *Store) read(ctx context.Context, fn func(*sqlite.Conn) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.inside.Done()
	conn, err := s.pool.Take(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer s.pool.Put(conn)
	defer rollback(conn)
	if err := execute(conn, "BEGIN"); err != nil {
		return ended(ctx, err)
	}
	return ended(ctx, fn(conn))
}

// write takes the turn to write and begins a transaction. The caller gives
// both back with endWrite.
func (s *Store) write(ctx context.Context) (*sqlite.Conn, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	conn, err := s.takeTurn(ctx)
	if err != nil {
		s.inside.Done()
		return nil, err
	}
	return conn, nil
}

func (s *Store) takeTurn(ctx context.Context) (*sqlite.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case conn := <-s.writer:
		err := beginWrite(ctx, conn, "BEGIN IMMEDIATE", s.closing)
		if err == nil {
			return conn, nil
		}
		s.writer <- conn
		if errors.Is(err, errStopped) {
			err = rollcall.ErrClosed
		}
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closing:
		return nil, rollcall.ErrClosed
	}
}

// endWrite drops what was not committed and hands the turn on.
func (s *Store) endWrite(conn *sqlite.Conn) {
	rollback(conn)
	s.writer <- conn
	s.inside.Done()
}

// ended makes the end of ctx the error where that is what stopped a statement.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt {
		return ctx.Err()
	}
	return err
}
