package access

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
)

func TestCredentials(t *testing.T) {
	h := newHall(t)
	// Brought along from elsewhere: one with the look of an appkey of acme but
	// in another organization, and one appkey in two organizations.
	lookalike := "ding" + tagOf("acme") + "aaaaaaaaaaaa"
	other := newCompany("other", newApp(h.key, "other", lookalike), newApp(h.key, "other", "shared-key"))
	third := newCompany("third", newApp(h.key, "third", "shared-key"))
	twin := newApp(h.key, "third", "shared-key")
	twin.SecretHash = h.key.HashSecret("third", "shared-key", "third's")
	third.put(twin)
	for _, c := range []Corp{other, third} {
		if err := h.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	key, secret := h.creds.Appkey, h.creds.Appsecret

	tests := []struct {
		name  string
		creds Credentials
		corp  string // whose app it is; empty: refused
		err   error
	}{
		{"pair", Credentials{Appkey: key, Appsecret: secret}, "acme", nil},
		{"wrong secret", Credentials{Appkey: key, Appsecret: secret + "x"}, "", ErrWrongSecret},
		{"secret in other letters", Credentials{Appkey: key, Appsecret: strings.ToUpper(secret)}, "", ErrWrongSecret},
		{"unknown app of ours", Credentials{Appkey: NewAppkey("acme"), Appsecret: secret}, "", ErrWrongSecret},
		{"unknown app", Credentials{Appkey: "nobody", Appsecret: secret}, "", ErrWrongSecret},
		{"organization as appkey", Credentials{Appkey: "acme", Appsecret: secret}, "", ErrWrongSecret},
		{"lookalike", Credentials{Appkey: lookalike, Appsecret: secretOf(lookalike)}, "other", nil},
		{"lookalike, wrong secret", Credentials{Appkey: lookalike, Appsecret: "x"}, "", ErrWrongSecret},
		{"shared, first", Credentials{Appkey: "shared-key", Appsecret: secretOf("shared-key")}, "other", nil},
		{"shared, second", Credentials{Appkey: "shared-key", Appsecret: "third's"}, "third", nil},
		{"shared, neither", Credentials{Appkey: "shared-key", Appsecret: "x"}, "", ErrWrongSecret},

		{"old names, appkey", Credentials{CorpID: key, CorpSecret: secret}, "acme", nil},
		{"old names, organization", Credentials{CorpID: "acme", CorpSecret: secret}, "acme", nil},
		{"old names, second app", Credentials{CorpID: "other", CorpSecret: secretOf("shared-key")}, "other", nil},
		{"old names, wrong secret", Credentials{CorpID: "acme", CorpSecret: "x"}, "", ErrWrongCorpSecret},
		{"old names, another's secret", Credentials{CorpID: "other", CorpSecret: secret}, "", ErrWrongCorpSecret},
		{"old names, unknown", Credentials{CorpID: "nobody", CorpSecret: secret}, "", ErrWrongCorpSecret},

		{"nothing", Credentials{}, "", ErrNoCredentials},
		{"half a pair", Credentials{Appkey: key}, "", ErrNoCredentials},
		{"other half", Credentials{Appsecret: secret}, "", ErrNoCredentials},
		{"half the old pair", Credentials{CorpID: "acme"}, "", ErrNoCredentials},
		{"two halves", Credentials{Appkey: key, CorpSecret: secret}, "", ErrNoCredentials},
		{"half and whole", Credentials{Appkey: "x", CorpID: "acme", CorpSecret: secret}, "acme", nil},
		{"the first pair counts", Credentials{Appkey: "x", Appsecret: "y", CorpID: "acme", CorpSecret: secret}, "", ErrWrongSecret},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, _, err := h.Token(t.Context(), test.creds)
			if !errors.Is(err, test.err) {
				t.Fatalf("error %v, want %v", err, test.err)
			}
			if err != nil {
				if token != "" {
					t.Error("a token was given")
				}
				return
			}
			g, ok := h.Grant([]byte(token))
			if !ok || g.Corp().ID() != test.corp || g.App().SecretGeneration != 1 {
				t.Errorf("granted %v to %q, want %q", ok, g.Corp().ID(), test.corp)
			}
		})
	}
}

func TestNoErrorShowsASecret(t *testing.T) {
	h := newHall(t)
	token := h.get()
	row := h.store.rows["acme"][h.app.Appkey]
	hide := []string{
		h.creds.Appsecret, "guess", token, token[8:], h.app.SecretHash,
		fmt.Sprintf("%x", row.Nonce), fmt.Sprintf("%x", h.key.secret()),
	}
	var failures []error
	fail := func(_ string, _ int, err error) { failures = append(failures, err) }
	fail(h.Token(t.Context(), Credentials{Appkey: h.app.Appkey, Appsecret: "guess"}))
	fail(h.Token(t.Context(), Credentials{CorpID: "acme", CorpSecret: "guess"}))
	fail(h.Token(t.Context(), Credentials{Appsecret: "guess"}))
	h.store.fail = errors.New("disk full")
	h.pass(time.Hour)
	fail(h.Token(t.Context(), h.creds))
	failures = append(failures, h.Add(t.Context(), newCompany("other")))
	h.store.fail = nil
	failures = append(failures, h.Add(t.Context(), h.corp))
	for _, err := range failures {
		if err == nil {
			t.Fatal("no error")
		}
		for _, s := range hide {
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), s) {
				t.Errorf("%q shows %q", err, s)
			}
		}
	}
}

