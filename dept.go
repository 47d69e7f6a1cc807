package rollcall

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
	// Since is when it came under its present parent ([Beginning] when nobody
	// said).
	Since      Instant `json:"since,omitempty"`
	CreatedAt  Instant `json:"created_at"`
	ModifiedAt Instant `json:"modified_at"`
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
	return validText("brief", d.Brief, 1024)
}

// DeptUpdate changes a department; a nil field stays as it is.
type DeptUpdate struct {
	ParentID         *DeptID `json:"parent_id,omitempty"`
	Name             *string `json:"name,omitempty"`
	NameEN           *string `json:"name_en,omitempty"`
	Order            *int64  `json:"order,omitempty"`
	SourceIdentifier *string `json:"source_identifier,omitempty"`
	Brief            *string `json:"brief,omitempty"`
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
