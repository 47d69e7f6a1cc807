package rollcall

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Ordinal is the dense number of a person in the organization, from 0, in the
// order in which people first came in. It is never reused.
type Ordinal uint32

// User is one person of an organization, with the memberships.
type User struct {
	Ordinal Ordinal `json:"ordinal"`
	UserID  string  `json:"userid"`
	Name    string  `json:"name"`
	NameEN  string  `json:"name_en,omitempty"`
	// Active says that the account was used at least once (contract D7).
	Active bool `json:"active,omitempty"`
	// AccessLimited marks a person whose visibility is restricted (contract
	// D9).
	AccessLimited bool   `json:"access_limited,omitempty"`
	Mobile        string `json:"mobile,omitempty"`
	Email         string `json:"email,omitempty"`
	Title         string `json:"title,omitempty"`
	JobNumber     string `json:"job_number,omitempty"`
	// HiredDate is 0 where it is not known.
	HiredDate Instant `json:"hired_date,omitempty"`
	// Extension is a JSON object as text, or empty.
	Extension string `json:"extension,omitempty"`
	Details
	// Roles are the roles that the person holds, ascending.
	Roles []RoleID `json:"roles,omitempty"`
	// Stay is the present belonging to the organization, or the last one.
	Stay       Stay    `json:"stay"`
	CreatedAt  Instant `json:"created_at"`
	ModifiedAt Instant `json:"modified_at"`
	// Memberships are the present ones, by ascending DeptID.
	Memberships []Membership `json:"memberships,omitempty"`
}

// Details are the values of a person that many do not have (contract 5.2). An
// update replaces them whole.
type Details struct {
	// UnionID is set where the person brought one along; see [Unions].
	UnionID      string `json:"unionid,omitempty"`
	Telephone    string `json:"telephone,omitempty"`
	OrgEmail     string `json:"org_email,omitempty"`
	OrgEmailType string `json:"org_email_type,omitempty"`
	WorkPlace    string `json:"work_place,omitempty"`
	Remark       string `json:"remark,omitempty"`
	Avatar       string `json:"avatar,omitempty"`
	Gender       string `json:"gender,omitempty"` // as the contact sheet has it
	// LoginID and ExclusiveType belong to exclusive accounts.
	LoginID       string `json:"login_id,omitempty"`
	ExclusiveType string `json:"exclusive_account_type,omitempty"`
	Exclusive     bool   `json:"exclusive_account,omitempty"`
	HideMobile    bool   `json:"hide_mobile,omitempty"`
	Senior        bool   `json:"senior,omitempty"`
	Boss          bool   `json:"boss,omitempty"`
	// Admin is the sys_level of an administrator (contract 5.1): 1 the main
	// one, 2 others, 0 none.
	Admin uint8 `json:"sys_level,omitempty"`
	// AdminDepts are the departments that an administrator of level 2 manages.
	AdminDepts []DeptID `json:"admin_depts,omitempty"`
	// Manager is whom the person reports to.
	Manager *Ordinal `json:"manager,omitempty"`
}

// The levels of administrators.
const (
	MainAdmin uint8 = 1
	SubAdmin  uint8 = 2
)

// IsZero reports whether none of them is set, as for most people.
func (d *Details) IsZero() bool {
	return d.UnionID == "" && d.Telephone == "" && d.OrgEmail == "" && d.OrgEmailType == "" && d.WorkPlace == "" && d.Remark == "" &&
		d.Avatar == "" && d.Gender == "" && d.LoginID == "" && d.ExclusiveType == "" && !d.Exclusive && !d.HideMobile && !d.Senior &&
		!d.Boss && d.Admin == 0 && d.AdminDepts == nil && d.Manager == nil
}

// Same reports whether two say the same.
func (d *Details) Same(e *Details) bool {
	a, b := *d, *e
	a.AdminDepts, b.AdminDepts, a.Manager, b.Manager = nil, nil, nil, nil
	return reflect.DeepEqual(a, b) && slices.Equal(d.AdminDepts, e.AdminDepts) &&
		(d.Manager == nil) == (e.Manager == nil) && (d.Manager == nil || *d.Manager == *e.Manager)
}

