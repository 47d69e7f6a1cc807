package wire

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

// Possible lists what the checks of a row can answer and nothing else.
func TestPossibleFaultsOfARow(t *testing.T) {
	row := func(f Family, path string, change func(*Endpoint)) *Endpoint {
		ep := &Endpoint{Path: path, Family: f, Methods: getPost, Unparsable: FaultParamFormat, Serve: echo, Public: true}
		if change != nil {
			change(ep)
		}
		return ep
	}
	params := func(all ...Param) func(*Endpoint) { return func(ep *Endpoint) { ep.Params = all } }
	for _, tt := range []struct {
		name string
		ep   *Endpoint
		want []Fault
	}{
		{"public", row(TOP, "/topapi/x", nil), []Fault{FaultBusy, FaultParamFormat}},
		{"token", row(TOP, "/topapi/x", func(ep *Endpoint) { ep.Public = false }), []Fault{
			FaultBusy, FaultTokenBlank, FaultTokenInvalid, FaultAddress, FaultRate, FaultParamFormat,
		}},
		{"classic token", row(Classic, "/x", func(ep *Endpoint) { ep.Public = false }), []Fault{
			FaultBusy, FaultTokenInvalid, FaultMissingParam, FaultAddress, FaultRate, FaultParamFormat,
		}},
		{"permission", row(TOP, "/topapi/x", func(ep *Endpoint) { ep.Permission = rollcall.PermMember }), []Fault{
			FaultBusy, FaultPermission, FaultParamFormat,
		}},
		{"one app type", row(TOP, "/topapi/x", func(ep *Endpoint) { ep.AppTypes = []rollcall.AppType{rollcall.ThirdParty} }), []Fault{
			FaultBusy, FaultAppType, FaultParamFormat,
		}},
		{"every app type", row(TOP, "/topapi/x", func(ep *Endpoint) {
			ep.AppTypes = []rollcall.AppType{rollcall.ThirdParty, rollcall.Internal}
		}), []Fault{FaultBusy, FaultParamFormat}},
		{"required", row(TOP, "/topapi/x", params(Param{Name: "a", Kind: Bool, Required: true})), []Fault{
			FaultBusy, FaultMissingArgument, FaultInvalidParameter, FaultParamFormat,
		}},
		{"own faults", row(TOP, "/topapi/x", params(Param{
			Name: "a", Kind: Int, Required: true, Missing: FaultParamEmpty, Malformed: FaultInvalidSize, OutOfRange: FaultInvalidOffset,
		})), []Fault{FaultBusy, FaultInvalidOffset, FaultInvalidSize, FaultParamEmpty, FaultParamFormat}},
		{"any number", row(TOP, "/topapi/x", params(Param{
			Name: "a", Kind: Int, Min: math.MinInt64, Malformed: FaultInvalidSize, OutOfRange: FaultInvalidOffset,
		})), []Fault{FaultBusy, FaultInvalidSize, FaultParamFormat}},
		{"any text", row(TOP, "/topapi/x", params(Param{
			Name: "a", Kind: String, Malformed: FaultInvalidSize, OutOfRange: FaultInvalidOffset,
		})), []Fault{FaultBusy, FaultInvalidSize, FaultParamFormat}},
		{"short text", row(TOP, "/topapi/x", params(Param{
			Name: "a", Kind: String, Max: 3, Malformed: FaultInvalidSize, OutOfRange: FaultInvalidOffset,
		})), []Fault{FaultBusy, FaultInvalidOffset, FaultInvalidSize, FaultParamFormat}},
		{"ids", row(TOP, "/topapi/x", params(Param{
			Name: "a", Kind: IDs, MaxItems: 3, Malformed: FaultInvalidSize, OutOfRange: FaultInvalidOffset,
		})), []Fault{FaultBusy, FaultInvalidOffset, FaultInvalidSize, FaultParamFormat}},
		{"serve", row(TOP, "/topapi/x", func(ep *Endpoint) {
			ep.Faults = []FaultRow{{Kind: rollcall.KindNotFound, Fault: FaultDeptNotFound}}
		}), []Fault{FaultBusy, FaultDeptNotFound, FaultParamFormat}},
		{"newer host", row(OAuth, "/v1.0/{corp}/x", func(ep *Endpoint) {
			ep.Unparsable = FaultInvalidBody
			ep.Params = []Param{{Name: "corp", Kind: String, Required: true}, {Name: "a", Kind: Bool, Required: true}}
		}), []Fault{FaultMissingBody, FaultInvalidBody, FaultMissingField, FaultInvalidField, FaultServerError}},
		{"newer host, only a path", row(OAuth, "/v1.0/{corp}/x", func(ep *Endpoint) {
			ep.Unparsable = FaultInvalidBody
			ep.Params = []Param{{Name: "corp", Kind: String, Required: true, Max: 9, OutOfRange: FaultUnknownCorp}}
		}), []Fault{FaultMissingBody, FaultInvalidBody, FaultUnknownCorp, FaultServerError}},
	} {
		if err := tt.ep.check(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := tt.ep.Possible(); !slices.Equal(sorted(got), sorted(tt.want)) {
			t.Errorf("%s\ngot  %s\nwant %s", tt.name, sorted(got), sorted(tt.want))
		}
	}
}

// sorted names faults in an order of its own.
func sorted(faults []Fault) (all []string) {
	for _, f := range faults {
		all = append(all, strings.TrimSpace(fmt.Sprint(f.Code, " ", f.Name, " ", f.EN)))
	}
	slices.Sort(all)
	return all
}
