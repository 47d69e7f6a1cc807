package rest_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/node"
	"rollcall/internal/pinyin"
	"rollcall/internal/rest"
	"rollcall/internal/store/sqlite"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

var keyer = pinyin.New()

// world is a database with one organization, and a server of it that can be
// started anew.
type world struct {
	t     testing.TB
	dir   string
	clock *modeltest.Clock
	store *sqlite.Store
	org   *node.Org
	http  *httptest.Server
	rest  *rest.Server
	token string
	app   string
	node  *node.Node
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, dir: t.TempDir(), clock: modeltest.NewClock(start)}
	store, err := sqlite.Open(t.Context(), w.dir, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	corp := rollcall.Corp{ID: "acme", Name: "Acme", CreatedAt: rollcall.At(start), Settings: rollcall.DefaultSettings()}
	if err := store.CreateCorp(t.Context(), corp); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := access.CreateKey(filepath.Join(w.dir, "key")); err != nil {
		t.Fatal(err)
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	w.createApp("all", rollcall.PermContactsRead, rollcall.PermFieldMobile, rollcall.PermFieldEmail)
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
	w.t.Helper()
	ctx := context.Background()
	var err error
	w.store, err = sqlite.Open(ctx, w.dir, sqlite.Options{})
	w.check(err)
	key, err := access.LoadKey(filepath.Join(w.dir, "key"))
	w.check(err)
	registry := access.New(key, w.store, w.clock.Now)
	n, err := node.Open(ctx, node.Options{
		Options: directory.Options{Store: w.store, Encoder: modeltest.Encoder{}, Keyer: keyer, Clock: w.clock.Now},
		Opened:  func(ctx context.Context, o *node.Org) error { return registry.Add(ctx, o) },
		Closed:  func(o *node.Org) { registry.Remove(o.ID()) },
		Known:   registry.Know,
	})
	w.check(err)
	w.node = n
	registry.From(n)
	w.org, _ = n.Org("acme")
	w.rest = rest.New(rest.Config{
		Access: registry, Now: w.clock.Now, Wall: time.Now,
		Sandbox: func(context.Context) (bool, error) { return w.org.Settings().Sandbox, nil },
		SetClock: func(ctx context.Context, now time.Time) error {
			w.clock.Set(now)
			_, err := n.Retain(ctx)
			return err
		},
	})
	w.http = httptest.NewServer(w.rest.Handler(http.NotFoundHandler()))
	if w.app != "" {
		w.token, _, err = registry.Token(ctx, access.Credentials{Appkey: w.app, Appsecret: "secret-secret"})
		w.check(err)
	}
}

func (w *world) stop() {
	w.rest.Drain()
	w.http.Close()
	w.node.Close()
	w.check(w.store.Close())
}

func (w *world) restart() {
	w.stop()
	w.start()
}

// createApp makes an app, whose token is the one that calls carry from then on.
func (w *world) createApp(appkey string, permissions ...rollcall.Permission) {
	w.t.Helper()
	key, err := access.LoadKey(filepath.Join(w.dir, "key"))
	w.check(err)
	a := rollcall.App{
		Appkey: appkey, Name: appkey, Type: rollcall.Internal, Permissions: permissions,
		SecretHash: key.HashSecret("acme", appkey, "secret-secret"), SecretGeneration: 1,
	}
	w.do(rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &a}})
	w.app = appkey
	w.restart()
}

func (w *world) do(changes ...rollcall.Change) []rollcall.Change {
	w.t.Helper()
	out, err := w.org.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: changes}, nil
	})
	w.check(err)
	return out.Changes
}

// get calls and returns the reply unzipped.
func (w *world) get(path string, header ...string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest("GET", w.http.URL+path, nil)
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.check(err)
	defer resp.Body.Close()
	body := io.Reader(resp.Body)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		body, err = gzip.NewReader(body)
		w.check(err)
	}
	b, err := io.ReadAll(body)
	w.check(err)
	return resp.StatusCode, string(b)
}

