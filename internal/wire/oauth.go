package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// readOAuth takes the parameters from a JSON body and from the path: the newer
// host reads nothing else (contract 3.4).
func (c *Call) readOAuth() (flaw, error) {
	c.in = c.in[:0]
	wrong, err := c.fetch()
	if err != nil {
		return sound, fmt.Errorf("the body did not arrive: %w", err)
	}
	body := bytes.TrimLeft(bytes.TrimPrefix(c.in, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case wrong != sound:
		return wrong, nil
	case len(body) == 0, c.req.ContentType != "" && mediaOf(c.req.ContentType) != mediaJSON:
		return noBody, nil
	}
	wrong = c.readJSON(body)
	name, _, _ := c.ep.pathParam()
	if i := slices.IndexFunc(c.ep.Params, func(p Param) bool { return p.Name == name }); i >= 0 {
		c.args[i] = arg{form: formText, raw: []byte(c.inPath)}
	}
	return wrong, nil
}

// failOAuth makes the reply a fault's in the form of the newer host, whose texts
// do not go on behind their end.
func (c *Call) failOAuth(f Fault, subject string) {
	text := f.EN
	if c.lang == rollcall.Chinese {
		text = f.ZH
	}
	c.status = f.Code
	c.out = c.out[:0]
	c.out.Raw(`{"requestid":"`).Bytes(c.requestID()).
		Raw(`","code":`).String(strings.ReplaceAll(f.Name, placeholder, subject)).
		Raw(`,"message":`).String(strings.ReplaceAll(text, placeholder, subject))
	if f.Name == FaultScopeMissing.Name {
		c.out.Raw(`,"accessdenieddetail":{"requiredScopes":[`).String(subject).Raw("]}")
	}
	c.out.Raw("}")
}

// own returns what the family answers in the place of a fault of all families.
func (f Family) own(x Fault) Fault {
	if f != OAuth {
		return x
	}
	switch x {
	case FaultBusy:
		return FaultServerError
	case FaultPostRequired, FaultNotFoundURI:
		return FaultActionNotFound
	}
	return x
}

// formatUUID writes a random UUID in capitals (contract 1.3).
func formatUUID(id *[uuidLen]byte, hi, lo uint64) {
	hi = hi&^0xF000 | 0x4000       // version 4
	lo = lo&^(0b11<<62) | 0b10<<62 // and its variant
	copy(id[:], fmt.Sprintf("%08X-%04X-%04X-%04X-%012X", hi>>32, hi>>16&0xFFFF, hi&0xFFFF, lo>>48, lo&(1<<48-1)))
}

// The part of the table of error codes that belongs to the newer host,
// immutable (contract 3.4). Code is the HTTP status.
var (
	FaultMissingBody = Fault{
		Code: 400, Name: "Missingbody", EN: "body is mandatory for this action.", ZH: "body is mandatory for this action.",
		When: "there is no body, or not one of the content type application/json",
	}
	FaultInvalidBody = Fault{
		Code: 400, Name: "Invalidbody", EN: "Specified parameter body is not valid.", ZH: "Specified parameter body is not valid.",
		When: "the body cannot be parsed",
	}
	FaultMissingField = Fault{
		Code: 400, Name: "Missing<name>", EN: "<name> is mandatory for this action.", ZH: "<name> is mandatory for this action.",
		When: "a required parameter is missing",
	}
	FaultInvalidField = Fault{
		Code: 400, Name: "Invalid<name>", EN: "Specified parameter <name> is not valid.", ZH: "Specified parameter <name> is not valid.",
		When: "a value does not have the form of its type",
	}
	FaultWrongClientID = Fault{
		Code: 400, Name: "invalidClientIdOrSecret", EN: "Invalid clientId or clientSecret", ZH: "无效的clientId或者clientSecret",
		When: "key and secret of an app do not belong together",
	}
	FaultInvalidSuiteKey = Fault{
		Code: 400, Name: "invalidSuiteKey", EN: "Invalid suiteKey", ZH: "suitekey不合法",
		When: "corpAccessToken: key and secret of a third-party app do not belong together",
	}
	FaultInvalidSuiteTicket = Fault{
		Code: 400, Name: "invalidSuiteTicket", EN: "Invalid suiteTicket", ZH: "suiteTicket无效",
		When: "the suite ticket is not the app's",
	}
	FaultInvalidAuthInfo = Fault{
		Code: 400, Name: "invalidAuthInfo", EN: "The authorization relation does not exist", ZH: "授权关系不存在",
		When: "corpAccessToken: the organization has not authorized the app",
	}
	FaultInvalidClient = Fault{
		Code: 400, Name: "invalid.client", EN: "invalid.client", ZH: "invalid.client",
		When: "{corpId}/token: client_id and client_secret do not belong together",
	}
	FaultGrantType = Fault{
		Code: 400, Name: "unsupported.grant.type", EN: "unsupported.grant.type", ZH: "unsupported.grant.type",
		When: "{corpId}/token: grant_type is not client_credentials",
	}
	FaultUnauthorizedClient = Fault{
		Code: 401, Name: "unauthorized.client", EN: "unauthorized.client", ZH: "unauthorized.client",
		When: "{corpId}/token: the app is one of another organization",
	}
	FaultScopeMissing = Fault{
		Code: 403, Name: "Forbidden.AccessDenied.AccessTokenPermissionDenied",
		EN: "The app does not hold the required permission point: [<name>]", ZH: "没有调用该接口的权限：[<name>]",
		When: "the app lacks the permission point of the endpoint, which stands in accessdenieddetail",
	}
	FaultAddressDenied = Fault{
		Code: 403, Name: "Forbidden.AccessDenied.IpNotInWhiteList",
		EN: "Caller IP not in the whitelist,<name>", ZH: "访问ip不在白名单之中,<name>",
		When: "the app may not call from this address",
	}
	FaultActionNotFound = Fault{
		Code: 404, Name: "InvalidAction.NotFound",
		EN:   "Specified api is not found, please check your url and method.",
		ZH:   "Specified api is not found, please check your url and method.",
		When: "there is no such path under /v1.0, or it does not take this HTTP method",
	}
	FaultUnknownCorp = Fault{
		Code: 500, Name: "unknownError", EN: "Unknown error", ZH: "未知错误",
		When: "{corpId}/token: there is no such organization",
	}
	FaultServerError = Fault{
		Code: 500, Name: "server.error", EN: "server.error", ZH: "server.error",
		When: "the server cannot do it just now: it is shutting down or overloaded, or its storage is down",
	}
)

// oauthFaults returns the faults of the newer host, by status.
func oauthFaults() []Fault {
	all := []Fault{
		FaultMissingBody, FaultInvalidBody, FaultMissingField, FaultInvalidField, FaultWrongClientID, FaultInvalidSuiteKey,
		FaultInvalidSuiteTicket, FaultInvalidAuthInfo, FaultInvalidClient, FaultGrantType, FaultUnauthorizedClient,
		FaultScopeMissing, FaultAddressDenied, FaultActionNotFound, FaultUnknownCorp, FaultServerError,
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.Code, b.Code) })
	return all
}
