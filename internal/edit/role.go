package edit

import (
	"fmt"
	"iter"

	"rollcall"
	"rollcall/internal/directory"
)

// The parameters of the errors that are about what is in the way of a deletion.
const (
	ParamHolders = "holders"
	ParamRoles   = "roles"
)

// lastRoleID is the largest id that is given: the wire reads 18 digits (contract
// D2).
const lastRoleID = 999_999_999_999_999_999

// CreateRoleGroup makes a group of roles and writes its id to *id.
//
// It refuses with
//   - [rollcall.KindInvalid] name: the name is not allowed;
//   - [rollcall.KindConflict] name: a group has it;
//   - [rollcall.KindConflict] group_id: there are no more ids.
func CreateRoleGroup(id *rollcall.GroupID, name string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		g := rollcall.RoleGroup{ID: s.NextGroup(), Name: name}
		*id = g.ID
		if g.ID > lastRoleID {
			return directory.Batch{}, refuse(rollcall.KindConflict, "group_id", "the largest id has been given")
		}
		return groupChange(s, rollcall.RoleGroupCreated, &g)
	}
}

// RenameRoleGroup gives a group another name.
//
// It refuses with
//   - [rollcall.KindNotFound] group_id: there is no such group;
//   - [rollcall.KindDenied] group_id: it is that of the system roles;
//   - [rollcall.KindInvalid] and [rollcall.KindConflict] name, as
//     [CreateRoleGroup].
func RenameRoleGroup(id rollcall.GroupID, name string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		old, err := group(s, id)
		switch {
		case err != nil:
			return directory.Batch{}, err
		case old.Name == name:
			return directory.Batch{}, nil
		}
		return groupChange(s, rollcall.RoleGroupUpdated, &rollcall.RoleGroup{ID: id, Name: name})
	}
}

func groupChange(s *directory.State, kind rollcall.Kind, g *rollcall.RoleGroup) (directory.Batch, error) {
	if err := g.Validate(); err != nil {
		return directory.Batch{}, err
	}
	for other := range withDefault(s.RoleGroups()) {
		if other.Name == g.Name && other.ID != g.ID {
			return directory.Batch{}, refuse(rollcall.KindConflict, "name", fmt.Sprintf("role group %d has the name %q", other.ID, g.Name))
		}
	}
	return directory.Batch{Changes: []rollcall.Change{{Kind: kind, Payload: rollcall.Payload{Group: g}}}}, nil
}

func withDefault(groups iter.Seq[rollcall.RoleGroup]) iter.Seq[rollcall.RoleGroup] {
	return func(yield func(rollcall.RoleGroup) bool) {
		if yield(rollcall.DefaultGroup()) {
			groups(yield)
		}
	}
}

// group returns a group that may be changed.
func group(s *directory.State, id rollcall.GroupID) (rollcall.RoleGroup, error) {
	if id == rollcall.SystemGroup {
		return rollcall.RoleGroup{}, refuse(rollcall.KindDenied, "group_id", "the group of the system roles is not edited")
	}
	g, ok := s.RoleGroup(id)
	if !ok {
		return g, refuse(rollcall.KindNotFound, "group_id", fmt.Sprintf("there is no role group %d", id))
	}
	return g, nil
}

// DeleteRoleGroup removes a group that has no roles.
//
// It refuses with
//   - [rollcall.KindNotFound] and [rollcall.KindDenied] group_id, as
//     [RenameRoleGroup];
//   - [rollcall.KindConflict] [ParamRoles]: it has roles.
func DeleteRoleGroup(id rollcall.GroupID) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		if _, err := group(s, id); err != nil {
			return directory.Batch{}, err
		}
		for r := range s.Roles() {
			if r.GroupID == id {
				return directory.Batch{}, refuse(rollcall.KindConflict, ParamRoles, fmt.Sprintf("role %d is in role group %d", r.ID, id))
			}
		}
		return directory.Batch{Changes: []rollcall.Change{{
			Kind: rollcall.RoleGroupDeleted, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: id}},
		}}}, nil
	}
}

// CreateRole makes a role and writes its id to *id.
//
// It refuses with
//   - [rollcall.KindNotFound] and [rollcall.KindDenied] group_id, as
//     [RenameRoleGroup];
//   - [rollcall.KindInvalid] name: the name is not allowed;
//   - [rollcall.KindConflict] name: a role of the group has it;
//   - [rollcall.KindConflict] role_id: there are no more ids.
func CreateRole(id *rollcall.RoleID, in rollcall.GroupID, name string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		r := rollcall.Role{ID: s.NextRole(), GroupID: in, Name: name}
		*id = r.ID
		if r.ID > lastRoleID {
			return directory.Batch{}, refuse(rollcall.KindConflict, "role_id", "the largest id has been given")
		}
		return roleChange(s, rollcall.RoleCreated, &r)
	}
}

