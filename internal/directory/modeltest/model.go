// Package modeltest is a naive model of an organization, for the tests of the
// packages that answer from memory: plain maps, everything computed from
// scratch, nothing shared with the code under test but the vocabulary and the
// pinyin keys. Where the two disagree, read this one first: it is meant to be
// obviously right.
//
// Besides the model it has what such tests need: random operations, a virtual
// clock, an encoder, and pictures, which are everything visible of a version
// as text.
package modeltest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"rollcall"
	"rollcall/internal/pinyin"
)

// Model is one organization.
type Model struct {
	Corp     rollcall.Corp
	People   []*Person // by ordinal
	Depts    map[rollcall.DeptID]*Dept
	Roles    Roles
	Apps     map[string]rollcall.App
	SignedIn map[rollcall.Day]map[rollcall.Ordinal]bool
	Seen     Seen

	keyer *pinyin.Keyer
}

// Person is someone who ever belonged.
type Person struct {
	// Own has the person's own values; Stay, Roles and Memberships are empty
	// there.
	Own     rollcall.User
	Stays   []rollcall.Stay // one after the other; only the last may be open
	Members []Member        // all memberships there ever were
}

// Member is one time in one department; Left is Open while it lasts.
type Member struct {
	rollcall.Membership
	Left rollcall.Instant
}

// Dept is a department that exists or existed.
type Dept struct {
	rollcall.Dept
	Lives []Life // one after the other; only the last may be open
}

// Life is a department's time under one parent.
type Life struct {
	Parent rollcall.DeptID
	rollcall.Stay
}

// New returns an organization as the store creates it.
func New(c rollcall.Corp, keyer *pinyin.Keyer) *Model {
	root := &Dept{
		Dept:  rollcall.Dept{ID: rollcall.RootDept, Name: c.Name, CreatedAt: c.CreatedAt, ModifiedAt: c.CreatedAt},
		Lives: []Life{{Stay: rollcall.Stay{From: rollcall.Beginning, To: rollcall.Open}}},
	}
	return &Model{
		Corp: c, keyer: keyer,
		Depts:    map[rollcall.DeptID]*Dept{rollcall.RootDept: root},
		Roles:    newRoles(),
		Apps:     map[string]rollcall.App{},
		SignedIn: map[rollcall.Day]map[rollcall.Ordinal]bool{},
	}
}

// Clone returns a copy that shares nothing that changes.
func (m *Model) Clone() *Model {
	c := *m
	c.People = make([]*Person, len(m.People))
	for i, p := range m.People {
		c.People[i] = &Person{Own: p.Own, Stays: slices.Clone(p.Stays), Members: slices.Clone(p.Members)}
	}
	c.Depts = map[rollcall.DeptID]*Dept{}
	for id, d := range m.Depts {
		c.Depts[id] = &Dept{Dept: d.Dept, Lives: slices.Clone(d.Lives)}
	}
	c.Roles, c.Seen = m.Roles.clone(), m.Seen.clone()
	c.Apps = maps.Clone(m.Apps)
	c.SignedIn = map[rollcall.Day]map[rollcall.Ordinal]bool{}
	for day, who := range m.SignedIn {
		c.SignedIn[day] = maps.Clone(who)
	}
	return &c
}

// Apply carries out committed changes.
func (m *Model) Apply(changes []rollcall.Change) {
	for i := range changes {
		m.apply(&changes[i])
		m.Seen.note(&changes[i])
	}
}

