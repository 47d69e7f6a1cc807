package wire

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rollcall"
)

func TestRepliesTellTheirVersion(t *testing.T) {
	t.Parallel()
	endpoints := testEndpoints()
	endpoints[1].Serve = func(c *Call) error {
		if c.MinVersion() == 9 {
			c.AnsweredFrom([]string{"9"})
		}
		return nil
	}
	cfg := testConfig(endpoints...)
	who := cfg.Authority.(*authority)
	server := httptest.NewServer(Handler(newService(t, cfg)))
	defer server.Close()
	ask := func(path, header string) (head, body string) {
		t.Helper()
		return exchange(t, server.Listener.Addr().String(), fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", path, header))
	}
	good := "/topapi/user/listid?dept_id=1&access_token=" + goodToken
	who.admit = func(_ context.Context, min uint64) error {
		if min > 9 {
			return &rollcall.Error{Kind: rollcall.KindBusy, Err: rollcall.ErrNotYet}
		}
		return nil
	}
	for _, x := range []struct {
		path, header  string
		version, body string
	}{
		{good, "", "7", `"errcode":0`},
		{good, "Rollcall-Min-Version: 9\r\n", "9", `"errcode":0`},
		{good, "rollcall-min-version: 0\r\n", "7", `"errcode":0`},
		{good, "Rollcall-Min-Version: 10\r\n", "", `"errcode":-1,"errmsg":"System busy: the version that was asked for has not come to this node yet"`},
		{strings.Replace(good, goodToken, zhToken, 1), "Rollcall-Min-Version: 10\r\n", "", `"errcode":-1`},
		{good, "Rollcall-Min-Version: nine\r\n", "", `Rollcall-Min-Version`},
		{good, "Rollcall-Min-Version: -1\r\n", "", `Rollcall-Min-Version`},
		{strings.Replace(good, "dept_id=1", "dept_id=x", 1), "", "7", `dept_id`},
		{strings.Replace(good, goodToken, "wrong", 1), "", "", `40014`},
		{"/gettoken?appkey=a", "Rollcall-Min-Version: 10\r\n", "", `"appkey":"a"`},
		{"/nowhere", "", "", `404`},
	} {
		head, body := ask(x.path, x.header)
		got := ""
		if _, after, ok := strings.Cut(head, "Rollcall-Version: "); ok {
			got, _, _ = strings.Cut(after, "\r\n")
		}
		if got != x.version || !strings.Contains(body, x.body) || strings.Contains(head, "Staleness") {
			t.Errorf("%s %s: version %q, want %q; %s", x.path, x.header, got, x.version, body)
		}
	}
	who.stale = 1700 * time.Millisecond
	if head, _ := ask(good, ""); !strings.Contains(head, "Rollcall-Staleness: 1\r\n") && !strings.HasSuffix(head, "Rollcall-Staleness: 1") {
		t.Errorf("stale: %s", head)
	}
}
