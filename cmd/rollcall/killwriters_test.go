//go:build kill

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	killWriters = 64
	// killWritersFor bounds the random moment, from the first acknowledged call.
	killWritersFor = 300 * time.Millisecond
)

// TestKillWriters kills a server at random moments while many change people,
// departments and roles over HTTP. Whatever was acknowledged has to be there
// after the next start, once; what was not is there whole or not at all.
func TestKillWriters(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags=kill -run TestKillWriters ./cmd/rollcall -kill.rounds=%d -kill.seed=%d", *killRounds, seed)
	w := newWritersWorld(t, seed)
	for round := 1; round <= *killRounds && !t.Failed(); round++ {
		w.play()
		if t.Failed() {
			t.Logf("in round %d", round)
		}
	}
	t.Logf("%d rounds: %s", *killRounds, w.tally)
	if *killRounds >= 50 {
		for _, what := range []string{"acknowledged", "not acknowledged, there", "not acknowledged, not there"} {
			if w.tally[what] == 0 {
				t.Errorf("the test shows little: never %s", what)
			}
		}
	}
}

type writersWorld struct {
	t       *testing.T
	rng     *rand.Rand
	dir     string
	app     appSecret
	token   string
	server  *liveServer
	client  *http.Client
	writers []*killWriter

	want  killOrg
	kinds map[string]int // changes of each kind, in the log
	tally tally
}

func newWritersWorld(t *testing.T, seed uint64) *writersWorld {
	w := &writersWorld{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), dir: filepath.Join(t.TempDir(), "data"), want: newKillOrg(), kinds: map[string]int{},
		tally:  tally{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: killWriters}, Timeout: patience},
	}
	t.Cleanup(w.client.CloseIdleConnections)
	do(t, "init", "--data", w.dir, "--name", "Kill", "--timezone", "UTC")
	w.app = doJSON[appSecret](t, "app", "create", "--data", w.dir, "--name", "kill",
		"--permission", "qyapi_manage_addresslist,rollcall_contacts_read,fieldMobile")
	w.start()
	w.token = w.server.token(w.app)
	group := w.set("/role/add_role_group", map[string]any{"name": "Group"}, "groupId")
	role := w.set("/role/add_role", map[string]any{"roleName": "Role", "groupId": group}, "roleId")
	w.kinds = w.logged()
	for n := range killWriters {
		own := newKillOrg()
		w.writers = append(w.writers, &killWriter{number: n, rng: rand.New(rand.NewPCG(seed, uint64(n+1))), role: role, own: own})
	}
	return w
}

func (w *writersWorld) start() { w.server = serve(w.t, w.dir, "--log-level", "info") }

// set makes a call that has to succeed and returns an id from the reply.
func (w *writersWorld) set(path string, body map[string]any, member string) int64 {
	w.t.Helper()
	reply, err := w.send(path, body)
	if id, ok := reply[member].(float64); ok && err == nil {
		return int64(id)
	}
	w.t.Fatalf("%s: %v, %v", path, reply, err)
	return 0
}

// send posts JSON. An answer that is no success is an error of its own.
func (w *writersWorld) send(path string, body map[string]any) (reply map[string]any, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	resp, err := w.client.Post("http://"+w.server.calls+path+"?access_token="+w.token, "application/json", bytes.NewReader(text))
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
	if reply["errcode"] != 0.0 {
		return reply, fmt.Errorf("%w: %s", errNotDone, answer)
	}
	return reply, nil
}

var errNotDone = errors.New("the server answers")

// write makes calls until one is not answered; acknowledged is called after each
// that is.
func (w *writersWorld) write(by *killWriter, acknowledged func()) {
	by.acked, by.pending = nil, nil
	for {
		c := by.choose()
		by.pending = &c
		reply, err := w.send(c.path, c.body)
		if errors.Is(err, errNotDone) {
			w.t.Errorf("%s %v: %v", c.path, c.body, err)
		}
		if err != nil {
			return
		}
		if c.dept != nil && c.deptID == 0 {
			id, _ := reply["result"].(map[string]any)["dept_id"].(float64)
			c.deptID = int64(id)
		}
		c.apply(by.own)
		by.acked, by.pending = append(by.acked, c), nil
		acknowledged()
	}
}

// play is one round.
func (w *writersWorld) play() {
	var work sync.WaitGroup
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	for _, by := range w.writers {
		work.Go(func() { w.write(by, begin) })
	}
	select {
	case <-begun:
	case <-time.After(patience):
		w.t.Error("no call is answered")
	}
	time.Sleep(time.Duration(w.rng.Int64N(int64(killWritersFor)))) // the random moment
	w.server.kill()
	work.Wait()
	if strings.Contains(w.server.log(), "DATA RACE") {
		w.t.Errorf("the server:\n%s", w.server.log())
	}
	if w.t.Failed() {
		return
	}
	checked := doJSON[[]checked](w.t, "check", "--data", w.dir)[0]
	w.start()
	w.verify(checked)
}

// verify holds what the server shows, and the log, against what was acknowledged.
func (w *writersWorld) verify(c checked) {
	t := w.t
	got, version := readKillOrg(t, w.client, w.server.calls, w.token, 0)
	if version != c.Version {
		t.Errorf("the server shows version %d; version %d was checked", version, c.Version)
	}
	for _, by := range w.writers {
		for _, call := range by.acked {
			w.happened(call)
			w.tally["acknowledged"]++
		}
		if by.pending == nil {
			continue
		}
		if by.pending.in(got) {
			w.happened(*by.pending)
			by.pending.apply(by.own)
			w.tally["not acknowledged, there"]++
		} else {
			w.tally["not acknowledged, not there"]++
		}
	}
	differ(t, "person", got.people, w.want.people)
	differ(t, "department", got.depts, w.want.depts)
	if logged := w.logged(); !maps.Equal(logged, w.kinds) {
		t.Errorf("the log has changes of the kinds %v, not %v", logged, w.kinds)
	}
	if r := w.server.gettoken(w.app); r.Token != w.token {
		t.Errorf("the app gets another token: %+v", r)
	}
}

// happened notes what a call has changed.
func (w *writersWorld) happened(c killWrite) {
	c.apply(w.want)
	for _, kind := range c.kinds {
		w.kinds[kind]++
	}
}

// logged counts the changes in the log by their kinds.
func (w *writersWorld) logged() map[string]int {
	w.t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(w.dir, "rollcall.db"), sqlite.OpenReadOnly)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	kinds := map[string]int{}
	err = sqlitex.ExecuteTransient(conn, "SELECT kind, count(*) FROM changes GROUP BY kind", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			kinds[stmt.ColumnText(0)] = stmt.ColumnInt(1)
			return nil
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return kinds
}
