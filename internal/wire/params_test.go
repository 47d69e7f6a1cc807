package wire

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const probePath = "/topapi/probe"

// probe is a service with one endpoint that has one parameter v.
func probe(t testing.TB, p Param) *Service {
	p.Name = "v"
	return newService(t, testConfig(&Endpoint{
		Path: probePath, Methods: getPost, Params: []Param{p}, Unparsable: FaultParamFormat, Serve: echo,
	}))
}

const (
	asText = 1 << iota // in a form and as a JSON string
	asJSON             // as JSON
)

// TestScalars has each line of contract D2 about values.
func TestScalars(t *testing.T) {
	const none, bad, out = "{}", "400002 Invalid parameter format: v", "40069 Invalid size: v"
	kinds := map[ParamKind]Param{
		Bool:    {Kind: Bool},
		Int:     {Kind: Int, Min: -5, Max: 1e18},
		String:  {Kind: String, Min: 2, Max: 5},
		Enum:    {Kind: Enum, Enum: []string{"custom", "1", "true"}},
		Date:    {Kind: Date},
		IDs:     {Kind: IDs, MaxItems: 3},
		Strings: {Kind: Strings, MaxItems: 3},
		JSON:    {Kind: JSON},
	}
	tests := []struct {
		kind ParamKind
		how  int
		in   string
		want string // the value, or none, bad or out
	}{
		{Bool, asText | asJSON, "true", "true"},
		{Bool, asText | asJSON, "false", "false"},
		{Bool, asText, "TRUE", "true"},
		{Bool, asText, "False", "false"},
		{Bool, asText | asJSON, "1", "true"},
		{Bool, asText | asJSON, "0", "false"},
		{Bool, asText, "", none},
		{Bool, asJSON, "null", none},
		{Bool, asText, "yes", bad},
		{Bool, asText, "tru", bad},
		{Bool, asText, "null", bad},
		{Bool, asText, " true", bad},
		{Bool, asText | asJSON, "2", bad},
		{Bool, asText | asJSON, "-1", bad},
		{Bool, asText | asJSON, "1.0", bad},
		{Bool, asText | asJSON, "[]", bad},
		{Bool, asText | asJSON, "{}", bad},
		{Bool, asJSON, "[true]", bad},
		{Bool, asText, "\u212Arue", bad},

		{Int, asText | asJSON, "0", "0"},
		{Int, asText | asJSON, "100", "100"},
		{Int, asText | asJSON, "-5", "-5"},
		{Int, asText | asJSON, "-0", "0"},
		{Int, asText, "+7", "7"},
		{Int, asText, "007", "7"},
		{Int, asText, " 12\t\r\n", "12"},
		{Int, asJSON, "10.0", "10"},
		{Int, asJSON, "-4.000", "-4"},
		{Int, asText, "10.0", bad},
		{Int, asText | asJSON, "10.5", bad},
		{Int, asText | asJSON, "1e1", bad},
		{Int, asText | asJSON, "1E0", bad},
		{Int, asJSON, "1.0e0", bad},
		{Int, asText | asJSON, "999999999999999999", "999999999999999999"},
		{Int, asText | asJSON, "1000000000000000000", bad},
		{Int, asText, "000000000000000000", "0"},
		{Int, asText, "0000000000000000000", bad},
		{Int, asText | asJSON, "-6", out},
		{Int, asText, "", none},
		{Int, asJSON, "null", none},
		{Int, asText, " ", bad},
		{Int, asText, "-", bad},
		{Int, asText, "- 1", bad},
		{Int, asText, "--1", bad},
		{Int, asText, "1 2", bad},
		{Int, asText, "0x10", bad},
		{Int, asText, "1_000", bad},
		{Int, asText, "１", bad},
		{Int, asText, "null", bad},
		{Int, asText | asJSON, "true", bad},
		{Int, asText | asJSON, "[1]", bad},
		{Int, asText | asJSON, "{}", bad},

		{String, asText, "ab", `"ab"`},
		{String, asText, "  ", `"  "`},
		{String, asText, "王五2", `"王五2"`},
		{String, asText, "王五六七八", `"王五六七八"`},
		{String, asText, "王五六七八九", out},
		{String, asText | asJSON, "7", out},
		{String, asText | asJSON, "12.50", `"12.50"`},
		{String, asText | asJSON, "true", `"true"`},
		{String, asText, "null", `"null"`},
		{String, asJSON, "null", none},
		{String, asText, "", none},
		{String, asJSON, `["ab"]`, bad},
		{String, asJSON, `{"a":1}`, bad},
		{String, asText, "[a]", `"[a]"`},

		{Enum, asText, "custom", `"custom"`},
		{Enum, asText | asJSON, "1", `"1"`},
		{Enum, asText | asJSON, "true", `"true"`},
		{Enum, asText, "Custom", bad},
		{Enum, asText, "custom ", bad},
		{Enum, asText | asJSON, "2", bad},
		{Enum, asJSON, `["custom"]`, bad},
		{Enum, asText, "", none},
		{Enum, asJSON, "null", none},

		{Date, asText | asJSON, "20260101", `"20260101"`},
		{Date, asText | asJSON, "20240229", `"20240229"`},
		{Date, asText | asJSON, "20260229", bad},
		{Date, asText | asJSON, "20261301", bad},
		{Date, asText, "2026-01-01", bad},
		{Date, asText, " 20260101", bad},
		{Date, asText | asJSON, "2026010", bad},
		{Date, asText | asJSON, "202601011", bad},
		{Date, asText, "+2026011", bad},
		{Date, asText, "00000101", bad},
		{Date, asJSON, "[20260101]", bad},
		{Date, asText | asJSON, "true", bad},
		{Date, asText, "", none},
		{Date, asJSON, "null", none},

		{IDs, asText, "1,2,3", "[1,2,3]"},
		{IDs, asText | asJSON, "[1,2,3]", "[1,2,3]"},
		{IDs, asText | asJSON, `["1","2"]`, "[1,2]"},
		{IDs, asText | asJSON, `[ "1" , 2 ]`, "[1,2]"},
		{IDs, asText, `"2,3,4"`, "[2,3,4]"},
		{IDs, asText, `\"2,3,4\"`, "[2,3,4]"},
		{IDs, asText, `'2','3'`, "[2,3]"},
		{IDs, asText, `"[2,3]"`, "[2,3]"},
		{IDs, asText, `["2,3"]`, "[2,3]"},
		{IDs, asJSON, `["2,3"]`, bad},
		{IDs, asText, " 1 , +2\t", "[1,2]"},
		{IDs, asText | asJSON, "5", "[5]"},
		{IDs, asText, "-1,0", "[-1,0]"},
		{IDs, asJSON, "[10.0]", "[10]"},
		{IDs, asJSON, "10.0", "[10]"},
		{IDs, asText, "10.0", bad},
		{IDs, asJSON, "10.5", bad},
		{IDs, asJSON, "[10.5]", bad},
		{IDs, asText | asJSON, "[1,1,2]", "[1,2]"},
		{IDs, asText, "2,1,2", "[2,1]"},
		{IDs, asText | asJSON, "[1,2,3,3]", out},
		{IDs, asText, "1,2,3,3", out},
		{IDs, asText, "", none},
		{IDs, asText, `""`, none},
		{IDs, asText, `\"\"`, none},
		{IDs, asText, " ", none},
		{IDs, asText | asJSON, "[]", none},
		{IDs, asText | asJSON, "[ ]", none},
		{IDs, asText | asJSON, `[""]`, none},
		{IDs, asJSON, "null", none},
		{IDs, asText, ",", bad},
		{IDs, asText, "1,,2", bad},
		{IDs, asText, "1,", bad},
		{IDs, asText, ",1", bad},
		{IDs, asText | asJSON, `["",""]`, bad},
		{IDs, asText | asJSON, `["",1]`, bad},
		{IDs, asText | asJSON, `[1,""]`, bad},
		{IDs, asText | asJSON, "[[1]]", bad},
		{IDs, asText | asJSON, "[1,null]", bad},
		{IDs, asText | asJSON, "[true]", bad},
		{IDs, asText | asJSON, "{}", bad},
		{IDs, asText | asJSON, "true", bad},
		{IDs, asText, "[1", bad},
		{IDs, asText, "1]", bad},
		{IDs, asText, "1 2", bad},
		{IDs, asText, "1;2", bad},
		{IDs, asText, "1，2", bad},
		{IDs, asText, "a", bad},
		{IDs, asText, "1000000000000000000", bad},

		{Strings, asText, "a,b", `["a","b"]`},
		{Strings, asText | asJSON, `["a","b"]`, `["a","b"]`},
		{Strings, asText | asJSON, `[ "a" , 2 ]`, `["a","2"]`},
		{Strings, asText, `"a,b"`, `["a","b"]`},
		{Strings, asText, ` a , 'b' `, `["a","b"]`},
		{Strings, asText, "b,a,b", `["b","a"]`},
		{Strings, asText | asJSON, "5", `["5"]`},
		{Strings, asText | asJSON, `["a","b","c","c"]`, out},
		{Strings, asText, "a,b,c,d", out},
		{Strings, asText | asJSON, "[]", none},
		{Strings, asText | asJSON, `[""]`, none},
		{Strings, asText, `""`, none},
		{Strings, asText, "", none},
		{Strings, asText, "a,,b", bad},
		{Strings, asText, ",", bad},
		{Strings, asText | asJSON, `["",""]`, bad},
		{Strings, asJSON, `["a",null]`, bad},
		{Strings, asJSON, `[["a"]]`, bad},
		{Strings, asJSON, `{"a":1}`, bad},
		{Strings, asJSON, "true", bad},

		{JSON, asText | asJSON, `[1, {"a":[]}]`, `[1, {"a":[]}]`},
		{JSON, asText | asJSON, `{"a":"b"}`, `{"a":"b"}`},
		{JSON, asText, ` {"a":1} `, `{"a":1}`},
		{JSON, asText | asJSON, "{ }", "{ }"},
		{JSON, asText, "", none},
		{JSON, asJSON, "null", none},
		{JSON, asText, " ", bad},
		{JSON, asText, "{", bad},
		{JSON, asText, "{}{}", bad},
		{JSON, asText, "x", bad},
		{JSON, asText | asJSON, "1", bad},
		{JSON, asText | asJSON, "true", bad},
	}
	for _, tt := range tests {
		p := kinds[tt.kind]
		p.Malformed, p.OutOfRange = FaultParamFormat, FaultInvalidSize
		s := probe(t, p)
		want := tt.want
		if want != none && want != bad && want != out {
			want = `{"v":` + want + `}`
		}
		try := func(how, contentType, target, body string) {
			t.Helper()
			if got := argsOf(t, s, target, contentType, body); got != want {
				t.Errorf("kind %d, %s %q: got %s, want %s", tt.kind, how, tt.in, got, want)
			}
		}
		const auth = probePath + "?access_token=" + goodToken
		if tt.how&asText != 0 {
			try("form", formType, auth, "v="+url.QueryEscape(tt.in))
			try("query", "", auth+"&v="+url.QueryEscape(tt.in), "")
			try("JSON text", jsonType, auth, `{"v":`+string(AppendString(nil, tt.in))+`}`)
			escaped := ""
			for _, r := range tt.in {
				escaped += fmt.Sprintf(`\u%04X`, r)
			}
			try("escaped JSON text", jsonType, auth, `{"\u0076":"`+escaped+`"}`)
		}
		if tt.how&asJSON != 0 {
			try("JSON", jsonType, auth, `{"v":`+tt.in+`}`)
		}
	}
}

