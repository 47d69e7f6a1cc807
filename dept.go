package rollcall

import "reflect"

// DeptID identifies a department within its organization; it is at least 1.
type DeptID int64

// RootDept is the department at the top of every organization's tree.
const RootDept DeptID = 1

// Dept is one department.
type Dept struct {
	ID       DeptID `json:"dept_id"`
	ParentID DeptID `json:"parent_id"` // 0 for the root
	Name     string `json:"name"`
	NameEN   string `json:"name_en,omitempty"`
	// Order sorts the children of one parent, smaller first; ties by dept_id.
	Order            int64  `json:"order,omitempty"`
	SourceIdentifier string `json:"source_identifier,omitempty"`
	Brief            string `json:"brief,omitempty"`
	// Options is nil where nothing of it is set. It is not changed once it
	// belongs to a department; an update replaces it whole.
	Options *DeptOptions `json:"options,omitempty"`
	// Since is when it came under its present parent ([Beginning] when nobody
	// said).
	Since      Instant `json:"since,omitempty"`
	CreatedAt  Instant `json:"created_at"`
	ModifiedAt Instant `json:"modified_at"`
}

// DeptOptions is what the wire keeps of a department beside its place and its
// names (contract 4.2, 4.3). People are named by ordinal, so that a person's
// values are nowhere but with the person.
type DeptOptions struct {
	// Hidden departments are shown to those of the permit lists only.
	Hidden      bool      `json:"hide_dept,omitempty"`
	PermitDepts []DeptID  `json:"dept_permits,omitempty"`
	PermitUsers []Ordinal `json:"user_permits,omitempty"`
	Outer       bool      `json:"outer_dept,omitempty"`
	OuterSelf   bool      `json:"outer_dept_only_self,omitempty"`
	OuterDepts  []DeptID  `json:"outer_permit_depts,omitempty"`
	OuterUsers  []Ordinal `json:"outer_permit_users,omitempty"`
	CreateGroup bool      `json:"create_dept_group,omitempty"`
	AutoAddUser bool      `json:"auto_add_user,omitempty"`
	AutoApprove bool      `json:"auto_approve_apply,omitempty"`
	GroupSub    bool      `json:"group_contain_sub_dept,omitempty"`
	GroupOuter  bool      `json:"group_contain_outer_dept,omitempty"`
	GroupHidden bool      `json:"group_contain_hidden_dept,omitempty"`
	GroupOwner  *Ordinal  `json:"org_dept_owner,omitempty"`
	Code        string    `json:"code,omitempty"`
	Telephone   string    `json:"telephone,omitempty"`
	Extension   string    `json:"extension,omitempty"`
}

