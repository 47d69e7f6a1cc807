package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"rollcall"
)

// TestEnvelopes pins replies byte for byte (contract 1.2, 12, D4, D5).
func TestEnvelopes(t *testing.T) {
	ok := func(path, json string) *Endpoint {
		ep := &Endpoint{Path: path, Family: familyOf(path), Methods: getPost, Unparsable: FaultParamFormat}
		ep.Serve = func(c *Call) error { c.Result().Raw(json); return nil }
		return ep
	}
	fails := func(path string, err error, rows ...FaultRow) *Endpoint {
		ep := ok(path, "")
		ep.Faults = rows
		ep.Serve = func(c *Call) error { c.Result().Raw(`{"half":`); return err }
		return ep
	}
	public := func(ep *Endpoint) *Endpoint { ep.Public = true; return ep }

	point := ok("/topapi/point", "{}")
	point.Permission = rollcall.PermMember
	classicPoint := ok("/point", "")
	classicPoint.Permission = rollcall.PermDepartmentList
	internalOnly := ok("/topapi/internal", "{}")
	internalOnly.AppTypes = []rollcall.AppType{rollcall.Internal}
	classicInternal := ok("/internal", "")
	classicInternal.AppTypes = []rollcall.AppType{rollcall.Internal}
	postOnly := ok("/topapi/change", "")
	postOnly.Methods = []string{"POST"}
	classicPost := ok("/user/create", "")
	classicPost.Methods = []string{"POST"}
	needs := ok("/topapi/needs", "{}")
	needs.Params = []Param{{Name: "msg", Kind: String, Required: true}}
	classicNeeds := ok("/needs", "")
	classicNeeds.Params = []Param{{Name: "onlyActive", Kind: Bool, Required: true}}
	kinds := []FaultRow{
		{Kind: rollcall.KindNotFound, Fault: FaultTheDeptNotFound},
		{Kind: rollcall.KindDenied, Fault: FaultDeptScope},
		{Kind: rollcall.KindInvalid, Fault: FaultParamInvalid, Detail: true},
		{Kind: rollcall.KindInvalid, Param: "size", Fault: FaultInvalidSize, Detail: true},
		{Kind: rollcall.KindMissing, Fault: FaultMissingParam},
		{Kind: rollcall.KindMalformed, Fault: FaultWrongSecret},
		{Kind: rollcall.KindConflict, Fault: FaultWrongCorpSecret},
	}
	rollcallError := func(kind rollcall.ErrorKind, param, detail string) error {
		return fmt.Errorf("while serving: %w", &rollcall.Error{Kind: kind, Param: param, Detail: detail, Err: errors.New("inside")})
	}

	s := newService(t, testConfig(
		ok("/topapi/user/count", `{"count":4}`),
		ok("/topapi/v2/user/update", ""),
		public(ok("/gettoken", `{"errcode":0,"access_token":"82ad1e1b28b2357dbf090b9a2582319c","errmsg":"ok","expires_in":7200}`)),
		ok("/user/delete", ""),
		point, classicPoint, internalOnly, classicInternal, postOnly, classicPost, needs, classicNeeds,
		fails("/topapi/gone", rollcallError(rollcall.KindNotFound, "dept_id", "77 is no department"), kinds...),
		fails("/topapi/scope", rollcallError(rollcall.KindDenied, "dept_id", ""), kinds...),
		fails("/topapi/date", rollcallError(rollcall.KindInvalid, "query_date", `is in the "future"`), kinds...),
		fails("/topapi/size", rollcallError(rollcall.KindInvalid, "size", "is too much"), kinds...),
		fails("/topapi/busy", rollcallError(rollcall.KindBusy, "dept_id", "secret"), kinds...),
		fails("/topapi/internalerror", rollcallError(rollcall.KindInternal, "", "secret"), kinds...),
		fails("/topapi/plainerror", errors.New("secret"), kinds...),
		fails("/topapi/norow", rollcallError(rollcall.KindNotFound, "", "secret")),
		public(fails("/missing", rollcallError(rollcall.KindMissing, "corpid or appkey", ""), kinds...)),
		public(fails("/wrong", rollcallError(rollcall.KindMalformed, "appsecret", "secret"), kinds...)),
		public(fails("/wrongcorp", rollcallError(rollcall.KindConflict, "corpsecret", "secret"), kinds...)),
		fails("/busy", errors.New("secret"), kinds...),
	))

	tests := []struct{ method, path, token, en, zh string }{
		{"POST", "/topapi/user/count", goodToken, `{"errcode":0,"errmsg":"ok","result":{"count":4},"request_id":"x4p6arvi0fzj"}`, ""},
		{"POST", "/topapi/v2/user/update", goodToken, `{"errcode":0,"errmsg":"ok","request_id":"x4p6arvi0fzj"}`, ""},
		{"GET", "/gettoken", "", `{"errcode":0,"access_token":"82ad1e1b28b2357dbf090b9a2582319c","errmsg":"ok","expires_in":7200}`, ""},
		{"GET", "/user/delete", goodToken, `{"errcode":0,"errmsg":"ok"}`, ""},

		// Unknown paths, which need no token.
		{
			"POST", "/topapi/v2/user/notexist", "",
			`{"errcode":22,"sub_msg":"Invalid ApiName, ApiName = dingtalk.oapi.v2.user.notexist","errmsg":"Invalid method[submsg=Invalid ApiName, ApiName = dingtalk.oapi.v2.user.notexist]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":22,"sub_msg":"不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist","errmsg":"Invalid method[submsg=不合法ApiName，ApiName = dingtalk.oapi.v2.user.notexist]","request_id":"x4p6arvi0fzj"}`,
		},
		{
			"PUT", "/topapi/flow/Form/save", goodToken,
			`{"errcode":22,"sub_msg":"Invalid ApiName, ApiName = dingtalk.oapi.flow.Form.save","errmsg":"Invalid method[submsg=Invalid ApiName, ApiName = dingtalk.oapi.flow.Form.save]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":22,"sub_msg":"不合法ApiName，ApiName = dingtalk.oapi.flow.Form.save","errmsg":"Invalid method[submsg=不合法ApiName，ApiName = dingtalk.oapi.flow.Form.save]","request_id":"x4p6arvi0fzj"}`,
		},
		{"GET", "/", "", `{"errcode":404,"errmsg":"The requested URI does not exist"}`, `{"errcode":404,"errmsg":"请求的URI地址不存在"}`},
		{"POST", "/user/count", goodToken, `{"errcode":404,"errmsg":"The requested URI does not exist"}`, `{"errcode":404,"errmsg":"请求的URI地址不存在"}`},
		{"POST", "/TOPAPI/user/count", goodToken, `{"errcode":404,"errmsg":"The requested URI does not exist"}`, `{"errcode":404,"errmsg":"请求的URI地址不存在"}`},

		// Methods come before the token.
		{"GET", "/user/create", "", `{"errcode":43002,"errmsg":"POST request required"}`, `{"errcode":43002,"errmsg":"需要POST请求"}`},
		{"GET", "/topapi/change", "", `{"errcode":43002,"errmsg":"POST request required","request_id":"x4p6arvi0fzj"}`, `{"errcode":43002,"errmsg":"需要POST请求","request_id":"x4p6arvi0fzj"}`},
		{"HEAD", "/topapi/user/count", goodToken, `{"errcode":43002,"errmsg":"POST request required","request_id":"x4p6arvi0fzj"}`, `{"errcode":43002,"errmsg":"需要POST请求","request_id":"x4p6arvi0fzj"}`},
		{"DELETE", "/gettoken", "", `{"errcode":43002,"errmsg":"POST request required"}`, `{"errcode":43002,"errmsg":"需要POST请求"}`},

		// Tokens.
		{
			"POST", "/topapi/user/count", "",
			`{"errcode":88,"sub_code":"40000","sub_msg":"access_token is blank","errmsg":"ding talk error[subcode=40000,submsg=access_token is blank]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":88,"sub_code":"40000","sub_msg":"access_token is blank","errmsg":"ding talk error[subcode=40000,submsg=access_token is blank]","request_id":"x4p6arvi0fzj"}`,
		},
		{
			"POST", "/topapi/user/count", "wrong",
			`{"errcode":88,"sub_code":"40014","sub_msg":"Invalid access_token","errmsg":"ding talk error[subcode=40014,submsg=Invalid access_token]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":88,"sub_code":"40014","sub_msg":"不合法的access_token","errmsg":"ding talk error[subcode=40014,submsg=不合法的access_token]","request_id":"x4p6arvi0fzj"}`,
		},
		{"GET", "/user/delete", "", `{"errcode":40035,"errmsg":"missing parameter access_token"}`, `{"errcode":40035,"errmsg":"缺少参数 access_token"}`},
		{"GET", "/user/delete", "wrong", `{"errcode":40014,"errmsg":"Invalid access_token"}`, `{"errcode":40014,"errmsg":"不合法的access_token"}`},

		// Permission points and app types.
		{
			"POST", "/topapi/point", bareToken,
			`{"errcode":88,"sub_code":"60011","sub_msg":"The app does not hold the required permission point: [qyapi_get_member], {requiredScopes=[qyapi_get_member]}","errmsg":"ding talk error[subcode=60011,submsg=The app does not hold the required permission point: [qyapi_get_member], {requiredScopes=[qyapi_get_member]}]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":88,"sub_code":"60011","sub_msg":"应用尚未开通所需的权限：[qyapi_get_member], {requiredScopes=[qyapi_get_member]}","errmsg":"ding talk error[subcode=60011,submsg=应用尚未开通所需的权限：[qyapi_get_member], {requiredScopes=[qyapi_get_member]}]","request_id":"x4p6arvi0fzj"}`,
		},
		{
			"GET", "/point", bareToken,
			`{"errcode":60011,"errmsg":"The app does not hold the required permission point: [qyapi_get_department_list], {requiredScopes=[qyapi_get_department_list]}"}`,
			`{"errcode":60011,"errmsg":"应用尚未开通所需的权限：[qyapi_get_department_list], {requiredScopes=[qyapi_get_department_list]}"}`,
		},
		{
			"POST", "/topapi/internal", guestToken,
			`{"errcode":88,"sub_code":"60011","sub_msg":"The API does not support apps of the type third_party","errmsg":"ding talk error[subcode=60011,submsg=The API does not support apps of the type third_party]","request_id":"x4p6arvi0fzj"}`,
			`{"errcode":88,"sub_code":"60011","sub_msg":"该接口不支持此类型的应用：third_party","errmsg":"ding talk error[subcode=60011,submsg=该接口不支持此类型的应用：third_party]","request_id":"x4p6arvi0fzj"}`,
		},
		{"POST", "/internal", guestToken, `{"errcode":60011,"errmsg":"The API does not support apps of the type third_party"}`, `{"errcode":60011,"errmsg":"该接口不支持此类型的应用：third_party"}`},

		// Missing parameters of endpoints that have no code of their own for it.
		{"POST", "/topapi/needs", goodToken, `{"errcode":40,"errmsg":"Missing required arguments:msg","request_id":"x4p6arvi0fzj"}`, `{"errcode":40,"errmsg":"Missing required arguments:msg","request_id":"x4p6arvi0fzj"}`},
		{"GET", "/needs", goodToken, `{"errcode":40035,"errmsg":"missing parameter onlyActive"}`, `{"errcode":40035,"errmsg":"缺少参数 onlyActive"}`},

		// Errors of Serve.
		{"POST", "/topapi/gone", goodToken, `{"errcode":60003,"errmsg":"The department is not found: dept_id","request_id":"x4p6arvi0fzj"}`, `{"errcode":60003,"errmsg":"部门不存在: dept_id","request_id":"x4p6arvi0fzj"}`},
		{"POST", "/topapi/scope", goodToken, `{"errcode":50004,"errmsg":"The requested dept_id is outside the authorized scope","request_id":"x4p6arvi0fzj"}`, `{"errcode":50004,"errmsg":"请求的部门id不在授权范围内: dept_id","request_id":"x4p6arvi0fzj"}`},
		{"POST", "/topapi/date", goodToken, `{"errcode":400002,"errmsg":"Invalid parameter: query_date: is in the \"future\"","request_id":"x4p6arvi0fzj"}`, `{"errcode":400002,"errmsg":"参数非法: query_date","request_id":"x4p6arvi0fzj"}`},
		{"POST", "/topapi/size", goodToken, `{"errcode":40069,"errmsg":"Invalid size: is too much","request_id":"x4p6arvi0fzj"}`, `{"errcode":40069,"errmsg":"无效的size","request_id":"x4p6arvi0fzj"}`},
		{"POST", "/topapi/busy", goodToken, `{"errcode":-1,"errmsg":"System busy","request_id":"x4p6arvi0fzj"}`, `{"errcode":-1,"errmsg":"系统繁忙","request_id":"x4p6arvi0fzj"}`},
		{"POST", "/topapi/internalerror", goodToken, `{"errcode":-1,"errmsg":"System busy","request_id":"x4p6arvi0fzj"}`, ""},
		{"POST", "/topapi/plainerror", goodToken, `{"errcode":-1,"errmsg":"System busy","request_id":"x4p6arvi0fzj"}`, ""},
		{"POST", "/topapi/norow", goodToken, `{"errcode":-1,"errmsg":"System busy","request_id":"x4p6arvi0fzj"}`, ""},
		{"GET", "/busy", goodToken, `{"errcode":-1,"errmsg":"System busy"}`, `{"errcode":-1,"errmsg":"系统繁忙"}`},
		{"GET", "/missing", "", `{"errcode":40035,"errmsg":"missing parameter corpid or appkey"}`, `{"errcode":40035,"errmsg":"缺少参数 corpid or appkey"}`},
		{"GET", "/wrong", "", `{"errcode":40096,"errmsg":"Illegal appKey or appSecret"}`, `{"errcode":40096,"errmsg":"不合法的appKey或appSecret"}`},
		{"GET", "/wrongcorp", "", `{"errcode":40089,"errmsg":"Illegal corpId or corpSecret"}`, `{"errcode":40089,"errmsg":"不合法的corpId或corpSecret"}`},
	}
	known := s.cfg.Authority.(*authority)
	for _, tt := range tests {
		target := tt.path
		if tt.token != "" {
			target += "?access_token=" + tt.token
		}
		for lang, want := range map[rollcall.Language]string{rollcall.English: tt.en, rollcall.Chinese: tt.zh} {
			if want == "" {
				continue
			}
			known.lang = lang
			for _, a := range known.apps {
				a.lang = lang
			}
			got := call(t, s, tt.method, target, "", "")
			if got != want {
				t.Errorf("%s %s in %s:\n got %s\nwant %s", tt.method, target, lang, got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s %s: no JSON: %s", tt.method, target, got)
			}
		}
	}
}

// An unknown path is shown to the client as far as it can be a mistake, and to
// the log as far as it can be a name: behind a "&" in the place of "?" there may
// be a secret.
func TestUnknownPathIsShownSafely(t *testing.T) {
	cfg := testConfig()
	log, lines := newLog(slog.LevelDebug)
	cfg.Log = log
	s := newService(t, cfg)
	got := call(t, s, "POST", "/topapi/\"\\\n\xff/"+strings.Repeat("x", 5000), "", "")
	if !strings.HasPrefix(got, `{"errcode":22,"sub_msg":"Invalid ApiName, ApiName = dingtalk.oapi.\"\\\n`+"\uFFFD.xxx") ||
		!json.Valid([]byte(got)) || len(got) > 1000 {
		t.Errorf("%q", got)
	}
	call(t, s, "POST", "/topapi/user/count&access_token=geheim", "", "")
	call(t, s, "GET", "/gettoken&appkey=a&appsecret=geheim", "", "")
	all := strings.Join(*lines, "\n")
	if strings.Contains(all, "geheim") || !strings.Contains(all, "/gettoken") || !strings.Contains(all, "/topapi/user/count") {
		t.Errorf("the log says %s", all)
	}
}

func TestPublicEndpointsChooseTheLanguage(t *testing.T) {
	ep := testEndpoints()[4]
	ep.Faults = []FaultRow{{Kind: rollcall.KindDenied, Fault: FaultWrongSecret}}
	ep.Serve = func(c *Call) error {
		if c.Caller() != nil {
			t.Error("there is a caller")
		}
		c.SetLanguage(rollcall.Chinese)
		return &rollcall.Error{Kind: rollcall.KindDenied}
	}
	got := call(t, newService(t, testConfig(ep)), "GET", "/gettoken?access_token=&appkey=a", "", "")
	if want := `{"errcode":40096,"errmsg":"不合法的appKey或appSecret"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRequestIDs(t *testing.T) {
	cfg := testConfig()
	cfg.ID = nil
	s := newService(t, cfg)
	seen := map[string]bool{}
	for range 1000 {
		got := call(t, s, "POST", "/topapi/user/count?only_active=1&access_token="+goodToken, "", "")
		_, id, _ := strings.Cut(got, `"request_id":"`)
		id = strings.TrimSuffix(id, `"}`)
		if len(id) != 12 || strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") != "" || seen[id] {
			t.Fatalf("request_id %q", id)
		}
		seen[id] = true
	}
}

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":                       `""`,
		"plain":                  `"plain"`,
		"分/子公司 <a href=x>&'":     `"分/子公司 <a href=x>&'"`,
		`quote " and \ slash`:    `"quote \" and \\ slash"`,
		"\b\f\n\r\t\x00\x1f":     `"\b\f\n\r\t\u0000\u001f"`,
		"\x7f\u2028\u2029\u00a0": "\"\x7f\u2028\u2029\u00a0\"",
		"a\xffb\xe5\x8c":         "\"a\uFFFDb\uFFFD\uFFFD\"",
		"\uFFFD😀":                "\"\uFFFD😀\"",
		"\xed\xa0\x80":           "\"\uFFFD\uFFFD\uFFFD\"", // half of a surrogate pair
	} {
		if got := string(AppendString([]byte("x"), in)); got != "x"+want {
			t.Errorf("%q: got %s, want %s", in, got[1:], want)
		}
	}
}

func TestBuffer(t *testing.T) {
	var b Buffer
	b.Raw(`{"n":`).Int(-7).Raw(`,"b":`).Bool(true).Raw(`,"s":`).String(`"`).Raw(`,"x":`).Bytes([]byte("[]")).Raw("}")
	if got, want := string(b), `{"n":-7,"b":true,"s":"\"","x":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
