package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/wire"
)

// send makes one request and returns the reply. A body that begins with a brace
// is JSON.
func (w *world) send(method, target, body string) reply {
	w.t.Helper()
	request := method + " " + target
	switch {
	case strings.HasPrefix(body, "{"):
		request += "\nContent-Type: application/json\n\n" + body
	case body != "":
		request += "\nContent-Type: application/x-www-form-urlencoded\n\n" + body
	}
	conn := dial(w.t, w.addr)
	defer conn.Close()
	_, b := raw(request)
	if _, err := conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
	r, err := conn.receive(method)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// field returns a member of a reply, as text.
func (r reply) field(t *testing.T, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(r.body), &members); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	if members[name] == nil {
		return ""
	}
	return fmt.Sprint(members[name])
}

// A third-party app from its first call to its last, over HTTP and over restarts
// of what knows the tokens.
func TestAThirdPartyApp(t *testing.T) {
	w, apps := fixture(t, setups["suite"])
	w.serve(nil)
	suite := apps[slices.IndexFunc(apps, func(a app) bool { return a.name == "suite" })]
	if suite.kind != rollcall.ThirdParty {
		t.Fatalf("the app is %+v", suite)
	}
	ticket := func() string {
		a, _ := w.org.App(suite.appkey)
		return w.key.Ticket(fixtureCorp, a)
	}
	secret := suite.appsecret
	signed := func() string {
		stamp := fmt.Sprint(w.clock().UnixMilli())
		r := w.send("POST", "/service/get_corp_token?"+url.Values{
			"accessKey": {suite.appkey}, "timestamp": {stamp}, "suiteTicket": {ticket()},
			"signature": {access.Signature(secret, stamp, ticket())},
		}.Encode(), `{"auth_corpid":"`+fixtureCorp+`"}`)
		return r.field(t, "access_token")
	}
	newer := func() string {
		return w.send("POST", "/v1.0/oauth2/corpAccessToken", fmt.Sprintf(
			`{"suiteKey":%q,"suiteSecret":%q,"suiteTicket":%q,"authCorpId":%q}`, suite.appkey, secret, ticket(), fixtureCorp)).field(t, "accessToken")
	}
	ofSuite := func() string {
		return w.send("POST", "/service/get_suite_token", fmt.Sprintf(
			`{"suite_key":%q,"suite_secret":%q,"suite_ticket":%q}`, suite.appkey, secret, ticket())).field(t, "suite_access_token")
	}
	opens := func(token string) string {
		r := w.send("POST", "/topapi/user/count?only_active=false&access_token="+token, "")
		return r.field(t, "errcode") + r.field(t, "sub_code")
	}
	restart := func() {
		t.Helper()
		w.close()
		w.access = access.New(w.key, w.store, w.clock)
		if err := w.access.Add(context.Background(), w.org); err != nil {
			t.Fatal(err)
		}
		w.serve(nil)
	}

	good := map[string]bool{}
	for range 3 {
		good[signed()], good[newer()] = true, true
	}
	if len(good) != 6 {
		t.Errorf("%d tokens of 6 calls", len(good))
	}
	stands := ofSuite()
	if again := ofSuite(); again != stands || good[stands] || stands == "" {
		t.Errorf("suite tokens %q and %q", stands, again)
	}
	for range 2 {
		for token := range good {
			if got := opens(token); got != "0" {
				t.Errorf("a token for the organization: %s", got)
			}
		}
		if got := opens(stands); got != "8840014" {
			t.Errorf("a suite token: %s", got)
		}
		if r := w.send("GET", "/auth/scopes?access_token="+stands, ""); r.field(t, "errcode") != "40014" {
			t.Errorf("a suite token on a classic path: %s", r.body)
		}
		restart()
	}

	// A new ticket keeps the tokens and refuses the old ticket.
	before := ticket()
	w.change(suite.appkey, func(a *rollcall.App) { a.TicketGeneration++ })
	r := w.send("POST", "/service/get_suite_token", fmt.Sprintf(
		`{"suite_key":%q,"suite_secret":%q,"suite_ticket":%q}`, suite.appkey, secret, before))
	if r.field(t, "errcode") != "40085" || signed() == "" {
		t.Errorf("with the ticket before: %s", r.body)
	}
	for token := range good {
		if got := opens(token); got != "0" {
			t.Errorf("after a new ticket: %s", got)
		}
	}

	// A new secret ends everything.
	a, _ := w.org.App(suite.appkey)
	fresh := *a
	fresh.SecretGeneration++
	w.key.SetSecret(fixtureCorp, &fresh, "another-secret-of-the-suite")
	w.do([]rollcall.Change{{Kind: rollcall.AppSecretReset, Payload: rollcall.Payload{App: &fresh}}}, nil)
	if token := signed(); token != "" {
		t.Errorf("the old secret signs: %q", token)
	}
	secret = "another-secret-of-the-suite"
	for range 2 {
		for token := range good {
			if got := opens(token); got != "8840014" {
				t.Errorf("after a new secret: %s", got)
			}
		}
		restart()
	}
	if got := opens(signed()); got != "0" {
		t.Errorf("with the new secret: %s", got)
	}
}

