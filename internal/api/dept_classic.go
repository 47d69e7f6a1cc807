package api

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// The calls about departments as they were before those under /topapi (contract
// 4.4).

// classicID is the department of a classic call.
func classicID(required bool) wire.Param {
	p := deptID(required, wire.FaultDeptID)
	p.Name, p.Missing = "id", wire.Fault{}
	if !required {
		p.Doc = "The id of the department; the root, 1, without it."
	}
	return p
}

func classicLanguage() wire.Param {
	p := languageParam(wire.Fault{})
	p.Name = "lang"
	return p
}

// GET or POST /department/list
func (s *Server) classicDepartmentList() *wire.Endpoint {
	const id, recursive, lang = 0, 1, 2
	return &wire.Endpoint{
		Path: "/department/list", Family: wire.Classic, Methods: both(),
		Summary:    "List the departments below one",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params: []wire.Param{
			id: classicID(false),
			recursive: {
				Name: "fetch_child", Kind: wire.Bool,
				Doc: "Whether all departments below are listed, and not the direct ones alone; a third-party app sends false.",
			},
			lang: classicLanguage(),
		},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     append(deptFaults(), wire.FaultRow{Kind: rollcall.KindInvalid, Fault: wire.FaultInvalidParameter}),
		Result: wire.Object(wire.Prop("department", wire.List(wire.Object(
			wire.Prop("id", wire.Integer.Like("2"), "The id of the department."),
			wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
			wire.Prop("parentid", wire.Integer, "The id of the department above it."),
			wire.Prop("createDeptGroup", wire.Boolean, "Whether the department has a group."),
			wire.Prop("autoAddUser", wire.Boolean, "Whether newcomers join the department's group."),
			wire.Optional("sourceIdentifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
		)), "The departments, by their order, then by id; the one that was asked about is not among them.")),
		Chosen: []string{
			"without fetch_child everything below is listed, as the call did before it had the parameter; for a third-party app only what is directly below",
			"the list as a whole is in the order of the departments' order, so that one may come before its parent",
			"hidden departments are listed too",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			internal := grant.AppType() == rollcall.Internal
			if c.Bool(recursive) && !internal {
				return rollcall.Invalid("fetch_child", "a third-party app must send false")
			}
			r := current(c, org)
			top, err := visibleDept(grant, r, "id", deptOrRoot(c))
			if err != nil {
				return err
			}
			list := slices.Collect(r.Children(top.ID))
			if c.Bool(recursive) || internal && !c.Given(recursive) {
				list = below(r, top.ID, nil)
				slices.SortFunc(list, func(a, b *rollcall.Dept) int { return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID)) })
			}
			out := c.Result().Raw(`{"errcode":0,"department":[`)
			for i, d := range list {
				if i > 0 {
					out.Raw(",")
				}
				out.Raw(`{"id":`).Int(int64(d.ID)).Raw(`,"name":`).String(d.NameIn(languageOf(c, lang))).
					Raw(`,"parentid":`).Int(int64(d.ParentID)).
					Raw(`,"createDeptGroup":`).Bool(d.Opt().CreateGroup).Raw(`,"autoAddUser":`).Bool(d.Opt().AutoAddUser)
				if internal && d.SourceIdentifier != "" {
					out.Raw(`,"sourceIdentifier":`).String(d.SourceIdentifier)
				}
				out.Raw("}")
			}
			out.Raw(`],"errmsg":"ok"}`)
			return nil
		},
	}
}

// below appends all departments below one.
func below(r *directory.Root, id rollcall.DeptID, list []*rollcall.Dept) []*rollcall.Dept {
	for d := range r.Children(id) {
		list = below(r, d.ID, append(list, d))
	}
	return list
}

// GET or POST /department/list_ids; not limited by the contact scope
func (s *Server) classicDepartmentListIDs() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/department/list_ids", Family: wire.Classic, Methods: both(),
		Summary:    "List the ids of the departments directly below one",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{classicID(false)},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result: wire.Object(
			wire.Prop("sub_dept_id_list", wire.List(wire.Integer.Like("2")), "The ids of the departments directly below, in their order."),
		),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r, id := current(c, org), deptOrRoot(c)
			if _, ok := r.Dept(id); !ok {
				return notFound("id")
			}
			var ids []rollcall.DeptID
			for d := range r.Children(id) {
				ids = append(ids, d.ID)
			}
			appendIDs(c.Result().Raw(`{"errcode":0,"sub_dept_id_list":`), ids)
			c.Result().Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}

// GET or POST /department/get
func (s *Server) classicDepartmentGet() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/department/get", Family: wire.Classic, Methods: both(),
		Summary:    "Get one department",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{classicID(true), classicLanguage()},
		Unparsable: wire.FaultInvalidParameter, Faults: deptFaults(),
		Result: classicDepartment(),
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			d, err := visibleDept(grant, r, "id", rollcall.DeptID(c.Int(0)))
			if err != nil {
				return err
			}
			appendClassic(c.Result(), r, d, languageOf(c, 1), grant.AppType() == rollcall.Internal)
			return nil
		},
	}
}

