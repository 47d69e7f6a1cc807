package api

import (
	"strings"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// deptFaults are what goes wrong with a call about one department (contract
// 4.1).
func deptFaults() []wire.FaultRow {
	return []wire.FaultRow{
		{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound},
		{Kind: rollcall.KindDenied, Fault: wire.FaultDeptScope},
	}
}

// requiredDept is the department of a call that is about one.
func requiredDept() wire.Param {
	dept := deptID(true, wire.FaultParamInvalid)
	dept.Missing = wire.FaultMissingArgument
	return dept
}

// optionalDept is the department of a call that takes the root without one.
func optionalDept() wire.Param { return deptID(false, wire.FaultParamInvalid) }

// deptOrRoot reads the first parameter of such a call.
func deptOrRoot(c *wire.Call) rollcall.DeptID {
	if !c.Given(0) {
		return rollcall.RootDept
	}
	return rollcall.DeptID(c.Int(0))
}

// POST or GET /topapi/v2/department/listsub (contract 4.1)
func (s *Server) departmentListSub() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/listsub", Family: wire.TOP, Methods: both(),
		Summary:    "List the departments directly below one",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{optionalDept(), languageParam(wire.FaultParamInvalid)},
		Unparsable: wire.FaultParamFormat, Faults: deptFaults(),
		Result: wire.List(wire.Object(
			wire.Prop("auto_add_user", wire.Boolean, "Whether newcomers join the department's group."),
			wire.Prop("create_dept_group", wire.Boolean, "Whether the department has a group."),
			wire.Prop("dept_id", wire.Integer.Like("2"), "The id of the department."),
			wire.Optional("ext", wire.Text.Like(`"{\"floor\":\"3\"}"`), "when set", "More about the department, a text that holds a JSON object."),
			wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
			wire.Prop("parent_id", wire.Integer, "The id of the department above it."),
			wire.Optional("source_identifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
		)),
		Chosen: []string{
			"equal orders are told apart by the id",
			"hidden departments are listed too: hide_dept is about what people see in the client, not about apps",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r, id := current(c, org), deptOrRoot(c)
			if _, err := visibleDept(grant, r, "dept_id", id); err != nil {
				return err
			}
			out, first := c.Result().Raw("["), true
			for d := range r.Children(id) {
				if !first {
					out.Raw(",")
				}
				first = false
				o := d.Opt()
				out.Raw(`{"auto_add_user":`).Bool(o.AutoAddUser).Raw(`,"create_dept_group":`).Bool(o.CreateGroup).
					Raw(`,"dept_id":`).Int(int64(d.ID))
				if o.Extension != "" {
					out.Raw(`,"ext":`).String(o.Extension)
				}
				out.Raw(`,"name":`).String(d.NameIn(languageOf(c, 1))).Raw(`,"parent_id":`).Int(int64(d.ParentID))
				if d.SourceIdentifier != "" && grant.AppType() == rollcall.Internal {
					out.Raw(`,"source_identifier":`).String(d.SourceIdentifier)
				}
				out.Raw("}")
			}
			out.Raw("]")
			return nil
		},
	}
}

// POST or GET /topapi/v2/department/listsubid (contract 4.1); not limited by
// the contact scope (contract 6)
func (s *Server) departmentListSubID() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/listsubid", Family: wire.TOP, Methods: both(),
		Summary:    "List the ids of the departments directly below one",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{optionalDept()},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result: wire.Object(
			wire.Prop("dept_id_list", wire.List(wire.Integer.Like("2")), "The ids of the departments directly below, in their order."),
		),
		Chosen: []string{"dept_id may be left out, and is the root then"},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r, id := current(c, org), deptOrRoot(c)
			if _, ok := r.Dept(id); !ok {
				return notFound("dept_id")
			}
			out, first := c.Result().Raw(`{"dept_id_list":[`), true
			for d := range r.Children(id) {
				if !first {
					out.Raw(",")
				}
				first = false
				out.Int(int64(d.ID))
			}
			out.Raw("]}")
			return nil
		},
	}
}

// POST or GET /topapi/v2/department/get (contract 4.1, 4.2)
func (s *Server) departmentGet() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/get", Family: wire.TOP, Methods: both(),
		Summary:    "Get one department",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{requiredDept(), languageParam(wire.FaultParamInvalid)},
		Unparsable: wire.FaultParamFormat, Faults: deptFaults(),
		Result: departmentResult(),
		Chosen: []string{
			"permit lists are there, and empty, where the flags that they belong to are false: the documentation and recorded replies disagree",
			"permit lists show only departments and people who are there",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			d, err := visibleDept(grant, r, "dept_id", rollcall.DeptID(c.Int(0)))
			if err != nil {
				return err
			}
			appendDepartment(c.Result(), r, d, languageOf(c, 1), grant.AppType() == rollcall.Internal)
			return nil
		},
	}
}

