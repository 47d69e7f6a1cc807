package wire

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"rollcall"
)

// oauthEndpoints answer with their arguments, or with an error whose kind is
// the length of the name.
func oauthEndpoints() []*Endpoint {
	token := &Endpoint{
		Path: "/v1.0/oauth2/accessToken", Family: OAuth, Methods: []string{"POST"}, Public: true,
		Params: []Param{
			{Name: "appKey", Kind: String, Required: true, Max: 8},
			{Name: "appSecret", Kind: String, Required: true},
		},
		Unparsable: FaultInvalidBody,
		Faults: []FaultRow{
			{Kind: rollcall.KindDenied, Fault: FaultWrongClientID},
			{Kind: rollcall.KindInvalid, Fault: FaultScopeMissing},
		},
		Serve: func(c *Call) error {
			switch c.Text(0) {
			case "denied":
				return &rollcall.Error{Kind: rollcall.KindDenied}
			case "scope":
				return &rollcall.Error{Kind: rollcall.KindInvalid, Param: "qyapi_base"}
			case "broken":
				return errors.New("disk on fire")
			case "panic":
				panic("at the disco")
			}
			return echo(c)
		},
	}
	corp := &Endpoint{
		Path: "/v1.0/oauth2/{corpId}/token", Family: OAuth, Methods: []string{"POST"}, Public: true,
		Params:     []Param{{Name: "client_id", Kind: String}, {Name: "corpId", Kind: String, Required: true}},
		Unparsable: FaultInvalidBody, Serve: echo,
	}
	return []*Endpoint{token, corp}
}

const testUUID = "00000000-0000-4000-8000-000000000000"

