package intake

import (
	"cmp"
	"crypto/rand"
	"slices"
	"strings"

	"rollcall"
)

// sheetPlan makes rows of departments and users of a contact sheet, for the
// planner. A person's row gets all values that the person is to have: what the
// sheet does not carry comes from what is stored.
//
// A cell that says what an export would write there is no change, whatever the
// rules for new values are: an organization can have what they forbid.
type sheetPlan struct {
	*planner
	s     *sheetRows
	depts deptRows
	users userRows

	who     []sheetPerson                         // by row of the sheet
	ids     map[string]bool                       // userids of the sheet
	holders [sheetContactKinds]map[string][]known // who belongs and has a contact of the sheet
	// By row of users: the row of the sheet, the contacts in the form in which
	// they are compared, and which of them are new to the person.
	from   []int
	keys   [][sheetContactKinds]string
	fresh  [][sheetContactKinds]bool
	stored map[rollcall.Ordinal]bool // who of them is known

	paths    *deptPaths
	creating bool
	nextDept rollcall.DeptID
	made     map[step]rollcall.DeptID
	resolved map[string]deptAnswer
}

// fitSheet puts rows for the planner in the place of those of the sheet, and
// creates the departments that the sheet brings.
func (p *planner) fitSheet() {
	s := &p.d.sheet
	f := &sheetPlan{
		planner: p, s: s, who: make([]sheetPerson, len(s.rows)), ids: map[string]bool{}, stored: map[rollcall.Ordinal]bool{},
		paths: newDeptPaths(p.v.Depts()), made: map[step]rollcall.DeptID{}, resolved: map[string]deptAnswer{},
	}
	f.creating = p.opt.CreateDepartments || len(f.paths.depts) == 1
	f.depts = deptRows{has: make([]bool, deptColumns), byID: map[rollcall.DeptID]int{}}
	f.users = userRows{
		given: true, usable: s.usable,
		has: make([]bool, len(userLayout.names)), byID: make(map[string]int, len(s.rows)),
	}
	for _, column := range []int{
		userName, userDepts, userMobile, userEmail, userTitle, userJobNumber, userExtension,
		userTelephone, userWorkPlace, userRemark, userGender,
	} {
		f.users.has[column] = true
	}
	f.users.has[userLeader] = s.has(sheetLeader)
	f.users.texts = textColumns(f.users.has)
	f.identify()
	for i := range s.rows {
		if p.problems.full() {
			f.users.usable = false
			break
		}
		f.fit(i)
	}
	f.checkContacts()

	d := *p.d
	d.files.Users, d.users, d.depts = s.path, f.users, f.depts
	p.d = &d
	for i := range d.depts.rows {
		p.planDept(&d.depts.rows[i])
	}
}

func (f *sheetPlan) problem(row *sheetRow, column int, format string, args ...any) {
	f.problems.addValue(f.s.path, row.line, f.s.headers[column], f.s.cell(row, column), format, args...)
}

// fit makes a row for the planner.
func (f *sheetPlan) fit(i int) {
	row, who := &f.s.rows[i], &f.who[i]
	before := len(f.problems.list)
	var old *rollcall.User // nil for somebody new
	if who.stored != "" {
		old, _ = f.v.UserByID(who.stored)
	}
	u := f.values(row, who, old)
	made := userRow{line: row.line, userid: u.UserID, members: f.members(row, old)}
	for _, column := range f.users.texts {
		made.texts = append(made.texts, *userText(&u, column))
	}
	if old != nil && old.Erased() {
		f.problem(row, sheetUserID, "belongs to a person who was erased")
	}
	if u.UserID == "" {
		f.users.usable = false // who this is will be known when the number is right
		return
	}
	if first, twice := f.users.byID[u.UserID]; twice {
		column := sheetUserID
		if who.userid == "" {
			column = sheetMobile
		}
		f.problem(row, column, "is in row %d already", f.users.rows[first].line)
		return
	}
	made.broken = row.broken || len(f.problems.list) > before
	f.users.byID[u.UserID] = len(f.users.rows)
	f.users.rows = append(f.users.rows, made)
	f.from = append(f.from, i)
	keys := keysOf(&u)
	f.keys = append(f.keys, keys)
	f.fresh = append(f.fresh, freshContacts(old, keys))
	if old != nil {
		f.stored[old.Ordinal] = true
	}
}

