package api

import (
	"iter"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// view is what an app sees of the people of one version (contract 5.2, 5.3).
type view struct {
	*directory.Root
	*access.Grant
	language rollcall.Language
}

// append writes a person in full, as a member of the list of a department or,
// where in is nil, alone. What the app may not see, and most of what the person
// does not have, has no key.
func (v view) append(out *wire.Buffer, u *rollcall.User, in *rollcall.Membership) {
	code, mobile := splitMobile(u)
	out.Raw(`{"active":`).Bool(u.Active).Raw(`,"admin":`).Bool(u.Admin != 0).Raw(`,"avatar":`).String(u.Avatar).
		Raw(`,"boss":`).Bool(u.Boss).Raw(`,"dept_id_list":[`)
	for i := range u.Memberships {
		if i > 0 {
			out.Raw(",")
		}
		out.Int(int64(u.Memberships[i].DeptID))
	}
	out.Raw("]")
	if in != nil {
		out.Raw(`,"dept_order":`).Int(orderOf(in))
	} else {
		v.appendDepts(out, u)
	}
	if v.ShowsPersonal() {
		out.Raw(`,"email":`).String(u.Email)
	}
	if in == nil || v.ShowsPrivate() {
		out.Raw(`,"exclusive_account":`).Bool(u.Exclusive)
		given(out, `,"exclusive_account_type":`, u.ExclusiveType)
	}
	if v.ShowsPersonal() {
		given(out, `,"extension":`, u.Extension)
	}
	out.Raw(`,"hide_mobile":`).Bool(u.HideMobile)
	if v.ShowsPrivate() && u.HiredDate != 0 {
		out.Raw(`,"hired_date":`).Int(int64(u.HiredDate))
	}
	out.Raw(`,"job_number":`).String(u.JobNumber)
	if in != nil {
		out.Raw(`,"leader":`).Bool(in.Leader)
	} else {
		appendLeads(out, u)
	}
	if in == nil || v.ShowsPrivate() {
		given(out, `,"login_id":`, u.LoginID)
	}
	if in == nil {
		v.appendManager(out, `,"manager_userid":`, u)
	}
	if v.ShowsMobile() {
		out.Raw(`,"mobile":`).String(mobile)
	}
	out.Raw(`,"name":`).String(u.NameIn(v.language))
	if v.ShowsPersonal() {
		given(out, `,"org_email":`, u.OrgEmail)
		if in == nil {
			given(out, `,"org_email_type":`, u.OrgEmailType)
		}
	}
	if in == nil {
		out.Raw(`,"real_authed":false`)
	}
	if v.ShowsPersonal() {
		given(out, `,"remark":`, u.Remark)
	}
	if in == nil {
		v.appendRoles(out, u)
		out.Raw(`,"senior":`).Bool(u.Senior)
	}
	if v.ShowsMobile() {
		out.Raw(`,"state_code":`).String(code)
	}
	if v.ShowsPrivate() {
		given(out, `,"telephone":`, u.Telephone)
	}
	out.Raw(`,"title":`).String(titleIn(u, in))
	if in == nil {
		out.Raw(`,"union_emp_ext":{}`)
	}
	out.Raw(`,"unionid":`).String(v.Union(u)).Raw(`,"userid":`).String(u.UserID)
	if v.ShowsPersonal() {
		given(out, `,"work_place":`, u.WorkPlace)
	}
	out.Raw("}")
}

func splitMobile(u *rollcall.User) (code, mobile string) { return edit.SplitMobile(u.Mobile) }

// given writes a text with its key where there is one.
func given(out *wire.Buffer, key, text string) {
	if text != "" {
		out.Raw(key).String(text)
	}
}

// orderOf is a person's place in a department on the wire, where 0 is none.
func orderOf(m *rollcall.Membership) int64 {
	if !m.Ordered {
		return 0
	}
	return m.Order
}

// titleIn is the title to show in a department, or of the person alone.
func titleIn(u *rollcall.User, in *rollcall.Membership) string {
	if in != nil && in.Title != "" {
		return in.Title
	}
	return u.Title
}

func (v view) appendDepts(out *wire.Buffer, u *rollcall.User) {
	out.Raw(`,"dept_order_list":[`)
	positions := false
	for i := range u.Memberships {
		m := &u.Memberships[i]
		if i > 0 {
			out.Raw(",")
		}
		out.Raw(`{"dept_id":`).Int(int64(m.DeptID)).Raw(`,"order":`).Int(orderOf(m)).Raw("}")
		positions = positions || m.Main || m.Title != "" || m.WorkPlace != ""
	}
	out.Raw("]")
	if !positions {
		return
	}
	out.Raw(`,"dept_position_list":[`)
	for i := range u.Memberships {
		m := &u.Memberships[i]
		if i > 0 {
			out.Raw(",")
		}
		out.Raw(`{"dept_id":`).Int(int64(m.DeptID)).Raw(`,"is_main":`).Bool(m.Main)
		given(out, `,"title":`, m.Title)
		if v.ShowsPersonal() {
			given(out, `,"work_place":`, m.WorkPlace)
		}
		out.Raw("}")
	}
	out.Raw("]")
}

func appendLeads(out *wire.Buffer, u *rollcall.User) {
	out.Raw(`,"leader_in_dept":[`)
	for i := range u.Memberships {
		if i > 0 {
			out.Raw(",")
		}
		out.Raw(`{"dept_id":`).Int(int64(u.Memberships[i].DeptID)).Raw(`,"leader":`).Bool(u.Memberships[i].Leader).Raw("}")
	}
	out.Raw("]")
}

func (v view) appendManager(out *wire.Buffer, key string, u *rollcall.User) {
	if u.Manager != nil {
		out.Raw(key).String(v.UserID(*u.Manager))
	}
}

func (v view) appendRoles(out *wire.Buffer, u *rollcall.User) {
	sep := `,"role_list":[`
	for role, group := range v.rolesOf(u) {
		out.Raw(sep).Raw(`{"group_name":`).String(group).Raw(`,"id":`).Int(int64(role.ID)).Raw(`,"name":`).String(role.Name).Raw("}")
		sep = ","
	}
	if sep == "," {
		out.Raw("]")
	}
}

// rolesOf yields the roles that a person holds, with the names of their groups.
func (v view) rolesOf(u *rollcall.User) iter.Seq2[rollcall.Role, string] {
	return func(yield func(rollcall.Role, string) bool) {
		for _, held := range v.AppendRoles(nil, u) {
			if !yield(held.Role, held.Group) {
				return
			}
		}
	}
}

// Why a member is not there.
const (
	whenSet      = "when set"
	mobileOnly   = "only with fieldMobile, for internal apps"
	personalOnly = "only with fieldEmail, for internal apps"
)

// personSchema is a person in full: alone, or in the list of a department.
func personSchema(listed bool) wire.Schema {
	deptID := wire.Prop("dept_id", wire.Integer.Like("2"), "The id of the department.")
	var ms []wire.Member
	add := func(here bool, m wire.Member) {
		if here {
			ms = append(ms, m)
		}
	}
	add(true, wire.Prop("active", wire.Boolean, "Whether the account was used at least once."))
	add(true, wire.Prop("admin", wire.Boolean, "Whether the person is an administrator."))
	add(true, wire.Prop("avatar", wire.Text, "The address of the picture; empty where there is none."))
	add(true, wire.Prop("boss", wire.Boolean, "Whether the person is the boss of the organization."))
	add(true, wire.Prop("dept_id_list", wire.List(wire.Integer), "The departments of the person, by id."))
	add(listed, wire.Prop("dept_order", wire.Integer, "The order in this department, larger first; 0 where nobody chose one."))
	add(!listed, wire.Prop("dept_order_list", wire.List(wire.Object(deptID,
		wire.Prop("order", wire.Integer, "The order in it, larger first; 0 where nobody chose one."))), "The order in each department."))
	add(!listed, wire.Optional("dept_position_list", wire.List(wire.Object(deptID,
		wire.Prop("is_main", wire.Boolean, "Whether it is the main department."),
		wire.Optional("title", wire.Text, whenSet, "The title in it."),
		wire.Optional("work_place", wire.Text, personalOnly+", when set", "Where the person works for it."))),
		"when the person has a title, a work place or the main department in one", "The positions in all departments."))
	add(true, wire.Optional("email", wire.Text.Like(`"li@example.com"`), personalOnly, "The e-mail address; empty where there is none."))
	add(!listed, wire.Prop("exclusive_account", wire.Boolean, "Whether the account belongs to the organization."))
	add(listed, wire.Optional("exclusive_account", wire.Boolean, internalOnly, "Whether the account belongs to the organization."))
	account := whenSet
	if listed {
		account = internalOnly + ", when set"
	}
	add(true, wire.Optional("exclusive_account_type", wire.Text.Like(`"sso"`), account, "What sort of such an account: sso or dingtalk."))
	add(true, wire.Optional("extension", wire.Text.Like(`"{\"badge\":\"A-17\"}"`), personalOnly+", when set", "More about the person: a JSON object as text."))
	add(true, wire.Prop("hide_mobile", wire.Boolean, "Whether others do not get to see the mobile number."))
	add(true, wire.Optional("hired_date", wire.Integer.Like("1597573616828"), internalOnly+", when set", "When the person was hired, in milliseconds since 1970."))
	add(true, wire.Prop("job_number", wire.Text, "The job number; empty where there is none."))
	add(listed, wire.Prop("leader", wire.Boolean, "Whether the person leads this department."))
	add(!listed, wire.Prop("leader_in_dept", wire.List(wire.Object(deptID,
		wire.Prop("leader", wire.Boolean, "Whether the person leads it."))), "Which of the departments the person leads."))
	add(true, wire.Optional("login_id", wire.Text, account, "The name to sign in with, of such an account."))
	add(!listed, wire.Optional("manager_userid", userid(), whenSet, "Whom the person reports to."))
	add(true, wire.Optional("mobile", wire.Text.Like(`"13800000001"`), mobileOnly, "The mobile number without the country; empty where there is none."))
	add(true, wire.Prop("name", wire.Text.Like(`"Wei Zhang"`), "The name, in the language that was asked for."))
	add(true, wire.Optional("org_email", wire.Text, personalOnly+", when set", "The e-mail address that the organization gave."))
	add(!listed, wire.Optional("org_email_type", wire.Text, personalOnly+", when set", "What sort of address that is."))
	add(!listed, wire.Prop("real_authed", wire.Boolean, "Whether the real name was verified: never."))
	add(true, wire.Optional("remark", wire.Text, personalOnly+", when set", "A remark about the person."))
	add(!listed, wire.Optional("role_list", wire.List(wire.Object(
		wire.Prop("group_name", wire.Text, "The name of its group."),
		wire.Prop("id", wire.Integer.Like("101"), "The id of the role."),
		wire.Prop("name", wire.Text, "The name of the role."))), "when the person has any", "The roles of the person."))
	add(!listed, wire.Prop("senior", wire.Boolean, "Whether the person is in senior mode."))
	add(true, wire.Optional("state_code", wire.Text.Like(`"86"`), mobileOnly, "The country of the mobile number; empty where there is none."))
	add(true, wire.Optional("telephone", wire.Text, internalOnly+", when set", "The extension number."))
	add(true, wire.Prop("title", wire.Text, "The title; in a list, that in the department where there is one."))
	add(!listed, wire.Prop("union_emp_ext", wire.Object(), "What the person is in associated organizations: nothing."))
	add(true, wire.Prop("unionid", wire.Text.Like(`"PiiiPyQqBNBii0HnCJ3zlj"`), "The unionid."))
	add(true, wire.Prop("userid", userid(), "The userid."))
	add(true, wire.Optional("work_place", wire.Text, personalOnly+", when set", "Where the person works."))
	return wire.Object(ms...)
}