func (m *Model) apply(c *rollcall.Change) {
	switch c.Kind {
	case rollcall.CorpUpdated:
		set(&m.Corp.Name, c.Corp.Name)
		set(&m.Corp.Settings, c.Corp.Settings)
		set(&m.Corp.Eras, c.Corp.Eras)
	case rollcall.DeptCreated:
		d := m.Depts[c.DeptID]
		if d == nil {
			d = &Dept{}
			m.Depts[c.DeptID] = d
		}
		d.Dept = *c.Dept
		d.Options = d.Options.Normal()
		d.CreatedAt, d.ModifiedAt = c.At, c.At
		d.Lives = append(d.Lives, Life{d.ParentID, rollcall.Stay{From: d.Since, To: rollcall.Open}})
	case rollcall.DeptUpdated:
		d, u := m.Depts[c.DeptID], c.DeptUpdate
		set(&d.ParentID, u.ParentID)
		set(&d.Name, u.Name)
		set(&d.NameEN, u.NameEN)
		set(&d.Order, u.Order)
		set(&d.SourceIdentifier, u.SourceIdentifier)
		set(&d.Brief, u.Brief)
		if u.Options != nil {
			d.Options = u.Options.Normal()
		}
		d.ModifiedAt = c.At
		if u.ParentID != nil {
			d.Since = c.At
			d.Lives[len(d.Lives)-1].To = c.At
			d.Lives = append(d.Lives, Life{d.ParentID, rollcall.Stay{From: c.At, To: rollcall.Open}})
		}
	case rollcall.DeptDeleted:
		d := m.Depts[c.DeptID]
		d.Lives[len(d.Lives)-1].To = c.At
		d.ModifiedAt = c.At
	case rollcall.UserJoined:
		if int(c.Ordinal) == len(m.People) {
			m.People = append(m.People, &Person{Own: rollcall.User{CreatedAt: c.At}})
		}
		p := m.People[c.Ordinal]
		created := p.Own.CreatedAt
		p.Own = *c.User
		p.Own.Ordinal, p.Own.CreatedAt, p.Own.ModifiedAt = c.Ordinal, created, c.At
		p.Own.Stay, p.Own.Memberships, p.Own.Roles = rollcall.Stay{}, nil, nil
		p.Stays = append(p.Stays, rollcall.Stay{From: c.User.Stay.From, To: rollcall.Open})
	case rollcall.UserUpdated:
		p, u := m.People[c.Ordinal], c.UserUpdate
		set(&p.Own.Name, u.Name)
		set(&p.Own.NameEN, u.NameEN)
		set(&p.Own.Active, u.Active)
		set(&p.Own.AccessLimited, u.AccessLimited)
		set(&p.Own.Mobile, u.Mobile)
		set(&p.Own.Email, u.Email)
		set(&p.Own.Title, u.Title)
		set(&p.Own.JobNumber, u.JobNumber)
		set(&p.Own.HiredDate, u.HiredDate)
		set(&p.Own.Extension, u.Extension)
		set(&p.Own.Details, u.Details)
		set(&p.Stays[len(p.Stays)-1].From, u.Joined)
		p.Own.ModifiedAt = c.At
	case rollcall.UserActivated:
		p := m.People[c.Ordinal]
		p.Own.Active, p.Own.ModifiedAt = true, c.At
	case rollcall.UserLeft:
		p := m.People[c.Ordinal]
		p.Stays[len(p.Stays)-1].To = c.At
		p.Own.ModifiedAt = c.At
	case rollcall.MemberAdded:
		p := m.People[c.Ordinal]
		p.Members = append(p.Members, Member{*c.Member, rollcall.Open})
		p.Members[len(p.Members)-1].DeptID = c.DeptID
	case rollcall.MemberUpdated:
		x, u := m.People[c.Ordinal].member(c.DeptID), c.MemberUpdate
		set(&x.Order, u.Order)
		set(&x.Ordered, u.Ordered)
		set(&x.Leader, u.Leader)
		set(&x.Title, u.Title)
		set(&x.Main, u.Main)
		set(&x.WorkPlace, u.WorkPlace)
		set(&x.Entered, u.Entered)
		x.Modified = c.At
	case rollcall.MemberRemoved:
		m.People[c.Ordinal].member(c.DeptID).Left = c.At
	case rollcall.UserErased:
		own := &m.People[c.Ordinal].Own
		for key, a := range m.Apps { // which may name the person in their contact scope
			a.ScopeUsers = slices.Clone(a.ScopeUsers)
			for i, userid := range a.ScopeUsers {
				if userid == own.UserID {
					a.ScopeUsers[i] = c.User.UserID
				}
			}
			m.Apps[key] = a
		}
		*own = rollcall.User{
			Ordinal: own.Ordinal, UserID: c.User.UserID, Active: own.Active, CreatedAt: own.CreatedAt, ModifiedAt: c.At,
		}
	case rollcall.RoleGroupCreated, rollcall.RoleGroupUpdated, rollcall.RoleGroupDeleted,
		rollcall.RoleCreated, rollcall.RoleUpdated, rollcall.RoleDeleted, rollcall.RoleGiven, rollcall.RoleTaken:
		m.Roles.apply(c)
	case rollcall.AppCreated:
		a := *c.App
		a.CreatedAt = c.At
		m.Apps[a.Appkey] = a
	case rollcall.AppSecretReset:
		a := m.Apps[c.App.Appkey]
		a.SecretHash, a.SecretSealed, a.SecretGeneration = c.App.SecretHash, c.App.SecretSealed, c.App.SecretGeneration
		m.Apps[c.App.Appkey] = a
	case rollcall.AppUpdated:
		a, old := *c.App, m.Apps[c.App.Appkey]
		a.Type, a.CreatedAt = old.Type, old.CreatedAt
		a.SecretHash, a.SecretSealed, a.SecretGeneration = old.SecretHash, old.SecretSealed, old.SecretGeneration
		m.Apps[c.App.Appkey] = a
	case rollcall.AppDeleted:
		delete(m.Apps, c.App.Appkey)
	default:
		panic(fmt.Sprintf("the model does not know changes of the kind %q", c.Kind))
	}
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Record notes sign-ins.
func (m *Model) Record(days map[rollcall.Day][]rollcall.Ordinal) {
	for day, people := range days {
		if m.SignedIn[day] == nil {
			m.SignedIn[day] = map[rollcall.Ordinal]bool{}
		}
		for _, o := range people {
			m.SignedIn[day][o] = true
		}
	}
}

// Present reports whether the person belongs now.
func (p *Person) Present() bool { return p.Stays[len(p.Stays)-1].To == rollcall.Open }

// member returns the present membership in a department, or nil.
func (p *Person) member(id rollcall.DeptID) *Member {
	for i := range p.Members {
		if p.Members[i].DeptID == id && p.Members[i].Left == rollcall.Open {
			return &p.Members[i]
		}
	}
	return nil
}

// In reports whether the person is in a department now.
func (p *Person) In(id rollcall.DeptID) bool { return p.member(id) != nil }

// User returns the person with an ordinal as the directory shows one.
func (m *Model) User(o rollcall.Ordinal) rollcall.User {
	u := m.People[o].user()
	u.Roles = m.Roles.of(o)
	return u
}

// user is the person without the roles.
func (p *Person) user() rollcall.User {
	u := p.Own
	u.Stay = p.Stays[len(p.Stays)-1]
	for _, x := range p.Members {
		if x.Left == rollcall.Open {
			u.Memberships = append(u.Memberships, x.Membership)
		}
	}
	slices.SortFunc(u.Memberships, func(a, b rollcall.Membership) int { return cmp.Compare(a.DeptID, b.DeptID) })
	return u
}

// Alive reports whether the department exists now.
func (d *Dept) Alive() bool { return d.Lives[len(d.Lives)-1].To == rollcall.Open }
