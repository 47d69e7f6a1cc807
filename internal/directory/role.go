package directory

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

// roles are the roles of one version. They never change; a changed copy shares
// what it can.
type roles struct {
	groups map[rollcall.GroupID]rollcall.RoleGroup
	roles  map[rollcall.RoleID]roleHolders
	// The last ids that were given, also to what is deleted since.
	lastGroup rollcall.GroupID
	lastRole  rollcall.RoleID
}

// roleHolders is a role with the people who hold it, by ordinal.
type roleHolders struct {
	rollcall.Role
	people sequence.Seq
}

func byOrdinal(a, b uint32) int { return cmp.Compare(a, b) }

func newRoles() *roles {
	return &roles{
		groups: map[rollcall.GroupID]rollcall.RoleGroup{}, roles: map[rollcall.RoleID]roleHolders{},
		lastGroup: rollcall.FirstGroup - 1, lastRole: rollcall.FirstRole - 1,
	}
}

func (r *roles) clone() *roles {
	c := *r
	c.groups, c.roles = maps.Clone(r.groups), maps.Clone(r.roles)
	return &c
}

// bytes is roughly what they hold in memory.
func (r *roles) bytes() int {
	n := 100 * (len(r.groups) + len(r.roles))
	for _, h := range r.roles {
		n += h.people.Bytes()
	}
	return n
}

// RoleGroups yields the groups, by id, that of the system roles first.
func (r *Root) RoleGroups() iter.Seq[rollcall.RoleGroup] {
	return func(yield func(rollcall.RoleGroup) bool) {
		if yield(rollcall.DefaultGroup()) {
			r.roles.sortedGroups()(yield)
		}
	}
}

// RoleGroup returns a group.
func (r *Root) RoleGroup(id rollcall.GroupID) (rollcall.RoleGroup, bool) {
	if id == rollcall.SystemGroup {
		return rollcall.DefaultGroup(), true
	}
	g, ok := r.roles.groups[id]
	return g, ok
}

// Roles yields the roles, by id, the system roles first.
func (r *Root) Roles() iter.Seq[rollcall.Role] {
	return func(yield func(rollcall.Role) bool) {
		for _, role := range rollcall.SystemRoles() {
			if !yield(role) {
				return
			}
		}
		r.roles.sortedRoles()(yield)
	}
}

// Role returns a role.
func (r *Root) Role(id rollcall.RoleID) (rollcall.Role, bool) {
	if role, ok := rollcall.SystemRole(id); ok {
		return role, true
	}
	h, ok := r.roles.roles[id]
	return h.Role, ok
}

// RoleHolders returns a page of the people who hold a role, by ordinal, and how
// many there are.
func (r *Root) RoleHolders(id rollcall.RoleID, offset, n int) (page []rollcall.Ordinal, total int) {
	people := r.roles.roles[id].people
	if _, ok := rollcall.SystemRole(id); ok {
		people = r.system[id-1]
	}
	for _, o := range people.Append(nil, offset, n) {
		page = append(page, rollcall.Ordinal(o))
	}
	return page, people.Len()
}

// NextGroup returns the id that the next new group gets.
func (r *Root) NextGroup() rollcall.GroupID { return r.roles.lastGroup + 1 }

// NextRole returns the id that the next new role gets.
func (r *Root) NextRole() rollcall.RoleID { return r.roles.lastRole + 1 }

// HeldRole is a role of somebody, with the name of its group.
type HeldRole struct {
	rollcall.Role
	Group string
}

// AppendRoles appends the roles of a person to list, the system roles first,
// then the others, each by id.
func (r *Root) AppendRoles(list []HeldRole, u *rollcall.User) []HeldRole {
	for _, role := range rollcall.SystemRoles() {
		if u.Present() && u.HoldsSystem(role.ID) {
			list = append(list, HeldRole{role, rollcall.DefaultGroup().Name})
		}
	}
	for _, id := range u.Roles {
		if role, ok := r.Role(id); ok {
			list = append(list, HeldRole{role, r.roles.groups[role.GroupID].Name})
		}
	}
	return list
}

func (r *roles) sortedGroups() iter.Seq[rollcall.RoleGroup] {
	return sortedValues(r.groups, func(g rollcall.RoleGroup) rollcall.RoleGroup { return g })
}

func (r *roles) sortedRoles() iter.Seq[rollcall.Role] {
	return sortedValues(r.roles, func(h roleHolders) rollcall.Role { return h.Role })
}

func sortedValues[K cmp.Ordered, V, T any](m map[K]V, show func(V) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(show(m[k])) {
				return
			}
		}
	}
}

// RoleGroup returns a group as it is by now.
func (s *State) RoleGroup(id rollcall.GroupID) (rollcall.RoleGroup, bool) {
	g, ok := s.roles.groups[id]
	return g, ok
}

// RoleGroups yields the groups, by id.
func (s *State) RoleGroups() iter.Seq[rollcall.RoleGroup] { return s.roles.sortedGroups() }

