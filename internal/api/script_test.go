package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// Where TestWireScripts sends its requests; testdata/wire/README.md tells how
// the server has to be made.
var (
	liveURL    = flag.String("url", "", "run the wire scripts against the server at this URL")
	liveSetup  = flag.String("setup", "plain", "the setup of that server")
	liveKey    = flag.String("appkey", "", "appkey to use in the place of the fixture's first app")
	liveSecret = flag.String("appsecret", "", "its appsecret")
)

const (
	fixtureCorp = "wirefixture"
	// imported is when the fixture comes in: later than the clocks of the
	// setups, as it is with a server that is started with a clock set back.
	imported = "2026-11-01T12:00:00+08:00"
)

// setup is a way in which the fixture is served.
type setup struct {
	now      string
	settings []string // pairs
	// prepare does to a server what cannot be done from outside, after the
	// first app has got its token, or all of them where it is nil.
	prepare func(*world)
	// people says that the people of the fixture get all their values.
	people bool
}

const plainNow = "2026-08-21T10:00:00+08:00"

var setups = map[string]setup{
	"plain":         {now: plainNow},
	"early":         {now: "2026-08-21T08:00:00+08:00"},
	"march":         {now: "2026-03-31T10:00:00+08:00"},
	"newyork":       {now: plainNow, settings: []string{"timezone", "America/New_York"}},
	"chinese":       {now: plainNow, settings: []string{"errmsg_language", "zh_CN"}},
	"subtree":       {now: plainNow, settings: []string{"activity.subdepartments", "true"}},
	"people":        {now: plainNow, people: true},
	"users":         {now: plainNow, people: true},
	"roles":         {now: plainNow, people: true},
	"users_classic": {now: plainNow, people: true},
	"crowded":       {now: plainNow, prepare: func(w *world) { w.crowd(10_001, 5) }},
	"draining":      {now: plainNow, prepare: func(w *world) { w.service.Drain() }},
	"suite": {now: plainNow, prepare: func(w *world) {
		w.found("elsewhere")
	}},
	"restricted": {now: plainNow, prepare: func(w *world) {
		for app := range w.org.Apps() {
			w.change(app.Appkey, func(a *rollcall.App) { a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")} })
		}
	}},
	"rated": {now: plainNow, prepare: func(w *world) {
		w.change("wire-everything", func(a *rollcall.App) { a.Rate = 2 })
	}},
	"unstored": {now: plainNow, prepare: func(w *world) { w.store.Close() }},

	// What changes something has a server of its own.
	"departments":         {now: plainNow},
	"departments_classic": {now: plainNow},
}

// fixture makes a world of the organization in testdata/fixture.
func fixture(t testing.TB, s setup) (*world, []app) {
	t.Helper()
	const dir = "testdata/fixture/"
	w := newWorld(t, fixtureCorp, at(t, imported))
	w.bring(intake.Files{
		Departments: dir + "first/departments.csv", Users: dir + "first/users.csv", SignIns: dir + "first/signins.csv",
	}, intake.Options{})
	w.set(w.clock().Add(time.Minute))
	w.bring(intake.Files{Departments: dir + "second/departments.csv", Users: dir + "second/users.csv"},
		intake.Options{Replace: true, MaxLeaversPercent: 10})
	if s.people {
		w.set(w.clock().Add(time.Minute))
		w.people()
	}
	for pair := range slices.Chunk(s.settings, 2) {
		w.setting(pair[0], pair[1])
	}
	apps := readApps(t, dir+"apps.csv")
	w.add(apps...)
	w.set(at(t, s.now))
	return w, apps
}

// script is one file of testdata/wire.
type script struct {
	file, setup string
	steps       []step
}

// step is a rule, requests that show it, and the reply that each of them gets.
type step struct {
	line     int
	title    string
	requests []string // as in the file, without the marks
	want     string   // status and content type
	body     string
	subset   bool // body is only a part of what comes
}

func (s script) name() string { return strings.TrimSuffix(filepath.Base(s.file), ".txt") }

func readScripts(t testing.TB) []script {
	t.Helper()
	files, err := filepath.Glob("testdata/wire/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	var scripts []script
	for _, file := range files {
		s, err := readScript(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, s)
	}
	return scripts
}

// readScript reads a file. Its form is in testdata/wire/README.md.
func readScript(file string) (script, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return script{}, err
	}
	s := script{file: file, setup: "plain"}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	var request []string
	flush := func() {
		if len(request) > 0 {
			last := &s.steps[len(s.steps)-1]
			last.requests = append(last.requests, strings.Join(request, "\n"))
			request = nil
		}
	}
	inReply := true // where a step may begin
	for i, line := range lines {
		wrong := func(what string) (script, error) { return s, fmt.Errorf("%s:%d: %s", file, i+1, what) }
		mark, rest, _ := strings.Cut(line, " ")
		switch mark {
		case "setup":
			if len(s.steps) > 0 || setups[rest].now == "" {
				return wrong("no such setup, or not before the first step")
			}
			s.setup = rest
		case "##":
		case "":
			if line != "" {
				return wrong("a line that begins with a blank")
			}
			flush()
		case "#":
			if inReply {
				s.steps = append(s.steps, step{line: i + 1, title: rest})
				inReply = false
			} else if len(s.steps[len(s.steps)-1].requests)+len(request) > 0 {
				return wrong("a comment behind a request")
			}
		case ">":
			if inReply {
				return wrong("a request without a rule")
			}
			request = append(request, rest)
		case "<", "<~":
			flush()
			last := &s.steps[len(s.steps)-1]
			switch {
			case len(last.requests) == 0:
				return wrong("a reply without a request")
			case !inReply:
				last.want, inReply = rest, true
			case last.body != "":
				return wrong("a second body")
			default:
				last.body, last.subset = rest, mark == "<~"
			}
		default:
			return wrong("what is " + strconv.Quote(line))
		}
	}
	flush()
	for _, step := range s.steps {
		if step.want == "" {
			return s, fmt.Errorf("%s:%d: the step has no reply", file, step.line)
		}
	}
	return s, nil
}

// choices matches the values in the place of which each is tried.
var choices = regexp.MustCompile(`«[^»]*»`)

// expand makes one request of each choice.
func expand(request string) []string {
	at := choices.FindStringIndex(request)
	if at == nil {
		return []string{request}
	}
	var all []string
	for choice := range strings.SplitSeq(strings.Trim(request[at[0]:at[1]], "«»"), "|") {
		all = append(all, expand(request[:at[0]]+choice+request[at[1]:])...)
	}
	return all
}

// raw makes the bytes of a request: the Host and the length of the body are
// added where they are not given.
func raw(request string) (method string, b []byte) {
	head, body, hasBody := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	method, _, _ = strings.Cut(lines[0], " ")
	given := func(header string) bool {
		return slices.ContainsFunc(lines[1:], func(l string) bool {
			return len(l) > len(header) && strings.EqualFold(l[:len(header)+1], header+":")
		})
	}
	lines[0] += " HTTP/1.1"
	if !given("Host") {
		lines = append(lines, "Host: rollcall.example")
	}
	if hasBody && !given("Content-Length") && !given("Transfer-Encoding") {
		lines = append(lines, fmt.Sprint("Content-Length: ", len(body)))
	}
	return method, []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

// idInReply matches an id in either form: that of all hosts, and that of the
// newer one.
var idInReply = regexp.MustCompile(`"(request_id)":"[0-9a-z]{12}"|"(requestid)":"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}"`)

// mismatch says what is wrong with a reply; empty where nothing is.
func (s step) mismatch(f *filler, r reply) string {
	want, err := f.fill(s.want)
	if err != nil {
		return err.Error()
	}
	if got := fmt.Sprint(r.status, " ", r.contentType); got != want {
		return fmt.Sprintf("got %s, want %s", got, want)
	}
	body, err := f.fill(s.body)
	if err != nil {
		return err.Error()
	}
	got := idInReply.ReplaceAllString(r.body, `"$1$2":"`+requestID+`"`)
	if strings.Contains(body, anyToken) {
		got = tokenInReply.ReplaceAllString(got, `"`+anyToken+`"`)
	}
	if !s.subset {
		if got != body {
			return fmt.Sprintf("got  %s\nwant %s", got, body)
		}
		return ""
	}
	var has, part any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(body, requestID, "")), &part); err != nil {
		return err.Error()
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(got, requestID, "")), &has); err != nil {
		return err.Error()
	}
	if !holds(has, part) {
		return fmt.Sprintf("got  %s\nwhich does not hold %s", got, body)
	}
	return ""
}

