package directory

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"rollcall"
)

// State is the newest version with what the running transaction has decided so
// far. An [Intent] looks at it to decide what should happen.
type State struct {
	base      *Root
	users     touchedPeople
	names     map[string]rollcall.Ordinal               // userids that somebody got since base, also former ones
	claims    [contactCount]map[string]rollcall.Ordinal // contacts of touched people, also former ones
	rivals    map[claim][]rollcall.Ordinal              // who got the same contact before the one in claims
	contested []contested                               // contacts that are to be checked
	committed bool                                      // the changes are decided and in the log already
	depts     map[rollcall.DeptID]*dept                 // touched departments; their lists of members and children are still those of base
	news      []rollcall.DeptID                         // departments that were not in base, in order
	moved     map[rollcall.DeptID]bool                  // parents whose children changed
	corp      rollcall.Corp
	calendar  *rollcall.Calendar
	apps      map[string]*rollcall.App
	roles     *roles
	lastDept  rollcall.DeptID

	members  map[rollcall.DeptID]int // by how much the number of members changed
	children map[rollcall.DeptID]int // the same for living children
	departed []pastStay

	version  uint64     // of the last change
	boundary []boundary // the earliest change of a belonging, version by version
}

func (r *Root) edit() *State {
	return &State{
		base: r, version: r.version, corp: r.corp, calendar: r.calendar, apps: r.apps, departed: r.departed,
		roles: r.roles, lastDept: r.lastDept,
		users:  touchedPeople{known: map[rollcall.Ordinal]*rollcall.User{}, first: rollcall.Ordinal(r.people)},
		rivals: map[claim][]rollcall.Ordinal{}, names: map[string]rollcall.Ordinal{},
		depts: map[rollcall.DeptID]*dept{}, moved: map[rollcall.DeptID]bool{},
		members: map[rollcall.DeptID]int{}, children: map[rollcall.DeptID]int{},
	}
}

// replay is edit for changes that are in the log already. The log may say less
// than was decided: it tells of people who were erased since as if they had
// always been.
func (r *Root) replay() *State {
	s := r.edit()
	s.committed = true
	return s
}

// Corp returns the organization's own values.
func (s *State) Corp() rollcall.Corp { return s.corp }

// Location returns the organization's time zone.
func (s *State) Location() *time.Location { return s.calendar.Location() }

// Calendar returns the organization's days.
func (s *State) Calendar() *rollcall.Calendar { return s.calendar }

// NextOrdinal returns the ordinal that the next new person gets.
func (s *State) NextOrdinal() rollcall.Ordinal { return s.users.next() }

// UserByID returns a person, also one who has left. The value must not be
// changed.
func (s *State) UserByID(userid string) (*rollcall.User, bool) {
	o, ok := s.names[userid]
	if !ok || s.users.at(o).UserID != userid {
		n, there := s.base.ordinal([]byte(userid))
		if !there {
			return nil, false
		}
		o = rollcall.Ordinal(n)
	}
	if u := s.User(o); u.UserID == userid { // and not one who was erased
		return u, true
	}
	return nil, false
}

// User returns the person with an ordinal, also one who has left; nil where the
// ordinal has not been given. The value must not be changed.
func (s *State) User(o rollcall.Ordinal) *rollcall.User {
	if u := s.users.at(o); u != nil {
		return u
	}
	return s.base.User(o)
}

// Users yields everyone who ever belonged, by ordinal.
func (s *State) Users() iter.Seq[*rollcall.User] {
	return func(yield func(*rollcall.User) bool) {
		for o := range s.NextOrdinal() {
			if !yield(s.User(o)) {
				return
			}
		}
	}
}

// Dept returns a department that exists. The value must not be changed.
func (s *State) Dept(id rollcall.DeptID) (*rollcall.Dept, bool) {
	if d := s.livingDept(id); d != nil {
		return &d.Dept, true
	}
	return nil, false
}

// livingDept returns a department that exists, or nil.
func (s *State) livingDept(id rollcall.DeptID) *dept {
	if d := s.deptEver(id); d != nil && d.ended == rollcall.Open {
		return d
	}
	return nil
}

