package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
)

// deptFlags are the values of a department that can be given. What is not given
// stays as it is; what is given empty is taken away.
type deptFlags struct {
	Parent           *int64   `placeholder:"ID" help:"Department above it; a new one is below the root (1) without it."`
	NameEN           *string  `name:"name-en" placeholder:"NAME" help:"English name."`
	Order            *int64   `placeholder:"N" help:"Place among the departments with the same parent, smaller first."`
	SourceIdentifier *string  `placeholder:"TEXT" help:"Id of the department in the system that it comes from."`
	Brief            *string  `placeholder:"TEXT" help:"What the department does."`
	Code             *string  `placeholder:"TEXT" help:"Code of the department."`
	Telephone        *string  `placeholder:"NUMBER" help:"Telephone number of the department."`
	Extension        *string  `placeholder:"JSON" help:"More about the department, a JSON object."`
	HideDept         *bool    `help:"Hide the department; --hide-dept=false shows it again."`
	DeptPermit       []string `placeholder:"ID" help:"Department that may see it although it is hidden; give the flag again for more."`
	UserPermit       []string `placeholder:"USERID" help:"Person who may see it although it is hidden; give the flag again for more."`
	OuterDept        *bool    `help:"Let its people see only what they are permitted to see."`
	OuterDeptSelf    *bool    `name:"outer-dept-only-self" help:"With --outer-dept: let them see their department and those below it."`
	OuterPermitDept  []string `placeholder:"ID" help:"With --outer-dept: department that its people may see; give the flag again for more."`
	OuterPermitUser  []string `placeholder:"USERID" help:"With --outer-dept: person whom its people may see; give the flag again for more."`
	CreateDeptGroup  *bool    `help:"The department has a group."`
	AutoAddUser      *bool    `help:"Newcomers join the department's group."`
	AutoApproveApply *bool    `help:"Who asks to join is let in without approval."`
	GroupSub         *bool    `name:"group-contain-sub-dept" help:"The group takes in the people of departments below."`
	GroupOuter       *bool    `name:"group-contain-outer-dept" help:"The group takes in departments with --outer-dept."`
	GroupHidden      *bool    `name:"group-contain-hidden-dept" help:"The group takes in hidden departments."`
}

// values returns what was given.
func (f *deptFlags) values() (edit.DeptValues, error) {
	v := edit.DeptValues{
		ParentID: (*rollcall.DeptID)(f.Parent), NameEN: f.NameEN, Order: f.Order, SourceIdentifier: f.SourceIdentifier,
		Brief: f.Brief, Code: f.Code, Telephone: f.Telephone, Extension: f.Extension, Hidden: f.HideDept, Outer: f.OuterDept,
		OuterSelf: f.OuterDeptSelf, CreateGroup: f.CreateDeptGroup, AutoAddUser: f.AutoAddUser, AutoApprove: f.AutoApproveApply,
		GroupSub: f.GroupSub, GroupOuter: f.GroupOuter, GroupHidden: f.GroupHidden,
		PermitUsers: wholeList(f.UserPermit), OuterUsers: wholeList(f.OuterPermitUser),
	}
	var err error
	if v.PermitDepts, err = deptList("dept-permit", f.DeptPermit); err != nil {
		return v, err
	}
	v.OuterDepts, err = deptList("outer-permit-dept", f.OuterPermitDept)
	return v, err
}

