package api

import (
	"rollcall"
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

// optionalDept is the department of a call that takes the root without one.
func optionalDept() wire.Param { return deptID(false, wire.FaultParamInvalid) }

func deptOrRoot(c *wire.Call, i int) rollcall.DeptID {
	if !c.Given(i) {
		return rollcall.RootDept
	}
	return rollcall.DeptID(c.Int(i))
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
			wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
			wire.Prop("parent_id", wire.Integer, "The id of the department above it."),
			wire.Optional("source_identifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
		)),
		Chosen: []string{"equal orders are told apart by the id"},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r, id := org.Current(), deptOrRoot(c, 0)
			if _, ok := r.Dept(id); !ok {
				return notFound("dept_id")
			}
			if !grant.InScope(id, r.DeptEver) {
				return outOfScope("dept_id")
			}
			out, first := c.Result().Raw("["), true
			for d := range r.Children(id) {
				if !first {
					out.Raw(",")
				}
				first = false
				out.Raw(`{"auto_add_user":false,"create_dept_group":false,"dept_id":`).Int(int64(d.ID)).
					Raw(`,"name":`).String(d.NameIn(languageOf(c, 1))).Raw(`,"parent_id":`).Int(int64(d.ParentID))
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
			r, id := org.Current(), deptOrRoot(c, 0)
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
	dept := deptID(true, wire.FaultParamInvalid)
	dept.Missing = wire.FaultMissingArgument
	return &wire.Endpoint{
		Path: "/topapi/v2/department/get", Family: wire.TOP, Methods: both(),
		Summary:    "Get one department",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     []wire.Param{dept, languageParam(wire.FaultParamInvalid)},
		Unparsable: wire.FaultParamFormat, Faults: deptFaults(),
		Result: departmentResult(),
		Chosen: []string{"permit lists are there, and empty, where the flags that they belong to are false: the documentation and recorded replies disagree"},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := org.Current()
			d, ok := r.Dept(rollcall.DeptID(c.Int(0)))
			if !ok {
				return notFound("dept_id")
			}
			if !grant.InScope(d.ID, r.DeptEver) {
				return outOfScope("dept_id")
			}
			internal := grant.AppType() == rollcall.Internal
			direct, all := r.MemberCount(d.ID)
			out := c.Result().Raw(`{"auto_add_user":false,"auto_approve_apply":false,"brief":`).String(d.Brief).
				Raw(`,"create_dept_group":false,"dept_id":`).Int(int64(d.ID)).
				Raw(`,"dept_manager_userid_list":[`)
			for i, userid := range r.Leaders(d.ID) {
				if i > 0 {
					out.Raw(",")
				}
				out.String(userid)
			}
			out.Raw(`],"dept_permits":[]`)
			if internal { // withheld from third-party apps (contract 4.2)
				out.Raw(`,"from_union_org":false`)
			}
			out.Raw(`,"group_contain_sub_dept":false,"hide_dept":false,"member_count":`).Int(int64(all)).
				Raw(`,"name":`).String(d.NameIn(languageOf(c, 1))).
				Raw(`,"order":`).Int(d.Order).
				Raw(`,"outer_dept":false,"outer_permit_depts":[],"outer_permit_users":[],"owning_member_count":`).Int(int64(direct))
			if d.ParentID != 0 {
				out.Raw(`,"parent_id":`).Int(int64(d.ParentID))
			}
			if internal && d.SourceIdentifier != "" {
				out.Raw(`,"source_identifier":`).String(d.SourceIdentifier)
			}
			out.Raw(`,"user_permits":[]}`)
			return nil
		},
	}
}

// departmentResult is a department in full (contract 4.2).
func departmentResult() wire.Schema {
	ids := wire.List(wire.Integer)
	users := wire.List(userid())
	return wire.Object(
		wire.Prop("auto_add_user", wire.Boolean, "Whether newcomers join the department's group."),
		wire.Prop("auto_approve_apply", wire.Boolean, "Whether who asks to join is let in without approval."),
		wire.Prop("brief", wire.Text, "What the department does; empty where nothing is said."),
		wire.Prop("create_dept_group", wire.Boolean, "Whether the department has a group."),
		wire.Prop("dept_id", wire.Integer.Like("2"), "The id of the department."),
		wire.Prop("dept_manager_userid_list", users, "Who leads the department."),
		wire.Prop("dept_permits", ids, "The departments that may see it although it is hidden."),
		wire.Optional("from_union_org", wire.Boolean, internalOnly, "Whether it is another organization's."),
		wire.Prop("group_contain_sub_dept", wire.Boolean, "Whether the group takes in the people of departments below."),
		wire.Prop("hide_dept", wire.Boolean, "Whether the department is hidden."),
		wire.Prop("member_count", wire.Integer.Like("11"), "How many people are in it and in all departments below it."),
		wire.Prop("name", wire.Text.Like(`"Research"`), "The name, in the language that was asked for."),
		wire.Prop("order", wire.Integer.Like("20"), "Its place among its siblings, small ones first."),
		wire.Prop("outer_dept", wire.Boolean, "Whether its people see only what they are permitted to see."),
		wire.Prop("outer_permit_depts", ids, "The departments that its people may see."),
		wire.Prop("outer_permit_users", users, "The people whom its people may see."),
		wire.Prop("owning_member_count", wire.Integer.Like("8"), "How many people are in it itself."),
		wire.Optional("parent_id", wire.Integer, "not for the root", "The id of the department above it."),
		wire.Optional("source_identifier", wire.Text.Like(`"hr/2"`), internalOnly+", when set", "Its name in another system."),
		wire.Prop("user_permits", users, "The people who may see it although it is hidden."),
	)
}
