package api_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// short makes a listener whose server loses its patience soon. closed gets the
// addresses of clients whose connections it has closed.
func (h *hostile) short() (addr string, closed *sync.Map, stop func()) {
	closed = &sync.Map{}
	addr, stop = h.w.listen(func(s *http.Server) {
		const soon = 200 * time.Millisecond
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = soon, soon, soon, soon
		s.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed.Store(c.RemoteAddr().String(), true)
			}
		}
	})
	return addr, closed, stop
}

// slow has clients that send a byte between two calls of others, until they are
// cut off.
func (h *hostile) slow(t *testing.T) {
	addr, _, stop := h.short()
	defer stop()
	for name, start := range map[string]string{
		"nothing":    "",
		"method":     "",
		"headers":    "GET /gettoken HTTP/1.1\r\nHost: x\r\nX: ",
		"body":       h.request("", "", 1<<20),
		"chunks":     "POST /gettoken HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
		"body later": h.next() + h.request("", "", 1000_000),
	} {
		conn := dial(t, addr)
		var replies []reply
		ended := make(chan error, 1)
		go func() {
			var err error
			replies, err = readAll(conn.r)
			ended <- err
		}()
		io.WriteString(conn, start)
		for over := false; !over; {
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				over = true
			default:
				if name != "nothing" {
					io.WriteString(conn, "x") // fails once the server has closed
				}
				h.sane(t, addr)
			}
		}
		for _, r := range replies {
			if _, err := r.open(); r.status == http.StatusOK && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := len(replies); n > 1 || n == 1 && name != "body later" && replies[0].status < 400 {
			t.Errorf("%s: got %v", name, replies)
		}
	}
}

// deaf has a client that asks and asks and never reads, until the server lets
// go of it.
func (h *hostile) deaf(t *testing.T) {
	addr, closed, stop := h.short()
	defer stop()
	conn := dial(t, addr)
	if err := conn.SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		request := strings.Repeat("GET /topapi/"+strings.Repeat("a", 250)+" HTTP/1.1\r\nHost: x\r\n\r\n", 100)
		for err := error(nil); err == nil; {
			_, err = io.WriteString(conn, request)
		}
	}()
	for deadline := time.Now().Add(patience); ; {
		h.sane(t, addr)
		if _, over := closed.Load(conn.LocalAddr().String()); over {
			break
		}
		if time.Now().After(deadline) {
			t.Error("the server still waits for a client that does not listen")
			break
		}
	}
	conn.Close()
	<-asked
}

// idle has thousands of connections on which nothing, or nothing more, comes.
func (h *hostile) idle(t *testing.T) {
	n := 2000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < 5000 {
		n = int(limit.Cur) / 4
	}
	open := func(addr string) []*wired {
		var conns []*wired
		for i := range n {
			conn := dial(t, addr)
			io.WriteString(conn, []string{"", "GET /gettoken HT", h.request("", "dept", 100), h.next()}[i%4])
			conns = append(conns, conn)
		}
		return conns
	}
	// Patience that lasts: all of them stay, and others are answered.
	conns := open(h.addr)
	for range 20 {
		h.sane(t, h.addr)
	}
	for i := 3; i < n; i += 4 { // they were answered and can go on
		for range 2 {
			r, err := conns[i].receive("GET")
			if err != nil || !strings.HasPrefix(r.body, okCount) {
				t.Fatalf("connection %d: %v, %v", i, r, err)
			}
			io.WriteString(conns[i], h.next())
		}
	}
	for _, c := range conns {
		c.Close()
	}
	// Patience that does not: all of them are closed.
	addr, _, stop := h.short()
	defer stop()
	for i, c := range open(addr) {
		if _, err := readAll(c.r); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		c.Close()
	}
	h.sane(t, addr)
}