// deptEver returns a department that exists or existed, or nil.
func (s *State) deptEver(id rollcall.DeptID) *dept {
	if d, ok := s.depts[id]; ok {
		return d
	}
	if n, ok := s.base.deptNo(id); ok {
		return s.base.depts.at(int(n))
	}
	return nil
}

// NextDept returns the dept_id that the next new department gets where nobody
// chooses one.
func (s *State) NextDept() rollcall.DeptID { return max(s.lastDept, rollcall.RootDept) + 1 }

// DeptEver reports whether a department exists or ever existed.
func (s *State) DeptEver(id rollcall.DeptID) bool { return s.deptEver(id) != nil }

// Depts yields the departments that exist, in the order of their creation.
func (s *State) Depts() iter.Seq[*rollcall.Dept] {
	return func(yield func(*rollcall.Dept) bool) {
		for n := range s.base.depts.n {
			if d, ok := s.Dept(s.base.depts.at(n).ID); ok && !yield(d) {
				return
			}
		}
		for _, id := range s.news {
			if d, ok := s.Dept(id); ok && !yield(d) {
				return
			}
		}
	}
}

// App returns an app by its appkey.
func (s *State) App(appkey string) (*rollcall.App, bool) {
	a, ok := s.apps[appkey]
	return a, ok
}

// editUser returns a person to be changed.
func (s *State) editUser(o rollcall.Ordinal) (*rollcall.User, error) {
	u := s.users.at(o)
	if u == nil {
		if u = s.base.User(o); u == nil {
			return nil, fmt.Errorf("there is no person with the ordinal %d", o)
		}
		s.users.known[o] = u
	}
	return u, nil
}

// editDept returns a living department to be changed.
func (s *State) editDept(id rollcall.DeptID) (*dept, error) {
	d := s.livingDept(id)
	if d == nil {
		return nil, fmt.Errorf("there is no department %d", id)
	}
	if s.depts[id] == nil {
		fresh := *d
		d, s.depts[id] = &fresh, &fresh
	}
	return d, nil
}

// apply carries out one change. The change fits the state, because it was
// decided on this state or committed after it; where it does not, that is a
// fault of ours, and the error says so.
func (s *State) apply(c *rollcall.Change) error {
	do, ok := appliers[c.Kind]
	if !ok {
		return fmt.Errorf("applying version %d: a change of the kind %q is not known", c.Version, c.Kind)
	}
	if c.Version != s.version || len(s.boundary) == 0 {
		s.version = c.Version
		s.boundary = append(s.boundary, boundary{c.Version, rollcall.Open})
	}
	if err := do(s, c); err != nil {
		return fmt.Errorf("applying %s of version %d: %w", c.Kind, c.Version, err)
	}
	return nil
}

// belongingChanged notes that a belonging is another from t on.
func (s *State) belongingChanged(t rollcall.Instant) {
	b := &s.boundary[len(s.boundary)-1]
	b.earliest = min(b.earliest, t)
}

// appliers says for each kind of change what it does to the directory. It is
// immutable.
var appliers = map[rollcall.Kind]func(*State, *rollcall.Change) error{
	rollcall.CorpUpdated:      (*State).corpUpdated,
	rollcall.DeptCreated:      (*State).deptCreated,
	rollcall.DeptUpdated:      (*State).deptUpdated,
	rollcall.DeptDeleted:      (*State).deptDeleted,
	rollcall.UserJoined:       (*State).userJoined,
	rollcall.UserUpdated:      (*State).userUpdated,
	rollcall.UserActivated:    (*State).userActivated,
	rollcall.UserLeft:         (*State).userLeft,
	rollcall.MemberAdded:      (*State).memberAdded,
	rollcall.MemberUpdated:    (*State).memberUpdated,
	rollcall.MemberRemoved:    (*State).memberRemoved,
	rollcall.UserErased:       (*State).userErased,
	rollcall.RoleGroupCreated: (*State).groupCreated,
	rollcall.RoleGroupUpdated: (*State).groupUpdated,
	rollcall.RoleGroupDeleted: (*State).groupDeleted,
	rollcall.RoleCreated:      (*State).roleCreated,
	rollcall.RoleUpdated:      (*State).roleUpdated,
	rollcall.RoleDeleted:      (*State).roleDeleted,
	rollcall.RoleGiven:        (*State).roleGiven,
	rollcall.RoleTaken:        (*State).roleTaken,
	rollcall.AppCreated:       (*State).appCreated,
	rollcall.AppUpdated:       (*State).appUpdated,
	rollcall.AppSecretReset:   (*State).appSecretReset,
	rollcall.AppDeleted:       (*State).appDeleted,
}