// visibleDept returns a department that an app may see.
func visibleDept(grant *access.Grant, r *directory.Root, param string, id rollcall.DeptID) (*rollcall.Dept, error) {
	d, ok := r.Dept(id)
	if !ok {
		return nil, notFound(param)
	}
	if !grant.InScope(id, r.DeptEver) {
		return nil, outOfScope(param)
	}
	return d, nil
}

// appendDepartment appends a department in full. What is withheld from
// third-party apps is left out for all but internal ones (contract 4.2).
func appendDepartment(out *wire.Buffer, r *directory.Root, d *rollcall.Dept, l rollcall.Language, internal bool) {
	o := d.Opt()
	direct, all := r.MemberCount(d.ID)
	out.Raw(`{"auto_add_user":`).Bool(o.AutoAddUser).
		Raw(`,"auto_approve_apply":`).Bool(o.AutoApprove).
		Raw(`,"brief":`).String(d.Brief)
	if o.Code != "" {
		out.Raw(`,"code":`).String(o.Code)
	}
	out.Raw(`,"create_dept_group":`).Bool(o.CreateGroup).Raw(`,"dept_id":`).Int(int64(d.ID))
	appendTexts(out.Raw(`,"dept_manager_userid_list":`), r.Leaders(d.ID))
	appendIDs(out.Raw(`,"dept_permits":`), shownDepts(r, o.Hidden, o.PermitDepts))
	if o.Extension != "" {
		out.Raw(`,"extention":`).String(o.Extension)
	}
	if internal {
		out.Raw(`,"from_union_org":false`)
	}
	out.Raw(`,"group_contain_sub_dept":`).Bool(o.GroupSub).Raw(`,"hide_dept":`).Bool(o.Hidden).
		Raw(`,"member_count":`).Int(int64(all)).
		Raw(`,"name":`).String(d.NameIn(l)).
		Raw(`,"order":`).Int(d.Order)
	if owner := groupOwner(r, o); owner != "" {
		out.Raw(`,"org_dept_owner":`).String(owner)
	}
	out.Raw(`,"outer_dept":`).Bool(o.Outer)
	appendIDs(out.Raw(`,"outer_permit_depts":`), shownDepts(r, o.Outer, o.OuterDepts))
	appendTexts(out.Raw(`,"outer_permit_users":`), shownUsers(r, o.Outer, o.OuterUsers))
	out.Raw(`,"owning_member_count":`).Int(int64(direct))
	if d.ParentID != 0 {
		out.Raw(`,"parent_id":`).Int(int64(d.ParentID))
	}
	if internal && d.SourceIdentifier != "" {
		out.Raw(`,"source_identifier":`).String(d.SourceIdentifier)
	}
	if o.Telephone != "" {
		out.Raw(`,"telephone":`).String(o.Telephone)
	}
	appendTexts(out.Raw(`,"user_permits":`), shownUsers(r, o.Hidden, o.PermitUsers))
	out.Raw("}")
}

// shownDepts is a permit list as it is shown: the departments that are there,
// where the flag that the list belongs to is set.
func shownDepts(r *directory.Root, flag bool, list []rollcall.DeptID) []rollcall.DeptID {
	var shown []rollcall.DeptID
	for _, id := range list {
		if _, ok := r.Dept(id); flag && ok {
			shown = append(shown, id)
		}
	}
	return shown
}

// shownUsers is the same for a list of people.
func shownUsers(r *directory.Root, flag bool, list []rollcall.Ordinal) []string {
	var shown []string
	for _, o := range list {
		if u := r.User(o); flag && u != nil && u.Present() {
			shown = append(shown, u.UserID)
		}
	}
	return shown
}

// groupOwner returns the userid of who owns a department's group; empty where
// nobody does.
func groupOwner(r *directory.Root, o *rollcall.DeptOptions) string {
	if o.GroupOwner == nil {
		return ""
	}
	return strings.Join(shownUsers(r, true, []rollcall.Ordinal{*o.GroupOwner}), "")
}

func appendIDs(out *wire.Buffer, ids []rollcall.DeptID) {
	out.Raw("[")
	for i, id := range ids {
		if i > 0 {
			out.Raw(",")
		}
		out.Int(int64(id))
	}
	out.Raw("]")
}

func appendTexts(out *wire.Buffer, texts []string) {
	out.Raw("[")
	for i, s := range texts {
		if i > 0 {
			out.Raw(",")
		}
		out.String(s)
	}
	out.Raw("]")
}