// Normal returns the options in the form in which they are kept: nil where
// nothing is set, and no empty lists. It may return o itself.
func (o *DeptOptions) Normal() *DeptOptions {
	if o == nil {
		return nil
	}
	n := *o
	n.PermitDepts, n.OuterDepts = orNil(n.PermitDepts), orNil(n.OuterDepts)
	n.PermitUsers, n.OuterUsers = orNil(n.PermitUsers), orNil(n.OuterUsers)
	if reflect.ValueOf(n).IsZero() {
		return nil
	}
	return &n
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// Same reports whether two options say the same; nil is nothing set.
func (o *DeptOptions) Same(p *DeptOptions) bool { return reflect.DeepEqual(o.Normal(), p.Normal()) }

// Opt returns the options for reading, also where there are none.
func (d *Dept) Opt() *DeptOptions {
	if d.Options == nil {
		return &DeptOptions{}
	}
	return d.Options
}

// Same reports whether two departments are the same in everything, times
// included.
func (d *Dept) Same(e *Dept) bool {
	a, b := *d, *e
	a.Options, b.Options = nil, nil
	return a == b && d.Options.Same(e.Options)
}

// NameIn returns the name to show in a language: the English one where it is
// asked for and set, else the name (contract D8).
func (d *Dept) NameIn(l Language) string {
	if l == English && d.NameEN != "" {
		return d.NameEN
	}
	return d.Name
}

// Validate checks the department's own values (contract D14); that its parent
// exists is checked where the tree is known.
func (d *Dept) Validate() error {
	switch {
	case d.ID < 1:
		return Invalid("dept_id", "%d is less than 1", d.ID)
	case d.ID == RootDept && d.ParentID != 0:
		return Invalid("parent_id", "the root department (1) has no parent")
	case d.ID != RootDept && d.ParentID < 1:
		return Invalid("parent_id", "is empty; only the root department (1) has no parent")
	case d.ParentID == d.ID:
		return Invalid("parent_id", "the department would be its own parent")
	}
	if err := validName(d.Name); err != nil {
		return err
	}
	if err := validText("name_en", d.NameEN, 64); err != nil {
		return err
	}
	if err := validText("source_identifier", d.SourceIdentifier, 256); err != nil {
		return err
	}
	if err := validText("brief", d.Brief, 1024); err != nil {
		return err
	}
	return d.Opt().validate()
}

// maxPermits is how many entries a permit list may have: what the published
// clients allow (contract 4.3).
const maxPermits = 200

func (o *DeptOptions) validate() error {
	if err := validText("code", o.Code, 30); err != nil {
		return err
	}
	if err := validText("telephone", o.Telephone, 50); err != nil {
		return err
	}
	for _, l := range []struct {
		param string
		n     int
	}{
		{"dept_permits", len(o.PermitDepts)},
		{"user_permits", len(o.PermitUsers)},
		{"outer_permit_depts", len(o.OuterDepts)},
		{"outer_permit_users", len(o.OuterUsers)},
	} {
		if l.n > maxPermits {
			return Invalid(l.param, "has %d entries; %d are allowed", l.n, maxPermits)
		}
	}
	return validObject("extension", o.Extension)
}

// DeptUpdate changes a department; a nil field stays as it is.
type DeptUpdate struct {
	ParentID         *DeptID `json:"parent_id,omitempty"`
	Name             *string `json:"name,omitempty"`
	NameEN           *string `json:"name_en,omitempty"`
	Order            *int64  `json:"order,omitempty"`
	SourceIdentifier *string `json:"source_identifier,omitempty"`
	Brief            *string `json:"brief,omitempty"`
	// Options replaces all of them; empty ones take everything away.
	Options *DeptOptions `json:"options,omitempty"`
}

// Apply changes d and returns an update that would undo it. It leaves times
// alone: the writer knows them.
func (u DeptUpdate) Apply(d *Dept) (before DeptUpdate) {
	before.ParentID = swap(u.ParentID, &d.ParentID)
	before.Name = swap(u.Name, &d.Name)
	before.NameEN = swap(u.NameEN, &d.NameEN)
	before.Order = swap(u.Order, &d.Order)
	before.SourceIdentifier = swap(u.SourceIdentifier, &d.SourceIdentifier)
	before.Brief = swap(u.Brief, &d.Brief)
	if u.Options != nil {
		before.Options = d.Options
		if before.Options == nil {
			before.Options = &DeptOptions{}
		}
		d.Options = u.Options.Normal()
	}
	return before
}

// DiffDept returns what has to be set to make a into b, and whether that is
// anything at all. Times are not compared.
func DiffDept(a, b *Dept) (u DeptUpdate, changed bool) {
	changed = differ(a.ParentID, b.ParentID, &u.ParentID)
	changed = differ(a.Name, b.Name, &u.Name) || changed
	changed = differ(a.NameEN, b.NameEN, &u.NameEN) || changed
	changed = differ(a.Order, b.Order, &u.Order) || changed
	changed = differ(a.SourceIdentifier, b.SourceIdentifier, &u.SourceIdentifier) || changed
	changed = differ(a.Brief, b.Brief, &u.Brief) || changed
	if !a.Options.Same(b.Options) {
		c := *b.Opt()
		u.Options, changed = &c, true
	}
	return u, changed
}

// swap puts *v into *field where v is given, and returns what was there.
func swap[T any](v, field *T) *T {
	if v == nil {
		return nil
	}
	old := *field
	*field = *v
	return &old
}

func differ[T comparable](a, b T, field **T) bool {
	if a == b {
		return false
	}
	c := b // so that only what differs is allocated
	*field = &c
	return true
}
