package api_test

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

// timed is a call of a history that is written down by hand: from when to when.
type timed struct {
	from, to int64
	asked    asked
	answered answered
}

// What the checker must believe, and what it must not, in histories that are
// short enough to see it.
func TestWhatTheCheckerBelieves(t *testing.T) {
	t.Parallel()
	const never = math.MaxInt64
	hire := func(user, mobile, dept int) asked {
		return asked{verb: createsUser, user: user, mobile: mobile, given: dept}
	}
	found := func(dept, parent int) asked { return asked{verb: createsDept, name: dept, parent: parent} }
	made := func(id int) answered { return answered{id: id} }
	see := asked{verb: readsUser}
	there, missing := answered{user: serialUser{there: true, dept: 1}}, answered{code: codeUserMissing}
	unknown := answered{unknown: true}
	for _, c := range []struct {
		name    string
		history []timed
		want    porcupine.CheckResult
	}{
		{"two of one userid", []timed{{0, 10, hire(0, 0, 1), answered{}}, {0, 10, hire(0, 1, 1), answered{}}}, porcupine.Illegal},
		{"one of them refused", []timed{{0, 10, hire(0, 0, 1), answered{}}, {0, 10, hire(0, 1, 1), answered{code: codeUserTaken}}}, porcupine.Ok},
		{"both refused", []timed{
			{0, 10, hire(0, 0, 1), answered{code: codeUserTaken}}, {0, 10, hire(0, 1, 1), answered{code: codeUserTaken}},
		}, porcupine.Illegal},
		{"one mobile number for two", []timed{{0, 10, hire(0, 5, 1), answered{}}, {0, 10, hire(1, 5, 1), answered{}}}, porcupine.Illegal},
		{"a lost update", []timed{
			{0, 1, hire(0, 0, 1), answered{}},
			{2, 3, asked{verb: renamesUser, name: 1}, answered{}},
			{4, 5, see, there},
		}, porcupine.Illegal},
		{"seen and gone again", []timed{
			{0, 9, hire(0, 0, 1), answered{}}, {1, 2, see, there}, {3, 4, see, missing},
		}, porcupine.Illegal},
		{"not yet, and then seen", []timed{
			{0, 9, hire(0, 0, 1), answered{}}, {1, 2, see, missing}, {3, 4, see, there},
		}, porcupine.Ok},
		{"in a department that is gone", []timed{
			{0, 1, found(0, 1), made(2)},
			{2, 9, hire(0, 0, 2), answered{}},
			{2, 9, asked{verb: deletesDept, dept: 2}, answered{}},
		}, porcupine.Illegal},
		{"each below the other", []timed{
			{0, 1, found(0, 1), made(2)},
			{2, 3, found(1, 1), made(3)},
			{4, 9, asked{verb: movesDept, dept: 2, parent: 3}, answered{}},
			{4, 9, asked{verb: movesDept, dept: 3, parent: 2}, answered{}},
		}, porcupine.Illegal},
		{"one id for two departments", []timed{{0, 9, found(0, 1), made(2)}, {0, 9, found(1, 1), made(2)}}, porcupine.Illegal},
		{"two siblings of one name", []timed{{0, 9, found(0, 1), made(2)}, {0, 9, found(0, 1), made(3)}}, porcupine.Illegal},
		{"without an answer it happened", []timed{{0, never, hire(0, 0, 1), unknown}, {5, 6, see, there}}, porcupine.Ok},
		{"without an answer it did not", []timed{{0, never, hire(0, 0, 1), unknown}, {5, 6, see, missing}}, porcupine.Ok},
		{"without an answer it happened late", []timed{
			{0, never, hire(0, 0, 1), unknown}, {5, 6, see, missing}, {7, 8, see, there},
		}, porcupine.Ok},
		{"without an answer it did not happen by halves", []timed{
			{0, never, hire(0, 0, 1), unknown}, {5, 6, see, there}, {7, 8, see, missing},
		}, porcupine.Illegal},
	} {
		t.Run(c.name, func(t *testing.T) {
			var history []porcupine.Operation
			for i, s := range c.history {
				history = append(history, porcupine.Operation{ClientId: i, Input: s.asked, Call: s.from, Output: s.answered, Return: s.to})
			}
			if got := porcupine.CheckOperationsTimeout(serialModel(), history, patience); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}
