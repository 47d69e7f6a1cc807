package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// Family is one of the two kinds of endpoints, which differ in their envelopes
// (contract 1.1, D5).
type Family uint8

// The families.
const (
	TOP     Family = iota // under /topapi
	Classic               // everything else
)

// topPrefix begins the path of every TOP endpoint.
const topPrefix = "/topapi/"

// tokenName is the parameter that carries the access token.
const tokenName = "access_token"

// familyOf returns the family in which a path is answered, known or not.
func familyOf(path string) Family {
	if strings.HasPrefix(path, topPrefix) {
		return TOP
	}
	return Classic
}

// ContentType returns the content type of the family's replies (contract D5).
func (f Family) ContentType() string {
	if f == TOP {
		return "application/json;charset=UTF-8"
	}
	return "application/json"
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
	DeptIDs                  // department ids, as text or as a JSON array
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
	// MaxItems is the most entries of DeptIDs, before repeats are removed.
	MaxItems int
	// Missing is answered when a required parameter is not given. Where it is
	// left out it is FaultMissingArgument under /topapi (contract D1) and
	// FaultMissingParam on classic paths.
	Missing Fault
	// Malformed is answered when the value does not have the form of its kind;
	// FaultInvalidParameter where it is left out.
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
	}
	return FaultMissingParam
}

func (p *Param) malformed() Fault {
	if p.Malformed.Code != 0 {
		return p.Malformed
	}
	return FaultInvalidParameter
}

func (p *Param) outOfRange() Fault {
	if p.OutOfRange.Code != 0 {
		return p.OutOfRange
	}
	return p.malformed()
}

// FaultRow says what an error of an endpoint's Serve becomes on the wire. A row
// with a Param is for errors about that parameter and goes before one without.
type FaultRow struct {
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
	Path    string
	Summary string
	Family  Family
	Methods []string // of GET and POST; others are 43002 (contract D11)
	// Public endpoints are called without a token, as gettoken is.
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
	// [Classic] ones the members beside errcode and errmsg, or none of them.
	Result Schema
	// Chosen tells people what was decided although nothing shows how the real
	// service does it: one sentence for each.
	Chosen []string
	// Serve answers a call whose caller and parameters are in order. It
	// appends to [Call.Result] and must not keep the Call.
	Serve func(*Call) error
}

// fault finds what an error of Serve is on the wire.
func (e *Endpoint) fault(err *rollcall.Error) (FaultRow, bool) {
	if err.Kind == rollcall.KindInternal || err.Kind == rollcall.KindBusy {
		return FaultRow{}, false
	}
	any := -1
	for i, row := range e.Faults {
		if row.Kind != err.Kind {
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
	}
	if !strings.HasPrefix(e.Path, "/") || familyOf(e.Path) != e.Family {
		wrong("the path is not one of its family")
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
		if p.Kind > DeptIDs || (p.Kind == Enum) != (len(p.Enum) > 0) || (p.Kind == DeptIDs) != (p.MaxItems > 0) {
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