func (s *State) corpUpdated(c *rollcall.Change) error {
	if c.Corp.Name != nil {
		s.corp.Name = *c.Corp.Name
	}
	was := s.corp
	if c.Corp.Settings != nil {
		s.corp.Settings = *c.Corp.Settings
	}
	if c.Corp.Eras != nil {
		s.corp.Eras = *c.Corp.Eras
	}
	if was.Timezone == s.corp.Timezone && was.ClosingHour == s.corp.ClosingHour && slices.Equal(was.Eras, s.corp.Eras) {
		return nil
	}
	calendar, err := s.corp.Calendar()
	if err != nil {
		return err
	}
	s.calendar = calendar
	return nil
}

func (s *State) deptCreated(c *rollcall.Change) error {
	if s.livingDept(c.DeptID) != nil {
		return fmt.Errorf("department %d exists already", c.DeptID)
	}
	if s.livingDept(c.Dept.ParentID) == nil {
		return fmt.Errorf("the parent department %d does not exist", c.Dept.ParentID)
	}
	d := &dept{}
	if old := s.deptEver(c.DeptID); old != nil { // it comes back: its past stays
		*d = *old
		d.parents = withParent(old.parents, old, old.ended)
	} else {
		s.news = append(s.news, c.DeptID)
	}
	d.Dept, d.ended = *c.Dept, rollcall.Open
	d.CreatedAt, d.ModifiedAt = c.At, c.At
	d.Options = d.Options.Normal()
	s.lastDept = max(s.lastDept, c.DeptID)
	s.depts[c.DeptID] = d
	s.adopt(d.ParentID, 1)
	s.belongingChanged(d.Since)
	return nil
}

// withParent adds the interval under the present parent, ended.
func withParent(parents []pastParent, d *dept, end rollcall.Instant) []pastParent {
	return append(slices.Clip(parents), pastParent{d.ParentID, rollcall.Stay{From: d.Since, To: end}})
}

// adopt notes that a parent won or lost a child, or that its children changed
// places.
func (s *State) adopt(parent rollcall.DeptID, by int) {
	if parent == 0 {
		return // of the root department
	}
	s.moved[parent] = true
	s.children[parent] += by
}

func (s *State) deptUpdated(c *rollcall.Change) error {
	d, err := s.editDept(c.DeptID)
	if err != nil {
		return err
	}
	if p := c.DeptUpdate.ParentID; p != nil {
		for at := *p; ; {
			up := s.livingDept(at)
			switch {
			case up == nil:
				return fmt.Errorf("the parent department %d does not exist", at)
			case at == c.DeptID:
				return fmt.Errorf("department %d would be below itself", c.DeptID)
			case at == rollcall.RootDept:
			default:
				at = up.ParentID
				continue
			}
			break
		}
		s.adopt(d.ParentID, -1)
		s.adopt(*p, 1)
		d.parents = withParent(d.parents, d, c.At)
		d.Since = c.At
		s.belongingChanged(c.At)
	} else if c.DeptUpdate.Order != nil {
		s.adopt(d.ParentID, 0)
	}
	c.DeptUpdate.Apply(&d.Dept)
	d.ModifiedAt = c.At
	return nil
}

