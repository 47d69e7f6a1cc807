package storetest

import (
	"maps"
	"slices"

	"rollcall"

	"pgregory.net/rapid"
)

// Random changes of groups and roles. Each is there only where it is valid.

func (w *world) roleChanges(m *model) map[rollcall.Kind]func(*model) rollcall.Change {
	possible := map[rollcall.Kind]func(*model) rollcall.Change{
		rollcall.RoleGroupCreated: func(m *model) rollcall.Change {
			return w.group(rollcall.RoleGroupCreated, rollcall.GroupID(101+len(m.groups)), true)
		},
	}
	if groups := m.livingGroups(); len(groups) > 0 {
		possible[rollcall.RoleGroupUpdated] = func(*model) rollcall.Change {
			return w.group(rollcall.RoleGroupUpdated, rapid.SampledFrom(groups).Draw(w.rt, "group"), true)
		}
		possible[rollcall.RoleCreated] = func(m *model) rollcall.Change {
			return w.role(rollcall.RoleCreated, rollcall.RoleID(101+len(m.roles)), groups)
		}
	}
	if groups := m.emptyGroups(); len(groups) > 0 {
		possible[rollcall.RoleGroupDeleted] = func(*model) rollcall.Change {
			return w.group(rollcall.RoleGroupDeleted, rapid.SampledFrom(groups).Draw(w.rt, "group"), false)
		}
	}
	if roles := m.livingRoles(); len(roles) > 0 {
		possible[rollcall.RoleUpdated] = func(m *model) rollcall.Change {
			return w.role(rollcall.RoleUpdated, rapid.SampledFrom(roles).Draw(w.rt, "role"), m.livingGroups())
		}
	}
	if roles := m.unheldRoles(); len(roles) > 0 {
		possible[rollcall.RoleDeleted] = func(*model) rollcall.Change {
			r := &rollcall.Role{ID: rapid.SampledFrom(roles).Draw(w.rt, "role")}
			return change(rollcall.RoleDeleted, w.now, rollcall.Payload{Role: r})
		}
	}
	given, free := m.holders()
	if len(free) > 0 {
		possible[rollcall.RoleGiven] = func(*model) rollcall.Change { return w.holder(rollcall.RoleGiven, free) }
	}
	if len(given) > 0 {
		possible[rollcall.RoleTaken] = func(*model) rollcall.Change { return w.holder(rollcall.RoleTaken, given) }
	}
	return possible
}

func (w *world) group(k rollcall.Kind, id rollcall.GroupID, named bool) rollcall.Change {
	g := &rollcall.RoleGroup{ID: id}
	if named {
		g.Name = w.text("name")
	}
	return change(k, w.now, rollcall.Payload{Group: g})
}

func (w *world) role(k rollcall.Kind, id rollcall.RoleID, groups []rollcall.GroupID) rollcall.Change {
	return change(k, w.now, rollcall.Payload{Role: &rollcall.Role{
		ID: id, GroupID: rapid.SampledFrom(groups).Draw(w.rt, "group"), Name: w.text("name"),
	}})
}

// holding is a role of a person, or one that the person could have.
type holding struct {
	ordinal rollcall.Ordinal
	role    rollcall.RoleID
}

func (w *world) holder(k rollcall.Kind, list []holding) rollcall.Change {
	h := rapid.SampledFrom(list).Draw(w.rt, "holder")
	return userChange(k, w.now, h.ordinal, rollcall.Payload{Role: &rollcall.Role{ID: h.role}})
}

// What there is to choose from in a model.

func (m *model) livingGroups() (ids []rollcall.GroupID) {
	for _, id := range slices.Sorted(maps.Keys(m.groups)) {
		if !m.groups[id].Deleted {
			ids = append(ids, id)
		}
	}
	return ids
}

// emptyGroups lists what can be deleted.
func (m *model) emptyGroups() []rollcall.GroupID {
	return slices.DeleteFunc(m.livingGroups(), func(id rollcall.GroupID) bool {
		return slices.ContainsFunc(m.livingRoles(), func(role rollcall.RoleID) bool { return m.roles[role].GroupID == id })
	})
}

func (m *model) livingRoles() (ids []rollcall.RoleID) {
	for _, id := range slices.Sorted(maps.Keys(m.roles)) {
		if !m.roles[id].Deleted {
			ids = append(ids, id)
		}
	}
	return ids
}

// unheldRoles lists what can be deleted.
func (m *model) unheldRoles() []rollcall.RoleID {
	given, _ := m.holders()
	return slices.DeleteFunc(m.livingRoles(), func(id rollcall.RoleID) bool {
		return slices.ContainsFunc(given, func(h holding) bool { return h.role == id })
	})
}

// holders lists who holds which role, and who could.
func (m *model) holders() (given, free []holding) {
	for _, o := range slices.Sorted(maps.Keys(m.users)) {
		for _, id := range m.livingRoles() {
			h := holding{o, id}
			switch {
			case slices.Contains(m.users[o].Roles, id):
				given = append(given, h)
			case m.users[o].Present():
				free = append(free, h)
			}
		}
	}
	return given, free
}
