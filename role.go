package rollcall

import "slices"

// RoleID identifies a role within its organization; it is at least 1 and is not
// given again.
type RoleID int64

// GroupID identifies a group of roles within its organization; it is at least 1
// and is not given again.
type GroupID int64

// Role is a label that people hold, such as an office; it grants nothing here.
type Role struct {
	ID      RoleID  `json:"id"`
	GroupID GroupID `json:"group_id"`
	Name    string  `json:"name"`
}

// RoleGroup holds roles together.
type RoleGroup struct {
	ID   GroupID `json:"id"`
	Name string  `json:"name"`
}

// Every organization has these roles, in a group of their own. Nobody gives or
// edits them: what a person is says who holds them.
const (
	SystemGroup GroupID = 1

	RoleBoss      RoleID = 1
	RoleLeader    RoleID = 2 // of any department
	RoleMainAdmin RoleID = 3
	RoleSubAdmin  RoleID = 4

	// FirstGroup and FirstRole are the smallest ids that others get.
	FirstGroup GroupID = 101
	FirstRole  RoleID  = 101
)

// DefaultGroup returns the group of the system roles, under the name that
// clients know.
func DefaultGroup() RoleGroup { return RoleGroup{ID: SystemGroup, Name: "默认"} }

// SystemRoles returns the system roles, by id.
func SystemRoles() []Role {
	return []Role{
		{RoleBoss, SystemGroup, "负责人"},
		{RoleLeader, SystemGroup, "主管"},
		{RoleMainAdmin, SystemGroup, "主管理员"},
		{RoleSubAdmin, SystemGroup, "子管理员"},
	}
}

// SystemRole returns the system role with an id.
func SystemRole(id RoleID) (Role, bool) {
	roles := SystemRoles()
	if id < 1 || int(id) > len(roles) {
		return Role{}, false
	}
	return roles[id-1], true
}

// Holds reports whether the person holds a role that was given.
func (u *User) Holds(id RoleID) bool {
	_, held := slices.BinarySearch(u.Roles, id)
	return held
}

// HoldsSystem reports whether the person holds a system role.
func (u *User) HoldsSystem(id RoleID) bool {
	switch id {
	case RoleBoss:
		return u.Boss
	case RoleLeader:
		for i := range u.Memberships {
			if u.Memberships[i].Leader {
				return true
			}
		}
	case RoleMainAdmin:
		return u.Admin == MainAdmin
	case RoleSubAdmin:
		return u.Admin == SubAdmin
	}
	return false
}

// Validate checks the role's own values; that the group exists is checked where
// the groups are known.
func (r *Role) Validate() error {
	switch {
	case r.ID < 1:
		return Invalid("role_id", "%d is less than 1", r.ID)
	case r.GroupID < 1:
		return Invalid("group_id", "%d is less than 1", r.GroupID)
	}
	return validName(r.Name)
}

// Validate checks the group's own values.
func (g *RoleGroup) Validate() error {
	if g.ID < 1 {
		return Invalid("group_id", "%d is less than 1", g.ID)
	}
	return validName(g.Name)
}