func (s *State) deptDeleted(c *rollcall.Change) error {
	d, err := s.editDept(c.DeptID)
	if err != nil {
		return err
	}
	switch {
	case d.ID == rollcall.RootDept:
		return fmt.Errorf("the root department cannot be deleted")
	case d.all.custom.Len()+s.members[d.ID] != 0:
		return fmt.Errorf("department %d has members", d.ID)
	case len(d.children)+s.children[d.ID] != 0:
		return fmt.Errorf("department %d has departments below it", d.ID)
	}
	d.ended, d.ModifiedAt = c.At, c.At
	s.belongingChanged(c.At)
	s.adopt(d.ParentID, -1)
	return nil
}

func (s *State) userJoined(c *rollcall.Change) error {
	u := *c.User
	u.Ordinal, u.Memberships, u.Roles, u.Stay.To = c.Ordinal, nil, nil, rollcall.Open
	u.CreatedAt, u.ModifiedAt = c.At, c.At
	s.belongingChanged(u.Stay.From)
	if c.Ordinal < s.NextOrdinal() {
		old, err := s.editUser(c.Ordinal)
		switch {
		case err != nil:
			return err
		case old.Present():
			return fmt.Errorf("%q belongs to the organization already", old.UserID)
		case old.UserID == u.UserID:
		case s.committed: // erased after this, and so in the log under the later userid
			if err := s.rename(c.Ordinal, u.UserID); err != nil {
				return err
			}
		default:
			return fmt.Errorf("ordinal %d is %q and not %q", c.Ordinal, old.UserID, u.UserID)
		}
		u.CreatedAt = old.CreatedAt
		*old = u
		s.claimed(old)
		return nil
	}
	if _, taken := s.UserByID(u.UserID); taken || c.Ordinal != s.NextOrdinal() {
		return fmt.Errorf("%q cannot get the ordinal %d", u.UserID, c.Ordinal)
	}
	s.names[u.UserID] = c.Ordinal
	s.claimed(s.users.add(&u))
	return nil
}

// presentUser is editUser for someone who belongs to the organization now.
func (s *State) presentUser(o rollcall.Ordinal) (*rollcall.User, error) {
	u, err := s.editUser(o)
	if err == nil && !u.Present() {
		return nil, fmt.Errorf("%q does not belong to the organization", u.UserID)
	}
	return u, err
}

func (s *State) userUpdated(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	if from := c.UserUpdate.Joined; from != nil {
		s.belongingChanged(min(u.Stay.From, *from))
	}
	c.UserUpdate.Apply(u)
	u.ModifiedAt = c.At
	s.claimed(u)
	return nil
}

func (s *State) userActivated(c *rollcall.Change) error {
	u, err := s.editUser(c.Ordinal)
	if err != nil {
		return err
	}
	u.Active, u.ModifiedAt = true, c.At
	return nil
}

func (s *State) userLeft(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	if len(u.Memberships)+len(u.Roles) > 0 {
		return fmt.Errorf("%q still has memberships or roles", u.UserID)
	}
	u.Stay.To, u.ModifiedAt = c.At, c.At
	s.belongingChanged(c.At)
	s.departed = withPast(s.departed, pastStay{uint32(c.Ordinal), u.Stay})
	return nil
}

// userErased leaves of a person what counts need, under another userid.
func (s *State) userErased(c *rollcall.Change) error {
	u, err := s.editUser(c.Ordinal)
	switch {
	case err != nil:
		return err
	case u.Present():
		return fmt.Errorf("%q belongs to the organization", u.UserID)
	}
	if err := s.rename(c.Ordinal, c.User.UserID); err != nil {
		return err
	}
	s.renameInScopes(u.UserID, c.User.UserID)
	*u = rollcall.User{
		Ordinal: u.Ordinal, UserID: c.User.UserID, Active: u.Active,
		Stay: u.Stay, CreatedAt: u.CreatedAt, ModifiedAt: c.At,
	}
	return nil
}

// rename notes that somebody who is being changed gets another userid.
func (s *State) rename(o rollcall.Ordinal, userid string) error {
	if u, taken := s.UserByID(userid); taken && u.Ordinal != o {
		return fmt.Errorf("the userid %q is taken", userid)
	}
	s.names[userid] = o
	return nil
}

