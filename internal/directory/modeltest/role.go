package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
)

// Roles are the groups and roles that exist now, and who holds what.
type Roles struct {
	Groups map[rollcall.GroupID]string // their names
	Roles  map[rollcall.RoleID]rollcall.Role
	Held   map[Held]bool
	// The ids that the next new ones get.
	NextGroup rollcall.GroupID
	NextRole  rollcall.RoleID
}

// Held is one role of one person.
type Held struct {
	Role   rollcall.RoleID
	Person rollcall.Ordinal
}

func newRoles() Roles {
	return Roles{
		Groups: map[rollcall.GroupID]string{}, Roles: map[rollcall.RoleID]rollcall.Role{}, Held: map[Held]bool{},
		NextGroup: 101, NextRole: 101,
	}
}

func (r Roles) clone() Roles {
	r.Groups, r.Roles, r.Held = maps.Clone(r.Groups), maps.Clone(r.Roles), maps.Clone(r.Held)
	return r
}

func (r *Roles) apply(c *rollcall.Change) {
	switch c.Kind {
	case rollcall.RoleGroupCreated, rollcall.RoleGroupUpdated:
		r.Groups[c.Group.ID] = c.Group.Name
		r.NextGroup = max(r.NextGroup, c.Group.ID+1)
	case rollcall.RoleGroupDeleted:
		delete(r.Groups, c.Group.ID)
	case rollcall.RoleCreated, rollcall.RoleUpdated:
		r.Roles[c.Role.ID] = *c.Role
		r.NextRole = max(r.NextRole, c.Role.ID+1)
	case rollcall.RoleDeleted:
		delete(r.Roles, c.Role.ID)
	case rollcall.RoleGiven:
		r.Held[Held{c.Role.ID, c.Ordinal}] = true
	case rollcall.RoleTaken:
		delete(r.Held, Held{c.Role.ID, c.Ordinal})
	}
}

// of returns what a person holds, ascending.
func (r Roles) of(o rollcall.Ordinal) []rollcall.RoleID {
	var ids []rollcall.RoleID
	for h := range r.Held {
		if h.Person == o {
			ids = append(ids, h.Role)
		}
	}
	slices.Sort(ids)
	return ids
}

// Holders returns who holds a role, by ordinal.
func (r Roles) Holders(id rollcall.RoleID) []rollcall.Ordinal {
	var list []rollcall.Ordinal
	for h := range r.Held {
		if h.Role == id {
			list = append(list, h.Person)
		}
	}
	slices.Sort(list)
	return list
}

// appendRoles is the picture of groups and roles, those included that follow
// from what people are.
func (m *Model) appendRoles(b *strings.Builder) {
	b.WriteString("group 1 \"默认\"\n")
	r, of := m.Roles, make([][]string, len(m.People))
	for _, id := range slices.Sorted(maps.Keys(r.Groups)) {
		fmt.Fprintf(b, "group %d %q\n", id, r.Groups[id])
	}
	leads := func(x Member) bool { return x.Left == rollcall.Open && x.Leader }
	for _, role := range []struct {
		name  string
		holds func(p *Person) bool
	}{
		{"{ID:1 GroupID:1 Name:负责人}", func(p *Person) bool { return p.Own.Boss }},
		{"{ID:2 GroupID:1 Name:主管}", func(p *Person) bool { return slices.ContainsFunc(p.Members, leads) }},
		{"{ID:3 GroupID:1 Name:主管理员}", func(p *Person) bool { return p.Own.Admin == 1 }},
		{"{ID:4 GroupID:1 Name:子管理员}", func(p *Person) bool { return p.Own.Admin == 2 }},
	} {
		var held []rollcall.Ordinal
		for o, p := range m.People {
			if p.Present() && role.holds(p) {
				held = append(held, rollcall.Ordinal(o))
				of[o] = append(of[o], role.name+" of 默认")
			}
		}
		fmt.Fprintf(b, "role %s held by %v\n", role.name, held)
	}
	for _, id := range slices.Sorted(maps.Keys(r.Roles)) {
		fmt.Fprintf(b, "role %+v held by %v\n", r.Roles[id], r.Holders(id))
		for _, o := range r.Holders(id) {
			of[o] = append(of[o], fmt.Sprintf("%+v of %s", r.Roles[id], r.Groups[r.Roles[id].GroupID]))
		}
	}
	for o, roles := range of {
		fmt.Fprintf(b, "person %d holds %v\n", o, roles)
	}
}

