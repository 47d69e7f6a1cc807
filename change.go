package rollcall

import "slices"

// Kind is what sort of change a [Change] is. Its value is stored in the change
// log and must never be given another meaning.
type Kind string

// The closed set of what can happen to an organization. The table says which
// fields of [Change] each kind uses.
const (
	CorpUpdated   Kind = "corp_update"   // Corp
	DeptCreated   Kind = "dept_create"   // DeptID, Dept
	DeptUpdated   Kind = "dept_update"   // DeptID, DeptUpdate, DeptBefore
	DeptDeleted   Kind = "dept_delete"   // DeptID; it has no members and no children left
	UserJoined    Kind = "user_join"     // Ordinal, User without memberships; a known ordinal comes back
	UserUpdated   Kind = "user_update"   // Ordinal, UserUpdate, UserBefore
	UserActivated Kind = "user_activate" // Ordinal
	UserLeft      Kind = "user_leave"    // Ordinal; memberships and roles are removed by changes of their own before
	MemberAdded   Kind = "member_add"    // Ordinal, DeptID, Member
	MemberUpdated Kind = "member_update" // Ordinal, DeptID, MemberUpdate, MemberBefore
	MemberRemoved Kind = "member_remove" // Ordinal, DeptID
	UserErased    Kind = "user_erase"    // Ordinal, User with its new UserID only; the values are gone from the log too

	RoleGroupCreated Kind = "role_group_create" // Group
	RoleGroupUpdated Kind = "role_group_update" // Group
	RoleGroupDeleted Kind = "role_group_delete" // Group with its ID only; it has no roles left
	RoleCreated      Kind = "role_create"       // Role
	RoleUpdated      Kind = "role_update"       // Role
	RoleDeleted      Kind = "role_delete"       // Role with its ID only; nobody holds it any more
	RoleGiven        Kind = "role_give"         // Ordinal, Role with its ID only
	RoleTaken        Kind = "role_take"         // Ordinal, Role with its ID only

	AppCreated     Kind = "app_create" // App
	AppUpdated     Kind = "app_update" // App, of which the secret does not count; AppBefore
	AppSecretReset Kind = "app_secret" // App
	AppDeleted     Kind = "app_delete" // App with its Appkey only
)

// Kinds lists every kind of change.
func Kinds() []Kind {
	return []Kind{
		CorpUpdated, DeptCreated, DeptUpdated, DeptDeleted, UserJoined, UserUpdated, UserActivated,
		UserLeft, MemberAdded, MemberUpdated, MemberRemoved, UserErased, RoleGroupCreated, RoleGroupUpdated,
		RoleGroupDeleted, RoleCreated, RoleUpdated, RoleDeleted, RoleGiven, RoleTaken, AppCreated, AppUpdated, AppSecretReset, AppDeleted,
	}
}

// Subject is what a kind of change is about.
type Subject uint8

// The subjects.
const (
	AboutCorp Subject = iota // the organization, its roles as such, its apps
	AboutDept
	AboutUser // also a membership of the person, and a role that the person holds
)

// About returns what a kind of change is about.
func (k Kind) About() Subject {
	switch k {
	case DeptCreated, DeptUpdated, DeptDeleted:
		return AboutDept
	case UserJoined, UserUpdated, UserActivated, UserLeft, UserErased, MemberAdded, MemberUpdated, MemberRemoved, RoleGiven, RoleTaken:
		return AboutUser
	}
	return AboutCorp
}

// Change is one thing that happened to an organization. All changes of one
// transaction share a version and are applied in the order of their list.
type Change struct {
	Version uint64  `json:"-"`
	Kind    Kind    `json:"-"`
	At      Instant `json:"-"` // when it was committed
	By      string  `json:"-"` // who: "import", "cli", later an appkey
	Ordinal Ordinal `json:"-"`
	DeptID  DeptID  `json:"-"`
	Payload
}

// Payload holds the values of a change, apart from what it is about. The Before
// fields hold what the update replaced.
type Payload struct {
	Corp         *CorpUpdate       `json:"corp,omitempty"`
	Dept         *Dept             `json:"dept,omitempty"`
	DeptUpdate   *DeptUpdate       `json:"dept_update,omitempty"`
	DeptBefore   *DeptUpdate       `json:"dept_before,omitempty"`
	User         *User             `json:"user,omitempty"`
	UserUpdate   *UserUpdate       `json:"user_update,omitempty"`
	UserBefore   *UserUpdate       `json:"user_before,omitempty"`
	Member       *Membership       `json:"member,omitempty"`
	MemberUpdate *MembershipUpdate `json:"member_update,omitempty"`
	MemberBefore *MembershipUpdate `json:"member_before,omitempty"`
	Role         *Role             `json:"role,omitempty"`
	Group        *RoleGroup        `json:"role_group,omitempty"`
	App          *App              `json:"app,omitempty"`
	AppBefore    *App              `json:"app_before,omitempty"`
}

// Erase takes away what a payload tells of a person's own values, and puts
// another userid in the place of the person's. What the payload says about
// belonging stays, and so do the values that it points to: they may be shared.
func (p *Payload) Erase(userid string) {
	if u := p.User; u != nil {
		p.User = &User{
			Ordinal: u.Ordinal, UserID: userid, Active: u.Active, Stay: u.Stay,
			CreatedAt: u.CreatedAt, ModifiedAt: u.ModifiedAt,
		}
	}
	p.UserUpdate, p.UserBefore = p.UserUpdate.erased(), p.UserBefore.erased()
	if m := p.Member; m != nil {
		c := *m
		c.Title, c.WorkPlace = "", ""
		p.Member = &c
	}
	p.MemberUpdate, p.MemberBefore = p.MemberUpdate.erased(), p.MemberBefore.erased()
}

// erased returns a copy that changes as many values, to nothing.
func (p *UserUpdate) erased() *UserUpdate {
	if p == nil {
		return nil
	}
	u := *p
	for _, text := range []**string{&u.Name, &u.NameEN, &u.Mobile, &u.Email, &u.Title, &u.JobNumber, &u.Extension} {
		blank(text)
	}
	blank(&u.HiredDate)
	blank(&u.Details)
	blank(&u.AccessLimited)
	return &u
}

// erased returns a copy that changes as many values, the texts to nothing.
func (p *MembershipUpdate) erased() *MembershipUpdate {
	if p == nil {
		return nil
	}
	m := *p
	blank(&m.Title)
	blank(&m.WorkPlace)
	return &m
}

// RenameInScopes puts another userid in the place of one in the contact scopes of
// apps, which name people by userid. It reports whether there was any.
func (p *Payload) RenameInScopes(from, to string) (renamed bool) {
	for _, a := range []**App{&p.App, &p.AppBefore} {
		if *a != nil && slices.Contains((*a).ScopeUsers, from) {
			c := **a
			c.ScopeUsers = RenameUser(c.ScopeUsers, from, to)
			*a, renamed = &c, true
		}
	}
	return renamed
}

// blank replaces a given value by an empty one.
func blank[T any](p **T) {
	if *p != nil {
		*p = new(T)
	}
}
