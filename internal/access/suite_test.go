package access

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
)

const suiteSecret = "secret of the suite, 1"

// newSuite adds a third-party app to the hall.
func (h *hall) newSuite() (*rollcall.App, Suite) {
	app := newApp(h.key, "acme", NewAppkey("acme"))
	app.Type = rollcall.ThirdParty
	h.key.SetSecret("acme", app, suiteSecret)
	h.corp.put(app)
	return app, Suite{Key: app.Appkey, Secret: suiteSecret, Ticket: h.key.Ticket("acme", app)}
}

// signed signs at an instant.
func (s Suite) signed(at time.Time) Signed {
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	return Signed{Key: s.Key, Timestamp: stamp, Ticket: s.Ticket, Signature: Signature(s.Secret, stamp, s.Ticket)}
}

func (h *hall) corpToken(s Suite) string {
	h.t.Helper()
	token, seconds, err := h.CorpToken(h.t.Context(), s, "acme")
	if err != nil || seconds != 7200 {
		h.t.Fatalf("corp token for %d s: %v", seconds, err)
	}
	return token
}

func TestSignatures(t *testing.T) {
	for _, tt := range []struct{ ticket, want string }{
		{"TestSuiteTicket", "VGdDxSeuCa47AeCQs5bh2uwUHTjEZggvzMmB8QwfKFs="},
		{"", "RjL1OyaDmu1aM+10MFfbKindu1e7vayZmJCbCwUxChM="},
	} {
		if got := Signature("testsecret", "1527130370219", tt.ticket); got != tt.want {
			t.Errorf("ticket %q: %s, want %s", tt.ticket, got, tt.want)
		}
	}
}

func TestASealedSecretOpensForItsAppOnly(t *testing.T) {
	k := testKey(1)
	app := newApp(k, "acme", "suite-1")
	app.Type = rollcall.ThirdParty
	k.SetSecret("acme", app, suiteSecret)
	if got, ok := k.unseal("acme", app); !ok || got != suiteSecret {
		t.Fatalf("got %q, %v", got, ok)
	}
	if !k.VerifySecret("acme", app, suiteSecret) {
		t.Error("the hash is not that of the secret")
	}
	if strings.Contains(app.SecretSealed, suiteSecret) || strings.Contains(app.SecretHash, suiteSecret) {
		t.Error("the secret is there in clear")
	}
	before := app.SecretSealed
	if k.SetSecret("acme", app, suiteSecret); app.SecretSealed == before {
		t.Error("the same secret is sealed the same way twice")
	}
	for what, spoil := range map[string]func(a *rollcall.App) (Key, string){
		"another key":          func(*rollcall.App) (Key, string) { return testKey(2), "acme" },
		"another organization": func(*rollcall.App) (Key, string) { return k, "other" },
		"another app":          func(a *rollcall.App) (Key, string) { a.Appkey = "suite-2"; return k, "acme" },
		"another generation":   func(a *rollcall.App) (Key, string) { a.SecretGeneration++; return k, "acme" },
		"nothing sealed":       func(a *rollcall.App) (Key, string) { a.SecretSealed = ""; return k, "acme" },
		"cut off":              func(a *rollcall.App) (Key, string) { a.SecretSealed = a.SecretSealed[:20]; return k, "acme" },
		"no base64":            func(a *rollcall.App) (Key, string) { a.SecretSealed = "*"; return k, "acme" },
		"a character more":     func(a *rollcall.App) (Key, string) { a.SecretSealed = "A" + a.SecretSealed; return k, "acme" },
	} {
		a := *app
		key, corp := spoil(&a)
		if got, ok := key.unseal(corp, &a); ok {
			t.Errorf("%s: got %q", what, got)
		}
	}
	app.Type = rollcall.Internal
	if k.SetSecret("acme", app, suiteSecret); app.SecretSealed != "" {
		t.Error("the secret of an internal app is sealed")
	}
}

func TestTickets(t *testing.T) {
	k := testKey(1)
	seen := map[string]bool{}
	for _, key := range []Key{k, testKey(2)} {
		for _, corp := range []string{"acme", "other"} {
			for _, appkey := range []string{"suite-1", "suite-2"} {
				for generation := range 3 {
					ticket := key.Ticket(corp, &rollcall.App{Appkey: appkey, TicketGeneration: generation})
					if len(ticket) != 32 || seen[ticket] {
						t.Errorf("ticket %q", ticket)
					}
					seen[ticket] = true
				}
			}
		}
	}
	app := &rollcall.App{Appkey: "suite-1"}
	before := k.Ticket("acme", app)
	if app.SecretHash = "other"; k.Ticket("acme", app) != before {
		t.Error("the ticket goes with the secret")
	}
}