// appendClassic appends a department as the classic call shows it, in the order
// of a recorded reply.
func appendClassic(out *wire.Buffer, r *directory.Root, d *rollcall.Dept, l rollcall.Language, internal bool) {
	o := d.Opt()
	people := strings.Join(shownUsers(r, o.Hidden, o.PermitUsers), "|")
	depts := joinIDs(shownDepts(r, o.Hidden, o.PermitDepts))
	out.Raw(`{"errcode":0,"userPermits":`).String(people).Raw(`,"userPerimits":`).String(people).
		Raw(`,"outerDept":`).Bool(o.Outer).Raw(`,"errmsg":"ok","deptManagerUseridList":`).String(strings.Join(r.Leaders(d.ID), "|"))
	if d.ParentID != 0 {
		out.Raw(`,"parentid":`).Int(int64(d.ParentID))
	}
	out.Raw(`,"groupContainSubDept":`).Bool(o.GroupSub).
		Raw(`,"outerPermitUsers":`).String(strings.Join(shownUsers(r, o.Outer, o.OuterUsers), "|")).
		Raw(`,"outerPermitDepts":`).String(joinIDs(shownDepts(r, o.Outer, o.OuterDepts))).
		Raw(`,"deptPerimits":`).String(depts).
		Raw(`,"createDeptGroup":`).Bool(o.CreateGroup).
		Raw(`,"name":`).String(d.NameIn(l)).Raw(`,"id":`).Int(int64(d.ID)).
		Raw(`,"autoAddUser":`).Bool(o.AutoAddUser).Raw(`,"deptHiding":`).Bool(o.Hidden).
		Raw(`,"deptPermits":`).String(depts).Raw(`,"order":`).Int(d.Order)
	if owner := groupOwner(r, o); owner != "" {
		out.Raw(`,"orgDeptOwner":`).String(owner)
	}
	if internal && d.SourceIdentifier != "" {
		out.Raw(`,"sourceIdentifier":`).String(d.SourceIdentifier)
	}
	out.Raw("}")
}

func joinIDs(ids []rollcall.DeptID) string {
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, '|')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(b)
}

// classicDepartment is a department in full, lists joined by bars.
func classicDepartment() wire.Schema {
	users := wire.Text.Like(`"manager4220|zhangwei"`)
	depts := wire.Text.Like(`"2|3"`)
	return wire.Object(
		wire.Prop("userPermits", users, "The people who may see it although it is hidden."),
		wire.Prop("userPerimits", users, "The same, in the older spelling."),
		wire.Prop("outerDept", wire.Boolean, "Whether its people see only what they are permitted to see."),
		wire.Prop("deptManagerUseridList", users, "Who leads the department."),
		wire.Optional("parentid", wire.Integer, "not for the root", "The id of the department above it."),
		wire.Prop("groupContainSubDept", wire.Boolean, "Whether the group takes in the people of departments below."),
		wire.Prop("outerPermitUsers", users, "The people whom its people may see."),
		wire.Prop("outerPermitDepts", depts, "The departments that its people may see."),
		wire.Prop("deptPerimits", depts, "The same as deptPermits, in the older spelling."),
		wire.Prop("createDeptGroup", wire.Boolean, "Whether the department has a group."),
		wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
		wire.Prop("id", wire.Integer.Like("2"), "The id of the department."),
		wire.Prop("autoAddUser", wire.Boolean, "Whether newcomers join the department's group."),
		wire.Prop("deptHiding", wire.Boolean, "Whether the department is hidden."),
		wire.Prop("deptPermits", depts, "The departments that may see it although it is hidden."),
		wire.Prop("order", wire.Integer.Like("20"), "Its place among its siblings, small ones first."),
		wire.Optional("orgDeptOwner", userid(), "when set", "Who owns the department's group."),
		wire.Optional("sourceIdentifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
	)
}

// GET or POST /department/list_parent_depts_by_dept; not limited by the contact
// scope, as the call under /topapi
func (s *Server) classicParentsByDept() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/department/list_parent_depts_by_dept", Family: wire.Classic, Methods: both(),
		Summary:    "List the ids of a department and of all above it",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{classicID(true)},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result: wire.Object(
			wire.Prop("parentIds", wire.List(wire.Integer.Like("2")), "The department itself, its parent, and so on to the root."),
		),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r, id := current(c, org), rollcall.DeptID(c.Int(0))
			if _, ok := r.Dept(id); !ok {
				return notFound("id")
			}
			appendIDs(c.Result().Raw(`{"errcode":0,"parentIds":`), upwards(r, id))
			c.Result().Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}

// GET or POST /department/list_parent_depts; not limited by the contact scope
func (s *Server) classicParentsByUser() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/department/list_parent_depts", Family: wire.Classic, Methods: both(),
		Summary:    "List the departments of a person, each with all above it",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{userParam("userId")},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultUserNotFound}},
		Result: wire.Object(wire.Prop("department", wire.List(wire.List(wire.Integer.Like("2"))),
			"One list for each department that the person is in, by id: the department, its parent, and so on to the root.")),
		Chosen: append(chosenUsers(), "department is a list of lists, as the text of the documentation says; its example has one list"),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			u, err := presentUser(r, "userId", c.Text(0))
			if err != nil {
				return err
			}
			out := c.Result().Raw(`{"errcode":0,"department":[`)
			for i, m := range u.Memberships {
				if i > 0 {
					out.Raw(",")
				}
				appendIDs(out, upwards(r, m.DeptID))
			}
			out.Raw(`],"errmsg":"ok"}`)
			return nil
		},
	}
}
