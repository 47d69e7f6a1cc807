package wire

// What goes wrong with roles (contract 7), immutable.
var (
	FaultSystemRole = Fault{
		Code: 23004, EN: "System labels must not be edited", ZH: "不允许编辑系统标签",
		When: "the role follows from what people are, and is neither changed nor given",
	}
	FaultRoleID = Fault{
		Code: 33011, EN: "Invalid role id", ZH: "无效的roleId",
		When: "there is no such role, a list of roles is too long, or people hold the role that is to be deleted",
	}
	FaultRoleEmpty = Fault{
		Code: 34018, EN: "Role must not be empty", ZH: "角色不能为空",
		When: "the name of a new role, or its group, is missing",
	}
	FaultGroupID = Fault{
		Code: 34020, EN: "Invalid groupId", ZH: "无效的groupId",
		When: "there is no such group of roles, or it is that of the system roles",
	}
	FaultRoleNameTaken = Fault{
		Code: 34021, EN: "Role name already exists", ZH: "角色名称已存在",
		When: "another role of the group, or another group, has the name",
	}
	FaultRoleParamEmpty = Fault{
		Code: 660000, EN: "Parameter is empty", ZH: "参数为空",
		When: "a required parameter is missing (role/update_role)",
	}
)

// roleFaults are the rows about roles.
func roleFaults() []Fault {
	return []Fault{FaultSystemRole, FaultRoleID, FaultRoleEmpty, FaultGroupID, FaultRoleNameTaken, FaultRoleParamEmpty}
}
