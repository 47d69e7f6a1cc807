package api

import (
	"errors"
	"math"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// What the calls that change roles have in common.

func internalApps() []rollcall.AppType { return []rollcall.AppType{rollcall.Internal} }

// changeRoles carries out a change. Its rules speak of their own parameters;
// names says in pairs what the call calls them.
func changeRoles(c *wire.Call, intent directory.Intent, names ...string) error {
	_, err := do(c, intent)
	var e *rollcall.Error
	if errors.As(err, &e) {
		for i := 0; i < len(names); i += 2 {
			if e.Param == names[i] {
				named := *e
				named.Param = names[i+1]
				return &named
			}
		}
	}
	return err
}

// roleNameParam is the name of a role or of a group.
func roleNameParam(name string, missing wire.Fault) wire.Param {
	return wire.Param{
		Name: name, Kind: wire.String, Required: true, Max: maxRoleName, Missing: missing, Doc: "The name, at most 64 characters.",
	}
}

// maxRoleName is how long the model lets a name be.
const maxRoleName = 64

// holdingEndpoint is a call that gives roles to people or takes them.
func holdingEndpoint(path, summary string, people int, intent func([]rollcall.RoleID, []string) directory.Intent, chosen ...string) *wire.Endpoint {
	const roles, users = 0, 1
	return &wire.Endpoint{
		Path: path, Family: wire.TOP, Methods: []string{"POST"}, Summary: summary,
		Permission: rollcall.PermManageAddress, AppTypes: internalApps(),
		Params: []wire.Param{
			roles: {
				Name: "roleIds", Kind: wire.IDs, Required: true, MaxItems: 20, Malformed: wire.FaultRoleID, Doc: "The ids of the roles.",
			},
			users: {
				Name: "userIds", Kind: wire.Strings, Required: true, MaxItems: people, Malformed: wire.FaultInvalidUserID,
				Doc: "The userids of the people.",
			},
		},
		Unparsable: wire.FaultParamFormat,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindNotFound, Param: "roleIds", Fault: wire.FaultRoleID},
			{Kind: rollcall.KindDenied, Param: "roleIds", Fault: wire.FaultSystemRole},
			{Kind: rollcall.KindNotFound, Param: "userIds", Fault: wire.FaultInvalidUserID},
			{Kind: rollcall.KindDenied, Param: "userIds", Fault: wire.FaultUserScope},
		},
		Chosen: append([]string{
			"all or nothing: where one of the roles or of the people is not there, nothing is changed",
			"a userid that nobody has is 33012, as documented, and not the 60121 of the calls about one person",
			"the roles of the group 默认 are 23004",
		}, chosen...),
		Serve: func(c *wire.Call) error {
			grant, _ := caller(c)
			var ids []rollcall.RoleID
			for _, id := range c.IDs(roles) {
				ids = append(ids, rollcall.RoleID(id))
			}
			userids := append([]string(nil), c.Strings(users)...)
			return changeRoles(c, permitted(grant, intent(ids, userids), userids, nil), "role_id", "roleIds", "userid", "userIds")
		},
	}
}

// POST /topapi/role/addrolesforemps (contract 7)
func (s *Server) roleAddRolesForEmps() *wire.Endpoint {
	return holdingEndpoint("/topapi/role/addrolesforemps", "Give roles to people", 20, edit.GiveRoles,
		"who holds a role already keeps it")
}

// POST /topapi/role/removerolesforemps (contract 7)
func (s *Server) roleRemoveRolesForEmps() *wire.Endpoint {
	return holdingEndpoint("/topapi/role/removerolesforemps", "Take roles from people", 100, edit.TakeRoles,
		"who does not hold a role goes on without it")
}

// POST /topapi/role/deleterole (contract 7)
func (s *Server) roleDeleteRole() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/role/deleterole", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Delete a role that nobody holds",
		Permission: rollcall.PermManageAddress, AppTypes: internalApps(),
		Params:     []wire.Param{roleID("role_id")},
		Unparsable: wire.FaultParamFormat,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindNotFound, Param: "role_id", Fault: wire.FaultRoleID},
			{Kind: rollcall.KindDenied, Param: "role_id", Fault: wire.FaultSystemRole},
			{Kind: rollcall.KindConflict, Param: edit.ParamHolders, Fault: wire.FaultRoleID, Detail: true},
		},
		Chosen: []string{"a role that people hold is 33011: the documentation asks to take it from them before, and names no code"},
		Serve:  func(c *wire.Call) error { return changeRoles(c, edit.DeleteRole(rollcall.RoleID(c.Int(0)))) },
	}
}

