package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// What the server says when something else, or the same a moment later, may
// succeed. Nothing of the transaction is there then.
const (
	serialization = "40001"
	deadlock      = "40P01"
	lockTimeout   = "55P03"
	readOnly      = "25006" // it is no primary any more
	crowded       = "53300" // too many connections
	idledOut      = "25P03" // the transaction was idle for too long
	warning       = "01000" // of no special kind
)

// again tells whether a call that failed so, of which nothing was committed, may
// succeed when it is made again.
func again(err error) bool {
	switch codeOf(err) {
	case serialization, deadlock, lockTimeout:
		return true
	}
	return lost(err)
}

// lost tells whether the connection is gone, or cannot be made just now.
func lost(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) && !isConnect(err) {
		return false
	}
	var of *pgconn.PgError
	if errors.As(err, &of) {
		switch of.Code {
		case readOnly, crowded, idledOut:
			return true
		}
		// 57P is the operator's intervention: a server that stops or starts. 08 is
		// trouble with the connection, also between a pooler and the server.
		return strings.HasPrefix(of.Code, "57P") || strings.HasPrefix(of.Code, "08")
	}
	return isConnect(err) || isNetwork(err)
}

// demoted tells whether the server lets nobody write any more.
func demoted(err error) bool { return codeOf(err) == readOnly }

func isConnect(err error) bool {
	var failed *pgconn.ConnectError
	return errors.As(err, &failed)
}

// sleep waits, and tells whether ctx lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// isNetwork tells whether an error is one of the connection itself.
func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
