package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"rollcall/internal/api"
	"rollcall/internal/manual"
	"rollcall/internal/wire"
)

// inspector looks at every reply on its way out and holds it against the table
// of endpoints and against the OpenAPI document. What is wrong is reported when
// the test ends, as the replies are written by other goroutines.
type inspector struct {
	next      http.Handler
	endpoints []*wire.Endpoint
	schemas   map[string]*jsonschema.Schema // of the document, by path and status
	mu        sync.Mutex
	wrong     map[string]string // the first reply that is wrong, by path
}

func inspect(t testing.TB, next http.Handler, endpoints []*wire.Endpoint) *inspector {
	in := &inspector{next: next, endpoints: endpoints, schemas: documented(t, endpoints), wrong: map[string]string{}}
	t.Cleanup(func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		for path, what := range in.wrong {
			t.Errorf("%s: a reply is not what its Result says: %s", path, what)
		}
	})
	return in
}

// ServeHTTP implements [http.Handler].
func (in *inspector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kept := &keeper{ResponseWriter: w, status: http.StatusOK}
	in.next.ServeHTTP(kept, r)
	ep := endpointOf(in.endpoints, r.URL.Path)
	if ep == nil || !slices.Contains(ep.Methods, r.Method) {
		return
	}
	err := conforms(ep, kept.status, kept.body)
	if err == nil {
		err = in.documented(ep, kept.status, kept.body)
	}
	if err != nil {
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.wrong[ep.Path] == "" {
			in.wrong[ep.Path] = fmt.Sprintf("%v\n%d %.2000s", err, kept.status, kept.body)
		}
	}
}

// endpointOf returns the endpoint of a path, or nil.
func endpointOf(endpoints []*wire.Endpoint, path string) *wire.Endpoint {
	for _, ep := range endpoints {
		before, rest, pattern := strings.Cut(ep.Path, "{")
		if !pattern {
			if path == ep.Path {
				return ep
			}
			continue
		}
		_, after, _ := strings.Cut(rest, "}")
		value, ok := strings.CutPrefix(path, before)
		value, under := strings.CutSuffix(value, after)
		if ok && under && value != "" && !strings.Contains(value, "/") {
			return ep
		}
	}
	return nil
}

