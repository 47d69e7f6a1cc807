package manual_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rollcall"
	"rollcall/internal/wire"
)

// at compiles the schema at a place of a document.
func at(t testing.TB, document []byte, place string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(document)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("openapi.json#" + place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// value reads JSON as the compiled schemas want it.
func value(t testing.TB, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// probe is a row with a parameter of each kind.
func probe() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/probe", Methods: []string{"POST"}, Summary: "Probe", Unparsable: wire.FaultParamFormat,
		Permission: rollcall.PermMember,
		Params: []wire.Param{
			{Name: "flag", Kind: wire.Bool},
			{Name: "count", Kind: wire.Int, Min: 1, Max: 100},
			{Name: "any", Kind: wire.Int, Min: math.MinInt64, Max: math.MaxInt64},
			{Name: "word", Kind: wire.Enum, Enum: []string{"custom", "entry_asc"}},
			{Name: "day", Kind: wire.Date},
			{Name: "ids", Kind: wire.IDs, MaxItems: 3},
			{Name: "text", Kind: wire.String, Max: 5},
			{Name: "words", Kind: wire.Strings, MaxItems: 2, Separator: '|'},
			{Name: "json", Kind: wire.JSON},
		},
		Result: wire.Object(
			wire.Prop("n", wire.Integer, "A number."),
			wire.Optional("map", wire.Map(wire.List(wire.OneOf("a"))), "when set", "A map."),
		),
		Faults: []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Serve:  func(*wire.Call) error { return nil },
	}
}

// What the document says of a JSON body is what the wire takes (contract D2):
// every spelling of a value, and nothing that would be an error.
func TestDocumentSaysWhatABodyMayHold(t *testing.T) {
	s := at(t, document(t, []*wire.Endpoint{probe()}), "/paths/~1topapi~1probe/post/requestBody/content/application~1json/schema")
	for _, tt := range []struct {
		name        string
		fine, never []string
	}{
		{"flag", []string{`true`, `false`, `0`, `1`, `"TRUE"`, `"false"`, `"1"`, `null`, `""`}, []string{`2`, `"yes"`, `[]`}},
		{"count", []string{`1`, `100`, `10.0`, `"7"`, `" +7 "`, `null`, `""`}, []string{`0`, `101`, `1.5`, `"x"`, `"1.5"`, `true`, `[1]`}},
		{"any", []string{`-999999999999999999`, `"-1"`, `0`}, []string{`1000000000000000000`, `"1234567890123456789"`}},
		{"word", []string{`"entry_asc"`, `null`, `""`}, []string{`"other"`, `1`}},
		{"day", []string{`"20260820"`, `20260820`, `null`}, []string{`"2026-08-20"`, `"x"`, `true`}},
		{"ids", []string{`"1,2"`, `[1,"2"]`, `"[1,2]"`, `"\\\"2,3\\\""`, `[]`, `5`, `null`}, []string{`[1,2,3,4]`, `"x"`, `["x"]`, `[true]`, `{}`}},
		{"text", []string{`"中文"`, `12`, `true`, `null`, `""`}, []string{`"123456"`, `[]`, `{}`}},
		{"words", []string{`"a|b"`, `["a",1]`, `5`, `[]`, `null`, `""`}, []string{`["a","b","c"]`, `[true]`, `{}`, `true`}},
		{"json", []string{`[1]`, `{"a":[]}`, `"[1]"`, `null`, `""`}, []string{`1`, `true`}},
		{"unknown", []string{`{}`}, nil},
	} {
		for _, x := range tt.fine {
			if err := s.Validate(value(t, `{"`+tt.name+`":`+x+`}`)); err != nil {
				t.Errorf("%s %s: %v", tt.name, x, err)
			}
		}
		for _, x := range tt.never {
			if s.Validate(value(t, `{"`+tt.name+`":`+x+`}`)) == nil {
				t.Errorf("%s may be %s", tt.name, x)
			}
		}
	}
}

func TestDocumentSaysWhatIsRequired(t *testing.T) {
	ep := probe()
	for i := range ep.Params {
		ep.Params[i].Required = true
	}
	b := document(t, []*wire.Endpoint{ep})
	for _, media := range []string{"application~1json", "application~1x-www-form-urlencoded"} {
		s := at(t, b, "/paths/~1topapi~1probe/post/requestBody/content/"+media+"/schema")
		given := map[string]string{
			"flag": `true`, "count": `1`, "any": `1`, "word": `"custom"`, "day": `"20260820"`, "ids": `"1"`, "text": `"x"`,
			"words": `"a"`, "json": `"[]"`,
		}
		with := func(name, json string) string {
			var all []string
			for n, v := range given {
				if n == name {
					v = json
				}
				if v != "" {
					all = append(all, `"`+n+`":`+v)
				}
			}
			return "{" + strings.Join(all, ",") + "}"
		}
		if err := s.Validate(value(t, with("", ""))); err != nil {
			t.Errorf("%s: %v", media, err)
		}
		for name := range given {
			for _, nothing := range []string{"", "null"} {
				if s.Validate(value(t, with(name, nothing))) == nil {
					t.Errorf("%s: %s may be %q", media, name, nothing)
				}
			}
		}
		if s.Validate(value(t, with("text", `""`))) == nil {
			t.Errorf("%s: a required text may be empty", media)
		}
	}
}

func TestDocumentSaysWhatIsAnswered(t *testing.T) {
	ep := probe()
	top := at(t, document(t, []*wire.Endpoint{ep}), "/components/responses/topapi_probe/content/application~1json/schema")
	ep.Result.Beside = true
	beside := at(t, document(t, []*wire.Endpoint{ep}), "/components/responses/topapi_probe/content/application~1json/schema")
	ep = probe()
	ep.Path, ep.Family = "/probe", wire.Classic
	classic := at(t, document(t, []*wire.Endpoint{ep}), "/components/responses/probe/content/application~1json/schema")
	const ok, id = `{"errcode":0,"errmsg":"ok"`, `,"request_id":"0123456789ab"}`
	for _, tt := range []struct {
		of   string
		s    *jsonschema.Schema
		body string
		fine bool
	}{
		{"top", top, ok + `,"result":{"n":1}` + id, true},
		{"top", top, ok + `,"result":{"n":1,"map":{"x":["a"]}}` + id, true},
		{"top", top, ok + `,"result":{"n":1,"map":{"x":["b"]}}` + id, false},
		{"top", top, ok + `,"result":{"n":1,"more":1}` + id, false},
		{"top", top, ok + `,"result":{}` + id, false},
		{"top", top, ok + `,"result":{"n":"1"}` + id, false},
		{"top", top, ok + id, false},
		{"top", top, ok + `,"result":{"n":1}}`, false},
		{"top", top, ok + `,"result":{"n":1},"request_id":"X"}`, false},
		{"top", top, `{"errcode":60003,"errmsg":"x"` + id, true},
		{"top", top, `{"errcode":60004,"errmsg":"x"` + id, false},
		{"top", top, `{"errcode":88,"errmsg":"x"` + id, false},
		{"top", top, `{"errcode":88,"sub_code":"40014","sub_msg":"x","errmsg":"y"` + id, true},
		{"top", top, `{"errcode":88,"sub_code":"60003","sub_msg":"x","errmsg":"y"` + id, false},
		{"top", top, `{"errcode":60003,"errmsg":"x"}`, false},
		{"beside", beside, ok + `,"n":1` + id, true},
		{"beside", beside, ok + `,"result":{"n":1}` + id, false},
		{"classic", classic, ok + `,"n":1}`, true},
		{"classic", classic, ok + `}`, false},
		{"classic", classic, ok + `,"n":1` + id, false},
		{"classic", classic, `{"errcode":40014,"errmsg":"x"}`, true},
		{"classic", classic, `{"errcode":88,"sub_code":"40014","sub_msg":"x","errmsg":"y"}`, false},
	} {
		if err := tt.s.Validate(value(t, tt.body)); (err == nil) != tt.fine {
			t.Errorf("%s %s: %v", tt.of, tt.body, err)
		}
	}
}

// newer is a row of the newer host, with a parameter in its path.
func newer() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/v1.0/oauth2/{corp}/probe", Family: wire.OAuth, Methods: []string{"POST"}, Summary: "Probe", Public: true,
		Unparsable: wire.FaultInvalidBody,
		Params: []wire.Param{
			{Name: "corp", Kind: wire.String, Required: true, Max: 9},
			{Name: "key", Kind: wire.String, Required: true},
		},
		Result: wire.Object(wire.Prop("accessToken", wire.Text, "The token.")),
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindDenied, Fault: wire.FaultScopeMissing},
			{Kind: rollcall.KindNotFound, Fault: wire.FaultUnknownCorp},
		},
		Serve: func(*wire.Call) error { return nil },
	}
}

