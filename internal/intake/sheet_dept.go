package intake

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rollcall"
)

// members reads the departments of a row.
func (f *sheetPlan) members(row *sheetRow, old *rollcall.User) []memberRow {
	var current []rollcall.Membership
	present := old != nil && old.Present()
	if present {
		current = old.Memberships
	}
	cell := f.s.cell(row, sheetDept)
	if f.s.spoilt(row, sheetDept) {
		return nil
	}
	if cell == "" {
		if !present || len(current) > 0 {
			f.problem(row, sheetDept, "is empty")
		}
		return nil
	}
	paths := splitDepts(cell)
	leads := f.leaders(row, len(paths))
	times := map[string]int{}
	for _, path := range paths {
		times[path.text]++
	}
	own := map[string][]rollcall.DeptID{}
	for _, path := range paths {
		if _, known := own[path.text]; !known {
			own[path.text] = f.own(path, times[path.text], current)
		}
	}
	var list []memberRow
	for i, path := range paths {
		if path.text == "" {
			f.problem(row, sheetDept, "item %d is empty", i+1)
			continue
		}
		var id rollcall.DeptID
		if has := own[path.text]; len(has) > 0 {
			id, own[path.text] = has[0], has[1:]
		} else if answer := f.dept(row.line, path); answer.wrong != "" {
			f.problem(row, sheetDept, "%s", answer.wrong)
			continue
		} else {
			id = answer.id
		}
		if slices.ContainsFunc(list, func(m memberRow) bool { return m.dept == id }) {
			f.problem(row, sheetDept, "%s is there twice", quote(path.text))
			continue
		}
		list = append(list, memberRow{dept: id, leader: leads[i]})
	}
	slices.SortFunc(list, func(a, b memberRow) int { return cmp.Compare(a.dept, b.dept) })
	return list
}

// own returns the departments that a person is in already and that a path means
// that is there so many times: if it can mean others too, it means these.
func (f *sheetPlan) own(path deptPath, times int, current []rollcall.Membership) []rollcall.DeptID {
	var written, meant []rollcall.DeptID
	exact, _, _ := f.paths.find(path.parts)
	for _, m := range current {
		if f.paths.text(m.DeptID) == path.text {
			written = append(written, m.DeptID)
		}
		if slices.Contains(exact, m.DeptID) {
			meant = append(meant, m.DeptID)
		}
	}
	switch times {
	case len(written):
		return written
	case len(meant):
		return meant
	}
	return nil
}

// leaders reads the marks of a row that say which of n departments the person
// leads: one for all, or one for each.
func (f *sheetPlan) leaders(row *sheetRow, n int) []bool {
	leads := make([]bool, n)
	cell := f.s.cell(row, sheetLeader)
	if cell == "" || f.s.spoilt(row, sheetLeader) {
		return leads
	}
	list := strings.Split(strings.ReplaceAll(cell, "，", ","), ",")
	if len(list) != 1 && len(list) != n {
		f.problem(row, sheetLeader, "the number of items is %d, that of %s is %d", len(list), f.s.headers[sheetDept], n)
		return leads
	}
	for i := range leads {
		mark := strings.TrimSpace(list[min(i, len(list)-1)])
		yes, ok := parseMark(mark)
		if !ok {
			f.problem(row, sheetLeader, "%s is neither 是 nor 否", quote(mark))
			break
		}
		leads[i] = yes
	}
	return leads
}

// parseMark reads yes and no.
func parseMark(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "是", "y", "√":
		return true, true
	case "否", "n", "×":
		return false, true
	}
	value, _, ok = parseBool(s)
	return value, ok
}

// deptAnswer is what a path of the sheet means.
type deptAnswer struct {
	id    rollcall.DeptID
	wrong string
}

// dept finds a department, or creates it where that is allowed.
func (f *sheetPlan) dept(line int, path deptPath) deptAnswer {
	if answer, known := f.resolved[path.text]; known {
		return answer
	}
	answer := f.resolve(line, path)
	f.resolved[path.text] = answer
	return answer
}

func (f *sheetPlan) resolve(line int, path deptPath) deptAnswer {
	exact, base, n := f.paths.find(path.parts)
	if len(exact) == 0 && len(base) > 1 {
		exact = base
	}
	switch {
	case len(exact) == 1:
		return deptAnswer{id: exact[0]}
	case len(exact) > 1:
		return deptAnswer{wrong: "can mean several departments: " + listOf(exact, func(id rollcall.DeptID) string {
			return f.paths.text(id) + " (" + strconv.FormatInt(int64(id), 10) + ")"
		})}
	case f.creating:
		return f.create(line, base[0], path.parts[n:])
	case n == 0:
		return deptAnswer{wrong: "there is no department " + quote(path.text)}
	}
	return deptAnswer{wrong: "there is no department " + quote(path.text) + "; what exists of it is " + quote(f.paths.text(base[0]))}
}

// create makes a chain of departments below one that exists, as far as the sheet
// has not brought them yet.
func (f *sheetPlan) create(line int, parent rollcall.DeptID, parts []pathPart) deptAnswer {
	for _, part := range parts {
		s := step{parent, sheetText(part.text)}
		if id, made := f.made[s]; made {
			parent = id
			continue
		}
		d := rollcall.Dept{ID: f.newDeptID(), ParentID: parent, Name: s.name}
		if err := d.Validate(); err != nil {
			_, message := about(err)
			return deptAnswer{wrong: "the name of a department " + message}
		}
		f.depts.byID[d.ID] = len(f.depts.rows)
		f.depts.rows = append(f.depts.rows, deptRow{line: line, dept: d})
		f.made[s] = d.ID
		parent = d.ID
	}
	return deptAnswer{id: parent}
}

// lastDept is the largest dept_id that the wire takes, which has 18 digits.
const lastDept = 999_999_999_999_999_999

// newDeptID returns a dept_id that no department has or had.
func (f *sheetPlan) newDeptID() rollcall.DeptID {
	if f.nextDept == 0 {
		for id := range f.paths.depts {
			f.nextDept = max(f.nextDept, id)
		}
	}
	for {
		if f.nextDept++; f.nextDept > lastDept {
			f.nextDept = rollcall.RootDept + 1
		}
		_, ever := f.v.DeptEver(f.nextDept)
		if _, made := f.depts.byID[f.nextDept]; !ever && !made {
			return f.nextDept
		}
	}
}
