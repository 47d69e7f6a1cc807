package intake_test

import (
	"testing"

	"rollcall"
	"rollcall/internal/intake"
)

// The columns of what few departments have are there where they say something,
// and a file without them leaves what is stored alone, as it does with what no
// column is for.
func TestOptionsOfDepartments(t *testing.T) {
	const plain = "dept_id,parent_id,name,source_identifier,brief"
	m := starting(t, "dept_id,parent_id,name,hide_dept,outer_dept,code,telephone\n2,1,a,yes,,C-1,\n3,1,b,0,TRUE,,110\n4,1,c,,,,\n", "", "")
	for id, want := range map[rollcall.DeptID]*rollcall.DeptOptions{
		1: nil, 2: {Hidden: true, Code: "C-1"}, 3: {Outer: true, Telephone: "110"}, 4: nil,
	} {
		if d := m.depts[id]; !d.Options.Same(want) || (d.Options == nil) != (want == nil) {
			t.Errorf("department %d has %+v", id, d.Options)
		}
	}
	depts, _, _ := exported(t, m)
	if want := plain + ",hide_dept,outer_dept,code,telephone\n1,,new,,,false,false,,\n2,1,a,,,true,false,C-1,\n3,1,b,,,false,true,,110\n4,1,c,,,false,false,,\n"; depts != want {
		t.Errorf("it writes\n%s\nwanted\n%s", depts, want)
	}

	m.depts[2].Options = &rollcall.DeptOptions{Hidden: true, Code: "C-1", PermitDepts: []rollcall.DeptID{3}, CreateGroup: true}
	file := func(text string) intake.Files { return write(t, text, "", "") }
	if p := bring(t, m, file("dept_id,parent_id,name\n2,1,a\n3,1,b\n4,1,c\n"), intake.Options{Now: secondNow}); len(p.Changes) != 0 {
		t.Errorf("without the columns there are changes: %+v", p.Changes)
	}
	if p := bring(t, m, file("dept_id,parent_id,name,code\n2,1,a,\n3,1,b,false\n4,1,c,\n"), intake.Options{Now: secondNow}); p.Summary.DeptsUpdated != 2 {
		t.Errorf("the plan is %+v", p.Summary)
	}
	if o := m.depts[2].Options; !o.Same(&rollcall.DeptOptions{Hidden: true, PermitDepts: []rollcall.DeptID{3}, CreateGroup: true}) {
		t.Errorf("department 2 has %+v", o)
	}
	m.depts[2].Options.Hidden, m.depts[3].Options = false, &rollcall.DeptOptions{Code: "false"}
	depts, _, _ = exported(t, m)
	if want := plain + ",code\n1,,new,,,\n2,1,a,,,\n3,1,b,,,false\n4,1,c,,,\n"; depts != want {
		t.Errorf("it writes\n%s\nwanted\n%s", depts, want)
	}
}