// The forms of the newer host (contract 3.4): JSON only, failures with an HTTP
// status.
func TestNewerHost(t *testing.T) {
	cfg := testConfig(oauthEndpoints()...)
	log, lines := newLog(slog.LevelError)
	cfg.Log = log
	cfg.ID = func() uint64 { return 0 }
	s := newService(t, cfg)
	h := Handler(s)
	const good = `{"appKey":"key","appSecret":"secret"}`
	fault := func(code, message string) string {
		return `{"requestid":"` + testUUID + `","code":"` + code + `","message":"` + message + `"}`
	}
	missingBody := fault("Missingbody", "body is mandatory for this action.")
	notFound := fault("InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
	const path = "/v1.0/oauth2/accessToken"
	for _, tt := range []struct {
		method, target, contentType, body string
		status                            int
		want                              string
	}{
		{"POST", path, jsonType, good, 200, good},
		{"POST", path, "application/json", "\xEF\xBB\xBF \r\n" + good, 200, good},
		{"POST", path, "", good, 200, good},
		{"POST", path + "?appKey=other&access_token=x", jsonType, good, 200, good}, // the query string is not read
		{"POST", path + "?appKey=%", jsonType, good, 200, good},
		{"POST", path, formType, good, 400, missingBody},
		{"POST", path, formType, "appKey=key&appSecret=secret", 400, missingBody},
		{"POST", path, "text/plain", good, 400, missingBody},
		{"POST", path, jsonType, "", 400, missingBody},
		{"POST", path, jsonType, " \n", 400, missingBody},
		{"POST", path + "?appKey=key&appSecret=secret", "", "", 400, missingBody},
		{"POST", path, jsonType, "{", 400, fault("Invalidbody", "Specified parameter body is not valid.")},
		{"POST", path, jsonType, "[]", 400, fault("Invalidbody", "Specified parameter body is not valid.")},
		{"POST", path, jsonType, strings.Repeat(" ", 1<<20) + good, 400, fault("Invalidbody", "Specified parameter body is not valid.")},
		{"POST", path, jsonType, "{}", 400, fault("MissingappKey", "appKey is mandatory for this action.")},
		{"POST", path, jsonType, `{"appKey":"key","appSecret":null}`, 400, fault("MissingappSecret", "appSecret is mandatory for this action.")},
		{"POST", path, jsonType, `{"appKey":["key"],"appSecret":"x"}`, 400, fault("InvalidappKey", "Specified parameter appKey is not valid.")},
		{"POST", path, jsonType, `{"appKey":"123456789","appSecret":"x"}`, 400, fault("InvalidappKey", "Specified parameter appKey is not valid.")},
		{"POST", path, jsonType, `{"appKey":"denied","appSecret":"x"}`, 400, fault("invalidClientIdOrSecret", "Invalid clientId or clientSecret")},
		{
			"POST", path, jsonType, `{"appKey":"scope","appSecret":"x"}`, 403,
			strings.TrimSuffix(fault("Forbidden.AccessDenied.AccessTokenPermissionDenied", "The app does not hold the required permission point: [qyapi_base]"), "}") +
				`,"accessdenieddetail":{"requiredScopes":["qyapi_base"]}}`,
		},
		{"POST", path, jsonType, `{"appKey":"broken","appSecret":"x"}`, 500, fault("server.error", "server.error")},
		{"POST", path, jsonType, `{"appKey":"panic","appSecret":"x"}`, 500, fault("server.error", "server.error")},
		{"GET", path, jsonType, good, 404, notFound},
		{"DELETE", path, "", "", 404, notFound},
		{"POST", "/v1.0/oauth2/accessToke", jsonType, good, 404, notFound},
		{"POST", "/v1.0/", jsonType, good, 404, notFound},

		{"POST", "/v1.0/oauth2/ding1/token", jsonType, `{"client_id":"a","corpId":"other"}`, 200, `{"client_id":"a","corpId":"ding1"}`},
		{"POST", "/v1.0/oauth2/a%22b/token", jsonType, `{}`, 200, `{"corpId":"a\"b"}`},
		{"GET", "/v1.0/oauth2/ding1/token", jsonType, `{}`, 404, notFound},
		{"POST", "/v1.0/oauth2//token", jsonType, `{}`, 404, notFound},
		{"POST", "/v1.0/oauth2/a/b/token", jsonType, `{}`, 404, notFound},
		{"POST", "/v1.0/oauth2/ding1/token/", jsonType, `{}`, 404, notFound},
	} {
		r := httptest.NewRequestWithContext(context.Background(), tt.method, tt.target, strings.NewReader(tt.body))
		r.Header.Set("Content-Type", tt.contentType)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Body.String() != tt.want || w.Header().Get("Content-Type") != "application/json;charset=UTF-8" {
			t.Errorf("%s %s %.60s:\n got %d %s\nwant %d %s", tt.method, tt.target, tt.body, w.Code, w.Body, tt.status, tt.want)
		}
	}
	if len(*lines) != 2 || !strings.Contains((*lines)[0], "request_id="+testUUID+" path="+path+" err=disk on fire") {
		t.Errorf("the log says %q", *lines)
	}
	s.Drain()
	r := httptest.NewRequestWithContext(context.Background(), "POST", path, strings.NewReader(good))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || w.Body.String() != fault("server.error", "server.error") {
		t.Errorf("draining: %d %s", w.Code, w.Body)
	}
	if s.InFlight() != 0 {
		t.Error("calls are in flight")
	}
}

func TestNewerHostSpeaksChinese(t *testing.T) {
	cfg := testConfig(oauthEndpoints()...)
	cfg.Authority.(*authority).lang = rollcall.Chinese
	got := call(t, newService(t, cfg), "POST", "/v1.0/oauth2/accessToken", jsonType, `{"appKey":"denied","appSecret":"x"}`)
	if !strings.Contains(got, `"code":"invalidClientIdOrSecret","message":"无效的clientId或者clientSecret"}`) {
		t.Errorf("got %s", got)
	}
}

// What a pooled call did on the newer host does not stay on it.
func TestTheStatusIsThatOfOneCall(t *testing.T) {
	s := newService(t, testConfig(append(testEndpoints(), oauthEndpoints()...)...))
	for range 20 {
		call(t, s, "POST", "/v1.0/oauth2/accessToken", jsonType, "")
		a, err := s.Answer(context.Background(), Request{Method: "GET", Path: "/gettoken"})
		if err != nil || a.Status() != 200 {
			t.Fatalf("status %d, %v", a.Status(), err)
		}
		a.Release()
	}
}

func TestUUIDs(t *testing.T) {
	var id [uuidLen]byte
	form := regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	for _, n := range []uint64{0, 1, 1<<64 - 1, 0x0123456789ABCDEF} {
		for _, m := range []uint64{0, 1<<64 - 1, 0xFEDCBA9876543210} {
			if formatUUID(&id, n, m); !form.Match(id[:]) {
				t.Errorf("%x %x: %s", n, m, id)
			}
		}
	}
	if formatUUID(&id, 0x0123456789ABCDEF, 0xFEDCBA9876543210); string(id[:]) != "01234567-89AB-4DEF-BEDC-BA9876543210" {
		t.Errorf("%s", id)
	}
}

func TestTablesOfTheNewerHostAreChecked(t *testing.T) {
	for what, spoil := range map[string]func(*Endpoint){
		"not public":            func(e *Endpoint) { e.Public = false },
		"another host":          func(e *Endpoint) { e.Unparsable = FaultParamFormat },
		`names "nobody"`:        func(e *Endpoint) { e.Path = "/v1.0/oauth2/{nobody}/token" },
		"not one of its family": func(e *Endpoint) { e.Path = "/oauth2/accessToken" },
		"is not in the table":   func(e *Endpoint) { e.Faults[0].Fault = Fault{Code: 400, Name: "x"} },
	} {
		ep := oauthEndpoints()[0]
		spoil(ep)
		if _, err := New(testConfig(ep)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
	ep := testEndpoints()[0]
	ep.Unparsable = FaultInvalidBody
	if _, err := New(testConfig(ep)); err == nil || !strings.Contains(err.Error(), "another host") {
		t.Errorf("a fault of the newer host under /topapi: %v", err)
	}
}
