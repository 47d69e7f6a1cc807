package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// Fault is one row of the table of error codes: what a failure looks like on
// the wire (contract D2, 9). Where a text holds <name>, the parameter or
// whatever else the failure is about takes its place; other texts may go on
// with it, as in "Invalid parameter: query_date".
type Fault struct {
	// Code is the errcode; on the newer host, where a code is a word, it is the
	// HTTP status.
	Code int
	// Name is the code on the newer host, and empty on all others.
	Name   string
	EN, ZH string
	// When tells people when it is answered.
	When string
	// Sub marks failures of token and permission, which [TOP] endpoints wrap
	// in errcode 88 with Code as sub_code (contract D4).
	Sub bool
}

// codeWrapped is the errcode around a Fault with Sub (contract D4).
const codeWrapped = 88

// codeInvalidMethod is the errcode whose text is repeated as sub_msg.
const codeInvalidMethod = 22

const placeholder = "<name>"

// The table of error codes, immutable: every code that the server sends
// (contract D2, D4, 1.2, 3.1, 9).
var (
	FaultBusy = Fault{
		Code: -1, EN: "System busy", ZH: "系统繁忙",
		When: "the server cannot do it just now: it is shutting down or overloaded, or its storage is down",
	}
	FaultInvalidMethod = Fault{
		Code: codeInvalidMethod, EN: "Invalid ApiName, ApiName = <name>", ZH: "不合法ApiName，ApiName = <name>",
		When: "there is no such path under /topapi; the text is sub_msg and stands in errmsg as `Invalid method[submsg=…]`",
	}
	FaultMissingArgument = Fault{
		Code: 40, EN: "Missing required arguments:<name>", ZH: "Missing required arguments:<name>",
		When: "a required parameter is missing, where the endpoint has no code of its own for it",
	}
	FaultNotFoundURI = Fault{
		Code: 404, EN: "The requested URI does not exist", ZH: "请求的URI地址不存在",
		When: "there is no such path outside /topapi",
	}
	FaultTokenBlank = Fault{
		Code: 40000, EN: "access_token is blank", ZH: "access_token is blank", Sub: true,
		When: "there is no access_token in the query string or the body (only under /topapi)",
	}
	FaultTokenInvalid = Fault{
		Code: 40014, EN: "Invalid access_token", ZH: "不合法的access_token", Sub: true,
		When: "the access_token is unknown, expired or revoked",
	}
	FaultMissingParam = Fault{
		Code: 40035, EN: "missing parameter <name>", ZH: "缺少参数 <name>",
		When: "a required parameter, or the access_token, is missing (not under /topapi)",
	}
	FaultInvalidParameter = Fault{
		Code: 40035, EN: "Invalid parameter", ZH: "不合法的参数",
		When: "a value does not have the form of its type, or the body cannot be parsed",
	}
	FaultInvalidOffset = Fault{
		Code: 40068, EN: "Invalid offset", ZH: "无效的偏移量",
		When: "the cursor or offset is not a whole number from 0",
	}
	FaultInvalidSize = Fault{
		Code: 40069, EN: "Invalid size", ZH: "无效的size",
		When: "the page size is not a whole number from 1 to the largest page",
	}
	FaultWrongSuiteTicket = Fault{
		Code: 40085, EN: "suiteticket does not exist", ZH: "不存在的suiteticket",
		When: "get_suite_token: the suite ticket is not the app's",
	}
	FaultWrongSuiteSecret = Fault{
		Code: 40088, EN: "Illegal suite key or secret", ZH: "不合法的套件key或secret",
		When: "get_suite_token: key and secret of a third-party app do not belong together",
	}
	FaultWrongCorpSecret = Fault{
		Code: 40089, EN: "Illegal corpId or corpSecret", ZH: "不合法的corpId或corpSecret",
		When: "gettoken: corpid and corpsecret do not belong together",
	}
	FaultWrongSecret = Fault{
		Code: 40096, EN: "Illegal appKey or appSecret", ZH: "不合法的appKey或appSecret",
		When: "gettoken: appkey and appsecret do not belong together",
	}
	FaultNoSuiteKey = Fault{
		Code: 41021, EN: "suitekey missing", ZH: "缺少suitekey", When: "get_suite_token: suite_key is missing",
	}
	FaultNoSuiteTicket = Fault{
		Code: 41023, EN: "suiteticket missing", ZH: "缺少suiteticket", When: "get_suite_token: suite_ticket is missing",
	}
	FaultNoSuiteSecret = Fault{
		Code: 41024, EN: "suitesecret missing", ZH: "缺少suitesecret", When: "get_suite_token: suite_secret is missing",
	}
	FaultNoAuthCorp = Fault{
		Code: 41027, EN: "corpid of the authorizing organization required", ZH: "需要授权企业的corpid参数",
		When: "get_corp_token: auth_corpid is missing",
	}
	FaultNotAuthorized = Fault{
		Code: 41030, EN: "Organization has not authorized this suite", ZH: "企业未对该套件授权",
		When: "get_corp_token: the third-party app belongs to another organization",
	}
	FaultPostRequired = Fault{
		Code: 43002, EN: "POST request required", ZH: "需要POST请求",
		When: "the endpoint does not take this HTTP method",
	}
	FaultDeptScope = Fault{
		Code: 50004, EN: "The requested dept_id is outside the authorized scope", ZH: "请求的部门id不在授权范围内",
		When: "the department is outside the app's contact scope",
	}
	FaultDeptNotFound = Fault{
		Code: 60003, EN: "Department not found", ZH: "部门不存在",
		When: "there is no such department",
	}
	FaultTheDeptNotFound = Fault{
		Code: 60003, EN: "The department is not found", ZH: "部门不存在",
		When: "there is no such department (user/listsimple)",
	}
	FaultPermission = Fault{
		Code: 60011, Sub: true,
		EN:   "The app does not hold the required permission point: [<name>], {requiredScopes=[<name>]}",
		ZH:   "应用尚未开通所需的权限：[<name>], {requiredScopes=[<name>]}",
		When: "the app lacks the permission point of the endpoint",
	}
	FaultAppType = Fault{
		Code: 60011, EN: "The API does not support apps of the type <name>", ZH: "该接口不支持此类型的应用：<name>", Sub: true,
		When: "the endpoint is not for apps of this type",
	}
	FaultAddress = Fault{
		Code: 60020, Sub: true,
		EN:   "Caller IP not in the whitelist,<name>",
		ZH:   "访问ip不在白名单之中,<name>",
		When: "the app may not call from this address",
	}
	FaultUserNotFound = Fault{
		Code: 60121, EN: "User not found", ZH: "找不到该用户",
		When: "nobody in the organization has this userid, mobile number or unionid",
	}
	FaultRate = Fault{
		Code: 90018, Sub: true,
		EN:   "An appkey may make the same call at most <name> times a second",
		ZH:   "每个企业的每个appkey调用单个接口的频率不可超过<name>次/秒",
		When: "the app makes this call more often than its rate allows",
	}
	FaultParamEmpty = Fault{
		Code: 400002, EN: "Parameter is empty", ZH: "参数为空",
		When: "a required parameter is missing (user/count)",
	}
	FaultParamInvalid = Fault{
		Code: 400002, EN: "Invalid parameter", ZH: "参数非法",
		When: "a required parameter is missing, or a value is not allowed",
	}
	FaultParamFormat = Fault{
		Code: 400002, EN: "Invalid parameter format", ZH: "参数格式不正确",
		When: "a value does not have the form of its type, or the body cannot be parsed",
	}
	FaultTimestamp = Fault{
		Code: 853001, EN: "timestamp has a wrong format, it must be the current time in milliseconds", ZH: "timestamp参数格式不正确，必须是当前时间的毫秒数",
		When: "get_corp_token: timestamp is no number of milliseconds",
	}
	FaultSkew = Fault{
		Code: 853002, EN: "timestamp differs by more than 1 minute from the time of the server", ZH: "timestamp参数不合法，该参数值与钉钉服务器当前时间相差超过1分钟",
		When: "get_corp_token: the signed time is not now",
	}
	FaultAccessKey = Fault{
		Code: 853003, EN: "accessKey is illegal, it must be an existing appId", ZH: "accessKey参数不合法，必须是钉钉开放平台存在的appId",
		When: "get_corp_token: no third-party app has this key",
	}
	FaultSignature = Fault{
		Code: 853004, EN: "signature does not match that of the server; it must be URL-encoded", ZH: "signature参数不正确，与钉钉服务端计算出来的签名不一致，注意该参数传递时必须urlEncode",
		When: "get_corp_token: the signature does not fit",
	}
	FaultSignedTicket = Fault{
		Code: 853005, EN: "suiteTicket in the signature is invalid", ZH: "签名中套件ticket参数无效",
		When: "get_corp_token: the suite ticket is not the app's",
	}
)

