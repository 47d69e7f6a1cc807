package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// load makes load, job after job. It is one thread with epoll, so that it takes
// little from the server that it measures.
func load([]string) error {
	runtime.LockOSThread()
	in := json.NewDecoder(os.Stdin)
	for {
		var j job
		if err := in.Decode(&j); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		r, err := j.do()
		if err != nil {
			r.Err = err.Error()
		}
		if err := answer(r); err != nil {
			return err
		}
	}
}

// stream is one connection.
type stream struct {
	fd   int
	next int // the request to send next, or the one that is being answered
	sent time.Time
	head []byte // the start of the reply, until its length is known
	left int    // bytes of the reply to come; -1 while its length is not known
}

type generator struct {
	job     *job
	epoll   int
	streams []*stream
	lengths []int // of the right replies
	number  int   // of the next request with a running number
	buf     []byte
	flying  int // requests without a whole reply

	counting  bool
	done      int
	latencies []time.Duration
}

func (j *job) do() (r result, err error) {
	g := &generator{job: j, lengths: make([]int, len(j.Requests)), number: j.First, buf: make([]byte, 1<<18)}
	defer func() { r.Next = g.number }()
	g.epoll, err = syscall.EpollCreate1(0)
	if err != nil {
		return r, err
	}
	defer closing(&err, func() error { return syscall.Close(g.epoll) })
	defer func() {
		for _, s := range g.streams {
			err = errors.Join(err, syscall.Close(s.fd))
		}
	}()
	for i := range j.Streams {
		if err := g.connect(i * len(j.Requests) / j.Streams); err != nil {
			return r, err
		}
	}
	// The first replies tell how long the right ones are.
	first := g.streams[0]
	for first.next = range j.Requests {
		if err := g.send(first); err != nil {
			return r, err
		}
		if err := g.drain(); err != nil {
			return r, err
		}
	}
	if err := g.run(j.Warm); err != nil {
		return r, err
	}
	before, err := j.cpu()
	if err != nil {
		return r, err
	}
	began := time.Now()
	g.counting = true
	if err := g.run(j.Time); err != nil {
		return r, err
	}
	after, err := j.cpu()
	if err != nil {
		return r, err
	}
	if g.done == 0 {
		return r, errors.New("no request was answered in time")
	}
	r.Requests, r.CPU, r.Wall = g.done, after-before, time.Since(began)
	slices.Sort(g.latencies)
	r.P99 = g.latencies[len(g.latencies)*99/100]
	return r, nil
}

// cpu returns the user and system time that the server and its database took.
func (j *job) cpu() (time.Duration, error) {
	used, err := cpuOf(j.PID)
	if err != nil || j.Database == 0 {
		return used, err
	}
	database, err := cpuOfAll(j.Database)
	return used + database, err
}

func (g *generator) connect(next int) error {
	addr, err := netip.ParseAddrPort(g.job.Addr)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	g.streams = append(g.streams, &stream{fd: fd, next: next})
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}); err != nil {
		return fmt.Errorf("connecting to the server: %w", err)
	}
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	return syscall.EpollCtl(g.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{
		Events: syscall.EPOLLIN, Fd: int32(len(g.streams) - 1),
	})
}

// run keeps every stream busy for a while, then waits for the last replies.
func (g *generator) run(d time.Duration) error {
	end := time.Now().Add(d)
	for _, s := range g.streams {
		if err := g.send(s); err != nil {
			return err
		}
	}
	for g.flying > 0 {
		at, err := g.wait(func(s *stream, at time.Time) error {
			if at.After(end) {
				return nil
			}
			return g.send(s)
		})
		if err != nil {
			return err
		}
		if at.Sub(end) > 30*time.Second {
			return errors.New("replies are missing")
		}
	}
	return nil
}

// drain waits for the replies that are under way.
func (g *generator) drain() error {
	for g.flying > 0 {
		if _, err := g.wait(func(*stream, time.Time) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// send sends the next request of a stream. A request is short, so that it
// always goes out at once.
func (g *generator) send(s *stream) error {
	request := g.job.Requests[s.next]
	if g.job.Numbered {
		g.number++
		request = numbered(request, g.number)
	}
	s.head, s.left, s.sent = s.head[:0], -1, time.Now()
	n, err := syscall.Write(s.fd, request)
	if err != nil || n < len(request) {
		return fmt.Errorf("sending a request: %d of %d bytes went out: %w", n, len(request), err)
	}
	g.flying++
	return nil
}

// wait handles what has arrived; finished is called for each whole reply.
func (g *generator) wait(finished func(*stream, time.Time) error) (time.Time, error) {
	var events [64]syscall.EpollEvent
	n, err := syscall.EpollWait(g.epoll, events[:], 10_000)
	at := time.Now()
	if errors.Is(err, syscall.EINTR) {
		return at, nil
	}
	if err != nil {
		return at, err
	}
	if n == 0 {
		return at, errors.New("the server has not answered for 10 s")
	}
	for _, e := range events[:n] {
		s := g.streams[e.Fd]
		whole, err := g.receive(s)
		if err != nil {
			return at, err
		}
		if !whole {
			continue
		}
		g.flying--
		if g.counting {
			g.done++
			g.latencies = append(g.latencies, at.Sub(s.sent))
		}
		s.next = (s.next + 1) % len(g.job.Requests)
		if err := finished(s, at); err != nil {
			return at, err
		}
	}
	return at, nil
}

const okStatus = "HTTP/1.1 200 "

// receive reads from a stream; true at the end of a reply.
func (g *generator) receive(s *stream) (whole bool, err error) {
	n, err := syscall.Read(s.fd, g.buf)
	if errors.Is(err, syscall.EAGAIN) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, errors.New("the server has closed a connection")
	}
	if s.left < 0 {
		s.head = append(s.head, g.buf[:n]...)
		end := bytes.Index(s.head, []byte("\r\n\r\n"))
		if end < 0 || len(s.head) < end+4+len(okBody) {
			return false, nil
		}
		length, err := lengthOf(s.head[:end+2])
		if err != nil {
			return false, err
		}
		if body := s.head[end+4:]; !bytes.HasPrefix(body, []byte(okBody)) {
			return false, fmt.Errorf("the reply is not right: %.300s", body)
		}
		// Ids of requests have one length, so that all right replies do.
		switch want := g.lengths[s.next]; {
		case want == 0:
			g.lengths[s.next] = length
		case want == length, g.job.Changing:
		default:
			return false, fmt.Errorf("the reply to request %d has %d bytes and not %d", s.next, length, want)
		}
		s.left = length
		n = len(s.head) - end - 4
	}
	if s.left -= n; s.left < 0 {
		return false, errors.New("the reply is longer than it says")
	}
	return s.left == 0, nil
}

func lengthOf(head []byte) (int, error) {
	if !bytes.HasPrefix(head, []byte(okStatus)) {
		return 0, fmt.Errorf("the reply is not right: %.300s", head)
	}
	const name = "\r\nContent-Length: "
	_, rest, ok := bytes.Cut(head, []byte(name))
	if !ok {
		return 0, errors.New("the reply has no Content-Length")
	}
	digits, _, _ := bytes.Cut(rest, []byte("\r\n"))
	return strconv.Atoi(string(digits))
}
