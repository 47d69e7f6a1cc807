package manual

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"rollcall/internal/wire"
)

// The largest whole number that is read (contract D2: 18 digits).
const maxWhole = 999_999_999_999_999_999

// Texts that mean a value of another type (contract D2).
const (
	wholePattern   = `^\s*[+-]?[0-9]{1,18}\s*$`
	booleanPattern = `^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|0|1)$`
	datePattern    = `^[0-9]{8}$`
	idsPattern     = `^[\s"'\\]*\[?[0-9+\-,|\s"'\\]*\]?[\s"'\\]*$`
)

// bounds returns the smallest and the largest number that a parameter takes.
func bounds(p *wire.Param) (least, most int64) {
	least, most = max(p.Min, -maxWhole), p.Max
	if most == 0 || most > maxWhole {
		most = maxWhole
	}
	return least, most
}

// plain renders a parameter as its type alone, as it is in a query string or a
// form, where everything is text.
func plain(p *wire.Param) object {
	switch p.Kind {
	case wire.Bool:
		return object{{"type", "boolean"}}
	case wire.Int:
		least, most := bounds(p)
		return object{{"type", "integer"}, {"format", "int64"}, {"minimum", least}, {"maximum", most}}
	case wire.Enum:
		return object{{"type", "string"}, {"enum", p.Enum}, {"default", p.Enum[0]}}
	case wire.Date:
		return object{{"type", "string"}, {"pattern", datePattern}}
	case wire.IDs:
		return object{{"type", "string"}, {"pattern", idsPattern}}
	case wire.Strings:
		return object{{"type", "string"}, {"minLength", 1}}
	case wire.JSON:
		if p.Bare {
			return object{{"type", "string"}}
		}
		return object{{"type", "string"}, {"contentMediaType", "application/json"}}
	}
	return text(p)
}

// text renders a String.
func text(p *wire.Param) object {
	o := object{{"type", "string"}}
	if least := p.Min; least > 0 {
		o = o.with("minLength", least)
	} else if p.Required {
		o = o.with("minLength", 1)
	}
	if p.Max > 0 && p.Max < math.MaxInt32 {
		o = o.with("maxLength", p.Max)
	}
	return o
}

// native renders a parameter in a JSON body with all the spellings that it
// takes there: numbers and booleans may be texts too, and what is null or an
// empty text is not given (contract D2).
func native(p *wire.Param) object {
	spellings := []object{plain(p)}
	also := func(more ...object) { spellings = append(spellings, more...) }
	switch p.Kind {
	case wire.Bool:
		also(object{{"type", "integer"}, {"enum", []int{0, 1}}}, object{{"type", "string"}, {"pattern", booleanPattern}})
	case wire.Int:
		also(object{{"type", "string"}, {"pattern", wholePattern}})
	case wire.Date:
		also(object{{"type", "integer"}, {"minimum", 1_01_01}, {"maximum", 9999_12_31}})
	case wire.IDs:
		id := object{{"anyOf", []object{{{"type", "integer"}}, {{"type", "string"}, {"pattern", wholePattern}}}}}
		also(object{{"type", "array"}, {"items", id}, {"maxItems", p.MaxItems}}, object{{"type", "integer"}})
	case wire.Strings:
		also(object{{"type", "array"}, {"items", object{{"type", []string{"string", "number"}}}}, {"maxItems", p.MaxItems}}, object{{"type", "number"}})
	case wire.JSON:
		also(object{{"type", []string{"array", "object"}}})
	case wire.String:
		also(object{{"type", []string{"number", "boolean"}}})
	}
	if !p.Required {
		also(object{{"enum", []any{nil, ""}}})
	}
	if len(spellings) == 1 {
		return spellings[0]
	}
	return object{{"anyOf", spellings}}
}

