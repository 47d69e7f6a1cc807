package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"
)

// A step is one statement of several that go to the server together.
type step struct {
	query
	// rows are what a COPY is given, nil for any other statement.
	rows []byte
	// each is called for every row, where there is one.
	each func(row) error
	// check judges the end of the statement: how many rows it touched, or why it
	// failed. Without it, an error is one and any number of rows is right.
	check func(touched int64, err error) error
}

// all sends steps together and reads their results in order: one round trip for
// all of them. It returns the first error; the steps after one that the server
// refused are not carried out, the others are, and in a transaction there is
// nothing to do after an error but to roll back.
func (l link) all(ctx context.Context, steps []step) error {
	p, err := l.pipeline(ctx)
	if err != nil {
		return err
	}
	if err = p.send(steps); err == nil {
		err = p.results(steps)
	}
	if failed := p.end(); err == nil {
		err = failed
	}
	return err
}

// A pipeline sends statements before the results of those before are read. That of
// the driver has no place for the rows of COPY, which go along here: the server
// takes them as soon as it has begun the statement, and after an error it passes
// over them, as over everything else up to the end of what was sent together.
type pipeline struct {
	link
	ctx   context.Context
	watch *ctxwatch.ContextWatcher
	sent  chan error // how the last sending ended
	open  int        // how many ends of what was sent together have not been read
}

// pipeline begins one. Nothing else may use the connection until its end.
func (l link) pipeline(ctx context.Context) (*pipeline, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &pipeline{link: l, ctx: ctx, sent: make(chan error, 1), watch: ctxwatch.NewContextWatcher(&canceller{conn: l.conn})}
	p.sent <- nil
	p.watch.Watch(ctx)
	return p, nil
}

// send sends steps, when those before are sent. What the server answers can be read
// meanwhile: it may stop listening until it is.
func (p *pipeline) send(steps []step) error {
	var parts net.Buffers
	var err error
	for i := range steps {
		if parts, err = steps[i].appendTo(parts); err != nil {
			return err
		}
	}
	if parts, err = appendMessages(parts, &pgproto3.Sync{}); err != nil {
		return err
	}
	if err := <-p.sent; err != nil {
		p.sent <- err
		return err
	}
	p.open++
	// Past the driver, which may close the connection at any time.
	go func() {
		_, err := parts.WriteTo(p.conn.Conn())
		p.sent <- err
	}()
	return nil
}

// waitSent waits until everything is sent.
func (p *pipeline) waitSent() error {
	err := <-p.sent
	p.sent <- err
	return err
}

// appendTo adds the messages of the statement.
func (s *step) appendTo(parts net.Buffers) (net.Buffers, error) {
	parts, err := appendMessages(parts,
		&pgproto3.Parse{Query: s.sql, ParameterOIDs: s.types},
		&pgproto3.Bind{ParameterFormatCodes: inBinary(), Parameters: s.values, ResultFormatCodes: inBinary()},
		&pgproto3.Execute{})
	if err != nil || s.rows == nil {
		return parts, err
	}
	if parts, err = appendMessages(parts, &pgproto3.CopyData{Data: []byte(copyHeader)}); err != nil {
		return nil, err
	}
	last := &parts[len(parts)-1]
	*last = binary.BigEndian.AppendUint32(append(*last, 'd'), uint32(len(s.rows)+4)) // the head of CopyData
	if len(s.rows) < manyRows {
		*last = append(*last, s.rows...)
	} else {
		parts = append(parts, s.rows, nil)
	}
	return appendMessages(parts, &pgproto3.CopyData{Data: []byte(copyEnd)}, &pgproto3.CopyDone{})
}

// manyRows is how many bytes of rows are worth to be sent from where they are.
const manyRows = 32 << 10

// appendMessages adds messages to the last part.
func appendMessages(parts net.Buffers, messages ...pgproto3.FrontendMessage) (net.Buffers, error) {
	if len(parts) == 0 {
		parts = append(parts, nil)
	}
	last := &parts[len(parts)-1]
	for _, m := range messages {
		var err error
		if *last, err = m.Encode(*last); err != nil {
			return nil, fmt.Errorf("encode a statement: %w", err)
		}
	}
	return parts, nil
}

// results reads what became of steps that were sent together.
func (p *pipeline) results(steps []step) error {
	var first, failed error // failed is of the step that is being read
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	for {
		msg, err := p.receive()
		if err != nil {
			note(err)
			return first
		}
		switch msg := msg.(type) {
		case *pgproto3.DataRow:
			if len(steps) == 0 {
				return p.astray(msg)
			}
			if first == nil && failed == nil && steps[0].each != nil {
				failed = steps[0].each(msg.Values)
			}
		case *pgproto3.CommandComplete:
			if len(steps) == 0 {
				return p.astray(msg)
			}
			note(steps[0].end(pgconn.NewCommandTag(string(msg.CommandTag)).RowsAffected(), failed))
			steps, failed = steps[1:], nil
		case *pgproto3.ErrorResponse:
			err := error(pgconn.ErrorResponseToPgError(msg))
			if len(steps) > 0 { // else it is about the end
				err = steps[0].end(0, err)
			}
			note(err)
		case *pgproto3.ReadyForQuery:
			if first == nil && len(steps) > 0 {
				first = fmt.Errorf("the server did not carry out %d statements", len(steps))
			}
			return first
		}
	}
}

// astray closes a connection on which something came that nobody asked for.
func (p *pipeline) astray(msg pgproto3.BackendMessage) error {
	p.close()
	p.open = 0
	return fmt.Errorf("the server answered with %T, which nobody asked for", msg)
}

// end judges how the step ended.
func (s *step) end(touched int64, err error) error {
	if s.check != nil {
		return s.check(touched, err)
	}
	return err
}

// receive reads a message. After an error nothing else can be read.
func (p *pipeline) receive() (pgproto3.BackendMessage, error) {
	msg, err := p.conn.ReceiveMessage(context.Background()) // ctx is watched for all messages together
	var network net.Error
	switch {
	case err == nil:
		if _, ok := msg.(*pgproto3.ReadyForQuery); ok {
			p.open--
		}
		return msg, nil
	case p.ctx.Err() != nil && errors.As(err, &network) && network.Timeout():
		err = fmt.Errorf("%w: %w", p.ctx.Err(), err)
	}
	p.close()
	p.open = 0
	return nil, err
}

// end reads what nobody has read. The connection can be used again, or is closed.
func (p *pipeline) end() error {
	defer p.watch.Unwatch()
	for p.open > 0 {
		if _, err := p.receive(); err != nil {
			break
		}
	}
	return p.waitSent()
}
