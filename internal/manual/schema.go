package manual

import (
	"encoding/json"
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
