//go:build cluster

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/internal/store/pgtest"
)

var (
	failoverRounds = flag.Int("failover.rounds", 10, "how often the primary is killed")
	failoverSeed   = flag.Uint64("failover.seed", 0, "seed of the failover test; 0 takes one from the clock")
)

const (
	failoverNodes   = 2
	failoverWriters = 16
	// failoverWithin bounds the random moment of a primary's death.
	failoverWithin = 500 * time.Millisecond
	// failoverWarm is how many calls of each writer are acknowledged before the
	// primary dies, and after the standby took over.
	failoverWarm = 3
)

// TestClusterFailover kills the primary again and again while many write to two
// nodes, and promotes its synchronous standby. The nodes find the new primary by
// themselves. Whatever was acknowledged has to be there, once; what was answered
// with -1 is not there.
func TestClusterFailover(t *testing.T) {
	seed := *failoverSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags=cluster -run TestClusterFailover ./cmd/rollcall -failover.rounds=%d -failover.seed=%d", *failoverRounds, seed)
	w := newFailoverWorld(t, seed)
	for round := 1; round <= *failoverRounds && !t.Failed(); round++ {
		w.play(round)
	}
	t.Logf("%d rounds: %s", *failoverRounds, w.tallied())
}

// failoverWorld is a database with a standby, the nodes and those who write.
type failoverWorld struct {
	t                *testing.T
	rng              *rand.Rand
	dir, url         string
	primary, standby *pgtest.Server
	nodes            []*liveServer
	client           *http.Client
	app              appSecret
	token            string
	writers          []*failoverWriter

	kinds map[string]int // changes of each kind, in the log

	death atomic.Pointer[death] // the last one
	mu    sync.Mutex
	tally tally
}

// death is that of a primary.
type death struct {
	at, promoting time.Time
	// accepted is when each node acknowledged a call again, after promoting.
	accepted [failoverNodes]atomic.Int64
}

// failoverWriter writes to one node, about people and departments of its own, and
// reads from the other.
type failoverWriter struct {
	killWriter
	node  int
	acks  atomic.Int64
	kinds map[string]int
}

func newFailoverWorld(t *testing.T, seed uint64) *failoverWorld {
	w := &failoverWorld{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), dir: filepath.Join(t.TempDir(), "data"), tally: tally{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * failoverWriters}, Timeout: patience},
	}
	t.Cleanup(w.client.CloseIdleConnections)
	w.primary = pgtest.Start(t, pgtest.Options{})
	w.standby = pgtest.StartStandby(t, w.primary, pgtest.Options{})
	w.url = bothHosts(t, w.primary, w.standby)
	do(t, "init", "--data", w.dir, "--database", w.url, "--name", "Failover", "--timezone", "UTC")
	w.app = w.newApp()
	for range failoverNodes {
		w.nodes = append(w.nodes, serve(t, w.dir, "--database", w.url, "--log-level", "info"))
	}
	w.token = w.nodes[0].token(w.app)
	group := w.set("/role/add_role_group", map[string]any{"name": "Group"}, "groupId")
	role := w.set("/role/add_role", map[string]any{"roleName": "Role", "groupId": group}, "roleId")
	w.kinds = w.logged()
	for n := range failoverWriters {
		w.writers = append(w.writers, &failoverWriter{
			killWriter: killWriter{number: n, rng: rand.New(rand.NewPCG(seed, uint64(n+1))), role: role, own: newKillOrg()},
			node:       n % failoverNodes, kinds: map[string]int{},
		})
	}
	return w
}

