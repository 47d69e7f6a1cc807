package wire

// What goes wrong with departments (contract 4.1, 4.3, 9), immutable.
var (
	FaultDeptID = Fault{
		Code: 40009, EN: "Illegal department id", ZH: "不合法的部门id",
		When: "the id of a department is not a whole number from 1, or one that the person is not in",
	}
	FaultDeptOrder = Fault{
		Code: 40011, EN: "Illegal order", ZH: "不合法的排序order",
		When: "an order is not a whole number, or below what is allowed",
	}
	FaultUserIDList = Fault{
		Code: 40031, EN: "Illegal userid list", ZH: "不合法的UserID列表",
		When: "what should be a list of userids is none, or names somebody who is to lead a department and is no member of it",
	}
	FaultGroupOwner = Fault{
		Code: 40093, EN: "Invalid owner of the organization group", ZH: "无效的企业群群主",
		When: "who is to own the group of a department is no member of it",
	}
	FaultDeptName = Fault{
		Code: 60001, EN: "Illegal department name", ZH: "不合法的部门名称",
		When: "the name of a department is too long",
	}
	FaultParentNotFound = Fault{
		Code: 60004, EN: "Parent department does not exist", ZH: "父部门不存在",
		When: "there is no such department to be the parent",
	}
	FaultDeptHasMembers = Fault{
		Code: 60005, EN: "Department with members must not be deleted", ZH: "不允许删除有成员的部门",
		When: "a department that is to be deleted has members",
	}
	FaultDeptHasDepts = Fault{
		Code: 60006, EN: "Department with sub-departments must not be deleted", ZH: "不允许删除有子部门的部门",
		When: "there are departments below one that is to be deleted",
	}
	FaultDeleteRoot = Fault{
		Code: 60007, EN: "Root department must not be deleted", ZH: "不允许删除根部门",
		When: "the root department is to be deleted",
	}
	FaultDeptNameTaken = Fault{
		Code: 60008, EN: "Department name exists under the parent", ZH: "父部门下该部门名称已存在",
		When: "another department with the same parent has the name",
	}
	FaultDeptNameLetters = Fault{
		Code: 60009, EN: "Department name contains illegal characters", ZH: "部门名称含有非法字符",
		When: "the name of a department has a hyphen, a comma or a control character",
	}
	FaultDeptCycle = Fault{
		Code: 60010, EN: "Departments form a cycle", ZH: "部门存在循环关系",
		When: "a department would be below itself",
	}
	FaultUpdateRoot = Fault{
		Code: 60018, EN: "Root department must not be updated", ZH: "不允许更新根部门",
		When: "the root department is to be updated",
	}
	FaultPermits = Fault{
		Code: 60109, EN: "Illegal visible id list", ZH: "非法的可查看id列表",
		When: "a permit list names who or what is not there, or too many (update of a department)",
	}
	FaultPermitsCreate = Fault{
		Code: 600109, EN: "Illegal visible id list", ZH: "不合法的可见id列表",
		When: "a permit list names who or what is not there, or too many (creation of a department)",
	}
)

// deptFaults are the rows about departments.
func deptFaults() []Fault {
	return []Fault{
		FaultDeptID, FaultDeptOrder, FaultUserIDList, FaultGroupOwner, FaultDeptName, FaultParentNotFound,
		FaultDeptHasMembers, FaultDeptHasDepts, FaultDeleteRoot, FaultDeptNameTaken, FaultDeptNameLetters,
		FaultDeptCycle, FaultUpdateRoot, FaultPermits, FaultPermitsCreate,
	}
}
