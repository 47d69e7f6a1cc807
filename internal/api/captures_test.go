package api_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/intake"
	"rollcall/internal/wire"
)

const (
	capturesDir   = "../wire/testdata/captures/"
	capturedToken = "stubtoken0123456789abcdef"
)

// captured is one request of a client as it was recorded.
type captured struct {
	name         string // file and number, as in expected.golden
	method, path string
	raw          string
	means        string // path and arguments, as expected.golden has them
}

func readCaptures(t testing.TB) []captured {
	t.Helper()
	golden, err := os.ReadFile(capturesDir + "expected.golden")
	if err != nil {
		t.Fatal(err)
	}
	means := map[string]string{}
	for line := range strings.Lines(string(golden)) {
		part := strings.SplitN(strings.TrimSpace(line), " ", 5) // file, number, method, path, arguments
		means[part[0]+" "+part[1]] = part[3] + " " + part[4]
	}
	files, err := filepath.Glob(capturesDir + "*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	var all []captured
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(b), "=== request #")[1:] {
			number, rest, _ := strings.Cut(part, " ===\n")
			head, body, _ := strings.Cut(rest, "\n\n")
			c := captured{
				name: strings.TrimSuffix(filepath.Base(file), ".txt") + " #" + number,
				raw:  strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + strings.TrimSpace(body),
			}
			line := strings.Fields(head)
			c.method = line[0]
			c.path, _, _ = strings.Cut(line[1], "?")
			c.means = means[c.name]
			if c.means == "" {
				t.Fatalf("%s is not in expected.golden", c.name)
			}
			all = append(all, c)
		}
	}
	if len(all) != len(means) {
		t.Fatalf("%d requests, %d in expected.golden", len(all), len(means))
	}
	return all
}

// capturedFailures are the requests whose clients wait for a failure.
var capturedFailures = map[string]string{
	"curl-doc #9":          "88 40000",
	"curl-doc #10":         "88 40014",
	"java-official #51":    "88 40014",
	"py-topsdk-a #38":      "400002 ", // no dept_id
	"go-zhaoyunxing92 #47": "60003 ",
	"java-official #50":    "60003 ",
	"php-topsdk #35":       "60003 ",
	"py-topsdk-a #37":      "60003 ",
	// A stub took names with a hyphen; the real service's rules do not.
	"go-zhaoyunxing92 #48": "60009 ",
	"go-zhaoyunxing92 #49": "60009 ",
	"java-official #52":    "60009 ",
	"java-official #53":    "60009 ",
}

// later are the paths that clients call and nobody serves yet.
var later = map[string]string{}

// known is an authority that knows the recorded token as another one.
type known struct {
	wire.Authority
	recorded, token string
}

func (k *known) Admit(ctx context.Context, token []byte, now time.Time, min uint64) (wire.Admission, error) {
	if string(token) == k.recorded {
		token = []byte(k.token)
	}
	return k.Authority.Admit(ctx, token, now, min)
}

// capturedWorld has the departments that the recorded requests name, 130 people
// in department 100, and one or two in each of the others; nobody is in 9006,
// which the recording stub gave to what a client created.
func capturedWorld(t *testing.T) *world {
	t.Helper()
	depts := "dept_id,parent_id,name\n1,,Root\n100,1,R&D\n101,100,平台\n102,100,Apps\n1011,101,Core\n200,1,Sales\n2,1,Two\n3,1,Three\n4,1,Four\n9006,1,Made\n"
	users := "userid,name,dept_id_list,leader_in_dept,active,mobile\nmanager4220,陈经理,1;100,1,true,13900000162\n"
	for i := range 129 {
		users += fmt.Sprintf("user%03d,Person %d,100,,true,\n", i, i)
	}
	for _, id := range []string{"101", "102", "1011", "200", "2", "3", "4"} {
		users += fmt.Sprintf("of%s,王%s,%s,,,\n", id, id, id)
	}
	signIns := "date,userid\n20260101,manager4220\n20260101,user000\n20260101,of3\n"
	dir := t.TempDir()
	files := intake.Files{Departments: dir + "/d.csv", Users: dir + "/u.csv", SignIns: dir + "/s.csv"}
	for name, text := range map[string]string{files.Departments: depts, files.Users: users, files.SignIns: signIns} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t, "captured", at(t, "2026-01-02T10:00:00+08:00"))
	w.bring(files, intake.Options{})
	a := everything("dingkey", "dingsecret") // the recorded credentials
	w.add(a)
	token := w.token(a)
	w.serve(func(x wire.Authority) wire.Authority { return &known{x, capturedToken, token} })
	return w
}

