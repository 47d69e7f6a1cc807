package api

import (
	"encoding/json"
	"math"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// The calls about people as they were before those under /topapi (contract 5.5).

// classicLang is the language of a classic call.
func classicLang() wire.Param {
	p := languageParam(wire.Fault{})
	p.Name = "lang"
	return p
}

// GET or POST /user/get
func (s *Server) classicUserGet() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/get", Family: wire.Classic, Methods: both(),
		Summary:    "Get one person in full",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{userParam("userid"), classicLang()},
		Unparsable: wire.FaultInvalidParameter, Faults: userFaults(),
		Result: classicPerson(false),
		Chosen: append([]string{
			"the values that other apps may not see are those of v2/user/get",
			"the values of extattr are texts: what is none in extension is written as JSON",
			"the type of every role is 101",
		}, chosenUsers()...),
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			u, ok := r.UserByID(c.Text(0))
			if err := visible(grant, r, u, ok, "userid"); err != nil {
				return err
			}
			out := c.Result().Raw(`{"errcode":0,`)
			view{r, grant, languageOf(c, 1)}.appendClassic(out, u, nil)
			out.Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}

// appendClassic writes the members of a person as classic calls show one, alone
// or, where in is not nil, in the list of a department.
func (v view) appendClassic(out *wire.Buffer, u *rollcall.User, in *rollcall.Membership) {
	out.Raw(`"unionid":`).String(v.Union(u)).Raw(`,"userid":`).String(u.UserID).Raw(`,"name":`).String(u.NameIn(v.language)).
		Raw(`,"active":`).Bool(u.Active).Raw(`,"avatar":`).String(u.Avatar).Raw(`,"position":`).String(titleIn(u, in)).
		Raw(`,"jobnumber":`).String(u.JobNumber).Raw(`,"isAdmin":`).Bool(u.Admin != 0).Raw(`,"isBoss":`).Bool(u.Boss).
		Raw(`,"isHide":`).Bool(u.HideMobile).Raw(`,"department":[`)
	for i := range u.Memberships {
		if i > 0 {
			out.Raw(",")
		}
		out.Int(int64(u.Memberships[i].DeptID))
	}
	out.Raw("]")
	if in != nil {
		out.Raw(`,"isLeader":`).Bool(in.Leader)
		if in.Ordered {
			out.Raw(`,"order":`).Int(in.Order)
		}
	} else {
		v.appendClassicAlone(out, u)
	}
	if v.ShowsMobile() {
		code, mobile := splitMobile(u)
		out.Raw(`,"mobile":`).String(mobile).Raw(`,"stateCode":`).String(code)
	}
	if v.ShowsPrivate() {
		given(out, `,"tel":`, u.Telephone)
		if u.HiredDate != 0 {
			out.Raw(`,"hiredDate":`).Int(int64(u.HiredDate))
		}
	}
	if v.ShowsPersonal() {
		out.Raw(`,"email":`).String(u.Email)
		given(out, `,"orgEmail":`, u.OrgEmail)
		given(out, `,"workPlace":`, u.WorkPlace)
		given(out, `,"remark":`, u.Remark)
		appendAttributes(out.Raw(`,"extattr":`), u.Extension)
	}
}

// appendClassicAlone writes what only the call about one person shows.
func (v view) appendClassicAlone(out *wire.Buffer, u *rollcall.User) {
	out.Raw(`,"isSenior":`).Bool(u.Senior)
	var leads, orders wire.Buffer
	for i := range u.Memberships {
		m := &u.Memberships[i]
		if i > 0 {
			leads.Raw(",")
			orders.Raw(",")
		}
		leads.Int(int64(m.DeptID)).Raw(":").Bool(m.Leader)
		orders.Int(int64(m.DeptID)).Raw(":").Int(orderOf(m))
	}
	out.Raw(`,"isLeaderInDepts":"{`).Bytes(leads).Raw(`}","orderInDepts":"{`).Bytes(orders).Raw(`}"`)
	v.appendManager(out, `,"managerUserid":`, u)
	sep := `,"roles":[`
	for role, group := range v.rolesOf(u) {
		out.Raw(sep).Raw(`{"id":`).Int(int64(role.ID)).Raw(`,"name":`).String(role.Name).Raw(`,"groupName":`).String(group).Raw(`,"type":101}`)
		sep = ","
	}
	if sep == "," {
		out.Raw("]")
	}
	out.Raw(`,"tags":{}`)
}

