package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
)

func TestChecksComeInOrder(t *testing.T) {
	ep := testEndpoints()[3] // inactive: a permission point, app types, parameters
	ep.Methods = []string{"POST"}
	ep.Serve = func(*Call) error { return &rollcall.Error{Kind: rollcall.KindNotFound} }
	ep.Faults = []FaultRow{{Kind: rollcall.KindNotFound, Fault: FaultDeptNotFound}}
	cfg := testConfig(ep)
	cfg.Authority.(*authority).apps["both"] = &app{"x", rollcall.ThirdParty, nil, rollcall.English, nil, nil}
	s := newService(t, cfg)
	const ok = "is_active=0&query_date=20260101&offset=0&size=1"
	for _, tt := range []struct{ method, path, token, body, want string }{
		{"GET", "/topapi/no", "wrong", "%", `"errcode":22`},
		{"GET", ep.Path, "wrong", "%", `"errcode":43002`},
		{"POST", ep.Path, "", "%", `"sub_code":"40000"`},
		{"POST", ep.Path, "wrong", "%", `"sub_code":"40014"`},
		{"POST", ep.Path, "both", "%", `permission point: [qyapi_liveness_base]`},
		{"POST", ep.Path, guestToken, "%", `apps of the type third_party`},
		{"POST", ep.Path, goodToken, "%", `"errcode":400002,"errmsg":"Invalid parameter format: percent-encoding"`},
		// What is missing goes before what is malformed, wherever it stands.
		{"POST", ep.Path, goodToken, "is_active=x", `"errcode":400002,"errmsg":"Invalid parameter: query_date"`},
		{"POST", ep.Path, goodToken, "is_active=x&query_date=20260101&offset=y&size=z", `"errcode":400002,"errmsg":"Invalid parameter format: is_active"`},
		{"POST", ep.Path, goodToken, ok, `"errcode":60003`},
	} {
		if got := call(t, s, tt.method, tt.path+"?access_token="+tt.token, formType, tt.body); !strings.Contains(got, tt.want) {
			t.Errorf("%s %s %s %s: got %s, want %s", tt.method, tt.path, tt.token, tt.body, got, tt.want)
		}
	}
}

func TestRowsForErrorsOfServe(t *testing.T) {
	ep := &Endpoint{Faults: []FaultRow{
		{Kind: rollcall.KindInvalid, Fault: FaultParamInvalid},
		{Kind: rollcall.KindInvalid, Param: "size", Fault: FaultInvalidSize},
		{Kind: rollcall.KindInvalid, Fault: FaultParamEmpty},
		{Kind: rollcall.KindNotFound, Param: "dept_id", Fault: FaultDeptNotFound},
		{Kind: rollcall.KindBusy, Fault: FaultDeptNotFound},
		{Is: io.ErrUnexpectedEOF, Fault: FaultDeptScope},
	}}
	for _, tt := range []struct {
		kind  rollcall.ErrorKind
		param string
		want  Fault
	}{
		{rollcall.KindInvalid, "", FaultParamInvalid},
		{rollcall.KindInvalid, "offset", FaultParamInvalid},
		{rollcall.KindInvalid, "size", FaultInvalidSize},
		{rollcall.KindNotFound, "dept_id", FaultDeptNotFound},
		{rollcall.KindNotFound, "userid", Fault{}},
		{rollcall.KindConflict, "", Fault{}},
		{rollcall.KindBusy, "", Fault{}},
		{rollcall.KindInternal, "", Fault{}},
	} {
		row, ok := ep.fault(&rollcall.Error{Kind: tt.kind, Param: tt.param})
		if row.Fault != tt.want || ok != (tt.want != Fault{}) {
			t.Errorf("kind %d, %q: got %v, %t", tt.kind, tt.param, row.Fault, ok)
		}
	}
	for _, err := range []error{
		io.ErrUnexpectedEOF, fmt.Errorf("reading: %w", io.ErrUnexpectedEOF),
		&rollcall.Error{Kind: rollcall.KindInvalid, Param: "size", Err: io.ErrUnexpectedEOF},
		&rollcall.Error{Kind: rollcall.KindBusy, Err: io.ErrUnexpectedEOF},
	} {
		if row, told, ok := ep.faultOf(err); !ok || row.Fault != FaultDeptScope || told == nil {
			t.Errorf("%v: got %v, %t", err, row.Fault, ok)
		}
	}
	if row, _, ok := ep.faultOf(io.EOF); ok {
		t.Errorf("another error: got %v", row.Fault)
	}
}

