package api

import (
	"errors"
	"math"
	"slices"

	"rollcall"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// deptField is a value of a department that calls set: its parameter under
// /topapi, what it is called on classic paths, and where it goes.
type deptField struct {
	wire.Param
	classic string // empty: no classic path takes it
	calls   uint8  // which calls take it under /topapi and, with a classic name, elsewhere
	put     func(v *edit.DeptValues, c *wire.Call, i int)
}

// The calls that set values.
const (
	onCreate uint8 = 1 << iota
	onUpdate
	onBoth = onCreate | onUpdate
)

// The most that a parameter of theirs takes (contract 4.3): of the documentation
// and the clients that the real service publishes, the larger.
const (
	maxPermits = 200
	maxLeaders = 999
	maxBrief   = 255
)

// deptFields lists the values in the order in which they are checked and put.
// Permits is the fault for a permit list.
func deptFields(permits wire.Fault) []deptField {
	return []deptField{
		text("name", "name", onBoth, 64, wire.FaultDeptName, "The name, without hyphens and commas, 1 to 64 characters.",
			func(v *edit.DeptValues) **string { return &v.Name }),
		{
			Param: wire.Param{
				Name: "parent_id", Kind: wire.Int, Min: 1, Max: math.MaxInt64, Doc: "The id of the department above it; the root is 1.",
			},
			classic: "parentid", calls: onBoth,
			put: func(v *edit.DeptValues, c *wire.Call, i int) {
				id := rollcall.DeptID(c.Int(i))
				v.ParentID = &id
			},
		},
		{
			Param: wire.Param{
				Name: "order", Kind: wire.Int, Min: math.MinInt64, Malformed: wire.FaultDeptOrder, Doc: "Its place among its siblings, small ones first.",
			},
			classic: "order", calls: onBoth,
			put: func(v *edit.DeptValues, c *wire.Call, i int) {
				order := c.Int(i)
				v.Order = &order
			},
		},
		flag("hide_dept", "deptHiding", onBoth, "Whether the department is hidden.", func(v *edit.DeptValues) **bool { return &v.Hidden }),
		depts("dept_permits", "deptPermits", permits, "The departments that may see it although it is hidden.",
			func(v *edit.DeptValues) *[]rollcall.DeptID { return &v.PermitDepts }),
		users("user_permits", "userPermits", onBoth, maxPermits, permits, "The userids of the people who may see it although it is hidden.",
			func(v *edit.DeptValues) *[]string { return &v.PermitUsers }),
		flag("outer_dept", "outerDept", onBoth, "Whether its people see only what they are permitted to see.",
			func(v *edit.DeptValues) **bool { return &v.Outer }),
		flag("outer_dept_only_self", "outerDeptOnlySelf", onBoth, "With outer_dept: whether its people see their department and those below it.",
			func(v *edit.DeptValues) **bool { return &v.OuterSelf }),
		depts("outer_permit_depts", "outerPermitDepts", permits, "With outer_dept: the departments that its people may see.",
			func(v *edit.DeptValues) *[]rollcall.DeptID { return &v.OuterDepts }),
		users("outer_permit_users", "outerPermitUsers", onBoth, maxPermits, permits, "With outer_dept: the userids of the people whom its people may see.",
			func(v *edit.DeptValues) *[]string { return &v.OuterUsers }),
		flag("create_dept_group", "createDeptGroup", onBoth, "Whether the department has a group.",
			func(v *edit.DeptValues) **bool { return &v.CreateGroup }),
		flag("auto_add_user", "autoAddUser", onUpdate, "Whether newcomers join the department's group.",
			func(v *edit.DeptValues) **bool { return &v.AutoAddUser }),
		flag("auto_approve_apply", "", onBoth, "Whether who asks to join is let in without approval.",
			func(v *edit.DeptValues) **bool { return &v.AutoApprove }),
		flag("group_contain_sub_dept", "groupContainSubDept", onUpdate, "Whether the group takes in the people of departments below.",
			func(v *edit.DeptValues) **bool { return &v.GroupSub }),
		flag("group_contain_outer_dept", "groupContainOuterDept", onUpdate, "Whether the group takes in departments whose people are restricted.",
			func(v *edit.DeptValues) **bool { return &v.GroupOuter }),
		flag("group_contain_hidden_dept", "groupContainHiddenDept", onUpdate, "Whether the group takes in hidden departments.",
			func(v *edit.DeptValues) **bool { return &v.GroupHidden }),
		text("org_dept_owner", "orgDeptOwner", onUpdate, maxUserID, wire.FaultGroupOwner, "The userid of the member who owns the department's group.",
			func(v *edit.DeptValues) **string { return &v.GroupOwner }),
		users("dept_manager_userid_list", "deptManagerUseridList", onUpdate, maxLeaders, wire.FaultUserIDList,
			"The userids of the members who lead the department; nobody else does then.", func(v *edit.DeptValues) *[]string { return &v.Leaders }),
		text("source_identifier", "sourceIdentifier", onBoth, 256, wire.Fault{}, "Its name in another system.",
			func(v *edit.DeptValues) **string { return &v.SourceIdentifier }),
		text("brief", "", onBoth, maxBrief, wire.Fault{}, "What the department does.", func(v *edit.DeptValues) **string { return &v.Brief }),
		text("telephone", "", onBoth, 50, wire.Fault{}, "The telephone number of the department.",
			func(v *edit.DeptValues) **string { return &v.Telephone }),
		text("code", "", onUpdate, 30, wire.Fault{}, "The code of the department.", func(v *edit.DeptValues) **string { return &v.Code }),
		{
			Param:   wire.Param{Name: "extension", Kind: wire.JSON, Doc: "More about the department, a JSON object."},
			classic: "ext", calls: onBoth,
			put: func(v *edit.DeptValues, c *wire.Call, i int) {
				object := string(c.JSON(i))
				v.Extension = &object
			},
		},
		{ // behind name, which it is about
			Param: wire.Param{
				Name: "language", Kind: wire.Enum, Enum: []string{string(rollcall.Chinese), string(rollcall.English)},
				Doc: "Which name is given: en_US is the English one.",
			},
			classic: "lang", calls: onUpdate,
			put: func(v *edit.DeptValues, c *wire.Call, i int) {
				if languageOf(c, i) == rollcall.English {
					v.Name, v.NameEN = nil, v.Name
				}
			},
		},
		{ // behind dept_manager_userid_list, which it may be about
			Param: wire.Param{
				Name: "force_update_fields", Kind: wire.Strings, MaxItems: maxLeaders,
				Doc: "Names of values that are taken away where they are not given; only dept_manager_userid_list counts.",
			},
			calls: onUpdate,
			put: func(v *edit.DeptValues, c *wire.Call, i int) {
				if v.Leaders == nil && slices.Contains(c.Strings(i), "dept_manager_userid_list") {
					v.Leaders = []string{}
				}
			},
		},
	}
}

func text(name, classic string, calls uint8, most int64, wrong wire.Fault, doc string, at func(*edit.DeptValues) **string) deptField {
	return deptField{
		Param:   wire.Param{Name: name, Kind: wire.String, Max: most, Malformed: wrong, Doc: doc},
		classic: classic, calls: calls,
		put: func(v *edit.DeptValues, c *wire.Call, i int) {
			s := c.Text(i)
			*at(v) = &s
		},
	}
}

func flag(name, classic string, calls uint8, doc string, at func(*edit.DeptValues) **bool) deptField {
	return deptField{
		Param: wire.Param{Name: name, Kind: wire.Bool, Doc: doc}, classic: classic, calls: calls,
		put: func(v *edit.DeptValues, c *wire.Call, i int) {
			b := c.Bool(i)
			*at(v) = &b
		},
	}
}

func depts(name, classic string, wrong wire.Fault, doc string, at func(*edit.DeptValues) *[]rollcall.DeptID) deptField {
	return deptField{
		Param:   wire.Param{Name: name, Kind: wire.IDs, MaxItems: maxPermits, Malformed: wrong, Doc: doc},
		classic: classic, calls: onBoth,
		put: func(v *edit.DeptValues, c *wire.Call, i int) { *at(v) = slices.Clone(c.IDs(i)) },
	}
}

func users(name, classic string, calls uint8, most int, wrong wire.Fault, doc string, at func(*edit.DeptValues) *[]string) deptField {
	return deptField{
		Param:   wire.Param{Name: name, Kind: wire.Strings, MaxItems: most, Malformed: wrong, Doc: doc},
		classic: classic, calls: calls,
		put: func(v *edit.DeptValues, c *wire.Call, i int) { *at(v) = slices.Clone(c.Strings(i)) },
	}
}

// deptForm is what one call takes of the values of a department.
type deptForm struct {
	family wire.Family
	fields []deptField
	// known are the names of the parameters by those that they have under
	// /topapi: the rules speak of these.
	known map[string]string
	from  int // where the fields begin among the parameters of the call
}

// newDeptForm makes the form of a call behind so many other parameters.
func newDeptForm(family wire.Family, call uint8, from int) *deptForm {
	permits := wire.FaultPermits
	if call == onCreate {
		permits = wire.FaultPermitsCreate
	}
	f := &deptForm{family: family, known: map[string]string{}, from: from}
	fields := deptFields(permits)
	if family == wire.Classic {
		f.known["dept_id"] = "id"
		for _, misspelled := range [][2]string{{"dept_permits", "deptPerimits"}, {"user_permits", "userPerimits"}} {
			i := slices.IndexFunc(fields, func(x deptField) bool { return x.Name == misspelled[0] })
			old := fields[i]
			old.classic, old.Doc = misspelled[1], "The older spelling of "+old.classic+"."
			fields = slices.Insert(fields, i, old) // before the right one, which wins
		}
	}
	for _, field := range fields {
		if field.calls&call == 0 || family == wire.Classic && field.classic == "" {
			continue
		}
		if family == wire.Classic {
			f.known[field.Name] = field.classic
			field.Name = field.classic
			if field.MaxItems > 0 {
				field.Separator = '|'
			}
		}
		if field.Name == f.name("name") || field.Name == f.name("parent_id") {
			field.Required = call == onCreate
		}
		f.fields = append(f.fields, field)
	}
	return f
}

// name is what a parameter is called in this call.
func (f *deptForm) name(known string) string {
	if n := f.known[known]; n != "" {
		return n
	}
	return known
}

func (f *deptForm) params() []wire.Param {
	var all []wire.Param
	for _, field := range f.fields {
		all = append(all, field.Param)
	}
	return all
}

// values reads what was given.
func (f *deptForm) values(c *wire.Call) (v edit.DeptValues) {
	for i, field := range f.fields {
		if c.Given(f.from + i) {
			field.put(&v, c, f.from+i)
		}
	}
	return v
}

// rows says what the refusals about values become, with the names of this call.
func (f *deptForm) rows(permits wire.Fault) []wire.FaultRow {
	rows := []wire.FaultRow{
		{Kind: rollcall.KindNotFound, Param: f.name("parent_id"), Fault: wire.FaultParentNotFound},
		{Kind: rollcall.KindDenied, Fault: wire.FaultDeptScope},
		{Kind: rollcall.KindConflict, Param: f.name("name"), Fault: wire.FaultDeptNameTaken},
		{Kind: rollcall.KindInvalid, Param: f.name("name"), Fault: wire.FaultDeptNameLetters},
	}
	for _, list := range []string{"dept_permits", "user_permits", "outer_permit_depts", "outer_permit_users"} {
		rows = append(rows, wire.FaultRow{Kind: rollcall.KindInvalid, Param: f.name(list), Fault: permits})
	}
	return append(rows, wire.FaultRow{Kind: rollcall.KindInvalid, Fault: wire.FaultInvalidParameter})
}

// renamed makes an error of the rules speak of the parameters of this call.
func (f *deptForm) renamed(err error) error {
	var e *rollcall.Error
	if !errors.As(err, &e) || f.name(e.Param) == e.Param {
		return err
	}
	return &rollcall.Error{Kind: e.Kind, Param: f.name(e.Param), Detail: e.Detail, Err: e.Err}
}
