package pgtest

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A Proxy stands between a node and a server, as a network that fails.
type Proxy struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	frozen chan struct{} // closed when it goes on; nil while it does
	conns  map[net.Conn]bool
	refuse bool          // new connections end at once
	delay  time.Duration // everything takes so much longer
	ambush *ambush       // waits for what a node sends; nil where none does
	ended  chan struct{} // closed at the end of the test
}

// ambush breaks a connection that sends a text to the server.
type ambush struct {
	text    []byte
	met     chan struct{} // closed when it has happened
	deliver chan struct{} // when this is closed the server gets the text after all; nil is never
}

// StartProxy starts one in front of a server; it ends with the test.
func StartProxy(t testing.TB, s *Server) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, to: fmt.Sprint("127.0.0.1:", s.Port), conns: map[net.Conn]bool{}, ended: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() { p.accept(&all) })
	t.Cleanup(func() {
		close(p.ended)
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

// Refuse ends new connections at once, or takes them again.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// Delay makes everything that is sent from now on take so much longer.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// LoseReplyTo breaks the next connection that sends a text to the server, which
// still gets it. The channel that it returns is closed when that has happened.
func (p *Proxy) LoseReplyTo(text string) <-chan struct{} {
	at := make(chan struct{})
	close(at)
	return p.lie(text, at)
}

// LoseRequest breaks the next connection that sends a text to the server, which
// does not get it.
func (p *Proxy) LoseRequest(text string) <-chan struct{} { return p.lie(text, nil) }

// HoldRequest breaks the next connection that sends a text to the server, which
// gets it when deliver is closed: a packet that comes late.
func (p *Proxy) HoldRequest(text string, deliver chan struct{}) <-chan struct{} {
	return p.lie(text, deliver)
}

func (p *Proxy) lie(text string, deliver chan struct{}) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ambush = &ambush{text: []byte(text), met: make(chan struct{}), deliver: deliver}
	return p.ambush.met
}

func (p *Proxy) accept(all *sync.WaitGroup) {
	for {
		node, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuse := p.refuse
		p.mu.Unlock()
		if refuse {
			_ = node.Close()
			continue
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
		if end, ok := to.(*net.TCPConn); ok && requests {
			_ = end.CloseWrite() // the server finishes what it got before it sees that nobody is there
			return
		}
		_ = to.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		sprung, goesOn := p.pass(buf[:n], requests)
		if sprung != nil {
			_ = from.Close() // before the server can answer
			close(sprung.met)
			goesOn = sprung.deliver != nil && p.wait(sprung.deliver)
		}
		if !goesOn {
			_ = to.Close()
			return
		}
		if _, failed := to.Write(buf[:n]); failed != nil || err != nil || sprung != nil {
			return
		}
	}
}

// pass holds up what is sent for as long as the network is to, and tells whether
// it goes on. An ambush that it springs is returned.
func (p *Proxy) pass(sent []byte, request bool) (sprung *ambush, goesOn bool) {
	p.mu.Lock()
	frozen, delay := p.frozen, p.delay
	if a := p.ambush; a != nil && request && bytes.Contains(sent, a.text) {
		sprung, p.ambush = a, nil
	}
	p.mu.Unlock()
	if frozen != nil && !p.wait(frozen) {
		return sprung, false
	}
	if delay > 0 {
		late := time.NewTimer(delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-p.ended:
			return sprung, false
		}
	}
	return sprung, true
}

// wait waits for a channel, and tells whether the test lasted.
func (p *Proxy) wait(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-p.ended:
		return false
	}
}
