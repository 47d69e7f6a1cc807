package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"rollcall"
)

// state is everything that Load tells of an organization, in a form that can
// be compared.
type state struct {
	Head             rollcall.Head
	Corp             rollcall.Corp
	Depts            []deptState // by id
	Users            []rollcall.User
	EndedStays       []endedStay
	EndedMemberships []endedMembership
	EndedParents     []endedParent
	Groups           []groupState
	Roles            []roleState
	Apps             []rollcall.App // by appkey
}

type groupState struct {
	rollcall.RoleGroup
	Deleted bool
}

type roleState struct {
	rollcall.Role
	Deleted bool
}

type deptState struct {
	rollcall.Dept
	Ended rollcall.Instant
}

type endedStay struct {
	Ordinal rollcall.Ordinal
	rollcall.Stay
}

type endedMembership struct {
	Ordinal rollcall.Ordinal
	DeptID  rollcall.DeptID
	rollcall.Stay
}

type endedParent struct {
	DeptID, ParentID rollcall.DeptID
	rollcall.Stay
}

// sort gives what comes in no promised order an order.
func (s *state) sort() {
	byStay := func(a, b rollcall.Stay) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) }
	slices.SortFunc(s.Depts, func(a, b deptState) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.EndedStays, func(a, b endedStay) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), byStay(a.Stay, b.Stay))
	})
	slices.SortFunc(s.EndedMemberships, func(a, b endedMembership) int {
		return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.DeptID, b.DeptID), byStay(a.Stay, b.Stay))
	})
	slices.SortFunc(s.EndedParents, func(a, b endedParent) int {
		return cmp.Or(cmp.Compare(a.DeptID, b.DeptID), cmp.Compare(a.ParentID, b.ParentID), byStay(a.Stay, b.Stay))
	})
	slices.SortFunc(s.Groups, func(a, b groupState) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Roles, func(a, b roleState) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Apps, func(a, b rollcall.App) int { return cmp.Compare(a.Appkey, b.Appkey) })
}

func loadState(ctx context.Context, s rollcall.Store, corpID string) (*state, error) {
	r := recorder{state: &state{}}
	head, err := s.Load(ctx, corpID, &r)
	if err != nil {
		return nil, err
	}
	r.state.Head = head
	r.state.sort()
	return r.state, nil
}

// recorder is a [rollcall.Snapshot] that copies everything and insists on the
// promised order.
type recorder struct {
	*state
	stage int
}

// The stages in which a snapshot is told.
const (
	atCorp = iota
	atDepts
	atUsers
	atRest
)

func (r *recorder) at(stage int) error {
	if stage < r.stage {
		return fmt.Errorf("stage %d comes after stage %d", stage, r.stage)
	}
	r.stage = stage
	return nil
}

func (r *recorder) Corp(c *rollcall.Corp) error {
	if r.state.Corp.ID != "" {
		return fmt.Errorf("the organization is told twice")
	}
	r.state.Corp = *c
	return r.at(atCorp)
}

func (r *recorder) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	if n := len(r.Depts); n > 0 && r.Depts[n-1].ID >= d.ID {
		return fmt.Errorf("department %d comes after department %d", d.ID, r.Depts[n-1].ID)
	}
	r.Depts = append(r.Depts, deptState{*d, ended})
	return r.at(atDepts)
}

func (r *recorder) User(u *rollcall.User) error {
	if n := len(r.Users); n > 0 && r.Users[n-1].Ordinal >= u.Ordinal {
		return fmt.Errorf("ordinal %d comes after ordinal %d", u.Ordinal, r.Users[n-1].Ordinal)
	}
	c := *u
	c.Memberships, c.Roles, c.AdminDepts = slices.Clone(u.Memberships), slices.Clone(u.Roles), slices.Clone(u.AdminDepts)
	r.Users = append(r.Users, c)
	return r.at(atUsers)
}

func (r *recorder) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	r.EndedStays = append(r.EndedStays, endedStay{o, s})
	return r.at(atRest)
}

func (r *recorder) EndedMembership(o rollcall.Ordinal, d rollcall.DeptID, s rollcall.Stay) error {
	r.EndedMemberships = append(r.EndedMemberships, endedMembership{o, d, s})
	return r.at(atRest)
}

func (r *recorder) EndedParent(d, parent rollcall.DeptID, s rollcall.Stay) error {
	r.EndedParents = append(r.EndedParents, endedParent{d, parent, s})
	return r.at(atRest)
}

func (r *recorder) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	if n := len(r.Groups); n > 0 && r.Groups[n-1].ID >= g.ID {
		return fmt.Errorf("group %d comes after group %d", g.ID, r.Groups[n-1].ID)
	}
	r.Groups = append(r.Groups, groupState{*g, deleted})
	return r.at(atRest)
}

func (r *recorder) Role(role *rollcall.Role, deleted bool) error {
	if n := len(r.Roles); n > 0 && r.Roles[n-1].ID >= role.ID {
		return fmt.Errorf("role %d comes after role %d", role.ID, r.Roles[n-1].ID)
	}
	r.Roles = append(r.Roles, roleState{*role, deleted})
	return r.at(atRest)
}

func (r *recorder) App(a *rollcall.App) error {
	if n := len(r.Apps); n > 0 && r.Apps[n-1].Appkey >= a.Appkey {
		return fmt.Errorf("app %q comes after app %q", a.Appkey, r.Apps[n-1].Appkey)
	}
	c := *a
	c.Permissions, c.ScopeDepts = slices.Clone(a.Permissions), slices.Clone(a.ScopeDepts)
	c.ScopeUsers, c.AllowedIPs = slices.Clone(a.ScopeUsers), slices.Clone(a.AllowedIPs)
	r.Apps = append(r.Apps, c)
	return r.at(atRest)
}
