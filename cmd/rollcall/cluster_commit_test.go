//go:build cluster

package main

import (
	"fmt"
	"testing"
	"time"

	"rollcall"
)

// commitText is in what a node sends to commit, and in nothing else; the COMMIT is
// sent with it.
const commitText = "UPDATE heads SET"

// A node loses its connection when it commits: before the database has the commit,
// after that, or so that the database gets it when the node has asked already what
// became of it. The client's answer is true each time, and nothing is there twice.
func TestClusterUnknownCommit(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	token := c.token(c.nodes[0], c.newApp("main"))
	w := &witness{t: t}
	one, two := c.nodes[0], c.nodes[1]
	for i, fault := range []struct {
		what string
		lie  func() (met <-chan struct{}, goOn func())
		done bool
	}{
		{"the commit is lost", func() (<-chan struct{}, func()) {
			return one.proxy.LoseRequest(commitText), func() {}
		}, false},
		{"the answer is lost", func() (<-chan struct{}, func()) {
			return one.proxy.LoseReplyTo(commitText), func() {}
		}, true},
		{"the commit comes late", func() (<-chan struct{}, func()) {
			deliver := make(chan struct{})
			return one.proxy.HoldRequest(commitText, deliver), func() {
				c.waitForLock(2)
				close(deliver)
			}
		}, true},
		{"the commit comes never", func() (<-chan struct{}, func()) {
			// The server ends the transaction by itself.
			return one.proxy.HoldRequest(commitText, make(chan struct{})), func() { c.waitForLock(2) }
		}, false},
	} {
		userid := fmt.Sprintf("unknown%d", i)
		create := func(n *clusterNode, mobile int) answer {
			q := question{token: token, path: "/topapi/v2/user/create", body: map[string]any{
				"userid": userid, "name": fault.what, "mobile": fmt.Sprintf("1380000%d%03d", mobile, i), "dept_id_list": "1",
			}}
			a, err := c.ask(t.Context(), n, q)
			if err != nil {
				t.Error(err)
			}
			w.hear(n, q, a)
			return a
		}
		met, goOn := fault.lie()
		first, second := make(chan answer, 1), make(chan answer, 1)
		go func() { first <- create(one, 1) }()
		within(t, met, "a commit is sent")
		go func() { // while nobody knows
			a := create(two, 2)
			for a.code == errBusy { // it may be told so after ten seconds
				a = create(two, 2)
			}
			second <- a
		}()
		goOn()
		a, b := within(t, first, "the client of node 1 is answered"), within(t, second, "the client of node 2 is answered")
		t.Logf("%s: node 1 answers %s, node 2 %s", fault.what, a.text, b.text)
		wantA, wantB := errBusy, 0
		if fault.done {
			wantA, wantB = 0, errUserTaken
		}
		if a.code != wantA || b.code != wantB {
			t.Errorf("%s: node 1 answers %s, node 2 %s", fault.what, a.text, b.text)
		}
		if again := create(one, 1); again.code != errUserTaken {
			t.Errorf("%s: asked again, node 1 answers %s", fault.what, again.text)
		}
		c.thereOnce(w, token, userid)
	}
	c.stop()
}

// within waits for what comes soon.
func within[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(2 * patience):
		t.Fatalf("it did not happen that %s", what)
	}
	return v
}

// A node is killed while its commit is on the way. The client, which has no answer,
// asks another node, which knows whether it happened.
func TestClusterKilledAtCommit(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	token := c.token(c.nodes[0], c.newApp("main"))
	w := &witness{t: t}
	one, two := c.nodes[0], c.nodes[1]
	for userid, arrives := range map[string]bool{"arrives": true, "vanishes": false} {
		q := question{token: token, path: "/topapi/v2/user/create", body: map[string]any{
			"userid": userid, "name": "Name", "mobile": fmt.Sprintf("1380000%04d", len(userid)), "dept_id_list": "1",
		}}
		deliver := make(chan struct{})
		met := one.proxy.HoldRequest(commitText, deliver)
		lost, again := make(chan error, 1), make(chan answer, 1)
		go func() {
			_, err := c.ask(t.Context(), one, q)
			lost <- err
		}()
		within(t, met, "a commit is sent")
		one.live().kill()
		if err := within(t, lost, "the client has no answer"); err == nil {
			t.Errorf("%s: the node that was killed has answered", userid)
		}
		go func() {
			for {
				a, err := c.ask(t.Context(), two, q)
				if err != nil || a.code != errBusy { // it may be told so after ten seconds
					again <- a
					return
				}
			}
		}()
		c.waitForLock(1)
		want := 0
		if arrives {
			close(deliver)
			want = errUserTaken
		}
		a := within(t, again, "the client of node 2 is answered")
		t.Logf("%s: %s", userid, a.text)
		if a.code != want {
			t.Errorf("%s: the other node answers %s", userid, a.text)
		}
		w.hear(two, q, a)
		c.start(one)
		c.thereOnce(w, token, userid)
	}
	c.stop()
}

// thereOnce makes sure that all nodes show a person, who came in once.
func (c *cluster) thereOnce(w *witness, token, userid string) {
	c.t.Helper()
	version, users, _ := c.agree(token, w.newest())
	lines := killLines(c.t, users)
	unique(c.t, lines)
	joined := 0
	for _, change := range logOf(c.t, c.url, "main") {
		if change.Kind == rollcall.UserJoined && change.User.UserID == userid {
			joined++
		}
	}
	if !hasUser(lines, userid) || joined != 1 {
		c.t.Errorf("%s is there: %v, came in %d times", userid, hasUser(lines, userid), joined)
	}
	c.uniqueEver("main", version)
}

// waitForLock waits until so many sessions wait for a transaction to end, as the
// question does that asks what became of a commit.
func (c *cluster) waitForLock(sessions int) {
	c.t.Helper()
	eventually(c.t, "sessions wait for the transaction to end", func() bool {
		n, err := c.pg.Query(clusterDatabase, fmt.Sprintf("SELECT count(*) >= %d FROM pg_stat_activity WHERE wait_event_type = 'Lock'", sessions))
		if err != nil {
			c.t.Fatal(err)
		}
		return n == "t"
	})
}
