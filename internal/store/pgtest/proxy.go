package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
)

// A Proxy stands between a node and a server, as a network that fails.
type Proxy struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	frozen chan struct{} // closed when it goes on; nil while it does
	conns  map[net.Conn]bool
	lose   []byte // a connection that sends this to the server loses the reply
}

// StartProxy starts one in front of a server; it ends with the test.
func StartProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: fmt.Sprint("127.0.0.1:", s.Port), conns: map[net.Conn]bool{}}
	var all sync.WaitGroup
	all.Go(func() { p.accept(&all) })
	t.Cleanup(func() {
		p.Thaw()
		l.Close()
		p.Cut()
		all.Wait()
	})
	return p
}

// Through returns the URL of a database with the proxy in the place of the server.
func (p *Proxy) Through(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return err.Error()
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// Cut breaks all connections; new ones can be made.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Freeze keeps everything that is sent from now on, both ways, until Thaw.
func (p *Proxy) Freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil {
		p.frozen = make(chan struct{})
	}
}

// Thaw lets everything go on.
func (p *Proxy) Thaw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen != nil {
		close(p.frozen)
		p.frozen = nil
	}
}

// LoseReplyTo breaks the next connection that sends a text to the server, which
// still gets it.
func (p *Proxy) LoseReplyTo(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = []byte(text)
}

func (p *Proxy) accept(all *sync.WaitGroup) {
	for {
		node, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = node.Close()
			continue
		}
		p.mu.Lock()
		p.conns[node], p.conns[server] = true, true
		p.mu.Unlock()
		all.Go(func() { p.forward(node, server, true) })
		all.Go(func() { p.forward(server, node, false) })
	}
}

// forward carries what one side sends to the other until one of them ends.
func (p *Proxy) forward(from, to net.Conn, requests bool) {
	defer func() {
		p.mu.Lock()
		delete(p.conns, from)
		p.mu.Unlock()
		_ = from.Close()
		if !requests {
			_ = to.Close()
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		frozen := p.frozen
		lost := requests && len(p.lose) > 0 && bytes.Contains(buf[:n], p.lose)
		if lost {
			p.lose = nil
		}
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
		}
		if lost {
			_ = from.Close() // before the server can answer
		}
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil && !errors.Is(err, net.ErrClosed) {
			return
		}
		if lost {
			// The server finishes what it got before it sees that nobody is there.
			return
		}
		if err != nil {
			return
		}
	}
}
