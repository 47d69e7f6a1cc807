package postgres

import (
	"rollcall"
)

// An effect is what one kind of change does to the tables.
type effect struct {
	person, dept bool   // what the kind is about; the log has it in columns
	param, taken string // the conflict where a key is taken
	given        func(*rollcall.Payload) bool
	apply        func(*writer, *rollcall.Change) error
}

// effectOf is the table of all kinds.
func effectOf(k rollcall.Kind) (effect, bool) {
	type p = rollcall.Payload
	nothing := func(*p) bool { return true }
	switch k {
	case rollcall.CorpUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Corp != nil }, (*writer).updateCorp}, true
	case rollcall.DeptCreated:
		return effect{false, true, "dept_id", "the department exists already", func(p *p) bool { return p.Dept != nil }, (*writer).createDept}, true
	case rollcall.DeptUpdated:
		return effect{false, true, "", "", func(p *p) bool { return p.DeptUpdate != nil }, (*writer).updateDept}, true
	case rollcall.DeptDeleted:
		return effect{false, true, "", "", nothing, (*writer).deleteDept}, true
	case rollcall.UserJoined:
		return effect{true, false, "userid", "it belongs to another person", func(p *p) bool { return p.User != nil }, (*writer).joinUser}, true
	case rollcall.UserUpdated:
		return effect{true, false, "", "", func(p *p) bool { return p.UserUpdate != nil }, (*writer).updateUser}, true
	case rollcall.UserActivated:
		return effect{true, false, "", "", nothing, (*writer).activateUser}, true
	case rollcall.UserLeft:
		return effect{true, false, "", "", nothing, (*writer).leaveUser}, true
	case rollcall.MemberAdded:
		return effect{true, true, "dept_id", "the person is in the department already", func(p *p) bool { return p.Member != nil }, (*writer).addMember}, true
	case rollcall.MemberUpdated:
		return effect{true, true, "", "", func(p *p) bool { return p.MemberUpdate != nil }, (*writer).updateMember}, true
	case rollcall.MemberRemoved:
		return effect{true, true, "", "", nothing, (*writer).removeMember}, true
	case rollcall.UserErased:
		return effect{true, false, "userid", "it belongs to another person", func(p *p) bool { return p.User != nil }, (*writer).eraseUser}, true
	case rollcall.RoleGroupCreated:
		return effect{false, false, "group_id", "the group exists already", func(p *p) bool { return p.Group != nil }, (*writer).createGroup}, true
	case rollcall.RoleGroupUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Group != nil }, (*writer).updateGroup}, true
	case rollcall.RoleGroupDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.Group != nil }, (*writer).deleteGroup}, true
	case rollcall.RoleCreated:
		return effect{false, false, "role_id", "the role exists already", func(p *p) bool { return p.Role != nil }, (*writer).createRole}, true
	case rollcall.RoleUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.Role != nil }, (*writer).updateRole}, true
	case rollcall.RoleDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.Role != nil }, (*writer).deleteRole}, true
	case rollcall.RoleGiven:
		return effect{true, false, "role_id", "the person holds the role already", func(p *p) bool { return p.Role != nil }, (*writer).giveRole}, true
	case rollcall.RoleTaken:
		return effect{true, false, "", "", func(p *p) bool { return p.Role != nil }, (*writer).takeRole}, true
	case rollcall.AppCreated:
		return effect{false, false, "appkey", "it is taken", func(p *p) bool { return p.App != nil }, (*writer).createApp}, true
	case rollcall.AppUpdated:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, (*writer).updateApp}, true
	case rollcall.AppSecretReset:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, (*writer).resetSecret}, true
	case rollcall.AppDeleted:
		return effect{false, false, "", "", func(p *p) bool { return p.App != nil }, (*writer).deleteApp}, true
	}
	return effect{}, false
}

// Why a change touched no row.
const (
	noDept   = "there is no department %d"
	noPerson = "nobody has ordinal %d"
	noMember = "ordinal %d is not in department %d"
	noApp    = "there is no app %q"
)
