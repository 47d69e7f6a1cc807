package intake

import (
	"context"
)

// Data is what was read from the files, with the lines it came from.
type Data struct {
	files   Files
	broken  bool // there were problems
	depts   deptRows
	users   userRows
	signIns signInRows
	roles   roleRows
	sheet   sheetRows
}

// Read reads the files and checks every row by itself. All that is wrong is
// returned as problems, up to 10,000 of them; err is for files that cannot be
// read, and for the end of ctx. From data that has problems [MakePlan] makes no
// plan, but finds more of them.
func Read(ctx context.Context, f Files, progress Progress) (*Data, []Problem, error) {
	d := &Data{files: f}
	var ps problems
	each := func(path, stage string, l layout, given *bool, read func(*table)) error {
		if path == "" {
			return nil
		}
		*given = true
		t, err := openTable(ctx, path, stage, l, progress, &ps)
		if t == nil {
			return err
		}
		read(t)
		return t.close()
	}
	if err := each(f.Departments, "departments", deptLayout, &d.depts.given, d.depts.read); err != nil {
		return nil, nil, err
	}
	if err := each(f.Users, "users", userLayout, &d.users.given, d.users.read); err != nil {
		return nil, nil, err
	}
	if err := each(f.SignIns, "sign-ins", signInLayout, &d.signIns.given, d.signIns.load); err != nil {
		return nil, nil, err
	}
	if err := each(f.Roles, "roles", roleLayout, &d.roles.given, d.roles.read); err != nil {
		return nil, nil, err
	}
	if f.Sheet != "" {
		if err := d.sheet.read(ctx, f.Sheet, progress, &ps); err != nil {
			return nil, nil, err
		}
	}
	d.broken = len(ps.list) > 0
	return d, ps.sorted(f), nil
}