// Every endpoint with a token looks at the address and the rate of the app, in
// the form of its family and before its parameters.
func TestEveryEndpointLooksAtAddressAndRate(t *testing.T) {
	w := newWorld(t, "everywhere", at(t, plainNow))
	far := everything("everything-1", "the secret of everything")
	often := everything("everything-2", "the secret of everything")
	w.add(far, often)
	farToken, oftenToken := w.token(far), w.token(often)
	w.change(far.appkey, func(a *rollcall.App) { a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} })
	w.change(often.appkey, func(a *rollcall.App) { a.Rate = 1 })
	w.serve(nil)
	checked := 0
	for _, ep := range w.api.Endpoints() {
		if ep.Public {
			continue
		}
		checked++
		code := func(token string) string {
			r := w.send(ep.Methods[0], ep.Path+"?access_token="+token, "")
			if r.status != 200 || r.contentType != ep.Family.ContentType() {
				t.Errorf("%s: %d %s", ep.Path, r.status, r.contentType)
			}
			return strings.TrimPrefix(r.field(t, "errcode"), "88") + r.field(t, "sub_code")
		}
		if got := code(farToken); got != "60020" {
			t.Errorf("%s from elsewhere: %s", ep.Path, got)
		}
		if got := code(oftenToken); got == "90018" {
			t.Errorf("%s: the first call is one too many", ep.Path)
		}
		if got := code(oftenToken); got != "90018" {
			t.Errorf("%s: the second call of a second: %s", ep.Path, got)
		}
		w.set(w.clock().Add(time.Second))
		if got := code(oftenToken); got == "90018" {
			t.Errorf("%s: a second later there is no call", ep.Path)
		}
	}
	if checked < 8 {
		t.Errorf("only %d endpoints were tried", checked)
	}
}

// What an app is told of its scope is what is there: nobody who left, no
// department that was deleted.
func TestScopesShowWhatIsThere(t *testing.T) {
	w, _ := fixture(t, setups["plain"])
	a := app{
		name: "gone", appkey: "gone-1", appsecret: "the secret of gone", kind: rollcall.Internal,
		permissions: []rollcall.Permission{rollcall.PermBase}, scope: []rollcall.DeptID{90, 21, 12345}, people: []string{"leaver", "today", "nobody"},
	}
	w.add(a)
	w.serve(nil)
	r := w.send("GET", "/auth/scopes?access_token="+w.token(a), "")
	if !strings.Contains(r.body, `"auth_org_scopes":{"authed_user":["today"],"authed_dept":[21]}`) {
		t.Errorf("got %s", r.body)
	}
	w.change(a.appkey, func(a *rollcall.App) { a.ScopeDepts = append(a.ScopeDepts, rollcall.RootDept) })
	r = w.send("GET", "/auth/scopes?access_token="+w.token(a), "")
	if !strings.Contains(r.body, `"auth_org_scopes":{"authed_user":[],"authed_dept":[1]}`) {
		t.Errorf("with the root: got %s", r.body)
	}
}

// Tokens of the newer host and of the classic path are one (contract 3).
func TestOneTokenForBothHosts(t *testing.T) {
	w, apps := fixture(t, setups["plain"])
	w.serve(nil)
	bare := apps[3]
	newer := func() string {
		return w.send("POST", "/v1.0/oauth2/accessToken", fmt.Sprintf(`{"appKey":%q,"appSecret":%q}`, bare.appkey, bare.appsecret)).field(t, "accessToken")
	}
	older := func() string {
		return w.send("GET", "/gettoken?appkey="+bare.appkey+"&appsecret="+bare.appsecret, "").field(t, "access_token")
	}
	first := newer()
	for range 3 { // each of them renews it
		w.set(w.clock().Add(7199 * time.Second))
		if older() != first {
			t.Error("gettoken gives another token")
		}
		w.set(w.clock().Add(7199 * time.Second))
		if newer() != first {
			t.Error("accessToken gives another token")
		}
	}
	w.set(w.clock().Add(2 * time.Hour))
	if newer() == first {
		t.Error("the same token after its end")
	}
}

var _ wire.Caller = (*access.Grant)(nil)
