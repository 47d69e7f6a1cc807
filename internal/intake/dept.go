package intake

import (
	"strings"

	"rollcall"
)

// The columns of a file of departments, as indexes of deptLayout.
const (
	deptID = iota
	deptParent
	deptName
	deptSource
	deptBrief
	deptNameEN
	deptOrder
	deptHidden
	deptOuter
	deptCode
	deptTelephone
	deptColumns
)

// deptLayout is immutable. It is the order in which Export writes the columns.
var deptLayout = layout{[]string{
	"dept_id", "parent_id", "name", "source_identifier", "brief", "name_en", "order",
	"hide_dept", "outer_dept", "code", "telephone",
}, deptName + 1}

// deptRow is one row of departments.
type deptRow struct {
	line   int
	broken bool // it has problems; only that the department is there counts
	dept   rollcall.Dept
}

// deptRows is a file of departments.
type deptRows struct {
	given  bool // there is a file
	usable bool // all of it was read
	has    []bool
	rows   []deptRow
	byID   map[rollcall.DeptID]int // index in rows
}

func (d *deptRows) read(t *table) {
	d.has = t.given()
	d.byID = make(map[rollcall.DeptID]int, t.expected(40))
	for t.next() {
		row := deptRow{line: t.line(0)}
		before := len(t.problems.list)
		if t.broken {
			id, _, _ := parseNumber(t.cell(deptID))
			row.dept.ID = rollcall.DeptID(id)
		} else {
			readDept(t, &row.dept)
		}
		row.broken = t.broken || len(t.problems.list) > before
		first, twice := d.byID[row.dept.ID]
		switch {
		case row.dept.ID < 1:
			t.lost = true
			continue
		case twice && !t.broken:
			t.problem(deptID, "department %d is on line %d already", row.dept.ID, d.rows[first].line)
			continue
		case twice:
			continue
		}
		d.byID[row.dept.ID] = len(d.rows)
		d.rows = appendRow(d.rows, row, t)
	}
	d.usable = t.complete()
}

// readDept reads and checks the values of one row. An id that cannot be read
// becomes 0.
func readDept(t *table, d *rollcall.Dept) {
	number := func(column int, bad rollcall.DeptID) int64 {
		n, _, ok := parseNumber(t.cell(column))
		if !ok {
			t.problem(column, "%s is not a whole number", quote(t.cell(column)))
			return int64(bad)
		}
		return n
	}
	*d = rollcall.Dept{
		ID:               rollcall.DeptID(number(deptID, 0)),
		Name:             t.cell(deptName),
		NameEN:           t.cell(deptNameEN),
		SourceIdentifier: t.cell(deptSource),
		Brief:            t.cell(deptBrief),
		Order:            number(deptOrder, 0),
	}
	readOptions(t, d)
	check := *d
	anyParent := rollcall.RootDept
	if check.ID == rollcall.RootDept {
		anyParent = 0
	}
	if check.ID == 0 {
		check.ID = anyDept
		if blank := strings.TrimSpace(t.cell(deptID)); blank == "" || blank == "0" {
			t.problem(deptID, "is empty or 0; the ids of departments begin at 1")
		}
	}
	d.ParentID = rollcall.DeptID(number(deptParent, anyParent))
	check.ParentID = d.ParentID

	// Validate reports one problem at a time: what it reports is put right in
	// the copy until there are no more.
	for err := check.Validate(); err != nil; err = check.Validate() {
		switch t.invalid(err) {
		case deptID:
			check.ID = anyDept
		case deptParent:
			check.ParentID = anyParent
		case deptName:
			check.Name = "x"
		case deptNameEN:
			check.NameEN = ""
		case deptSource:
			check.SourceIdentifier = ""
		case deptBrief:
			check.Brief = ""
		case deptCode:
			check.Options = &rollcall.DeptOptions{Telephone: check.Options.Telephone}
		case deptTelephone:
			check.Options = nil // the code was looked at before
		default:
			return
		}
	}
}

// readOptions reads what few departments have.
func readOptions(t *table, d *rollcall.Dept) {
	truth := func(column int) bool {
		value, _, ok := parseBool(t.cell(column))
		if !ok {
			t.problem(column, "%s is not true or false, yes or no, 1 or 0", quote(t.cell(column)))
		}
		return value
	}
	o := rollcall.DeptOptions{
		Hidden: truth(deptHidden), Outer: truth(deptOuter), Code: t.cell(deptCode), Telephone: t.cell(deptTelephone),
	}
	d.Options = o.Normal()
}

// anyDept stands for an id that could not be read.
const anyDept = 1<<63 - 1
