package rest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
)

// fed is the reply to a batch of sign-ins.
type fed struct {
	Received int `json:"received"`
	Accepted int `json:"accepted"`
	Fresh    int `json:"fresh"`
	Feed     int `json:"feed"`
	Refused  int `json:"rejected_count"`
	Rejected []struct {
		Line    int
		Code    string
		Message string
	}
}

func (f fed) codes() string {
	var list []string
	for _, r := range f.Rejected {
		list = append(list, fmt.Sprintf("%d %s", r.Line, r.Code))
	}
	return strings.Join(list, ", ")
}

func (w *world) post(body string, header ...string) (int, string) {
	w.t.Helper()
	return w.postTo("signins", body, header...)
}

func (w *world) postTo(path, body string, header ...string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequest("POST", w.http.URL+"/rollcall/v1/"+path, strings.NewReader(body))
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.check(err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	w.check(err)
	return resp.StatusCode, string(b)
}

func (w *world) feed(body string, header ...string) fed {
	w.t.Helper()
	status, reply := w.post(body, header...)
	var f fed
	if err := json.Unmarshal([]byte(reply), &f); status != 200 || err != nil {
		w.t.Fatalf("%s: status %d: %s", body, status, reply)
	}
	return f
}

// newFeedWorld has ann, bob, cid and dan; dan has left an hour ago. It is
// 2026-03-02 10:00 UTC, which is 18:00 in Shanghai.
func newFeedWorld(t *testing.T) *world {
	w := newWorld(t)
	var changes []rollcall.Change
	for i, name := range []string{"ann", "bob", "cid", "dan"} {
		changes = append(changes, rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(i), Payload: rollcall.Payload{User: &rollcall.User{
			UserID: name, Name: name, Mobile: "1380000000" + fmt.Sprint(i), Email: name + "@example.com", Stay: rollcall.Stay{To: rollcall.Open},
		}}})
	}
	w.do(changes...)
	w.clock.Advance(-time.Hour)
	w.do(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 3})
	w.clock.Advance(time.Hour)
	w.createApp("feeder", rollcall.PermSignInWrite)
	return w
}

// signedIn lists who signed in on a day.
func (w *world) signedIn(d rollcall.Day) string {
	var names []string
	for o := range w.org.Activity.SignedIn(d).All() {
		names = append(names, w.org.Current().User(rollcall.Ordinal(o)).UserID)
	}
	return strings.Join(names, " ")
}

