package storetest

import (
	"fmt"
	"net/netip"
	"slices"

	"rollcall"
)

// later is when the changes of kindCases happen.
const later = day + 5000

// A kindCase says what one change does to the state. It starts from what
// populate makes.
type kindCase struct {
	name   string
	before []rollcall.Change // in a transaction of its own
	change rollcall.Change
	after  func(*state)
}

func kindCases(corpID string) []kindCase {
	settings := rollcall.Settings{ErrmsgLanguage: rollcall.Chinese, Timezone: "UTC", ClosingHour: 23, RetentionDays: 0, Subdepartments: true, Sandbox: true}
	owner := rollcall.Ordinal(1)
	options := rollcall.DeptOptions{
		Hidden: true, PermitDepts: []rollcall.DeptID{2}, PermitUsers: []rollcall.Ordinal{0, 1}, Outer: true, OuterSelf: true,
		OuterDepts: []rollcall.DeptID{3}, OuterUsers: []rollcall.Ordinal{1}, CreateGroup: true, AutoAddUser: true, AutoApprove: true,
		GroupSub: true, GroupOuter: true, GroupHidden: true, GroupOwner: &owner, Code: "c", Telephone: "t", Extension: "{}",
	}
	fullDept := rollcall.Dept{
		ID: 7, ParentID: 3, Name: "Seven", NameEN: "Seven EN", Order: -12, SourceIdentifier: "hr-7", Brief: "brief",
		Since: rollcall.Beginning, CreatedAt: later, ModifiedAt: later, Options: &options,
	}
	fullUser := rollcall.User{
		Ordinal: 2, UserID: "cid", Name: "Cid", NameEN: "Cid EN", Active: true, AccessLimited: true,
		Mobile: "+86 138", Email: "cid@example.com", Title: "Dr.", JobNumber: "007", HiredDate: 99, Extension: `{"a":"b"}`,
		Stay: rollcall.Stay{From: rollcall.Beginning, To: rollcall.Open}, CreatedAt: later, ModifiedAt: later,
	}
	fullMember := rollcall.Membership{
		DeptID: 3, Order: -3, Ordered: true, Leader: true, Title: "Head", Main: true, WorkPlace: "Hall", Entered: day - 10, Modified: later,
	}
	fullApp := rollcall.App{
		Appkey: "new." + corpID, Name: "New", Type: rollcall.ThirdParty,
		Permissions: []rollcall.Permission{rollcall.PermMember, rollcall.PermBase}, ScopeDepts: []rollcall.DeptID{3, 2},
		ScopeUsers: []string{"bob", "王"}, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("10.0.0.1/32")},
		Rate: 40, TicketGeneration: 2, AnyTicket: true,
		SecretHash: "abcdef", SecretSealed: "sealed", SecretGeneration: 4, CreatedAt: later,
	}
	otherApp := fullApp
	otherApp.Appkey = "key." + corpID
	without3 := []rollcall.Change{
		memberChange(rollcall.MemberRemoved, day+100, 1, 3, rollcall.Payload{}),
		deptChange(rollcall.DeptDeleted, day+200, 3, rollcall.Payload{}),
	}
	head := rollcall.RoleGroup{ID: 101, Name: "Offices"}
	role := rollcall.Role{ID: 102, GroupID: 101, Name: "Head"}
	made := []rollcall.Change{
		change(rollcall.RoleGroupCreated, day+10, rollcall.Payload{Group: &head}),
		change(rollcall.RoleCreated, day+20, rollcall.Payload{Role: &role}),
	}
	given := userChange(rollcall.RoleGiven, day+30, 1, rollcall.Payload{Role: &rollcall.Role{ID: 102}})
	other := rollcall.RoleGroup{ID: 103, Name: "Others"}
	annGone := []rollcall.Change{
		memberChange(rollcall.MemberRemoved, day+100, 0, 2, rollcall.Payload{}),
		userChange(rollcall.UserLeft, day+200, 0, rollcall.Payload{}),
	}
	manager := rollcall.Ordinal(0)
	details := rollcall.Details{
		UnionID: "u", Telephone: "t", OrgEmail: "o@", OrgEmailType: "ot", WorkPlace: "w", Remark: "r\n", Avatar: "a", Gender: "g",
		LoginID: "l", ExclusiveType: "sso", Exclusive: true, HideMobile: true, Senior: true, Boss: true,
		Admin: 2, AdminDepts: []rollcall.DeptID{2, 3}, Manager: &manager,
	}
	fullUser.Details = details
	back := fullUser
	back.Ordinal, back.UserID = 0, "ann"

	return []kindCase{
		{"corp_name", nil, change(rollcall.CorpUpdated, later, rollcall.Payload{Corp: &rollcall.CorpUpdate{Name: ptr("New")}}), func(s *state) {
			s.Corp.Name = "New"
		}},
		{"corp_settings", nil, change(rollcall.CorpUpdated, later, rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &settings}}), func(s *state) {
			s.Corp.Settings = settings
		}},
		{"corp_eras", nil, change(rollcall.CorpUpdated, later, rollcall.Payload{Corp: &rollcall.CorpUpdate{
			Eras: &[]rollcall.Era{{Until: 20260801, Timezone: "UTC", ClosingHour: 3}},
		}}), func(s *state) {
			s.Corp.Eras = []rollcall.Era{{Until: 20260801, Timezone: "UTC", ClosingHour: 3}}
		}},

		{"dept_new", nil, deptChange(rollcall.DeptCreated, later, 7, rollcall.Payload{Dept: &fullDept}), func(s *state) {
			s.Depts = append(s.Depts, deptState{fullDept, rollcall.Open})
		}},
		{"dept_revived", without3, createDept(later, 3, 1, "Three again"), func(s *state) {
			s.dept(3).Dept = *createDept(later, 3, 1, "Three again").Dept
			s.dept(3).Ended = rollcall.Open
			s.EndedParents = append(s.EndedParents, endedParent{3, 2, rollcall.Stay{From: day, To: day + 200}})
		}},
		{"dept_all_but_parent", nil, deptChange(rollcall.DeptUpdated, later, 3, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{
			Name: ptr("N"), NameEN: ptr("E"), Order: ptr(int64(5)), SourceIdentifier: ptr("S"), Brief: ptr("B"),
			Options: &options,
		}}), func(s *state) {
			d := s.dept(3)
			d.Options = &options
			d.Name, d.NameEN, d.Order, d.SourceIdentifier, d.Brief, d.ModifiedAt = "N", "E", 5, "S", "B", later
		}},
		{"dept_name_only", nil, deptChange(rollcall.DeptUpdated, later, 1, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{Name: ptr("Root")}}), func(s *state) {
			s.dept(1).Name, s.dept(1).ModifiedAt = "Root", later
		}},
		{"dept_moved", nil, deptChange(rollcall.DeptUpdated, later, 3, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}), func(s *state) {
			d := s.dept(3)
			d.ParentID, d.Since, d.ModifiedAt = 1, later, later
			s.EndedParents = append(s.EndedParents, endedParent{3, 2, rollcall.Stay{From: day, To: later}})
		}},
		{"dept_deleted", without3[:1], deptChange(rollcall.DeptDeleted, later, 3, rollcall.Payload{}), func(s *state) {
			s.dept(3).Ended, s.dept(3).ModifiedAt = later, later
		}},

		{"user_new", nil, userChange(rollcall.UserJoined, later, 2, rollcall.Payload{User: &fullUser}), func(s *state) {
			s.Users = append(s.Users, fullUser)
		}},
		{"user_back", annGone, userChange(rollcall.UserJoined, later, 0, rollcall.Payload{User: &back}), func(s *state) {
			u := back
			u.CreatedAt = day
			s.Users[0] = u
			s.EndedStays = append(s.EndedStays, endedStay{0, rollcall.Stay{From: day, To: day + 200}})
		}},
		{"user_everything", nil, userChange(rollcall.UserUpdated, later, 0, rollcall.Payload{UserUpdate: &rollcall.UserUpdate{
			Name: ptr("N"), NameEN: ptr("E"), Active: ptr(true), AccessLimited: ptr(true), Mobile: ptr("M"), Email: ptr("@"),
			Title: ptr("T"), JobNumber: ptr("J"), HiredDate: ptr(day), Extension: ptr("{}"), Joined: ptr(rollcall.Beginning),
			Details: &details,
		}}), func(s *state) {
			u := s.Users[0]
			s.Users[0] = rollcall.User{
				UserID: "ann", Name: "N", NameEN: "E", Active: true, AccessLimited: true, Mobile: "M", Email: "@",
				Title: "T", JobNumber: "J", HiredDate: day, Extension: "{}", Details: details,
				Stay: rollcall.Stay{From: rollcall.Beginning, To: rollcall.Open}, CreatedAt: day, ModifiedAt: later,
				Memberships: u.Memberships,
			}
		}},
		{"user_one_thing", nil, userChange(rollcall.UserUpdated, later, 1, rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("")}}), func(s *state) {
			s.Users[1].Name, s.Users[1].ModifiedAt = "", later
		}},
		{"user_active", nil, userChange(rollcall.UserActivated, later, 1, rollcall.Payload{}), func(s *state) {
			s.Users[1].Active, s.Users[1].ModifiedAt = true, later
		}},
		{"user_gone", annGone[:1], userChange(rollcall.UserLeft, later, 0, rollcall.Payload{}), func(s *state) {
			s.Users[0].Stay.To, s.Users[0].ModifiedAt = later, later
		}},

		{"member_new", nil, memberChange(rollcall.MemberAdded, later, 0, 3, rollcall.Payload{Member: &fullMember}), func(s *state) {
			s.Users[0].Memberships = append(s.Users[0].Memberships, fullMember)
		}},
		{"member_everything", nil, memberChange(rollcall.MemberUpdated, later, 1, 2, rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{
			Order: ptr(int64(9)), Ordered: ptr(true), Leader: ptr(true), Title: ptr("T"), Entered: ptr(rollcall.Beginning),
			Main: ptr(true), WorkPlace: ptr("W"),
		}}), func(s *state) {
			s.Users[1].Memberships[0] = rollcall.Membership{
				DeptID: 2, Order: 9, Ordered: true, Leader: true, Title: "T", Main: true, WorkPlace: "W", Modified: later,
			}
		}},
		{"member_one_thing", nil, memberChange(rollcall.MemberUpdated, later, 1, 3, rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{Order: ptr(int64(9))}}), func(s *state) {
			m := &s.Users[1].Memberships[1]
			m.Order, m.Modified = 9, later // kept although it does not count yet
		}},
		{"member_gone", nil, memberChange(rollcall.MemberRemoved, later, 1, 2, rollcall.Payload{}), func(s *state) {
			s.Users[1].Memberships = s.Users[1].Memberships[1:]
			s.EndedMemberships = append(s.EndedMemberships, endedMembership{1, 2, rollcall.Stay{From: day, To: later}})
		}},
		{"member_gone_at_once", nil, memberChange(rollcall.MemberRemoved, day, 1, 2, rollcall.Payload{}), func(s *state) {
			s.Users[1].Memberships = s.Users[1].Memberships[1:]
			s.EndedMemberships = append(s.EndedMemberships, endedMembership{1, 2, rollcall.Stay{From: day, To: day}})
		}},

		{
			"user_erased", append(slices.Clone(annGone), userChange(rollcall.UserJoined, day+300, 2, rollcall.Payload{User: &fullUser})),
			userChange(rollcall.UserErased, later, 0, rollcall.Payload{User: &rollcall.User{UserID: "gone-0"}}), func(s *state) {
				u := s.Users[0]
				s.Users[0] = rollcall.User{
					UserID: "gone-0", Active: u.Active, Stay: u.Stay, CreatedAt: u.CreatedAt, ModifiedAt: later,
				}
			},
		},

		{
			"user_erased_from_scopes", append(slices.Clone(annGone), change(rollcall.AppUpdated, day+300, rollcall.Payload{App: &rollcall.App{
				Appkey: "key." + corpID, Name: "App", Permissions: []rollcall.Permission{rollcall.PermBase}, ScopeUsers: []string{"bob", "ann", "anna"},
			}})),
			userChange(rollcall.UserErased, later, 0, rollcall.Payload{User: &rollcall.User{UserID: "gone-0"}}), func(s *state) {
				u := s.Users[0]
				s.Users[0] = rollcall.User{
					UserID: "gone-0", Active: u.Active, Stay: u.Stay, CreatedAt: u.CreatedAt, ModifiedAt: later,
				}
				s.Apps[0].ScopeUsers = []string{"bob", "gone-0", "anna"}
			},
		},

		{"group_new", nil, made[0], func(s *state) { s.Groups = append(s.Groups, groupState{head, false}) }},
		{"group_renamed", made, change(rollcall.RoleGroupUpdated, later, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "N"}}), func(s *state) {
			s.Groups[0].Name = "N"
		}},
		{"group_gone", made[:1], change(rollcall.RoleGroupDeleted, later, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101}}), func(s *state) {
			s.Groups[0].Deleted = true
		}},
		{"role_new", made[:1], made[1], func(s *state) { s.Roles = append(s.Roles, roleState{role, false}) }},
		{
			"role_moved", append(slices.Clone(made), change(rollcall.RoleGroupCreated, day, rollcall.Payload{Group: &other})),
			change(rollcall.RoleUpdated, later, rollcall.Payload{Role: &rollcall.Role{ID: 102, GroupID: 103, Name: "N"}}), func(s *state) {
				s.Roles[0].Role = rollcall.Role{ID: 102, GroupID: 103, Name: "N"}
			},
		},
		{"role_gone", made, change(rollcall.RoleDeleted, later, rollcall.Payload{Role: &rollcall.Role{ID: 102}}), func(s *state) {
			s.Roles[0].Deleted = true
		}},
		{"role_given", made, given, func(s *state) { s.Users[1].Roles = []rollcall.RoleID{102} }},
		{"role_taken", append(slices.Clone(made), given), userChange(rollcall.RoleTaken, later, 1, rollcall.Payload{Role: &rollcall.Role{ID: 102}}), func(s *state) {
			s.Users[1].Roles = nil
		}},

		{"app_new", nil, change(rollcall.AppCreated, later, rollcall.Payload{App: &fullApp}), func(s *state) {
			s.Apps = append(s.Apps, fullApp)
		}},
		{"app_everything", nil, change(rollcall.AppUpdated, later, rollcall.Payload{App: &otherApp, AppBefore: &fullApp}), func(s *state) {
			a, was := otherApp, s.Apps[0]
			a.Type, a.CreatedAt, a.SecretHash, a.SecretSealed, a.SecretGeneration = was.Type, was.CreatedAt, was.SecretHash, "", was.SecretGeneration
			s.Apps[0] = a
		}},
		{
			"app_nothing_left",
			[]rollcall.Change{change(rollcall.AppUpdated, day+100, rollcall.Payload{App: &otherApp})},
			change(rollcall.AppUpdated, later, rollcall.Payload{App: &rollcall.App{Appkey: otherApp.Appkey, Name: "bare"}}),
			func(s *state) {
				was := s.Apps[0]
				s.Apps[0] = rollcall.App{
					Appkey: was.Appkey, Name: "bare", Type: was.Type, CreatedAt: was.CreatedAt,
					SecretHash: was.SecretHash, SecretGeneration: was.SecretGeneration,
				}
			},
		},
		{"app_secret", nil, change(rollcall.AppSecretReset, later, rollcall.Payload{App: &rollcall.App{
			Appkey: "key." + corpID, Name: "ignored", Rate: 9, SecretHash: "new", SecretSealed: "box", SecretGeneration: 2,
		}}), func(s *state) {
			s.Apps[0].SecretHash, s.Apps[0].SecretSealed, s.Apps[0].SecretGeneration = "new", "box", 2
		}},
		{"app_gone", nil, change(rollcall.AppDeleted, later, rollcall.Payload{App: &rollcall.App{Appkey: "key." + corpID}}), func(s *state) {
			s.Apps = nil
		}},
	}
}

