package wire

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
)

// What the tests share: a table of endpoints like that of the API, which answer
// with their arguments, and an authority with some apps.

const (
	goodToken  = "stubtoken0123456789abcdef" // the one of the recorded requests
	zhToken    = "0000chinese0000"
	bareToken  = "0000nopermission0000"
	guestToken = "0000thirdparty0000"
)

type app struct {
	key   string
	typ   rollcall.AppType
	perms []rollcall.Permission
	lang  rollcall.Language

	networks []netip.Prefix
	left     map[string]int // calls by path, where they are counted
}

func (a *app) Appkey() string                   { return a.key }
func (a *app) AppType() rollcall.AppType        { return a.typ }
func (a *app) Holds(p rollcall.Permission) bool { return slices.Contains(a.perms, p) }
func (a *app) Language() rollcall.Language      { return a.lang }
func (a *app) Version() []string                { return seven }
func (a *app) Networks() []netip.Prefix         { return a.networks }
func (a *app) Spend(path string, _ time.Time) (int, bool) {
	if a.left == nil {
		return 0, true
	}
	a.left[path]--
	return 7, a.left[path] >= 0
}

// seven is the version of every organization.
var seven = []string{"7"}

type authority struct {
	apps  map[string]*app
	lang  rollcall.Language
	stale time.Duration
	admit func(ctx context.Context, min uint64) error
}

func (a *authority) Admit(ctx context.Context, token []byte, _ time.Time, min uint64) (Admission, error) {
	if a.admit != nil {
		if err := a.admit(ctx, min); err != nil {
			return Admission{}, err
		}
	}
	c, ok := a.apps[string(token)]
	if !ok {
		return Admission{}, nil
	}
	return Admission{Caller: c, Stale: a.stale}, nil
}
func (a *authority) Language() rollcall.Language { return a.lang }

func testAuthority() *authority {
	all := rollcall.Permissions()
	return &authority{apps: map[string]*app{
		goodToken:  {"ding1", rollcall.Internal, all, rollcall.English, nil, nil},
		zhToken:    {"ding2", rollcall.Internal, all, rollcall.Chinese, nil, nil},
		bareToken:  {"ding3", rollcall.Internal, []rollcall.Permission{rollcall.PermBase}, rollcall.English, nil, nil},
		guestToken: {"ding4", rollcall.ThirdParty, all, rollcall.English, nil, nil},
	}, lang: rollcall.English}
}

var (
	getPost = []string{"GET", "POST"}
	getOnly = []string{"GET"}
)

func deptID(required bool) Param {
	return Param{Name: "dept_id", Kind: Int, Required: required, Min: 1, Missing: FaultParamInvalid, Malformed: FaultParamInvalid}
}

func language() Param {
	return Param{Name: "language", Kind: Enum, Enum: []string{"zh_CN", "en_US"}, Malformed: FaultParamInvalid}
}

func offset(name string) Param {
	return Param{Name: name, Kind: Int, Required: true, Missing: FaultParamInvalid, Malformed: FaultInvalidOffset}
}

func size() Param {
	return Param{Name: "size", Kind: Int, Required: true, Min: 1, Max: 100, Missing: FaultParamInvalid, Malformed: FaultInvalidSize}
}

func text(name string) Param { return Param{Name: name, Kind: String} }
func flag(name string) Param { return Param{Name: name, Kind: Bool} }
func list(name string) Param { return Param{Name: name, Kind: IDs, MaxItems: 100} }
func number(name string) Param {
	return Param{Name: name, Kind: Int, Min: math.MinInt64}
}

func testEndpoints() []*Endpoint {
	top := func(path string, params ...Param) *Endpoint {
		return &Endpoint{Path: path, Methods: getPost, Params: params, Unparsable: FaultParamFormat, Serve: echo}
	}
	count := top("/topapi/user/count", Param{Name: "only_active", Kind: Bool, Required: true, Missing: FaultParamEmpty, Malformed: FaultInvalidParameter})
	count.Permission, count.Unparsable = rollcall.PermMember, FaultInvalidParameter
	listid := top("/topapi/user/listid", deptID(true))
	listid.Permission = rollcall.PermMember
	listsimple := top("/topapi/user/listsimple", deptID(true), offset("cursor"), size(),
		Param{Name: "order_field", Kind: Enum, Enum: rollcall.OrderNames(), Malformed: FaultParamInvalid},
		Param{Name: "contain_access_limit", Kind: Bool, Malformed: FaultParamInvalid}, language())
	listsimple.Permission = rollcall.PermDepartmentMember
	inactive := top("/topapi/inactive/user/v2/get",
		Param{Name: "is_active", Kind: Bool, Required: true, Missing: FaultParamInvalid, Malformed: FaultParamFormat},
		Param{Name: "query_date", Kind: Date, Required: true, Missing: FaultParamInvalid, Malformed: FaultParamFormat},
		Param{Name: "dept_ids", Kind: IDs, MaxItems: 100, Malformed: FaultParamFormat},
		offset("offset"), size())
	inactive.Permission, inactive.AppTypes = rollcall.PermLiveness, []rollcall.AppType{rollcall.Internal}

	classic := func(path string, params ...Param) *Endpoint {
		return &Endpoint{
			Path: path, Family: Classic, Methods: getOnly, Params: params,
			Unparsable: FaultInvalidParameter, Serve: echo, Permission: rollcall.PermDepartmentList,
		}
	}
	gettoken := classic("/gettoken", text("appkey"), text("appsecret"), text("corpid"), text("corpsecret"))
	gettoken.Public, gettoken.Methods = true, getPost

	return []*Endpoint{
		count, listid, listsimple, inactive, gettoken,
		classic("/auth/scopes"),
		classic("/department/list", number("id"), flag("fetch_child"), Param{Name: "lang", Kind: Enum, Enum: []string{"zh_CN", "en_US"}}),
		top("/topapi/v2/department/get", deptID(true), language()),
		top("/topapi/v2/department/listsub", deptID(false), language()),
		top("/topapi/v2/department/listsubid", deptID(false)),
		top("/topapi/v2/department/create", text("name"), number("parent_id"), number("order"),
			flag("hide_dept"), flag("create_dept_group"), list("dept_permits")),
		top("/topapi/v2/department/update", deptID(true), text("name")),
		top("/topapi/v2/department/delete", deptID(true)),
		top("/topapi/v2/user/list", deptID(true), offset("cursor"), size()),
		top("/topapi/v2/user/get", Param{Name: "userid", Kind: String, Required: true}, language()),
		top("/topapi/v2/user/getbymobile", text("mobile")),
		top("/topapi/v2/user/create", text("userid"), text("name"), text("mobile"), flag("hide_mobile"),
			number("hired_date"), list("dept_id_list")),
		top("/topapi/v2/user/update", text("userid"), text("name")),
		top("/topapi/v2/user/delete", text("userid")),
	}
}