// Contract 3.2: another token each time, and those before stay good.
func TestCorpTokensAreNewEachTime(t *testing.T) {
	h := newHall(t)
	app, s := h.newSuite()
	first := h.corpToken(s)
	h.pass(time.Hour)
	second, seconds, err := h.SignedCorpToken(t.Context(), s.signed(h.clock()), "acme")
	if err != nil || seconds != 7200 || first == second {
		t.Fatalf("the second for %d s: %v", seconds, err)
	}
	for _, token := range []string{first, second} {
		h.grants(token, true, "beside another")
		if g, _ := h.Grant([]byte(token)); g == nil || g.Appkey() != app.Appkey || g.AppType() != rollcall.ThirdParty || g.Corp().ID() != "acme" {
			t.Error("another app")
		}
	}
	single, _, err := h.Token(t.Context(), Credentials{Appkey: s.Key, Appsecret: s.Secret})
	if err != nil || single == first || single == second {
		t.Errorf("gettoken: %v", err)
	}
	h.pass(time.Hour - time.Millisecond)
	h.grants(first, true, "before its end")
	h.pass(time.Millisecond)
	h.grants(first, false, "at its end")
	h.grants(second, true, "when the first ends")
	h.restart(h.key)
	h.grants(second, true, "after a restart")
	if h.ForeignTokens() != 0 {
		t.Error("its own tokens are foreign")
	}
	h.pass(time.Hour + ahead)
	h.grants(second, false, "after its end")
}

func TestCorpTokensDieWithSecretAndApp(t *testing.T) {
	for name, change := range map[string]func(*hall, rollcall.App){
		"rotated": func(h *hall, a rollcall.App) {
			a.SecretGeneration++
			h.key.SetSecret("acme", &a, "another secret")
			h.corp.put(&a)
		},
		"deleted":     func(h *hall, a rollcall.App) { h.corp.delete(a.Appkey) },
		"given again": func(h *hall, a rollcall.App) { a.CreatedAt++; h.corp.put(&a) },
	} {
		h := newHall(t)
		app, s := h.newSuite()
		tokens := []string{h.corpToken(s), h.corpToken(s)}
		change(h, *app)
		for range 2 {
			for _, token := range tokens {
				h.grants(token, false, name)
			}
			h.restart(h.key)
		}
	}
}

// Of more tokens than an app may have the oldest goes, here and in the store.
func TestCorpTokensAreBounded(t *testing.T) {
	h := newHall(t)
	_, s := h.newSuite()
	_, other := h.newSuite()
	mine := h.get()
	others := h.corpToken(other)
	var tokens []string
	for range maxCorpTokens + 20 {
		h.pass(time.Second)
		tokens = append(tokens, h.corpToken(s))
	}
	for when := range 2 {
		for i, token := range tokens {
			h.grants(token, i >= 20, fmt.Sprintf("token %d, restarted %d times", i, when))
		}
		h.grants(others, true, "another app's token")
		h.grants(mine, true, "the token of an internal app")
		h.restart(h.key)
	}
	if n := len(h.store.more["acme"]); n != maxCorpTokens+1 {
		t.Errorf("%d rows", n)
	}
	h.pass(life + ahead)
	h.corpToken(s)
	if n := len(h.leases().byToken); n != 1 {
		t.Errorf("%d leases, although all but one have ended", n)
	}
}

// A suite token is the same while it lives, and opens nothing.
func TestSuiteTokens(t *testing.T) {
	h := newHall(t)
	_, s := h.newSuite()
	get := func() string {
		t.Helper()
		token, seconds, err := h.SuiteToken(t.Context(), s)
		if err != nil || seconds != 7200 {
			t.Fatalf("for %d s: %v", seconds, err)
		}
		h.grants(token, false, "a suite token")
		return token
	}
	first := get()
	h.pass(7199 * time.Second)
	if get() != first {
		t.Error("another token within its life")
	}
	h.restart(h.key)
	if get() != first {
		t.Error("another token after a restart")
	}
	h.pass(life + ahead)
	if get() == first {
		t.Error("the same token after its end")
	}
	if h.corpToken(s) == first || h.get() == first {
		t.Error("the same token for something else")
	}

	// A row that is put among those of another kind is worth nothing.
	rows := h.store.more["acme"]
	i := slices.IndexFunc(rows, func(r rollcall.Token) bool { return r.Kind == rollcall.SuiteToken })
	for _, kind := range []rollcall.TokenKind{rollcall.AppToken, rollcall.CorpToken, "", "x"} {
		rows[i].Kind = kind
		h.restart(h.key)
		if h.ForeignTokens() != 1 {
			t.Errorf("as %q: %d foreign tokens, want 1", kind, h.ForeignTokens())
		}
	}
}

