package rollcall

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
