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
	inPath, _, _ := e.pathParam()
	for i := range e.Params {
		p := &e.Params[i]
		if p.Name != inPath { // where there is always some text
			wanted = append(wanted, p.malformed(e.Family))
			if p.Required {
				wanted = append(wanted, p.missing(e.Family))
			}
		}
		if p.bounded() {
			wanted = append(wanted, p.outOfRange(e.Family))
		}
	}
	for _, row := range e.Faults {
		wanted = append(wanted, row.Fault)
	}
	return slices.DeleteFunc(Faults(), func(f Fault) bool { return !slices.Contains(wanted, f) })
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
