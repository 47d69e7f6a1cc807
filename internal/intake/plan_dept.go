package intake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

// row returns the row of a department, or nil.
func (d *deptRows) row(id rollcall.DeptID) *deptRow {
	if i, ok := d.byID[id]; ok {
		return &d.rows[i]
	}
	return nil
}

// lives reports whether a department is there after the import. Where not all
// rows are known the answer is yes, for nothing would follow from a no.
func (p *planner) lives(id rollcall.DeptID) bool {
	if id == rollcall.RootDept || p.d.depts.row(id) != nil {
		return true
	}
	if p.d.depts.given && !p.d.depts.usable {
		return true
	}
	if _, doomed := p.doomed[id]; doomed {
		return false
	}
	_, ok := p.v.Dept(id)
	return ok
}

// absent says why a department does not live.
func (p *planner) absent(id rollcall.DeptID) string {
	if _, doomed := p.doomed[id]; doomed {
		return fmt.Sprintf("department %d is not in %s and would be deleted", id, p.d.files.Departments)
	}
	return fmt.Sprintf("department %d does not exist", id)
}

// planDepts creates, updates and moves departments.
//
// The rows are taken from the top of the new tree downwards: when a department
// is moved, all that will be above it is in its final place already, so that
// no step can make a circle.
func (p *planner) planDepts() {
	depts := &p.d.depts
	if p.opt.Replace && depts.usable {
		p.doomed = map[rollcall.DeptID]int{}
		for d := range p.v.Depts() {
			if d.ID != rollcall.RootDept && depts.row(d.ID) == nil {
				p.doomed[d.ID] = 0
			}
		}
	}
	state := make(map[rollcall.DeptID]visit, len(depts.rows))
	var path []rollcall.DeptID
	for i := range depts.rows {
		p.makeRoom(0, i, len(depts.rows))
		path = p.climb(depts.rows[i].dept.ID, state, path[:0])
		for _, id := range slices.Backward(path) {
			state[id] = done
			if row := depts.row(id); row != nil && !row.broken {
				p.planDept(row)
			}
		}
	}
}

// visit tells how far the walk through the tree is with a department.
type visit uint8

const (
	unseen visit = iota
	onPath
	done
)

// climb collects the departments from one upwards that were not visited yet,
// and reports parents that do not exist and circles.
func (p *planner) climb(id rollcall.DeptID, state map[rollcall.DeptID]visit, path []rollcall.DeptID) []rollcall.DeptID {
	for {
		switch state[id] {
		case done:
			return path
		case onPath:
			p.circle(path[slices.Index(path, id):])
			return path
		}
		state[id] = onPath
		path = append(path, id)

		row := p.d.depts.row(id)
		var parent rollcall.DeptID
		if row != nil {
			parent = row.dept.ParentID
		} else if d, ok := p.v.Dept(id); ok {
			parent = d.ParentID
		}
		switch {
		case id == rollcall.RootDept, row != nil && row.broken, parent < 1:
			return path
		case !p.lives(parent):
			if row != nil {
				p.problems.add(p.d.files.Departments, row.line, "parent_id", "%s", p.absent(parent))
			}
			return path
		}
		id = parent
	}
}

// circle reports departments that would be above each other, at the first of
// their rows.
func (p *planner) circle(ids []rollcall.DeptID) {
	first := -1
	for i, id := range ids {
		row := p.d.depts.row(id)
		if row != nil && (first < 0 || row.line < p.d.depts.row(ids[first]).line) {
			first = i
		}
	}
	if first < 0 {
		return // only the stored tree could have it
	}
	const most = 8
	var names strings.Builder
	for i := range ids {
		if i == most {
			names.WriteString(", …")
			break
		}
		if i > 0 {
			names.WriteString(", ")
		}
		fmt.Fprintf(&names, "%d", ids[(first+i+1)%len(ids)])
	}
	p.problems.add(p.d.files.Departments, p.d.depts.row(ids[first]).line, "parent_id",
		"department %d would be below itself; above it are %s", ids[first], names.String())
}