// renameInScopes puts another userid into the contact scopes of apps: a scope
// that loses its last entry would become the whole organization.
func (s *State) renameInScopes(from, to string) {
	for _, a := range s.apps {
		if slices.Contains(a.ScopeUsers, from) {
			fresh := *a
			fresh.ScopeUsers = rollcall.RenameUser(a.ScopeUsers, from, to)
			s.setApp(&fresh)
		}
	}
}

func (s *State) memberAdded(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	if s.livingDept(c.DeptID) == nil {
		return fmt.Errorf("there is no department %d", c.DeptID)
	}
	i, there := findMembership(u, c.DeptID)
	if there {
		return fmt.Errorf("%q is in department %d already", u.UserID, c.DeptID)
	}
	m := *c.Member
	m.DeptID = c.DeptID
	s.belongingChanged(m.Entered)
	u.Memberships = slices.Insert(u.Memberships, i, m)
	s.members[c.DeptID]++
	return nil
}

func findMembership(u *rollcall.User, id rollcall.DeptID) (int, bool) {
	return slices.BinarySearchFunc(u.Memberships, id, func(m rollcall.Membership, id rollcall.DeptID) int {
		return int(m.DeptID - id)
	})
}

func (s *State) memberUpdated(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	m := u.Membership(c.DeptID)
	if m == nil {
		return fmt.Errorf("%q is not in department %d", u.UserID, c.DeptID)
	}
	if at := c.MemberUpdate.Entered; at != nil {
		s.belongingChanged(min(m.Entered, *at))
	}
	c.MemberUpdate.Apply(m)
	m.Modified = c.At
	return nil
}

func (s *State) memberRemoved(c *rollcall.Change) error {
	u, err := s.presentUser(c.Ordinal)
	if err != nil {
		return err
	}
	i, there := findMembership(u, c.DeptID)
	if !there {
		return fmt.Errorf("%q is not in department %d", u.UserID, c.DeptID)
	}
	d, err := s.editDept(c.DeptID)
	if err != nil {
		return err
	}
	d.past = withPast(d.past, pastStay{uint32(c.Ordinal), rollcall.Stay{From: u.Memberships[i].Entered, To: c.At}})
	u.Memberships = slices.Delete(u.Memberships, i, i+1)
	s.belongingChanged(c.At)
	s.members[c.DeptID]--
	return nil
}

func (s *State) appCreated(c *rollcall.Change) error {
	if _, there := s.apps[c.App.Appkey]; there {
		return fmt.Errorf("app %q exists already", c.App.Appkey)
	}
	a := *c.App
	a.CreatedAt = c.At
	s.setApp(&a)
	return nil
}

// appUpdated changes nothing of the app's secret.
func (s *State) appUpdated(c *rollcall.Change) error {
	return s.changeApp(c.App, (*rollcall.App).Update)
}

// appSecretReset changes nothing else of the app.
func (s *State) appSecretReset(c *rollcall.Change) error {
	return s.changeApp(c.App, (*rollcall.App).ResetSecret)
}

func (s *State) changeApp(to *rollcall.App, change func(a, to *rollcall.App)) error {
	old, there := s.apps[to.Appkey]
	if !there {
		return fmt.Errorf("there is no app %q", to.Appkey)
	}
	a := *old
	change(&a, to)
	s.setApp(&a)
	return nil
}

func (s *State) setApp(a *rollcall.App) {
	s.apps = maps.Clone(s.apps)
	if s.apps == nil {
		s.apps = map[string]*rollcall.App{}
	}
	s.apps[a.Appkey] = a
}

func (s *State) appDeleted(c *rollcall.Change) error {
	if _, there := s.apps[c.App.Appkey]; !there {
		return fmt.Errorf("there is no app %q", c.App.Appkey)
	}
	s.apps = maps.Clone(s.apps)
	delete(s.apps, c.App.Appkey)
	return nil
}
