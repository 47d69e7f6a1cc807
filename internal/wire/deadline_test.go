package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// scripted is a connection on which reads and writes end as a test wants, and
// which notes the deadlines that it is told.
type scripted struct {
	net.Conn
	told    []time.Time
	results []error // of the next reads and writes; one with an error moves one byte when it writes
}

func (c *scripted) SetReadDeadline(t time.Time) error {
	c.told = append(c.told, t)
	return nil
}

func (c *scripted) SetWriteDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *scripted) Read(p []byte) (int, error) {
	err := c.results[0]
	c.results = c.results[1:]
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *scripted) Write(p []byte) (int, error) {
	n, err := c.Read(p)
	if err != nil {
		n = 1
	}
	return n, err
}

// A connection hears of a deadline only when it would wait too long otherwise,
// and waits on where one that it heard of before comes too early.
func TestDeadlinesAreToldLate(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 10, minute, 0, 0, time.UTC) }
	never, past := time.Time{}, time.Unix(1, 0)
	passed, broken := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}, errors.New("broken")
	type steps []struct {
		move    []time.Time // then something is read or written
		results []error
		err     error
		told    []time.Time
	}
	for name, steps := range map[string]steps{
		"none":                        {{nil, []error{nil}, nil, nil}},
		"the last one counts":         {{[]time.Time{at(1), at(3), at(2)}, []error{nil}, nil, []time.Time{at(2)}}},
		"taken back":                  {{[]time.Time{at(1), never}, []error{nil}, nil, nil}},
		"passed":                      {{[]time.Time{at(1)}, []error{passed}, os.ErrDeadlineExceeded, []time.Time{at(1)}}},
		"another error":               {{[]time.Time{at(1)}, []error{broken}, broken, []time.Time{at(1)}}},
		"passed long ago":             {{[]time.Time{at(1), past}, nil, os.ErrDeadlineExceeded, nil}},
		"passed long ago, taken back": {{[]time.Time{past, at(1)}, []error{nil}, nil, []time.Time{at(1)}}},
		"moved on": {
			{[]time.Time{at(1)}, []error{nil}, nil, []time.Time{at(1)}},
			{[]time.Time{at(2)}, []error{nil}, nil, nil},
			{[]time.Time{at(3)}, []error{passed, nil}, nil, []time.Time{at(3)}},
			{[]time.Time{never}, []error{passed, nil}, nil, []time.Time{never}},
		},
		"moved on and passed": {
			{[]time.Time{at(1)}, []error{nil}, nil, []time.Time{at(1)}},
			{[]time.Time{at(2)}, []error{passed, passed}, os.ErrDeadlineExceeded, []time.Time{at(2)}},
		},
		"moved back": {
			{[]time.Time{at(9)}, []error{nil}, nil, []time.Time{at(9)}},
			{[]time.Time{at(8)}, []error{nil}, nil, []time.Time{at(8)}},
		},
	} {
		for _, write := range []bool{false, true} {
			inner := &scripted{}
			c := newJoined(inner)
			try, move := c.Read, c.SetReadDeadline
			if write {
				try, move = c.Write, c.SetWriteDeadline
			}
			for i, x := range steps {
				inner.told, inner.results = nil, x.results
				for _, d := range x.move {
					if err := move(d); err != nil {
						t.Fatal(err)
					}
				}
				n, err := try(make([]byte, 5))
				if !errors.Is(err, x.err) || (err == nil) != (n == 5) {
					t.Errorf("%s, step %d: %d bytes and the error %v", name, i, n, err)
				}
				if fmt.Sprint(inner.told) != fmt.Sprint(x.told) || len(inner.results) > 0 {
					t.Errorf("%s, step %d: told %v; %d results are left", name, i, inner.told, len(inner.results))
				}
			}
		}
	}
}

// entering is a connection that tells when something is about to be read.
type entering struct {
	net.Conn
	reads chan struct{}
}

func (c entering) Read(p []byte) (int, error) {
	c.reads <- struct{}{}
	return c.Conn.Read(p)
}

// A deadline that is moved up reaches a read that waits already; one that is
// moved away does not end it.
func TestDeadlineReachesAWaitingRead(t *testing.T) {
	t.Parallel()
	for _, first := range []time.Time{{}, time.Now().Add(time.Hour)} {
		ours, theirs := net.Pipe()
		reads := make(chan struct{})
		c := newJoined(entering{ours, reads})
		if err := c.SetDeadline(first); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			done <- err
		}()
		<-reads
		if err := c.SetReadDeadline(time.Now().Add(2 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			t.Fatalf("the read ended with %v", err)
		default:
		}
		if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the read ended with %v", err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		go func() { _, err := theirs.Write([]byte("x")); done <- err }()
		go func() { <-reads }()
		if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("read after that: %d bytes, %v", n, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		ours.Close()
		theirs.Close()
	}
}

// The limits of a server hold on its connections, also after earlier requests:
// for a request that does not arrive, for a connection that rests, and for a
// client that does not read.
func TestServerLimitsHold(t *testing.T) {
	t.Parallel()
	const short, long = 500 * time.Millisecond, time.Hour
	s := script(t, testConfig(), func(c *Call) error {
		c.Result().Raw(`"`).Raw(strings.Repeat("x", int(min(c.req.Length, 1)*64<<20))).Raw(`"`)
		return nil
	})
	request := "POST " + probePath + " HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
	for name, x := range map[string]struct {
		read, write, idle time.Duration
		send              string
	}{
		"a head":      {short, long, long, "POST /"},
		"a body":      {short, long, long, fmt.Sprintf(request, 10)},
		"a rest":      {long, long, short, ""},
		"a big reply": {long, short, long, fmt.Sprintf(request, 1) + " "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan struct{}, 1)
			server := &http.Server{
				Handler: Handler(s), ConnContext: ConnContext, ReadTimeout: x.read, WriteTimeout: x.write, IdleTimeout: x.idle,
				ConnState: func(_ net.Conn, state http.ConnState) {
					if state == http.StateClosed {
						closed <- struct{}{}
					}
				},
			}
			go server.Serve(Listener(l)) //nolint:errcheck // it ends with Close
			defer server.Close()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range 3 {
				fmt.Fprintf(conn, request, 0)
				reply, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, reply.Body); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := io.WriteString(conn, x.send); err != nil {
				t.Fatal(err)
			}
			<-closed // or the test never ends
		})
	}
}
