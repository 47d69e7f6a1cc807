package storetest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"rollcall"
)

// model is what an organization should look like, kept the simplest way. It
// believes every change; only valid ones may be given to it.
type model struct {
	head        rollcall.Head
	corp        rollcall.Corp
	depts       map[rollcall.DeptID]*deptState
	users       map[rollcall.Ordinal]*rollcall.User // without memberships
	members     map[membershipKey]*rollcall.Membership
	groups      map[rollcall.GroupID]groupState
	roles       map[rollcall.RoleID]roleState
	apps        map[string]rollcall.App
	stays       []endedStay
	memberships []endedMembership
	parents     []endedParent

	log    []rollcall.Change
	chunks map[chunkKey][]byte
	feeds  map[rollcall.Day]uint64
	tokens []rollcall.Token // in their order
}

type membershipKey struct {
	ordinal rollcall.Ordinal
	dept    rollcall.DeptID
}

type chunkKey struct {
	day   rollcall.Day
	chunk uint32
}

func newModel(c rollcall.Corp) *model {
	return &model{
		head: rollcall.Head{CorpID: c.ID},
		corp: c,
		depts: map[rollcall.DeptID]*deptState{rollcall.RootDept: {
			rollcall.Dept{ID: rollcall.RootDept, Name: c.Name, CreatedAt: c.CreatedAt, ModifiedAt: c.CreatedAt}, rollcall.Open,
		}},
		users:   map[rollcall.Ordinal]*rollcall.User{},
		members: map[membershipKey]*rollcall.Membership{},
		groups:  map[rollcall.GroupID]groupState{},
		roles:   map[rollcall.RoleID]roleState{},
		apps:    map[string]rollcall.App{},
		chunks:  map[chunkKey][]byte{},
		feeds:   map[rollcall.Day]uint64{},
	}
}

// replay builds the model again from its log: a copy for trying things out.
func (m *model) replay(c rollcall.Corp) *model {
	n := newModel(c)
	for _, ch := range m.log {
		n.apply(ch)
	}
	n.head = m.head
	n.log = slices.Clone(m.log)
	n.chunks, n.feeds, n.tokens = maps.Clone(m.chunks), maps.Clone(m.feeds), slices.Clone(m.tokens)
	return n
}

// commit applies the changes of one transaction.
func (m *model) commit(batch string, changes []rollcall.Change) {
	if len(changes) == 0 {
		return
	}
	m.head.Version++
	m.head.Batch = batch
	for _, c := range changes {
		c.Version = m.head.Version
		m.log = append(m.log, c)
		m.apply(c)
	}
}

// put stores the chunks of one transaction.
func (m *model) put(batch string, chunks map[chunkKey][]byte) {
	if len(chunks) == 0 {
		return
	}
	m.head.Feed++
	m.head.Batch = batch
	for k, bits := range chunks {
		m.chunks[k] = bits
		m.feeds[k.day] = m.head.Feed
	}
}

// save stores a token of which keep of the same kind stay.
func (m *model) save(t rollcall.Token, keep int, now rollcall.Instant) rollcall.Token {
	var same, others []rollcall.Token
	for _, o := range m.tokens {
		switch {
		case o.Appkey != t.Appkey || o.Kind != t.Kind:
			others = append(others, o)
		case !bytes.Equal(o.Nonce, t.Nonce):
			same = append(same, o)
		default:
			t.ExpiresAt = max(t.ExpiresAt, o.ExpiresAt)
		}
	}
	slices.SortFunc(same, func(a, b rollcall.Token) int {
		return cmp.Or(cmp.Compare(b.ExpiresAt, a.ExpiresAt), bytes.Compare(a.Nonce, b.Nonce))
	})
	if keep == 1 {
		first := slices.SortedStableFunc(slices.Values(same), func(a, b rollcall.Token) int {
			return cmp.Compare(b.SecretGeneration, a.SecretGeneration)
		})
		for _, o := range first {
			if o.SecretGeneration >= t.SecretGeneration && o.ExpiresAt > now {
				return o
			}
		}
	}
	m.tokens = slices.Concat(others, []rollcall.Token{t}, same[:min(len(same), keep-1)])
	slices.SortFunc(m.tokens, func(a, b rollcall.Token) int {
		return cmp.Or(cmp.Compare(a.Appkey, b.Appkey), cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Nonce, b.Nonce))
	})
	return t
}