// The newer host has an HTTP status for each failure, JSON only, and may have a
// parameter in the path.
func TestDocumentOfTheNewerHost(t *testing.T) {
	b := document(t, []*wire.Endpoint{newer()})
	const post = "/paths/~1v1.0~1oauth2~1{corp}~1probe/post/"
	body := at(t, b, post+"requestBody/content/application~1json/schema")
	for text, fine := range map[string]bool{`{"key":"x"}`: true, `{}`: false, `{"key":null}`: false, `{"corp":"x","key":"y"}`: true} {
		if err := body.Validate(value(t, text)); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
	var doc struct {
		Paths map[string]struct {
			Post struct {
				Parameters []struct {
					Name, In string
					Required bool
				}
				RequestBody struct {
					Required bool
					Content  map[string]any
				}
				Responses map[string]any
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	op := doc.Paths["/v1.0/oauth2/{corp}/probe"].Post
	if got := fmt.Sprint(op.Parameters); got != "[{corp path true}]" {
		t.Errorf("the parameters outside of the body are %s", got)
	}
	if !op.RequestBody.Required || len(op.RequestBody.Content) != 1 {
		t.Errorf("the body is %+v", op.RequestBody)
	}
	if got := slices.Sorted(maps.Keys(op.Responses)); !slices.Equal(got, []string{"200", "400", "403", "500"}) {
		t.Errorf("the statuses are %s", got)
	}
	const id = `{"requestid":"00000000-0000-0000-0000-00000000000F","message":"x","code":`
	for _, tt := range []struct {
		status, body string
		fine         bool
	}{
		{"", `{"accessToken":"x"}`, true},
		{"", `{"accessToken":"x","errcode":0}`, false},
		{"_400", id + `"Missingkey"}`, true},
		{"_400", id + `"Invalidkey"}`, true},
		{"_400", id + `"Invalidcorp"}`, true}, // too long
		{"_400", id + `"Missingcorp"}`, false},
		{"_400", id + `"Missingbody"}`, true},
		{"_400", id + `"Missingother"}`, false},
		{"_400", id + `"unknownError"}`, false},
		{"_400", `{"code":"Missingbody","message":"x"}`, false},
		{"_403", id + `"Forbidden.AccessDenied.AccessTokenPermissionDenied","accessdenieddetail":{"requiredScopes":["qyapi_base"]}}`, true},
		{"_500", id + `"unknownError"}`, true},
		{"_500", id + `"server.error"}`, true},
	} {
		s := at(t, b, "/components/responses/v1_0_oauth2_corp_probe"+tt.status+"/content/application~1json/schema")
		if err := s.Validate(value(t, tt.body)); (err == nil) != tt.fine {
			t.Errorf("%s %s: %v", tt.status, tt.body, err)
		}
	}
}
