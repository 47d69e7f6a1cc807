package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// Family is one of the kinds of endpoints, which differ in their envelopes
// (contract 1.1, 3.4, D5).
type Family uint8

// The families.
const (
	TOP     Family = iota // under /topapi
	Classic               // everything else
	OAuth                 // under /v1.0, as on the newer host
)

// Prefixes that begin the paths of the families.
const (
	topPrefix   = "/topapi/"
	oauthPrefix = "/v1.0/"
)

// tokenName is the parameter that carries the access token.
const tokenName = "access_token"

// familyOf returns the family in which a path is answered, known or not.
func familyOf(path string) Family {
	switch {
	case strings.HasPrefix(path, topPrefix):
		return TOP
	case strings.HasPrefix(path, oauthPrefix):
		return OAuth
	}
	return Classic
}

// ContentType returns the content type of the family's replies (contract D5).
func (f Family) ContentType() string {
	if f == Classic {
		return "application/json"
	}
	return "application/json;charset=UTF-8"
}

// ParamKind is the type of a parameter: which spellings it takes (contract D2)
// and which method of [Call] reads it.
type ParamKind uint8

// The kinds of parameters.
const (
	Bool    ParamKind = iota // true, false, 1, 0
	Int                      // whole number of at most 18 digits
	String                   // any text
	Enum                     // one of a few words
	Date                     // a real calendar date, yyyyMMdd
	IDs                      // whole numbers, as text with commas between them or as a JSON array
	Strings                  // texts, in the same two forms
	JSON                     // a JSON array or object, as it is or as a text that holds one
)

// String returns the type as the documentation of the API names it.
func (k ParamKind) String() string {
	switch k {
	case Bool:
		return "Boolean"
	case Int:
		return "Number"
	}
	return "String"
}

// Param describes one parameter (contract D2). A parameter that is absent,
// empty or null is missing, whether it is required or not.
type Param struct {
	Name     string
	Kind     ParamKind
	Required bool
	// Min and Max bound an Int, and the number of characters of a String;
	// Max 0 is no bound.
	Min, Max int64
	// Enum lists the words of an Enum, the default first.
	Enum []string
	// MaxItems is the most entries of IDs and Strings, before repeats are
	// removed.
	MaxItems int
	// Separator stands between the entries of IDs and Strings in a text; a
	// comma where it is 0. Older calls have a bar.
	Separator byte
	// NullText says that IDs which are the text null are missing: a client makes
	// that text of a list that was not set.
	NullText bool
	// Bare says that a JSON parameter takes any text: older calls have objects
	// whose names have no quotes. Serve finds out what it is.
	Bare bool
	// Missing is answered when a required parameter is not given. Where it is
	// left out it is FaultMissingArgument under /topapi (contract D1),
	// FaultMissingParam on classic paths and FaultMissingField on the newer host.
	Missing Fault
	// Malformed is answered when the value does not have the form of its kind;
	// FaultInvalidParameter where it is left out, on the newer host
	// FaultInvalidField.
	Malformed Fault
	// OutOfRange is answered for a value beyond Min, Max or MaxItems; the same
	// as Malformed where it is left out.
	OutOfRange Fault
	// Doc tells people what the parameter means.
	Doc string
}

func (p *Param) missing(f Family) Fault {
	switch {
	case p.Missing.Code != 0:
		return p.Missing
	case f == TOP:
		return FaultMissingArgument
	case f == OAuth:
		return FaultMissingField
	}
	return FaultMissingParam
}

func (p *Param) malformed(f Family) Fault {
	switch {
	case p.Malformed.Code != 0:
		return p.Malformed
	case f == OAuth:
		return FaultInvalidField
	}
	return FaultInvalidParameter
}

func (p *Param) outOfRange(f Family) Fault {
	if p.OutOfRange.Code != 0 {
		return p.OutOfRange
	}
	return p.malformed(f)
}

// FaultRow says what an error of an endpoint's Serve becomes on the wire. A row
// with an Is is for that error and goes before all others; one with a Param is
// for errors about that parameter and goes before one without.
type FaultRow struct {
	Is    error
	Kind  rollcall.ErrorKind
	Param string // empty: any
	Fault Fault
	// Detail says that the English text goes on with the error's Detail.
	Detail bool
}

