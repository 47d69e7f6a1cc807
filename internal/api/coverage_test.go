package api_test

import (
	"cmp"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/api"
	"rollcall/internal/wire"
)

// shown is what one step of the scripts shows of an endpoint.
type shown struct {
	path, title string
	status      string
	errcode     int
	subCode     string
	name        string // the code on the newer host
	text        string // of the error
}

// need is something that the scripts must show of an endpoint.
type need struct {
	what    string
	fault   wire.Fault
	subject string // in the text, if any
	title   string // in the title, if any
}

// metBy tells whether a step is what is needed of an endpoint of a family.
func (n need) metBy(f wire.Family, s shown) bool {
	code, sub := n.fault.Code, ""
	if n.fault.Sub && f == wire.TOP {
		code, sub = 88, strconv.Itoa(code)
	}
	text := n.fault.EN
	if n.subject == "" {
		text, _, _ = strings.Cut(text, "<name>")
	}
	text = strings.ReplaceAll(text, "<name>", n.subject)
	codes := s.errcode == code && s.subCode == sub
	if f == wire.OAuth {
		name := strings.ReplaceAll(n.fault.Name, "<name>", n.subject)
		codes = s.name == name && (s.status == strconv.Itoa(code) || s.status == "200" && code == 0)
	}
	return codes && strings.HasPrefix(s.text, text) && strings.Contains(s.title, n.title) && isForm(s.title) == isForm(n.title) &&
		strings.Contains(strings.ToLower(s.text), strings.ToLower(n.subject))
}

// needs lists what an endpoint can answer.
func needs(ep *wire.Endpoint) []need {
	list := []need{
		{what: "success", fault: wire.Fault{EN: "ok"}},
		{what: "another method", fault: wire.FaultPostRequired},
		{what: "a body that cannot be parsed", fault: ep.Unparsable, title: "body cannot be parsed"},
	}
	if ep.Family == wire.OAuth {
		list[0].fault.EN = "" // there is no text
		list[1].fault = wire.FaultActionNotFound
		list = append(list, need{what: "no body", fault: wire.FaultMissingBody})
	}
	if !ep.Public {
		blank := need{what: "no token", fault: wire.FaultTokenBlank, title: ": token missing"}
		if ep.Family == wire.Classic {
			blank.fault, blank.subject = wire.FaultMissingParam, "access_token"
		}
		list = append(list, blank, need{what: "a wrong token", fault: wire.FaultTokenInvalid})
	}
	if p := ep.Permission; p != "" {
		list = append(list, need{what: "no permission point", fault: wire.FaultPermission, subject: string(p), title: ": permission point missing"})
	}
	if len(ep.AppTypes) == 1 {
		other := map[rollcall.AppType]rollcall.AppType{rollcall.Internal: rollcall.ThirdParty, rollcall.ThirdParty: rollcall.Internal}
		list = append(list, need{what: "another app type", fault: wire.FaultAppType, subject: string(other[ep.AppTypes[0]])})
	}
	for _, p := range ep.Params {
		list = append(list, needsOf(ep, p)...)
	}
	for _, row := range ep.Faults {
		subject := row.Param
		if strings.Contains(row.Fault.EN, "<name>") || row.Fault == wire.FaultWrongCorpSecret {
			subject = "" // Serve says what it is about
		}
		list = append(list, need{what: "a fault of its own", fault: row.Fault, subject: subject})
	}
	return list
}

// needsOf lists what an endpoint can answer about one of its parameters.
func needsOf(ep *wire.Endpoint, p wire.Param) (list []need) {
	missing := map[wire.Family]wire.Fault{
		wire.TOP: wire.FaultMissingArgument, wire.Classic: wire.FaultMissingParam, wire.OAuth: wire.FaultMissingField,
	}
	invalid := map[wire.Family]wire.Fault{
		wire.TOP: wire.FaultInvalidParameter, wire.Classic: wire.FaultInvalidParameter, wire.OAuth: wire.FaultInvalidField,
	}
	or := func(f, otherwise wire.Fault) wire.Fault {
		if f.Code == 0 {
			return otherwise
		}
		return f
	}
	malformed := or(p.Malformed, invalid[ep.Family])
	about := func(what string, f wire.Fault) {
		what = p.Name + " " + what
		n := need{what: what, fault: f, subject: p.Name, title: ": " + what}
		if f.Name != "" && !strings.Contains(f.EN, "<name>") {
			n.subject = "" // the newer host's texts have no more
		}
		list = append(list, n)
	}
	inPath := strings.Contains(ep.Path, "{"+p.Name+"}") // where there is always some text
	if p.Required && !inPath {
		about("missing", or(p.Missing, missing[ep.Family]))
	}
	if !inPath {
		about("malformed", malformed)
	}
	if p.Kind == wire.Int && (p.Min > math.MinInt64 || p.Max != 0) || p.Kind == wire.String && p.Min+p.Max > 0 || p.Kind == wire.IDs || p.Kind == wire.Strings {
		about("out of range", or(p.OutOfRange, malformed))
	}
	return list
}

// answers tells whether a path of the scripts is the endpoint's.
func answers(ep *wire.Endpoint, path string) bool {
	before, rest, found := strings.Cut(ep.Path, "{")
	if !found {
		return path == ep.Path
	}
	_, after, _ := strings.Cut(rest, "}")
	value, begins := strings.CutPrefix(path, before)
	value, ends := strings.CutSuffix(value, after)
	return begins && ends && value != "" && !strings.Contains(value, "/")
}

// isForm tells whether a title is about a value that is not there or not of the
// form that it must have, and not about what the value means.
func isForm(title string) bool {
	for _, word := range []string{" missing", " malformed", " out of range"} {
		if strings.Contains(title, word) {
			return true
		}
	}
	return false
}

// TestScriptsShowEveryFault goes through the table of endpoints: whatever one
// can answer must be in a script.
func TestScriptsShowEveryFault(t *testing.T) {
	var all []shown
	for _, s := range readScripts(t) {
		for _, step := range s.steps {
			var e envelope
			if step.subset || step.body == "" || s.setup == "chinese" {
				continue
			}
			body := placeholder.ReplaceAllString(step.body, "x")
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%s:%d: %v", s.file, step.line, err)
			}
			var sub struct {
				Msg     string `json:"sub_msg"`
				Code    string `json:"code"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal([]byte(body), &sub); err != nil {
				t.Fatal(err)
			}
			for _, request := range step.requests {
				target := strings.Fields(request)[1]
				u, err := url.Parse(choices.ReplaceAllString(placeholder.ReplaceAllString(target, "x"), "x"))
				if err != nil {
					continue // a target that is broken on purpose
				}
				all = append(all, shown{
					path: u.Path, title: step.title, status: strings.Fields(step.want)[0], errcode: e.Errcode, subCode: e.SubCode,
					name: sub.Code, text: cmp.Or(sub.Msg, e.Errmsg, sub.Message),
				})
			}
		}
	}
	met := func(ep *wire.Endpoint, n need) bool {
		for _, s := range all {
			if answers(ep, s.path) && n.metBy(ep.Family, s) {
				return true
			}
		}
		return false
	}
	for _, ep := range (&api.Server{}).Endpoints() {
		for _, n := range needs(ep) {
			if !met(ep, n) {
				t.Errorf("%s: no script shows %s: %d %q, with %q in its rule and %q in the text",
					ep.Path, n.what, n.fault.Code, n.fault.EN, n.title, n.subject)
			}
		}
	}
}
