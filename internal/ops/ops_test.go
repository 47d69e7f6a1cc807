package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"rollcall/internal/node"
	"rollcall/internal/wire"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := NewLogger(&out, "warn", "json")
	if err != nil {
		t.Fatal(err)
	}
	l.Info("not shown")
	l.Warn("shown", "n", 7)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "shown" || line["n"] != 7.0 || line["level"] != "WARN" {
		t.Errorf("the log is %q", out.String())
	}
	out.Reset()
	if l, err = NewLogger(&out, "debug", "text"); err != nil {
		t.Fatal(err)
	}
	l.Debug("shown")
	if !strings.Contains(out.String(), "level=DEBUG msg=shown\n") {
		t.Errorf("the log is %q", out.String())
	}
	for _, wrong := range [][2]string{{"loud", "text"}, {"info", "xml"}, {"", "text"}, {"info", ""}} {
		if _, err := NewLogger(&out, wrong[0], wrong[1]); err == nil || !strings.Contains(err.Error(), ": use ") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestClockStartsAnywhereAndGoesOn(t *testing.T) {
	t.Parallel()
	before := time.Now()
	if now := NewClock(time.Time{}).Now(); now.Before(before) || now.After(time.Now()) {
		t.Errorf("the machine's clock says %s", now)
	}
	start := time.Date(2020, 3, 31, 10, 0, 0, 0, time.UTC)
	began := time.Now()
	settable := NewClock(start)
	clock := settable.Now
	last := clock()
	if last.Before(start) {
		t.Errorf("it starts at %s", last)
	}
	for clock().Equal(last) { // it moves: this ends
	}
	if now := clock(); !now.After(last) || now.Sub(start) > time.Since(began) {
		t.Errorf("it goes from %s to %s", last, now)
	}
	settable.Set(start.AddDate(-1, 0, 0))
	if now := clock(); now.After(start) || now.Before(start.AddDate(-1, 0, 0)) {
		t.Errorf("set a year back it says %s", now)
	}
}

func TestListenNamesTheFlag(t *testing.T) {
	t.Parallel()
	l, err := Listen("127.0.0.1:0", "--listen")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, addr := range []string{l.Addr().String(), "127.0.0.1:none", "nowhere"} {
		_, err := Listen(addr, "--some-flag")
		if err == nil || !strings.Contains(err.Error(), "listening on "+addr+" (choose another address with --some-flag): ") {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// running is a server at work.
type running struct {
	*Server
	wire, admin string
	stop        context.CancelFunc
	ended       chan error
}

func start(t *testing.T, s *Server) *running {
	t.Helper()
	r := &running{Server: s, ended: make(chan error, 1)}
	var listeners [2]net.Listener
	for i, addr := range []*string{&r.wire, &r.admin} {
		l, err := Listen("127.0.0.1:0", "--x")
		if err != nil {
			t.Fatal(err)
		}
		listeners[i], *addr = l, "http://"+l.Addr().String()
	}
	s.Metrics = NewMetrics([]*wire.Endpoint{known}, &node.Node{})
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.ended <- s.Run(ctx, listeners[0], listeners[1]) }()
	t.Cleanup(cancel)
	return r
}

// known is an endpoint that is counted by name.
var known = &wire.Endpoint{Path: "/known"}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	var reason error
	ask := make(chan error)
	s := start(t, &Server{Wire: http.NotFoundHandler(), Ready: func() error { return <-ask }})
	for _, reason = range []error{nil, errors.New("the storage is asleep"), nil} {
		go func() { ask <- reason }()
		status, body := get(t, s.admin+"/readyz")
		if reason == nil && (status != 200 || body != "ok\n") {
			t.Errorf("ready: %d %q", status, body)
		}
		if reason != nil && (status != 503 || body != reason.Error()+"\n") {
			t.Errorf("not ready: %d %q", status, body)
		}
	}
	if status, body := get(t, s.admin+"/livez"); status != 200 || body != "ok\n" {
		t.Errorf("live: %d %q", status, body)
	}
	if status, _ := get(t, s.admin+"/"); status != 404 {
		t.Errorf("/: %d", status)
	}
	resp, err := http.Post(s.admin+"/livez", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

func TestMetricsCountReplies(t *testing.T) {
	t.Parallel()
	s := start(t, &Server{Wire: http.NotFoundHandler()})
	s.Metrics.Done(known, 0, time.Millisecond)
	s.Metrics.Done(known, 0, 2*time.Second)
	s.Metrics.Done(known, 88, time.Millisecond)
	s.Metrics.Done(nil, 404, time.Millisecond)
	s.Metrics.Done(&wire.Endpoint{Path: "/else"}, 0, 0)
	_, body := get(t, s.admin+"/metrics")
	for _, line := range []string{
		`rollcall_replies_total{endpoint="/known",errcode="0"} 2`,
		`rollcall_replies_total{endpoint="/known",errcode="88"} 1`,
		`rollcall_replies_total{endpoint="unknown",errcode="404"} 1`,
		`rollcall_replies_total{endpoint="unknown",errcode="0"} 1`,
		`rollcall_reply_seconds_bucket{endpoint="/known",le="0.001"} 2`,
		`rollcall_reply_seconds_bucket{endpoint="/known",le="1"} 2`,
		`rollcall_reply_seconds_bucket{endpoint="/known",le="5"} 3`,
		`rollcall_reply_seconds_count{endpoint="unknown"} 2`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
}

// When it is told to stop, Run lets the call in flight finish and takes no more.
func TestRunDrains(t *testing.T) {
	t.Parallel()
	began, finish, drained := make(chan struct{}), make(chan struct{}), make(chan struct{})
	s := start(t, &Server{
		Wire: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(began)
			<-finish
			io.WriteString(w, "done")
		}),
		Drain: func() { close(drained) },
	})
	answered := make(chan string, 1)
	go func() {
		_, body := get(t, s.wire)
		answered <- body
	}()
	<-began
	s.stop()
	<-drained
	if status, body := get(t, s.admin+"/readyz"); status != 503 || body != "stopping\n" {
		t.Errorf("while stopping: %d %q", status, body)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("it ended with a call in flight: %v", err)
	default:
	}
	close(finish)
	if body := <-answered; body != "done" {
		t.Errorf("the call got %q", body)
	}
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.wire, "http://")); err == nil {
		t.Error("it still listens")
	}
}

// A listener that breaks ends the server with an error, and the other one with
// it.
func TestBrokenListenerEndsTheServer(t *testing.T) {
	t.Parallel()
	wire, err := Listen("127.0.0.1:0", "--x")
	if err != nil {
		t.Fatal(err)
	}
	admin, err := Listen("127.0.0.1:0", "--x")
	if err != nil {
		t.Fatal(err)
	}
	admin.Close()
	s := &Server{Log: slog.New(slog.DiscardHandler), Wire: http.NotFoundHandler(), Metrics: NewMetrics(nil, &node.Node{})}
	if err := s.Run(context.Background(), wire, admin); err == nil || !strings.Contains(err.Error(), "serving on "+admin.Addr().String()) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := net.Dial("tcp", wire.Addr().String()); err == nil {
		t.Error("the other listener is open still")
	}
}

func TestServerHasLimits(t *testing.T) {
	t.Parallel()
	s := HTTPServer(http.NotFoundHandler(), nil)
	if s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
	var out bytes.Buffer
	l, err := NewLogger(&out, "info", "text")
	if err != nil {
		t.Fatal(err)
	}
	HTTPServer(http.NotFoundHandler(), l).ErrorLog.Print("a broken handshake")
	if out.Len() > 0 {
		t.Errorf("at the level info the log has %q", out.String())
	}
}

func TestGarbageIsCollectedSeldomForSmallInput(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	for input, want := range map[int64]int{1: 800, 1 << 40: 77} {
		back := CollectSeldom(input)
		if got := debug.SetGCPercent(want); got != want {
			t.Errorf("with %d bytes: %d, not %d", input, got, want)
		}
		back()
		if got := debug.SetGCPercent(77); got != 77 {
			t.Errorf("after %d bytes: %d, not 77", input, got)
		}
	}
}
