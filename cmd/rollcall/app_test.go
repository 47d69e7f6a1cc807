package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/internal/access"
)

// A third-party app as its operator makes it: what is printed is what it calls
// with, and none of it reaches the log.
func TestAThirdPartyAppIsMadeByCommand(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir, "--type", "third_party")
	s := serve(t, dir)
	signature := ""
	corpToken := func(app appSecret) reply {
		stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
		signature = access.Signature(app.Appsecret, stamp, app.SuiteTicket)
		return s.call("/service/get_corp_token", "accessKey", app.Appkey, "timestamp", stamp, "suiteTicket", app.SuiteTicket,
			"signature", signature, "auth_corpid", "live")
	}
	var tokens []string
	for range 2 {
		r := corpToken(app)
		if r.Errcode != 0 || s.count(r.Token) != 4 {
			t.Fatalf("get_corp_token: %+v", r)
		}
		tokens = append(tokens, r.Token)
	}
	if tokens[0] == tokens[1] {
		t.Error("the same token twice")
	}
	resp, err := s.client.Post("http://"+s.calls+"/v1.0/oauth2/corpAccessToken", "application/json", strings.NewReader(
		`{"suiteKey":"`+app.Appkey+`","suiteSecret":"`+app.Appsecret+`","suiteTicket":"`+app.SuiteTicket+`","authCorpId":"live"}`))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("corpAccessToken: %v, %v", resp, err)
	}
	resp.Body.Close()

	again := doJSON[map[string]string](t, "app", "ticket", "--data", dir, app.Appkey)
	if again["suite_ticket"] != app.SuiteTicket {
		t.Error("the ticket that is shown again is another one")
	}
	fresh := doJSON[map[string]string](t, "app", "ticket", "--data", dir, app.Appkey, "--rotate")
	eventually(t, "the ticket before is refused", func() bool { return corpToken(app).Errcode == 853005 })
	next := app
	next.SuiteTicket = fresh["suite_ticket"]
	if r := corpToken(next); r.Errcode != 0 {
		t.Errorf("with the new ticket: %+v", r)
	}
	if s.count(tokens[0]) != 4 {
		t.Error("a token from before the new ticket is refused")
	}
	rotated := doJSON[appSecret](t, "app", "rotate-secret", "--data", dir, app.Appkey)
	if rotated.SuiteTicket != next.SuiteTicket {
		t.Error("the ticket went with the secret")
	}
	eventually(t, "the tokens of the secret before are refused", func() bool { return s.refusesToken(tokens[0]) && s.refusesToken(tokens[1]) })
	last := corpToken(rotated)
	if r := corpToken(next); r.Errcode != 853004 || last.Errcode != 0 {
		t.Errorf("the secret before: %+v, the new one: %+v", r, last)
	}
	s.stop()

	// The same token after a restart.
	log := s.log()
	s = serve(t, dir)
	if s.count(last.Token) != 4 {
		t.Error("the token did not outlive the server")
	}
	s.stop()
	log += s.log()
	db := ""
	files, err := filepath.Glob(filepath.Join(dir, "rollcall.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no database: %v", err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		db += string(b)
	}
	if !strings.Contains(log, `"path":"/service/get_corp_token"`) || !strings.Contains(db, app.Appkey) {
		t.Error("nothing is shown by what log and database do not have")
	}
	for what, secret := range map[string]string{
		"the appsecret": app.Appsecret, "the new appsecret": rotated.Appsecret, "the ticket": app.SuiteTicket,
		"the new ticket": next.SuiteTicket, "a token": tokens[0], "the last token": last.Token,
		"a signature": signature, "an escaped signature": url.QueryEscape(signature),
	} {
		if strings.Contains(log, secret) {
			t.Errorf("%s is in the log", what)
		}
		if strings.Contains(db, secret) {
			t.Errorf("%s is in the database", what)
		}
	}
}

// Where an app may call from, and how often, changes while the server runs; and
// a proxy that is trusted tells where calls come from.
func TestAddressAndRateOfARunningServer(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	app := newApp(t, dir, "--allow-ip", "203.0.113.0/24")
	s := serve(t, dir, "--trusted-proxy", "127.0.0.1")
	send := func(path, from string) reply {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, "http://"+s.calls+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if from != "" {
			r.Header.Set("X-Forwarded-For", from)
		}
		resp, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readReply(resp)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	gettoken := "/gettoken?appkey=" + app.Appkey + "&appsecret=" + app.Appsecret
	for from, want := range map[string]int{"": 60020, "198.51.100.1": 60020, "203.0.113.9, 198.51.100.1": 60020, "198.51.100.1, 203.0.113.9": 0} {
		if r := send(gettoken, from); r.Errcode != want {
			t.Errorf("gettoken from %q: %+v", from, r)
		}
	}
	count := "/topapi/user/count?only_active=false&access_token=" + send(gettoken, "203.0.113.9").Token
	if r := send(count, "203.0.113.9"); r.Errcode != 0 {
		t.Errorf("from where it may: %+v", r)
	}
	if r := send(count, ""); r.Errcode != 88 || r.SubCode != "60020" || !strings.Contains(r.Errmsg, "request ip=127.0.0.1 appKey("+app.Appkey+")") {
		t.Errorf("from the proxy itself: %+v", r)
	}

	do(t, "app", "update", "--data", dir, app.Appkey, "--allow-any-ip", "--rate", "1")
	eventually(t, "the app may call from everywhere, and not so often", func() bool {
		r := send(count, "")
		return r.Errcode == 88 && r.SubCode == "90018"
	})
	do(t, "app", "update", "--data", dir, app.Appkey, "--rate", "0")
	eventually(t, "the app may call as often as it likes", func() bool {
		for range 5 {
			if send(count, "").Errcode != 0 {
				return false
			}
		}
		return true
	})
	s.stop()
}

func TestATrustedProxyIsAnAddress(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	r := runCommand(t, "serve", "--data", dir, "--trusted-proxy", "localhost")
	if r.code != exitUsage || !strings.Contains(r.stderr, `--trusted-proxy: "localhost" is neither an address nor a network`) {
		t.Errorf("exit code %d: %s", r.code, r.stderr)
	}
}
