package wire

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestWhereParametersComeFrom(t *testing.T) {
	s := newService(t, testConfig())
	const listid, auth = "/topapi/user/listid", "/topapi/user/listid?access_token=" + goodToken
	const token = "access_token=" + goodToken
	const one, two = `{"dept_id":1}`, `{"dept_id":2}`
	for _, tt := range []struct{ name, target, contentType, body, want string }{
		{"query alone", auth + "&dept_id=1", "", "", one},
		{"form", listid, formType, token + "&dept_id=1", one},
		{"form without a type", listid, "", token + "&dept_id=1", one},
		{"form as JSON", listid, jsonType, token + "&dept_id=1", one},
		{"form as JSON, escaped", listid, jsonType, "%61ccess_token=" + goodToken + "&dept_id=1", one},
		{"form as JSON after a BOM and blanks", listid, jsonType, "\xEF\xBB\xBF\r\n" + token + "&dept_id=1", one},
		{"JSON", listid, jsonType, `{"access_token":"` + goodToken + `","dept_id":1}`, one},
		{"JSON as a form", listid, formType, `{"access_token":"` + goodToken + `","dept_id":"1"}`, one},
		{"JSON as text", listid, "text/plain", ` {"access_token":"` + goodToken + `","dept_id":"1"}`, one},
		{"JSON of another name", auth, "application/vnd.x+JSON", `{"dept_id":1}`, one},
		{"JSON after a BOM", auth, jsonType, "\xEF\xBB\xBF \t\r\n{\"dept_id\":1}\n", one},
		{"query and body", auth + "&dept_id=2", jsonType, `{"dept_id":1}`, one},
		{"query and form", auth + "&dept_id=2", formType, `dept_id=1`, one},
		{"token of the body wins", listid + "?access_token=wrong", formType, token + "&dept_id=1", one},
		{"wrong token of the body wins", auth, formType, "access_token=wrong&dept_id=1", "40014"},
		{"empty does not win", auth + "&dept_id=2", formType, `dept_id=`, two},
		{"empty text does not win", auth + "&dept_id=2", jsonType, `{"dept_id":""}`, two},
		{"null does not win", auth + "&dept_id=2", jsonType, `{"dept_id":null}`, two},
		{"empty token does not win", auth + "&dept_id=2", jsonType, `{"access_token":""}`, two},
		{"last in the query wins", auth + "&dept_id=1&dept_id=2", "", "", two},
		{"last in the form wins", auth, formType, "dept_id=1&dept_id=2&dept_id=", two},
		{"last in the JSON wins", auth, jsonType, `{"dept_id":"1","dept_id":2,"dept_id":null}`, two},
		{"empty pairs", auth + "&&dept_id=1&", formType, "&&", one},
		{"name without a value", auth + "&dept_id=1", formType, "dept_id", one},
		{"equals signs in a value", auth, formType, "dept_id=1=2", "400002 Invalid parameter: dept_id"},
		{"blank body", auth + "&dept_id=1", jsonType, " \r\n", one},
		{"blank body after a BOM", auth + "&dept_id=1", jsonType, "\xEF\xBB\xBF", one},
		{"empty multipart body", auth + "&dept_id=1", "multipart/form-data; boundary=x", "", one},
		{"others are ignored", auth, jsonType, `{"a":{"dept_id":3},"dept_id":1,"dept_ids":[4],"DEPT_ID":5}`, one},
		{"escaped name", auth, jsonType, `{"dept\u005fid":1}`, one},
		{"escaped name in a form", auth, formType, `dept%5Fid=%31`, one},
		{"semicolons do not separate", auth, formType, "x=1;dept_id=2&dept_id=1", one},
		{"token as a number", listid, jsonType, `{"access_token":1,"dept_id":1}`, "40014"},
		{"token as a list", listid, jsonType, `{"access_token":["` + goodToken + `"],"dept_id":1}`, "40014"},
		{"no token", listid, jsonType, `{"access_token":null,"dept_id":1}`, "40000"},
	} {
		if got := argsOf(t, s, tt.target, tt.contentType, tt.body); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestTheBodyOfAGetIsRead(t *testing.T) {
	s := newService(t, testConfig())
	got := call(t, s, "GET", "/topapi/user/listid", formType, "dept_id=1&access_token="+goodToken)
	if want := okResult + `{"dept_id":1},"request_id":"x4p6arvi0fzj"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUnparsable(t *testing.T) {
	s := newService(t, testConfig())
	const format = "400002 Invalid parameter format"
	const percent, object, deep, big, kind = format + ": percent-encoding", format + ": a JSON object was expected",
		format + ": nested deeper than 32", format + ": larger than 1 MiB", format + ": Content-Type"
	nested := func(depth int) string { // the object around it counts too
		return `{"dept_id":1,"x":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	fill := func(n int) string { return "dept_id=1&x=" + strings.Repeat("x", n-len("dept_id=1&x=")) }
	for _, tt := range []struct{ name, contentType, body, want string }{
		{"percent", formType, "dept_id=1&x=%zz", percent},
		{"percent at the end", formType, "dept_id=1&x=%2", percent},
		{"percent in a name", formType, "dept_id=1&%=1", percent},
		{"percent, form as JSON", jsonType, "dept_id=1&x=%", percent},
		{"array", jsonType, `[{"dept_id":1}]`, object},
		{"text", jsonType, `"dept_id=1"`, object},
		{"word", jsonType, `null`, object},
		{"number", jsonType, `1`, object},
		{"garbage", jsonType, "\x1f\x8b\x00", object},
		{"only a name", jsonType, "dept_id", object},
		{"open", jsonType, `{"dept_id":1`, object},
		{"open, as a form", formType, `{"dept_id":1`, object},
		{"client's bug", jsonType, `{"dept_id:"1","lang":"zh_CN"}`, object},
		{"behind it", jsonType, `{"dept_id":1} x`, object},
		{"two", jsonType, `{"dept_id":1}{}`, object},
		{"comma", jsonType, `{"dept_id":1,}`, object},
		{"single quotes", jsonType, `{'dept_id':1}`, object},
		{"leading zero", jsonType, `{"dept_id":01}`, object},
		{"plus", jsonType, `{"dept_id":+1}`, object},
		{"bare point", jsonType, `{"dept_id":1.}`, object},
		{"NaN", jsonType, `{"dept_id":NaN}`, object},
		{"control character", jsonType, "{\"dept_id\":\"1\n\"}", object},
		{"wrong escape", jsonType, `{"dept_id":"\x31"}`, object},
		{"short escape", jsonType, `{"dept_id":"\u00"}`, object},
		{"open array", jsonType, `{"dept_id":1,"x":[1}`, object},
		{"member without a value", jsonType, `{"dept_id":1,"x":{"a"}}`, object},
		{"BOM twice", jsonType, "\xEF\xBB\xBF\xEF\xBB\xBF{}", object},
		{"depth 32", jsonType, nested(32), `{"dept_id":1}`},
		{"depth 33", jsonType, nested(33), deep},
		{"very deep", jsonType, nested(400_000), deep},
		{"1 MiB", formType, fill(1 << 20), `{"dept_id":1}`},
		{"1 MiB and one", formType, fill(1<<20 + 1), big},
		{"multipart", "Multipart/form-data; boundary=x", "--x--", kind},
	} {
		const path = "/topapi/user/listid"
		got := argsOf(t, s, path+"?access_token="+goodToken, tt.contentType, tt.body)
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		if tt.want[0] == '{' {
			continue
		}
		if got := argsOf(t, s, path+"?access_token=wrong", tt.contentType, tt.body); got != "40014" {
			t.Errorf("%s, with a wrong token: got %s", tt.name, got)
		}
		if got := argsOf(t, s, path+"?access_token="+bareToken, tt.contentType, tt.body); got != "60011" {
			t.Errorf("%s, without the permission: got %s", tt.name, got)
		}
		body := strings.Replace(tt.body, "dept_id=1", "dept_id=1&access_token="+goodToken, 1)
		body = strings.Replace(body, "{", `{"access_token":"`+goodToken+`",`, 1)
		if got := argsOf(t, s, path, tt.contentType, body); got != "40000" {
			t.Errorf("%s, with the token in it: got %s", tt.name, got)
		}
	}

	for _, tt := range []struct{ target, contentType, body, want string }{
		{"/topapi/user/listid?access_token=" + goodToken + "&dept_id=1&x=%", "", "", percent},
		{"/topapi/user/listid?x=%&access_token=" + goodToken + "&dept_id=1", "", "", percent},
		{"/topapi/user/listid?access_token=" + goodToken + "%&dept_id=1", "", "", "40000"},
		{"/topapi/user/listid?x=%", formType, "dept_id=1&access_token=" + goodToken, percent},
		{"/topapi/user/count?access_token=" + goodToken, jsonType, "[]", "40035 Invalid parameter: a JSON object was expected"},
		{"/gettoken?appkey=%", "", "", "40035 Invalid parameter: percent-encoding"},
		{"/topapi/user/count?access_token=" + zhToken, jsonType, "[]", "40035 不合法的参数: 需要JSON对象"},
	} {
		if got := argsOf(t, s, tt.target, tt.contentType, tt.body); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.target, got, tt.want)
		}
	}
}

func TestValuesNeedNotBeUTF8(t *testing.T) {
	s := probe(t, Param{Kind: String})
	const auth = probePath + "?access_token=" + goodToken
	for _, body := range []string{"v=a%ff%E5%8C", "v=a\xff\xe5\x8c", "{\"v\":\"a\xff\xe5\x8c\"}"} {
		if got, want := argsOf(t, s, auth, "", body), "{\"v\":\"a\uFFFD\uFFFD\uFFFD\"}"; got != want {
			t.Errorf("%q: got %s, want %s", body, got, want)
		}
	}
	for body, want := range map[string]string{
		`{"v":"\ud83d\ude00\uD83D\u0041\ude00\ud83d"}`: "😀\uFFFDA\uFFFD\uFFFD",
		`{"v":"\"\\\/\b\f\n\r\t\u0000"}`:               `\"\\/\b\f\n\r\t\u0000`,
		`{"v":"\ud83d\ud83d\ude00\ud83dx"}`:            "\uFFFD😀\uFFFDx",
	} {
		if got := argsOf(t, s, auth, "", body); got != `{"v":"`+want+`"}` {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

// idle is a body from which nothing comes.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestBodiesThatArriveOddly(t *testing.T) {
	s := newService(t, testConfig())
	body := "access_token=" + goodToken + "&x=" + strings.Repeat("x", 200_000) + "&dept_id=1"
	for name, tt := range map[string]struct {
		body   io.Reader
		length int64
		ok     bool
	}{
		"byte by byte":               {iotest.OneByteReader(strings.NewReader(body[200_000:])), -1, true},
		"data with the end":          {iotest.DataErrReader(strings.NewReader(body)), int64(len(body)), true},
		"length not known":           {strings.NewReader(body), -1, true},
		"length said too short":      {strings.NewReader(body), 3, true},
		"length said too long":       {strings.NewReader(body), 1 << 20, true},
		"broken off":                 {io.MultiReader(strings.NewReader(body), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, false},
		"broken off at the start":    {iotest.ErrReader(errors.New("timeout")), 10, false},
		"nothing comes":              {idle{}, 10, false},
		"endless, length not known":  {neverEnding('x'), -1, true},
		"too long by its own length": {iotest.ErrReader(errors.New("was read")), 1<<20 + 1, true},
	} {
		a, err := s.Answer(context.Background(), Request{
			Method: "POST", Path: "/topapi/user/listid", Body: tt.body, Length: tt.length, RawQuery: "access_token=" + goodToken,
		})
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			want := okResult
			if strings.Contains(name, "endless") || strings.Contains(name, "too long by") {
				want = `{"errcode":400002,"errmsg":"Invalid parameter format: larger than 1 MiB"`
			} else if name == "byte by byte" {
				want = okResult
			}
			if got := string(a.Body()); !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %s", name, got)
			}
			a.Release()
		}
		if n := s.InFlight(); n != 0 {
			t.Errorf("%s: %d calls are in flight", name, n)
		}
	}
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}
