package wire

import (
	"math"
	"slices"

	"rollcall"
)

// Possible returns every fault that the endpoint can answer to a request with
// one of its methods, by code: those of its checks, of its parameters and of
// its Serve.
func (e *Endpoint) Possible() []Fault {
	wanted := []Fault{e.Family.own(FaultBusy), e.Unparsable}
	switch {
	case e.Family == OAuth:
		wanted = append(wanted, FaultMissingBody)
	case e.Public:
	case e.Family == TOP:
		wanted = append(wanted, FaultTokenBlank, FaultTokenInvalid, FaultAddress, FaultRate)
	default:
		wanted = append(wanted, FaultMissingParam, FaultTokenInvalid, FaultAddress, FaultRate)
	}
	if e.Permission != "" {
		wanted = append(wanted, FaultPermission)
	}
	if len(e.AppTypes) > 0 && !(slices.Contains(e.AppTypes, rollcall.Internal) && slices.Contains(e.AppTypes, rollcall.ThirdParty)) {
		wanted = append(wanted, FaultAppType)
	}
	for i := range e.Params {
		wanted = append(wanted, e.faultsOf(&e.Params[i])...)
	}
	for _, row := range e.Faults {
		wanted = append(wanted, row.Fault)
	}
	return slices.DeleteFunc(Faults(), func(f Fault) bool { return !slices.Contains(wanted, f) })
}

// About returns the names of the parameters whose values can be answered with a
// fault.
func (e *Endpoint) About(f Fault) []string {
	var names []string
	for i := range e.Params {
		if slices.Contains(e.faultsOf(&e.Params[i]), f) {
			names = append(names, e.Params[i].Name)
		}
	}
	return names
}

// faultsOf returns what can be wrong with a parameter.
func (e *Endpoint) faultsOf(p *Param) (faults []Fault) {
	if inPath, _, _ := e.pathParam(); p.Name != inPath { // where there is always some text
		faults = append(faults, p.malformed(e.Family))
		if p.Required {
			faults = append(faults, p.missing(e.Family))
		}
	}
	if p.bounded() {
		faults = append(faults, p.outOfRange(e.Family))
	}
	return faults
}

// bounded tells whether a value that has the form of its kind can be out of
// range.
func (p *Param) bounded() bool {
	switch p.Kind {
	case Int:
		return p.Min > math.MinInt64 || p.Max != 0
	case String:
		return p.Min > 0 || p.Max != 0
	}
	return p.MaxItems > 0
}
