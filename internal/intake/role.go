package intake

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"rollcall"
)

// The columns of a file of roles, as indexes of roleLayout.
const (
	roleGroup = iota
	roleName
	roleUser
)

// roleLayout is immutable.
var roleLayout = layout{[]string{"group", "role", "userid"}, roleUser + 1}

// roleRows is a file of roles: groups, their roles, and who holds them, each in
// the order in which the file names them first.
type roleRows struct {
	given    bool // there is a file
	groups   []namedGroup
	roles    []namedRole
	holdings []namedHolding
	complete bool // everything that the file has was understood
}

type namedGroup struct {
	name string
	line int // of the first row
}

type namedRole struct {
	group int // in groups
	name  string
	line  int
}

type namedHolding struct {
	role   int // in roles
	userid string
	line   int
}

// read takes up the rows. A row without a userid is about the role alone, one
// without a role about the group alone.
func (r *roleRows) read(t *table) {
	groups, roles, holdings := map[string]int{}, map[namedRole]int{}, map[namedHolding]bool{}
	sound := true
	for t.next() {
		if t.broken || !checkRole(t) {
			sound = false
			continue
		}
		line := t.line(0)
		name := strings.Clone(t.cell(roleGroup))
		group, known := groups[name]
		if !known {
			group = len(r.groups)
			groups[name] = group
			r.groups = append(r.groups, namedGroup{name, line})
		}
		if t.cell(roleName) == "" {
			continue
		}
		key := namedRole{group, strings.Clone(t.cell(roleName)), 0}
		role, known := roles[key]
		if !known {
			role = len(r.roles)
			roles[key] = role
			r.roles = append(r.roles, namedRole{group, key.name, line})
		}
		if t.cell(roleUser) == "" {
			continue
		}
		h := namedHolding{role, strings.Clone(t.cell(roleUser)), 0}
		if !holdings[h] {
			holdings[h] = true
			r.holdings = append(r.holdings, namedHolding{role, h.userid, t.line(t.at[roleUser])})
		}
	}
	r.complete = sound && t.complete()
}

// checkRole checks a row by itself.
func checkRole(t *table) bool {
	ok := true
	wrong := func(column int, err error) {
		if err != nil {
			_, message := about(err)
			t.problem(column, "%s", message)
			ok = false
		}
	}
	g := rollcall.RoleGroup{ID: rollcall.FirstGroup, Name: t.cell(roleGroup)}
	wrong(roleGroup, g.Validate())
	if g.Name == rollcall.DefaultGroup().Name {
		t.problem(roleGroup, "the roles of %s follow from what people are, and are not given", quote(g.Name))
		ok = false
	}
	if name := t.cell(roleName); name != "" {
		r := rollcall.Role{ID: rollcall.FirstRole, GroupID: rollcall.FirstGroup, Name: name}
		wrong(roleName, r.Validate())
	} else if t.cell(roleUser) != "" {
		t.problem(roleName, "is empty, and somebody is named")
		ok = false
	}
	if userid := t.cell(roleUser); userid != "" {
		u := rollcall.User{UserID: userid, Name: "x"}
		wrong(roleUser, u.Validate())
	}
	return ok
}

// Roles are the groups and roles of an organization; those that every
// organization has may be among them, and are passed over.
type Roles interface {
	RoleGroups() iter.Seq[rollcall.RoleGroup]
	Roles() iter.Seq[rollcall.Role]
}

// given yields the groups that somebody made, by id.
func givenGroups(r Roles) []rollcall.RoleGroup {
	list := slices.DeleteFunc(slices.Collect(r.RoleGroups()), func(g rollcall.RoleGroup) bool { return g.ID < rollcall.FirstGroup })
	slices.SortFunc(list, func(a, b rollcall.RoleGroup) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func givenRoles(r Roles) []rollcall.Role {
	list := slices.DeleteFunc(slices.Collect(r.Roles()), func(x rollcall.Role) bool { return x.ID < rollcall.FirstRole })
	slices.SortFunc(list, func(a, b rollcall.Role) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// exportRoles writes groups and roles by id, and who holds them by ordinal.
func exportRoles(r Roles, users []*rollcall.User, row rowFunc) error {
	if err := row(roleLayout.names); err != nil {
		return err
	}
	holders := map[rollcall.RoleID][]*rollcall.User{}
	for _, u := range users {
		for _, id := range u.Roles {
			holders[id] = append(holders[id], u)
		}
	}
	roles := givenRoles(r)
	for _, g := range givenGroups(r) {
		empty := true
		for _, role := range roles {
			if role.GroupID != g.ID {
				continue
			}
			empty = false
			record := []string{g.Name, role.Name, ""}
			held := holders[role.ID]
			slices.SortFunc(held, func(a, b *rollcall.User) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
			for _, u := range held {
				record[roleUser] = u.UserID
				if err := row(record); err != nil {
					return err
				}
			}
			if len(held) == 0 {
				if err := row(record); err != nil {
					return err
				}
			}
		}
		if empty {
			if err := row([]string{g.Name, "", ""}); err != nil {
				return err
			}
		}
	}
	return nil
}
