// Package manual tells programs and people about the API: an OpenAPI document,
// made from the table of endpoints, and a page on which calls can be read and
// tried.
package manual

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall/internal/wire"
)

// about is what holds for every call.
const about = `Rollcall speaks the server API of DingTalk: client code that was written for DingTalk runs against it with only its base URL changed.

**Parameters** are taken from the query string, a form body and a JSON body; the body wins. A parameter that is absent, empty or null is not given. Numbers and booleans may be given as texts. Unknown parameters are ignored. A body has at most 1 MiB.

**The token** comes from /gettoken and is the parameter access_token, in the query string or in the body, never in a header.

**Replies** have the HTTP status 200, always. errcode says what happened, 0 being success: programs decide by errcode, never by errmsg. Under /topapi a reply has a request_id, and failures of token and permission come as errcode 88 with their own code in sub_code.

**The newer host's calls**, under /v1.0, take a JSON body only; a failure has an HTTP status of its own and a code that is a word.`

// nouns are what the calls are about, in the order of the page; immutable.
var nouns = []struct{ name, about string }{
	{"token", "Who may call"},
	{"department", "The tree of departments"},
	{"user", "People"},
	{"role", "Roles and their groups"},
	{"activity", "Who signed in on a day"},
}

// nounOf returns what an endpoint is about. It has the name of the file in
// which its function is.
func nounOf(ep *wire.Endpoint) string {
	for _, x := range []struct{ part, noun string }{
		{"/inactive/", "activity"},
		{"token", "token"},
		{"/oauth2/", "token"},
		{"/auth/", "token"},
		{"/department/", "department"},
		{"/role/", "role"},
	} {
		if strings.Contains(strings.ToLower(ep.Path), x.part) {
			return x.noun
		}
	}
	return "user"
}

// familyOf returns the name of an endpoint's family in the documents.
func familyOf(ep *wire.Endpoint) string {
	switch ep.Family {
	case wire.TOP:
		return "top"
	case wire.OAuth:
		return "oauth"
	}
	return "classic"
}

// OpenAPI renders a table of endpoints as an OpenAPI 3.1 document. The version
// is that of the program.
func OpenAPI(endpoints []*wire.Endpoint, version string) ([]byte, error) {
	paths, responses := object{}, object{}
	var tags []object
	for _, n := range nouns {
		if slices.ContainsFunc(endpoints, func(ep *wire.Endpoint) bool { return nounOf(ep) == n.name }) {
			tags = append(tags, object{{"name", n.name}, {"description", n.about}})
		}
	}
	for _, ep := range endpoints {
		paths = paths.with(ep.Path, pathItem(ep))
		for _, r := range responsesOf(ep) {
			responses = responses.with(r.name, r.body)
		}
	}
	b, err := marshal(object{
		{"openapi", "3.1.1"},
		{"info", object{
			{"title", "Rollcall"},
			{"summary", "An organization's own directory and sign-in register"},
			{"description", about},
			{"license", object{{"name", "Apache License 2.0"}, {"identifier", "Apache-2.0"}}},
			{"version", version},
		}},
		{"servers", []object{{{"url", "/"}, {"description", "The server that the document comes from."}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", object{
			{"responses", responses},
			{"securitySchemes", object{{"access_token", object{
				{"type", "apiKey"},
				{"in", "query"},
				{"name", "access_token"},
				{"description", "The token of /gettoken. It may stand in a form or a JSON body as well."},
			}}}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("rendering the OpenAPI document: %w", err)
	}
	return b, nil
}

// name is an endpoint's name in the document.
func name(ep *wire.Endpoint) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '/', '.', '-':
			return '_'
		case '{', '}':
			return -1
		}
		return r
	}, strings.TrimPrefix(ep.Path, "/"))
}

// pathItem renders one row. What concerns the row and not a method is an
// extension: the family, the permission point, the app types, the failures, and
// what was chosen without evidence.
func pathItem(ep *wire.Endpoint) object {
	item := object{{"x-family", familyOf(ep)}, {"x-errors", answersOf(ep)}}
	if ep.Permission != "" {
		item = item.with("x-permission", ep.Permission)
	}
	if len(ep.AppTypes) > 0 {
		item = item.with("x-app-types", ep.AppTypes)
	}
	if len(ep.Chosen) > 0 {
		item = item.with("x-chosen", ep.Chosen)
	}
	for _, method := range []string{"GET", "POST"} {
		if takes(ep, method) {
			item = item.with(strings.ToLower(method), operation(ep, method))
		}
	}
	return item
}

// operation renders one method of a row.
func operation(ep *wire.Endpoint, method string) object {
	o := object{
		{"operationId", strings.ToLower(method) + "_" + name(ep)},
		{"tags", []string{nounOf(ep)}},
		{"summary", ep.Summary},
		{"description", description(ep)},
	}
	if ep.Public {
		o = o.with("security", []object{})
	} else {
		o = o.with("security", []object{{{"access_token", []string{}}}})
	}
	if p := parameters(ep, method); len(p) > 0 {
		o = o.with("parameters", p)
	}
	if b := body(ep); method == "POST" && b != nil {
		o = o.with("requestBody", b)
	}
	responses := object{}
	for _, r := range responsesOf(ep) {
		responses = responses.with(strconv.Itoa(r.status), object{{"$ref", "#/components/responses/" + r.name}})
	}
	return o.with("responses", responses)
}

// description says who may call and what failures there are.
func description(ep *wire.Endpoint) string {
	var b strings.Builder
	switch {
	case ep.Public:
		b.WriteString("Needs no token.")
	case ep.Permission == "":
		b.WriteString("Needs a token.")
	default:
		fmt.Fprintf(&b, "Needs the permission point `%s`.", ep.Permission)
	}
	if len(ep.AppTypes) == 1 {
		fmt.Fprintf(&b, " Only for apps of the type `%s`.", ep.AppTypes[0])
	}
	b.WriteString("\n\n| code | text | when |\n|---|---|---|\n")
	for _, a := range answersOf(ep) {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.code(), a.EN, a.When)
	}
	return b.String()
}