// The text null is no list, but for a parameter that says otherwise.
func TestNullText(t *testing.T) {
	const target, none, bad = probePath + "?access_token=" + goodToken, "{}", "400002 Invalid parameter format: v"
	for _, c := range []struct {
		nullText bool
		in, want string
	}{
		{false, `"null"`, bad},
		{true, `"null"`, none},
		{true, `null`, none},
		{true, `["null"]`, bad},
		{true, `"null,1"`, bad},
		{true, `"Null"`, bad},
		{true, `"1"`, `{"v":[1]}`},
	} {
		s := probe(t, Param{Kind: IDs, MaxItems: 3, NullText: c.nullText, Malformed: FaultParamFormat})
		if got := argsOf(t, s, target, jsonType, `{"v":`+c.in+`}`); got != c.want {
			t.Errorf("%s with NullText %v: got %s, want %s", c.in, c.nullText, got, c.want)
		}
	}
}

// TestBadInput has each row of the table of contract D2 that does not need
// data.
func TestBadInput(t *testing.T) {
	s := newService(t, testConfig())
	good := map[string]map[string]string{
		"/topapi/user/count":           {"only_active": "true"},
		"/topapi/user/listid":          {"dept_id": "1"},
		"/topapi/user/listsimple":      {"dept_id": "1", "cursor": "0", "size": "100"},
		"/topapi/inactive/user/v2/get": {"is_active": "false", "query_date": "20260820", "offset": "0", "size": "1"},
	}
	many := strings.Repeat("7,", 100)
	tests := []struct{ path, param, values, want string }{
		{"/topapi/user/count", "only_active", "", "400002 Parameter is empty: only_active"},
		{"/topapi/user/count", "only_active", "maybe|2", "40035 Invalid parameter: only_active"},
		{"/topapi/user/listid", "dept_id", "|x|0|-1|1.5|1000000000000000000", "400002 Invalid parameter: dept_id"},
		{"/topapi/user/listsimple", "dept_id", "|x|0|-1", "400002 Invalid parameter: dept_id"},
		{"/topapi/user/listsimple", "cursor", "", "400002 Invalid parameter: cursor"},
		{"/topapi/user/listsimple", "cursor", "x|-1", "40068 Invalid offset: cursor"},
		{"/topapi/user/listsimple", "size", "", "400002 Invalid parameter: size"},
		{"/topapi/user/listsimple", "size", "x|0|101|-1", "40069 Invalid size"},
		{"/topapi/user/listsimple", "order_field", "name|ENTRY_ASC", "400002 Invalid parameter: order_field"},
		{"/topapi/user/listsimple", "language", "zh|de_DE", "400002 Invalid parameter: language"},
		{"/topapi/user/listsimple", "contain_access_limit", "x|2", "400002 Invalid parameter: contain_access_limit"},
		{"/topapi/inactive/user/v2/get", "is_active", "", "400002 Invalid parameter: is_active"},
		{"/topapi/inactive/user/v2/get", "is_active", "x", "400002 Invalid parameter format: is_active"},
		{"/topapi/inactive/user/v2/get", "query_date", "", "400002 Invalid parameter: query_date"},
		{"/topapi/inactive/user/v2/get", "query_date", "20260230|2026-01-01", "400002 Invalid parameter format: query_date"},
		{"/topapi/inactive/user/v2/get", "dept_ids", "x|,|1,,2|" + many + "7", "400002 Invalid parameter format: dept_ids"},
		{"/topapi/inactive/user/v2/get", "offset", "", "400002 Invalid parameter: offset"},
		{"/topapi/inactive/user/v2/get", "offset", "x|-1", "40068 Invalid offset"},
		{"/topapi/inactive/user/v2/get", "size", "", "400002 Invalid parameter: size"},
		{"/topapi/inactive/user/v2/get", "size", "x|0|101", "40069 Invalid size"},
	}
	for _, tt := range tests {
		for _, value := range strings.Split(tt.values, "|") {
			form := url.Values{"access_token": {goodToken}}
			for k, v := range good[tt.path] {
				form.Set(k, v)
			}
			form.Set(tt.param, value)
			if got := argsOf(t, s, tt.path, formType, form.Encode()); got != tt.want {
				t.Errorf("%s %s=%s: got %s, want %s", tt.path, tt.param, value, got, tt.want)
			}
		}
	}
	for path, params := range good {
		form := url.Values{"access_token": {goodToken}, "dept_ids": {many[:len(many)-1]}, "nobody": {"knows"}}
		for k, v := range params {
			form.Set(k, v)
		}
		if got := argsOf(t, s, path, formType, form.Encode()); got[0] != '{' {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestOrderOfParameters(t *testing.T) {
	s := newService(t, testConfig())
	const path = "/topapi/user/listsimple"
	for _, tt := range []struct{ form, want string }{
		{"", "40000"},
		{"access_token=" + goodToken, "400002 Invalid parameter: dept_id"},
		{"access_token=" + goodToken + "&dept_id=1&size=x", "400002 Invalid parameter: cursor"},
		{"access_token=" + goodToken + "&dept_id=1&cursor=x&size=x&language=x", "40068 Invalid offset: cursor"},
		{"access_token=" + goodToken + "&dept_id=1&cursor=1&size=x&language=x", "40069 Invalid size"},
		{"access_token=" + goodToken + "&dept_id=1&cursor=1&size=1&language=x&contain_access_limit=x", "400002 Invalid parameter: contain_access_limit"},
		{"access_token=" + goodToken + "&dept_id=1&cursor=1&size=1&order_field=&contain_access_limit=&language=", `{"dept_id":1,"cursor":1,"size":1}`},
	} {
		if got := argsOf(t, s, path, formType, tt.form); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.form, got, tt.want)
		}
	}
}

func TestParametersNotGivenAreZero(t *testing.T) {
	ep := &Endpoint{
		Path: probePath, Methods: getPost, Unparsable: FaultParamFormat,
		Params: []Param{{Name: "b", Kind: Bool}, {Name: "i", Kind: Int}, {Name: "e", Kind: Enum, Enum: []string{"x"}}, {Name: "d", Kind: Date}, list("l"), {Name: "s", Kind: Strings, MaxItems: 2}, {Name: "j", Kind: JSON}},
		Serve: func(c *Call) error {
			for i := range 7 {
				if c.Strings(i) != nil || c.JSON(i) != nil || c.Given(i) || c.Bool(i) || c.Int(i) != 0 || c.Text(i) != "" || c.Enum(i) != 0 || c.Day(i) != 0 || c.IDs(i) != nil {
					t.Errorf("parameter %d has a value", i)
				}
			}
			return nil
		},
	}
	s := newService(t, testConfig(ep))
	// The second time the Call has been used before.
	for _, form := range []string{"", "&b=&i=&e=&d=&l=[]"} {
		call(t, s, "POST", probePath, formType, "access_token="+goodToken+form)
	}
}
