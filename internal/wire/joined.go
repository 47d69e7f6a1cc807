package wire

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// net/http writes a reply through a buffer of 4 KiB, so that a page of a
// hundred people becomes two system calls, which cost more than making the
// page. A joined connection holds the first part back until the rest is there.

// bufferSize is that of net/http's buffer: a write of just this size is a full
// buffer, and more may follow.
const bufferSize = 4 << 10

// Listener makes connections that cost net/http less: they send a reply in one
// piece, and their deadlines are timers only where something waits for them.
// The server must use [ConnContext] too.
func Listener(l net.Listener) net.Listener { return joiner{l} }

type joiner struct{ net.Listener }

// Accept implements [net.Listener].
func (l joiner) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newJoined(c), nil
}

type joinedKey struct{}

// ConnContext lets [Handler] find the connection of a request.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, joinedKey{}, c)
}

// joined is a connection whose replies are sent in one piece, and which is told
// its deadlines late.
type joined struct {
	net.Conn
	body int    // length of the body that is about to be written; 0 when unknown
	held []byte // the first part of a reply

	reading, writing deadline
}

func newJoined(c net.Conn) *joined {
	return &joined{
		Conn: c, reading: deadline{tell: c.SetReadDeadline}, writing: deadline{tell: c.SetWriteDeadline},
	}
}

// SetReadDeadline implements [net.Conn].
func (c *joined) SetReadDeadline(t time.Time) error { return c.reading.move(t) }

// SetWriteDeadline implements [net.Conn].
func (c *joined) SetWriteDeadline(t time.Time) error { return c.writing.move(t) }

// SetDeadline implements [net.Conn].
func (c *joined) SetDeadline(t time.Time) error {
	return errors.Join(c.reading.move(t), c.writing.move(t))
}

// Read implements [net.Conn].
func (c *joined) Read(p []byte) (int, error) {
	for c.reading.begin() {
		n, err := c.Conn.Read(p)
		if again := c.reading.end(err); !again || n > 0 {
			return n, err
		}
	}
	return 0, os.ErrDeadlineExceeded
}

// send writes to the connection.
func (c *joined) send(p []byte) (sent int, err error) {
	for c.writing.begin() {
		n, err := c.Conn.Write(p[sent:])
		sent += n
		if again := c.writing.end(err); !again || sent == len(p) {
			return sent, err
		}
	}
	return sent, os.ErrDeadlineExceeded
}

// expect says how long the body of the coming reply is.
func expect(ctx context.Context, body int) {
	if c, ok := ctx.Value(joinedKey{}).(*joined); ok {
		c.body = body
	}
}

// Write implements [net.Conn]. It holds a full buffer back if by its header
// and the expected body there is more to come.
func (c *joined) Write(p []byte) (int, error) {
	if len(c.held) > 0 {
		before := len(c.held)
		c.held = append(c.held, p...)
		n, err := c.send(c.held)
		if c.held = c.held[:0]; cap(c.held) > 16*bufferSize {
			c.held = nil // large replies are rare
		}
		return max(0, n-before), err
	}
	body := c.body
	c.body = 0
	if body > 0 && len(p) == bufferSize {
		if end := bytes.Index(p, []byte("\r\n\r\n")); end >= 0 && end+4+body > len(p) {
			c.held = append(c.held, p...)
			return len(p), nil
		}
	}
	return c.send(p)
}

// CloseWrite lets net/http end a connection so that the client still gets the
// last reply.
func (c *joined) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}