func TestWhatASuiteIsRefused(t *testing.T) {
	h := newHall(t)
	app, s := h.newSuite()
	unsealed, bare := h.newSuite()
	older := *unsealed
	older.SecretSealed = ""
	h.corp.put(&older)
	any, free := h.newSuite()
	custom := *any
	custom.AnyTicket = true
	h.corp.put(&custom)
	if err := h.Add(t.Context(), newCompany("other")); err != nil {
		t.Fatal(err)
	}
	now := h.clock()
	sign := func(change func(*Signed)) Signed {
		g := s.signed(now)
		change(&g)
		return g
	}
	free.Ticket = "whatever"
	noTicket := free
	noTicket.Ticket = ""
	withTicket := func(ticket string) Suite { return Suite{Key: s.Key, Secret: s.Secret, Ticket: ticket} }
	for _, test := range []struct {
		name   string
		signed Signed
		corp   string
		want   error
	}{
		{"good", s.signed(now), "acme", nil},
		{"a minute ago", s.signed(now.Add(-time.Minute)), "acme", nil},
		{"in a minute", s.signed(now.Add(time.Minute)), "acme", nil},
		{"more than a minute ago", s.signed(now.Add(-time.Minute - time.Millisecond)), "acme", ErrSkew},
		{"in more than a minute", s.signed(now.Add(time.Minute + time.Millisecond)), "acme", ErrSkew},
		{"seconds", sign(func(g *Signed) { g.Timestamp = strconv.FormatInt(now.Unix(), 10) }), "acme", ErrSkew},
		{"no number", sign(func(g *Signed) { g.Timestamp = "now" }), "acme", ErrTimestamp},
		{"no time", sign(func(g *Signed) { g.Timestamp = "" }), "acme", ErrTimestamp},
		{"zero", sign(func(g *Signed) { g.Timestamp = "0" }), "acme", ErrTimestamp},
		{"negative", sign(func(g *Signed) { g.Timestamp = "-" + g.Timestamp }), "acme", ErrTimestamp},
		{"signed number", sign(func(g *Signed) { g.Timestamp = "+" + g.Timestamp }), "acme", ErrTimestamp},
		{"blank", sign(func(g *Signed) { g.Timestamp += " " }), "acme", ErrTimestamp},
		{"fraction", sign(func(g *Signed) { g.Timestamp += ".0" }), "acme", ErrTimestamp},
		{"too long", sign(func(g *Signed) { g.Timestamp = strings.Repeat("9", 19) }), "acme", ErrTimestamp},
		{"unknown key", sign(func(g *Signed) { g.Key = NewAppkey("acme") }), "acme", ErrUnknownSuite},
		{"an internal app", Suite{Key: h.app.Appkey, Secret: h.creds.Appsecret}.signed(now), "acme", ErrUnknownSuite},
		{"no key", sign(func(g *Signed) { g.Key = "" }), "acme", ErrUnknownSuite},
		{"wrong secret", Suite{Key: s.Key, Secret: "x", Ticket: s.Ticket}.signed(now), "acme", ErrWrongSignature},
		{"another time signed", sign(func(g *Signed) { g.Timestamp = strconv.FormatInt(now.UnixMilli()+1, 10) }), "acme", ErrWrongSignature},
		{"another ticket signed", sign(func(g *Signed) { g.Ticket = "x" }), "acme", ErrWrongSignature},
		{"no signature", sign(func(g *Signed) { g.Signature = "" }), "acme", ErrWrongSignature},
		{"plus became a blank", sign(func(g *Signed) { g.Signature += " " }), "acme", ErrWrongSignature},
		{"no sealed secret", bare.signed(now), "acme", ErrWrongSignature},
		{"wrong ticket, well signed", withTicket("x").signed(now), "acme", ErrWrongTicket},
		{"no ticket, well signed", withTicket("").signed(now), "acme", ErrWrongTicket},
		{"another organization", s.signed(now), "other", ErrNotAuthorized},
		{"no organization", s.signed(now), "", ErrNotAuthorized},
		{"any ticket", free.signed(now), "acme", nil},
		{"no ticket where any is good", noTicket.signed(now), "acme", nil},
	} {
		token, _, err := h.SignedCorpToken(t.Context(), test.signed, test.corp)
		if !errors.Is(err, test.want) || (token == "") != (test.want != nil) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}

	rotated := *app
	rotated.TicketGeneration++
	for _, test := range []struct {
		name  string
		suite Suite
		want  error
	}{
		{"good", s, nil},
		{"wrong secret", Suite{Key: s.Key, Secret: "x", Ticket: s.Ticket}, ErrWrongSecret},
		{"unknown key", Suite{Key: "nobody", Secret: s.Secret, Ticket: s.Ticket}, ErrWrongSecret},
		{"an internal app", Suite{Key: h.app.Appkey, Secret: h.creds.Appsecret}, ErrWrongSecret},
		{"wrong ticket", withTicket("x"), ErrWrongTicket},
		{"no ticket", withTicket(""), ErrWrongTicket},
		{"the next ticket", withTicket(h.key.Ticket("acme", &rotated)), ErrWrongTicket},
		{"no sealed secret", bare, nil},
		{"any ticket", free, nil},
		{"no ticket where any is good", noTicket, nil},
	} {
		_, _, errCorp := h.CorpToken(t.Context(), test.suite, "acme")
		_, _, errSuite := h.SuiteToken(t.Context(), test.suite)
		if !errors.Is(errCorp, test.want) || !errors.Is(errSuite, test.want) {
			t.Errorf("%s: %v and %v, want %v", test.name, errCorp, errSuite, test.want)
		}
	}
	if _, _, err := h.CorpToken(t.Context(), s, "other"); !errors.Is(err, ErrNotAuthorized) {
		t.Errorf("another organization: %v", err)
	}

	h.corp.put(&rotated)
	if _, _, err := h.CorpToken(t.Context(), s, "acme"); !errors.Is(err, ErrWrongTicket) {
		t.Errorf("the ticket before: %v", err)
	}
	h.corpToken(withTicket(h.key.Ticket("acme", &rotated)))
}

