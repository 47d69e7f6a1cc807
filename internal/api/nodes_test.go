package api_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
)

// frail is a store that is away when a test wants it to be.
type frail struct {
	rollcall.Store
	away atomic.Bool
}

var errDown = errors.New("down")

func (f *frail) ask() error {
	if f.away.Load() {
		return errDown
	}
	return nil
}

func (f *frail) Heads(ctx context.Context, only ...string) ([]rollcall.Head, error) {
	if err := f.ask(); err != nil {
		return nil, err
	}
	return f.Store.Heads(ctx, only...)
}

func (f *frail) Begin(ctx context.Context, corpID string) (rollcall.Tx, error) {
	if err := f.ask(); err != nil {
		return nil, err
	}
	return f.Store.Begin(ctx, corpID)
}

func (f *frail) LoadTokens(ctx context.Context, corpID string) ([]rollcall.Token, error) {
	if err := f.ask(); err != nil {
		return nil, err
	}
	return f.Store.LoadTokens(ctx, corpID)
}

func (f *frail) SaveToken(ctx context.Context, corpID string, t rollcall.Token, keep int, now rollcall.Instant) (rollcall.Token, error) {
	if err := f.ask(); err != nil {
		return t, err
	}
	return f.Store.SaveToken(ctx, corpID, t, keep, now)
}

func TestAnswersWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	a, _, token := pair(t)
	f := &frail{}
	b := a.sister(func(s rollcall.Store) rollcall.Store { f.Store = s; return f })
	b.serve(nil)
	count := "access_token=" + token + "&only_active=false"
	create := "access_token=" + token + "&userid=new&name=New&mobile=13800000001&dept_id_list=1"
	check := func(when string, r reply, errcode string, stale bool) {
		t.Helper()
		if r.field(t, "errcode") != errcode || (r.header.Get("Rollcall-Staleness") != "") != stale {
			t.Errorf("%s: %s, staleness %q", when, r.body, r.header.Get("Rollcall-Staleness"))
		}
	}
	check("before", b.ask("/topapi/user/count", count), "0", false)
	f.away.Store(true)
	check("known to be fresh", b.ask("/topapi/user/count", count), "0", false)
	b.skipped.Add(int64(10 * time.Second))
	for range 3 {
		r := b.ask("/topapi/user/count", count)
		check("read", r, "0", true)
		if s := r.header.Get("Rollcall-Staleness"); s != "10" && s != "11" && s != "12" {
			t.Errorf("%s s old", s)
		}
	}
	check("write", b.ask("/topapi/v2/user/create", create), "-1", true)
	made := tagged(token)
	check("a token that is not known", b.ask("/topapi/user/count", "only_active=false&access_token="+made), "-1", false)
	check("a token of no form", b.ask("/topapi/user/count", "only_active=false&access_token=x"), "88", false)
	b.skipped.Add(int64(time.Hour))
	check("read after the limit", b.ask("/topapi/user/count", count), "-1", false)

	f.away.Store(false)
	if err := b.node.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("read, when it is back", b.ask("/topapi/user/count", count), "0", false)
	check("write, when it is back", b.ask("/topapi/v2/user/create", create), "0", false)
	if r := b.ask("/topapi/user/count", count); !strings.Contains(r.body, `"count":1}`) {
		t.Errorf("what was refused has happened: %s", r.body)
	}
}

// tagged makes up a token of the organization of another.
func tagged(token string) string { return token[:8] + strings.Repeat("0", len(token)-8) }

// pair is two nodes on one database, with an app that may do everything.
func pair(t *testing.T) (a, b *world, token string) {
	t.Helper()
	a = newWorld(t, "acme", at(t, "2026-03-02T10:00:00Z"))
	all := app{name: "all", appkey: "ding-all", appsecret: "secret of all", kind: rollcall.Internal, permissions: rollcall.Permissions()}
	a.add(all)
	b = a.sister()
	a.serve(nil)
	b.serve(nil)
	token = a.token(all)
	return a, b, token
}

// ask posts a form with headers.
func (w *world) ask(path, form string, headers ...string) reply {
	w.t.Helper()
	for _, h := range headers {
		path += "\n" + h
	}
	return w.send("POST", path+"\nX-Test: 1", form)
}

func (r reply) version() string { return r.header.Get("Rollcall-Version") }