// POST /role/add_role (contract 7)
func (s *Server) roleAddRole() *wire.Endpoint {
	const name, group = 0, 1
	return &wire.Endpoint{
		Path: "/role/add_role", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Create a role",
		Permission: rollcall.PermManageAddress, AppTypes: internalApps(),
		Params: []wire.Param{
			name: roleNameParam("roleName", wire.FaultRoleEmpty),
			group: {
				Name: "groupId", Kind: wire.Int, Required: true, Min: 1, Max: math.MaxInt64,
				Missing: wire.FaultRoleEmpty, Malformed: wire.FaultGroupID, Doc: "The id of the group.",
			},
		},
		Unparsable: wire.FaultInvalidParameter,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindNotFound, Param: "groupId", Fault: wire.FaultGroupID},
			{Kind: rollcall.KindDenied, Param: "groupId", Fault: wire.FaultGroupID},
			{Kind: rollcall.KindInvalid, Param: "roleName", Fault: wire.FaultInvalidParameter},
			{Kind: rollcall.KindConflict, Param: "roleName", Fault: wire.FaultRoleNameTaken},
		},
		Result: wire.Object(wire.Prop("roleId", wire.Integer.Like("101"), "The id of the new role.")),
		Chosen: []string{
			"a name must be new within its group",
			"the group 默认 is 34020",
		},
		Serve: func(c *wire.Call) error {
			var id rollcall.RoleID
			intent := edit.CreateRole(&id, rollcall.GroupID(c.Int(group)), c.Text(name))
			if err := changeRoles(c, intent, "group_id", "groupId", "name", "roleName"); err != nil {
				return err
			}
			c.Result().Raw(`{"errcode":0,"roleId":`).Int(int64(id)).Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}

// POST /role/update_role (contract 7)
func (s *Server) roleUpdateRole() *wire.Endpoint {
	const role, name = 0, 1
	id := roleID("roleId")
	id.Missing = wire.FaultRoleParamEmpty
	return &wire.Endpoint{
		Path: "/role/update_role", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Give a role another name",
		Permission: rollcall.PermManageAddress, AppTypes: internalApps(),
		Params:     []wire.Param{role: id, name: roleNameParam("roleName", wire.FaultRoleParamEmpty)},
		Unparsable: wire.FaultInvalidParameter,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindNotFound, Param: "roleId", Fault: wire.FaultRoleID},
			{Kind: rollcall.KindDenied, Param: "roleId", Fault: wire.FaultSystemRole},
			{Kind: rollcall.KindInvalid, Param: "roleName", Fault: wire.FaultInvalidParameter},
			{Kind: rollcall.KindConflict, Param: "roleName", Fault: wire.FaultRoleNameTaken},
		},
		Chosen: []string{"a name must be new within its group"},
		Serve: func(c *wire.Call) error {
			to := c.Text(name)
			intent := edit.UpdateRole(rollcall.RoleID(c.Int(role)), edit.RoleValues{Name: &to})
			return changeRoles(c, intent, "role_id", "roleId", "name", "roleName")
		},
	}
}

// POST /role/add_role_group (contract 7)
func (s *Server) roleAddRoleGroup() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/role/add_role_group", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Create a group of roles",
		Permission: rollcall.PermManageAddress, AppTypes: internalApps(),
		Params:     []wire.Param{roleNameParam("name", wire.Fault{})},
		Unparsable: wire.FaultInvalidParameter,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindInvalid, Param: "name", Fault: wire.FaultInvalidParameter},
			{Kind: rollcall.KindConflict, Param: "name", Fault: wire.FaultRoleNameTaken},
		},
		Result: wire.Object(wire.Prop("groupId", wire.Integer.Like("101"), "The id of the new group.")),
		Chosen: []string{"a name must be new"},
		Serve: func(c *wire.Call) error {
			var id rollcall.GroupID
			if err := changeRoles(c, edit.CreateRoleGroup(&id, c.Text(0))); err != nil {
				return err
			}
			c.Result().Raw(`{"errcode":0,"groupId":`).Int(int64(id)).Raw(`,"errmsg":"ok"}`)
			return nil
		},
	}
}
