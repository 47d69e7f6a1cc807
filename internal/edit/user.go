package edit

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"rollcall"
	"rollcall/internal/directory"
)

// UserValues is what a person is to have. What is nil stays as it is; a new
// person has nothing of it. An empty text takes the value away.
type UserValues struct {
	Name, NameEN                       *string
	Mobile, Email, Telephone, OrgEmail *string
	Title, JobNumber, WorkPlace        *string
	Remark, Avatar, Gender             *string
	OrgEmailType                       *string
	UnionID                            *string
	LoginID, ExclusiveType             *string
	Exclusive                          *bool
	// Extension is a JSON object as text. AppendExtension adds its members to
	// those that are there, instead of replacing them all.
	Extension       *string
	AppendExtension bool
	HiredDate       *rollcall.Instant

	Active, AccessLimited, HideMobile, Senior, Boss *bool
	// Admin is the level of an administrator; AdminDepts are the departments of
	// one that is not the main one.
	Admin      *uint8
	AdminDepts []rollcall.DeptID
	// Manager is the userid of whom the person reports to.
	Manager *string

	// Depts are all departments of the person. A new person of whom they are not
	// said is in the root. Leads are those of them that the person leads.
	Depts, Leads []rollcall.DeptID
	// Places are values in some of the departments.
	Places []Place
}

// Place is what a person is to have in one department.
type Place struct {
	DeptID rollcall.DeptID
	// Order is the order in it, larger first; 0 is none.
	Order            *int64
	Title, WorkPlace *string
	// Main makes it the main department, and the others not.
	Main *bool
	// Param is what errors name.
	Param string
}

// The limits of the values that are shorter than those that are kept (contract
// 5.4, D14).
const (
	MaxEmail     = 50
	MaxJobNumber = 50
)

// CreateUser lets a person come in. Where *id is empty a userid is made up and
// written there; whoever had it before comes back, with the ordinal and the
// history, but none of the former values (contract D15). now is when the person
// comes in.
//
// It refuses with
//   - [rollcall.KindConflict] userid: somebody has it, or was erased under it;
//   - [rollcall.KindMissing] name: there is none;
//   - [rollcall.KindNotFound] dept_id_list: there is no such department, and
//     manager_userid: there is no such person;
//   - [rollcall.KindNotFound] and the parameter of a place, or leader_in_dept: the
//     person is not in the department;
//   - [rollcall.KindConflict] manager_userid: they would report to each other;
//   - [rollcall.KindInvalid] and the parameter: a value is not allowed.
//
// The directory adds [rollcall.KindConflict] mobile, email, telephone and unionid
// for what another person has.
func CreateUser(id *string, now rollcall.Instant, v UserValues) directory.Intent {
	chosen := *id // the intent may be asked again, with the id that it made up
	return func(s *directory.State) (directory.Batch, error) {
		*id = chosen
		if chosen == "" {
			*id = freeUserID(s)
		}
		if v.Name == nil || *v.Name == "" {
			return directory.Batch{}, refuse(rollcall.KindMissing, "name", "a person needs a name")
		}
		u := rollcall.User{UserID: *id, Ordinal: s.NextOrdinal(), CreatedAt: now, ModifiedAt: now}
		if old, known := s.UserByID(*id); known {
			if old.Present() || old.Erased() {
				return directory.Batch{}, refuse(rollcall.KindConflict, "userid", fmt.Sprintf("%q is taken", *id))
			}
			u.Ordinal, u.Active = old.Ordinal, old.Active
			if _, taken := s.Holder(directory.BroughtUnion, old.UnionID); !taken {
				u.UnionID = old.UnionID
			}
			now = max(now, old.Stay.To) // clocks of several processes differ
		}
		u.Stay = rollcall.Stay{From: now, To: rollcall.Open}
		if v.Depts == nil {
			v.Depts = []rollcall.DeptID{rollcall.RootDept}
		}
		if err := v.put(s, &u, now); err != nil {
			return directory.Batch{}, err
		}
		own := u
		own.Memberships = nil
		changes := []rollcall.Change{{Kind: rollcall.UserJoined, Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &own}}}
		return directory.Batch{Changes: append(changes, memberships(&own, &u)...)}, nil
	}
}

// UpdateUser changes a person. now is when the person comes into new
// departments.
//
// It refuses with [rollcall.KindNotFound] userid where there is nobody, and with
// what [CreateUser] and the directory refuse about values.
func UpdateUser(userid string, now rollcall.Instant, v UserValues) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		old, err := present(s, "userid", userid)
		if err != nil {
			return directory.Batch{}, err
		}
		want := *old
		want.Memberships = slices.Clone(old.Memberships)
		if err := v.put(s, &want, max(now, old.Stay.From)); err != nil {
			return directory.Batch{}, err
		}
		changes := abandoned(s, old, &want)
		if update, changed := rollcall.DiffUser(old, &want); changed {
			changes = append(changes, ownChange(old, update))
		}
		return directory.Batch{Changes: append(changes, memberships(old, &want)...)}, nil
	}
}