// sample is a value that a person may begin with; nil where there is none that
// would fit.
func sample(p *wire.Param) any {
	switch p.Kind {
	case wire.Bool:
		return false
	case wire.Int:
		least, most := bounds(p)
		if most < maxWhole {
			return max(least, min(most, 10))
		}
		return max(least, 0)
	case wire.Enum:
		return p.Enum[0]
	case wire.Date:
		return "20260820"
	case wire.IDs:
		if p.Separator == '|' {
			return "1|2"
		}
		return "1,2"
	}
	return nil
}

// limits says in words what a parameter takes.
func limits(p *wire.Param) string {
	switch p.Kind {
	case wire.Int:
		least, most := bounds(p)
		switch {
		case most < maxWhole:
			return fmt.Sprintf("%d to %d", least, most)
		case least > -maxWhole:
			return fmt.Sprintf("%d or more", least)
		}
		return "a whole number"
	case wire.Date:
		return "yyyyMMdd"
	case wire.IDs:
		return fmt.Sprintf("ids with %s between them, at most %d", separator(p), p.MaxItems)
	case wire.Strings:
		return fmt.Sprintf("texts with %s between them, at most %d", separator(p), p.MaxItems)
	case wire.JSON:
		if p.Bare {
			return "a JSON object, or a text like one"
		}
		return "a JSON array or object, or a text that holds one"
	case wire.String:
		if p.Max > 0 && p.Max < math.MaxInt32 {
			return fmt.Sprintf("at most %d characters", p.Max)
		}
	}
	return ""
}

func separator(p *wire.Param) string {
	if p.Separator == '|' {
		return "bars"
	}
	return "commas"
}

// inPath tells whether a parameter stands in the path.
func inPath(ep *wire.Endpoint, p *wire.Param) bool { return strings.Contains(ep.Path, "{"+p.Name+"}") }

// parameters renders what stands in the path, and in the query string of a GET.
func parameters(ep *wire.Endpoint, method string) []object {
	all := []object{}
	for i := range ep.Params {
		p := &ep.Params[i]
		in := "query"
		if inPath(ep, p) {
			in = "path"
		} else if method != "GET" {
			continue
		}
		o := described(object{{"name", p.Name}, {"in", in}}, p)
		if p.Required || in == "path" {
			o = o.with("required", true)
		}
		all = append(all, o.with("schema", exemplified(plain(p), p)))
	}
	return all
}

// exemplified adds a value to begin with.
func exemplified(schema object, p *wire.Param) object {
	if v := sample(p); v != nil {
		return schema.with("examples", []any{v})
	}
	return schema
}

// described adds the texts about a parameter.
func described(o object, p *wire.Param) object {
	if p.Doc != "" {
		o = o.with("description", p.Doc)
	}
	if l := limits(p); l != "" {
		o = o.with("x-limits", l)
	}
	return o
}

// body renders the body of a POST; nil where nothing can stand in it. The newer
// host takes JSON only, and a body always (contract 3.4).
func body(ep *wire.Endpoint) object {
	required := []string{}
	form, json := object{}, object{}
	for i := range ep.Params {
		p := &ep.Params[i]
		if inPath(ep, p) {
			continue
		}
		form = form.with(p.Name, described(exemplified(plain(p), p), p))
		json = json.with(p.Name, described(native(p), p))
		if p.Required {
			required = append(required, p.Name)
		}
	}
	content := func(properties object) object {
		schema := object{{"type", "object"}, {"properties", properties}}
		if len(required) > 0 {
			schema = schema.with("required", required)
		}
		return object{{"schema", schema}}
	}
	switch {
	case ep.Family == wire.OAuth:
		return object{{"required", true}, {"content", object{{"application/json", content(json)}}}}
	case len(json) == 0:
		return nil
	}
	return object{
		{"required", len(required) > 0},
		{"content", object{
			{"application/x-www-form-urlencoded", content(form)},
			{"application/json", content(json)},
		}},
	}
}

// takes tells whether an endpoint takes a method.
func takes(ep *wire.Endpoint, method string) bool { return slices.Contains(ep.Methods, method) }
