package wire

import (
	"strings"
	"testing"
)

// A bare parameter takes objects whose names have no quotes, and any other text;
// what is no text must still be an array or an object.
func TestBareJSON(t *testing.T) {
	got := ""
	ep := &Endpoint{
		Path: "/x", Family: Classic, Methods: []string{"POST"}, Public: true, Unparsable: FaultInvalidParameter,
		Params: []Param{{Name: "v", Kind: JSON, Bare: true}},
		Serve: func(c *Call) error {
			got = string(c.JSON(0))
			return nil
		},
	}
	s := newService(t, testConfig(ep))
	for _, tt := range []struct{ contentType, body, want string }{
		{formType, "v={1:10, 2:20}", "{1:10, 2:20}"},
		{formType, `v= {"1":10} `, `{"1":10}`},
		{formType, "v=x", "x"},
		{"application/json", `{"v":"{1:10}"}`, "{1:10}"},
		{"application/json", `{"v":{"1":10}}`, `{"1":10}`},
		{"application/json", `{"v":1}`, ""},
		{"application/json", `{"v":true}`, ""},
	} {
		got = ""
		reply := call(t, s, "POST", "/x", tt.contentType, tt.body)
		if got != tt.want || strings.HasPrefix(reply, `{"errcode":0`) != (tt.want != "") {
			t.Errorf("%s: got %q, %s", tt.body, got, reply)
		}
	}
}