// appendAttributes writes an extension as an object of texts.
func appendAttributes(out *wire.Buffer, extension string) {
	out.Raw("{")
	defer out.Raw("}")
	if extension == "" {
		return
	}
	d, sep := json.NewDecoder(strings.NewReader(extension)), ""
	if _, err := d.Token(); err != nil {
		return // it was checked when it came in
	}
	for d.More() {
		var value json.RawMessage
		name, err := d.Token()
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return
		}
		text := string(value)
		if json.Unmarshal(value, &text) != nil {
			text = string(value) // not a text
		}
		out.Raw(sep).String(name.(string)).Raw(":").String(text)
		sep = ","
	}
}

// classicPerson is what appendClassic writes.
func classicPerson(listed bool) wire.Schema {
	var ms []wire.Member
	add := func(here bool, m wire.Member) {
		if here {
			ms = append(ms, m)
		}
	}
	add(true, wire.Prop("unionid", wire.Text.Like(`"PiiiPyQqBNBii0HnCJ3zlj"`), "The unionid."))
	add(true, wire.Prop("userid", userid(), "The userid."))
	add(true, wire.Prop("name", wire.Text.Like(`"Wei Zhang"`), "The name, in the language that was asked for."))
	add(true, wire.Prop("active", wire.Boolean, "Whether the account was used at least once."))
	add(true, wire.Prop("avatar", wire.Text, "The address of the picture; empty where there is none."))
	add(true, wire.Prop("position", wire.Text, "The title; in a list, that in the department where there is one."))
	add(true, wire.Prop("jobnumber", wire.Text, "The job number; empty where there is none."))
	add(true, wire.Prop("isAdmin", wire.Boolean, "Whether the person is an administrator."))
	add(true, wire.Prop("isBoss", wire.Boolean, "Whether the person is the boss of the organization."))
	add(true, wire.Prop("isHide", wire.Boolean, "Whether others do not get to see the mobile number."))
	add(true, wire.Prop("department", wire.List(wire.Integer.Like("2")), "The departments of the person, by id."))
	add(listed, wire.Prop("isLeader", wire.Boolean, "Whether the person leads this department."))
	add(listed, wire.Optional("order", wire.Integer, "when somebody chose one", "The order in this department, larger first."))
	add(!listed, wire.Prop("isSenior", wire.Boolean, "Whether the person is in senior mode."))
	add(!listed, wire.Prop("isLeaderInDepts", wire.Text.Like(`"{2:true}"`), "Which of the departments the person leads."))
	add(!listed, wire.Prop("orderInDepts", wire.Text.Like(`"{2:10}"`), "The order in each department, larger first; 0 where nobody chose one."))
	add(!listed, wire.Optional("managerUserid", userid(), whenSet, "Whom the person reports to."))
	add(!listed, wire.Optional("roles", wire.List(wire.Object(
		wire.Prop("id", wire.Integer.Like("101"), "The id of the role."),
		wire.Prop("name", wire.Text, "The name of the role."),
		wire.Prop("groupName", wire.Text, "The name of its group."),
		wire.Prop("type", wire.Integer.Like("101"), "The type of the role."))), "when the person has any", "The roles of the person."))
	add(!listed, wire.Prop("tags", wire.Object(), "Nothing."))
	add(true, wire.Optional("mobile", wire.Text.Like(`"13800000001"`), mobileOnly, "The mobile number without the country; empty where there is none."))
	add(true, wire.Optional("stateCode", wire.Text.Like(`"86"`), mobileOnly, "The country of the mobile number; empty where there is none."))
	add(true, wire.Optional("tel", wire.Text, internalOnly+", when set", "The extension number."))
	add(true, wire.Optional("hiredDate", wire.Integer.Like("1597573616828"), internalOnly+", when set", "When the person was hired, in milliseconds since 1970."))
	add(true, wire.Optional("email", wire.Text.Like(`"li@example.com"`), personalOnly, "The e-mail address; empty where there is none."))
	add(true, wire.Optional("orgEmail", wire.Text, personalOnly+", when set", "The e-mail address that the organization gave."))
	add(true, wire.Optional("workPlace", wire.Text, personalOnly+", when set", "Where the person works."))
	add(true, wire.Optional("remark", wire.Text, personalOnly+", when set", "A remark about the person."))
	add(true, wire.Optional("extattr", wire.Map(wire.Text), personalOnly, "More about the person."))
	return wire.Object(ms...)
}

// maxUnpaged is the most people that a list without pages shows.
const maxUnpaged = 10_000

