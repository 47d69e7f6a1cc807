package rollcall_test

import (
	"strings"
	"testing"

	"rollcall"
)

func TestValidateDept(t *testing.T) {
	t.Parallel()
	good := rollcall.Dept{ID: 2, ParentID: 1, Name: "dept"}
	for what, test := range map[string]struct {
		change func(d *rollcall.Dept)
		param  string
	}{
		"good":                  {func(*rollcall.Dept) {}, ""},
		"root":                  {func(d *rollcall.Dept) { d.ID, d.ParentID = 1, 0 }, ""},
		"root with a parent":    {func(d *rollcall.Dept) { d.ID, d.ParentID = 1, 2 }, "parent_id"},
		"no parent":             {func(d *rollcall.Dept) { d.ParentID = 0 }, "parent_id"},
		"negative parent":       {func(d *rollcall.Dept) { d.ParentID = -1 }, "parent_id"},
		"its own parent":        {func(d *rollcall.Dept) { d.ParentID = 2 }, "parent_id"},
		"id 0":                  {func(d *rollcall.Dept) { d.ID = 0 }, "dept_id"},
		"negative id":           {func(d *rollcall.Dept) { d.ID = -5 }, "dept_id"},
		"long English name":     {func(d *rollcall.Dept) { d.NameEN = strings.Repeat("x", 65) }, "name_en"},
		"English name with tab": {func(d *rollcall.Dept) { d.NameEN = "\t" }, "name_en"},
		"longest source":        {func(d *rollcall.Dept) { d.SourceIdentifier = strings.Repeat("x", 256) }, ""},
		"long source":           {func(d *rollcall.Dept) { d.SourceIdentifier = strings.Repeat("x", 257) }, "source_identifier"},
		"longest brief":         {func(d *rollcall.Dept) { d.Brief = strings.Repeat("王", 1024) }, ""},
		"long brief":            {func(d *rollcall.Dept) { d.Brief = strings.Repeat("x", 1025) }, "brief"},
		"brief of two lines":    {func(d *rollcall.Dept) { d.Brief = "a\nb" }, "brief"},
	} {
		d := good
		test.change(&d)
		wantParam(t, what, d.Validate(), test.param)
	}
	for what, param := range names("name") {
		d := good
		d.Name = text(what)
		wantParam(t, "name: "+what, d.Validate(), param)
	}
}

// A difference applied makes the one into the other, and what it returns makes
// it as it was.
func TestDiffDept(t *testing.T) {
	t.Parallel()
	a := rollcall.Dept{ID: 2, ParentID: 1, Name: "a", Order: 3, Brief: "b"}
	for what, b := range map[string]rollcall.Dept{
		"nothing":    a,
		"parent":     {ID: 2, ParentID: 3, Name: "a", Order: 3, Brief: "b"},
		"all":        {ID: 2, ParentID: 4, Name: "x", NameEN: "y", Order: -1, SourceIdentifier: "s"},
		"only times": {ID: 2, ParentID: 1, Name: "a", Order: 3, Brief: "b", Since: 5, CreatedAt: 6, ModifiedAt: 7},
	} {
		u, changed := rollcall.DiffDept(&a, &b)
		same := what == "nothing" || what == "only times"
		if changed == same || (u == rollcall.DeptUpdate{}) != same {
			t.Errorf("%s: changed %v, %+v", what, changed, u)
		}
		d := a
		before := u.Apply(&d)
		d.Since, d.CreatedAt, d.ModifiedAt = b.Since, b.CreatedAt, b.ModifiedAt
		if d != b {
			t.Errorf("%s: it became %+v and not %+v", what, d, b)
		}
		before.Apply(&d)
		d.Since, d.CreatedAt, d.ModifiedAt = 0, 0, 0
		if d != a {
			t.Errorf("%s: undone it is %+v and not %+v", what, d, a)
		}
	}
}

func TestDeptNameIn(t *testing.T) {
	t.Parallel()
	d := rollcall.Dept{Name: "研发"}
	if d.NameIn(rollcall.English) != "研发" || d.NameIn(rollcall.Chinese) != "研发" {
		t.Error("without an English name")
	}
	d.NameEN = "R&D"
	if d.NameIn(rollcall.English) != "R&D" || d.NameIn(rollcall.Chinese) != "研发" {
		t.Error("with an English name")
	}
}