// script is a service whose one public endpoint does what it is told.
func script(t *testing.T, cfg Config, serve func(*Call) error) *Service {
	cfg.Endpoints = []*Endpoint{{
		Path: probePath, Methods: getPost, Public: true, Unparsable: FaultParamFormat, Serve: serve,
		Params: []Param{{Name: "secret", Kind: String}},
		Faults: []FaultRow{{Kind: rollcall.KindInvalid, Fault: FaultParamInvalid}},
	}}
	return newService(t, cfg)
}

const busyReply = `{"errcode":-1,"errmsg":"System busy","request_id":"` + testID + `"}`

func TestPanics(t *testing.T) {
	cfg := testConfig()
	log, lines := newLog(slog.LevelInfo)
	cfg.Log = log
	s := script(t, cfg, func(c *Call) error {
		c.Result().Raw(`{"half":`)
		panic("at the disco")
	})
	for range 3 {
		if got := call(t, s, "POST", probePath, "", "secret=hidden"); got != busyReply {
			t.Errorf("got %s", got)
		}
	}
	if len(*lines) != 3 || !strings.HasPrefix((*lines)[0], "ERROR call failed request_id="+testID+" path="+probePath+" err=panic: at the disco took=0s stack=") ||
		!strings.Contains((*lines)[0], "TestPanics") || strings.Contains((*lines)[0], "hidden") {
		t.Errorf("the log says %q", *lines)
	}
	if n := s.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}

func TestLog(t *testing.T) {
	var next error
	var took time.Duration
	now := time.Unix(0, 0)
	cfg := testConfig()
	cfg.Now = func() time.Time { return now }
	log, lines := newLog(slog.LevelDebug)
	cfg.Log = log
	s := script(t, cfg, func(c *Call) error {
		c.Result().Raw("{}")
		now = now.Add(took)
		return next
	})
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		took time.Duration
		path string
		want string
	}{
		{"success", context.Background(), nil, time.Second, probePath, "DEBUG call request_id=ID path=PATH errcode=0 about= took=1s"},
		{"slow", context.Background(), nil, 1001 * time.Millisecond, probePath, "WARN slow call request_id=ID path=PATH errcode=0 took=1.001s"},
		{"clock set back", context.Background(), nil, -time.Hour, probePath, "DEBUG call request_id=ID path=PATH errcode=0 about= took=0s"},
		{"client's fault", context.Background(), rollcall.Invalid("v", "hidden"), 0, probePath, "DEBUG call request_id=ID path=PATH errcode=400002 about=v took=0s"},
		{"ours", context.Background(), fmt.Errorf("reading: %w", errors.New("disk on fire")), 0, probePath, "ERROR call failed request_id=ID path=PATH err=reading: disk on fire took=0s"},
		{"no row", context.Background(), &rollcall.Error{Kind: rollcall.KindNotFound, Detail: "gone"}, 0, probePath, "ERROR call failed request_id=ID path=PATH err=gone took=0s"},
		{"client gone", gone, fmt.Errorf("waiting: %w", context.Canceled), 0, probePath, "DEBUG client gone request_id=ID path=PATH err=waiting: context canceled"},
		{"canceled by ourselves", context.Background(), context.Canceled, 0, probePath, "ERROR call failed request_id=ID path=PATH err=context canceled took=0s"},
		{"unknown", context.Background(), nil, 0, "/topapi/no", "DEBUG call request_id=ID errcode=22 about=/topapi/no took=0s"},
		{"unknown classic", context.Background(), nil, 0, "/no", "DEBUG call request_id=ID errcode=404 about=/no took=0s"},
	} {
		*lines, next, took = nil, tt.err, tt.took
		a, err := s.Answer(tt.ctx, Request{Method: "POST", Path: tt.path, RawQuery: "secret=hidden&access_token=hidden"})
		if err != nil {
			t.Fatal(err)
		}
		a.Release()
		want := strings.NewReplacer("ID", testID, "PATH", probePath).Replace(tt.want)
		if len(*lines) != 1 || (*lines)[0] != want {
			t.Errorf("%s: the log says %q, want %q", tt.name, *lines, want)
		}
	}
}

func TestTheLogNamesTheApp(t *testing.T) {
	ep := testEndpoints()[1]
	ep.Serve = func(*Call) error { return errors.New("no") }
	cfg := testConfig(ep)
	log, lines := newLog(slog.LevelInfo)
	cfg.Log = log
	call(t, newService(t, cfg), "POST", ep.Path+"?dept_id=1&access_token="+goodToken, "", "")
	if len(*lines) != 1 || !strings.Contains((*lines)[0], " app=ding1 ") || strings.Contains((*lines)[0], goodToken) {
		t.Errorf("the log says %q", *lines)
	}
}

