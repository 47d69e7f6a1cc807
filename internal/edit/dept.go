package edit

import (
	"fmt"
	"slices"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
)

// DeptValues is what a department is to have. What is nil stays as it is; a new
// department has nothing of it.
type DeptValues struct {
	// ParentID of a new department is the root where it is nil.
	ParentID         *rollcall.DeptID
	Name, NameEN     *string
	Order            *int64
	SourceIdentifier *string
	Brief            *string

	Hidden, Outer, OuterSelf          *bool
	CreateGroup, AutoAddUser          *bool
	AutoApprove                       *bool
	GroupSub, GroupOuter, GroupHidden *bool
	Code, Telephone, Extension        *string
	PermitDepts, OuterDepts           []rollcall.DeptID
	PermitUsers, OuterUsers           []string // userids
	// GroupOwner is the userid of a member; an empty one takes the owner away.
	GroupOwner *string
	// Leaders are the userids of all who lead the department; they must be
	// members. An empty list takes all away.
	Leaders []string
}

// The parameters of the errors of [DeleteDept] that are about what is in the
// way.
const (
	ParamMembers  = "members"
	ParamSubDepts = "sub-departments"
)

// nameStops are the characters that a department's name must not have (contract
// 4.3); imports may bring them (contract D14).
const nameStops = "-,，"

// lastDept is the largest id that is taken unasked: the wire reads 18 digits
// (contract D2).
const lastDept rollcall.DeptID = 999_999_999_999_999_999

// CreateDept makes a department. Where *id is 0 the next free one is taken and
// written there; one that existed before comes back. now is when it comes under
// its parent.
//
// It refuses with
//   - [rollcall.KindConflict] dept_id: a department has this id, or none is left
//     above the largest one that was ever given;
//   - [rollcall.KindNotFound] parent_id: there is no such parent;
//   - [rollcall.KindConflict] name: a department with the same parent has it;
//   - [rollcall.KindInvalid] and the parameter: a value is not allowed. name is
//     also for characters that a name must not have, dept_permits, user_permits,
//     outer_permit_depts and outer_permit_users also for who is not there,
//     org_dept_owner and dept_manager_userid_list for who is no member.
func CreateDept(id *rollcall.DeptID, now rollcall.Instant, v DeptValues) directory.Intent {
	chosen := *id // the intent may be asked again, with the id that it took
	return func(s *directory.State) (directory.Batch, error) {
		*id = chosen
		if chosen == 0 {
			if *id = s.NextDept(); *id < 1 || *id > lastDept {
				return directory.Batch{}, refuse(rollcall.KindConflict, "dept_id", "the largest id has been given; one must be chosen")
			}
		}
		if _, taken := s.Dept(*id); taken {
			return directory.Batch{}, refuse(rollcall.KindConflict, "dept_id", fmt.Sprintf("department %d exists already", *id))
		}
		d := rollcall.Dept{ID: *id, ParentID: rollcall.RootDept, Since: now, CreatedAt: now, ModifiedAt: now}
		if v.ParentID != nil {
			d.ParentID = *v.ParentID
		}
		if _, ok := s.Dept(d.ParentID); !ok {
			return directory.Batch{}, noDept("parent_id", d.ParentID)
		}
		if err := v.put(s, &d); err != nil {
			return directory.Batch{}, err
		}
		if err := nameFits(s, &d); err != nil {
			return directory.Batch{}, err
		}
		if len(v.Leaders) > 0 {
			return directory.Batch{}, refuse(rollcall.KindInvalid, "dept_manager_userid_list", "a new department has no members")
		}
		return directory.Batch{Changes: []rollcall.Change{{
			Kind: rollcall.DeptCreated, DeptID: *id, Payload: rollcall.Payload{Dept: &d},
		}}}, nil
	}
}