func (d *Details) validate() error {
	for _, t := range []limit{
		{"unionid", d.UnionID, 100},
		{"telephone", d.Telephone, 50},
		{"org_email", d.OrgEmail, 100},
		{"org_email_type", d.OrgEmailType, 32},
		{"work_place", d.WorkPlace, 100},
		{"avatar", d.Avatar, 1024},
		{"gender", d.Gender, 16},
		{"login_id", d.LoginID, 64},
		{"exclusive_account_type", d.ExclusiveType, 32},
	} {
		if err := validText(t.param, t.text, t.most); err != nil {
			return err
		}
	}
	// A remark may have lines.
	if err := validText("remark", lineBreaks.Replace(d.Remark), 2000); err != nil {
		return err
	}
	if d.Admin > SubAdmin {
		return Invalid("sys_level", "%d is none of 0, 1 and 2", d.Admin)
	}
	for _, id := range d.AdminDepts {
		if id < 1 {
			return Invalid("admin_depts", "%d is less than 1", id)
		}
	}
	return nil
}

// lineBreaks is immutable: it takes away what text of several lines may have.
var lineBreaks = strings.NewReplacer("\n", " ", "\r", "", "\t", " ")

// limit is how long a text may be, in characters.
type limit struct {
	param, text string
	most        int
}

// Membership is a person's belonging to one department.
type Membership struct {
	DeptID DeptID `json:"dept_id"`
	// Order is the administrator's order in the department, larger first;
	// it counts only where Ordered is true (contract D8).
	Order   int64 `json:"order,omitempty"`
	Ordered bool  `json:"ordered,omitempty"`
	Leader  bool  `json:"leader,omitempty"`
	// Title is the title in this department, or empty.
	Title string `json:"title,omitempty"`
	// Main marks the person's main department, and WorkPlace is where the
	// person works for it; both are empty for most.
	Main      bool   `json:"is_main,omitempty"`
	WorkPlace string `json:"work_place,omitempty"`
	// Entered is when the person came into the department.
	Entered Instant `json:"entered,omitempty"`
	// Modified is when anything of this membership last changed.
	Modified Instant `json:"modified"`
}

// Present reports whether the person belongs to the organization now.
func (u *User) Present() bool { return u.Stay.To == Open }

// NameIn returns the name to show in a language: the English one where it is
// asked for and set, else the name (contract D8).
func (u *User) NameIn(l Language) string {
	if l == English && u.NameEN != "" {
		return u.NameEN
	}
	return u.Name
}

// Membership returns the membership in a department, or nil.
func (u *User) Membership(id DeptID) *Membership {
	i, ok := slices.BinarySearchFunc(u.Memberships, id, func(m Membership, id DeptID) int { return int(m.DeptID - id) })
	if !ok {
		return nil
	}
	return &u.Memberships[i]
}

// Erased reports whether the person's values were taken away for good: nobody
// else is without a name.
func (u *User) Erased() bool { return u.Name == "" && !u.Present() }

// Validate checks the person's own values; that the departments exist is
// checked where they are known.
func (u *User) Validate() error {
	if err := validText("userid", u.UserID, 64); err != nil {
		return err
	}
	if u.UserID == "" {
		return Invalid("userid", "is empty")
	}
	if err := validName(u.Name); err != nil {
		return err
	}
	for _, t := range []limit{
		{"name_en", u.NameEN, 64},
		{"mobile", u.Mobile, 32},
		{"email", u.Email, 128},
		{"title", u.Title, 200},
		{"job_number", u.JobNumber, 64},
	} {
		if err := validText(t.param, t.text, t.most); err != nil {
			return err
		}
	}
	if err := validObject("extension", u.Extension); err != nil {
		return err
	}
	if err := u.Details.validate(); err != nil {
		return err
	}
	if u.Manager != nil && *u.Manager == u.Ordinal {
		return Invalid("manager_userid", "is the person")
	}
	for i, m := range u.Memberships {
		if m.DeptID < 1 {
			return Invalid("dept_id_list", "%d is less than 1", m.DeptID)
		}
		if i > 0 && u.Memberships[i-1].DeptID >= m.DeptID {
			return Invalid("dept_id_list", "department %d is named twice", m.DeptID)
		}
		if err := validText("title", m.Title, 200); err != nil {
			return err
		}
		if err := validText("work_place", m.WorkPlace, 100); err != nil {
			return err
		}
	}
	return nil
}

// validObject checks a JSON object as text, which may be empty.
func validObject(param, s string) error {
	if s == "" {
		return nil
	}
	const most = 16 << 10
	var object map[string]json.RawMessage
	switch {
	case len(s) > most:
		return Invalid(param, "has %d bytes; %d are allowed", len(s), most)
	case json.Unmarshal([]byte(s), &object) != nil || object == nil:
		return Invalid(param, "is not a JSON object")
	}
	return nil
}

