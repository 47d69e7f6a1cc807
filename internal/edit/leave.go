package edit

import (
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/directory"
)

// DeleteUser lets people leave, all or none of them. Before somebody leaves, the
// departments, the roles and whatever names the person are changed: permit lists,
// owners of groups, and whom others report to. The contact scopes of apps keep
// the userid, for when the person comes back.
//
// It refuses with [rollcall.KindNotFound] userid where there is no such person.
func DeleteUser(userids ...string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		changes, err := leave(s, userids)
		return directory.Batch{Changes: changes}, err
	}
}

// EraseUser takes the values of a person who has left away for good; with leave,
// also of one who is there still. Only that there was somebody, when and where
// stays, under another userid, which is written to *to. Of somebody who was erased
// before nothing is changed.
//
// The files of the store may hold what was erased until they are written anew:
// see [rollcall.Store].
//
// It refuses with
//   - [rollcall.KindNotFound] userid: there never was such a person;
//   - [rollcall.KindConflict] userid: the person is there still.
func EraseUser(userid string, leaves bool, to *string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		u, ok := s.UserByID(userid)
		switch {
		case !ok:
			return directory.Batch{}, refuse(rollcall.KindNotFound, "userid", fmt.Sprintf("there never was a person with the userid %q", userid))
		case u.Present() && !leaves:
			return directory.Batch{}, refuse(rollcall.KindConflict, "userid", fmt.Sprintf("%q belongs to the organization", userid))
		case u.Erased():
			*to = userid
			return directory.Batch{}, nil
		}
		var changes []rollcall.Change
		if u.Present() {
			var err error
			if changes, err = leave(s, []string{userid}); err != nil {
				return directory.Batch{}, err
			}
		}
		*to = fmt.Sprintf("erased-%d", u.Ordinal)
		for n := 2; ; n++ {
			if _, taken := s.UserByID(*to); !taken {
				break
			}
			*to = fmt.Sprintf("erased-%d-%d", u.Ordinal, n)
		}
		return directory.Batch{Changes: append(changes, rollcall.Change{
			Kind: rollcall.UserErased, Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &rollcall.User{UserID: *to}},
		})}, nil
	}
}

// leave returns the changes by which people leave.
func leave(s *directory.State, userids []string) (changes []rollcall.Change, err error) {
	var leavers []*rollcall.User
	gone := map[rollcall.Ordinal]bool{}
	for _, userid := range userids {
		u, err := present(s, "userid", userid)
		if err != nil {
			return nil, err
		}
		if !gone[u.Ordinal] {
			leavers, gone[u.Ordinal] = append(leavers, u), true
		}
	}
	is := func(o rollcall.Ordinal) bool { return gone[o] }
	for d := range s.Depts() {
		changes = append(changes, withoutPeople(d, is)...)
	}
	for _, u := range leavers {
		for _, o := range s.Reports(u.Ordinal) {
			if report := s.User(o); !gone[o] {
				alone := report.Details
				alone.Manager = nil
				changes = append(changes, ownChange(report, rollcall.UserUpdate{Details: &alone}))
			}
		}
	}
	for _, u := range leavers {
		for _, id := range u.Roles {
			changes = append(changes, rollcall.Change{Kind: rollcall.RoleTaken, Ordinal: u.Ordinal, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}})
		}
		for i := range u.Memberships {
			changes = append(changes, rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: u.Ordinal, DeptID: u.Memberships[i].DeptID})
		}
		changes = append(changes, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: u.Ordinal})
	}
	return changes, nil
}

// abandoned returns the changes of departments that somebody goes out of, whose
// group the person owns.
func abandoned(s *directory.State, old, want *rollcall.User) (changes []rollcall.Change) {
	for i := range old.Memberships {
		id := old.Memberships[i].DeptID
		if want.Membership(id) != nil {
			continue
		}
		if d, ok := s.Dept(id); ok && d.Options != nil && d.Options.GroupOwner != nil && *d.Options.GroupOwner == old.Ordinal {
			o := *d.Options
			o.GroupOwner = nil
			changes = append(changes, optionsChange(d, o))
		}
	}
	return changes
}

// withoutPeople returns the change that takes people out of the options of a
// department, where any is named.
func withoutPeople(d *rollcall.Dept, gone func(rollcall.Ordinal) bool) []rollcall.Change {
	if d.Options == nil {
		return nil
	}
	o := *d.Options
	owned := o.GroupOwner != nil && gone(*o.GroupOwner)
	if !owned && !slices.ContainsFunc(o.PermitUsers, gone) && !slices.ContainsFunc(o.OuterUsers, gone) {
		return nil
	}
	if owned {
		o.GroupOwner = nil
	}
	o.PermitUsers = slices.DeleteFunc(slices.Clone(o.PermitUsers), gone)
	o.OuterUsers = slices.DeleteFunc(slices.Clone(o.OuterUsers), gone)
	return []rollcall.Change{optionsChange(d, o)}
}

func optionsChange(d *rollcall.Dept, o rollcall.DeptOptions) rollcall.Change {
	update := rollcall.DeptUpdate{Options: &o}
	scratch := *d
	before := update.Apply(&scratch)
	return rollcall.Change{Kind: rollcall.DeptUpdated, DeptID: d.ID, Payload: rollcall.Payload{DeptUpdate: &update, DeptBefore: &before}}
}
