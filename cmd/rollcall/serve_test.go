package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rollcall"
)

// liveCorp makes a directory with one organization of four people.
func liveCorp(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	files := t.TempDir()
	do(t, "init", "--data", dir, "--name", "Live", "--corp-id", "live")
	do(
		t, "import", "--data", dir,
		"--departments", write(t, files, "departments.csv", "dept_id,parent_id,name\n2,1,Engineering\n"),
		"--users", write(t, files, "users.csv", "userid,name,dept_id_list,mobile,email\n"+
			"alice,Alice,2,13800000001,alice@example.com\nbob,Bob,2,13800000002,bob@example.com\n"+
			"carol,Carol,1,,\ndave,Dave,1,,\n"),
		"--signins", write(t, files, "signins.csv", "date,userid\n20200330,alice\n"),
	)
	return dir
}

// newApp makes an app that may do everything.
func newApp(t *testing.T, dir string, flags ...string) appSecret {
	t.Helper()
	args := []string{"app", "create", "--data", dir, "--name", "live"}
	for _, p := range rollcall.Permissions() {
		args = append(args, "--permission", string(p))
	}
	return doJSON[appSecret](t, append(args, flags...)...)
}

// count returns the number of people, or -1 where the call is refused.
func (s *liveServer) count(token string) int {
	s.t.Helper()
	r := s.call("/topapi/user/count", "access_token", token, "only_active", "false")
	if n, ok := r.Result["count"].(float64); ok {
		return int(n)
	}
	return -1
}

// refusesToken tells whether a token opens nothing (any more).
func (s *liveServer) refusesToken(token string) bool {
	r := s.call("/topapi/user/count", "access_token", token, "only_active", "false")
	return r.Errcode == 88 && r.SubCode == "40014"
}

func TestServerShowsWhatCommandsChange(t *testing.T) {
	t.Parallel()
	dir, files := liveCorp(t), t.TempDir()
	first := newApp(t, dir)
	s := serve(t, dir)
	token := s.token(first)
	if n := s.count(token); n != 4 {
		t.Fatalf("%d people, not 4", n)
	}

	// An import: a thousand people at once, never a part of them.
	var users strings.Builder
	users.WriteString("userid,name,dept_id_list\n")
	for i := range 1000 {
		fmt.Fprintf(&users, "u%d,User %d,2\n", i, i)
	}
	do(t, "import", "--data", dir, "--users", write(t, files, "more.csv", users.String()))
	eventually(t, "the import shows", func() bool {
		n := s.count(token)
		if n != 4 && n != 1004 {
			t.Fatalf("%d people: neither before nor after the import", n)
		}
		return n == 1004
	})

	// Departments, sign-ins and settings.
	do(t, "import", "--data", dir, "--departments", write(t, files, "depts.csv", "dept_id,parent_id,name\n7,2,Kernel\n"))
	eventually(t, "the department shows", func() bool {
		r := s.call("/topapi/v2/department/listsubid", "access_token", token, "dept_id", "2")
		return fmt.Sprint(r.Result["dept_id_list"]) == "[7]"
	})
	do(t, "import", "--data", dir, "--signins", write(t, files, "signins.csv", "date,userid\n20200330,bob\n"))
	eventually(t, "bob is active", func() bool {
		r := s.call("/topapi/user/count", "access_token", token, "only_active", "true")
		return r.Result["count"] == 2.0
	})
	do(t, "settings", "--data", dir, "errmsg_language", "zh_CN")
	eventually(t, "errors are in Chinese", func() bool {
		return s.call("/topapi/user/count", "access_token", token).Errmsg == "参数为空: only_active"
	})
	do(t, "settings", "--data", dir, "errmsg_language", "en_US")

	// Apps: one that is made gets a token, a new secret kills the old one and
	// its token, a deleted app is out.
	second := newApp(t, dir, "--appkey", "second")
	old := s.token(second)
	if s.count(old) != 1004 {
		t.Error("the token of a new app does not work")
	}
	rotated := doJSON[appSecret](t, "app", "rotate-secret", "--data", dir, "second")
	eventually(t, "the old token is refused", func() bool { return s.refusesToken(old) })
	if r := s.gettoken(second); r.Errcode != 40096 {
		t.Errorf("the old secret gets %+v", r)
	}
	fresh := s.token(rotated)
	if fresh == old || s.count(fresh) != 1004 {
		t.Error("the token of the new secret does not work, or is the old one")
	}
	if s.count(token) != 1004 {
		t.Error("the other app's token does not work any more")
	}
	do(t, "app", "delete", "--data", dir, "second")
	eventually(t, "the token of the deleted app is refused", func() bool { return s.refusesToken(fresh) })
	if r := s.gettoken(rotated); r.Errcode != 40096 {
		t.Errorf("the deleted app gets %+v", r)
	}
	s.stop()
}