type observed struct {
	mu   sync.Mutex
	seen []string
}

func (o *observed) Done(ep *Endpoint, errcode int, took time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := "none"
	if ep != nil {
		path = ep.Path
	}
	o.seen = append(o.seen, fmt.Sprint(path, " ", errcode, " ", took))
}

func TestObserver(t *testing.T) {
	cfg := testConfig()
	o := &observed{}
	cfg.Observer = o
	s := newService(t, cfg)
	for _, target := range []string{
		"/topapi/user/count?only_active=1&access_token=" + goodToken, "/topapi/user/count?access_token=" + goodToken,
		"/topapi/user/count", "/auth/scopes?access_token=x", "/topapi/x", "/x",
	} {
		call(t, s, "GET", target, "", "")
	}
	s.Drain()
	call(t, s, "GET", "/auth/scopes", "", "")
	want := "/topapi/user/count 0 0s|/topapi/user/count 400002 0s|/topapi/user/count 88 0s|/auth/scopes 40014 0s|none 22 0s|none 404 0s|/auth/scopes -1 0s"
	if got := strings.Join(o.seen, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOverloadAndDrain(t *testing.T) {
	cfg := testConfig()
	cfg.MaxInFlight = 2
	now := time.Unix(100, 0)
	cfg.Now = func() time.Time { return now }
	log, lines := newLog(slog.LevelInfo)
	cfg.Log = log
	entered, leave := make(chan bool), make(chan bool)
	s := script(t, cfg, func(c *Call) error {
		if c.Given(0) {
			entered <- true
			<-leave
		}
		c.Result().Raw("{}")
		return nil
	})
	okReply := `{"errcode":0,"errmsg":"ok","result":{},"request_id":"` + testID + `"}`
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if got := call(t, s, "POST", probePath+"?secret=1", "", ""); got != okReply {
				t.Errorf("got %s", got)
			}
		})
		<-entered
	}
	if n := s.InFlight(); n != 2 {
		t.Errorf("%d calls are in flight", n)
	}
	for i := range 5 {
		if i == 4 {
			now = now.Add(time.Second)
		}
		if got := call(t, s, "POST", probePath, "", ""); got != busyReply {
			t.Errorf("got %s", got)
		}
	}
	if got := call(t, s, "GET", "/", "", ""); got != `{"errcode":404,"errmsg":"The requested URI does not exist"}` {
		t.Errorf("what costs nothing is answered: got %s", got)
	}
	want := "WARN calls turned away request_id=ID path=PATH err=too many calls in flight calls=1|" +
		"WARN calls turned away request_id=ID path=PATH err=too many calls in flight calls=4"
	want = strings.NewReplacer("ID", testID, "PATH", probePath).Replace(want)
	if got := strings.Join(*lines, "|"); got != want {
		t.Errorf("the log says %s\nwant %s", got, want)
	}

	leave <- true
	s.Drain() // with the other one still in flight
	if got := call(t, s, "POST", probePath, "", ""); got != busyReply {
		t.Errorf("while draining: got %s", got)
	}
	leave <- true
	wg.Wait()
	if n := s.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}

// A client that sends its body slowly takes nobody's place.
func TestSlowBodiesAreNotInFlight(t *testing.T) {
	cfg := testConfig()
	cfg.MaxInFlight = 1
	s := script(t, cfg, func(c *Call) error {
		c.Result().Raw("{}")
		return nil
	})
	body, end := io.Pipe()
	done := make(chan error)
	for range 3 {
		go func() {
			a, err := s.Answer(context.Background(), Request{Method: "POST", Path: probePath, Body: body, Length: -1})
			if err == nil {
				a.Release()
			}
			done <- err
		}()
	}
	for range 3 {
		if _, err := end.Write([]byte("x")); err != nil { // a reader has begun
			t.Fatal(err)
		}
	}
	if got := call(t, s, "POST", probePath, "", ""); !strings.Contains(got, `"errcode":0`) {
		t.Errorf("beside slow bodies: got %s", got)
	}
	end.CloseWithError(errors.New("gone"))
	for range 3 {
		if err := <-done; err == nil {
			t.Error("a body that broke off was answered")
		}
	}
	if n := s.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}

// TestCallsDoNotMix has many calls at a time, whose arguments must come back in
// their own replies.
func TestCallsDoNotMix(t *testing.T) {
	s := newService(t, testConfig())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				n := g*1000 + i + 1
				want := fmt.Sprintf(`{"is_active":true,"query_date":"20260101","dept_ids":[%d,%d],"offset":%d,"size":7}`, n, n+1, n)
				body := fmt.Sprintf("access_token=%s&is_active=1&query_date=20260101&dept_ids=%d,%d&offset=%d&size=7", goodToken, n, n+1, n)
				if i%2 == 0 {
					body = `{"access_token":"` + goodToken + `",` + want[1:]
				}
				if got := argsOf(t, s, "/topapi/inactive/user/v2/get", "", body); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				call(t, s, "POST", "/topapi/user/count?only_active=x", "", "")
			}
		})
	}
	wg.Wait()
}

