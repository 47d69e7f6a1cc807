package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rollcall"
)

// head calls and returns the status, the version and the body.
func (w *world) head(path string, header ...string) (status int, version, body string) {
	w.t.Helper()
	req, err := http.NewRequest("GET", w.http.URL+path, nil)
	w.check(err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.check(err)
	resp.Body.Close()
	status, body = w.get(path, header...)
	return status, resp.Header.Get("Rollcall-Version"), body
}

// A reader of changes that comes to another node is not told to begin anew.
func TestFollowingFromNodeToNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := &world{t: t, dir: w.dir, clock: w.clock, app: w.app}
	other.start()
	t.Cleanup(other.stop)
	var reader reader
	reader.begin(w)
	nodes := []*world{w, other}
	for i := range 6 {
		u := &rollcall.User{UserID: fmt.Sprint("u", i), Name: "X", Stay: rollcall.Stay{To: rollcall.Open}}
		nodes[i%2].do(rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(i), Payload: rollcall.Payload{User: u}})
		here, there := nodes[i%2], nodes[(i+1)%2]
		version := fmt.Sprint(here.org.Current().Version())
		reader.follow(here)
		// The other node has not heard of the version yet.
		status, got, body := there.head("/rollcall/v1/changes?since=" + version)
		if status != 200 || got != version || !strings.HasPrefix(body, `{"version":`+version+`}`) {
			t.Errorf("status %d, version %s, not %s: %s", status, got, version, body)
		}
		reader.follow(there)
		if len(reader.users) != i+1 {
			t.Errorf("%d people after %d", len(reader.users), i+1)
		}
	}
	for _, path := range []string{"departments", "users"} {
		_, v1, one := w.head("/rollcall/v1/" + path)
		_, v2, two := other.head("/rollcall/v1/" + path)
		if one != two || v1 != v2 || !strings.HasPrefix(one, `{"version":`+v1+`,`) {
			t.Errorf("%s are not the same: version %s and %s", path, v1, v2)
		}
	}
}

func TestAVersionThatHasNotCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, x := range []struct {
		header string
		status int
		code   string
	}{
		{"1", 200, ""}, {"0", 200, ""}, {"77", 503, "version_not_here"}, {"x", 400, "parameter_invalid"}, {"-3", 400, "parameter_invalid"},
	} {
		status, version, body := w.head("/rollcall/v1/users", "Rollcall-Min-Version", x.header)
		if status != x.status || !strings.Contains(body, x.code) || (version == "1") != (status == 200) {
			t.Errorf("%s: status %d, version %q: %.200s", x.header, status, version, body)
		}
	}
	if status, version, _ := w.head("/rollcall/v1/clock"); status != 403 || version != "1" {
		t.Errorf("a refusal: status %d, version %q", status, version)
	}
}