// TestCapturedRequests sends what clients sent, byte for byte, each client to a
// server of its own, as they change things. A request that means the same as
// another one gets the same reply.
func TestCapturedRequests(t *testing.T) {
	served := map[string]bool{}
	for _, ep := range (&api.Server{}).Endpoints() {
		served[ep.Path] = true
	}
	replies := map[string]string{} // by what the request means
	from := map[string]string{}
	seen := map[string]bool{}
	var w *world
	last := ""
	for _, c := range readCaptures(t) {
		if client, _, _ := strings.Cut(c.name, " "); client != last {
			w, last = capturedWorld(t), client
		}
		seen[c.path], seen[c.name] = true, true
		conn := dial(t, w.addr)
		if _, err := conn.Write([]byte(c.raw)); err != nil {
			t.Fatal(err)
		}
		r, err := conn.receive(c.method)
		conn.Close()
		if err != nil {
			t.Errorf("%s: no reply: %v", c.name, err)
			continue
		}
		e, err := r.open()
		if err != nil || r.status != 200 {
			t.Errorf("%s: status %d, %v", c.name, r.status, err)
			continue
		}
		want := "0 "
		if fails := capturedFailures[c.name]; fails != "" {
			want = fails
		}
		switch {
		case served[c.path] && later[c.path] != "":
			t.Errorf("%s is served: it belongs in the list no more", c.path)
		case !served[c.path]:
			want = later[c.path]
		}
		if got := fmt.Sprint(e.Errcode, " ", e.SubCode); got != want {
			t.Errorf("%s %s: got %s, want %s\n%s", c.name, c.means, got, want, r.body)
			continue
		}
		if c.path == "/gettoken" { // each server has tokens of its own
			c.means = last + " " + c.means
		}
		body := idInReply.ReplaceAllString(r.body, "")
		if other, ok := replies[c.means]; ok && other != body {
			t.Errorf("%s gets\n%s\nbut %s, which means the same, got\n%s", c.name, body, from[c.means], other)
		}
		replies[c.means], from[c.means] = body, c.name
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(later)), slices.Collect(maps.Keys(capturedFailures))) {
		if !seen[name] {
			t.Errorf("%s was never recorded", name)
		}
	}

	// Some of the replies, from what is in the organization.
	var absent []string // manager4220 and user000 signed in
	for i := 1; i < 129; i++ {
		absent = append(absent, fmt.Sprintf("user%03d", i))
	}
	list := func(ids ...string) string { return `["` + strings.Join(ids, `","`) + `"]` }
	for means, want := range map[string]string{
		`/topapi/user/count {"only_active":false}`:                                                                          `{"count":137}`,
		`/topapi/user/count {"only_active":true}`:                                                                           `{"count":131}`,
		`/topapi/user/listid {"dept_id":1011}`:                                                                              `{"userid_list":["of1011"]}`,
		`/topapi/inactive/user/v2/get {"is_active":false,"query_date":"20260101","offset":0,"size":10}`:                     `{"has_more":true,"list":` + list(absent[:10]...) + `,"next_cursor":10}`,
		`/topapi/inactive/user/v2/get {"is_active":false,"query_date":"20260101","offset":10,"size":10}`:                    `{"has_more":true,"list":` + list(absent[10:20]...) + `,"next_cursor":20}`,
		`/topapi/inactive/user/v2/get {"is_active":false,"query_date":"20260101","dept_ids":[2,3,4],"offset":0,"size":100}`: `{"has_more":false,"list":["of2","of4"]}`,
		`/topapi/v2/department/listsubid {"dept_id":100}`:                                                                   `{"dept_id_list":[101,102]}`,
		`/topapi/v2/department/listsub {"dept_id":101}`:                                                                     `[{"auto_add_user":false,"create_dept_group":false,"dept_id":1011,"name":"Core","parent_id":101}]`,
		`/topapi/user/listsimple {"dept_id":102,"cursor":0,"size":100,"order_field":"modify_desc","language":"zh_CN"}`:      `{"has_more":false,"list":[{"name":"王102","userid":"of102"}]}`,
	} {
		if got := replies[means]; got != `{"errcode":0,"errmsg":"ok","result":`+want+`,}` {
			t.Errorf("%s: got %s, want %s", means, got, want)
		}
	}
}