// appendRoles is the same of a version.
func appendRoles(b *strings.Builder, r *directory.Root, page int) {
	last := rollcall.RoleID(0)
	for g := range r.RoleGroups() {
		if same, ok := r.RoleGroup(g.ID); !ok || same != g {
			fmt.Fprintf(b, "group %d is found as %+v\n", g.ID, same)
		}
		fmt.Fprintf(b, "group %d %q\n", g.ID, g.Name)
	}
	for role := range r.Roles() {
		if same, ok := r.Role(role.ID); !ok || same != role {
			fmt.Fprintf(b, "role %d is found as %+v\n", role.ID, same)
		}
		holders, total := r.RoleHolders(role.ID, 0, page)
		for len(holders) < total {
			more, _ := r.RoleHolders(role.ID, len(holders), page)
			if len(more) == 0 {
				break
			}
			holders = append(holders, more...)
		}
		fmt.Fprintf(b, "role %+v held by %v\n", role, holders)
		if len(holders) != total {
			fmt.Fprintf(b, "role %d is said to be held by %d\n", role.ID, total)
		}
		last = role.ID
	}
	for u := range r.Users() {
		var roles []string
		for _, held := range r.AppendRoles(nil, u) {
			roles = append(roles, fmt.Sprintf("%+v of %s", held.Role, held.Group))
		}
		fmt.Fprintf(b, "person %d holds %v\n", u.Ordinal, roles)
	}
	if role, ok := r.Role(last + 1); ok {
		fmt.Fprintf(b, "role %+v is not listed\n", role)
	}
}

// Random operations on roles.

func (o *op) createGroup() {
	g := rollcall.RoleGroup{ID: o.m.Roles.NextGroup, Name: *choose(o, "offices", "duties")}
	o.add(rollcall.Change{Kind: rollcall.RoleGroupCreated, Payload: rollcall.Payload{Group: &g}})
}

// group returns a group that exists; false where there is none.
func (o *op) group() (rollcall.GroupID, bool) { return one(o, o.m.Roles.Groups) }

func (o *op) role() (rollcall.RoleID, bool) { return one(o, o.m.Roles.Roles) }

func one[K rollcall.GroupID | rollcall.RoleID, V any](o *op, m map[K]V) (K, bool) {
	ids := slices.Sorted(maps.Keys(m))
	if len(ids) == 0 {
		return 0, false
	}
	return ids[o.Pick(len(ids))], true
}

func (o *op) renameGroup() {
	if id, ok := o.group(); ok {
		g := rollcall.RoleGroup{ID: id, Name: *choose(o, "one", "two")}
		o.add(rollcall.Change{Kind: rollcall.RoleGroupUpdated, Payload: rollcall.Payload{Group: &g}})
	}
}

// deleteGroup deletes a group with its roles.
func (o *op) deleteGroup() {
	id, ok := o.group()
	if !ok {
		return
	}
	for _, role := range slices.Sorted(maps.Keys(o.m.Roles.Roles)) {
		if o.m.Roles.Roles[role].GroupID == id {
			o.removeRole(role)
		}
	}
	o.add(rollcall.Change{Kind: rollcall.RoleGroupDeleted, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: id}}})
}

func (o *op) createRole() {
	if id, ok := o.group(); ok {
		r := rollcall.Role{ID: o.m.Roles.NextRole, GroupID: id, Name: *choose(o, "head", "clerk")}
		o.add(rollcall.Change{Kind: rollcall.RoleCreated, Payload: rollcall.Payload{Role: &r}})
	}
}

// changeRole renames a role and moves it, maybe to where it is.
func (o *op) changeRole() {
	id, ok := o.role()
	if !ok {
		return
	}
	to, _ := o.group()
	r := rollcall.Role{ID: id, GroupID: to, Name: *choose(o, "head", "chair")}
	o.add(rollcall.Change{Kind: rollcall.RoleUpdated, Payload: rollcall.Payload{Role: &r}})
}

func (o *op) deleteRole() {
	if id, ok := o.role(); ok {
		o.removeRole(id)
	}
}

// removeRole takes a role from everyone and deletes it.
func (o *op) removeRole(id rollcall.RoleID) {
	for _, p := range o.m.Roles.Holders(id) {
		o.taken(p, id)
	}
	o.add(rollcall.Change{Kind: rollcall.RoleDeleted, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}})
}

func (o *op) taken(p rollcall.Ordinal, id rollcall.RoleID) {
	o.add(rollcall.Change{Kind: rollcall.RoleTaken, Ordinal: p, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}})
}

// takeAll takes every role from a person.
func (o *op) takeAll(p rollcall.Ordinal) {
	for _, id := range o.m.Roles.of(p) {
		o.taken(p, id)
	}
}

func (o *op) give() {
	id, ok := o.role()
	p := o.person(true)
	if !ok || p == nil || o.m.Roles.Held[Held{id, p.Own.Ordinal}] {
		return
	}
	o.add(rollcall.Change{
		Kind: rollcall.RoleGiven, Ordinal: p.Own.Ordinal, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}},
	})
}

func (o *op) take() {
	id, _ := o.role()
	if list := o.m.Roles.Holders(id); len(list) > 0 {
		o.taken(list[o.Pick(len(list))], id)
	}
}