// UpdateDept changes a department. A name that is not given anew, and whose
// department stays where it is, may be one that could not be given.
//
// It refuses with
//   - [rollcall.KindNotFound] dept_id: there is no such department;
//   - [rollcall.KindInvalid] parent_id: the root cannot be moved;
//   - [rollcall.KindNotFound] parent_id: there is no such parent;
//   - [rollcall.KindConflict] parent_id: the department would be below itself;
//   - what [CreateDept] refuses about a name and other values.
func UpdateDept(id rollcall.DeptID, v DeptValues) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		old, ok := s.Dept(id)
		if !ok {
			return directory.Batch{}, noDept("dept_id", id)
		}
		want := *old
		if v.ParentID != nil && *v.ParentID != old.ParentID {
			want.ParentID = *v.ParentID
			if err := movable(s, &want); err != nil {
				return directory.Batch{}, err
			}
		}
		if err := v.put(s, &want); err != nil {
			return directory.Batch{}, err
		}
		if want.Name != old.Name || want.ParentID != old.ParentID {
			if err := nameFits(s, &want); err != nil {
				return directory.Batch{}, err
			}
		}
		var changes []rollcall.Change
		if update, changed := rollcall.DiffDept(old, &want); changed {
			scratch := *old
			before := update.Apply(&scratch)
			changes = append(changes, rollcall.Change{
				Kind: rollcall.DeptUpdated, DeptID: id, Payload: rollcall.Payload{DeptUpdate: &update, DeptBefore: &before},
			})
		}
		led, err := leaders(s, id, v.Leaders)
		if err != nil {
			return directory.Batch{}, err
		}
		return directory.Batch{Changes: append(changes, led...)}, nil
	}
}

// DeleteDept removes a department. It refuses with
//   - [rollcall.KindNotFound] dept_id: there is no such department;
//   - [rollcall.KindInvalid] dept_id: it is the root;
//   - [rollcall.KindConflict] [ParamMembers]: it has members;
//   - [rollcall.KindConflict] [ParamSubDepts]: there are departments below it.
func DeleteDept(id rollcall.DeptID) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		if _, ok := s.Dept(id); !ok {
			return directory.Batch{}, noDept("dept_id", id)
		}
		if id == rollcall.RootDept {
			return directory.Batch{}, refuse(rollcall.KindInvalid, "dept_id", "the root department cannot be deleted")
		}
		if n := s.MemberCount(id); n > 0 {
			return directory.Batch{}, refuse(rollcall.KindConflict, ParamMembers, fmt.Sprintf("department %d has %d", id, n))
		}
		for below := range s.Children(id) {
			return directory.Batch{}, refuse(rollcall.KindConflict, ParamSubDepts, fmt.Sprintf("department %d is below %d", below.ID, id))
		}
		return directory.Batch{Changes: []rollcall.Change{{Kind: rollcall.DeptDeleted, DeptID: id}}}, nil
	}
}

// movable checks the new parent of a department.
func movable(s *directory.State, d *rollcall.Dept) error {
	if d.ID == rollcall.RootDept {
		return refuse(rollcall.KindInvalid, "parent_id", "the root department cannot be moved")
	}
	for at := d.ParentID; at != 0; {
		up, ok := s.Dept(at)
		switch {
		case at == d.ID:
			return refuse(rollcall.KindConflict, "parent_id", fmt.Sprintf("department %d would be below itself", d.ID))
		case !ok:
			return noDept("parent_id", at)
		}
		at = up.ParentID
	}
	return nil
}

// nameFits checks the name of a department that is new in its place.
func nameFits(s *directory.State, d *rollcall.Dept) error {
	if strings.ContainsAny(d.Name, nameStops) {
		return refuse(rollcall.KindInvalid, "name", fmt.Sprintf("%q has one of the characters %s", d.Name, nameStops))
	}
	for other := range s.Children(d.ParentID) {
		if other.Name == d.Name && other.ID != d.ID {
			return refuse(rollcall.KindConflict, "name", fmt.Sprintf("department %d below %d has the name %q", other.ID, d.ParentID, d.Name))
		}
	}
	return nil
}