func TestServerTakesInANewOrganization(t *testing.T) {
	t.Parallel()
	dir, files := liveCorp(t), t.TempDir()
	s := serve(t, dir)
	do(t, "init", "--data", dir, "--name", "Second", "--corp-id", "second")
	do(t, "import", "--data", dir, "--corp", "second", "--users", write(t, files, "users.csv", "userid,name\nzoe,Zoe\n"))
	token := s.token(newApp(t, dir, "--corp", "second"))
	eventually(t, "the new organization has one person", func() bool { return s.count(token) == 1 })
	if token := s.token(newApp(t, dir, "--corp", "live")); s.count(token) != 4 {
		t.Error("the first organization is not what it was")
	}
	if status, body := s.get("/metrics"); status != 200 || !strings.Contains(body, `rollcall_org_people{corp_id="second"} 1`) {
		t.Errorf("the metrics do not know the new organization: %d", status)
	}
	s.stop()
}

func TestServerOfOneOrganization(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	do(t, "init", "--data", dir, "--name", "Second", "--corp-id", "second")
	first, second := newApp(t, dir, "--corp", "live"), newApp(t, dir, "--corp", "second")
	s := serve(t, dir, "--corp", "live")
	if s.count(s.token(first)) != 4 {
		t.Error("the organization is not served")
	}
	if r := s.gettoken(second); r.Errcode != 40096 {
		t.Errorf("an app of the other organization gets %+v", r)
	}
	s.stop()
	f := runCommand(t, "serve", "--data", dir, "--corp", "third", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	if f.code != exitRefused || !strings.Contains(f.stderr, "--corp third: there is no such organization; there are: live, second") {
		t.Errorf("%+v", f)
	}
}

func TestTokensOutliveTheServer(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	s := serve(t, dir)
	token := s.token(app)
	s.stop()

	s = serve(t, dir)
	if n := s.count(token); n != 4 {
		t.Errorf("after the restart the token gets %d", n)
	}
	if again := s.token(app); again != token {
		t.Error("the app gets another token while it has one")
	}
	s.kill()

	s = serve(t, dir)
	if n := s.count(token); n != 4 {
		t.Errorf("after a kill the token gets %d", n)
	}
	s.stop()
}

func TestServerStartsItsClockAnywhere(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	ask := func(s *liveServer, day string) reply {
		return s.call(
			"/topapi/inactive/user/v2/get",
			"access_token", s.token(app), "is_active", "true", "query_date", day, "offset", "0", "size", "10",
		)
	}

	// 2020-03-31 at 10:00 the 30th is closed and can be read.
	s := serve(t, dir, "--now", "2020-03-31T10:00:00+08:00")
	if r := ask(s, "20200330"); r.Errcode != 0 || fmt.Sprint(r.Result["list"]) != "[alice]" {
		t.Errorf("on the day after: %+v", r)
	}
	if r := ask(s, "20200331"); r.Errcode != 400002 {
		t.Errorf("the day itself: %+v", r)
	}
	s.signal(syscall.SIGINT) // Ctrl-C is as good
	if code := s.wait(); code != 0 {
		t.Errorf("the server ended with the exit code %d", code)
	}

	// An hour before the closing hour it is not closed yet.
	s = serve(t, dir, "--now", "2020-03-31T08:00:00+08:00")
	if r := ask(s, "20200330"); r.Errcode != 400002 {
		t.Errorf("before the closing hour: %+v", r)
	}
	s.stop()

	// By the machine's clock it is too long ago.
	s = serve(t, dir)
	if r := ask(s, "20200330"); r.Errcode != 400002 {
		t.Errorf("years later: %+v", r)
	}
	s.stop()
}

func TestAdminListener(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	s := serve(t, dir)
	for _, path := range []string{"/livez", "/readyz"} {
		if status, body := s.get(path); status != 200 || body != "ok\n" {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	token := s.token(app)
	s.count(token)
	s.count(token)
	s.count("wrong")
	s.call("/topapi/no/such/thing")
	_, body := s.get("/metrics")
	for _, line := range []string{
		`rollcall_replies_total{endpoint="/topapi/user/count",errcode="0"} 2`,
		`rollcall_replies_total{endpoint="/topapi/user/count",errcode="88"} 1`,
		`rollcall_replies_total{endpoint="unknown",errcode="22"} 1`,
		`rollcall_reply_seconds_count{endpoint="/topapi/user/count"} 3`,
		`rollcall_org_version{corp_id="live"} 2`,
		`rollcall_org_feed{corp_id="live"} 1`,
		`rollcall_org_people{corp_id="live"} 4`,
		`rollcall_org_active_people{corp_id="live"} 1`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("the metrics do not have the line %s", line)
		}
	}
	if !strings.Contains(body, "\ngo_goroutines ") {
		t.Error("the metrics say nothing about the process")
	}

	// Neither listener answers for the other.
	if r := s.call("/livez"); r.Errcode != 404 {
		t.Errorf("/livez where calls go: %+v", r)
	}
	if status, _ := s.get("/gettoken?appkey=" + app.Appkey + "&appsecret=" + app.Appsecret); status != http.StatusNotFound {
		t.Errorf("/gettoken on the admin listener: %d", status)
	}
	s.stop()
	if out := s.stdoutSoFar(); out != "" {
		t.Errorf("standard output has %q", out)
	}
}

// A call whose body is on its way when the signal comes is answered; calls that
// come later are not.
func TestServerDrains(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	s := serve(t, dir)
	token := s.token(app)

	body := form("access_token", token, "only_active", "false").Encode()
	conn, err := net.Dial("tcp", s.calls)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /topapi/user/count HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	in := bufio.NewReader(conn)
	// The server asks for the body when it has begun to answer.
	if line, err := in.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("the server says %q, %v", line, err)
	}
	if line, err := in.ReadString('\n'); err != nil || line != "\r\n" {
		t.Fatalf("the server says %q, %v", line, err)
	}

	s.signal(syscall.SIGTERM)
	s.waitLog("stopping: calls in flight may finish")
	eventually(t, "new calls are told that the server is busy, or not even taken", func() bool {
		r, err := s.post("/topapi/user/count", form("access_token", token, "only_active", "false"))
		return err != nil || r.Errcode == -1
	})
	eventually(t, "/readyz says that the server is stopping", func() bool {
		status, body := s.get("/readyz")
		return status == http.StatusServiceUnavailable && body == "stopping\n"
	})
	if status, _ := s.get("/livez"); status != 200 {
		t.Errorf("/livez while stopping: %d", status)
	}
	select {
	case <-s.ended:
		t.Fatal("the server did not wait for the call")
	default:
	}

	fmt.Fprint(conn, body)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := readReply(resp); err != nil || r.Errcode != 0 || r.Result["count"] != 4.0 {
		t.Errorf("the call in flight gets %+v, %v", r, err)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("the server ended with the exit code %d", code)
	}
	if strings.Contains(s.log(), "cut off") {
		t.Error("the log says that calls were cut off")
	}
}

func TestTakenAddressIsNamed(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	s := serve(t, dir)
	for flag, addr := range map[string]string{"--listen": s.calls, "--admin-listen": s.admin} {
		args := map[string]string{"--listen": "127.0.0.1:0", "--admin-listen": "127.0.0.1:0", flag: addr}
		f := runCommand(t, "serve", "--data", dir, "--listen", args["--listen"], "--admin-listen", args["--admin-listen"])
		want := "rollcall: listening on " + addr + " (choose another address with " + flag + ")"
		if f.code != exitFailed || !strings.Contains(f.stderr, want) {
			t.Errorf("exit code %d, %s", f.code, f.stderr)
		}
	}
	if status, _ := s.get("/readyz"); status != 200 {
		t.Error("the first server is not ready any more")
	}
	s.stop()
}

func TestTextLog(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--data", liveCorp(t), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0")
	ready := regexp.MustCompile(`level=INFO msg=ready listen=(127\.0\.0\.1:\d+) admin=(127\.0\.0\.1:\d+) organizations=1 people=4 `)
	eventually(t, "the server says that it is ready", func() bool { return ready.MatchString(s.log()) })
	s.calls = ready.FindStringSubmatch(s.log())[1]
	s.call("/gettoken")
	s.stop()
	if strings.Contains(s.log(), "msg=call") {
		t.Error("calls are in the log at the level info")
	}
}

