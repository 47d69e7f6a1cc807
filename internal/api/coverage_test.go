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
	errcode     int
	subCode     string
	text        string // of the error
}

// need is something that the scripts must show of an endpoint.
type need struct {
	what    string
	fault   wire.Fault
	subject string // in the text, if any
	title   string // in the title, if any
}

// metBy tells whether a step is what is needed.
func (n need) metBy(s shown) bool {
	code, sub := n.fault.Code, ""
	if n.fault.Sub {
		code, sub = 88, strconv.Itoa(code)
	}
	text := strings.ReplaceAll(n.fault.EN, "<name>", n.subject)
	return s.errcode == code && s.subCode == sub && strings.HasPrefix(s.text, text) &&
		strings.Contains(s.title, n.title) && isForm(s.title) == isForm(n.title) && strings.Contains(strings.ToLower(s.text), strings.ToLower(n.subject))
}

// needs lists what an endpoint can answer.
func needs(ep *wire.Endpoint) []need {
	list := []need{
		{what: "success", fault: wire.Fault{EN: "ok"}},
		{what: "another method", fault: wire.FaultPostRequired},
		{what: "a body that cannot be parsed", fault: ep.Unparsable, title: "body cannot be parsed"},
	}
	if !ep.Public {
		list = append(list,
			need{what: "no token", fault: wire.FaultTokenBlank, title: ": token missing"},
			need{what: "a wrong token", fault: wire.FaultTokenInvalid})
	}
	if p := ep.Permission; p != "" {
		list = append(list, need{what: "no permission point", fault: wire.FaultPermission, subject: string(p), title: ": permission point missing"})
	}
	if len(ep.AppTypes) == 1 {
		other := map[rollcall.AppType]rollcall.AppType{rollcall.Internal: rollcall.ThirdParty, rollcall.ThirdParty: rollcall.Internal}
		list = append(list, need{what: "another app type", fault: wire.FaultAppType, subject: string(other[ep.AppTypes[0]])})
	}
	for _, p := range ep.Params {
		missing := wire.FaultMissingArgument
		if ep.Family == wire.Classic {
			missing = wire.FaultMissingParam
		}
		or := func(f, otherwise wire.Fault) wire.Fault {
			if f.Code == 0 {
				return otherwise
			}
			return f
		}
		malformed := or(p.Malformed, wire.FaultInvalidParameter)
		about := func(what string, f wire.Fault) {
			what = p.Name + " " + what
			list = append(list, need{what: what, fault: f, subject: p.Name, title: ": " + what})
		}
		if p.Required {
			about("missing", or(p.Missing, missing))
		}
		about("malformed", malformed)
		if p.Kind == wire.Int && (p.Min > math.MinInt64 || p.Max != 0) || p.Kind == wire.String && p.Min+p.Max > 0 || p.Kind == wire.IDs || p.Kind == wire.Strings {
			about("out of range", or(p.OutOfRange, malformed))
		}
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
				Msg string `json:"sub_msg"`
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
					path: u.Path, title: step.title, errcode: e.Errcode, subCode: e.SubCode,
					text: cmp.Or(sub.Msg, e.Errmsg),
				})
			}
		}
	}
	met := func(ep *wire.Endpoint, n need) bool {
		for _, s := range all {
			if s.path == ep.Path && n.metBy(s) {
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