func (s *state) dept(id rollcall.DeptID) *deptState {
	return &s.Depts[slices.IndexFunc(s.Depts, func(d deptState) bool { return d.ID == id })]
}

func everyKind(f *fixture) {
	untried := rollcall.Kinds()
	for i := range kindCases("") {
		corpID := fmt.Sprintf("corp-%d", i)
		c := kindCases(corpID)[i]
		untried = slices.DeleteFunc(untried, func(k rollcall.Kind) bool { return k == c.change.Kind })
		f.populate(corpID)
		if len(c.before) > 0 {
			f.commit(corpID, c.before...)
		}
		want := f.load(corpID)
		head := f.commit(corpID, c.change)

		c.after(want)
		want.sort()
		want.Head.Version++
		f.equal(c.name+": the state", want, f.load(corpID))
		f.equal(c.name+": the head", want.Head, head)

		logged := c.change
		logged.Version = head.Version
		f.equal(c.name+": the log", []rollcall.Change{logged}, f.changes(corpID, head.Version-1))
	}
	if len(untried) > 0 {
		f.Errorf("no case tries %q", untried)
	}
}

// refusedChanges tries what has nothing to act on: it must fail, and the
// transaction with it.
func refusedChanges(f *fixture) {
	f.populate("acme")
	f.commit("acme", join(day, 2, "cid"), createDept(day, 4, 1, "Gone"))
	f.commit("acme",
		userChange(rollcall.UserLeft, day, 2, rollcall.Payload{}),
		deptChange(rollcall.DeptDeleted, day, 4, rollcall.Payload{}))
	want := f.load("acme")

	var none rollcall.Payload
	newName := rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{Name: ptr("x")}}
	newParent := func(d rollcall.DeptID) rollcall.Payload {
		return rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: &d}}
	}
	newUser := rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("x")}}
	newMember := rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{Leader: ptr(true)}}
	group := rollcall.Payload{Group: &rollcall.RoleGroup{ID: 99, Name: "x"}}
	role := rollcall.Payload{Role: &rollcall.Role{ID: 99, GroupID: 99, Name: "x"}}
	app := rollcall.Payload{App: &rollcall.App{Appkey: "nobody's", SecretHash: "x", SecretGeneration: 2}}
	carrying := join(later, 3, "dan")
	carrying.User.Memberships = []rollcall.Membership{{DeptID: 2}}

	refused := map[string]rollcall.Change{
		"update of an unknown department":  deptChange(rollcall.DeptUpdated, later, 99, newName),
		"update of a deleted department":   deptChange(rollcall.DeptUpdated, later, 4, newName),
		"move of an unknown department":    deptChange(rollcall.DeptUpdated, later, 99, newParent(1)),
		"move below an unknown department": deptChange(rollcall.DeptUpdated, later, 3, newParent(99)),
		"move below a deleted department":  deptChange(rollcall.DeptUpdated, later, 3, newParent(4)),
		"department below an unknown one":  createDept(later, 5, 99, "x"),
		"department below a deleted one":   createDept(later, 5, 4, "x"),
		"revival below an unknown one":     createDept(later, 4, 99, "x"),
		"deletion of an unknown one":       deptChange(rollcall.DeptDeleted, later, 99, none),
		"deletion of a deleted one":        deptChange(rollcall.DeptDeleted, later, 4, none),
		"join with memberships":            carrying,
		"update of an unknown person":      userChange(rollcall.UserUpdated, later, 99, newUser),
		"activation of an unknown person":  userChange(rollcall.UserActivated, later, 99, none),
		"leaving of an unknown person":     userChange(rollcall.UserLeft, later, 99, none),
		"leaving of one who left":          userChange(rollcall.UserLeft, later, 2, none),
		"leaving with memberships":         userChange(rollcall.UserLeft, later, 1, none),
		"membership of an unknown person":  enter(later, 99, 2),
		"membership of one who left":       enter(later, 2, 2),
		"membership in an unknown one":     enter(later, 0, 99),
		"membership in a deleted one":      enter(later, 0, 4),
		"update of no membership":          memberChange(rollcall.MemberUpdated, later, 0, 3, newMember),
		"removal of no membership":         memberChange(rollcall.MemberRemoved, later, 0, 3, none),
		"erasing of one who is there":      userChange(rollcall.UserErased, later, 1, rollcall.Payload{User: &rollcall.User{UserID: "x"}}),
		"erasing of an unknown person":     userChange(rollcall.UserErased, later, 99, rollcall.Payload{User: &rollcall.User{UserID: "x"}}),
		"update of an unknown group":       change(rollcall.RoleGroupUpdated, later, group),
		"deletion of an unknown group":     change(rollcall.RoleGroupDeleted, later, group),
		"role in an unknown group":         change(rollcall.RoleCreated, later, role),
		"update of an unknown role":        change(rollcall.RoleUpdated, later, role),
		"deletion of an unknown role":      change(rollcall.RoleDeleted, later, role),
		"giving of an unknown role":        userChange(rollcall.RoleGiven, later, 0, role),
		"taking of an unknown role":        userChange(rollcall.RoleTaken, later, 0, role),
		"update of an unknown app":         change(rollcall.AppUpdated, later, app),
		"secret of an unknown app":         change(rollcall.AppSecretReset, later, app),
		"deletion of an unknown app":       change(rollcall.AppDeleted, later, app),
		"unknown kind":                     change("party", later, none),
	}
	for _, k := range rollcall.Kinds() {
		switch k {
		case rollcall.DeptDeleted, rollcall.UserActivated, rollcall.UserLeft, rollcall.MemberRemoved:
			continue // need no value
		}
		refused[fmt.Sprintf("%s without its value", k)] = memberChange(k, later, 1, 2, none)
	}
	for name, c := range refused {
		tx := f.begin("acme")
		if err := tx.Append([]rollcall.Change{createDept(later, 50, 1, "first"), c}); err == nil {
			f.Errorf("%s: no error", name)
		}
		if err := tx.Append([]rollcall.Change{createDept(later, 51, 1, "after")}); err == nil {
			f.Errorf("%s: the transaction went on", name)
		}
		if _, err := tx.Commit("x"); err == nil {
			f.Errorf("%s: the transaction was committed", name)
		}
		f.equal(name, want, f.load("acme"))
	}
	f.commit("acme", createDept(later, 50, 1, "the store goes on"))
}

func conflicts(f *fixture) {
	f.populate("acme")
	f.populate("other")
	for name, c := range map[string]rollcall.Change{
		"a department that is there":    createDept(later, 3, 1, "x"),
		"the root":                      createDept(later, 1, 0, "x"),
		"a person who is there":         join(later, 0, "ann"),
		"a userid of somebody else":     join(later, 2, "ann"),
		"an ordinal of somebody else":   join(later, 1, "cid"),
		"a membership that is there":    enter(later, 1, 3),
		"an appkey that is taken":       createApp(later, "key.acme"),
		"an appkey of another one's":    createApp(later, "key.other"),
		"the userid of one, other case": join(later, 0, "Ann"),
	} {
		tx := f.begin("acme")
		if err := tx.Append([]rollcall.Change{c}); rollcall.KindOf(err) != rollcall.KindConflict {
			f.Errorf("%s: error %v is of kind %d, not KindConflict", name, err, rollcall.KindOf(err))
		}
		tx.Rollback()
	}
	f.equal("the head", uint64(1), f.load("acme").Head.Version)
}