// Addresses and permission points count for every way to a token, and only for
// who has the secret.
func TestTermsOfATokenAreKept(t *testing.T) {
	h := newHall(t)
	app, s := h.newSuite()
	network := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::1/128")}
	for _, a := range []*rollcall.App{h.app, app} {
		next := *a
		next.AllowedIPs = network
		h.corp.put(&next)
	}
	in := netip.MustParseAddr("192.0.2.7")
	ways := map[string]func(secret string, terms Terms) (string, error){
		"gettoken": func(secret string, terms Terms) (string, error) {
			_, _, err := h.Token(t.Context(), Credentials{Appkey: h.app.Appkey, Appsecret: h.creds.Appsecret + secret, Terms: terms})
			return h.app.Appkey, err
		},
		"gettoken, older": func(secret string, terms Terms) (string, error) {
			_, _, err := h.Token(t.Context(), Credentials{CorpID: "acme", CorpSecret: h.creds.Appsecret + secret, Terms: terms})
			return h.app.Appkey, err
		},
		"named organization": func(secret string, terms Terms) (string, error) {
			_, _, err := h.TokenFor(t.Context(), "acme", Credentials{Appkey: h.app.Appkey, Appsecret: h.creds.Appsecret + secret, Terms: terms})
			return h.app.Appkey, err
		},
		"corp": func(secret string, terms Terms) (string, error) {
			_, _, err := h.CorpToken(t.Context(), Suite{s.Key, s.Secret + secret, s.Ticket, terms}, "acme")
			return app.Appkey, err
		},
		"suite": func(secret string, terms Terms) (string, error) {
			_, _, err := h.SuiteToken(t.Context(), Suite{s.Key, s.Secret + secret, s.Ticket, terms})
			return app.Appkey, err
		},
		"signed": func(secret string, terms Terms) (string, error) {
			g := Suite{s.Key, s.Secret + secret, s.Ticket, terms}.signed(h.clock())
			g.Terms = terms
			_, _, err := h.SignedCorpToken(t.Context(), g, "acme")
			return app.Appkey, err
		},
	}
	for name, way := range ways {
		for from, ok := range map[string]bool{
			"192.0.2.0": true, "192.0.2.255": true, "2001:db8::1": true,
			"192.0.3.0": false, "2001:db8::2": false, "127.0.0.1": false, "": false,
		} {
			addr, _ := netip.ParseAddr(from)
			appkey, err := way("", Terms{From: addr})
			var e *rollcall.Error
			if ok != (err == nil) || !ok && (!errors.Is(err, ErrAddress) || !errors.As(err, &e) || e.Param != appkey) {
				t.Errorf("%s from %q: %v", name, from, err)
			}
		}
		if _, err := way("x", Terms{}); errors.Is(err, ErrAddress) || err == nil {
			t.Errorf("%s: with a wrong secret: %v", name, err)
		}
		if _, err := way("", Terms{From: in, Needs: rollcall.PermBase}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := way("", Terms{From: in, Needs: rollcall.PermLiveness})
		var e *rollcall.Error
		if !errors.Is(err, ErrPermission) || !errors.As(err, &e) || e.Param != "qyapi_liveness_base" {
			t.Errorf("%s: without the permission point: %v", name, err)
		}
		if _, err := way("", Terms{Needs: rollcall.PermLiveness}); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: the address comes first: %v", name, err)
		}
	}
}

