package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// cancelArrives is how long a request to cancel may be on its way from the server's
// first process to the session that it is about: until then it might hit the next
// statement.
const cancelArrives = 100 * time.Millisecond

// canceller asks the server to end the statement whose context has ended; one that
// does not answer then loses the connection. Unlike the handler of the driver it
// lets its request come to an end, also where the statement was over first: some
// versions of pgbouncer, as the 1.18 of Debian 12, die when somebody hangs up who
// asks to cancel (its issue 801).
type canceller struct {
	conn  *pgconn.PgConn
	ended chan struct{}
}

// HandleCancel implements [ctxwatch.Handler].
func (c *canceller) HandleCancel(context.Context) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelPatience)
	deadline, _ := ctx.Deadline()
	_ = c.conn.Conn().SetDeadline(deadline) // one that is closed needs none
	ended := make(chan struct{})
	c.ended = ended
	go func() {
		defer close(ended)
		defer cancel()
		if c.conn.CancelRequest(ctx) == nil { // else the deadline ends the statement
			time.Sleep(cancelArrives)
		}
	}()
}

// HandleUnwatchAfterCancel implements [ctxwatch.Handler].
func (c *canceller) HandleUnwatchAfterCancel() {
	<-c.ended
	_ = c.conn.Conn().SetDeadline(time.Time{})
}
