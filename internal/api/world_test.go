package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/activity"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/intake"
	"rollcall/internal/node"
	"rollcall/internal/ops"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
	"rollcall/internal/wire"
)

// world is a server with one organization, its parts joined as the program
// joins them: a database, the model, the endpoints and a listener.
type world struct {
	t       testing.TB
	now     atomic.Pointer[time.Time] // the server's clock stands still
	dir     string
	between func(rollcall.Store) rollcall.Store // what the node has in front of the store; may be nil
	skipped atomic.Int64                        // how long the process was stopped
	key     access.Key
	store   *sqlite.Store
	access  *access.Registry
	node    *node.Node
	org     *node.Org
	api     *api.Server
	service *wire.Service
	handler http.Handler
	addr    string // where the listener is
	close   func() // ends what serve began
}

// newWorld makes an organization with nothing in it but the root. It is served
// from serve on.
func newWorld(t testing.TB, corpID string, now time.Time) *world {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	w := &world{t: t, dir: dir}
	w.now.Store(&now)
	var err error
	if w.key, err = access.CreateKey(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	if w.store, err = sqlite.Open(ctx, dir, sqlite.Options{Create: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	w.found(corpID)
	w.join(corpID)
	return w
}

// sister is another node on the same database.
func (w *world) sister(between ...func(rollcall.Store) rollcall.Store) *world {
	w.t.Helper()
	s := &world{t: w.t, dir: w.dir, key: w.key}
	for _, b := range between {
		s.between = b
	}
	s.set(w.clock())
	var err error
	if s.store, err = sqlite.Open(context.Background(), w.dir, sqlite.Options{}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.store.Close() })
	s.join(w.org.ID())
	return s
}

// join makes a node of the world.
func (w *world) join(corpID string) {
	w.t.Helper()
	ctx, began := context.Background(), time.Now()
	var err error
	store := rollcall.Store(w.store)
	if w.between != nil {
		store = w.between(store)
	}
	w.access = access.New(w.key, store, w.clock)
	w.node, err = node.Open(ctx, node.Options{
		Options: directory.Options{Store: store, Encoder: api.Card{}, Keyer: keyer, Clock: w.clock},
		Opened:  func(ctx context.Context, o *node.Org) error { return w.access.Add(ctx, o) },
		Closed:  func(o *node.Org) { w.access.Remove(o.ID()) },
		Known:   w.access.Know,
		Elapsed: func() time.Duration { return time.Since(began) + time.Duration(w.skipped.Load()) }, MaxStaleness: time.Hour,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(w.node.Close)
	w.access.From(w.node)
	w.org, _ = w.node.Org(corpID)
}

// found makes an organization, which is served after the node has caught up.
func (w *world) found(corpID string) {
	w.t.Helper()
	corp := rollcall.Corp{ID: corpID, Name: corpID, CreatedAt: rollcall.At(w.clock()), Settings: rollcall.DefaultSettings()}
	err := w.store.CreateCorp(context.Background(), corp)
	if err == nil && w.node != nil {
		err = w.node.CatchUp(context.Background())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// keyer is shared because it takes a while to make.
var keyer = pinyin.New()

func (w *world) clock() time.Time { return *w.now.Load() }

// set moves the clock.
func (w *world) set(now time.Time) { w.now.Store(&now) }

func at(t testing.TB, rfc3339 string) time.Time {
	t.Helper()
	now, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// do commits changes.
func (w *world) do(changes []rollcall.Change, inTx func(rollcall.Tx) error) {
	w.t.Helper()
	_, err := w.org.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: changes, InTx: inTx}, nil
	})
	if err == nil {
		err = w.node.CatchUp(context.Background())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// bring imports files, as the command does.
func (w *world) bring(files intake.Files, opt intake.Options) {
	w.t.Helper()
	data, problems, err := intake.Read(context.Background(), files, func(string, int64, int64) {})
	if err != nil || len(problems) > 0 {
		w.t.Fatal(err, problems)
	}
	opt.Now = rollcall.At(w.clock())
	plan, problems, err := intake.MakePlan(data, w.org.Current(), opt)
	if err != nil || len(problems) > 0 {
		w.t.Fatal(err, problems)
	}
	w.do(plan.Changes, func(tx rollcall.Tx) error {
		_, err := activity.Record(tx, plan.SignIns)
		return err
	})
}

// setting changes one setting.
func (w *world) setting(key, value string) {
	w.t.Helper()
	fresh, err := w.org.Settings().With(key, value)
	if err != nil {
		w.t.Fatal(err)
	}
	w.do([]rollcall.Change{{
		Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &fresh}},
	}}, nil)
}

// app is one that the tests call with.
type app struct {
	name, appkey, appsecret string
	kind                    rollcall.AppType
	permissions             []rollcall.Permission
	scope                   []rollcall.DeptID
	people                  []string
}

func (w *world) add(apps ...app) {
	w.t.Helper()
	var changes []rollcall.Change
	for _, a := range apps {
		made := &rollcall.App{
			Appkey: a.appkey, Name: a.name, Type: a.kind, Permissions: a.permissions, ScopeDepts: a.scope, ScopeUsers: a.people,
			SecretGeneration: 1,
		}
		w.key.SetSecret(w.org.ID(), made, a.appsecret)
		changes = append(changes, rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: made}})
	}
	w.do(changes, nil)
}

// change changes an app that is there, by its appkey.
func (w *world) change(appkey string, change func(*rollcall.App)) {
	w.t.Helper()
	before, ok := w.org.App(appkey)
	if !ok {
		w.t.Fatalf("there is no app %s", appkey)
	}
	after := *before
	change(&after)
	w.do([]rollcall.Change{{Kind: rollcall.AppUpdated, Payload: rollcall.Payload{App: &after, AppBefore: before}}}, nil)
}

// token gets an app its token.
func (w *world) token(a app) string {
	w.t.Helper()
	token, _, err := w.access.Token(context.Background(), access.Credentials{Appkey: a.appkey, Appsecret: a.appsecret})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// serve opens the listener. wrap may put something around the authority.
func (w *world) serve(wrap func(wire.Authority) wire.Authority) {
	w.t.Helper()
	w.api = &api.Server{Access: w.access, Clock: w.clock}
	authority := wire.Authority(w.api)
	if wrap != nil {
		authority = wrap(authority)
	}
	var err error
	w.service, err = wire.New(wire.Config{Endpoints: w.api.Endpoints(), Authority: authority, Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	w.handler = inspect(w.t, wire.Handler(w.service), w.api.Endpoints())
	w.addr, w.close = w.listen(nil)
}

// listen opens a listener for the world, with the limits of the program or
// others, and returns its address and what ends it.
func (w *world) listen(limits func(*http.Server)) (addr string, stop func()) {
	w.t.Helper()
	server := ops.HTTPServer(w.handler, nil)
	if limits != nil {
		limits(server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(wire.Listener(l)) }()
	stop = sync.OnceFunc(func() {
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	return l.Addr().String(), stop
}

// readApps reads the apps of a fixture: a line has the name, the appkey, the
// appsecret, the type, the permission points, and the departments and people of
// the contact scope.
func readApps(t testing.TB, path string) []app {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var apps []app
	for _, row := range rows[1:] {
		a := app{name: row[0], appkey: row[1], appsecret: row[2], kind: rollcall.AppType(row[3])}
		for p := range strings.SplitSeq(row[4], ";") {
			a.permissions = append(a.permissions, rollcall.Permission(p))
		}
		for d := range strings.FieldsFuncSeq(row[5], func(r rune) bool { return r == ';' }) {
			id, err := strconv.ParseInt(d, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			a.scope = append(a.scope, rollcall.DeptID(id))
		}
		a.people = strings.FieldsFunc(row[6], func(r rune) bool { return r == ';' })
		apps = append(apps, a)
	}
	return apps
}

// everything is an app that may call everything.
func everything(appkey, appsecret string) app {
	return app{"everything", appkey, appsecret, rollcall.Internal, rollcall.Permissions(), nil, nil}
}

// patience is how long a test waits for what must come before it gives up.
const patience = 20 * time.Second

// wired is a connection on which bytes go out as they are.
type wired struct {
	*net.TCPConn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *wired {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &wired{c.(*net.TCPConn), bufio.NewReader(c)}
}

// reply is what came back for one request.
type reply struct {
	status      int
	contentType string
	header      http.Header
	closed      bool // the server closes the connection
	body        string
}

// receive reads one reply; the method is that of its request.
func (c *wired) receive(method string) (reply, error) {
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header, resp.Close, string(body)}, err
}

// envelope is what every reply has, and the results of the calls.
type envelope struct {
	Errcode   int             `json:"errcode"`
	SubCode   string          `json:"sub_code"`
	Errmsg    string          `json:"errmsg"`
	RequestID string          `json:"request_id"`
	Result    json.RawMessage `json:"result"`
}

// open reads a body into an envelope. Anything that is not JSON is an error.
func (r reply) open() (e envelope, err error) {
	if err := json.Unmarshal([]byte(r.body), &e); err != nil {
		return e, fmt.Errorf("the reply is no JSON: %w: %.200q", err, r.body)
	}
	return e, nil
}

// form posts a form on a kept connection and returns the envelope.
func post(client *http.Client, url, form string) (envelope, error) {
	resp, err := client.Post(url, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		return envelope{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return envelope{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return envelope{}, fmt.Errorf("status %d: %.200q", resp.StatusCode, b)
	}
	return reply{body: string(bytes.TrimSpace(b))}.open()
}