// Endpoint is one row of the table of endpoints: all that the wire, the
// documentation and the metrics know about a path. It is not changed once a
// [Service] has it.
type Endpoint struct {
	// Path is exact, but for one part in braces that names a parameter and
	// stands for any value without a slash.
	Path string
	// AnyCase says that the path may be spelled in any letter case, for those
	// which the documentation itself spells in several. It is for [Classic]
	// ones.
	AnyCase bool
	Summary string
	Family  Family
	Methods []string // of GET and POST; others are 43002 (contract D11)
	// Public endpoints are called without a token, as gettoken is. Those of the
	// newer host are always public.
	Public bool
	// Permission is the permission point that the app must hold; none where it
	// is empty.
	Permission rollcall.Permission
	// AppTypes are the app types that may call; any where there are none.
	AppTypes []rollcall.AppType
	// Params are checked in this order: first whether all that are required are
	// given, then their values (contract D2).
	Params []Param
	// Unparsable is answered for a query string or a body that cannot be
	// parsed (contract D2).
	Unparsable Fault
	// Faults says what an error of Serve becomes. An error without a row, and
	// any of the kinds busy and internal, is FaultBusy and goes to the log.
	Faults []FaultRow
	// Result is what a success carries: on [TOP] endpoints the result, on
	// [Classic] ones the members beside errcode and errmsg, or none of them, on
	// [OAuth] ones the whole object.
	Result Schema
	// Chosen tells people what was decided although nothing shows how the real
	// service does it: one sentence for each.
	Chosen []string
	// Serve answers a call whose caller and parameters are in order. It
	// appends to [Call.Result] and must not keep the Call.
	Serve func(*Call) error
}

// faultOf finds what any error of Serve is on the wire, and what is to be told
// of it.
func (e *Endpoint) faultOf(err error) (FaultRow, *rollcall.Error, bool) {
	told := new(rollcall.Error)
	errors.As(err, &told)
	for _, row := range e.Faults {
		if row.Is != nil && errors.Is(err, row.Is) {
			return row, told, true
		}
	}
	row, ok := e.fault(told)
	return row, told, ok
}

// fault finds the row of a kind of error.
func (e *Endpoint) fault(err *rollcall.Error) (FaultRow, bool) {
	if err.Kind == rollcall.KindInternal || err.Kind == rollcall.KindBusy {
		return FaultRow{}, false
	}
	any := -1
	for i, row := range e.Faults {
		if row.Is != nil || row.Kind != err.Kind {
			continue
		}
		if row.Param == err.Param {
			return row, true
		}
		if row.Param == "" && any < 0 {
			any = i
		}
	}
	if any < 0 {
		return FaultRow{}, false
	}
	return e.Faults[any], true
}

// pathParam returns the name of the parameter in the path, and what stands
// before and after it; no name where there is none.
func (e *Endpoint) pathParam() (name, before, after string) {
	before, rest, found := strings.Cut(e.Path, "{")
	if !found {
		return "", e.Path, ""
	}
	name, after, _ = strings.Cut(rest, "}")
	return name, before, after
}

// matches tells whether a path is the endpoint's, and what value it has for the
// parameter in it.
func (e *Endpoint) matches(path string) (value string, ok bool) {
	_, before, after := e.pathParam()
	value, ok = strings.CutPrefix(path, before)
	if ok {
		value, ok = strings.CutSuffix(value, after)
	}
	return value, ok && value != "" && !strings.Contains(value, "/")
}

// check finds mistakes in the row.
func (e *Endpoint) check() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("endpoint %s: "+format, append([]any{e.Path}, args...)...))
	}
	table := Faults()
	known := func(f Fault, required bool) {
		if f == (Fault{}) && !required {
			return
		}
		if !slices.Contains(table, f) {
			wrong("the fault %d %q is not in the table of error codes", f.Code, f.EN)
		}
		if (f.Name != "") != (e.Family == OAuth) {
			wrong("the fault %d %q is one of another host", f.Code, f.EN)
		}
	}
	if !strings.HasPrefix(e.Path, "/") || familyOf(e.Path) != e.Family {
		wrong("the path is not one of its family")
	}
	if e.Family == OAuth && !e.Public {
		wrong("it is on the newer host and not public")
	}
	if name, _, _ := e.pathParam(); name != "" && !slices.ContainsFunc(e.Params, func(p Param) bool { return p.Name == name }) {
		wrong("the path names %q, which is no parameter", name)
	}
	if name, _, _ := e.pathParam(); e.AnyCase && (name != "" || e.Family != Classic) {
		wrong("only whole paths outside /topapi and /v1.0 can be in any letter case")
	}
	if len(e.Methods) == 0 {
		wrong("it takes no method")
	}
	for _, m := range e.Methods {
		if m != "GET" && m != "POST" {
			wrong("the method %s is not supported", m)
		}
	}
	if e.Serve == nil {
		wrong("it has no Serve")
	}
	known(e.Unparsable, true)
	for _, row := range e.Faults {
		known(row.Fault, true)
	}
	if err := e.Result.checkResult(e.Family); err != nil {
		wrong("%w", err)
	}
	seen := map[string]bool{tokenName: true}
	for _, p := range e.Params {
		if p.Name == "" || seen[p.Name] {
			wrong("the parameter name %q is empty or taken", p.Name)
		}
		seen[p.Name] = true
		if p.Kind > JSON || (p.Kind == Enum) != (len(p.Enum) > 0) || (p.Kind == IDs || p.Kind == Strings) != (p.MaxItems > 0) {
			wrong("the parameter %s: Enum or MaxItems does not go with its kind", p.Name)
		}
		if p.MaxItems > maxItems {
			wrong("the parameter %s: more than %d items", p.Name, maxItems)
		}
		for _, f := range []Fault{p.Missing, p.Malformed, p.OutOfRange} {
			known(f, false)
		}
	}
	return errors.Join(errs...)
}