func TestLargeBuffersAreNotKept(t *testing.T) {
	s := script(t, testConfig(), func(c *Call) error {
		c.Result().Raw(`"` + strings.Repeat("x", 5<<20) + `"`)
		return nil
	})
	a, err := s.Answer(context.Background(), Request{
		Method: "POST", Path: probePath, Body: strings.NewReader(strings.Repeat("x", 100_000)), Length: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := a.call
	if len(a.Body()) < 5<<20 {
		t.Errorf("%d bytes", len(a.Body()))
	}
	a.Release()
	if cap(c.in) != 0 || cap(c.out) != 0 {
		t.Errorf("kept %d and %d bytes", cap(c.in), cap(c.out))
	}
}

func TestTablesOfEndpointsAreChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a service without anything was made")
	}
	valid := func() *Endpoint {
		return &Endpoint{Path: probePath, Methods: getPost, Unparsable: FaultParamFormat, Serve: echo, Params: []Param{text("a"), text("b")}}
	}
	for what, spoil := range map[string]func(*Endpoint){
		"not one of its family": func(e *Endpoint) { e.Family = Classic },
		"is not one of":         func(e *Endpoint) { e.Path = "topapi/x" },
		"takes no method":       func(e *Endpoint) { e.Methods = nil },
		"method PUT":            func(e *Endpoint) { e.Methods = []string{"PUT"} },
		"no Serve":              func(e *Endpoint) { e.Serve = nil },
		"fault 0":               func(e *Endpoint) { e.Unparsable = Fault{} },
		"fault 12":              func(e *Endpoint) { e.Params[0].Missing = Fault{Code: 12} },
		"fault 13":              func(e *Endpoint) { e.Faults = []FaultRow{{Fault: Fault{Code: 13}}} },
		`"a" is empty or taken`: func(e *Endpoint) { e.Params[1].Name = "a" },
		`name "" is empty`:      func(e *Endpoint) { e.Params[1].Name = "" },
		`"access_token" is`:     func(e *Endpoint) { e.Params[1].Name = "access_token" },
		"a: Enum or MaxItems":   func(e *Endpoint) { e.Params[0].Kind = IDs },
		"b: Enum or MaxItems":   func(e *Endpoint) { e.Params[1].Enum = []string{"x"} },
		"1000 items":            func(e *Endpoint) { e.Params[0] = Param{Name: "a", Kind: IDs, MaxItems: 1001} },
	} {
		ep := valid()
		spoil(ep)
		if _, err := New(testConfig(ep)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("want %q, got %v", what, err)
		}
	}
	if _, err := New(testConfig(valid(), valid())); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("an endpoint was there twice: %v", err)
	}
	s := newService(t, testConfig(valid()))
	if eps := s.Endpoints(); len(eps) != 1 || eps[0].Path != probePath {
		t.Errorf("endpoints %v", eps)
	}
}

func TestPathsInAnyLetterCase(t *testing.T) {
	folded := &Endpoint{
		Path: "/user/getUseridByUnionid", AnyCase: true, Family: Classic, Methods: []string{"GET"}, Public: true,
		Unparsable: FaultInvalidParameter, Serve: func(*Call) error { return nil },
	}
	exact := *folded
	exact.Path, exact.AnyCase = "/user/Exact", false
	s := newService(t, testConfig(folded, &exact))
	const found, unknown = `{"errcode":0`, `{"errcode":404`
	for path, want := range map[string]string{
		"/user/getUseridByUnionid":                found,
		"/user/getuseridbyunionid":                found,
		"/USER/GETUSERIDBYUNIONID":                found,
		"/user/getUseridByUnionid/":               unknown,
		"/user/getUseridByUnionId2":               unknown,
		"/user/Exact":                             found,
		"/user/exact":                             unknown,
		"/" + strings.Repeat("x", 2*maxPath):      unknown,
		"/user/getUser\u0130dByUn\u0130on\u0130d": unknown, // a capital letter that is i in lower case, with a dot
	} {
		if got := call(t, s, "GET", path, "", ""); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	top := *folded
	top.Path, top.Family = "/topapi/x", TOP
	if _, err := New(testConfig(&top)); err == nil {
		t.Error("a path under /topapi is taken in any letter case")
	}
}
