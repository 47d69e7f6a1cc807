//go:build cluster

package main

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/anishathalye/porcupine"
)

// kept is what there is of one person or of one department.
type kept struct {
	there        bool
	name, mobile string
	place        int64 // the department of a person, the parent of a department
}

type keptVerb string

const (
	keptCreate keptVerb = "create"
	keptRename keptVerb = "rename"
	keptDial   keptVerb = "change the mobile number of"
	keptMove   keptVerb = "move"
	keptDelete keptVerb = "delete"
	keptRead   keptVerb = "read"
)

// keptCall is a call about one of them.
type keptCall struct {
	verb         keptVerb
	name, mobile string
	place        int64
}

// keptAnswer is what came of it.
type keptAnswer struct {
	unknown bool // there was no answer: it may or may not have happened
	taken   bool // it was refused, since it is there already
	missing bool // it was refused, since it is not there
	refused bool // it was refused for what others are
	seen    kept // of a read
}

// keptModel is one person or department as one client after the other would
// find it.
func keptModel() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{kept{}} },
		Step: func(state, input, output any) []any {
			s, c, a := state.(kept), input.(keptCall), output.(keptAnswer)
			can, after := s.do(c)
			switch {
			case a.unknown && can:
				return []any{s, after}
			case a.unknown, a.refused, a.taken && c.verb == keptCreate && s.there, a.missing && c.verb != keptCreate && !s.there:
				return []any{s}
			case a.taken, a.missing, !can, c.verb == keptRead && a.seen != s:
				return nil
			}
			return []any{after}
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
	return m.ToModel()
}

// do tells whether a call can succeed, and what there is after it.
func (s kept) do(c keptCall) (can bool, after kept) {
	after = s
	switch c.verb {
	case keptCreate:
		return !s.there, kept{true, c.name, c.mobile, c.place}
	case keptRename:
		after.name = c.name
	case keptDial:
		after.mobile = c.mobile
	case keptMove:
		after.place = c.place
	case keptDelete:
		after = kept{}
	}
	return s.there, after
}

// history is what was asked and answered about each person and department.
type history struct {
	mu  sync.Mutex
	ops map[string][]keptOp
}

// keptOp is a call, when it began and ended, and of which version the answer was.
type keptOp struct {
	porcupine.Operation
	version uint64
	// newest says that the answer is of no less than all versions that somebody
	// had been told of when it was asked for.
	newest bool
}

func (h *history) note(key string, op keptOp) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ops == nil {
		h.ops = map[string][]keptOp{}
	}
	h.ops[key] = append(h.ops[key], op)
}

// explain fails unless there is an order of the calls about each person and
// department that explains the answers: one that keeps to the time, for all
// changes and for the reads that had to see all that was known; and one that keeps
// to the versions, for all reads, however old their version was.
func (h *history) explain(t *testing.T) (calls int) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, ops := range h.ops {
		var byTime, byVersion []porcupine.Operation
		for _, op := range ops {
			a, reads := op.Output.(keptAnswer), op.Input.(keptCall).verb == keptRead
			if op.newest || !reads {
				byTime = append(byTime, op.Operation)
			}
			byVersion = append(byVersion, op.inVersion(a, reads))
		}
		check(t, key+" in time", byTime)
		check(t, key+" in versions", byVersion)
		calls += len(ops)
	}
	return calls
}

// inVersion is the call with versions for time: changes that share a version, and
// those that were refused in it, come in any order, and before those who read it.
func (op keptOp) inVersion(a keptAnswer, reads bool) porcupine.Operation {
	o, at := op.Operation, int64(op.version)*10
	switch {
	case a.unknown:
		o.Call, o.Return = 0, math.MaxInt64
	case reads:
		o.Call, o.Return = at+2, at+3
	default:
		o.Call, o.Return = at, at+1
	}
	return o
}

func check(t *testing.T, what string, ops []porcupine.Operation) {
	t.Helper()
	switch porcupine.CheckOperationsTimeout(keptModel(), ops, patience) {
	case porcupine.Ok:
	case porcupine.Unknown:
		t.Errorf("%s: the checker has found neither an order nor that there is none", what)
	case porcupine.Illegal:
		slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(a.Call/1000 - b.Call/1000) })
		for _, op := range ops {
			t.Logf("client %d, %d to %d: %+v -> %+v", op.ClientId, op.Call, op.Return, op.Input, op.Output)
		}
		t.Errorf("%s: no order of the calls explains the answers", what)
	}
}

// What the checker must not believe.
func TestClusterCheckerRefuses(t *testing.T) {
	at := func(from, to int64, c keptCall, a keptAnswer) porcupine.Operation {
		return porcupine.Operation{ClientId: int(from), Call: from, Return: to, Input: c, Output: a}
	}
	create, see := keptCall{verb: keptCreate, name: "a"}, keptCall{verb: keptRead}
	rename := keptCall{verb: keptRename, name: "b"}
	a, b := keptAnswer{seen: kept{there: true, name: "a"}}, keptAnswer{seen: kept{there: true, name: "b"}}
	done, gone, unknown := keptAnswer{}, keptAnswer{missing: true}, keptAnswer{unknown: true}
	for name, c := range map[string]struct {
		history []porcupine.Operation
		want    porcupine.CheckResult
	}{
		"created twice":            {[]porcupine.Operation{at(0, 9, create, done), at(0, 9, create, done)}, porcupine.Illegal},
		"refused by nobody":        {[]porcupine.Operation{at(0, 9, create, keptAnswer{taken: true})}, porcupine.Illegal},
		"a lost update":            {[]porcupine.Operation{at(0, 1, create, done), at(2, 3, rename, done), at(4, 5, see, a)}, porcupine.Illegal},
		"not lost":                 {[]porcupine.Operation{at(0, 1, create, done), at(2, 3, rename, done), at(4, 5, see, b)}, porcupine.Ok},
		"seen, and gone again":     {[]porcupine.Operation{at(0, 9, create, unknown), at(1, 2, see, a), at(3, 4, see, gone)}, porcupine.Illegal},
		"it happened after all":    {[]porcupine.Operation{at(0, 9, create, unknown), at(1, 2, see, gone), at(3, 4, see, a)}, porcupine.Ok},
		"what nobody ever did":     {[]porcupine.Operation{at(0, 1, create, done), at(2, 3, see, b)}, porcupine.Illegal},
		"updated what is not here": {[]porcupine.Operation{at(0, 1, rename, done)}, porcupine.Illegal},
	} {
		if got := porcupine.CheckOperationsTimeout(keptModel(), c.history, patience); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
