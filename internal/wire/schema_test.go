package wire

import (
	"strings"
	"testing"
)

// The members of a Beside result go out before errcode; without any the reply
// is that of an endpoint that has no result.
func TestResultBesideErrcode(t *testing.T) {
	result := ""
	ep := &Endpoint{
		Path: probePath, Methods: getPost, Public: true, Unparsable: FaultParamFormat,
		Result: Beside(Optional("dept_ids", List(Integer), "when there are some", "The departments.")),
		Serve: func(c *Call) error {
			c.Result().Raw(result)
			return nil
		},
	}
	s := newService(t, testConfig(ep))
	for _, tt := range []struct{ result, want string }{
		{`"dept_ids":[1]`, `{"dept_ids":[1],"errcode":0,"errmsg":"ok","request_id":"` + testID + `"}`},
		{"", `{"errcode":0,"errmsg":"ok","request_id":"` + testID + `"}`},
	} {
		result = tt.result
		if got := call(t, s, "POST", probePath, "", ""); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestMistakesInSchemas(t *testing.T) {
	for _, tt := range []struct {
		family Family
		result Schema
		want   string // in the error; none where it is empty
	}{
		{TOP, Schema{}, ""},
		{Classic, Schema{}, ""},
		{TOP, List(Object(Prop("a", Map(OneOf("x")), "x"), Optional("b", Boolean, "when set", "x"))), ""},
		{TOP, Beside(Prop("a", Integer, "x")), ""},
		{Classic, Object(Prop("a", Text.Like(`"x"`), "x")), ""},
		{TOP, Object(Prop("errcode", Integer, "x")), ""},
		{Classic, Beside(Prop("a", Integer, "x")), "beside errcode anyway"},
		{Classic, List(Integer), "as an object"},
		{Classic, Object(Prop("errcode", Integer, "x")), "errcode belongs to the envelope"},
		{TOP, Beside(Prop("request_id", Text, "x")), "request_id belongs to the envelope"},
		{TOP, Object(Prop("a", Schema{}, "x")), "result.a: it has no type"},
		{TOP, List(Schema{}), "result[]: it has no type"},
		{TOP, Schema{Type: ListType}, "a list or a map of nothing"},
		{TOP, Object(Prop("a", Integer, "")), `"a" has no name, no text`},
		{TOP, Object(Prop("", Integer, "x")), "has no name"},
		{TOP, Object(Prop("a", Integer, "x"), Prop("a", Text, "x")), "is there twice"},
		{TOP, List(Beside(Prop("a", Integer, "x"))), "only a whole result"},
	} {
		ep := &Endpoint{Path: probePath, Methods: getPost, Unparsable: FaultParamFormat, Serve: echo, Result: tt.result}
		if tt.family == Classic {
			ep.Path, ep.Family = "/probe", Classic
		}
		switch err := ep.check(); {
		case (err == nil) != (tt.want == ""):
			t.Errorf("%v: got %v, want %q", tt.result, err, tt.want)
		case err != nil && !strings.Contains(err.Error(), tt.want):
			t.Errorf("%v: got %v, want %q", tt.result, err, tt.want)
		}
	}
}