// classicList makes one of the classic calls that list a department's members.
// A list whose pages are not required shows everybody where none is asked for.
func classicList(path, summary string, paged bool, item wire.Schema, show func(v view, out *wire.Buffer, people []uint32, in rollcall.DeptID)) *wire.Endpoint {
	const dept, order, language, size, offset = 0, 1, 2, 3, 4
	l := departmentList{dept, order, -1, language, size, offset, "department_id", path}
	n, from := sizeParam(), offsetParam("offset")
	n.Missing, from.Missing = wire.Fault{}, wire.Fault{}
	n.Required, from.Required = paged, paged
	when, chosen := "", []string{
		"restricted people are left out, as in listsimple",
		"a walk from page to page sees one version of the organization",
	}
	if !paged {
		when = "only for a page"
		chosen = append(chosen, "a page is shown where both offset and size are given; a department of more than 10,000 people is shown in pages only")
	}
	return &wire.Endpoint{
		Path: path, Family: wire.Classic, Methods: both(), Summary: summary,
		Permission: rollcall.PermDepartmentMember, AppTypes: everyType(),
		Params: []wire.Param{
			dept: {
				Name: "department_id", Kind: wire.Int, Required: true, Min: 1, Max: math.MaxInt64, Malformed: wire.FaultDeptID,
				Doc: "The id of the department; the root is 1.",
			},
			order:    orderParam("order", wire.FaultInvalidParameter),
			language: classicLang(),
			size:     n,
			offset:   from,
		},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     append(classicListRows(paged), deptFaults()...),
		Result: wire.Object(
			wire.Member{Name: "hasMore", Of: wire.Boolean, Doc: "Whether there are more pages.", When: when},
			wire.Prop("userlist", wire.List(item), "The people, in the order that was asked for."),
		),
		Chosen: chosen,
		Serve: func(c *wire.Call) error {
			var room [maxPage]uint32
			var people []uint32
			var more bool
			page := c.Given(size) && c.Given(offset)
			r, err := (*directory.Root)(nil), error(nil)
			if page {
				r, people, more, err = l.page(c, room[:0])
			} else {
				r, people, err = l.everybody(c)
			}
			if err != nil {
				return err
			}
			out := c.Result().Raw(`{"errcode":0,`)
			if page {
				out.Raw(`"hasMore":`).Bool(more).Raw(",")
			}
			out.Raw(`"errmsg":"ok","userlist":[`)
			grant, _ := caller(c)
			show(view{r, grant, languageOf(c, language)}, out, people, rollcall.DeptID(c.Int(dept)))
			out.Raw("]}")
			return nil
		},
	}
}

// classicListRows are the faults of lists that may be too long to be shown whole.
func classicListRows(paged bool) []wire.FaultRow {
	if paged {
		return nil
	}
	return []wire.FaultRow{{Kind: rollcall.KindMissing, Param: "size", Fault: wire.FaultMissingParam}}
}

// everybody finds all members of the department of a call that asks for no page.
func (l *departmentList) everybody(c *wire.Call) (*directory.Root, []uint32, error) {
	grant, org := caller(c)
	r, id := current(c, org), rollcall.DeptID(c.Int(l.dept))
	m, ok := r.Members(id, rollcall.Order(c.Enum(l.order)), languageOf(c, l.language), false)
	switch {
	case !ok:
		return nil, nil, notFound(l.param)
	case !grant.InScope(id, r.DeptEver):
		return nil, nil, outOfScope(l.param)
	case m.Len() > maxUnpaged:
		return nil, nil, &rollcall.Error{Kind: rollcall.KindMissing, Param: "size", Detail: "the department is shown in pages only"}
	}
	return r, m.Append(nil, 0, m.Len()), nil
}

// GET or POST /user/simplelist
func (s *Server) classicUserSimpleList() *wire.Endpoint {
	return classicList("/user/simplelist", "List a department's direct members", false,
		wire.Object(
			wire.Prop("name", wire.Text.Like(`"Wei Zhang"`), "The name, in the language that was asked for."),
			wire.Prop("userid", userid(), "The userid."),
		),
		func(v view, out *wire.Buffer, people []uint32, _ rollcall.DeptID) {
			*out = v.AppendCards(*out, people, v.language)
		})
}

func showInFull(v view, out *wire.Buffer, people []uint32, in rollcall.DeptID) {
	v.appendAll(out, people, in, func(v view, out *wire.Buffer, u *rollcall.User, in *rollcall.Membership) {
		out.Raw("{")
		v.appendClassic(out, u, in)
		out.Raw("}")
	})
}