// documented compiles the schemas of the replies in the OpenAPI document, by
// path and HTTP status.
func documented(t testing.TB, endpoints []*wire.Endpoint) map[string]*jsonschema.Schema {
	t.Helper()
	b, err := manual.OpenAPI(endpoints, "test")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]*jsonschema.Schema{}
	for _, ep := range endpoints {
		at := "/paths/" + strings.ReplaceAll(ep.Path, "/", "~1") + "/" + strings.ToLower(ep.Methods[0]) + "/responses"
		for status, response := range pointed(doc, at).(map[string]any) {
			ref := pointed(response, "/$ref").(string)
			if all[ep.Path+" "+status], err = c.Compile("openapi.json" + ref + "/content/application~1json/schema"); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// pointed returns what a JSON pointer points at.
func pointed(v any, pointer string) any {
	for part := range strings.SplitSeq(pointer[1:], "/") {
		v = v.(map[string]any)[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return v
}

// documented holds a reply against the document.
func (in *inspector) documented(ep *wire.Endpoint, status int, body []byte) error {
	s := in.schemas[fmt.Sprint(ep.Path, " ", status)]
	if s == nil {
		return errors.New("the document has no such HTTP status")
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// keeper keeps what is written.
type keeper struct {
	http.ResponseWriter
	status int
	body   []byte
}

// WriteHeader implements [http.ResponseWriter].
func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (k *keeper) Write(b []byte) (int, error) {
	k.body = append(k.body, b...)
	return k.ResponseWriter.Write(b)
}

// conforms holds a reply against its endpoint: members that are not named,
// members that are not there and values of another type are errors. What a
// failure looks like is shown by other tests.
func conforms(ep *wire.Endpoint, status int, body []byte) error {
	reply, err := decode(body)
	if err != nil {
		return err
	}
	members, ok := reply.(map[string]any)
	if !ok {
		return errors.New("it is no object")
	}
	if !succeeded(ep, status, members) {
		return nil
	}
	if ep.Family == wire.OAuth {
		return fits(ep.Result, reply, "the reply")
	}
	envelope := []wire.Member{wire.Prop("errcode", wire.Integer, "x"), wire.Prop("errmsg", wire.OneOf("ok"), "x")}
	if ep.Family == wire.TOP {
		envelope = append(envelope, wire.Prop("request_id", wire.Text, "x"))
	}
	switch {
	case ep.Result.Type == wire.Absent:
	case ep.Family == wire.TOP && !ep.Result.Beside:
		envelope = append(envelope, wire.Prop("result", ep.Result, "x"))
	default:
		envelope = append(envelope, ep.Result.Members...)
	}
	return fits(wire.Object(envelope...), reply, "the reply")
}

// succeeded tells whether a reply is a success.
func succeeded(ep *wire.Endpoint, status int, members map[string]any) bool {
	if ep.Family == wire.OAuth {
		return status == http.StatusOK
	}
	return members["errcode"] == json.Number("0")
}

// decode reads one JSON value and keeps numbers as they are spelled.
func decode(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more behind the JSON")
	}
	return v, nil
}

// fits holds a value at a place against a schema.
func fits(s wire.Schema, v any, place string) error {
	ok := false
	switch s.Type {
	case wire.BooleanType:
		_, ok = v.(bool)
	case wire.IntegerType:
		n, isNumber := v.(json.Number)
		_, err := strconv.ParseInt(string(n), 10, 64)
		ok = isNumber && err == nil
	case wire.TextType:
		text, isText := v.(string)
		ok = isText && (s.Words == nil || slices.Contains(s.Words, text))
	case wire.ListType:
		list, isList := v.([]any)
		for i, x := range list {
			if err := fits(*s.Of, x, fmt.Sprintf("%s[%d]", place, i)); err != nil {
				return err
			}
		}
		ok = isList
	case wire.MapType:
		object, isObject := v.(map[string]any)
		for name, x := range object {
			if err := fits(*s.Of, x, place+"."+name); err != nil {
				return err
			}
		}
		ok = isObject
	case wire.ObjectType:
		object, isObject := v.(map[string]any)
		if isObject {
			return fitsMembers(s.Members, object, place)
		}
	}
	if !ok {
		return fmt.Errorf("%s: the value is %v", place, v)
	}
	return nil
}

func fitsMembers(members []wire.Member, object map[string]any, place string) error {
	for _, m := range members {
		v, there := object[m.Name]
		switch {
		case there:
			if err := fits(m.Of, v, place+"."+m.Name); err != nil {
				return err
			}
		case m.When == "":
			return fmt.Errorf("%s: the member %s is not there", place, m.Name)
		}
	}
	for name := range object {
		if !slices.ContainsFunc(members, func(m wire.Member) bool { return m.Name == name }) {
			return fmt.Errorf("%s: the member %s is not named", place, name)
		}
	}
	return nil
}

func TestConformsIsStrict(t *testing.T) {
	top := &wire.Endpoint{Path: "/topapi/x", Result: wire.Object(
		wire.Prop("n", wire.Integer, "x"),
		wire.Prop("list", wire.List(wire.OneOf("a", "b")), "x"),
		wire.Optional("map", wire.Map(wire.Boolean), "when set", "x"),
	)}
	none := &wire.Endpoint{Path: "/topapi/x"}
	beside := &wire.Endpoint{Path: "/topapi/x", Result: wire.Beside(wire.Prop("n", wire.Integer, "x"))}
	classic := &wire.Endpoint{Path: "/x", Family: wire.Classic, Result: wire.Object(wire.Optional("n", wire.Integer, "when set", "x"))}
	newer := &wire.Endpoint{Path: "/v1.0/x", Family: wire.OAuth, Result: wire.Object(wire.Prop("n", wire.Integer, "x"))}
	const ok, id = `{"errcode":0,"errmsg":"ok"`, `,"request_id":"0123456789ab"}`
	for _, tt := range []struct {
		ep   *wire.Endpoint
		body string
		fits bool
	}{
		{top, ok + `,"result":{"n":1,"list":[]}` + id, true},
		{top, ok + `,"result":{"n":1,"list":["a","b"],"map":{"x":true}}` + id, true},
		{top, `{"errcode":1,"errmsg":"no"}`, true},
		{top, ok + `,"result":{"n":1,"list":[]}}`, false},
		{top, ok + id, false},
		{top, ok + `,"result":{"n":1,"list":[]},"more":1` + id, false},
		{top, ok + `,"result":{"n":1,"list":[]}` + id + "{}", false},
		{top, ok + `,"result":{"n":"1","list":[]}` + id, false},
		{top, ok + `,"result":{"n":1.0,"list":[]}` + id, false},
		{top, ok + `,"result":{"n":1,"list":["c"]}` + id, false},
		{top, ok + `,"result":{"n":1,"list":null}` + id, false},
		{top, ok + `,"result":{"n":1}` + id, false},
		{top, ok + `,"result":{"n":1,"list":[],"map":{"x":1}}` + id, false},
		{top, ok + `,"result":{"n":1,"list":[],"map":[]}` + id, false},
		{top, ok + `,"result":{"n":1,"list":[],"other":1}` + id, false},
		{top, ok + `,"result":[]` + id, false},
		{top, `[]`, false},
		{top, `{`, false},
		{none, ok + id, true},
		{none, ok + `,"result":{}` + id, false},
		{beside, ok + `,"n":1` + id, true},
		{beside, ok + `,"result":{"n":1}` + id, false},
		{classic, ok + `,"n":1}`, true},
		{classic, ok + `}`, true},
		{classic, ok + `,"n":true}`, false},
		{classic, ok + id, false},
		{newer, `{"n":1}`, true},
		{newer, `{"n":1,"errcode":0}`, false},
		{newer, `{}`, false},
	} {
		if err := conforms(tt.ep, http.StatusOK, []byte(tt.body)); (err == nil) != tt.fits {
			t.Errorf("%s: %v", tt.body, err)
		}
	}
	if err := conforms(newer, http.StatusBadRequest, []byte(`{"requestid":"x"}`)); err != nil {
		t.Errorf("a failure: %v", err)
	}
}

// sight is whether a member that may be there was ever seen, and whether it was
// ever missed.
type sight struct{ there, absent bool }

// look notes which optional members of a schema a value has.
func look(s wire.Schema, v any, place string, seen map[string]*sight) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if s.Type == wire.ListType {
				look(*s.Of, x, place+"[]", seen)
			}
		}
	case map[string]any:
		if s.Type == wire.MapType {
			for _, x := range v {
				look(*s.Of, x, place+"{}", seen)
			}
		}
		for _, m := range s.Members {
			x, there := v[m.Name]
			at := place + "." + m.Name
			if m.When != "" {
				if seen[at] == nil {
					seen[at] = &sight{}
				}
				seen[at].there = seen[at].there || there
				seen[at].absent = seen[at].absent || !there
			}
			if there {
				look(m.Of, x, at, seen)
			}
		}
	}
}

// optionals lists the optional members of a schema.
func optionals(s wire.Schema, place string) (all []string) {
	switch s.Type {
	case wire.ListType:
		return optionals(*s.Of, place+"[]")
	case wire.MapType:
		return optionals(*s.Of, place+"{}")
	}
	for _, m := range s.Members {
		if m.When != "" {
			all = append(all, place+"."+m.Name)
		}
		all = append(all, optionals(m.Of, place+"."+m.Name)...)
	}
	return all
}

// TestScriptsShowOptionalMembers: each member that is there in some cases only
// must be in one reply of the scripts and be missing in another. A member that
// is withheld from somebody is shown withheld.
func TestScriptsShowOptionalMembers(t *testing.T) {
	endpoints := (&api.Server{}).Endpoints()
	seen := map[string]*sight{}
	for _, s := range readScripts(t) {
		for _, step := range s.steps {
			if step.subset || step.body == "" {
				continue
			}
			reply, err := decode([]byte(placeholder.ReplaceAllString(step.body, "x")))
			if err != nil {
				t.Fatalf("%s:%d: %v", s.file, step.line, err)
			}
			members := reply.(map[string]any)
			status, err := strconv.Atoi(strings.Fields(step.want)[0])
			if err != nil {
				t.Fatalf("%s:%d: %v", s.file, step.line, err)
			}
			for _, request := range step.requests {
				target := choices.ReplaceAllString(placeholder.ReplaceAllString(strings.Fields(request)[1], "x"), "x")
				path, _, _ := strings.Cut(target, "?")
				ep := endpointOf(endpoints, path)
				if ep == nil || !succeeded(ep, status, members) {
					continue
				}
				result := reply
				if ep.Family == wire.TOP && !ep.Result.Beside {
					result = members["result"]
				}
				look(ep.Result, result, ep.Path, seen)
			}
		}
	}
	for _, ep := range endpoints {
		for _, at := range optionals(ep.Result, ep.Path) {
			switch s := seen[at]; {
			case s == nil || !s.there:
				t.Errorf("no script shows a reply with %s", at)
			case !s.absent:
				t.Errorf("no script shows a reply without %s", at)
			}
		}
	}
}
