package postgres

import (
	"context"
	"errors"
	"fmt"

	"rollcall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A link is a connection that was taken from a pool.
type link struct {
	pooled *pgxpool.Conn
	conn   *pgconn.PgConn
}

func take(ctx context.Context, pool *pgxpool.Pool) (link, error) {
	c, err := pool.Acquire(ctx)
	if err != nil {
		return link{}, err
	}
	return link{c, c.Conn().PgConn()}, nil
}

// release gives the connection back; one with an open transaction is closed.
func (l link) release() { l.pooled.Release() }

// drop closes the connection: whatever it was doing is not waited for, and a
// transaction that is open on it is rolled back by the server.
func (l link) drop() {
	l.close()
	l.pooled.Release()
}

func (l link) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = l.conn.Close(ctx)
}

// rollback ends the transaction in which a call failed, and tells whether the
// connection is good for another one.
func (l link) rollback(err error) bool {
	const interrupted = "57014"
	if lost(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || codeOf(err) == interrupted || l.conn.IsClosed() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelPatience)
	defer cancel()
	_, err = l.run(ctx, statement("ROLLBACK"))
	return err == nil
}

// inBinary is the format of all parameters and results.
func inBinary() []int16 { return []int16{1} }

// each runs a statement and calls fn for every row.
func (l link) each(ctx context.Context, q query, fn func(row) error) error {
	_, err := rows(ctx, l.conn.ExecParams(ctx, q.sql, q.values, q.types, inBinary(), inBinary()), fn)
	return err
}

// run executes a statement that returns nothing and tells how many rows it
// touched.
func (l link) run(ctx context.Context, q query) (touched int64, err error) {
	return rows(ctx, l.conn.ExecParams(ctx, q.sql, q.values, q.types, inBinary(), inBinary()), nil)
}

// rows reads a result to its end. After an error of fn, or the end of ctx, the
// rest is left out.
func rows(ctx context.Context, result *pgconn.ResultReader, fn func(row) error) (touched int64, err error) {
	for result.NextRow() {
		if fn == nil || err != nil {
			continue
		}
		if err = ctx.Err(); err == nil {
			err = fn(result.Values())
		}
	}
	tag, failed := result.Close()
	if err == nil {
		err = failed
	}
	return tag.RowsAffected(), err
}

// commit sends steps and the commit together. A step that the server refuses keeps
// it from carrying out those after it; where it says nothing, it may have committed
// all the same.
func (l link) commit(ctx context.Context, steps []step) error {
	delete(l.conn.CustomData(), warned)
	err := l.all(ctx, append(steps, step{query: statement("COMMIT")}))
	if err == nil && l.conn.CustomData()[warned] != nil {
		return errors.New("it is not known whether the standby has the transaction")
	}
	var refused *rollcall.Error
	if lost(err) || err != nil && codeOf(err) == "" && !errors.As(err, &refused) {
		return fmt.Errorf("it is not known whether the transaction was committed: %w", err)
	}
	return err
}

// warned is where a connection keeps that its server warned of something. A commit
// that waits for the synchronous standby does so when it is told to stop waiting,
// as at the end of its context: it is there then, and lost with this server.
const warned = "warned"

func noteWarning(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.Code == warning {
		conn.CustomData()[warned] = true
	}
}

// codeOf returns the SQLSTATE of an error of the server, "" for any other.
func codeOf(err error) string {
	var of *pgconn.PgError
	if errors.As(err, &of) {
		return of.Code
	}
	return ""
}

// isTaken tells whether a statement failed because a key is taken.
func isTaken(err error) bool { return codeOf(err) == "23505" }

// isOrphan tells whether a statement failed because what it points to is not
// there.
func isOrphan(err error) bool { return codeOf(err) == "23503" }
