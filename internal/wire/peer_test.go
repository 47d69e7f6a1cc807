package wire

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"rollcall"
)

func prefixes(list ...string) (parsed []netip.Prefix) {
	for _, s := range list {
		parsed = append(parsed, netip.MustParsePrefix(s))
	}
	return parsed
}

func TestPeer(t *testing.T) {
	for _, tt := range []struct {
		name, remote string
		proxies      string
		forwarded    []string
		want         string
	}{
		{"plain", "192.0.2.1:40000", "", nil, "192.0.2.1"},
		{"IPv6", "[2001:db8::1]:40000", "", nil, "2001:db8::1"},
		{"zone", "[fe80::1%eth0]:40000", "", nil, "fe80::1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:40000", "", nil, "192.0.2.1"},
		{"a Unix socket", "@", "", nil, "invalid IP"},
		{"nothing", "", "10.0.0.0/8", []string{"198.51.100.7"}, "invalid IP"},
		{"no proxy is trusted", "10.0.0.1:1", "", []string{"198.51.100.7"}, "10.0.0.1"},
		{"another one is trusted", "192.0.2.1:1", "10.0.0.0/8", []string{"198.51.100.7"}, "192.0.2.1"},
		{"trusted", "10.0.0.1:1", "10.0.0.0/8", []string{"198.51.100.7"}, "198.51.100.7"},
		{"trusted, mapped", "[::ffff:10.0.0.1]:1", "10.0.0.0/8", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"trusted, with ports", "10.0.0.1:1", "10.0.0.0/8", []string{"198.51.100.7:443"}, "198.51.100.7"},
		{"trusted, IPv6 in brackets", "10.0.0.1:1", "10.0.0.0/8", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"trusted, IPv6 with a port", "10.0.0.1:1", "10.0.0.0/8", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{"what a client made up", "10.0.0.1:1", "10.0.0.0/8", []string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7"},
		{"made up in a line of its own", "10.0.0.1:1", "10.0.0.0/8", []string{"127.0.0.1", "198.51.100.7"}, "198.51.100.7"},
		{"two proxies", "10.0.0.1:1", "10.0.0.0/8", []string{"198.51.100.7,10.9.9.9"}, "198.51.100.7"},
		{"all trusted", "10.0.0.1:1", "10.0.0.0/8", []string{"10.2.2.2, 10.9.9.9"}, "10.2.2.2"},
		{"trusted and silent", "10.0.0.1:1", "10.0.0.0/8", nil, "10.0.0.1"},
		{"trusted and unreadable", "10.0.0.1:1", "10.0.0.0/8", []string{"198.51.100.7, unknown"}, "10.0.0.1"},
		{"unreadable before", "10.0.0.1:1", "10.0.0.0/8", []string{"unknown, 198.51.100.7"}, "198.51.100.7"},
	} {
		c := &Call{req: Request{RemoteAddr: tt.remote, Forwarded: tt.forwarded}}
		if tt.proxies != "" {
			c.proxies = prefixes(tt.proxies)
		}
		if got := c.Peer().String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// The order of contract D2: token, address, permission point, app type, rate,
// parameters.
func TestAddressAndRateComeInOrder(t *testing.T) {
	ep := testEndpoints()[3] // inactive: a permission point, app types, parameters
	ep.Serve = func(c *Call) error { c.Result().Raw("{}"); return nil }
	cfg := testConfig(ep)
	apps := cfg.Authority.(*authority).apps
	far, bare := prefixes("198.51.100.0/24"), []rollcall.Permission{rollcall.PermBase}
	all := rollcall.Permissions()
	apps["far"] = &app{"far", rollcall.ThirdParty, bare, rollcall.English, far, map[string]int{}}
	apps["bare"] = &app{"bare", rollcall.ThirdParty, bare, rollcall.English, prefixes("192.0.2.0/24"), map[string]int{}}
	apps["guest"] = &app{"guest", rollcall.ThirdParty, all, rollcall.English, nil, map[string]int{}}
	apps["often"] = &app{"often", rollcall.Internal, all, rollcall.Chinese, nil, map[string]int{ep.Path: 1}}
	s := newService(t, cfg)
	send := func(token, remote, more string) string {
		a, err := s.Answer(context.Background(), Request{Method: "POST", Path: ep.Path, RawQuery: "access_token=" + token + more, RemoteAddr: remote})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Release()
		return string(a.Body())
	}
	const here = "192.0.2.9:4711"
	for _, tt := range []struct{ token, remote, want string }{
		{"wrong", here, `"sub_code":"40014"`},
		{"far", here, `{"errcode":88,"sub_code":"60020","sub_msg":"Caller IP not in the whitelist,request ip=192.0.2.9 appKey(far)",` +
			`"errmsg":"ding talk error[subcode=60020,submsg=Caller IP not in the whitelist,request ip=192.0.2.9 appKey(far)]","request_id":"` + testID + `"}`},
		{"far", "", `request ip=unknown appKey(far)`},
		{"far", "198.51.100.255:1", `permission point: [qyapi_liveness_base]`},
		{"bare", here, `permission point: [qyapi_liveness_base]`},
		{"guest", here, `apps of the type third_party`},
		{"often", here, `"errcode":400002`}, // counts, although something is missing
		{"often", here, `{"errcode":88,"sub_code":"90018","sub_msg":"每个企业的每个appkey调用单个接口的频率不可超过7次/秒",`},
		{goodToken, here, `"errcode":400002`},
	} {
		if got := send(tt.token, tt.remote, "&is_active=x"); !strings.Contains(got, tt.want) {
			t.Errorf("%s from %s: got %s, want %s", tt.token, tt.remote, got, tt.want)
		}
	}
}

// Classic paths answer with the codes themselves, and the HTTP engine hands on
// what the proxies say.
func TestAddressAndRateOnClassicPaths(t *testing.T) {
	cfg := testConfig()
	cfg.TrustedProxies = prefixes("192.0.2.0/24")
	apps := cfg.Authority.(*authority).apps
	apps["far"] = &app{"far", rollcall.Internal, rollcall.Permissions(), rollcall.English, prefixes("198.51.100.0/24"), nil}
	apps["often"] = &app{"often", rollcall.Internal, rollcall.Permissions(), rollcall.English, nil, map[string]int{}}
	h := Handler(newService(t, cfg))
	send := func(token, forwarded string) string {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "/auth/scopes?access_token="+token, nil) // from 192.0.2.1
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	for _, tt := range []struct{ token, forwarded, want string }{
		{"far", "", `{"errcode":60020,"errmsg":"Caller IP not in the whitelist,request ip=192.0.2.1 appKey(far)"}`},
		{"far", "203.0.113.5", `{"errcode":60020,"errmsg":"Caller IP not in the whitelist,request ip=203.0.113.5 appKey(far)"}`},
		{"far", "198.51.100.5", `{}`},
		{"often", "", `{"errcode":90018,"errmsg":"An appkey may make the same call at most 7 times a second"}`},
	} {
		if got := send(tt.token, tt.forwarded); got != tt.want {
			t.Errorf("%s, %q: got %s, want %s", tt.token, tt.forwarded, got, tt.want)
		}
	}
}