func TestOrganizationsComeAndGo(t *testing.T) {
	h := newHall(t)
	token := h.get()
	if err := h.Add(t.Context(), h.corp); rollcall.KindOf(err) != rollcall.KindConflict {
		t.Errorf("added twice: %v", err)
	}
	h.store.fail = errors.New("disk full")
	if err := h.Add(t.Context(), newCompany("other")); !errors.Is(err, h.store.fail) {
		t.Errorf("tokens that cannot be loaded: %v", err)
	}
	h.store.fail = nil

	h.Remove("nobody")
	h.grants(token, true, "when another organization is removed")
	h.Remove("acme")
	h.grants(token, false, "when its organization is removed")
	if _, _, err := h.Token(t.Context(), h.creds); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("removed: %v", err)
	}
	if err := h.Add(t.Context(), h.corp); err != nil {
		t.Fatal(err)
	}
	h.grants(token, true, "when it is back")
	if h.get() != token {
		t.Error("another token")
	}
}

// Two organizations with the same tag do not come into each other's way.
func TestOrganizationsThatShareATag(t *testing.T) {
	k := testKey(1)
	a, b := newCompany("a", newApp(k, "a", "app-a")), newCompany("b", newApp(k, "b", "app-b"))
	x := index{}
	for _, c := range []*company{a, b} {
		n := &tenant{tag: 7, id: c.id, corp: c, saving: make(chan struct{}, 1)}
		app, _ := c.App("app-" + c.id)
		l := k.newLease(c.id, app, rollcall.AppToken)
		l.token = "\x00\x00\x00\x00\x00\x00\x00\x07" + l.token[8:]
		l.expires.Store(int64(rollcall.Open))
		n.leases.Store(newLeases([]*lease{l}))
		x = append(x, n)
	}
	r := New(k, newMemory(), func() time.Time { return time.UnixMilli(1) })
	r.index.Store(&x)
	for i, c := range []*company{a, b} {
		for token := range x[i].leases.Load().byToken {
			if g, ok := r.Grant([]byte(token)); !ok || g.Corp() != Corp(c) {
				t.Errorf("%s: granted %v", c.id, ok)
			}
		}
	}
}

func TestManyOrganizations(t *testing.T) {
	h := newHall(t)
	tokens := map[string]string{}
	for i := range 200 {
		id := fmt.Sprintf("corp-%d", i)
		key := NewAppkey(id)
		if err := h.Add(t.Context(), newCompany(id, newApp(h.key, id, key))); err != nil {
			t.Fatal(err)
		}
		token, _, err := h.Token(t.Context(), Credentials{Appkey: key, Appsecret: secretOf(key)})
		if err != nil {
			t.Fatal(err)
		}
		tokens[id] = token
	}
	for id, token := range tokens {
		if g, ok := h.Grant([]byte(token)); !ok || g.Corp().ID() != id {
			t.Fatalf("the token of %s is not granted to it", id)
		}
	}
}

func TestLanguageWhereNoOrganizationIsKnown(t *testing.T) {
	k := testKey(1)
	r := New(k, newMemory(), func() time.Time { return time.UnixMilli(1) })
	want := func(l rollcall.Language, when string) {
		t.Helper()
		if r.Language() != l {
			t.Errorf("%s: %s, want %s", when, r.Language(), l)
		}
	}
	want(rollcall.English, "none")
	one, two := newCompany("one"), newCompany("two")
	one.language, two.language = rollcall.Chinese, rollcall.Chinese
	if err := r.Add(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	want(rollcall.Chinese, "one")
	one.language = ""
	want(rollcall.English, "one without a language")
	if err := r.Add(t.Context(), two); err != nil {
		t.Fatal(err)
	}
	want(rollcall.English, "two")
	r.Remove("one")
	want(rollcall.Chinese, "the other one")
}

func TestManyAskAtOnce(t *testing.T) {
	h := newHall(t)
	const n = 64
	tokens := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			token, _, err := h.Token(t.Context(), h.creds)
			if err != nil {
				t.Error(err)
			}
			if _, ok := h.Grant([]byte(token)); !ok {
				t.Error("the token is not granted")
			}
			tokens[i] = token
		})
	}
	wg.Wait()
	for _, token := range tokens {
		if token != tokens[0] {
			t.Fatal("two tokens of one app")
		}
	}
	h.saved(1, "after all")
}

// Everything at once: apps ask, are rotated, deleted and given again, other
// organizations come and go, and the clock runs. A token that was just given is
// good unless the app changed.
func TestEverythingAtOnce(t *testing.T) {
	h := newHall(t)
	h.store.onSave = func() { h.pass(time.Second) }
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			key := NewAppkey("acme")
			app := newApp(h.key, "acme", key)
			changing := *app
			for round := range 30 {
				if round%10 == 0 {
					changing.CreatedAt++
					next := changing
					h.corp.put(&next)
				}
				token, _, err := h.Token(t.Context(), Credentials{Appkey: key, Appsecret: secretOf(key)})
				if err != nil {
					t.Error(err)
					return
				}
				g, ok := h.Grant([]byte(token))
				if !ok || g.Appkey() != key || !g.Holds(rollcall.PermBase) {
					t.Error("the token is not granted")
				}
				h.Grant([]byte(h.creds.Appkey + token)[:tokenLen])
				if i%16 == 0 {
					id := fmt.Sprintf("corp-%d-%d", i, round)
					if err := h.Add(t.Context(), newCompany(id)); err != nil {
						t.Error(err)
					}
					h.Remove(id)
				}
			}
			h.corp.delete(key)
		})
	}
	wg.Wait()
	h.get()
	if n := len(h.leases().byToken); n != 1 {
		t.Errorf("%d leases are left", n)
	}
}
