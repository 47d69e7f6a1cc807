package rollcall

import (
	"encoding/json"
	"slices"
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
	// Stay is the present belonging to the organization, or the last one.
	Stay       Stay    `json:"stay"`
	CreatedAt  Instant `json:"created_at"`
	ModifiedAt Instant `json:"modified_at"`
	// Memberships are the present ones, by ascending DeptID.
	Memberships []Membership `json:"memberships,omitempty"`
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
	for _, t := range []struct {
		param, text string
		limit       int
	}{
		{"name_en", u.NameEN, 64},
		{"mobile", u.Mobile, 32},
		{"email", u.Email, 128},
		{"title", u.Title, 200},
		{"job_number", u.JobNumber, 64},
	} {
		if err := validText(t.param, t.text, t.limit); err != nil {
			return err
		}
	}
	if u.Extension != "" {
		var object map[string]json.RawMessage
		if len(u.Extension) > 16<<10 {
			return Invalid("extension", "has %d bytes; %d are allowed", len(u.Extension), 16<<10)
		}
		if json.Unmarshal([]byte(u.Extension), &object) != nil || object == nil {
			return Invalid("extension", "is not a JSON object")
		}
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
	changed = differ(a.Stay.From, b.Stay.From, &p.Joined) || changed
	return p, changed
}

// MembershipUpdate changes one membership; a nil field stays as it is.
type MembershipUpdate struct {
	Order   *int64   `json:"order,omitempty"`
	Ordered *bool    `json:"ordered,omitempty"`
	Leader  *bool    `json:"leader,omitempty"`
	Title   *string  `json:"title,omitempty"`
	Entered *Instant `json:"entered,omitempty"`
}

// Apply changes m and returns an update that would undo it. Modified is left
// to the writer.
func (p MembershipUpdate) Apply(m *Membership) (before MembershipUpdate) {
	before.Order = swap(p.Order, &m.Order)
	before.Ordered = swap(p.Ordered, &m.Ordered)
	before.Leader = swap(p.Leader, &m.Leader)
	before.Title = swap(p.Title, &m.Title)
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
	changed = differ(a.Entered, b.Entered, &p.Entered) || changed
	return p, changed
}
