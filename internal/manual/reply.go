package manual

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/wire"
)

// schemaOf renders what a value of a reply looks like.
func schemaOf(s wire.Schema) object {
	switch s.Type {
	case wire.BooleanType:
		return object{{"type", "boolean"}}
	case wire.IntegerType:
		return object{{"type", "integer"}, {"format", "int64"}}
	case wire.TextType:
		o := object{{"type", "string"}}
		if s.Words != nil {
			o = o.with("enum", s.Words)
		}
		return o
	case wire.ListType:
		return object{{"type", "array"}, {"items", schemaOf(*s.Of)}}
	case wire.MapType:
		return object{{"type", "object"}, {"additionalProperties", schemaOf(*s.Of)}}
	}
	return new(members).add(s.Members).object()
}

// members collects the members of an object that has no others.
type members struct {
	properties object
	required   []string
}

// always adds a member that is there always.
func (m *members) always(name string, schema object) *members {
	m.properties = m.properties.with(name, schema)
	m.required = append(m.required, name)
	return m
}

// add adds the members of a schema.
func (m *members) add(all []wire.Member) *members {
	for _, x := range all {
		schema := schemaOf(x.Of)
		if x.When == "" {
			m.always(x.Name, schema.with("description", x.Doc))
			continue
		}
		m.properties = m.properties.with(x.Name, schema.with("description", strings.TrimSuffix(x.Doc, ".")+"; "+x.When+".").with("x-when", x.When))
	}
	return m
}

func (m *members) object() object {
	o := object{{"type", "object"}, {"properties", m.properties}}
	if m.required != nil {
		o = o.with("required", m.required)
	}
	return o.with("additionalProperties", false)
}

// exampleOf makes up a value of a reply.
func exampleOf(s wire.Schema) any {
	if s.Example != "" {
		return json.RawMessage(s.Example)
	}
	switch s.Type {
	case wire.BooleanType:
		return false
	case wire.IntegerType:
		return 1
	case wire.TextType:
		if s.Words != nil {
			return s.Words[0]
		}
		return ""
	case wire.ListType:
		return []any{exampleOf(*s.Of)}
	case wire.MapType:
		return object{{"name", exampleOf(*s.Of)}}
	}
	o := object{}
	for _, m := range s.Members {
		o = o.with(m.Name, exampleOf(m.Of))
	}
	return o
}

// response renders the replies of an endpoint: a success or one of its
// failures, with the same HTTP status (contract D5).
func response(ep *wire.Endpoint) object {
	success, example := successOf(ep)
	return object{
		{"description", "A success, whose errcode is 0, or a failure: the HTTP status is 200 always."},
		{"content", object{{"application/json", object{
			{"schema", object{{"oneOf", append([]object{success}, failuresOf(ep)...)}}},
			{"example", example},
		}}}},
	}
}

// successOf renders the reply of a success, with an example.
func successOf(ep *wire.Endpoint) (schema, example object) {
	m := new(members).
		always("errcode", object{{"type", "integer"}, {"const", 0}}).
		always("errmsg", object{{"type", "string"}, {"const", "ok"}})
	example = object{{"errcode", 0}, {"errmsg", "ok"}}
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
			codes = append(codes, a.Errcode)
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

// wrapped is the errcode around the failures of token and permission.
const wrapped = 88

// answer is one failure of an endpoint.
type answer struct {
	Errcode int    `json:"errcode"`
	SubCode string `json:"sub_code,omitempty"`
	EN      string `json:"en"`
	ZH      string `json:"zh"`
	When    string `json:"when"`
}

// answersOf lists the failures of an endpoint by code.
func answersOf(ep *wire.Endpoint) []answer {
	var all []answer
	for _, f := range ep.Possible() {
		a := answer{Errcode: f.Code, EN: f.EN, ZH: f.ZH, When: f.When}
		if ep.Family == wire.TOP && f.Sub {
			a.Errcode, a.SubCode = wrapped, strconv.Itoa(f.Code)
		}
		all = append(all, a)
	}
	return all
}
