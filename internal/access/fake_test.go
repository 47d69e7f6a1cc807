package access

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
)

// memory keeps tokens as a store does, and fails when told to.
type memory struct {
	mu     sync.Mutex
	rows   map[string]map[string]rollcall.Token // the one of each app, by corp and appkey
	more   map[string][]rollcall.Token          // those of the other kinds, by corp
	saves  int
	fail   error
	onSave func()        // while a save is going on
	hang   chan struct{} // if not nil, a save waits for it
	loads  int
	onLoad func() // before a load
}

func newMemory() *memory {
	return &memory{rows: map[string]map[string]rollcall.Token{}, more: map[string][]rollcall.Token{}}
}

// failing makes every call fail with an error, or none.
func (m *memory) failing(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) LoadTokens(_ context.Context, corpID string) ([]rollcall.Token, error) {
	m.mu.Lock()
	hook := m.onLoad
	m.loads++
	m.mu.Unlock()
	if hook != nil {
		hook()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.AppendSeq(slices.Clone(m.more[corpID]), maps.Values(m.rows[corpID])), m.fail
}

func (m *memory) SaveToken(ctx context.Context, corpID string, t rollcall.Token, keep int, now rollcall.Instant) (rollcall.Token, error) {
	if m.hang != nil {
		select {
		case <-m.hang:
		case <-ctx.Done():
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.onSave != nil {
		m.onSave()
	}
	if err := errors.Join(m.fail, ctx.Err()); err != nil {
		return rollcall.Token{}, err
	}
	if o, ok := m.first(corpID, t); ok && keep == 1 && o.ExpiresAt > now {
		return o, nil
	}
	m.saves++
	if m.rows[corpID] == nil {
		m.rows[corpID] = map[string]rollcall.Token{}
	}
	t.Nonce, t.Hash = slices.Clone(t.Nonce), slices.Clone(t.Hash)
	if t.Kind == rollcall.AppToken {
		if o := m.rows[corpID][t.Appkey]; bytes.Equal(o.Nonce, t.Nonce) {
			t.ExpiresAt = max(t.ExpiresAt, o.ExpiresAt)
		}
		m.rows[corpID][t.Appkey] = t
		return t, nil
	}
	var same, others []rollcall.Token
	for _, o := range m.more[corpID] {
		switch {
		case o.Appkey != t.Appkey || o.Kind != t.Kind:
			others = append(others, o)
		case !bytes.Equal(o.Nonce, t.Nonce):
			same = append(same, o)
		}
	}
	slices.SortFunc(same, func(a, b rollcall.Token) int {
		return cmp.Or(cmp.Compare(b.ExpiresAt, a.ExpiresAt), bytes.Compare(a.Nonce, b.Nonce))
	})
	m.more[corpID] = append(append(others, t), same[:min(len(same), keep-1)]...)
	return t, nil
}

// first returns the token that another node has given the app.
func (m *memory) first(corpID string, t rollcall.Token) (rollcall.Token, bool) {
	list := m.more[corpID]
	if o, ok := m.rows[corpID][t.Appkey]; ok {
		list = append(slices.Clip(list), o)
	}
	for _, o := range list {
		if o.Appkey == t.Appkey && o.Kind == t.Kind && o.SecretGeneration >= t.SecretGeneration && !bytes.Equal(o.Nonce, t.Nonce) {
			return o, true
		}
	}
	return rollcall.Token{}, false
}

// company is an organization whose apps come and go.
type company struct {
	id       string
	language rollcall.Language
	stale    time.Duration // what Fresh returns
	notFresh error
	refresh  func() // what others have committed
	writing  sync.Mutex
	apps     atomic.Pointer[map[string]*rollcall.App]
}

func newCompany(id string, apps ...*rollcall.App) *company {
	c := &company{id: id, language: rollcall.English}
	c.apps.Store(&map[string]*rollcall.App{})
	for _, a := range apps {
		c.put(a)
	}
	return c
}

// mutate publishes changed apps, as the write path of an organization does.
func (c *company) mutate(change func(map[string]*rollcall.App)) {
	c.writing.Lock()
	defer c.writing.Unlock()
	m := maps.Clone(*c.apps.Load())
	change(m)
	c.apps.Store(&m)
}

func (c *company) put(a *rollcall.App) {
	c.mutate(func(m map[string]*rollcall.App) { m[a.Appkey] = a })
}

func (c *company) delete(appkey string) {
	c.mutate(func(m map[string]*rollcall.App) { delete(m, appkey) })
}

func (c *company) ID() string { return c.id }

func (c *company) Settings() rollcall.Settings {
	return rollcall.Settings{ErrmsgLanguage: c.language}
}

func (c *company) App(appkey string) (*rollcall.App, bool) {
	a, ok := (*c.apps.Load())[appkey]
	return a, ok
}

func (c *company) VersionHeader() []string { return []string{"1"} }

func (c *company) Fresh(context.Context) (time.Duration, error) { return c.stale, c.notFresh }

func (c *company) Await(_ context.Context, version uint64) error {
	if version > 1 {
		return rollcall.ErrNotYet
	}
	return nil
}

func (c *company) Refresh(context.Context) error {
	if c.refresh != nil {
		c.refresh()
	}
	return nil
}

func (c *company) Apps() iter.Seq[*rollcall.App] { return maps.Values(*c.apps.Load()) }

// hall is a registry with a clock that stands still, and the usual app.
type hall struct {
	*Registry
	t     *testing.T
	key   Key
	store *memory
	time  atomic.Int64
	corp  *company
	app   *rollcall.App
	creds Credentials
}

func testKey(fill byte) Key { return newKey(bytes.Repeat([]byte{fill}, keySize)) }

// newApp makes an app with the secret "secret of <appkey>, 1".
func newApp(k Key, corpID, appkey string) *rollcall.App {
	return &rollcall.App{
		Appkey: appkey, Name: appkey, Type: rollcall.Internal, SecretGeneration: 1, CreatedAt: 1000,
		Permissions: []rollcall.Permission{rollcall.PermBase, rollcall.PermMember, rollcall.PermDepartmentMember},
		SecretHash:  k.HashSecret(corpID, appkey, secretOf(appkey)),
	}
}

func secretOf(appkey string) string { return "secret of " + appkey + ", 1" }

func newHall(t *testing.T) *hall {
	k := testKey(1)
	key := NewAppkey("acme")
	app := newApp(k, "acme", key)
	h := &hall{
		t: t, key: k, store: newMemory(), corp: newCompany("acme", app), app: app,
		creds: Credentials{Appkey: key, Appsecret: secretOf(key)},
	}
	h.time.Store(1_800_000_000_000)
	h.restart(k)
	return h
}

// restart makes a new registry over the same store.
func (h *hall) restart(k Key) {
	h.t.Helper()
	h.Registry = New(k, h.store, func() time.Time { return time.UnixMilli(h.time.Load()) })
	if err := h.Add(h.t.Context(), h.corp); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hall) pass(d time.Duration) { h.time.Add(d.Milliseconds()) }

func (h *hall) get() string {
	h.t.Helper()
	token, seconds, err := h.Token(h.t.Context(), h.creds)
	if err != nil {
		h.t.Fatalf("gettoken: %v", err)
	}
	if seconds != 7200 {
		h.t.Errorf("expires in %d s, want 7200", seconds)
	}
	return token
}

func (h *hall) grants(token string, want bool, when string) {
	h.t.Helper()
	g, ok := h.Grant([]byte(token))
	if ok != want || ok != (g != nil) {
		h.t.Errorf("%s: grant is %v, want %v", when, ok, want)
	}
}

func (h *hall) saved(want int, when string) {
	h.t.Helper()
	if h.store.saves != want {
		h.t.Errorf("%s: %d saves, want %d", when, h.store.saves, want)
	}
}