func TestTokenForANamedOrganization(t *testing.T) {
	h := newHall(t)
	if err := h.Add(t.Context(), newCompany("other")); err != nil {
		t.Fatal(err)
	}
	token, seconds, err := h.TokenFor(t.Context(), "acme", h.creds)
	if err != nil || seconds != 7200 || token != h.get() {
		t.Errorf("%q for %d s: %v", token, seconds, err)
	}
	wrong := Credentials{Appkey: h.creds.Appkey, Appsecret: "x"}
	for corp, want := range map[string][2]error{
		"acme":   {nil, ErrWrongSecret},
		"other":  {ErrNotAuthorized, ErrWrongSecret},
		"nobody": {rollcall.ErrNoCorp, rollcall.ErrNoCorp},
		"":       {rollcall.ErrNoCorp, rollcall.ErrNoCorp},
	} {
		for i, creds := range []Credentials{h.creds, wrong} {
			if _, _, err := h.TokenFor(t.Context(), corp, creds); !errors.Is(err, want[i]) {
				t.Errorf("%q with %+v: %v, want %v", corp, creds, err, want[i])
			}
		}
	}
}

func TestManySuiteTokensAtOnce(t *testing.T) {
	h := newHall(t)
	_, s := h.newSuite()
	var mu sync.Mutex
	corp, suite := map[string]bool{}, map[string]bool{}
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			a, _, err1 := h.CorpToken(t.Context(), s, "acme")
			b, _, err2 := h.SignedCorpToken(t.Context(), s.signed(h.clock()), "acme")
			c, _, err3 := h.SuiteToken(t.Context(), s)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Error(err)
			}
			for _, token := range []string{a, b} {
				if _, ok := h.Grant([]byte(token)); !ok {
					t.Error("a token is not granted")
				}
			}
			mu.Lock()
			defer mu.Unlock()
			corp[a], corp[b], suite[c] = true, true, true
		})
	}
	wg.Wait()
	if len(corp) != 64 || len(suite) != 1 {
		t.Errorf("%d tokens for the organization, want 64; %d of the suite, want 1", len(corp), len(suite))
	}
	h.restart(h.key)
	for token := range corp {
		h.grants(token, true, "after all and a restart")
	}
}

func TestNoErrorOfASuiteShowsASecret(t *testing.T) {
	h := newHall(t)
	app, s := h.newSuite()
	hide := []string{s.Secret, s.Ticket, app.SecretSealed, app.SecretHash, "guess"}
	h.store.fail = errors.New("disk full")
	var failures []error
	fail := func(_ string, _ int, err error) { failures = append(failures, err) }
	fail(h.CorpToken(t.Context(), s, "acme"))
	fail(h.SuiteToken(t.Context(), s))
	fail(h.SignedCorpToken(t.Context(), s.signed(h.clock()), "acme"))
	fail(h.SuiteToken(t.Context(), Suite{Key: s.Key, Secret: "guess", Ticket: s.Ticket}))
	fail(h.SuiteToken(t.Context(), Suite{Key: s.Key, Secret: s.Secret, Ticket: "guess"}))
	guess := s
	guess.Secret = "guess"
	fail(h.SignedCorpToken(t.Context(), guess.signed(h.clock()), "acme"))
	for i, err := range failures {
		if err == nil {
			t.Fatalf("%d: no error", i)
		}
		for _, secret := range hide {
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
				t.Errorf("%q shows %q", err, secret)
			}
		}
		if i < 3 && rollcall.KindOf(err) != rollcall.KindBusy {
			t.Errorf("%d: %v is not of KindBusy", i, err)
		}
	}
}
