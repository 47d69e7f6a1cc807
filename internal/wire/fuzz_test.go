package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRequest holds the decoder against the standard library: JSON is read if
// and only if encoding/json takes it and it is no deeper than 32, and means the
// same; a form means what url.ParseQuery reads. Whatever comes, there is a valid
// reply.
func FuzzRequest(f *testing.F) {
	for _, rec := range readCaptures(f) {
		target := strings.Fields(rec.raw)[1]
		_, query, _ := strings.Cut(target, "?")
		f.Add(query, "application/json", []byte(rec.body))
	}
	for _, body := range []string{
		`{"v":[1,{"x":null}],"access_token":"\u0061"}`, `{"v":1,"v":"2","v":null}`, "\xEF\xBB\xBF{}", `{"v":-0.0e+1}`, `{"v":"\ud83d\ude00\ud83d"}`,
		"v=%41+%42&v=&access_token=x", "v;=1&%", strings.Repeat(`{"v":`, 33), `{"v":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + "}",
	} {
		f.Add("v=1", "", []byte(body))
		f.Add("", formType, []byte(body))
		f.Add("v=%", "multipart/x", []byte(body))
	}
	ep := &Endpoint{Path: probePath, Methods: getPost, Params: []Param{text("v"), text("dept_id")}, Unparsable: FaultParamFormat}
	s := newService(f, testConfig(append(testEndpoints(), oauthEndpoints()...)...))
	f.Add("v=1", jsonType, []byte(`{"appKey":"key","appSecret":"secret"}`))
	f.Fuzz(func(t *testing.T, query, contentType string, body []byte) {
		c := &Call{ep: ep, args: make([]arg, len(ep.Params)), ctx: context.Background()}
		c.req = Request{RawQuery: query, ContentType: contentType, Body: bytes.NewReader(body), Length: -1}
		got, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		want, sound, ok := decodeSlowly(query, contentType, body)
		if ok && sound != (got == 0) {
			t.Fatalf("flaw %d, but by the standard library it is sound: %t", got, sound)
		}
		if ok && sound {
			for name, a := range map[string]arg{"v": c.args[0], "dept_id": c.args[1], tokenName: c.token} {
				// The standard library replaces what is no UTF-8 in JSON.
				if have := string([]rune(string(a.raw))); have != string([]rune(want[name])) {
					t.Errorf("%s is %q, want %q", name, have, want[name])
				}
			}
		}
		for _, path := range []string{"/v1.0/oauth2/accessToken", "/v1.0/oauth2/\xff\"{/token"} {
			if reply := call(t, s, "POST", path+"?"+query, contentType, string(body)); !json.Valid([]byte(reply)) {
				t.Errorf("no JSON: %s", reply)
			}
		}
		for _, path := range []string{hotPath, "/topapi/inactive/user/v2/get", "/gettoken", "/department/list"} {
			for _, q := range []string{query, query + "&access_token=" + goodToken} {
				if reply := call(t, s, "GET", path+"?"+q, contentType, string(body)); !json.Valid([]byte(reply)) {
					t.Errorf("no JSON: %s", reply)
				}
			}
		}
	})
}

// decodeSlowly does what the decoder should with the standard library; ok is
// false where the standard library has another opinion by intention.
func decodeSlowly(query, contentType string, body []byte) (values map[string]string, sound, ok bool) {
	values, sound = map[string]string{}, true
	set := func(name, value string) {
		if value != "" {
			values[name] = value
		}
	}
	form := func(s string) bool {
		if strings.Contains(s, ";") {
			return false // which the standard library refuses
		}
		pairs, err := url.ParseQuery(s)
		sound = sound && err == nil
		for name, all := range pairs {
			for _, v := range all {
				set(name, v)
			}
		}
		return true
	}
	if !form(query) {
		return nil, false, false
	}
	if len(body) > maxBody {
		return nil, false, true
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF")), " \t\r\n")
	switch {
	case len(start) == 0:
	case start[0] == '{':
		if !json.Valid(start) || depthOf(start) > 32 {
			return nil, false, true
		}
		d := json.NewDecoder(bytes.NewReader(start))
		_, _ = d.Token()
		for d.More() {
			name, _ := d.Token()
			var raw json.RawMessage
			_ = d.Decode(&raw)
			value := string(raw)
			if raw[0] == '"' {
				_ = json.Unmarshal(raw, &value)
			} else if value == "null" {
				value = ""
			}
			set(name.(string), value)
		}
	case mediaOf(contentType) == mediaOther:
		return nil, false, true
	case mediaOf(contentType) == mediaJSON && json.Valid(start):
		return nil, false, true
	case mediaOf(contentType) == mediaJSON:
		if !looksLikeForm(start) {
			return nil, false, true
		}
		return values, sound, form(string(start))
	default:
		return values, sound, form(string(body))
	}
	return values, sound, true
}

// depthOf counts the containers of valid JSON that lie in each other.
func depthOf(b []byte) int {
	depth, deepest := 0, 0
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}

// FuzzIDs: whatever is accepted is a list of whole numbers without
// repeats, all of which stand in the text in this order; and a list that the
// server writes is read again, whichever way it is spelled.
func FuzzIDs(f *testing.F) {
	for _, s := range []string{"1,2,3", `\"2,3,4\"`, "[1, 2]", `["1","1"]`, "[]", ",", "1,,2", " ", `"[5]"`, "-1,+2", "[[1]]", `[""]`, "1,2,2"} {
		f.Add(s)
	}
	p := list("v")
	f.Fuzz(func(t *testing.T, s string) {
		for _, form := range []form{formText, formArray} {
			if form == formArray && (!json.Valid([]byte(s)) || strings.TrimLeft(s, " \t\r\n")[0] != '[') {
				continue
			}
			c := &Call{ep: &Endpoint{Params: []Param{p}}}
			a := arg{form: form, raw: []byte(s)}
			if form == formArray {
				a.raw = []byte(strings.TrimSpace(s))
			}
			verdict := c.list(&p, &a)
			if verdict != fine {
				if len(c.ids) != 0 {
					t.Errorf("%q: refused, but ids are left", s)
				}
				continue
			}
			ids := c.ids[a.n:a.end]
			if len(ids) == 0 || len(ids) > p.MaxItems || strings.Count(s, ",") >= p.MaxItems {
				t.Errorf("%q: %d ids", s, len(ids))
			}
			var spelled []string
			for i, id := range ids {
				if slices.Contains(ids[:i], id) {
					t.Errorf("%q: %d is there twice", s, id)
				}
				if !strings.ContainsAny(s, `\.`) && !strings.Contains(s, strings.TrimPrefix(strconv.FormatInt(int64(id), 10), "-")) {
					t.Errorf("%q: %d came from nowhere", s, id)
				}
				spelled = append(spelled, strconv.FormatInt(int64(id), 10))
			}
			for _, format := range []string{"%s", "[%s]", ` " %s "`, `\"%s\"`, "'%s'"} {
				again := &Call{}
				text := fmt.Sprintf(format, strings.Join(spelled, ","))
				a := arg{form: formText, raw: []byte(text)}
				if again.list(&p, &a) != fine || !slices.Equal(again.ids, ids) {
					t.Errorf("%q is read as %v, want %v", text, again.ids, ids)
				}
			}
		}
	})
}

// FuzzAppendString: the result is valid JSON and means the same.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\/\b\f\n\r\t\x00", "王五 <&>\u2028", "a\xff\xed\xa0\x80", "😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := AppendString([]byte("x"), s)[1:]
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q became %s: %v", s, b, err)
		}
		if want := string([]rune(s)); back != want {
			t.Errorf("%q became %s, which means %q", s, b, back)
		}
		if !utf8.Valid(b) {
			t.Errorf("%q became %q", s, b)
		}
		c := &Call{ep: &Endpoint{Params: []Param{text("v")}}, args: make([]arg, 1)}
		if c.readJSON([]byte(`{"v":`+string(b)+`}`)) != sound || c.Text(0) != back {
			t.Errorf("%s is read as %q", b, c.Text(0))
		}
	})
}