// RoleValues is what a role is to have; what is nil stays as it is.
type RoleValues struct {
	Name    *string
	GroupID *rollcall.GroupID
}

// UpdateRole gives a role another name or group.
//
// It refuses with
//   - [rollcall.KindNotFound] role_id: there is no such role;
//   - [rollcall.KindDenied] role_id: it is a system role;
//   - what [CreateRole] refuses about the group and the name.
func UpdateRole(id rollcall.RoleID, v RoleValues) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		old, err := role(s, id)
		if err != nil {
			return directory.Batch{}, err
		}
		r := old
		if v.Name != nil {
			r.Name = *v.Name
		}
		if v.GroupID != nil {
			r.GroupID = *v.GroupID
		}
		if r == old {
			return directory.Batch{}, nil
		}
		return roleChange(s, rollcall.RoleUpdated, &r)
	}
}

func roleChange(s *directory.State, kind rollcall.Kind, r *rollcall.Role) (directory.Batch, error) {
	if _, err := group(s, r.GroupID); err != nil {
		return directory.Batch{}, err
	}
	if err := r.Validate(); err != nil {
		return directory.Batch{}, err
	}
	for other := range s.Roles() {
		if other.Name == r.Name && other.GroupID == r.GroupID && other.ID != r.ID {
			return directory.Batch{}, refuse(rollcall.KindConflict, "name", fmt.Sprintf("role %d of the group has the name %q", other.ID, r.Name))
		}
	}
	return directory.Batch{Changes: []rollcall.Change{{Kind: kind, Payload: rollcall.Payload{Role: r}}}}, nil
}

// role returns a role that may be changed, given and taken.
func role(s *directory.State, id rollcall.RoleID) (rollcall.Role, error) {
	if r, ok := s.Role(id); ok {
		return r, nil
	}
	if r, system := rollcall.SystemRole(id); system {
		return r, refuse(rollcall.KindDenied, "role_id", fmt.Sprintf("role %d is a system role: what people are says who holds it", id))
	}
	return rollcall.Role{}, refuse(rollcall.KindNotFound, "role_id", fmt.Sprintf("there is no role %d", id))
}

// DeleteRole removes a role that nobody holds: who does has to lose it before,
// as with the real service.
//
// It refuses with
//   - [rollcall.KindNotFound] and [rollcall.KindDenied] role_id, as
//     [UpdateRole];
//   - [rollcall.KindConflict] [ParamHolders]: people hold it.
func DeleteRole(id rollcall.RoleID) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		if _, err := role(s, id); err != nil {
			return directory.Batch{}, err
		}
		held := 0
		for range s.RoleHolders(id) {
			held++
		}
		if held > 0 {
			return directory.Batch{}, refuse(rollcall.KindConflict, ParamHolders, fmt.Sprintf("role %d has %d", id, held))
		}
		return directory.Batch{Changes: []rollcall.Change{{
			Kind: rollcall.RoleDeleted, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}},
		}}}, nil
	}
}

// GiveRoles gives each of some roles to each of some people. Who holds a role
// already keeps it.
//
// It refuses, and nobody gets anything, with
//   - [rollcall.KindNotFound] role_id: there is no such role;
//   - [rollcall.KindDenied] role_id: it is a system role;
//   - [rollcall.KindNotFound] userid: there is no such person.
func GiveRoles(roles []rollcall.RoleID, userids []string) directory.Intent {
	return holdings(rollcall.RoleGiven, roles, userids)
}

// TakeRoles takes each of some roles from each of some people. Who does not hold
// a role goes on without it. It refuses what [GiveRoles] refuses.
func TakeRoles(roles []rollcall.RoleID, userids []string) directory.Intent {
	return holdings(rollcall.RoleTaken, roles, userids)
}

func holdings(kind rollcall.Kind, roles []rollcall.RoleID, userids []string) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		for _, id := range roles {
			if _, err := role(s, id); err != nil {
				return directory.Batch{}, err
			}
		}
		type holding struct {
			role   rollcall.RoleID
			person rollcall.Ordinal
		}
		done := map[holding]bool{}
		var b directory.Batch
		for _, userid := range userids {
			u, ok := s.UserByID(userid)
			if !ok || !u.Present() {
				return directory.Batch{}, refuse(rollcall.KindNotFound, "userid", fmt.Sprintf("nobody has the userid %q", userid))
			}
			for _, id := range roles {
				h := holding{id, u.Ordinal}
				if done[h] || u.Holds(id) == (kind == rollcall.RoleGiven) {
					continue
				}
				done[h] = true
				b.Changes = append(b.Changes, rollcall.Change{
					Kind: kind, Ordinal: u.Ordinal, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}},
				})
			}
		}
		return b, nil
	}
}