// UserUpdate changes a person's own values; a nil field stays as it is.
type UserUpdate struct {
	Name          *string  `json:"name,omitempty"`
	NameEN        *string  `json:"name_en,omitempty"`
	Active        *bool    `json:"active,omitempty"`
	AccessLimited *bool    `json:"access_limited,omitempty"`
	Mobile        *string  `json:"mobile,omitempty"`
	Email         *string  `json:"email,omitempty"`
	Title         *string  `json:"title,omitempty"`
	JobNumber     *string  `json:"job_number,omitempty"`
	HiredDate     *Instant `json:"hired_date,omitempty"`
	Extension     *string  `json:"extension,omitempty"`
	// Details replaces all of them.
	Details *Details `json:"details,omitempty"`
	// Joined corrects the start of the present stay.
	Joined *Instant `json:"joined,omitempty"`
}

// Apply changes u and returns an update that would undo it. ModifiedAt is left
// to the writer.
func (p UserUpdate) Apply(u *User) (before UserUpdate) {
	before.Name = swap(p.Name, &u.Name)
	before.NameEN = swap(p.NameEN, &u.NameEN)
	before.Active = swap(p.Active, &u.Active)
	before.AccessLimited = swap(p.AccessLimited, &u.AccessLimited)
	before.Mobile = swap(p.Mobile, &u.Mobile)
	before.Email = swap(p.Email, &u.Email)
	before.Title = swap(p.Title, &u.Title)
	before.JobNumber = swap(p.JobNumber, &u.JobNumber)
	before.HiredDate = swap(p.HiredDate, &u.HiredDate)
	before.Extension = swap(p.Extension, &u.Extension)
	before.Details = swap(p.Details, &u.Details)
	before.Joined = swap(p.Joined, &u.Stay.From)
	return before
}

// DiffUser returns what has to be set to make a's own values into b's, and
// whether that is anything. Memberships and the writer's times are not
// compared.
func DiffUser(a, b *User) (p UserUpdate, changed bool) {
	changed = differ(a.Name, b.Name, &p.Name)
	changed = differ(a.NameEN, b.NameEN, &p.NameEN) || changed
	changed = differ(a.Active, b.Active, &p.Active) || changed
	changed = differ(a.AccessLimited, b.AccessLimited, &p.AccessLimited) || changed
	changed = differ(a.Mobile, b.Mobile, &p.Mobile) || changed
	changed = differ(a.Email, b.Email, &p.Email) || changed
	changed = differ(a.Title, b.Title, &p.Title) || changed
	changed = differ(a.JobNumber, b.JobNumber, &p.JobNumber) || changed
	changed = differ(a.HiredDate, b.HiredDate, &p.HiredDate) || changed
	changed = differ(a.Extension, b.Extension, &p.Extension) || changed
	if !a.Details.Same(&b.Details) {
		c := b.Details
		p.Details, changed = &c, true
	}
	changed = differ(a.Stay.From, b.Stay.From, &p.Joined) || changed
	return p, changed
}

// MembershipUpdate changes one membership; a nil field stays as it is.
type MembershipUpdate struct {
	Order     *int64   `json:"order,omitempty"`
	Ordered   *bool    `json:"ordered,omitempty"`
	Leader    *bool    `json:"leader,omitempty"`
	Title     *string  `json:"title,omitempty"`
	Main      *bool    `json:"is_main,omitempty"`
	WorkPlace *string  `json:"work_place,omitempty"`
	Entered   *Instant `json:"entered,omitempty"`
}

// Apply changes m and returns an update that would undo it. Modified is left
// to the writer.
func (p MembershipUpdate) Apply(m *Membership) (before MembershipUpdate) {
	before.Order = swap(p.Order, &m.Order)
	before.Ordered = swap(p.Ordered, &m.Ordered)
	before.Leader = swap(p.Leader, &m.Leader)
	before.Title = swap(p.Title, &m.Title)
	before.Main = swap(p.Main, &m.Main)
	before.WorkPlace = swap(p.WorkPlace, &m.WorkPlace)
	before.Entered = swap(p.Entered, &m.Entered)
	return before
}

// DiffMembership returns what has to be set to make a into b, and whether that
// is anything.
func DiffMembership(a, b *Membership) (p MembershipUpdate, changed bool) {
	changed = differ(a.Order, b.Order, &p.Order)
	changed = differ(a.Ordered, b.Ordered, &p.Ordered) || changed
	changed = differ(a.Leader, b.Leader, &p.Leader) || changed
	changed = differ(a.Title, b.Title, &p.Title) || changed
	changed = differ(a.Main, b.Main, &p.Main) || changed
	changed = differ(a.WorkPlace, b.WorkPlace, &p.WorkPlace) || changed
	changed = differ(a.Entered, b.Entered, &p.Entered) || changed
	return p, changed
}