func ownChange(old *rollcall.User, update rollcall.UserUpdate) rollcall.Change {
	scratch := *old
	before := update.Apply(&scratch)
	return rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: old.Ordinal, Payload: rollcall.Payload{UserUpdate: &update, UserBefore: &before}}
}

// memberships returns the changes that lead from the departments of one to those
// of the other; both lists ascend.
func memberships(old, want *rollcall.User) (changes []rollcall.Change) {
	add := func(kind rollcall.Kind, id rollcall.DeptID, p rollcall.Payload) {
		changes = append(changes, rollcall.Change{Kind: kind, Ordinal: want.Ordinal, DeptID: id, Payload: p})
	}
	for i := range old.Memberships {
		if id := old.Memberships[i].DeptID; want.Membership(id) == nil {
			add(rollcall.MemberRemoved, id, rollcall.Payload{})
		}
	}
	for i := range want.Memberships {
		m := want.Memberships[i]
		was := old.Membership(m.DeptID)
		if was == nil {
			add(rollcall.MemberAdded, m.DeptID, rollcall.Payload{Member: &m})
			continue
		}
		if update, changed := rollcall.DiffMembership(was, &m); changed {
			scratch := *was
			before := update.Apply(&scratch)
			add(rollcall.MemberUpdated, m.DeptID, rollcall.Payload{MemberUpdate: &update, MemberBefore: &before})
		}
	}
	return changes
}

// present returns somebody who belongs to the organization.
func present(s *directory.State, param, userid string) (*rollcall.User, error) {
	u, ok := s.UserByID(userid)
	if !ok || !u.Present() {
		return nil, refuse(rollcall.KindNotFound, param, fmt.Sprintf("nobody has the userid %q", userid))
	}
	return u, nil
}

// freeUserID makes a userid up. It begins with a letter, so that spreadsheets do
// not take it for a number and round it.
func freeUserID(s *directory.State) string {
	for {
		id := "u" + strings.ToLower(rand.Text()[:15])
		if _, taken := s.UserByID(id); !taken {
			return id
		}
	}
}

// put gives the values to a person. now is when new memberships begin.
func (v *UserValues) put(s *directory.State, u *rollcall.User, now rollcall.Instant) error {
	if err := v.putOwn(u); err != nil {
		return err
	}
	if err := v.putContacts(u); err != nil {
		return err
	}
	if err := v.putAdmin(s, u); err != nil {
		return err
	}
	if err := v.putManager(s, u); err != nil {
		return err
	}
	if err := v.putDepts(s, u, now); err != nil {
		return err
	}
	return u.Validate()
}

func (v *UserValues) putOwn(u *rollcall.User) error {
	give(v.Name, &u.Name)
	give(v.NameEN, &u.NameEN)
	give(v.Title, &u.Title)
	give(v.WorkPlace, &u.WorkPlace)
	give(v.Remark, &u.Remark)
	give(v.Avatar, &u.Avatar)
	give(v.Gender, &u.Gender)
	give(v.OrgEmailType, &u.OrgEmailType)
	give(v.UnionID, &u.UnionID)
	give(v.LoginID, &u.LoginID)
	give(v.ExclusiveType, &u.ExclusiveType)
	give(v.Exclusive, &u.Exclusive)
	give(v.HiredDate, &u.HiredDate)
	give(v.Active, &u.Active)
	give(v.AccessLimited, &u.AccessLimited)
	give(v.HideMobile, &u.HideMobile)
	give(v.Senior, &u.Senior)
	give(v.Boss, &u.Boss)
	if v.JobNumber != nil {
		if utf8.RuneCountInString(*v.JobNumber) > MaxJobNumber {
			return rollcall.Invalid("job_number", "it has more than %d characters", MaxJobNumber)
		}
		u.JobNumber = *v.JobNumber
	}
	if v.Extension != nil {
		before := ""
		if v.AppendExtension {
			before = u.Extension
		}
		extension, err := joinObjects(before, *v.Extension)
		if err != nil {
			return rollcall.Invalid("extension", "it is not a JSON object")
		}
		u.Extension = extension
	}
	return nil
}

