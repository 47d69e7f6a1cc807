//go:build cluster

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/store/pgtest"
)

// cluster is several rollcall serve processes on one PostgreSQL server. Each has a
// network of its own to the database.
type cluster struct {
	t      *testing.T
	pg     *pgtest.Server
	url    string // of the database, for commands
	dir    string // of the key file
	nodes  []*clusterNode
	client *http.Client
}

// clusterNode is one of the processes, and the one that is started in its place.
type clusterNode struct {
	number int
	proxy  *pgtest.Proxy
	flags  []string

	mu     sync.Mutex
	server *liveServer
}

const clusterDatabase = "cluster"

// newCluster starts the database and the nodes; flags are for each of them.
func newCluster(t *testing.T, nodes int, flags ...string) *cluster {
	t.Helper()
	c := &cluster{
		t: t, pg: pgtest.Start(t, pgtest.Options{}), dir: filepath.Join(t.TempDir(), "data"),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: 2 * patience},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	if _, err := c.pg.Query("postgres", "CREATE DATABASE "+clusterDatabase); err != nil {
		t.Fatal(err)
	}
	c.url = c.pg.URL(clusterDatabase)
	c.newCorp("main")
	for n := range nodes {
		node := &clusterNode{number: n + 1, proxy: pgtest.StartProxy(t, c.pg), flags: flags}
		c.nodes = append(c.nodes, node)
		c.start(node)
	}
	return c
}

// command runs a command on the database, by a network that works.
func (c *cluster) command(args ...string) string {
	c.t.Helper()
	return do(c.t, append(args, "--data", c.dir, "--database", c.url)...)
}

func (c *cluster) newCorp(id string) {
	c.t.Helper()
	c.command("init", "--name", id, "--corp-id", id, "--timezone", "UTC")
}

// newApp makes an app that may do everything.
func (c *cluster) newApp(corpID string) (app appSecret) {
	c.t.Helper()
	args := []string{"app", "create", "--corp", corpID, "--name", "cluster", "--json"}
	for _, p := range rollcall.Permissions() {
		args = append(args, "--permission", string(p))
	}
	if err := json.Unmarshal([]byte(c.command(args...)), &app); err != nil {
		c.t.Fatal(err)
	}
	return app
}

// start starts the process of a node.
func (c *cluster) start(n *clusterNode) {
	c.t.Helper()
	s := serve(c.t, c.dir, append([]string{"--database", n.proxy.Through(c.url), "--log-level", "info"}, n.flags...)...)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.server = s
}

// live is the process that a node has now.
func (n *clusterNode) live() *liveServer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.server
}

// stop ends all nodes as an operator does, and looks for races in their logs.
func (c *cluster) stop() {
	c.t.Helper()
	for _, n := range c.nodes {
		n.live().stop()
		c.races(n)
	}
}

func (c *cluster) races(n *clusterNode) {
	if log := n.live().log(); strings.Contains(log, "DATA RACE") {
		c.t.Errorf("node %d:\n%s", n.number, log)
	}
}

// any chooses a node.
func (c *cluster) any(rng *rand.Rand) *clusterNode { return c.nodes[rng.IntN(len(c.nodes))] }

// question is a call that is made to a node.
type question struct {
	token string
	path  string
	body  map[string]any // nil asks with GET, as /rollcall/v1 does
	min   uint64         // Rollcall-Min-Version; 0 is none
}

// answer is what came back.
type answer struct {
	sent    time.Time // before the question left
	status  int
	code    int // errcode; of /rollcall/v1 0 or, where it is no success, -1 or the status
	sub     string
	version uint64        // Rollcall-Version; 0 is none
	stale   time.Duration // Rollcall-Staleness; 0 is none
	text    []byte
}

// refusedToken tells whether the token was told to open nothing.
func (a answer) refusedToken() bool {
	return a.code == 88 && a.sub == "40014" || a.code == http.StatusUnauthorized
}

// errBusy is the errcode of a system that is busy.
const errBusy = -1

// errNotSent is returned where nobody listens.
var errNotSent = errors.New("the node does not listen")

