package rollcall

// Kind is what sort of change a [Change] is. Its value is stored in the change
// log and must never be given another meaning.
type Kind string

// The closed set of what can happen to an organization. The table says which
// fields of [Change] each kind uses.
const (
	CorpUpdated    Kind = "corp_update"   // Corp
	DeptCreated    Kind = "dept_create"   // DeptID, Dept
	DeptUpdated    Kind = "dept_update"   // DeptID, DeptUpdate, DeptBefore
	DeptDeleted    Kind = "dept_delete"   // DeptID; it has no members and no children left
	UserJoined     Kind = "user_join"     // Ordinal, User without memberships; a known ordinal comes back
	UserUpdated    Kind = "user_update"   // Ordinal, UserUpdate, UserBefore
	UserActivated  Kind = "user_activate" // Ordinal
	UserLeft       Kind = "user_leave"    // Ordinal; its memberships are removed by changes of their own before
	MemberAdded    Kind = "member_add"    // Ordinal, DeptID, Member
	MemberUpdated  Kind = "member_update" // Ordinal, DeptID, MemberUpdate, MemberBefore
	MemberRemoved  Kind = "member_remove" // Ordinal, DeptID
	AppCreated     Kind = "app_create"    // App
	AppUpdated     Kind = "app_update"    // App, of which the secret does not count; AppBefore
	AppSecretReset Kind = "app_secret"    // App
	AppDeleted     Kind = "app_delete"    // App with its Appkey only
)

// Kinds lists every kind of change.
func Kinds() []Kind {
	return []Kind{
		CorpUpdated, DeptCreated, DeptUpdated, DeptDeleted, UserJoined, UserUpdated, UserActivated,
		UserLeft, MemberAdded, MemberUpdated, MemberRemoved, AppCreated, AppUpdated, AppSecretReset, AppDeleted,
	}
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
	App          *App              `json:"app,omitempty"`
	AppBefore    *App              `json:"app_before,omitempty"`
}