// bothHosts returns the URL of a database that is on whichever of two servers is
// the primary.
func bothHosts(t *testing.T, one, two *pgtest.Server) string {
	t.Helper()
	u, err := url.Parse(one.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	u.Host += "," + net.JoinHostPort("127.0.0.1", fmt.Sprint(two.Port))
	q := u.Query()
	q.Set("target_session_attrs", "read-write")
	u.RawQuery = q.Encode()
	return u.String()
}

// newApp makes an app that may write.
func (w *failoverWorld) newApp() appSecret {
	return doJSON[appSecret](w.t, "app", "create", "--data", w.dir, "--database", w.url, "--name", "failover",
		"--permission", "qyapi_manage_addresslist,qyapi_get_member,rollcall_contacts_read,fieldMobile")
}

// send posts JSON to a node.
func (w *failoverWorld) send(node int, path string, body map[string]any) (reply map[string]any, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	resp, err := w.client.Post("http://"+w.nodes[node].calls+path+"?access_token="+w.token, "application/json", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		return nil, fmt.Errorf("%w: %s", err, answer)
	}
	return reply, nil
}

// set makes a call that has to succeed and returns an id from the reply.
func (w *failoverWorld) set(path string, body map[string]any, member string) int64 {
	w.t.Helper()
	reply, err := w.send(0, path, body)
	if id, ok := reply[member].(float64); ok && err == nil {
		return int64(id)
	}
	w.t.Fatalf("%s: %v, %v", path, reply, err)
	return 0
}

// write makes calls until stop is closed.
func (w *failoverWorld) write(by *failoverWriter, stop <-chan struct{}) {
	for !w.t.Failed() {
		select {
		case <-stop:
			return
		default:
		}
		c := by.choose()
		sent := time.Now()
		reply, err := w.send(by.node, c.path, c.body)
		if err != nil {
			w.t.Errorf("%s %v: %v", c.path, c.body, err) // nodes always answer
			return
		}
		died := w.death.Load()
		outcome := "refused"
		switch reply["errcode"] {
		case 0.0:
			outcome = "acknowledged"
			by.acknowledged(c, reply)
			if died != nil {
				died.accepted[by.node].CompareAndSwap(0, int64(time.Since(died.promoting)))
			}
		case -1.0: // and nothing of it has happened
		default:
			w.t.Errorf("%s %v: %v", c.path, c.body, reply)
		}
		w.count(outcome, 1)
		if died != nil && sent.Before(died.at) {
			w.count(outcome+", on their way when a primary died", 1)
		}
		other := (by.node + 1) % failoverNodes
		if reply, err = w.send(other, "/topapi/user/count", map[string]any{"only_active": false}); err != nil || reply["errcode"] != 0.0 {
			w.t.Errorf("reading from node %d: %v, %v", other, reply, err)
		}
	}
}

// acknowledged notes what a call has changed.
func (by *failoverWriter) acknowledged(c killWrite, reply map[string]any) {
	if c.dept != nil && c.deptID == 0 {
		id, _ := reply["result"].(map[string]any)["dept_id"].(float64)
		c.deptID = int64(id)
	}
	c.apply(by.own)
	for _, kind := range c.kinds {
		by.kinds[kind]++
	}
	by.acks.Add(1)
}

func (w *failoverWorld) count(what string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tally[what] += n
}

func (w *failoverWorld) tallied() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally.String()
}

// play is one round. It begins with a primary, and from the second one on without
// a standby, which is made while everybody writes.
func (w *failoverWorld) play(round int) {
	t := w.t
	stop := make(chan struct{})
	var work sync.WaitGroup
	for _, by := range w.writers {
		work.Go(func() { w.write(by, stop) })
	}
	end := sync.OnceFunc(func() {
		close(stop)
		work.Wait()
	})
	defer end()
	if w.standby == nil {
		w.standby = pgtest.StartStandby(t, w.primary, pgtest.Options{Port: w.portOfTheDead()})
	}
	w.await("everybody is answered")
	time.Sleep(time.Duration(w.rng.Int64N(int64(failoverWithin)))) // the random moment
	d := &death{at: time.Now()}
	// Its whole machine, and then its first process only: the others may show what
	// no standby has until they have ended, too.
	kill, what := w.primary.Kill, "machine"
	if round%2 == 0 {
		kill, what = w.primary.KillFirst, "first process"
	}
	if err := kill(); err != nil {
		t.Fatal(err)
	}
	d.promoting = time.Now()
	w.death.Store(d)
	if err := w.standby.Promote(); err != nil {
		t.Fatal(err)
	}
	promoted := time.Since(d.promoting)
	if err := w.primary.Remove(); err != nil {
		t.Error(err)
	}
	w.primary, w.standby = w.standby, nil
	w.await("everybody is answered by the new primary")
	end()
	if t.Failed() {
		return
	}
	var accepted []string
	for i := range d.accepted {
		accepted = append(accepted, time.Duration(d.accepted[i].Load()).Round(time.Millisecond).String())
	}
	t.Logf("round %d: the %s died; the promotion took %s; writes were accepted %s after it began, on each node",
		round, what, promoted.Round(time.Millisecond), strings.Join(accepted, " and "))
	w.verify()
}