// Faults returns the whole table of error codes, by code; those of the newer
// host come among them by their status.
func Faults() []Fault {
	all := []Fault{
		FaultBusy, FaultInvalidMethod, FaultMissingArgument, FaultNotFoundURI, FaultTokenBlank, FaultTokenInvalid,
		FaultMissingParam, FaultInvalidParameter, FaultInvalidOffset, FaultInvalidSize, FaultWrongCorpSecret,
		FaultWrongSecret, FaultPostRequired, FaultDeptScope, FaultDeptNotFound, FaultTheDeptNotFound,
		FaultPermission, FaultAppType, FaultAddress, FaultUserNotFound, FaultRate, FaultParamEmpty, FaultParamInvalid, FaultParamFormat,
		FaultWrongSuiteTicket, FaultWrongSuiteSecret, FaultNoSuiteKey, FaultNoSuiteTicket, FaultNoSuiteSecret, FaultNoAuthCorp,
		FaultNotAuthorized, FaultTimestamp, FaultSkew, FaultAccessKey, FaultSignature, FaultSignedTicket,
	}
	all = append(all, deptFaults()...)
	all = append(all, userFaults()...)
	all = append(all, roleFaults()...)
	all = append(all, oauthFaults()...)
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// text returns the fault's text about a subject, which may be empty.
func (f Fault) text(l rollcall.Language, subject string) string {
	t := f.EN
	if l == rollcall.Chinese {
		t = f.ZH
	}
	switch {
	case strings.Contains(t, placeholder):
		return strings.ReplaceAll(t, placeholder, subject)
	case subject == "" || mentions(t, subject):
		return t // which says it already, as "Invalid size" does
	}
	return t + ": " + subject
}

// mentions tells whether a name stands in a text as a word, in any letter case.
func mentions(text, name string) bool {
	text, name = strings.ToLower(text), strings.ToLower(name)
	isName := func(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' }
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !isName(text[i-1])) && (end == len(text) || !isName(text[end])) {
			return true
		}
		from = i + 1
	}
}

