package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rollcall"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// busyTimeout is how long a connection waits for a lock that another process
// holds. Only the turn to write is waited for without this limit: see
// beginWrite.
const busyTimeout = 10 * time.Second

// connect opens one connection to an existing file and prepares it.
func connect(path string, readOnly bool) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	if err := prepareConn(conn, readOnly); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// pragmas returns what every connection is set to, in the order that matters:
// the timeout comes first, because already the second statement may meet a
// lock.
func pragmas(readOnly bool) []string {
	set := []string{
		fmt.Sprintf("busy_timeout=%d", busyTimeout.Milliseconds()),
		"journal_mode=wal",
		"synchronous=full",
		"foreign_keys=on",
		"trusted_schema=off",
	}
	if readOnly {
		return append(set, "cache_size=-4000", "query_only=on") // kB
	}
	// An import touches the index of userids everywhere: what it touches has
	// to stay in memory. A log that an import made large is cut again. Every
	// checkpoint syncs up to three times more, in the middle of some commit: ten times
	// the usual number of pages lie between two.
	return append(set, "cache_size=-128000", "journal_size_limit=67108864", "wal_autocheckpoint=10000")
}

func prepareConn(conn *sqlite.Conn, readOnly bool) error {
	for _, p := range pragmas(readOnly) {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+p, nil); err != nil {
			return fmt.Errorf("set %s: %w", p, err)
		}
	}
	mode, err := pragma(conn, "journal_mode")
	if err == nil && mode != "wal" {
		err = fmt.Errorf("the file system does not carry a write-ahead log: journal_mode is %s", mode)
	}
	return err
}

// pragma reads a setting.
func pragma(conn *sqlite.Conn, name string) (value string, err error) {
	err = sqlitex.ExecuteTransient(conn, "PRAGMA "+name, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			value = stmt.ColumnText(0)
			return nil
		},
	})
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return value, nil
}

// beginWrite starts a write transaction as soon as no other process has one,
// and gives up when ctx ends or stop is closed. SQLite's own waiting can
// neither be ended nor does it look often enough to get its turn beside a busy
// writer.
func beginWrite(ctx context.Context, conn *sqlite.Conn, begin string, stop <-chan struct{}) error {
	return awaitTurn(ctx, conn, stop, func() error { return execute(conn, begin) })
}

// awaitTurn does what another process may be in the way of, until it is not, ctx
// ends or stop is closed.
func awaitTurn(ctx context.Context, conn *sqlite.Conn, stop <-chan struct{}, do func() error) error {
	conn.SetBusyTimeout(0)
	defer conn.SetBusyTimeout(busyTimeout)
	for wait := time.Millisecond; ; wait = min(2*wait, 8*time.Millisecond) {
		err := do()
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy {
			return err
		}
		turn := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-turn.C:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		case <-stop:
			err = errStopped
		}
		turn.Stop()
		return err
	}
}

var errStopped = errors.New("stopped")

// rollback ends whatever transaction is open, also one that was interrupted.
func rollback(conn *sqlite.Conn) {
	conn.SetInterrupt(nil)
	if !conn.AutocommitEnabled() {
		_ = execute(conn, "ROLLBACK") // fails only where SQLite has rolled back itself
	}
}

// execute runs a statement without parameters and results.
func execute(conn *sqlite.Conn, sql string) error {
	q := prepare(conn, sql)
	_, err := q.run()
	return err
}

// A query is a prepared statement that is given its parameters in their order.
// The connection keeps it prepared for the next time.
type query struct {
	conn *sqlite.Conn
	stmt *sqlite.Stmt
	n    int // parameters given so far
	err  error
}

func prepare(conn *sqlite.Conn, sql string) query {
	stmt, err := conn.Prepare(sql)
	return query{conn: conn, stmt: stmt, err: err}
}

// next returns the number of the next parameter, 0 where there is no statement.
func (q *query) next() int {
	q.n++
	return q.n
}

func (q *query) text(s string) *query {
	if n := q.next(); q.err == nil {
		q.stmt.BindText(n, s)
	}
	return q
}

func (q *query) int(v int64) *query {
	if n := q.next(); q.err == nil {
		q.stmt.BindInt64(n, v)
	}
	return q
}

func (q *query) flag(b bool) *query {
	if b {
		return q.int(1)
	}
	return q.int(0)
}

func (q *query) blob(b []byte) *query {
	if n := q.next(); q.err == nil {
		q.stmt.BindBytes(n, b)
	}
	return q
}

// end binds an end, which is NULL while there is none.
func (q *query) end(at rollcall.Instant) *query {
	if at == rollcall.Open {
		return q.null()
	}
	return q.int(int64(at))
}

// null leaves a parameter at NULL, which is what a prepared statement starts
// with.
func (q *query) null() *query {
	q.n++
	return q
}

// The given methods bind a value or, for nil, NULL; the statements take
// coalesce(NULL, column) to mean that the column stays.

func (q *query) givenText(p *string) *query {
	if p == nil {
		return q.null()
	}
	return q.text(*p)
}

func (q *query) givenFlag(p *bool) *query {
	if p == nil {
		return q.null()
	}
	return q.flag(*p)
}

func given[T ~int64](q *query, p *T) *query {
	if p == nil {
		return q.null()
	}
	return q.int(int64(*p))
}

// run executes a statement that returns nothing and tells how many rows it
// touched.
func (q *query) run() (rows int, err error) {
	err = q.each(func(*sqlite.Stmt) error { return nil })
	if err != nil {
		return 0, err
	}
	return q.conn.Changes(), nil
}

// each calls fn for every row.
func (q *query) each(fn func(*sqlite.Stmt) error) error {
	if q.err != nil {
		return q.err
	}
	defer q.stmt.Reset() //nolint:errcheck // it repeats the error of Step
	for {
		row, err := q.stmt.Step()
		if err != nil || !row {
			return err
		}
		if err := fn(q.stmt); err != nil {
			return err
		}
	}
}