// portOfTheDead is the one of the two in the URL that is free.
func (w *failoverWorld) portOfTheDead() int {
	w.t.Helper()
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	for host := range strings.SplitSeq(u.Host, ",") {
		var port int
		if _, text, err := net.SplitHostPort(host); err != nil {
			w.t.Fatal(err)
		} else if _, err := fmt.Sscan(text, &port); err != nil {
			w.t.Fatal(err)
		}
		if port != w.primary.Port {
			return port
		}
	}
	w.t.Fatalf("there is no other host in %s", w.url)
	return 0
}

// await waits until some more calls of every writer were acknowledged.
func (w *failoverWorld) await(what string) {
	w.t.Helper()
	var want []int64
	for _, by := range w.writers {
		want = append(want, by.acks.Load()+failoverWarm)
	}
	eventually(w.t, what, func() bool {
		for i, by := range w.writers {
			if by.acks.Load() < want[i] {
				return w.t.Failed()
			}
		}
		return true
	})
}

// verify holds what the nodes show, and the log, against what was acknowledged.
func (w *failoverWorld) verify() {
	t := w.t
	want, kinds := newKillOrg(), maps.Clone(w.kinds)
	for _, by := range w.writers {
		maps.Copy(want.people, by.own.people)
		maps.Copy(want.depts, by.own.depts)
		for kind, n := range by.kinds {
			kinds[kind] += n
		}
	}
	delete(want.depts, 1) // the root, which is not a writer's
	if logged := w.logged(); !maps.Equal(logged, kinds) {
		t.Errorf("the log has changes of the kinds %v, not %v", logged, kinds)
	}
	var version uint64
	w.query("SELECT version FROM heads", &version)
	app := w.newApp()
	w.kinds["app_create"]++
	fresh := w.nodes[0].token(app)
	for i, node := range w.nodes {
		got, shown := readKillOrg(t, w.client, node.calls, w.token, version)
		if shown < version {
			t.Errorf("node %d shows version %d, not %d", i, shown, version)
		}
		differ(t, fmt.Sprintf("on node %d, person", i), got.people, want.people)
		delete(got.depts, 1)
		differ(t, fmt.Sprintf("on node %d, department", i), got.depts, want.depts)
		if token := node.token(w.app); token != w.token {
			t.Errorf("on node %d the app gets another token", i)
		}
		if token := node.token(app); token != fresh {
			t.Errorf("on node %d the new app gets another token", i)
		}
		if n := node.count(fresh); n != len(want.people) {
			t.Errorf("node %d counts %d people with the new token, not %d", i, n, len(want.people))
		}
		if status, body := node.get("/readyz"); status != http.StatusOK {
			t.Errorf("node %d is not ready: %d %s", i, status, body)
		}
	}
}

// query reads one value from the primary.
func (w *failoverWorld) query(sql string, into any) {
	w.t.Helper()
	text, err := w.primary.Query("postgres", sql)
	if err == nil {
		_, err = fmt.Sscan(text, into)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// logged counts the changes in the log by their kinds.
func (w *failoverWorld) logged() map[string]int {
	w.t.Helper()
	corpID, err := w.primary.Query("postgres", "SELECT corp_id FROM corps")
	if err != nil {
		w.t.Fatal(err)
	}
	return countKinds(logOf(w.t, w.primary.URL("postgres"), strings.TrimSpace(corpID)))
}