func TestLogKeepsSecrets(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir)
	s := serve(t, dir)
	token := s.token(app)
	const (
		wrongSecret = "wrong-secret-0123456789"
		wrongToken  = "ffffffffffffffffffffffffffffffffffffffff"
		mobile      = "13800000001"
		email       = "alice@example.com"
	)
	key, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}

	get := func(pathAndQuery string) {
		t.Helper()
		resp, err := s.client.Get("http://" + s.calls + pathAndQuery)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	send := func(path, contentType, body string) {
		t.Helper()
		resp, err := s.client.Post("http://"+s.calls+path, contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	const asForm, asJSON = "application/x-www-form-urlencoded", "application/json"

	// Secrets, right and wrong, in the query and in bodies.
	get("/gettoken?appkey=" + app.Appkey + "&appsecret=" + app.Appsecret)
	get("/gettoken?appkey=" + app.Appkey + "&appsecret=" + wrongSecret)
	get("/gettoken?corpid=live&corpsecret=" + wrongSecret)
	get("/gettoken?appkey=" + app.Appkey + ";appsecret=" + app.Appsecret)
	get("/gettoken?appsecret=" + app.Appsecret)
	send("/gettoken", asForm, "appkey="+app.Appkey+"&appsecret="+app.Appsecret)
	send("/gettoken", asJSON, `{"appkey":"`+app.Appkey+`","appsecret":"`+wrongSecret+`"}`)
	send("/gettoken", asJSON, `{"appkey":"`+app.Appkey+`","appsecret":"`+app.Appsecret+`"`)
	send("/gettoken", asJSON, `{"appsecret":["`+app.Appsecret+`"]}`)

	// Tokens, right and wrong, and personal data in parameters that do not fit.
	for _, tok := range []string{token, wrongToken} {
		get("/topapi/user/count?only_active=false&access_token=" + tok)
		get("/topapi/user/count?only_active=" + mobile + "&access_token=" + tok)
		get("/topapi/user/listid?dept_id=" + email + "&access_token=" + tok)
		get("/topapi/no/such/thing?access_token=" + tok + "&mobile=" + mobile)
		get("/nothing?access_token=" + tok + "&email=" + email)
		send("/topapi/user/listsimple?access_token="+tok, asForm, "dept_id=2&cursor=0&size=10&order_field="+email+"&language="+mobile)
		send("/topapi/user/listsimple", asJSON, `{"access_token":"`+tok+`","dept_id":2,"cursor":"`+mobile+`","size":"`+email+`"}`)
		send("/topapi/user/listsimple?access_token="+tok, asForm, "dept_id=2&cursor=0&size=10")
		send("/topapi/inactive/user/v2/get?access_token="+tok, asJSON, `{"is_active":false,"query_date":"`+mobile+`","dept_ids":"`+email+`"`)
	}
	request, err := http.NewRequest(http.MethodPut, "http://"+s.calls+"/topapi/user/count?access_token="+token, strings.NewReader(mobile))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()

	// A body that breaks off, and what is not HTTP.
	for _, text := range []string{
		"POST /topapi/user/count?access_token=" + token + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\naccess_token=" + token,
		"POST /topapi/user/count?access_token=" + token + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz" + mobile + "\r\n",
		"GET /gettoken?appsecret=" + app.Appsecret + " HTTP/1.1\r\nHost: x\r\n" + mobile + "\r\n\r\n",
		"GET /gettoken?appsecret=" + app.Appsecret + " HTTP/7.3\r\n\r\n",
		"appsecret=" + app.Appsecret + "\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", s.calls)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, text)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn) // until the server has closed it
		conn.Close()
	}

	// Commands beside the server.
	do(t, "import", "--data", dir, "--users", write(t, t.TempDir(), "users.csv", "userid,name,mobile,email\nerin,Erin,13899999999,erin@example.com\n"))
	rotated := doJSON[appSecret](t, "app", "rotate-secret", "--data", dir, app.Appkey)
	eventually(t, "the old token is refused", func() bool { return s.refusesToken(token) })
	fresh := s.token(rotated)
	s.stop()

	log := s.log()
	if strings.Count(log, `"msg":"call"`) < 30 || !strings.Contains(log, `"msg":"request broken off"`) {
		t.Error("the log does not have the calls: nothing is shown by what else it does not have")
	}
	for what, secret := range map[string]string{
		"the appsecret": app.Appsecret, "the new appsecret": rotated.Appsecret, "a wrong appsecret": wrongSecret,
		"the token": token, "the new token": fresh, "a wrong token": wrongToken,
		"a mobile number": mobile, "an imported mobile number": "13899999999",
		"an e-mail address": "@example.com", "the key": strings.TrimSpace(string(key)),
	} {
		for line := range strings.Lines(log) {
			if strings.Contains(line, secret) {
				t.Errorf("%s is in the log: %s", what, line)
			}
		}
	}
}