// GET or POST /user/list
func (s *Server) classicUserList() *wire.Endpoint {
	return classicList("/user/list", "List a department's direct members in full", false, classicPerson(true), showInFull)
}

// GET or POST /user/listbypage
func (s *Server) classicUserListByPage() *wire.Endpoint {
	return classicList("/user/listbypage", "List a department's direct members in full, page by page", true, classicPerson(true), showInFull)
}

// GET or POST /user/getDeptMember; not limited by the contact scope, as listid
func (s *Server) classicUserDeptMember() *wire.Endpoint {
	dept := deptID(true, wire.FaultDeptID)
	dept.Name, dept.Missing = "deptId", wire.Fault{}
	return &wire.Endpoint{
		Path: "/user/getDeptMember", Family: wire.Classic, Methods: both(),
		Summary:    "List the userids of a department's direct members",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{dept},
		Unparsable: wire.FaultInvalidParameter,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result:     wire.Object(wire.Prop("userIds", wire.List(userid()), "The userids of all direct members, in the department's order.")),
		Chosen:     []string{"the people and their order are those of listid"},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			m, ok := r.Members(rollcall.DeptID(c.Int(0)), rollcall.OrderCustom, rollcall.Chinese, true)
			if !ok {
				return notFound("deptId")
			}
			out := c.Result().Raw(`{"errcode":0,"userIds":[`)
			*out = r.AppendAllUserIDs(*out, m)
			out.Raw(`],"errmsg":"ok"}`)
			return nil
		},
	}
}

// GET or POST /user/get_org_user_count; not limited by the contact scope
func (s *Server) classicUserCount() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/get_org_user_count", Family: wire.Classic, Methods: both(),
		Summary:    "Count the people of the organization",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params: []wire.Param{{
			Name: "onlyActive", Kind: wire.Bool, Required: true, Doc: "1: only people who activated their account are counted; 0: everyone.",
		}},
		Unparsable: wire.FaultInvalidParameter,
		Result:     wire.Object(wire.Prop("count", wire.Integer.Like("304"), "How many people there are.")),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			c.Result().Raw(`{"errcode":0,"count":`).Int(int64(current(c, org).Count(c.Bool(0)))).Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}

// GET or POST /user/get_by_mobile
func (s *Server) classicUserByMobile() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/get_by_mobile", Family: wire.Classic, Methods: both(),
		Summary:    "Find a person by the mobile number",
		Permission: rollcall.PermMemberByMobile, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params:     []wire.Param{mobileParam()},
		Unparsable: wire.FaultInvalidParameter, Faults: userFaults(),
		Result: wire.Object(wire.Prop("userid", userid(), "The userid.")),
		Serve: func(c *wire.Call) error {
			u, err := byMobile(c, c.Text(0))
			if err != nil {
				return err
			}
			c.Result().Raw(`{"errcode":0,"errmsg":"ok","userid":`).String(u.UserID).Raw("}")
			return nil
		},
	}
}

// GET or POST /user/getUseridByUnionid, in any letter case
func (s *Server) classicUserByUnionID() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/getUseridByUnionid", AnyCase: true, Family: wire.Classic, Methods: both(),
		Summary:    "Find a person by the unionid",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{unionParam()},
		Unparsable: wire.FaultInvalidParameter, Faults: userFaults(),
		Result: wire.Object(
			wire.Prop("contactType", wire.Integer, "0: the person belongs to the organization."),
			wire.Prop("userid", userid(), "The userid."),
		),
		Chosen: []string{"the path is taken in any letter case: the documentation spells it in several"},
		Serve: func(c *wire.Call) error {
			u, err := byUnion(c, c.Text(0))
			if err != nil {
				return err
			}
			c.Result().Raw(`{"errcode":0,"contactType":0,"errmsg":"ok","userid":`).String(u.UserID).Raw("}")
			return nil
		},
	}
}

// GET or POST /user/get_admin; not limited by the contact scope
func (s *Server) classicUserAdmins() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/get_admin", Family: wire.Classic, Methods: both(),
		Summary:    "List the administrators",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Unparsable: wire.FaultInvalidParameter,
		Result: wire.Object(
			wire.Prop("adminList", wire.List(adminSchema()), "The administrators."),
			wire.Prop("admin_list", wire.List(adminSchema()), "The same again."),
		),
		Chosen: []string{"the list is there under both names, as the documentation has one and the published clients the other"},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			out := c.Result().Raw(`{"errcode":0,"adminList":`)
			appendAdmins(out, r)
			appendAdmins(out.Raw(`,"admin_list":`), r)
			out.Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}