func TestSignInsInEveryForm(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	const at = `"time":"2026-03-02T09:00:00+08:00"`
	union := w.org.Current().Union(w.org.Current().User(2))
	for _, test := range []struct {
		name, body string
		header     []string
	}{
		{"one object", `{"userid":"ann",` + at + `,"source":"vpn"}`, nil},
		{"over several lines", "{\n \"userid\": \"ann\",\n " + at + "\n}\n", nil},
		{"an array", `[{"userid":"ann",` + at + `}, {"userid":"ann",` + at + `}]`, nil},
		{"JSON lines", `{"userid":"ann",` + at + "}\n\n{\"userid\":\"ann\"," + at + "}\r\n", []string{"Content-Type", "application/x-ndjson"}},
		{"by mobile", `{"mobile":"13800000000",` + at + `}`, nil},
		{"by a mobile that is a number", `{"mobile":13800000000,` + at + `}`, nil},
		{"by e-mail", `{"email":"ann@example.com",` + at + `}`, nil},
		{"escaped", `{"us\u0065rid":"\u0061nn",` + at + `}`, nil},
		{"milliseconds", `{"userid":"ann","time":1772413200000}`, nil},
		{"another zone", `{"userid":"ann","time":"2026-03-01T17:00:00-08:00"}`, nil},
		{"a CloudEvent by its subject", `{"specversion":"1.0","id":"1","type":"login","source":"/sso","subject":"ann",` + at + `}`, []string{"Content-Type", "application/cloudevents+json"}},
		{"a CloudEvent by its data", `{"specversion":"1.0","id":"1","type":"login","source":"/sso","subject":"session/7",` + at + `,"data":{"email":"ann@example.com"}}`, nil},
		{"a batch of CloudEvents", `[{"specversion":"1.0","id":"1","type":"x","source":"y","subject":"ann",` + at + `}]`, []string{"Content-Type", "application/cloudevents-batch+json"}},
		{"a CloudEvent in headers", `{}`, []string{"Ce-Specversion", "1.0", "Ce-Subject", "ann", "Ce-Time", "2026-03-02T09:00:00+08:00"}},
	} {
		f := w.feed(test.body, test.header...)
		if f.Refused > 0 || f.Accepted == 0 || f.Accepted != f.Received {
			t.Errorf("%s: %+v", test.name, f)
		}
		if got := w.signedIn(20260302); got != "ann" {
			t.Errorf("%s: %q signed in", test.name, got)
		}
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	fmt.Fprintf(zip, `{"unionid":%q,%s}`, union, at)
	zip.Close()
	if f := w.feed(zipped.String(), "Content-Encoding", "gzip"); f.Fresh != 1 || w.signedIn(20260302) != "ann cid" {
		t.Errorf("zipped, by unionid: %+v, %q signed in", f, w.signedIn(20260302))
	}
}

func TestRejectedLinesAreToldAndTheRestIsKept(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	lines := []string{
		`{"userid":"ann","time":"2026-03-02T09:00:00+08:00"}`,
		`{"userid":"nobody","time":"2026-03-02T09:00:00+08:00"}`,
		`{"time":"2026-03-02T09:00:00+08:00"}`,
		`{"userid":"ann"}`,
		`{"userid":"ann","time":"2026-03-02T09:00:00"}`,
		`{"userid":"ann","time":"2026-03-02T18:06:00+08:00"}`, // six minutes ahead
		`{"userid":"ann","time":"2026-03-01T09:00:00+08:00"}`, // closed at 09:00
		`{"userid":"ann","time":"2024-03-01T09:00:00+08:00"}`,
		`{"userid":"dan","time":"2026-03-02T17:30:00+08:00"}`,
		`{"userid":"dan","time":"2026-03-02T08:30:00+08:00"}`, // before he left
		`{"userid":`,
		`nonsense`,
		`{"userid":"bob","time":"2026-03-02T18:04:00+08:00"}`, // clocks differ
	}
	f := w.feed(strings.Join(lines, "\n"))
	const want = "2 user_unknown, 3 user_missing, 4 time_missing, 5 time_malformed, 11 malformed, 12 malformed, " +
		"6 in_future, 7 day_closed, 8 older_than_kept, 9 user_left"
	if f.codes() != want || f.Received != len(lines) || f.Accepted != 3 || f.Fresh != 3 {
		t.Errorf("%+v\nrejected %s\nwanted   %s", f, f.codes(), want)
	}
	if got := w.signedIn(20260302); got != "ann bob dan" {
		t.Errorf("%q signed in", got)
	}
	// The second time nothing is new.
	again := w.feed(strings.Join(lines, "\n"))
	if again.Fresh != 0 || again.Feed != f.Feed || again.codes() != want {
		t.Errorf("the second time: %+v", again)
	}
	for _, name := range []string{"ann", "bob"} {
		if u, _ := w.org.Current().UserByID(name); !u.Active {
			t.Errorf("%s is not activated", name)
		}
	}
	if u, _ := w.org.Current().UserByID("cid"); u.Active {
		t.Error("cid is activated without a sign-in")
	}
	w.restart()
	if got := w.signedIn(20260302); got != "ann bob dan" {
		t.Errorf("after a restart %q signed in", got)
	}
}

func TestBackfillAddsToClosedDays(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	w.createApp("backfiller", rollcall.PermSignInWrite, rollcall.PermSignInBackfill)
	f := w.feed(`[{"userid":"ann","time":"2026-02-01T09:00:00+08:00"},{"userid":"ann","time":"2024-02-01T09:00:00+08:00"}]`)
	if f.codes() != "2 older_than_kept" || w.signedIn(20260201) != "ann" {
		t.Errorf("%+v", f)
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
		want       string
	}{
		{"nothing", "", nil, 400, `"param":"body"`},
		{"blanks", " \n", nil, 400, `"param":"body"`},
		{"a text", `"ann"`, nil, 400, `"param":"body"`},
		{"a broken array", `[{"userid":"ann","time":1772413200000},{]`, nil, 400, `"param":"body"`},
		{"an array without its end", `[{"userid":"ann","time":1772413200000}`, nil, 400, `"param":"body"`},
		{"more behind the array", `[] []`, nil, 400, `"param":"body"`},
		{"not zipped", `{"userid":"ann"}`, []string{"Content-Encoding", "gzip"}, 400, `"param":"body"`},
		{"another coding", `x`, []string{"Content-Encoding", "br"}, 400, `"param":"Content-Encoding"`},
		{"too much", strings.Repeat(" ", 64<<20+1), nil, 413, `"code":"too_large"`},
	} {
		if status, reply := w.post(test.body, test.header...); status != test.status || !strings.Contains(reply, test.want) {
			t.Errorf("%s: %d %s", test.name, status, reply)
		}
	}
	if got := w.signedIn(20260302); got != "" {
		t.Errorf("%q signed in all the same", got)
	}
}

// Batches that come at the same time all count, in memory and in the store.
func TestManyFeedsAtOnce(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	names := []string{"ann", "bob", "cid"}
	var work sync.WaitGroup
	for i := range 24 {
		work.Go(func() {
			body := fmt.Sprintf(`{"userid":%q,"time":"2026-03-02T%02d:00:00+08:00"}`, names[i%3], i%18)
			if f := w.feed(body); f.Accepted != 1 {
				t.Errorf("%s: %+v", body, f)
			}
			if got := w.signedIn(20260302); !strings.Contains(got, names[i%3]) {
				t.Errorf("%s was answered, and %q signed in", names[i%3], got)
			}
		})
	}
	work.Wait()
	if got := w.signedIn(20260302); got != "ann bob cid" {
		t.Errorf("%q signed in", got)
	}
	w.restart()
	if got := w.signedIn(20260302); got != "ann bob cid" {
		t.Errorf("after a restart %q signed in", got)
	}
}

// A line break that a text speaks of ends no line: what stands behind it is part
// of the text, also where the line is broken, and the lines are counted right.
func TestBreaksInTextsEndNoLine(t *testing.T) {
	t.Parallel()
	w := newFeedWorld(t)
	const time = `"time":"2026-03-02T09:00:00+08:00"`
	for _, test := range []struct {
		body, codes string
		accepted    int
	}{
		{`{"userid":"x\n{\"userid\":\"ann\",\"time\":\"2026-03-02T09:00:00+08:00\"}\n"` + " broken\n" + `{"userid":"bob",` + time + "}", "1 malformed", 1},
		{`{"userid":"a\n\n\n",` + time + "}\n" + `{"userid":"nobody",` + time + "}\n\n{\n", "1 user_unknown, 2 user_unknown, 4 malformed", 0},
		{"\r\n{\n\"userid\":\"b\\nb\",\n" + time + "\n}\n{\"userid\":\"ann\"}\n" + `{"userid":"ann",` + time + "}{", "2 user_unknown, 6 time_missing, 7 malformed", 1},
	} {
		if f := w.feed(test.body); f.codes() != test.codes || f.Accepted != test.accepted {
			t.Errorf("%s: %d accepted, rejected %s", test.body, f.Accepted, f.codes())
		}
	}
}