// reader follows the organization as a client would: it begins with the bulk and
// goes on with what changes.
type reader struct {
	version uint64
	corp    map[string]any
	depts   map[float64]any
	users   map[float64]any
}

func (r *reader) begin(w *world, header ...string) {
	w.t.Helper()
	*r = reader{depts: map[float64]any{}, users: map[float64]any{}}
	// The one of the two that is older is where the changes have to begin.
	r.apply(w, "/rollcall/v1/departments", header...)
	before := r.version
	r.apply(w, "/rollcall/v1/users", header...)
	r.version = min(before, r.version)
}

func (r *reader) follow(w *world, header ...string) {
	w.t.Helper()
	r.apply(w, fmt.Sprint("/rollcall/v1/changes?since=", r.version), header...)
}

func (r *reader) apply(w *world, path string, header ...string) {
	w.t.Helper()
	status, body := w.get(path, header...)
	if status != 200 {
		w.t.Fatalf("%s: status %d: %s", path, status, body)
	}
	lines := bufio.NewScanner(strings.NewReader(body))
	for lines.Scan() {
		var line struct {
			Version     *uint64
			Corp        map[string]any
			Dept        map[string]any
			DeptRemoved *float64 `json:"dept_removed"`
			User        map[string]any
			UserRemoved *float64 `json:"user_removed"`
		}
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.DisallowUnknownFields()
		if err := d.Decode(&line); err != nil {
			w.t.Fatalf("%s: %s: %v", path, lines.Text(), err)
		}
		switch {
		case line.Version != nil:
			r.version = *line.Version
			if line.Corp != nil {
				delete(line.Corp, "user_count") // which changes without telling
				r.corp = line.Corp
			}
		case line.Dept != nil:
			r.depts[line.Dept["dept_id"].(float64)] = line.Dept
		case line.DeptRemoved != nil:
			delete(r.depts, *line.DeptRemoved)
		case line.User != nil:
			r.users[line.User["ordinal"].(float64)] = line.User
		case line.UserRemoved != nil:
			delete(r.users, *line.UserRemoved)
		}
	}
}

func (r *reader) agrees(w *world, what string) {
	w.t.Helper()
	var fresh reader
	fresh.begin(w)
	for name, pair := range map[string][2]any{
		"organization": {r.corp, fresh.corp}, "departments": {r.depts, fresh.depts}, "people": {r.users, fresh.users}, "version": {r.version, fresh.version},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			w.t.Fatalf("%s: the reader's %s are\n%v\nand not\n%v", what, name, pair[0], pair[1])
		}
	}
}

// A reader that begins with the bulk and follows the changes has the same
// organization, whatever happens in between: many versions at a time, what is
// not remembered any more, a server that is started anew.
func TestWhoFollowsHasTheSameOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := modeltest.New(w.org.Current().Corp(), keyer)
	for u := range w.org.Current().Apps() {
		model.Apps[u.Appkey] = *u
	}
	seed := uint64(1)
	pick := func(n int) int { // xorshift
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return int(seed % uint64(n))
	}
	ops := modeltest.Operations{Pick: pick, People: 60, NoCrowds: true}
	var near, far reader
	near.begin(w)
	far.begin(w)
	for step := range 250 {
		w.clock.Advance(time.Minute)
		if changes := withoutApps(ops.Transaction(model, rollcall.At(w.clock.Now()))); len(changes) > 0 {
			model.Apply(w.do(changes...))
		}
		if step%5 == 0 {
			near.follow(w, "Accept-Encoding", "gzip")
			near.agrees(w, fmt.Sprint("near, step ", step))
		}
		if step%90 == 50 {
			w.restart()
		}
		if step%60 == 59 {
			far.follow(w)
			far.agrees(w, fmt.Sprint("far, step ", step))
		}
	}
	near.follow(w)
	near.agrees(w, "near, at the end")
}

// withoutApps leaves out what would lock the reader out.
func withoutApps(changes []rollcall.Change) (kept []rollcall.Change) {
	for _, c := range changes {
		if c.App == nil {
			kept = append(kept, c)
		}
	}
	return kept
}

func TestWaitingForAChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var r reader
	r.begin(w)
	done := make(chan string, 1)
	go func() {
		_, body := w.get(fmt.Sprintf("/rollcall/v1/changes?since=%d&wait=60", r.version))
		done <- body
	}()
	w.do(rollcall.Change{Kind: rollcall.DeptCreated, DeptID: 2, Payload: rollcall.Payload{Dept: &rollcall.Dept{ID: 2, ParentID: 1, Name: "Two"}}})
	if body := <-done; !strings.Contains(body, `"dept_id":2`) {
		t.Errorf("the one who waited got %s", body)
	}
	// At the end of the server nobody waits on.
	r.follow(w)
	go func() {
		_, body := w.get(fmt.Sprintf("/rollcall/v1/changes?since=%d&wait=60", r.version))
		done <- body
	}()
	w.rest.Drain()
	if body := <-done; body != fmt.Sprintf("{\"version\":%d}\n", r.version) {
		t.Errorf("the one who was sent away got %s", body)
	}
}

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const auth = "Authorization"
	good := "Bearer " + w.token
	for _, test := range []struct {
		path, authorization string
		status              int
		want                string
	}{
		{"users", "", 401, `"code":"token_missing"`},
		{"users", "Bearer ", 401, `"code":"token_missing"`},
		{"users", "Basic eDp5", 401, `"code":"token_missing"`},
		{"users", "Bearer nonsense", 401, `"code":"token_invalid"`},
		{"users", good, 200, `"version":`},
		{"departments", good, 200, `"dept_id":1`},
		{"nothing", good, 404, `"code":"path_unknown"`},
		{"changes", good, 400, `"param":"since"`},
		{"changes?since=x", good, 400, `"param":"since"`},
		{"changes?since=-1", good, 400, `"param":"since"`},
		{"changes?since=1&wait=61", good, 400, `"param":"wait"`},
		{"changes?since=999999", good, 410, `"code":"version_gone"`},
		{"changes?since=0", good, 200, `"version":`},
	} {
		status, body := w.get("/rollcall/v1/"+test.path, auth, test.authorization)
		if status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s with %q: %d %s; want %d and %s", test.path, test.authorization, status, body, test.status, test.want)
		}
	}
	resp, err := http.Post(w.http.URL+"/rollcall/v1/users", "", nil)
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v, %v", resp, err)
	}
	w.createApp("blind", rollcall.PermBase)
	if status, body := w.get("/rollcall/v1/users"); status != 403 || !strings.Contains(body, `"param":"rollcall_contacts_read"`) {
		t.Errorf("without the permission point: %d %s", status, body)
	}
}

// What an app may not see of people is not in the bulk either.
func TestFieldsAreWithheld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := rollcall.User{
		UserID: "ann", Name: "Ann", Mobile: "13800000001", Email: "ann@example.com", Stay: rollcall.Stay{To: rollcall.Open},
		Details: rollcall.Details{Telephone: "5550", OrgEmail: "ann@corp.example", WorkPlace: "Hall", Remark: "quiet"},
	}
	w.do(rollcall.Change{Kind: rollcall.UserJoined, Payload: rollcall.Payload{User: &u}})
	all := []string{"13800000001", "ann@example.com", "5550", "ann@corp.example", "Hall", "quiet"}
	for _, test := range []struct {
		app         string
		permissions []rollcall.Permission
		sees        int // how many of them
	}{
		{"everything", []rollcall.Permission{rollcall.PermContactsRead, rollcall.PermFieldMobile, rollcall.PermFieldEmail}, 6},
		{"no-mobile", []rollcall.Permission{rollcall.PermContactsRead, rollcall.PermFieldEmail}, 5},
		{"little", []rollcall.Permission{rollcall.PermContactsRead}, 1},
	} {
		w.createApp(test.app, test.permissions...)
		_, body := w.get("/rollcall/v1/users")
		n := 0
		for _, value := range all {
			if strings.Contains(body, value) {
				n++
			}
		}
		if n != test.sees {
			t.Errorf("%s sees %d of them and not %d: %s", test.app, n, test.sees, body)
		}
	}
}