// holds tells whether a value has all that a part of it has.
func holds(value, part any) bool {
	p, ok := part.(map[string]any)
	if !ok {
		return reflect.DeepEqual(value, part)
	}
	v, ok := value.(map[string]any)
	for name, x := range p {
		if y, there := v[name]; !there || !holds(y, x) {
			return false
		}
	}
	return ok
}

// run sends every request of a script to a server, over one connection as long
// as the server keeps it.
func (s script) run(t *testing.T, addr string, f *filler) {
	conn := dial(t, addr)
	for _, step := range s.steps {
		where := fmt.Sprintf("%s:%d: %s", s.file, step.line, step.title)
		for _, written := range step.requests {
			for _, request := range expand(written) {
				filled, err := f.fill(request)
				if err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				method, b := raw(filled)
				if _, err := conn.Write(b); err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				got, err := conn.receive(method)
				if err != nil {
					t.Errorf("%s: no reply: %v\n%s", where, err, request)
					conn = dial(t, addr)
					continue
				}
				if wrong := step.mismatch(f, got); wrong != "" {
					t.Errorf("%s\n%s\n%s", where, request, wrong)
				}
				if got.closed {
					conn = dial(t, addr)
				}
			}
		}
	}
}

// TestWireScripts runs testdata/wire against a server of its own for each
// setup, or against the one at -url.
func TestWireScripts(t *testing.T) {
	if setups[*liveSetup].now == "" {
		t.Fatalf("there is no setup %s", *liveSetup)
	}
	bySetup := map[string][]script{}
	for _, s := range readScripts(t) {
		bySetup[s.setup] = append(bySetup[s.setup], s)
	}
	for _, name := range slices.Sorted(maps.Keys(bySetup)) {
		t.Run(name, func(t *testing.T) {
			f := &filler{tokens: map[string]string{}}
			addr := ""
			switch {
			case *liveURL == "":
				w, apps := fixture(t, setups[name])
				f.apps, f.key = apps, &w.key
				w.serve(nil)
				addr = w.addr
				prepare := setups[name].prepare
				if prepare != nil {
					apps = apps[:1]
				}
				for _, a := range apps {
					f.tokens[a.name] = w.token(a)
				}
				if prepare != nil {
					prepare(w)
				}
			case name != *liveSetup:
				t.Skipf("the server at -url has the setup %s", *liveSetup)
			default:
				addr = f.live(t)
			}
			now := at(t, setups[name].now)
			loc, err := time.LoadLocation("Asia/Shanghai")
			if err != nil {
				t.Fatal(err)
			}
			f.today, f.now = rollcall.DayAt(now, loc), now
			for _, s := range bySetup[name] {
				t.Run(s.name(), func(t *testing.T) { s.run(t, addr, f) })
			}
		})
	}
}

// live prepares for the server at -url and returns its address.
func (f *filler) live(t *testing.T) (addr string) {
	u, err := url.Parse(*liveURL)
	if err != nil || u.Scheme != "http" || u.Port() == "" {
		t.Fatalf("-url %s: http://HOST:PORT is wanted", *liveURL)
	}
	f.apps = readApps(t, "testdata/fixture/apps.csv")
	if *liveKey != "" {
		f.apps[0].appkey, f.apps[0].appsecret = *liveKey, *liveSecret
	}
	for _, a := range f.apps {
		_, b := raw("GET /gettoken?appkey=" + url.QueryEscape(a.appkey) + "&appsecret=" + url.QueryEscape(a.appsecret))
		conn := dial(t, u.Host)
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
		r, err := conn.receive("GET")
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Token string `json:"access_token"`
		}
		if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Token == "" {
			t.Fatalf("no token for the app %s: %v %s", a.name, err, r.body)
		}
		f.tokens[a.name] = got.Token
	}
	return u.Host
}