// planDept creates a department or makes it what its row says.
func (p *planner) planDept(row *deptRow) {
	has := p.d.depts.has
	old, ok := p.v.Dept(row.dept.ID)
	var want rollcall.Dept
	if ok {
		want = *old
	}
	want.ID, want.ParentID, want.Name = row.dept.ID, row.dept.ParentID, row.dept.Name
	if has[deptNameEN] {
		want.NameEN = row.dept.NameEN
	}
	if has[deptOrder] {
		want.Order = row.dept.Order
	}
	if has[deptSource] {
		want.SourceIdentifier = row.dept.SourceIdentifier
	}
	if has[deptBrief] {
		want.Brief = row.dept.Brief
	}
	want.Options = options(has, want.Opt(), row.dept.Opt())
	if !ok {
		want.CreatedAt, want.ModifiedAt = p.opt.Now, p.opt.Now
		if _, returns := p.v.DeptEver(want.ID); returns {
			want.Since = p.opt.Now // as a person who comes back
		}
		p.plan.Summary.DeptsCreated++
		p.add(rollcall.Change{
			Kind: rollcall.DeptCreated, DeptID: want.ID,
			Payload: rollcall.Payload{Dept: &want},
		})
		return
	}
	update, changed := rollcall.DiffDept(old, &want)
	if !changed {
		return
	}
	scratch := *old
	before := update.Apply(&scratch)
	if update.ParentID != nil {
		p.plan.Summary.DeptsMoved++
	}
	values := update
	values.ParentID = nil
	if values != (rollcall.DeptUpdate{}) {
		p.plan.Summary.DeptsUpdated++
	}
	p.add(rollcall.Change{
		Kind: rollcall.DeptUpdated, DeptID: want.ID,
		Payload: rollcall.Payload{DeptUpdate: &update, DeptBefore: &before},
	})
}

// options returns those that a department has with the ones that a file has.
func options(has []bool, old, row *rollcall.DeptOptions) *rollcall.DeptOptions {
	o := *old
	if has[deptHidden] {
		o.Hidden = row.Hidden
	}
	if has[deptOuter] {
		o.Outer = row.Outer
	}
	if has[deptCode] {
		o.Code = row.Code
	}
	if has[deptTelephone] {
		o.Telephone = row.Telephone
	}
	return o.Normal()
}

// refuseDoomed reports departments that cannot be deleted because people would
// still be in them. Children need no look: those that stay have a row, whose
// parent was looked for.
func (p *planner) refuseDoomed() {
	for _, id := range p.doomedByDepth() {
		if n := p.doomed[id]; n > 0 {
			d, _ := p.v.Dept(id)
			p.problems.add(p.d.files.Departments, 0, "",
				"department %d (%s) is not in the file, but %d of its members would stay in it", id, d.Name, n)
		}
	}
}

// deleteDepts deletes what Replace dooms, children before their parents.
func (p *planner) deleteDepts() {
	for _, id := range p.doomedByDepth() {
		p.plan.Summary.DeptsDeleted++
		p.add(rollcall.Change{Kind: rollcall.DeptDeleted, DeptID: id})
	}
}

// doomedByDepth lists the doomed departments, the deepest first.
func (p *planner) doomedByDepth() []rollcall.DeptID {
	depths := make(map[rollcall.DeptID]int, len(p.doomed))
	var depth func(rollcall.DeptID) int
	depth = func(id rollcall.DeptID) int {
		if n, known := depths[id]; known {
			return n
		}
		depths[id] = 0
		if d, ok := p.v.Dept(id); ok && d.ParentID != 0 {
			depths[id] = depth(d.ParentID) + 1
		}
		return depths[id]
	}
	ids := make([]rollcall.DeptID, 0, len(p.doomed))
	for id := range p.doomed {
		depth(id)
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b rollcall.DeptID) int {
		return cmp.Or(depths[b]-depths[a], cmp.Compare(a, b))
	})
	return ids
}