func (m *model) apply(c rollcall.Change) {
	dept, user, key := m.depts[c.DeptID], m.users[c.Ordinal], membershipKey{c.Ordinal, c.DeptID}
	switch c.Kind {
	case rollcall.CorpUpdated:
		if c.Corp.Name != nil {
			m.corp.Name = *c.Corp.Name
		}
		if c.Corp.Settings != nil {
			m.corp.Settings = *c.Corp.Settings
		}
		if c.Corp.Eras != nil {
			m.corp.Eras = *c.Corp.Eras
		}
	case rollcall.DeptCreated:
		if dept != nil {
			m.parents = append(m.parents, endedParent{c.DeptID, dept.ParentID, rollcall.Stay{From: dept.Since, To: dept.Ended}})
		}
		d := *c.Dept
		d.CreatedAt, d.ModifiedAt, d.Options = c.At, c.At, d.Options.Normal()
		m.depts[c.DeptID] = &deptState{d, rollcall.Open}
	case rollcall.DeptUpdated:
		if c.DeptUpdate.ParentID != nil {
			m.parents = append(m.parents, endedParent{c.DeptID, dept.ParentID, rollcall.Stay{From: dept.Since, To: c.At}})
			dept.Since = c.At
		}
		c.DeptUpdate.Apply(&dept.Dept)
		dept.ModifiedAt = c.At
	case rollcall.DeptDeleted:
		dept.Ended, dept.ModifiedAt = c.At, c.At
	case rollcall.UserJoined:
		u := *c.User
		u.CreatedAt, u.ModifiedAt = c.At, c.At
		if user != nil {
			m.stays = append(m.stays, endedStay{c.Ordinal, user.Stay})
			u.CreatedAt = user.CreatedAt
		}
		m.users[c.Ordinal] = &u
	case rollcall.UserUpdated:
		c.UserUpdate.Apply(user)
		user.ModifiedAt = c.At
	case rollcall.UserActivated:
		user.Active, user.ModifiedAt = true, c.At
	case rollcall.UserLeft:
		user.Stay.To, user.ModifiedAt = c.At, c.At
	case rollcall.MemberAdded:
		member := *c.Member
		m.members[key] = &member
	case rollcall.MemberUpdated:
		c.MemberUpdate.Apply(m.members[key])
		m.members[key].Modified = c.At
	case rollcall.MemberRemoved:
		m.memberships = append(m.memberships, endedMembership{c.Ordinal, c.DeptID, rollcall.Stay{From: m.members[key].Entered, To: c.At}})
		delete(m.members, key)
	case rollcall.UserErased:
		was := user.UserID
		*user = rollcall.User{
			Ordinal: user.Ordinal, UserID: c.User.UserID, Active: user.Active,
			Stay: user.Stay, CreatedAt: user.CreatedAt, ModifiedAt: c.At,
		}
		for i := range m.log {
			if l := &m.log[i]; l.Ordinal == c.Ordinal {
				l.Erase(c.User.UserID)
			}
			m.log[i].RenameInScopes(was, c.User.UserID)
		}
		for key, a := range m.apps {
			a.ScopeUsers = rollcall.RenameUser(a.ScopeUsers, was, c.User.UserID)
			m.apps[key] = a
		}
	case rollcall.RoleGroupCreated, rollcall.RoleGroupUpdated:
		m.groups[c.Group.ID] = groupState{*c.Group, false}
	case rollcall.RoleGroupDeleted:
		m.groups[c.Group.ID] = groupState{m.groups[c.Group.ID].RoleGroup, true}
	case rollcall.RoleCreated, rollcall.RoleUpdated:
		m.roles[c.Role.ID] = roleState{*c.Role, false}
	case rollcall.RoleDeleted:
		m.roles[c.Role.ID] = roleState{m.roles[c.Role.ID].Role, true}
	case rollcall.RoleGiven:
		user.Roles = slices.Sorted(slices.Values(append(slices.Clone(user.Roles), c.Role.ID)))
	case rollcall.RoleTaken:
		user.Roles = slices.DeleteFunc(slices.Clone(user.Roles), func(id rollcall.RoleID) bool { return id == c.Role.ID })
		if len(user.Roles) == 0 {
			user.Roles = nil
		}
	case rollcall.AppCreated:
		a := *c.App
		a.CreatedAt = c.At
		m.apps[a.Appkey] = a
	case rollcall.AppSecretReset:
		a := m.apps[c.App.Appkey]
		a.SecretHash, a.SecretSealed, a.SecretGeneration = c.App.SecretHash, c.App.SecretSealed, c.App.SecretGeneration
		m.apps[a.Appkey] = a
	case rollcall.AppUpdated:
		a, was := *c.App, m.apps[c.App.Appkey]
		a.Type, a.CreatedAt = was.Type, was.CreatedAt
		a.SecretHash, a.SecretSealed, a.SecretGeneration = was.SecretHash, was.SecretSealed, was.SecretGeneration
		m.apps[a.Appkey] = a
	case rollcall.AppDeleted:
		delete(m.apps, c.App.Appkey)
		m.tokens = slices.DeleteFunc(m.tokens, func(t rollcall.Token) bool { return t.Appkey == c.App.Appkey })
	}
}

// state is what Load should tell.
func (m *model) state() *state {
	s := &state{
		Head: m.head, Corp: m.corp,
		EndedStays: slices.Clone(m.stays), EndedMemberships: slices.Clone(m.memberships), EndedParents: slices.Clone(m.parents),
		Groups: slices.Collect(maps.Values(m.groups)), Roles: slices.Collect(maps.Values(m.roles)),
		Apps: slices.Collect(maps.Values(m.apps)),
	}
	for _, d := range m.depts {
		s.Depts = append(s.Depts, *d)
	}
	for _, o := range slices.Sorted(maps.Keys(m.users)) {
		u := *m.users[o]
		u.Memberships = nil
		for key, member := range m.members {
			if key.ordinal == o {
				u.Memberships = append(u.Memberships, *member)
			}
		}
		slices.SortFunc(u.Memberships, func(a, b rollcall.Membership) int { return cmp.Compare(a.DeptID, b.DeptID) })
		s.Users = append(s.Users, u)
	}
	s.sort()
	return s
}

// chunksAfter is what SignInChunks should tell.
func (m *model) chunksAfter(feed uint64) (list []chunk) {
	for k, bits := range m.chunks {
		if m.feeds[k.day] > feed {
			list = append(list, chunk{k, bits})
		}
	}
	slices.SortFunc(list, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.chunk, b.chunk))
	})
	return list
}

// logAfter is what Changes should tell.
func (m *model) logAfter(version uint64) []rollcall.Change {
	i := slices.IndexFunc(m.log, func(c rollcall.Change) bool { return c.Version > version })
	if i < 0 {
		return nil
	}
	return m.log[i:]
}