// ask asks a node. An error is that there was no answer.
func (c *cluster) ask(ctx context.Context, n *clusterNode, q question) (a answer, err error) {
	method, url, body := http.MethodGet, "http://"+n.live().calls+q.path, []byte(nil)
	if q.body != nil {
		method, url = http.MethodPost, url+"?access_token="+q.token
		if body, err = json.Marshal(q.body); err != nil {
			return a, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/json")
	if q.body == nil {
		req.Header.Set("Authorization", "Bearer "+q.token)
	}
	if q.min > 0 {
		req.Header.Set("Rollcall-Min-Version", strconv.FormatUint(q.min, 10))
	}
	a.sent = time.Now()
	resp, err := c.client.Do(req)
	var dialed *net.OpError
	if errors.As(err, &dialed) && dialed.Op == "dial" {
		return a, errNotSent
	}
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	if a.text, err = io.ReadAll(resp.Body); err != nil {
		return a, err
	}
	err = a.read(resp, q)
	return a, err
}

// read takes an answer apart.
func (a *answer) read(resp *http.Response, q question) (err error) {
	a.status = resp.StatusCode
	if v := resp.Header.Get("Rollcall-Version"); v != "" {
		if a.version, err = strconv.ParseUint(v, 10, 64); err != nil {
			return err
		}
	}
	if v := resp.Header.Get("Rollcall-Staleness"); v != "" {
		seconds, err := strconv.Atoi(v)
		if err != nil {
			return err
		}
		a.stale = time.Duration(seconds) * time.Second
	}
	switch {
	case q.body == nil && a.status == http.StatusServiceUnavailable:
		a.code = errBusy
	case q.body == nil && a.status != http.StatusOK:
		a.code = a.status
	case q.body != nil:
		var e reply
		if err := json.Unmarshal(a.text, &e); err != nil || a.status != http.StatusOK {
			return fmt.Errorf("status %d, %w: %s", a.status, err, a.text)
		}
		a.code, a.sub = e.Errcode, e.SubCode
	}
	return nil
}

// result reads the result of a success.
func (a answer) result(into any) error {
	if err := json.Unmarshal(a.text, &struct{ Result any }{into}); err != nil {
		return fmt.Errorf("%w: %s", err, a.text)
	}
	return nil
}

// token waits until a node gives an app its token.
func (c *cluster) token(n *clusterNode, app appSecret) string {
	c.t.Helper()
	return n.live().token(app)
}

// agree waits until all nodes show the same organization, byte for byte, at no
// less than a version, and are ready.
func (c *cluster) agree(token string, least uint64) (version uint64, users, depts []byte) {
	c.t.Helper()
	for _, n := range c.nodes {
		eventually(c.t, fmt.Sprintf("node %d is ready", n.number), func() bool {
			status, _ := n.live().get("/readyz")
			return status == http.StatusOK
		})
		v, u := c.bulk(n, token, "users", least)
		w, d := c.bulk(n, token, "departments", least)
		if users == nil {
			version, users, depts = v, u, d
		}
		if v != version || w != version || !bytes.Equal(u, users) || !bytes.Equal(d, depts) {
			c.t.Errorf("node %d shows versions %d and %d, and what node 1 does not, at version %d:\n%s%s\nnode 1:\n%s%s", n.number, v, w, version, u, d, users, depts)
		}
	}
	return version, users, depts
}

// bulk reads a list of everything, as soon as the node has it.
func (c *cluster) bulk(n *clusterNode, token, list string, least uint64) (version uint64, lines []byte) {
	c.t.Helper()
	eventually(c.t, fmt.Sprintf("node %d lists version %d", n.number, least), func() bool {
		a, err := c.ask(c.t.Context(), n, question{token: token, path: "/rollcall/v1/" + list, min: least})
		if err != nil || a.code != 0 || a.stale != 0 {
			return false
		}
		if a.version < least {
			c.t.Errorf("node %d: asked for version %d, it answers from %d", n.number, least, a.version)
		}
		version, lines = a.version, a.text
		return true
	})
	return version, lines
}