// Role returns a role as it is by now.
func (s *State) Role(id rollcall.RoleID) (rollcall.Role, bool) {
	h, ok := s.roles.roles[id]
	return h.Role, ok
}

// Roles yields the roles, by id.
func (s *State) Roles() iter.Seq[rollcall.Role] { return s.roles.sortedRoles() }

// RoleHolders yields the people who hold a role, by ordinal.
func (s *State) RoleHolders(id rollcall.RoleID) iter.Seq[rollcall.Ordinal] {
	return func(yield func(rollcall.Ordinal) bool) {
		for o := range s.roles.roles[id].people.All() {
			if !yield(rollcall.Ordinal(o)) {
				return
			}
		}
	}
}

// NextGroup and NextRole return the ids that the next new ones get.
func (s *State) NextGroup() rollcall.GroupID { return s.roles.lastGroup + 1 }

// NextRole returns the id that the next new role gets.
func (s *State) NextRole() rollcall.RoleID { return s.roles.lastRole + 1 }

// editRoles returns roles to be changed.
func (s *State) editRoles() *roles {
	if s.roles == s.base.roles {
		s.roles = s.roles.clone()
	}
	return s.roles
}

func (s *State) groupCreated(c *rollcall.Change) error {
	r := s.editRoles()
	if _, there := r.groups[c.Group.ID]; there {
		return fmt.Errorf("role group %d exists already", c.Group.ID)
	}
	r.groups[c.Group.ID] = *c.Group
	r.lastGroup = max(r.lastGroup, c.Group.ID)
	return nil
}

func (s *State) groupUpdated(c *rollcall.Change) error {
	r := s.editRoles()
	if _, there := r.groups[c.Group.ID]; !there {
		return fmt.Errorf("there is no role group %d", c.Group.ID)
	}
	r.groups[c.Group.ID] = *c.Group
	return nil
}

func (s *State) groupDeleted(c *rollcall.Change) error {
	r := s.editRoles()
	if _, there := r.groups[c.Group.ID]; !there {
		return fmt.Errorf("there is no role group %d", c.Group.ID)
	}
	for _, h := range r.roles {
		if h.GroupID == c.Group.ID {
			return fmt.Errorf("role group %d has roles", c.Group.ID)
		}
	}
	delete(r.groups, c.Group.ID)
	return nil
}

func (s *State) roleCreated(c *rollcall.Change) error {
	r := s.editRoles()
	if _, there := r.roles[c.Role.ID]; there {
		return fmt.Errorf("role %d exists already", c.Role.ID)
	}
	if _, there := r.groups[c.Role.GroupID]; !there {
		return fmt.Errorf("there is no role group %d", c.Role.GroupID)
	}
	r.roles[c.Role.ID] = roleHolders{Role: *c.Role}
	r.lastRole = max(r.lastRole, c.Role.ID)
	return nil
}

func (s *State) roleUpdated(c *rollcall.Change) error {
	r := s.editRoles()
	h, there := r.roles[c.Role.ID]
	if !there {
		return fmt.Errorf("there is no role %d", c.Role.ID)
	}
	if _, there := r.groups[c.Role.GroupID]; !there {
		return fmt.Errorf("there is no role group %d", c.Role.GroupID)
	}
	h.Role = *c.Role
	r.roles[c.Role.ID] = h
	return nil
}

func (s *State) roleDeleted(c *rollcall.Change) error {
	r := s.editRoles()
	h, there := r.roles[c.Role.ID]
	switch {
	case !there:
		return fmt.Errorf("there is no role %d", c.Role.ID)
	case h.people.Len() > 0:
		return fmt.Errorf("somebody holds role %d", c.Role.ID)
	}
	delete(r.roles, c.Role.ID)
	return nil
}

func (s *State) roleGiven(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	r := s.editRoles()
	h, there := r.roles[c.Role.ID]
	if !there {
		return fmt.Errorf("there is no role %d", c.Role.ID)
	}
	i, held := slices.BinarySearch(u.Roles, c.Role.ID)
	if held {
		return fmt.Errorf("%q holds role %d already", u.UserID, c.Role.ID)
	}
	u.Roles = slices.Insert(u.Roles, i, c.Role.ID)
	edit := h.people.Edit()
	edit.Insert(uint32(c.Ordinal), byOrdinal)
	h.people = edit.Seq()
	r.roles[c.Role.ID] = h
	return nil
}

func (s *State) roleTaken(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	r := s.editRoles()
	h, there := r.roles[c.Role.ID]
	i, held := slices.BinarySearch(u.Roles, c.Role.ID)
	if !there || !held {
		return fmt.Errorf("%q does not hold role %d", u.UserID, c.Role.ID)
	}
	u.Roles = slices.Delete(u.Roles, i, i+1)
	edit := h.people.Edit()
	edit.Delete(uint32(c.Ordinal), byOrdinal)
	h.people = edit.Seq()
	r.roles[c.Role.ID] = h
	return nil
}