// The demo prints calls that work as they are, and leaves nothing behind.
func TestDemo(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	s := startServer(t, "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log-format", "json")
	s.waitLog("ready")
	if entries, err := os.ReadDir(temporary); err != nil || len(entries) != 1 {
		t.Errorf("the temporary directory has %v, %v", entries, err)
	}
	// The calls are complete when the way to end the server has been told.
	eventually(t, "the demo has said all", func() bool { return strings.Contains(s.log(), "Stop with Ctrl-C") })
	address, data := regexp.MustCompile(`'(http://[^/]+)(/[^']+)'`), regexp.MustCompile(`-d '([^']*)'`)
	calls := []string{}
	for line := range strings.Lines(s.stdoutSoFar()) {
		to := address.FindStringSubmatch(line)
		if to == nil {
			continue
		}
		params := url.Values{}
		for _, d := range data.FindAllStringSubmatch(line, -1) {
			some, err := url.ParseQuery(d[1])
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(params, some)
		}
		s.calls = strings.TrimPrefix(to[1], "http://")
		if r, err := s.post(to[2], params); err != nil || r.Errcode != 0 || len(r.Result) == 0 {
			t.Errorf("%s gets %+v, %v", line, r, err)
		}
		calls = append(calls, to[2])
	}
	if got := strings.Join(calls, " "); got != "/topapi/user/count /topapi/user/listid /topapi/user/listsimple /topapi/inactive/user/v2/get" {
		t.Errorf("the calls are %s", got)
	}
	s.stop()
	if entries, err := os.ReadDir(temporary); err != nil || len(entries) != 0 {
		t.Errorf("the demo leaves %v, %v", entries, err)
	}
}

// The process that is tested is the program: it has its exit codes.
func TestProcessIsTheProgram(t *testing.T) {
	t.Parallel()
	f := runCommand(t, "version")
	if f.code != exitDone || f.stdout != "rollcall dev\n" {
		t.Fatalf("%+v", f)
	}
	if f := runCommand(t, "nonsense"); f.code != exitUsage {
		t.Fatalf("%+v", f)
	}
	path, err := command().Path, command().Err
	if err != nil || errors.Is(err, os.ErrNotExist) || !slices.Contains(strings.Split(os.Getenv("PATH"), ":")[:1], filepath.Dir(path)) {
		t.Fatalf("rollcall is %s, %v", path, err)
	}
}
