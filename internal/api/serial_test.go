package api_test

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// What follows is the organization as one client after the other would find it:
// a model of a few people and departments, so small that a checker can try in
// which order the calls of several clients could have happened. It says nothing
// of the order in which a call is checked: where two errors apply, either is
// right.

// The errors that the model knows.
const (
	codeDeptMissing   = 60003
	codeParentMissing = 60004
	codeHasMembers    = 60005
	codeHasDepts      = 60006
	codeNameTaken     = 60008
	codeCycle         = 60010
	codeUserTaken     = 60102
	codeMobileTaken   = 60104
	codeUserMissing   = 60121
)

// The people are numbered from 0, departments by their ids; names and mobile
// numbers are numbered too.
const (
	serialPeople = 4
	serialDepts  = 64 // more than are ever made
)

type serialUser struct {
	there              bool
	name, mobile, dept int
}

type serialDept struct {
	there        bool
	name, parent int
}

// serial is the state of the model; it can be compared.
type serial struct {
	users [serialPeople]serialUser
	depts [serialDepts]serialDept
	last  int // the largest id that was given
}

type verb string

const (
	createsUser verb = "create user"
	renamesUser verb = "rename user"
	dialsUser   verb = "change mobile of user"
	movesUser   verb = "move user"
	deletesUser verb = "delete user"
	readsUser   verb = "read user"
	createsDept verb = "create dept"
	renamesDept verb = "rename dept"
	movesDept   verb = "move dept"
	deletesDept verb = "delete dept"
	readsDept   verb = "read dept"
	readsList   verb = "list members of dept"
)

// asked is a call: who or what it is about, and the values that it gives.
type asked struct {
	verb                verb
	user, name, mobile  int
	dept, parent, given int // given: the department that a person is to be in
}

// answered is what came of it.
type answered struct {
	unknown bool // there was no answer, or -1: it may or may not have happened
	code    int
	id      int // of a new department
	user    serialUser
	dept    serialDept
	members [serialPeople]bool
}

// serialModel is the model as the checker takes it.
func serialModel() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any {
			s := serial{last: 1}
			s.depts[1].there = true
			return []any{s}
		},
		Step: func(state, input, output any) (next []any) {
			s, a, out := state.(serial), input.(asked), output.(answered)
			errs, after := s.do(a)
			switch {
			case out.unknown:
				next = append(next, s)
				if len(errs) == 0 {
					next = append(next, after)
				}
			case len(errs) > 0:
				for _, code := range errs {
					if code == out.code {
						return []any{s}
					}
				}
			case out == s.answer(a):
				next = append(next, after)
			}
			return next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
	}
	return m.ToModel()
}

// do says which errors a call may get, and what the state is after it where
// there is none.
func (s serial) do(a asked) (errs []int, after serial) {
	fail := func(when bool, code int) {
		if when {
			errs = append(errs, code)
		}
	}
	u, d := s.users[a.user], s.depts[a.dept]
	after = s
	user, dept := &after.users[a.user], &after.depts[a.dept]
	switch a.verb {
	case createsUser:
		fail(u.there, codeUserTaken)
		fail(!s.depts[a.given].there, codeDeptMissing)
		fail(s.has(a.mobile, a.user), codeMobileTaken)
		*user = serialUser{true, a.name, a.mobile, a.given}
	case renamesUser:
		fail(!u.there, codeUserMissing)
		user.name = a.name
	case dialsUser:
		fail(!u.there, codeUserMissing)
		fail(s.has(a.mobile, a.user), codeMobileTaken)
		user.mobile = a.mobile
	case movesUser:
		fail(!u.there, codeUserMissing)
		fail(!s.depts[a.given].there, codeDeptMissing)
		user.dept = a.given
	case deletesUser:
		fail(!u.there, codeUserMissing)
		*user = serialUser{}
	case readsUser:
		fail(!u.there, codeUserMissing)
	case createsDept:
		fail(!s.depts[a.parent].there, codeParentMissing)
		fail(s.named(a.parent, a.name, 0), codeNameTaken)
		after.last++
		after.depts[after.last] = serialDept{true, a.name, a.parent}
	case renamesDept:
		fail(!d.there, codeDeptMissing)
		fail(s.named(d.parent, a.name, a.dept), codeNameTaken)
		dept.name = a.name
	case movesDept:
		fail(!d.there, codeDeptMissing)
		fail(!s.depts[a.parent].there, codeParentMissing)
		fail(s.below(a.parent, a.dept), codeCycle)
		fail(s.named(a.parent, d.name, a.dept), codeNameTaken)
		dept.parent = a.parent
	case deletesDept:
		fail(!d.there, codeDeptMissing)
		for _, u := range s.users {
			fail(u.there && u.dept == a.dept, codeHasMembers)
		}
		for _, sub := range s.depts {
			fail(sub.there && sub.parent == a.dept, codeHasDepts)
		}
		*dept = serialDept{}
	case readsDept, readsList:
		fail(!d.there, codeDeptMissing)
	}
	return errs, after
}

// answer is the answer to a call without an error.
func (s serial) answer(a asked) (out answered) {
	switch a.verb {
	case createsDept:
		out.id = s.last + 1
	case readsUser:
		out.user = s.users[a.user]
	case readsDept:
		out.dept = s.depts[a.dept]
	case readsList:
		for i, u := range s.users {
			out.members[i] = u.there && u.dept == a.dept
		}
	}
	return out
}

// has tells whether somebody else has a mobile number.
func (s serial) has(mobile, but int) bool {
	for i, u := range s.users {
		if i != but && u.there && u.mobile == mobile {
			return true
		}
	}
	return false
}

// named tells whether another department below one has a name.
func (s serial) named(parent, name, but int) bool {
	for id, d := range s.depts {
		if id > 1 && id != but && d.there && d.parent == parent && d.name == name {
			return true
		}
	}
	return false
}

// below tells whether a department is another one or below it.
func (s serial) below(id, top int) bool {
	for ; id > 0 && s.depts[id].there; id = s.depts[id].parent {
		if id == top {
			return true
		}
	}
	return false
}
