package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// counted counts the writes of a connection.
type counted struct {
	net.Conn
	writes *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

type countedListener struct {
	net.Listener
	writes *atomic.Int64
}

func (l countedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return counted{c, l.writes}, err
}

// Replies of every length around the size of net/http's buffer arrive whole, on
// one connection, each by one write.
func TestRepliesAreWrittenAtOnce(t *testing.T) {
	var size int
	cfg := testConfig()
	s := script(t, cfg, func(c *Call) error {
		c.Result().Raw(`"`).Raw(strings.Repeat("x", size)).Raw(`"`)
		return nil
	})
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var writes atomic.Int64
	server := &http.Server{Handler: Handler(s), ConnContext: ConnContext}
	go server.Serve(Listener(countedListener{inner, &writes})) //nolint:errcheck // it ends with Close
	defer server.Close()
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	sizes := []int{1, 100, 2000, 100_000, 1_000_000, 3}
	for n := bufferSize - 400; n < bufferSize+50; n++ {
		sizes = append(sizes, n)
	}
	for _, size = range sizes {
		for _, method := range []string{"POST", "HEAD"} {
			before := writes.Load()
			fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, probePath)
			reply, err := http.ReadResponse(in, &http.Request{Method: method})
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", method, size, err)
			}
			body, err := io.ReadAll(reply.Body)
			if err != nil {
				t.Fatalf("%s, %d bytes: %v", method, size, err)
			}
			if method == "POST" && strings.Count(string(body), "x") < size {
				t.Fatalf("%d bytes: the body has %d", size, len(body))
			}
			if writes.Load()-before != 1 {
				t.Errorf("%s, %d bytes: %d writes", method, size, writes.Load()-before)
			}
		}
	}
}
