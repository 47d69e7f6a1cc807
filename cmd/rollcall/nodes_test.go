package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// metric returns the value of a metric without labels.
func (s *liveServer) metric(name string) float64 {
	s.t.Helper()
	_, body := s.get("/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			var f float64
			if _, err := fmt.Sscan(value, &f); err != nil {
				s.t.Fatalf("%s: %v", line, err)
			}
			return f
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}

// A server that was stopped for a while does not let a token through that was
// revoked meanwhile, not even once.
func TestARevokedTokenStaysRevokedAfterAPause(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	s := serve(t, dir)
	token := s.token(app)
	if s.count(token) != 4 {
		t.Fatal("the token opens nothing")
	}
	s.signal(syscall.SIGSTOP)
	stopped := time.Now()
	do(t, "app", "delete", "--data", dir, app.Appkey)
	// A node may answer from what it confirmed within the last second.
	for time.Since(stopped) < 1200*time.Millisecond {
		do(t, "app", "list", "--data", dir)
	}
	answers := make(chan bool)
	for range 20 { // they wait in the listener while the process stands
		go func() { answers <- s.refusesToken(token) }()
	}
	s.signal(syscall.SIGCONT)
	for range 20 {
		if !<-answers {
			t.Error("a revoked token was let through")
		}
	}
	if age := s.metric("rollcall_staleness_seconds"); age > 60 {
		t.Errorf("confirmed %v s ago", age)
	}
	s.stop()
}

// Two servers on one directory.
func TestTwoServersAgree(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	one, two := serve(t, dir), serve(t, dir)
	token := one.token(app)
	if two.token(app) != token || two.count(token) != 4 {
		t.Error("the other server gives another token, or does not take this one")
	}
	do(t, "user", "create", "--data", dir, "erin", "--name", "Erin")
	eventually(t, "both show it", func() bool { return one.count(token) == 5 && two.count(token) == 5 })
	one.stop()
	if two.count(token) != 5 {
		t.Error("the other server is concerned")
	}
	two.stop()
}

func TestServerWithALimit(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	for _, id := range []string{"second", "third"} {
		do(t, "init", "--data", dir, "--name", id, "--corp-id", id)
	}
	var apps []appSecret
	for _, id := range []string{"live", "second", "third"} {
		apps = append(apps, newApp(t, dir, "--corp", id))
	}
	s := serve(t, dir, "--memory-limit", "1KiB")
	if held, known := s.metric("rollcall_orgs_held"), s.metric("rollcall_orgs_known"); held != 0 || known != 3 {
		t.Errorf("%v of %v are held", held, known)
	}
	var tokens []string
	for range 2 {
		for i, app := range apps {
			token := s.token(app)
			if n := s.count(token); (i == 0) != (n == 4) || n < 0 {
				t.Errorf("app %d counts %d", i, n)
			}
			tokens = append(tokens, token)
		}
	}
	for i := range 3 {
		if tokens[i] != tokens[i+3] {
			t.Error("an organization that came back gives another token")
		}
	}
	if held, left := s.metric("rollcall_orgs_held"), s.metric("rollcall_org_evictions_total"); held != 1 || left < 5 {
		t.Errorf("%v are held, %v have left", held, left)
	}
	s.stop()
}
