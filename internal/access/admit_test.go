package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rollcall"
)

// sister is another node on the same store: it has an organization of its own,
// which knows what it is told.
func (h *hall) sister() *hall {
	h.t.Helper()
	s := &hall{t: h.t, key: h.key, store: h.store, corp: newCompany("acme", h.app), app: h.app, creds: h.creds}
	s.time.Store(h.time.Load())
	s.restart(h.key)
	return s
}

// another makes one more app, which gets a token.
func (h *hall) another() (app *rollcall.App, token string) {
	h.t.Helper()
	app = newApp(h.key, "acme", NewAppkey("acme"))
	h.corp.put(app)
	token, _, err := h.Token(h.t.Context(), Credentials{Appkey: app.Appkey, Appsecret: secretOf(app.Appkey)})
	if err != nil {
		h.t.Fatal(err)
	}
	return app, token
}

// admits tells whether a token opens something.
func (h *hall) admits(token string, want bool, when string) {
	h.t.Helper()
	a, err := h.Admit(h.t.Context(), Request{Token: []byte(token), Now: h.clock()})
	if err != nil || (a.Grant != nil) != want {
		h.t.Errorf("%s: admitted %v, want %v; %v", when, a.Grant != nil, want, err)
	}
}

func TestATokenIsGoodOnAllNodesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHall(t)
		b := a.sister()
		token := a.get()
		b.admits(token, true, "given by another node")
		if got := b.get(); got != token {
			t.Error("two nodes give two tokens")
		}
		for _, pass := range []struct {
			by    time.Duration
			renew *hall
		}{{life - time.Minute, a}, {life - time.Second, b}, {life - time.Minute, b}, {life - time.Second, a}} {
			a.pass(pass.by)
			b.pass(pass.by)
			if got := pass.renew.get(); got != token {
				t.Fatal("a renewal gave another token")
			}
			a.admits(token, true, "after a renewal")
			b.admits(token, true, "after a renewal")
		}
		// What one node promises without storing it the other cannot know, up
		// to the minute by which more is stored than promised.
		a.pass(life + time.Minute)
		b.pass(life + time.Minute)
		a.admits(token, false, "after its end")
		b.admits(token, false, "after its end")
		fresh := b.get()
		if fresh == token || a.get() != fresh {
			t.Error("the next token is not the same on both nodes")
		}
		a.admits(fresh, true, "the next")
		time.Sleep(time.Second) // the bubble's, for the lookups to come to rest
	})
}

// Each of two nodes renews now and then; what it promises holds on both.
func TestPromisesHoldOnBothNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHall(t)
		b := a.sister()
		token := a.get()
		until := time.Duration(0) + life
		for _, step := range []struct {
			by time.Duration
			on *hall
		}{{20 * time.Second, b}, {25 * time.Second, a}, {10 * time.Second, a}, {50 * time.Second, b}, {30 * time.Second, a}} {
			a.pass(step.by)
			b.pass(step.by)
			if step.on.get() != token {
				t.Fatal("another token")
			}
			until = life
		}
		a.pass(until - time.Second)
		b.pass(until - time.Second)
		a.admits(token, true, "a second before its end")
		b.admits(token, true, "a second before its end")
		time.Sleep(time.Second)
	})
}

func TestNodesThatAreAskedAtOnceGiveOneToken(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	halls := []*hall{h, h.sister(), h.sister()}
	var mu sync.Mutex
	tokens := map[string]int{}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			token, _, err := halls[i%3].Token(t.Context(), h.creds)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			tokens[token]++
		})
	}
	all.Wait()
	if len(tokens) != 1 {
		t.Errorf("%d tokens", len(tokens))
	}
}

