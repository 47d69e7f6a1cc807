package intake

import (
	"slices"

	"rollcall"
)

// rolePlanner compares a file of roles with the newest state. Groups are known
// by their names, and roles by theirs within the group.
type rolePlanner struct {
	*planner
	in     *roleRows
	groups []rollcall.GroupID // of the groups of the file
	roles  []rollcall.RoleID  // of its roles
	kept   map[rollcall.GroupID]bool
	held   map[rollcall.RoleID]map[rollcall.Ordinal]bool // who is to hold what, of the roles of the file
}

// planRoles makes the groups and roles of the file that are not there, and gives
// them; with Replace whatever is not in the file is taken and deleted. Whoever
// leaves has lost the roles before.
func (p *planner) planRoles() {
	r := rolePlanner{
		planner: p, in: &p.d.roles,
		kept: map[rollcall.GroupID]bool{}, held: map[rollcall.RoleID]map[rollcall.Ordinal]bool{},
	}
	r.create()
	r.give()
	if p.opt.Replace && r.in.complete {
		r.take()
		r.remove()
	}
}

func (p *rolePlanner) role(kind rollcall.Kind, o rollcall.Ordinal, r rollcall.Role) {
	p.add(rollcall.Change{Kind: kind, Ordinal: o, Payload: rollcall.Payload{Role: &r}})
}

func (p *rolePlanner) create() {
	known, next := map[string]rollcall.GroupID{}, p.v.NextGroup()
	for _, g := range slices.Backward(givenGroups(p.v)) { // so that of equal names the first counts
		known[g.Name] = g.ID
	}
	for _, g := range p.in.groups {
		id, there := known[g.name]
		if !there {
			id = next
			next++
			p.add(rollcall.Change{Kind: rollcall.RoleGroupCreated, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: id, Name: g.name}}})
			p.plan.Summary.RoleGroupsCreated++
		}
		p.groups, p.kept[id] = append(p.groups, id), true
	}
	type place struct {
		group rollcall.GroupID
		name  string
	}
	roles, nextRole := map[place]rollcall.RoleID{}, p.v.NextRole()
	for _, r := range slices.Backward(givenRoles(p.v)) {
		roles[place{r.GroupID, r.Name}] = r.ID
	}
	for _, r := range p.in.roles {
		group := p.groups[r.group]
		id, there := roles[place{group, r.name}]
		if !there {
			id = nextRole
			nextRole++
			p.role(rollcall.RoleCreated, 0, rollcall.Role{ID: id, GroupID: group, Name: r.name})
			p.plan.Summary.RolesCreated++
		}
		p.roles = append(p.roles, id)
		p.held[id] = map[rollcall.Ordinal]bool{}
	}
}

func (p *rolePlanner) give() {
	leavers := map[rollcall.Ordinal]bool{}
	for _, u := range p.leavers {
		leavers[u.Ordinal] = true
	}
	for _, h := range p.in.holdings {
		id := p.roles[h.role]
		ordinal, holds := rollcall.Ordinal(0), false
		if row, inFile := p.d.users.byID[h.userid]; inFile {
			if p.d.users.rows[row].broken {
				continue
			}
			ordinal = p.ordinals[row]
			if u, known := p.v.UserByID(h.userid); known {
				holds = u.Holds(id)
			}
		} else {
			u, known := p.v.UserByID(h.userid)
			switch {
			case known && leavers[u.Ordinal]:
				p.problems.add(p.d.files.Roles, h.line, "userid", "%s is not in the file of users and leaves", quote(h.userid))
				continue
			case !known || !u.Present():
				if p.d.users.usable || !p.d.users.given {
					p.problems.add(p.d.files.Roles, h.line, "userid", "there is nobody %s", quote(h.userid))
				}
				continue
			}
			ordinal, holds = u.Ordinal, u.Holds(id)
		}
		p.held[id][ordinal] = true
		if !holds {
			p.role(rollcall.RoleGiven, ordinal, rollcall.Role{ID: id})
			p.plan.Summary.RolesGiven++
		}
	}
}

// take takes what people hold and do not hold in the file.
func (p *rolePlanner) take() {
	gone := map[rollcall.Ordinal]bool{}
	for _, u := range p.leavers {
		gone[u.Ordinal] = true
	}
	for u := range p.v.Users() {
		if !u.Present() || gone[u.Ordinal] {
			continue
		}
		for _, id := range u.Roles {
			if !p.held[id][u.Ordinal] {
				p.role(rollcall.RoleTaken, u.Ordinal, rollcall.Role{ID: id})
				p.plan.Summary.RolesTaken++
			}
		}
	}
}

// remove deletes roles and groups that are not in the file.
func (p *rolePlanner) remove() {
	for _, r := range givenRoles(p.v) {
		if p.held[r.ID] == nil {
			p.role(rollcall.RoleDeleted, 0, rollcall.Role{ID: r.ID})
			p.plan.Summary.RolesDeleted++
		}
	}
	for _, g := range givenGroups(p.v) {
		if !p.kept[g.ID] {
			p.add(rollcall.Change{Kind: rollcall.RoleGroupDeleted, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: g.ID}}})
			p.plan.Summary.RoleGroupsDeleted++
		}
	}
}