// A client that writes on one node and reads on another asks for the version
// that it wrote.
func TestReadingOnAnotherNodeWhatWasWritten(t *testing.T) {
	t.Parallel()
	a, b, token := pair(t)
	auth := "access_token=" + token
	for i := range 20 {
		here, there := a, b
		if i%2 == 1 {
			here, there = b, a
		}
		made := here.ask("/topapi/v2/user/create", fmt.Sprintf("%s&userid=u%d&name=Name&mobile=1380000%04d&dept_id_list=1", auth, i, i))
		if made.field(t, "errcode") != "0" || made.version() == "" {
			t.Fatalf("%s, version %q", made.body, made.version())
		}
		if r := here.ask("/topapi/user/count", auth+"&only_active=false"); r.version() != made.version() || !strings.Contains(r.body, fmt.Sprintf(`"count":%d}`, i+1)) {
			t.Errorf("on the node itself: version %s, %s", r.version(), r.body)
		}
		r := there.ask("/topapi/user/count", auth+"&only_active=false", "Rollcall-Min-Version: "+made.version())
		if r.version() != made.version() || !strings.Contains(r.body, fmt.Sprintf(`"count":%d}`, i+1)) {
			t.Errorf("on the other: version %s, want %s, %s", r.version(), made.version(), r.body)
		}
	}
	if r := b.ask("/topapi/user/count", auth+"&only_active=false", "Rollcall-Min-Version: 1000"); r.field(t, "errcode") != "-1" {
		t.Errorf("a version that there is not: %s", r.body)
	}
	// A refused call has a version, too; that of a change is the one on which it was
	// decided, even if the node had not seen it before.
	made := a.ask("/topapi/v2/user/create", auth+"&userid=last&name=Name&mobile=13800009999&dept_id_list=1")
	if r := b.ask("/topapi/v2/user/create", auth+"&userid=last&name=Name&mobile=13800009998&dept_id_list=1"); r.version() != made.version() || r.field(t, "errcode") != "60102" {
		t.Errorf("%s, version %q, not %s", r.body, r.version(), made.version())
	}
	if r := a.ask("/topapi/v2/user/get", auth+"&userid=nobody"); r.version() == "" || r.field(t, "errcode") == "0" {
		t.Errorf("%s, version %q", r.body, r.version())
	}
}

// A walk that changes node in the middle goes on with the newest version there
// (contract D10); on its own node it goes on with its own.
func TestAWalkChangesNode(t *testing.T) {
	t.Parallel()
	a, b, token := pair(t)
	auth := "access_token=" + token
	last := ""
	create := func(userid string) {
		t.Helper()
		r := a.ask("/topapi/v2/user/create", auth+"&userid="+userid+"&name="+userid+"&mobile=138"+fmt.Sprintf("%08d", len(last)*100+int(userid[0]))+"&dept_id_list=1")
		if r.field(t, "errcode") != "0" {
			t.Fatal(r.body)
		}
		last = r.version()
	}
	for _, userid := range []string{"b", "d", "f", "h"} {
		create(userid)
	}
	page := func(w *world, cursor int, headers ...string) reply {
		t.Helper()
		r := w.ask("/topapi/user/listsimple", fmt.Sprintf("%s&dept_id=1&cursor=%d&size=2", auth, cursor), headers...)
		if r.field(t, "errcode") != "0" {
			t.Fatal(r.body)
		}
		return r
	}
	ids := func(r reply) (list string) {
		for _, part := range strings.Split(r.body, `"userid":"`)[1:] {
			id, _, _ := strings.Cut(part, `"`)
			list += id
		}
		return list
	}
	first := page(a, 0)
	if ids(first) != "bd" || first.version() != last {
		t.Fatalf("the first page: %s, version %s", ids(first), first.version())
	}
	create("a") // which moves everyone by one
	if r := page(b, 2, "Rollcall-Min-Version: "+last); ids(r) != "df" || r.version() != last {
		t.Errorf("on the other node: %s, version %s, not %s", ids(r), r.version(), last)
	}
	if r := page(a, 2); ids(r) != "fh" || r.version() != first.version() {
		t.Errorf("on its own node: %s, version %s, not %s", ids(r), r.version(), first.version())
	}
	// Who asks for more than the walk has gets the newest.
	if r := page(a, 2, "Rollcall-Min-Version: "+last); ids(r) != "df" || r.version() != last {
		t.Errorf("of the newest version: %s, version %s, not %s", ids(r), r.version(), last)
	}
}

// What the operator does on one node holds on the other: the tokens of a secret
// that was replaced, of an app that was deleted, and rights.
func TestAppsAreTheSameOnBothNodes(t *testing.T) {
	t.Parallel()
	a, b, token := pair(t)
	count := "access_token=" + token + "&only_active=false"
	if r := b.ask("/topapi/user/count", count); r.field(t, "errcode") != "0" {
		t.Fatal(r.body)
	}
	a.change("ding-all", func(x *rollcall.App) { x.Permissions = []rollcall.Permission{rollcall.PermBase} })
	version := a.org.VersionHeader()[0]
	if r := b.ask("/topapi/user/count", count, "Rollcall-Min-Version: "+version); r.field(t, "errcode") != "88" || strings.Contains(r.body, "40014") {
		t.Errorf("the right was taken away: %s", r.body)
	}
	x, _ := a.org.App("ding-all")
	next := *x
	next.SecretGeneration++
	a.key.SetSecret("acme", &next, "another secret")
	a.do([]rollcall.Change{{Kind: rollcall.AppSecretReset, Payload: rollcall.Payload{App: &next}}}, nil)
	version = a.org.VersionHeader()[0]
	if r := b.ask("/topapi/user/count", count, "Rollcall-Min-Version: "+version); !strings.Contains(r.body, "40014") {
		t.Errorf("the secret was replaced: %s", r.body)
	}
}