// values returns the values that the person of a row is to have. The userid is
// empty where nobody can say who that is.
func (f *sheetPlan) values(row *sheetRow, who *sheetPerson, old *rollcall.User) rollcall.User {
	var u rollcall.User
	if old != nil {
		u = *old
		u.Memberships = nil
	} else {
		u.UserID = who.userid
		if !f.s.spoilt(row, sheetUserID) {
			f.idText(row, sheetUserID)
		}
	}
	for column := range sheetColumns {
		c := &sheetColumns[column]
		field := c.field(&u)
		if field == nil || column == sheetUserID || !f.s.has(column) || f.s.spoilt(row, column) {
			continue
		}
		cell := f.s.cell(row, column)
		switch {
		case cell == sheetText(*field) && (cell != "" || old != nil):
		case cell == "" && requiredColumn(column):
			f.problem(row, column, "is empty")
		case column == sheetMobile:
			f.mobile(row, who, field)
		case f.sound(row, column):
			*field = cell
		}
	}
	u.Extension = extend(u.Extension, f.s.customs, row)
	if u.UserID == "" && who.mobile != "" && who.several == nil {
		u.UserID = f.newUserID()
	}
	f.validate(row, u)
	return u
}

// mobile takes a new mobile number.
func (f *sheetPlan) mobile(row *sheetRow, who *sheetPerson, field *string) {
	switch {
	case who.wrong != "":
		f.problem(row, sheetMobile, "%s", who.wrong)
	case who.several != nil:
		f.problem(row, sheetMobile, "belongs to several people (%s); the row needs the %s",
			listOf(who.several, func(k known) string { return quote(k.userid) }), sheetColumns[sheetUserID].header)
	case who.mobile != contactKey(0, *field):
		*field = who.mobile
	}
}

// sound reports what no cell may be, and what a column may not have.
func (f *sheetPlan) sound(row *sheetRow, column int) bool {
	cell := f.s.cell(row, column)
	switch {
	case cell == "":
		return true
	case strings.HasPrefix(cell, "#") && slices.Contains(formulaErrors, cell):
		f.problem(row, column, "is the error of a formula")
	case column == sheetEmail && !emailForm(cell):
		f.problem(row, column, "is not an e-mail address")
	case column == sheetJobNumber, column == sheetTelephone:
		return f.idText(row, column)
	default:
		return true
	}
	return false
}

// formulaErrors is immutable.
var formulaErrors = []string{"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}

// idText reports a number that was too long for a spreadsheet program.
func (f *sheetPlan) idText(row *sheetRow, column int) bool {
	cell := f.s.cell(row, column)
	if scientific.MatchString(cell) && strings.ContainsAny(cell, ".+") {
		f.problem(row, column, digitsLost)
		return false
	}
	return true
}

func emailForm(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && host != "" && !strings.ContainsAny(s, " ,;") && !strings.Contains(host, "@")
}

// newUserID makes a userid for somebody who has none.
func (f *sheetPlan) newUserID() string {
	for {
		id := "u" + strings.ToLower(rand.Text()[:15])
		if _, known := f.v.UserByID(id); !known && !f.ids[id] {
			return id
		}
	}
}

// validate reports what is wrong with new values. Validate reports one problem
// at a time: what it reports is put right in the copy until there are no more.
func (f *sheetPlan) validate(row *sheetRow, u rollcall.User) {
	u.UserID, u.Name = cmp.Or(u.UserID, "x"), cmp.Or(u.Name, "x") // that they are missing is known
	for err := u.Validate(); err != nil; err = u.Validate() {
		param, message := about(err)
		if param == "extension" {
			f.problems.add(f.s.path, row.line, "", "the columns of the organization together: %s", message)
			return
		}
		column := slices.IndexFunc(sheetColumns[:], func(c sheetColumn) bool { return c.param == param })
		if column < 0 {
			return
		}
		f.problem(row, column, "%s", message)
		*sheetColumns[column].field(&u) = map[bool]string{true: "x"}[column == sheetUserID || column == sheetName]
	}
}
