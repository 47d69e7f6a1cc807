// Package edit has the rules by which departments, people and roles are
// created, changed and removed (contract 4, 5, 7). The wire, the command line
// and everything else that changes one thing at a time ask here, so that a rule
// is in one place.
//
// Each function takes what is asked for and returns a [directory.Intent], which
// decides on the newest state: what was refused a moment ago may be fine now,
// and the other way about. An intent that is refused gives a [rollcall.Error]
// whose kind and parameter say which rule it was; what that is on the wire is
// said in the table of endpoints. Where an intent makes something up, such as an
// id, it writes it to the place that it was given; after [directory.Corp.Do]
// returned without an error it is what was committed.
package edit

import (
	"fmt"

	"rollcall"
)

func refuse(kind rollcall.ErrorKind, param, detail string) error {
	return &rollcall.Error{Kind: kind, Param: param, Detail: detail}
}

func give[T any](v, field *T) {
	if v != nil {
		*field = *v
	}
}

func noDept(param string, id rollcall.DeptID) error {
	return refuse(rollcall.KindNotFound, param, fmt.Sprintf("there is no department %d", id))
}
