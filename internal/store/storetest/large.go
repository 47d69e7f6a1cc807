package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// largeChanges is more changes than any engine carries out one by one.
const largeChanges = 1_200

// largeTransactions: an import of many people says the same as one of few, and
// leaves the same.
func largeTransactions(f *fixture) {
	f.populate("acme")
	before := f.changes("acme", 0)
	changes := f.many(later)
	f.commit("acme", changes...)

	m := newModel(aCorp("acme"))
	for _, list := range [][]rollcall.Change{before, changes} {
		for i := range list {
			list[i].Version = 0
		}
		m.commit("batch", list)
	}
	f.equal("the state", m.state(), f.load("acme"))
	f.equal("the log", m.log, f.changes("acme", 0))
}

// many makes changes of all sorts: departments below each other, people in them,
// those who come back, those who leave at once, values of whom there are few.
func (f *fixture) many(at rollcall.Instant) []rollcall.Change {
	var list []rollcall.Change
	for d := rollcall.DeptID(10); d < 60; d++ {
		parent := rollcall.RootDept
		if d > 12 {
			parent = d - 3
		}
		list = append(list, createDept(at, d, parent, fmt.Sprint("dept ", d)))
	}
	for i := range largeChanges {
		o := rollcall.Ordinal(i + 2 + i/1000*7) // somebody's joining was given up
		list = append(list, join(at, o, fmt.Sprintf("user-%d", i)), enter(at, o, rollcall.DeptID(10+i%50)))
		switch i % 500 {
		case 100:
			list = append(list, memberChange(rollcall.MemberUpdated, at, o, rollcall.DeptID(10+i%50), rollcall.Payload{
				MemberUpdate: &rollcall.MembershipUpdate{Leader: ptr(true)}, MemberBefore: &rollcall.MembershipUpdate{Leader: ptr(false)},
			}))
		case 200:
			list = append(list, memberChange(rollcall.MemberRemoved, at, o, rollcall.DeptID(10+i%50), rollcall.Payload{}),
				userChange(rollcall.UserLeft, at, o, rollcall.Payload{}), join(at+1, o, fmt.Sprintf("user-%d", i)), enter(at+1, o, 10))
		case 300: // somebody who was there before
			d := createDept(at, rollcall.DeptID(100+i), 1, "its own")
			list = append(list, d, enter(at, 0, d.DeptID))
		}
	}
	return list
}

// largeFaults: which change was wrong, and why, is said of one among many too.
func largeFaults(f *fixture) {
	f.populate("acme")
	want := f.load("acme")
	for name, c := range map[string]struct {
		wrong rollcall.Change
		kind  rollcall.ErrorKind
		param string
	}{
		"a userid of one before":       {join(later, 60_000, "user-700"), rollcall.KindConflict, "userid"},
		"a userid that was there":      {join(later, 60_000, "ann"), rollcall.KindConflict, "userid"},
		"an ordinal of one before":     {join(later, 700, "another"), rollcall.KindConflict, "userid"},
		"a membership of one before":   {enter(later, 702, 10), rollcall.KindConflict, "dept_id"},
		"a membership that was there":  {enter(later, 0, 2), rollcall.KindConflict, "dept_id"},
		"a membership of nobody":       {enter(later, 60_000, 2), rollcall.KindInternal, ""},
		"a membership in nothing":      {enter(later, 702, 999), rollcall.KindInternal, ""},
		"a department of before":       {createDept(later, 11, 1, "x"), rollcall.KindConflict, "dept_id"},
		"a department under nothing":   {createDept(later, 70, 999, "x"), rollcall.KindInternal, ""},
		"an update of nobody":          {userChange(rollcall.UserUpdated, later, 60_000, rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("x")}}), rollcall.KindInternal, ""},
		"an appkey that is taken":      {createApp(later, "key.acme"), rollcall.KindConflict, "appkey"},
		"a value that is missing":      {userChange(rollcall.UserUpdated, later, 0, rollcall.Payload{}), rollcall.KindInternal, ""},
		"a kind that there is not":     {change("party", later, rollcall.Payload{}), rollcall.KindInternal, ""},
		"a leaving with a membership":  {userChange(rollcall.UserLeft, later, 702, rollcall.Payload{}), rollcall.KindInternal, ""},
		"a role of somebody, unknown":  {userChange(rollcall.RoleGiven, later, 702, rollcall.Payload{Role: &rollcall.Role{ID: 9}}), rollcall.KindInternal, ""},
		"a department, deleted before": {enter(later, 702, 4), rollcall.KindInternal, ""},
	} {
		all := f.many(later)
		for _, at := range []int{len(all), 1_600} {
			list := slices.Insert(slices.Clone(all), at, c.wrong)
			list = append(list, createDept(later, 1, 0, "wrong too"))
			tx := f.begin("acme")
			err := tx.Append(list)
			var e *rollcall.Error
			switch said := fmt.Sprintf("%s in %q (change %d of version 2)", c.wrong.Kind, "acme", at); {
			case err == nil:
				f.Errorf("%s, at %d: no error", name, at)
			case !strings.HasPrefix(err.Error(), said):
				f.Errorf("%s, at %d: %v; it should begin with %q", name, at, err, said)
			case rollcall.KindOf(err) != c.kind, errors.As(err, &e) != (c.param != ""), e != nil && e.Param != c.param:
				f.Errorf("%s, at %d: %v of kind %d, not of kind %d about %q", name, at, err, rollcall.KindOf(err), c.kind, c.param)
			}
			tx.Rollback()
		}
	}
	f.equal("what is there", want, f.load("acme"))
}
