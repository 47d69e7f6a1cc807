package manual

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/wire"
)

// response is what an endpoint answers with one HTTP status.
type response struct {
	status int
	name   string // among the responses of the document
	body   object
}

// responsesOf renders the replies of an endpoint by HTTP status, successes
// first. There is one status for all of them but on the newer host (contract D5,
// 3.4).
func responsesOf(ep *wire.Endpoint) []response {
	success, example := successOf(ep)
	render := func(status int, description string, schema, example object) response {
		content := object{{"schema", schema}}
		if example != nil {
			content = content.with("example", example)
		}
		r := response{status, name(ep), object{
			{"description", description}, {"content", object{{"application/json", content}}},
		}}
		if status != 200 {
			r.name += "_" + strconv.Itoa(status)
		}
		return r
	}
	if ep.Family != wire.OAuth {
		return []response{render(200, "A success, whose errcode is 0, or a failure: the HTTP status is 200 always.",
			object{{"oneOf", append([]object{success}, failuresOf(ep)...)}}, example)}
	}
	all := []response{render(200, "A success.", success, example)}
	answers := answersOf(ep)
	for len(answers) > 0 {
		status := answers[0].Status
		n := slices.IndexFunc(answers, func(a answer) bool { return a.Status != status })
		if n < 0 {
			n = len(answers)
		}
		all = append(all, render(status, "A failure.", refusalOf(answers[:n]), nil))
		answers = answers[n:]
	}
	return all
}

// successOf renders the reply of a success, with an example.
func successOf(ep *wire.Endpoint) (schema, example object) {
	m := new(members)
	if ep.Family != wire.OAuth {
		m.always("errcode", object{{"type", "integer"}, {"const", 0}}).
			always("errmsg", object{{"type", "string"}, {"const", "ok"}})
		example = object{{"errcode", 0}, {"errmsg", "ok"}}
	}
	switch {
	case ep.Result.Type == wire.Absent:
	case ep.Family == wire.TOP && !ep.Result.Beside:
		m.always("result", schemaOf(ep.Result))
		example = example.with("result", exampleOf(ep.Result))
	default:
		m.add(ep.Result.Members)
		example = append(example, exampleOf(ep.Result).(object)...)
	}
	if ep.Family == wire.TOP {
		m.always("request_id", requestID())
		example = example.with("request_id", "68cedr86nwbr")
	}
	return append(object{{"title", "Success"}}, m.object()...), example
}

// requestID is the member of every reply under /topapi.
func requestID() object {
	return object{{"type", "string"}, {"pattern", "^[0-9a-z]{12}$"}, {"description", "What the log of the server knows the call by."}}
}

// failuresOf renders the failures with just those codes that the endpoint
// answers. Under /topapi the codes of token and permission are a sub_code
// (contract D4).
func failuresOf(ep *wire.Endpoint) []object {
	var codes []int
	var subCodes []string
	for _, a := range answersOf(ep) {
		if a.SubCode != "" {
			subCodes = append(subCodes, a.SubCode)
		} else {
			codes = append(codes, *a.Errcode)
		}
	}
	text := object{{"type", "string"}}
	failure := func(title string, m *members) object {
		m.always("errmsg", text)
		if ep.Family == wire.TOP {
			m.always("request_id", requestID())
		}
		return append(object{{"title", title}}, m.object()...)
	}
	all := []object{failure("Error", new(members).
		always("errcode", object{{"type", "integer"}, {"enum", slices.Compact(codes)}}))}
	if subCodes != nil {
		all = append(all, failure("Refused", new(members).
			always("errcode", object{{"type", "integer"}, {"const", wrapped}}).
			always("sub_code", object{{"type", "string"}, {"enum", slices.Compact(subCodes)}}).
			always("sub_msg", text)))
	}
	return all
}

// refusalOf renders the failures of the newer host that have one HTTP status.
func refusalOf(answers []answer) object {
	var codes []string
	m := new(members)
	for _, a := range answers {
		if !slices.Contains(codes, a.Code) {
			codes = append(codes, a.Code)
		}
		if a.Code == wire.FaultScopeMissing.Name {
			scopes := wire.Object(wire.Prop("requiredScopes", wire.List(wire.Text), "The permission points that are missing."))
			m.add([]wire.Member{wire.Optional("accessdenieddetail", scopes, "only with the code "+a.Code, "What is missing.")})
		}
	}
	m.always("requestid", object{{"type", "string"}, {"pattern", "^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$"}}).
		always("code", object{{"type", "string"}, {"enum", codes}}).
		always("message", object{{"type", "string"}})
	return append(object{{"title", "Error"}}, m.object()...)
}

// wrapped is the errcode around the failures of token and permission.
const wrapped = 88

// answer is one failure of an endpoint: an errcode, maybe with a sub_code, or on
// the newer host an HTTP status and a code.
type answer struct {
	Errcode *int   `json:"errcode,omitempty"`
	SubCode string `json:"sub_code,omitempty"`
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	EN      string `json:"en"`
	ZH      string `json:"zh"`
	When    string `json:"when"`
}

// code is what a client decides by.
func (a answer) code() string {
	switch {
	case a.Code != "":
		return fmt.Sprint(a.Status, " / ", a.Code)
	case a.SubCode != "":
		return fmt.Sprint(*a.Errcode, " / ", a.SubCode)
	}
	return fmt.Sprint(*a.Errcode)
}

// subject is what stands for a name in the texts of the table of error codes.
const subject = "<name>"

// answersOf lists the failures of an endpoint by code. One that has the name of
// a parameter in its code is listed for each.
func answersOf(ep *wire.Endpoint) []answer {
	var all []answer
	for _, f := range ep.Possible() {
		a := answer{Errcode: &f.Code, EN: f.EN, ZH: f.ZH, When: f.When}
		switch {
		case f.Name != "":
			a.Errcode, a.Status, a.Code = nil, f.Code, f.Name
		case ep.Family == wire.TOP && f.Sub:
			a.Errcode, a.SubCode = new(int), strconv.Itoa(f.Code)
			*a.Errcode = wrapped
		}
		if !strings.Contains(a.Code, subject) {
			all = append(all, a)
			continue
		}
		for _, p := range ep.About(f) {
			x := a
			x.Code = strings.ReplaceAll(a.Code, subject, p)
			x.EN, x.ZH = strings.ReplaceAll(a.EN, subject, p), strings.ReplaceAll(a.ZH, subject, p)
			all = append(all, x)
		}
	}
	return all
}