// put gives the values to a department, but for its parent and its leaders.
func (v *DeptValues) put(s *directory.State, d *rollcall.Dept) error {
	give(v.Name, &d.Name)
	give(v.NameEN, &d.NameEN)
	give(v.Order, &d.Order)
	give(v.SourceIdentifier, &d.SourceIdentifier)
	give(v.Brief, &d.Brief)
	o := *d.Opt()
	give(v.Hidden, &o.Hidden)
	give(v.Outer, &o.Outer)
	give(v.OuterSelf, &o.OuterSelf)
	give(v.CreateGroup, &o.CreateGroup)
	give(v.AutoAddUser, &o.AutoAddUser)
	give(v.AutoApprove, &o.AutoApprove)
	give(v.GroupSub, &o.GroupSub)
	give(v.GroupOuter, &o.GroupOuter)
	give(v.GroupHidden, &o.GroupHidden)
	give(v.Code, &o.Code)
	give(v.Telephone, &o.Telephone)
	give(v.Extension, &o.Extension)
	if err := v.putPermits(s, &o); err != nil {
		return err
	}
	if err := v.putOwner(s, d.ID, &o); err != nil {
		return err
	}
	d.Options = o.Normal()
	return d.Validate()
}

func (v *DeptValues) putPermits(s *directory.State, o *rollcall.DeptOptions) error {
	for _, l := range []struct {
		param string
		given []rollcall.DeptID
		at    *[]rollcall.DeptID
	}{
		{"dept_permits", v.PermitDepts, &o.PermitDepts},
		{"outer_permit_depts", v.OuterDepts, &o.OuterDepts},
	} {
		if l.given == nil {
			continue
		}
		for _, id := range l.given {
			if _, ok := s.Dept(id); !ok {
				return refuse(rollcall.KindInvalid, l.param, fmt.Sprintf("there is no department %d", id))
			}
		}
		*l.at = slices.Clone(l.given)
	}
	for _, l := range []struct {
		param string
		given []string
		at    *[]rollcall.Ordinal
	}{
		{"user_permits", v.PermitUsers, &o.PermitUsers},
		{"outer_permit_users", v.OuterUsers, &o.OuterUsers},
	} {
		if l.given == nil {
			continue
		}
		*l.at = nil
		for _, userid := range l.given {
			u, ok := s.UserByID(userid)
			if !ok || !u.Present() {
				return refuse(rollcall.KindInvalid, l.param, fmt.Sprintf("nobody has the userid %q", userid))
			}
			*l.at = append(*l.at, u.Ordinal)
		}
	}
	return nil
}

func (v *DeptValues) putOwner(s *directory.State, id rollcall.DeptID, o *rollcall.DeptOptions) error {
	switch {
	case v.GroupOwner == nil:
	case *v.GroupOwner == "":
		o.GroupOwner = nil
	default:
		u, err := member(s, id, "org_dept_owner", *v.GroupOwner)
		if err != nil {
			return err
		}
		owner := u.Ordinal
		o.GroupOwner = &owner
	}
	return nil
}

// member returns a member of a department.
func member(s *directory.State, id rollcall.DeptID, param, userid string) (*rollcall.User, error) {
	u, ok := s.UserByID(userid)
	if !ok || !u.Present() || u.Membership(id) == nil {
		return nil, refuse(rollcall.KindInvalid, param, fmt.Sprintf("%q is no member of department %d", userid, id))
	}
	return u, nil
}

// leaders makes the members that are named lead a department, and nobody else;
// nothing where the list is nil.
func leaders(s *directory.State, id rollcall.DeptID, userids []string) ([]rollcall.Change, error) {
	if userids == nil {
		return nil, nil
	}
	var changes []rollcall.Change
	lead := func(o rollcall.Ordinal, leads bool) {
		was := !leads
		changes = append(changes, rollcall.Change{
			Kind: rollcall.MemberUpdated, Ordinal: o, DeptID: id, Payload: rollcall.Payload{
				MemberUpdate: &rollcall.MembershipUpdate{Leader: &leads},
				MemberBefore: &rollcall.MembershipUpdate{Leader: &was},
			},
		})
	}
	var wanted []rollcall.Ordinal
	for _, userid := range userids {
		u, err := member(s, id, "dept_manager_userid_list", userid)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, u.Ordinal)
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	now := s.Leaders(id)
	for _, o := range now {
		if _, stays := slices.BinarySearch(wanted, o); !stays {
			lead(o, false)
		}
	}
	for _, o := range wanted {
		if _, leads := slices.BinarySearch(now, o); !leads {
			lead(o, true)
		}
	}
	return changes, nil
}