// A node that has not heard that the secret was replaced neither gives a token
// for the old one nor puts it in the place of the new one.
func TestANodeThatIsBehindDoesNotBringBackTheOldSecret(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	behind := h.sister()
	next := *h.app
	next.SecretGeneration++
	next.SecretHash = h.key.HashSecret("acme", next.Appkey, "new")
	h.corp.put(&next)
	token, _, err := h.Token(t.Context(), Credentials{Appkey: next.Appkey, Appsecret: "new"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := behind.Token(t.Context(), h.creds); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("the old secret: %v", err)
	}
	if row := h.store.rows["acme"][next.Appkey]; row.SecretGeneration != 2 {
		t.Error("the token of the new secret is gone")
	}
	// Its token is known to be good once the node has caught up, which it does.
	behind.corp.refresh = func() { behind.corp.put(&next) }
	behind.admits(token, true, "of a secret that is not known yet")
}

// A token of a key that nobody has any more does not lock the app out.
func TestATokenOfAnotherKeyIsReplaced(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	old := h.get()
	h.key = testKey(2)
	h.app = newApp(h.key, "acme", h.app.Appkey)
	h.corp.put(h.app)
	h.restart(h.key)
	token := h.get()
	if token == old {
		t.Fatal("the same token of two keys")
	}
	h.admits(token, true, "of the new key")
	h.restart(h.key)
	if h.get() != token {
		t.Error("it is not the token that is stored")
	}
}

func TestAnAppThatIsNewOnAnotherNode(t *testing.T) {
	t.Parallel()
	a := newHall(t)
	b := a.sister()
	app, token := a.another()
	b.corp.refresh = func() { b.corp.put(app) }
	b.admits(token, true, "of an app that is not known yet")
}

// Made-up tokens make the store work ten times a second, however many come.
func TestMadeUpTokensAreLookedUpTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.admits("no token", false, "what has not the form")
		h.admits(tagOf("nobody")+h.get()[tagLen:], false, "of nobody")
		if h.store.loads != 1 { // when it was added
			t.Errorf("%d lookups of what can be no token", h.store.loads)
		}
		began, before := time.Now(), h.store.loads
		var all sync.WaitGroup
		for i := range 1000 {
			all.Go(func() {
				for j := range 10 {
					h.admits(fmt.Sprintf("%s%016x%016x", tagOf("acme"), i, j), false, "made up")
				}
			})
		}
		all.Wait()
		took := time.Since(began)
		if n := h.store.loads - before; n > int(took/lookupEvery)+2 || n < 2 {
			t.Errorf("%d lookups in %s", n, took)
		}
		time.Sleep(time.Second)
	})
}

func TestTokensWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHall(t)
		b := a.sister()
		known := b.get()
		app, token := a.another()
		b.corp.put(app)
		hang := make(chan struct{})
		b.store.onLoad = func() { <-hang }
		ask := func() (time.Duration, error) {
			began := time.Now()
			_, err := b.Admit(t.Context(), Request{Token: []byte(token), Now: b.clock()})
			return time.Since(began), err
		}
		if took, err := ask(); rollcall.KindOf(err) != rollcall.KindBusy || took != lookupWait {
			t.Errorf("the first waits %s: %v", took, err)
		}
		for range 3 {
			if took, err := ask(); rollcall.KindOf(err) != rollcall.KindBusy || took != 0 {
				t.Errorf("the next wait %s: %v", took, err)
			}
		}
		b.admits(known, true, "what is known")
		// One that failed, and nobody asks until long after the store is back.
		b.store.failing(errors.New("down"))
		close(hang)
		time.Sleep(time.Hour)
		b.store.failing(nil)
		b.admits(token, true, "when the store was back long ago")
		time.Sleep(time.Second)
	})
}

func TestATokenWhenTheStoreIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHall(t)
		b := a.sister()
		app, token := a.another()
		b.corp.put(app)
		hang := make(chan struct{})
		b.store.onLoad = func() { <-hang }
		if _, err := b.Admit(t.Context(), Request{Token: []byte(token), Now: b.clock()}); rollcall.KindOf(err) != rollcall.KindBusy {
			t.Errorf("a store that hangs: %v", err)
		}
		close(hang)
		time.Sleep(time.Second) // those who asked had a lookup begun
		b.admits(token, true, "when the store is back")
		time.Sleep(time.Second)
	})
}

func TestNobodyWaitsForEverForAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.store.hang = make(chan struct{})
		began := time.Now()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				_, _, err := h.Token(t.Context(), h.creds)
				if took := time.Since(began); rollcall.KindOf(err) != rollcall.KindBusy || took != saveWait {
					t.Errorf("after %s: %v", took, err)
				}
			})
		}
		all.Wait()
		close(h.store.hang)
		h.admits(h.get(), true, "when the store is back")
	})
}

// shelf is where organizations come from in the tests.
type shelf struct {
	h         *hall
	corps     map[string]*company
	brought   []string
	discovers int
	fail      error
}

func (s *shelf) Bring(ctx context.Context, corpID string) error {
	s.brought = append(s.brought, corpID)
	if s.fail != nil {
		return s.fail
	}
	c, ok := s.corps[corpID]
	if !ok {
		return rollcall.ErrNoCorp
	}
	return s.h.Add(ctx, c)
}

func (s *shelf) Discover(context.Context) error {
	s.discovers++
	ids := []string{"acme"}
	for id := range s.corps {
		ids = append(ids, id)
	}
	s.h.Know(ids)
	return nil
}

func TestOrganizationsAreBroughtIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		generated := newApp(h.key, "cold", NewAppkey("cold"))
		odd := newApp(h.key, "cold", "brought-along")
		suite := newApp(h.key, "cold", NewAppkey("cold"))
		suite.Type = rollcall.ThirdParty
		h.key.SetSecret("cold", suite, "suite secret")
		cold := newCompany("cold", generated, odd, suite)
		s := &shelf{h: h, corps: map[string]*company{"cold": cold, "colder": newCompany("colder")}}
		h.From(s)

		// Another node gives a token.
		other := New(h.key, h.store, h.clock)
		if err := other.Add(t.Context(), cold); err != nil {
			t.Fatal(err)
		}
		token, _, err := other.Token(t.Context(), Credentials{Appkey: generated.Appkey, Appsecret: secretOf(generated.Appkey)})
		if err != nil {
			t.Fatal(err)
		}
		leave := func() {
			h.Remove("cold")
			s.brought = nil
		}
		came := func(want bool, when string) {
			t.Helper()
			if got := len(s.brought) > 0; got != want {
				t.Errorf("%s: brought in %v", when, s.brought)
			}
			leave()
		}
		h.admits(tagOf("cold")+token[tagLen+1:]+"0", false, "made up")
		came(false, "a made-up token")
		h.admits(token, true, "of an organization that is not here")
		came(true, "a token")
		if h.Language() != rollcall.English || s.discovers == 0 {
			t.Error("the only one that is held is not the only one")
		}

		for name, creds := range map[string]Credentials{
			"appkey":             {Appkey: generated.Appkey, Appsecret: secretOf(generated.Appkey)},
			"older names":        {CorpID: generated.Appkey, CorpSecret: secretOf(generated.Appkey)},
			"id":                 {CorpID: "cold", CorpSecret: secretOf(odd.Appkey)},
			"appkey of its own":  {Appkey: odd.Appkey, Appsecret: secretOf(odd.Appkey)}, // which was here before
			"appkey as the corp": {CorpID: odd.Appkey, CorpSecret: secretOf(odd.Appkey)},
		} {
			if _, _, err := h.Token(t.Context(), creds); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			came(true, name)
		}
		if _, _, err := h.TokenFor(t.Context(), "cold", Credentials{Appkey: odd.Appkey, Appsecret: secretOf(odd.Appkey)}); err != nil {
			t.Errorf("for an organization: %v", err)
		}
		came(true, "for an organization")
		ticket := h.key.Ticket("cold", suite)
		if _, _, err := h.SuiteToken(t.Context(), Suite{Key: suite.Appkey, Secret: "suite secret", Ticket: ticket}); err != nil {
			t.Errorf("suite: %v", err)
		}
		came(true, "suite")
		at := fmt.Sprint(h.time.Load())
		signed := Signed{Key: suite.Appkey, Timestamp: at, Ticket: ticket, Signature: Signature("suite secret", at, ticket)}
		ofCorp, _, err := h.SignedCorpToken(t.Context(), signed, "cold")
		if err != nil {
			t.Errorf("signed: %v", err)
		}
		came(true, "signed")
		h.admits(ofCorp, true, "the token of a suite for an organization")
		came(true, "the token of a suite")

		s.fail = errors.New("broken")
		if _, err := h.Admit(t.Context(), Request{Token: []byte(token), Now: h.clock()}); !errors.Is(err, s.fail) {
			t.Errorf("cannot be loaded: %v", err)
		}
		if _, _, err := h.Token(t.Context(), Credentials{CorpID: "cold", CorpSecret: "x"}); !errors.Is(err, s.fail) {
			t.Errorf("cannot be loaded: %v", err)
		}
		h.get() // the others are not concerned
		time.Sleep(time.Second)
	})
}

func TestAdmissionHasConditions(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	q := Request{Token: []byte(h.get()), Now: h.clock()}
	h.corp.stale = 3 * time.Second
	if a, err := h.Admit(t.Context(), q); err != nil || a.Grant == nil || a.Stale != h.corp.stale {
		t.Errorf("stale: %+v, %v", a, err)
	}
	q.MinVersion = 2
	if a, err := h.Admit(t.Context(), q); !errors.Is(err, rollcall.ErrNotYet) || a.Grant != nil {
		t.Errorf("a version that is not there: %+v, %v", a, err)
	}
	q.MinVersion = 1
	if a, err := h.Admit(t.Context(), q); err != nil || a.Grant == nil || a.Grant.Version()[0] != "1" {
		t.Errorf("a version that is there: %+v, %v", a, err)
	}
	h.corp.notFresh = errors.New("too old")
	if a, err := h.Admit(t.Context(), q); !errors.Is(err, h.corp.notFresh) || a.Grant != nil {
		t.Errorf("too old: %+v, %v", a, err)
	}
	if _, _, err := h.Token(t.Context(), h.creds); !errors.Is(err, h.corp.notFresh) {
		t.Errorf("a token of what is too old: %v", err)
	}
}

func BenchmarkAdmit(b *testing.B) {
	k := testKey(1)
	r, token := registryAt(b, k, newCompany("acme", newApp(k, "acme", NewAppkey("acme"))), time.Now)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if a, err := r.Admit(b.Context(), Request{Token: token, Now: now}); err != nil || a.Grant == nil {
			b.Fatal("not admitted")
		}
	}
}