// echo answers with the arguments, as JSON in the order of the table.
func echo(c *Call) error {
	b := c.Result()
	first := true
	b.Raw("{")
	for i, p := range c.Endpoint().Params {
		if !c.Given(i) {
			continue
		}
		if !first {
			b.Raw(",")
		}
		first = false
		b.String(p.Name).Raw(":")
		switch p.Kind {
		case Bool:
			b.Bool(c.Bool(i))
		case Int:
			b.Int(c.Int(i))
		case Date:
			b.String(c.Day(i).String())
		case Enum:
			b.String(p.Enum[c.Enum(i)])
		case String:
			b.String(c.Text(i))
		case IDs:
			for j, id := range c.IDs(i) {
				b.Raw([]string{"[", ","}[min(j, 1)]).Int(int64(id))
			}
			b.Raw("]")
		case Strings:
			for j, word := range c.Strings(i) {
				b.Raw([]string{"[", ","}[min(j, 1)]).String(word)
			}
			b.Raw("]")
		case JSON:
			b.Bytes(c.JSON(i))
		}
	}
	b.Raw("}")
	return nil
}

// idOf is the number that makes a request_id.
func idOf(s string) uint64 {
	n := uint64(0)
	for _, c := range slices.Backward([]byte(s)) {
		n = n*36 + uint64(strings.IndexByte("0123456789abcdefghijklmnopqrstuvwxyz", c))
	}
	return n
}

const testID = "x4p6arvi0fzj"

func testConfig(endpoints ...*Endpoint) Config {
	if endpoints == nil {
		endpoints = testEndpoints()
	}
	return Config{
		Endpoints: endpoints,
		Authority: testAuthority(),
		Now:       func() time.Time { return time.Unix(1_700_000_000, 0) },
		ID:        func() uint64 { return idOf(testID) },
	}
}

func newService(t testing.TB, cfg Config) *Service {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	formType = "application/x-www-form-urlencoded;charset=utf-8"
	jsonType = "application/json;charset=UTF-8"
)

// call answers one request and returns the body.
func call(t testing.TB, s *Service, method, target, contentType, body string) string {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	a, err := s.Answer(context.Background(), Request{
		Method: method, Path: path, RawQuery: query, ContentType: contentType,
		Body: strings.NewReader(body), Length: int64(len(body)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	return string(a.Body())
}

// argsOf asks an endpoint of the test for its arguments and returns them, or
// the errcode (of 88 the sub_code) and the text.
func argsOf(t testing.TB, s *Service, target, contentType, body string) string {
	t.Helper()
	return outcome(call(t, s, "POST", target, contentType, body))
}

func outcome(reply string) string {
	if rest, ok := strings.CutPrefix(reply, okResult); ok {
		return strings.TrimSuffix(rest, `,"request_id":"`+testID+`"}`)
	}
	if !strings.HasPrefix(reply, `{"errcode":`) {
		return reply // classic
	}
	rest := reply[len(`{"errcode":`):]
	if sub, ok := strings.CutPrefix(rest, `88,"sub_code":"`); ok {
		code, _, _ := strings.Cut(sub, `"`)
		return code
	}
	code, rest, _ := strings.Cut(rest, `,"errmsg":"`)
	msg, _, _ := strings.Cut(rest, `"`)
	return code + " " + msg
}

// logged is a slog.Handler that keeps lines, level and message first.
type logged struct {
	level slog.Level
	lines *[]string
}

func newLog(level slog.Level) (*slog.Logger, *[]string) {
	lines := new([]string)
	return slog.New(logged{level, lines}), lines
}

func (l logged) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }
func (l logged) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l logged) WithGroup(string) slog.Handler                    { return l }
func (l logged) Handle(_ context.Context, r slog.Record) error {
	if r.Level < l.level {
		return nil
	}
	var b strings.Builder
	b.WriteString(r.Level.String() + " " + r.Message)
	for a := range r.Attrs {
		b.WriteString(" " + a.Key + "=" + a.Value.String())
	}
	*l.lines = append(*l.lines, b.String())
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