// putContacts gives the values by which people are reached.
func (v *UserValues) putContacts(u *rollcall.User) error {
	if v.Mobile != nil {
		u.Mobile = ""
		if *v.Mobile != "" {
			mobile, err := Mobile(*v.Mobile)
			if err != nil {
				return err
			}
			u.Mobile = mobile
		}
	}
	give(v.Telephone, &u.Telephone)
	for _, x := range []struct {
		param string
		given *string
		most  int
		to    *string
	}{
		{"email", v.Email, MaxEmail, &u.Email},
		{"org_email", v.OrgEmail, 100, &u.OrgEmail},
	} {
		if x.given == nil {
			continue
		}
		if n := utf8.RuneCountInString(*x.given); n > x.most {
			return rollcall.Invalid(x.param, "it has %d characters; %d are allowed", n, x.most)
		}
		if at := strings.LastIndexByte(*x.given, '@'); *x.given != "" && (at < 1 || at == len(*x.given)-1 || strings.ContainsAny(*x.given, " \t\r\n")) {
			return rollcall.Invalid(x.param, "%q is no e-mail address", *x.given)
		}
		*x.to = *x.given
	}
	return nil
}

func (v *UserValues) putAdmin(s *directory.State, u *rollcall.User) error {
	give(v.Admin, &u.Admin)
	if v.AdminDepts != nil {
		u.AdminDepts = nil
		for _, id := range v.AdminDepts {
			if _, ok := s.Dept(id); !ok {
				return noDept("admin_depts", id)
			}
			if !slices.Contains(u.AdminDepts, id) {
				u.AdminDepts = append(u.AdminDepts, id)
			}
		}
	}
	if v.Admin != nil && u.Admin != rollcall.SubAdmin {
		if len(v.AdminDepts) > 0 {
			return rollcall.Invalid("admin_depts", "only an administrator who is not the main one has departments")
		}
		u.AdminDepts = nil
	}
	if len(u.AdminDepts) > 0 && u.Admin != rollcall.SubAdmin {
		return rollcall.Invalid("admin_depts", "the person is no administrator of departments")
	}
	return nil
}

func (v *UserValues) putManager(s *directory.State, u *rollcall.User) error {
	switch {
	case v.Manager == nil:
		return nil
	case *v.Manager == "":
		u.Manager = nil
		return nil
	case *v.Manager == u.UserID:
		return rollcall.Invalid("manager_userid", "nobody reports to themselves")
	}
	m, err := present(s, "manager_userid", *v.Manager)
	if err != nil {
		return err
	}
	// An import may have left others in a circle.
	seen := map[rollcall.Ordinal]bool{}
	for up := m; up.Manager != nil && !seen[up.Ordinal]; up = s.User(*up.Manager) {
		if *up.Manager == u.Ordinal {
			return refuse(rollcall.KindConflict, "manager_userid", fmt.Sprintf("%q reports to %q", *v.Manager, u.UserID))
		}
		seen[up.Ordinal] = true
	}
	manager := m.Ordinal
	u.Manager = &manager
	return nil
}

// putDepts gives the departments, and the values in them.
func (v *UserValues) putDepts(s *directory.State, u *rollcall.User, now rollcall.Instant) error {
	if v.Depts != nil {
		members := make([]rollcall.Membership, 0, len(v.Depts))
		for _, id := range slices.Compact(slices.Sorted(slices.Values(v.Depts))) {
			if _, ok := s.Dept(id); !ok {
				return noDept("dept_id_list", id)
			}
			m := rollcall.Membership{DeptID: id, Entered: now, Modified: now}
			if was := u.Membership(id); was != nil {
				m = *was
			}
			members = append(members, m)
		}
		u.Memberships = members
	}
	if v.Leads != nil {
		for i := range u.Memberships {
			u.Memberships[i].Leader = slices.Contains(v.Leads, u.Memberships[i].DeptID)
		}
		for _, id := range v.Leads {
			if u.Membership(id) == nil {
				return notIn("leader_in_dept", id)
			}
		}
	}
	for i := range v.Places {
		if err := v.Places[i].put(u); err != nil {
			return err
		}
	}
	return nil
}

func notIn(param string, id rollcall.DeptID) error {
	return refuse(rollcall.KindNotFound, param, fmt.Sprintf("the person is not in department %d", id))
}

func (p *Place) put(u *rollcall.User) error {
	m := u.Membership(p.DeptID)
	if m == nil {
		return notIn(p.Param, p.DeptID)
	}
	if p.Order != nil {
		if *p.Order < 0 {
			return rollcall.Invalid(p.Param, "an order of %d is less than 0", *p.Order)
		}
		m.Order, m.Ordered = *p.Order, *p.Order != 0
	}
	give(p.Title, &m.Title)
	give(p.WorkPlace, &m.WorkPlace)
	if p.Main != nil {
		for i := range u.Memberships {
			u.Memberships[i].Main = u.Memberships[i].Main && !*p.Main
		}
		m.Main = *p.Main
	}
	alone := rollcall.User{UserID: "x", Name: "x", Memberships: []rollcall.Membership{*m}}
	if err := alone.Validate(); err != nil {
		return &rollcall.Error{Kind: rollcall.KindInvalid, Param: p.Param, Detail: "a value in a department is not allowed", Err: err}
	}
	return nil
}