// ErrorsMarkdown renders the table of error codes as a document for people.
func ErrorsMarkdown() string {
	var b strings.Builder
	b.WriteString(`# Error codes

Every reply has HTTP status 200, but for those of the newer host, which come
last on this page; errcode says what happened, 0 being success.
Programs decide by errcode, never by text. A text may go on, as in
"Invalid parameter: query_date". The setting errmsg_language of the
organization chooses between English and Chinese.

Codes marked with * tell of the token and of permissions. Under /topapi they
come wrapped: errcode is 88, sub_code is the code as a string, sub_msg the text,
and errmsg is "ding talk error[subcode=…,submsg=…]".

| errcode | English | Chinese | When |
|---|---|---|---|
`)
	for _, f := range Faults() {
		if f.Name != "" {
			continue
		}
		mark := ""
		if f.Sub {
			mark = " *"
		}
		fmt.Fprintf(&b, "| %d%s | `%s` | `%s` | %s |\n", f.Code, mark, f.EN, f.ZH, f.When)
	}
	b.WriteString(`
## The newer host

Under /v1.0 a failure has an HTTP status and a code that is a word:
{"requestid":"…","code":"…","message":"…"}.

| status and code | English | Chinese | When |
|---|---|---|---|
`)
	for _, f := range oauthFaults() {
		fmt.Fprintf(&b, "| %d `%s` | `%s` | `%s` | %s |\n", f.Code, f.Name, f.EN, f.ZH, f.When)
	}
	return b.String()
}