// departmentResult is a department in full (contract 4.2).
func departmentResult() wire.Schema {
	ids := wire.List(wire.Integer)
	users := wire.List(userid())
	return wire.Object(
		wire.Prop("auto_add_user", wire.Boolean, "Whether newcomers join the department's group."),
		wire.Prop("auto_approve_apply", wire.Boolean, "Whether who asks to join is let in without approval."),
		wire.Prop("brief", wire.Text, "What the department does; empty where nothing is said."),
		wire.Optional("code", wire.Text.Like(`"RD-1"`), "once it was set", "The code of the department."),
		wire.Prop("create_dept_group", wire.Boolean, "Whether the department has a group."),
		wire.Prop("dept_id", wire.Integer.Like("2"), "The id of the department."),
		wire.Prop("dept_manager_userid_list", users, "Who leads the department."),
		wire.Prop("dept_permits", ids, "The departments that may see it although it is hidden."),
		wire.Optional("extention", wire.Text.Like(`"{\"floor\":\"3\"}"`), "when set", "More about the department, a text that holds a JSON object; spelled so."),
		wire.Optional("from_union_org", wire.Boolean, internalOnly, "Whether it is another organization's."),
		wire.Prop("group_contain_sub_dept", wire.Boolean, "Whether the group takes in the people of departments below."),
		wire.Prop("hide_dept", wire.Boolean, "Whether the department is hidden."),
		wire.Prop("member_count", wire.Integer.Like("11"), "How many people are in it and in all departments below it."),
		wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
		wire.Prop("order", wire.Integer.Like("20"), "Its place among its siblings, small ones first."),
		wire.Optional("org_dept_owner", userid(), "when set", "Who owns the department's group."),
		wire.Prop("outer_dept", wire.Boolean, "Whether its people see only what they are permitted to see."),
		wire.Prop("outer_permit_depts", ids, "The departments that its people may see."),
		wire.Prop("outer_permit_users", users, "The people whom its people may see."),
		wire.Prop("owning_member_count", wire.Integer.Like("8"), "How many people are in it itself."),
		wire.Optional("parent_id", wire.Integer, "not for the root", "The id of the department above it."),
		wire.Optional("source_identifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
		wire.Optional("telephone", wire.Text.Like(`"021-5550100"`), "when set", "The telephone number of the department."),
		wire.Prop("user_permits", users, "The people who may see it although it is hidden."),
	)
}

// POST or GET /topapi/v2/department/listparentbydept (contract 4.1); not
// limited by the contact scope (contract 6)
func (s *Server) departmentListParentByDept() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/listparentbydept", Family: wire.TOP, Methods: both(),
		Summary:    "List the ids of a department and of all above it",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{requiredDept()},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result: wire.Object(
			wire.Prop("parent_id_list", wire.List(wire.Integer.Like("2")), "The department itself, its parent, and so on to the root."),
		),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r, id := current(c, org), rollcall.DeptID(c.Int(0))
			if _, ok := r.Dept(id); !ok {
				return notFound("dept_id")
			}
			appendIDs(c.Result().Raw(`{"parent_id_list":`), upwards(r, id))
			c.Result().Raw("}")
			return nil
		},
	}
}

// POST or GET /topapi/v2/department/listparentbyuser (contract 4.1); not
// limited by the contact scope (contract 6)
func (s *Server) departmentListParentByUser() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/department/listparentbyuser", Family: wire.TOP, Methods: both(),
		Summary:    "List the departments of a person, each with all above it",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{userParam("userid")},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultUserNotFound}},
		Result: wire.Object(wire.Prop("parent_list", wire.List(wire.Object(
			wire.Prop("parent_dept_id_list", wire.List(wire.Integer.Like("2")), "The department, its parent, and so on to the root."),
		)), "One entry for each department that the person is in, by id; empty for somebody in none.")),
		Chosen: chosenUsers(),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			u, err := presentUser(r, "userid", c.Text(0))
			if err != nil {
				return err
			}
			out := c.Result().Raw(`{"parent_list":[`)
			for i, m := range u.Memberships {
				if i > 0 {
					out.Raw(",")
				}
				appendIDs(out.Raw(`{"parent_dept_id_list":`), upwards(r, m.DeptID))
				out.Raw("}")
			}
			out.Raw("]}")
			return nil
		},
	}
}

// presentUser returns somebody who belongs to the organization.
func presentUser(r *directory.Root, param, userid string) (*rollcall.User, error) {
	u, ok := r.UserByID(userid)
	if !ok || !u.Present() {
		return nil, noUser(param)
	}
	return u, nil
}

// upwards lists a department and all above it, up to the root.
func upwards(r *directory.Root, id rollcall.DeptID) []rollcall.DeptID {
	var ids []rollcall.DeptID
	for id != 0 {
		d, ok := r.Dept(id)
		if !ok {
			break
		}
		ids = append(ids, id)
		id = d.ParentID
	}
	return ids
}