// wholeList is a list as it was given: nil where it was not, and empty where an
// empty text stands for nothing.
func wholeList(given []string) []string {
	if given == nil {
		return nil
	}
	list := []string{}
	for _, s := range given {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func deptList(flag string, given []string) ([]rollcall.DeptID, error) {
	if given == nil {
		return nil, nil
	}
	ids := []rollcall.DeptID{}
	for _, s := range wholeList(given) {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, usageError{fmt.Errorf("--%s: %q is not the id of a department", flag, s)}
		}
		ids = append(ids, rollcall.DeptID(id))
	}
	return ids, nil
}

type deptCreateCommand struct {
	dataFlags
	Name string `required:"" help:"Name, 1 to 64 characters, without hyphens and commas."`
	ID   int64  `name:"id" placeholder:"ID" help:"Id of the department; the next free one without it."`
	deptFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (deptCreateCommand) Help() string {
	return "Example:\n  rollcall dept create --data ./data --name Research --parent 2 --order 10"
}

// Run carries the command out.
func (c *deptCreateCommand) Run(ctx context.Context, std streams) error {
	v, err := c.values()
	if err != nil {
		return err
	}
	v.Name = &c.Name
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	id := rollcall.DeptID(c.ID)
	if _, err := org.Do(ctx, "cli", edit.CreateDept(&id, rollcall.At(time.Now()), v)); err != nil {
		return fmt.Errorf("creating the department: %w", err)
	}
	r := org.Current()
	if c.JSON {
		return printJSON(std.out, newDeptDetail(r, id))
	}
	d, _ := r.Dept(id)
	fmt.Fprintf(std.out, "Created department %d (%s).\n", id, d.Name)
	return nil
}

type deptUpdateCommand struct {
	dataFlags
	ID   int64   `arg:"" help:"The department's id."`
	Name *string `help:"Name, 1 to 64 characters, without hyphens and commas."`
	deptFlags
	Leader       []string `placeholder:"USERID" help:"Member who leads the department; give the flag again for more. Nobody else does then."`
	OrgDeptOwner *string  `placeholder:"USERID" help:"Member who owns the department's group."`
	JSON         bool     `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (deptUpdateCommand) Help() string {
	return "What is not given stays as it is; what is given empty is taken away.\n\nExample:\n" +
		"  rollcall dept update --data ./data 7 --name Development --parent 3 --leader alice --leader bob"
}

// Run carries the command out.
func (c *deptUpdateCommand) Run(ctx context.Context, std streams) error {
	v, err := c.values()
	if err != nil {
		return err
	}
	v.Name, v.GroupOwner, v.Leaders = c.Name, c.OrgDeptOwner, wholeList(c.Leader)
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	id := rollcall.DeptID(c.ID)
	out, err := org.Do(ctx, "cli", edit.UpdateDept(id, v))
	switch {
	case err != nil:
		return fmt.Errorf("changing the department: %w", err)
	case c.JSON:
		return printJSON(std.out, newDeptDetail(org.Current(), id))
	case len(out.Changes) == 0:
		fmt.Fprintf(std.out, "Department %d is so already.\n", id)
	default:
		fmt.Fprintf(std.out, "Changed department %d.\n", id)
	}
	return nil
}

type deptDeleteCommand struct {
	dataFlags
	ID   int64 `arg:"" help:"The department's id."`
	JSON bool  `name:"json" help:"Print JSON."`
}

// deptDeleted is what is left of a department.
type deptDeleted struct {
	DeptID rollcall.DeptID `json:"dept_id"`
}

// Run carries the command out.
func (c *deptDeleteCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	id := rollcall.DeptID(c.ID)
	if _, err := org.Do(ctx, "cli", edit.DeleteDept(id)); err != nil {
		return fmt.Errorf("deleting the department: %w", err)
	}
	if c.JSON {
		return printJSON(std.out, deptDeleted{id})
	}
	fmt.Fprintf(std.out, "Deleted department %d.\n", id)
	return nil
}

type deptGetCommand struct {
	dataFlags
	listFlags
	ID int64 `arg:"" help:"The department's id."`
}

// deptDetail is a department in full.
type deptDetail struct {
	deptRow
	Order            int64             `json:"order"`
	Brief            string            `json:"brief"`
	Code             string            `json:"code"`
	Telephone        string            `json:"telephone"`
	Extension        string            `json:"extension"`
	Leaders          []string          `json:"dept_manager_userid_list"`
	Hidden           bool              `json:"hide_dept"`
	DeptPermits      []rollcall.DeptID `json:"dept_permits"`
	UserPermits      []string          `json:"user_permits"`
	Outer            bool              `json:"outer_dept"`
	OuterSelf        bool              `json:"outer_dept_only_self"`
	OuterPermitDepts []rollcall.DeptID `json:"outer_permit_depts"`
	OuterPermitUsers []string          `json:"outer_permit_users"`
	CreateGroup      bool              `json:"create_dept_group"`
	AutoAddUser      bool              `json:"auto_add_user"`
	AutoApprove      bool              `json:"auto_approve_apply"`
	GroupSub         bool              `json:"group_contain_sub_dept"`
	GroupOuter       bool              `json:"group_contain_outer_dept"`
	GroupHidden      bool              `json:"group_contain_hidden_dept"`
	GroupOwner       string            `json:"org_dept_owner"`
}

// newDeptDetail shows a department that is there. People who have left are not
// in its lists.
func newDeptDetail(r *directory.Root, id rollcall.DeptID) deptDetail {
	d, _ := r.Dept(id)
	o := d.Opt()
	detail := deptDetail{
		deptRow: newDeptRow(r, d), Order: d.Order, Brief: d.Brief, Code: o.Code, Telephone: o.Telephone, Extension: o.Extension,
		Leaders: r.Leaders(id), Hidden: o.Hidden, Outer: o.Outer, OuterSelf: o.OuterSelf, CreateGroup: o.CreateGroup,
		AutoAddUser: o.AutoAddUser, AutoApprove: o.AutoApprove, GroupSub: o.GroupSub, GroupOuter: o.GroupOuter, GroupHidden: o.GroupHidden,
		DeptPermits: append([]rollcall.DeptID{}, o.PermitDepts...), OuterPermitDepts: append([]rollcall.DeptID{}, o.OuterDepts...),
		UserPermits: userids(r, o.PermitUsers), OuterPermitUsers: userids(r, o.OuterUsers),
	}
	if o.GroupOwner != nil {
		detail.GroupOwner = strings.Join(userids(r, []rollcall.Ordinal{*o.GroupOwner}), "")
	}
	return detail
}

func userids(r *directory.Root, ordinals []rollcall.Ordinal) []string {
	list := []string{}
	for _, o := range ordinals {
		if u := r.User(o); u != nil && u.Present() {
			list = append(list, u.UserID)
		}
	}
	return list
}

// Run carries the command out.
func (c *deptGetCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r, id := org.Current(), rollcall.DeptID(c.ID)
	if _, ok := r.Dept(id); !ok {
		return &rollcall.Error{Kind: rollcall.KindNotFound, Param: "dept_id", Detail: fmt.Sprintf("there is no department %d", id)}
	}
	d := newDeptDetail(r, id)
	return c.print(std.out, d, []string{"field", "value"}, d.rows())
}

// rows are the values as texts, lists with commas, in the order of the JSON.
func (d *deptDetail) rows() [][]string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	depts := func(ids []rollcall.DeptID) string {
		var texts []string
		for _, id := range ids {
			texts = append(texts, number(int64(id)))
		}
		return strings.Join(texts, ",")
	}
	people := func(list []string) string { return strings.Join(list, ",") }
	yes := strconv.FormatBool
	parent := ""
	if d.ParentID != 0 {
		parent = number(int64(d.ParentID))
	}
	return [][]string{
		{"dept_id", number(int64(d.DeptID))},
		{"parent_id", parent},
		{"name", d.Name},
		{"name_en", d.NameEN},
		{"source_identifier", d.SourceIdentifier},
		{"owning_member_count", strconv.Itoa(d.Members)},
		{"member_count", strconv.Itoa(d.Subtree)},
		{"order", number(d.Order)},
		{"brief", d.Brief},
		{"code", d.Code},
		{"telephone", d.Telephone},
		{"extension", d.Extension},
		{"dept_manager_userid_list", people(d.Leaders)},
		{"hide_dept", yes(d.Hidden)},
		{"dept_permits", depts(d.DeptPermits)},
		{"user_permits", people(d.UserPermits)},
		{"outer_dept", yes(d.Outer)},
		{"outer_dept_only_self", yes(d.OuterSelf)},
		{"outer_permit_depts", depts(d.OuterPermitDepts)},
		{"outer_permit_users", people(d.OuterPermitUsers)},
		{"create_dept_group", yes(d.CreateGroup)},
		{"auto_add_user", yes(d.AutoAddUser)},
		{"auto_approve_apply", yes(d.AutoApprove)},
		{"group_contain_sub_dept", yes(d.GroupSub)},
		{"group_contain_outer_dept", yes(d.GroupOuter)},
		{"group_contain_hidden_dept", yes(d.GroupHidden)},
		{"org_dept_owner", d.GroupOwner},
	}
}
