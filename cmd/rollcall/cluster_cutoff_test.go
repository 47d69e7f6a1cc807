//go:build cluster

package main

import (
	"net/http"
	"testing"
	"time"

	"rollcall/internal/store/pgtest"
)

// A node that is cut off from the database goes on reading, says how old it is, and
// never gets older than --max-staleness; it writes nothing. When the database is
// back it is as any other.
func TestClusterCutOff(t *testing.T) {
	t.Parallel()
	const limit = 3 * time.Second
	c := newCluster(t, 2, "--max-staleness", limit.String())
	token := c.token(c.nodes[0], c.newApp("main"))
	w := &witness{t: t}
	c.bulk(c.nodes[1], token, "users", 0) // the token is known there
	for name, cut := range map[string]struct{ begin, end func(*pgtest.Proxy) }{
		"silent": {(*pgtest.Proxy).Freeze, (*pgtest.Proxy).Thaw},
		"refusing": {func(p *pgtest.Proxy) {
			p.Refuse(true)
			p.Cut()
		}, func(p *pgtest.Proxy) { p.Refuse(false) }},
	} {
		victim, other := c.nodes[0], c.nodes[1]
		create := func(n *clusterNode, userid, mobile string) answer {
			q := question{token: token, path: "/topapi/v2/user/create", body: map[string]any{"userid": name + userid, "name": name, "mobile": mobile, "dept_id_list": "1"}}
			a, err := c.ask(t.Context(), n, q)
			if err != nil {
				t.Error(err)
			}
			w.hear(n, q, a)
			return a
		}
		unknown := c.token(other, c.newApp("main"))
		cut.begin(victim.proxy)
		since := time.Now()
		canary := make(chan answer, 1)
		go func() { canary <- create(victim, "canary", mobileOf(name, 1)) }()
		if a := create(other, "other", mobileOf(name, 2)); a.code != 0 {
			t.Errorf("%s: the other node answers %s", name, a.text)
		}
		told := c.readUntilBusy(w, victim, token, since, limit)
		t.Logf("%s: %d answers said how old they were", name, told)
		if told == 0 {
			t.Errorf("%s: no answer said how old it was", name)
		}
		if a, err := c.ask(t.Context(), victim, question{token: unknown, path: "/topapi/user/count", body: map[string]any{"only_active": "false"}}); err != nil || a.code != errBusy {
			t.Errorf("%s: a token that the node cannot know: %s, %v", name, a.text, err)
		}
		if a, err := c.ask(t.Context(), victim, question{token: token, path: "/rollcall/v1/users"}); err != nil || a.status != http.StatusServiceUnavailable {
			t.Errorf("%s: the list of everyone: status %d, %v", name, a.status, err)
		}
		eventually(t, "the node says that it is not ready", func() bool {
			status, _ := victim.live().get("/readyz")
			return status == http.StatusServiceUnavailable
		})
		if a := within(t, canary, "the change is refused"); a.code != errBusy {
			t.Errorf("%s: the change is answered %s", name, a.text)
		}
		cut.end(victim.proxy)
		_, users, _ := c.agree(token, w.newest())
		if lines := killLines(t, users); lines[0].Version == 0 || hasUser(lines, name+"canary") || !hasUser(lines, name+"other") {
			t.Errorf("%s: afterwards there is %s", name, users)
		}
		if a := create(victim, "canary", mobileOf(name, 1)); a.code != 0 {
			t.Errorf("%s: the change, made again: %s", name, a.text)
		}
		eventually(t, "the token of the other node opens", func() bool {
			a, err := c.ask(t.Context(), victim, question{token: unknown, path: "/topapi/user/count", body: map[string]any{"only_active": "false"}})
			return err == nil && a.code == 0 && a.stale == 0
		})
	}
	c.stop()
}

func mobileOf(name string, n int) string {
	return "139000" + string(rune('0'+len(name)%10)) + "000" + string(rune('0'+n))
}

func hasUser(lines []killLine, userid string) bool {
	for _, l := range lines {
		if l.User != nil && l.User.UserID == userid {
			return true
		}
	}
	return false
}

// readUntilBusy reads from a node that has been cut off until it is too old to
// answer. It returns how many answers said how old they were.
func (c *cluster) readUntilBusy(w *witness, n *clusterNode, token string, since time.Time, limit time.Duration) (told int) {
	c.t.Helper()
	q := question{token: token, path: "/topapi/user/count", body: map[string]any{"only_active": "false"}}
	eventually(c.t, "the node is too old to answer", func() bool {
		a, err := c.ask(c.t.Context(), n, q)
		if err != nil {
			c.t.Fatal(err)
		}
		w.hear(n, q, a)
		if a.stale > 0 {
			told++
		}
		if a.code == 0 && (a.stale > limit || a.sent.After(since.Add(limit))) {
			c.t.Errorf("an answer is %s old, %s after the node was cut off", a.stale, a.sent.Sub(since))
		}
		if a.code == 0 && a.stale == 0 && a.sent.After(since.Add(fresh)) {
			c.t.Errorf("an answer does not say how old it is, %s after the node was cut off", a.sent.Sub(since))
		}
		return a.code == errBusy
	})
	return told
}
