package wire

// What goes wrong with people (contract 5.1, 5.4, 9), immutable.
var (
	FaultInvalidUserID = Fault{
		Code: 33012, EN: "Invalid userid", ZH: "无效的userId",
		When: "a text that cannot be a userid, a manager who cannot be the person's, or, in calls about roles, nobody's userid",
	}
	FaultUserIDListLength = Fault{
		Code: 40032, EN: "Illegal length of userid list", ZH: "不合法的UserID列表长度",
		When: "a list of userids has too many entries",
	}
	FaultEmptyParam = Fault{
		Code: 40036, EN: "Parameter is empty", ZH: "参数为空",
		When: "a required parameter is missing (user/get_admin_scope)",
	}
	FaultIllegalTelephone = Fault{
		Code: 40063, EN: "Illegal extension number", ZH: "不合法的分机号",
		When: "the telephone number of a person is too long, has control characters, or belongs to another person",
	}
	FaultIllegalWorkPlace = Fault{
		Code: 40064, EN: "Illegal work place", ZH: "不合法的工作地址",
		When: "the work place of a person is too long or has control characters",
	}
	FaultIllegalRemark = Fault{
		Code: 40065, EN: "Illegal remark", ZH: "不合法的备注",
		When: "the remark about a person is too long or has control characters",
	}
	FaultIllegalDepts = Fault{
		Code: 40066, EN: "Illegal department list", ZH: "不合法的部门列表",
		When: "what should be a list of departments is none",
	}
	FaultIllegalTitle = Fault{
		Code: 40067, EN: "Illegal title length", ZH: "标题长度不合法",
		When: "a title of a person is too long or has control characters",
	}
	FaultUnknownMobile = Fault{
		Code: 40104, EN: "Mobile number not valid in the organization", ZH: "企业中无效的手机号",
		When: "a text that cannot be a mobile number",
	}
	FaultUserScope = Fault{
		Code: 50002, EN: "The requested userid is outside the authorized scope", ZH: "请求的员工userid不在授权范围内",
		When: "the person is outside the app's contact scope",
	}
	FaultUserExists = Fault{
		Code: 60102, EN: "userid already exists in the organization", ZH: "UserID在公司中已存在",
		When: "somebody with this userid belongs to the organization, or did and was erased",
	}
	FaultIllegalMobile = Fault{
		Code: 60103, EN: "Illegal mobile number", ZH: "手机号码不合法",
		When: "the mobile number is neither one of mainland China nor of the form +xx-xxxx",
	}
	FaultMobileExists = Fault{
		Code: 60104, EN: "Mobile number already exists in the organization", ZH: "手机号码在公司中已存在",
		When: "the mobile number belongs to another person",
	}
	FaultIllegalEmail = Fault{
		Code: 60105, EN: "Illegal email", ZH: "邮箱不合法",
		When: "an e-mail address is too long or has no form of one",
	}
	FaultEmailExists = Fault{
		Code: 60106, EN: "Email already exists", ZH: "邮箱已存在",
		When: "the e-mail address belongs to another person",
	}
	FaultTooManyDepts = Fault{
		Code: 60110, EN: "Too many departments", ZH: "部门个数超出限制",
		When: "a list of departments has too many entries",
	}
	FaultIllegalName = Fault{
		Code: 60112, EN: "Illegal user name", ZH: "用户name不合法",
		When: "the name of a person is too long or has control characters",
	}
	FaultIllegalPosition = Fault{
		Code: 60119, EN: "Illegal position", ZH: "不合法的position",
		When: "a position of a person is none, or its texts are too long or have control characters",
	}
	FaultIllegalExtattr = Fault{
		Code: 60122, EN: "Illegal extattr", ZH: "不合法的extattr",
		When: "the further attributes of a person are no JSON object, or one that is too long",
	}
	FaultIllegalJobNumber = Fault{
		Code: 60123, EN: "Illegal jobnumber", ZH: "不合法的jobnumber",
		When: "the job number of a person is too long or has control characters",
	}
)

func userFaults() []Fault {
	return []Fault{
		FaultInvalidUserID, FaultUserIDListLength, FaultEmptyParam,
		FaultIllegalTelephone, FaultIllegalWorkPlace, FaultIllegalRemark, FaultIllegalDepts, FaultIllegalTitle,
		FaultUnknownMobile, FaultUserScope, FaultUserExists, FaultIllegalMobile, FaultMobileExists, FaultIllegalEmail,
		FaultEmailExists, FaultTooManyDepts, FaultIllegalName, FaultIllegalPosition, FaultIllegalExtattr,
		FaultIllegalJobNumber,
	}
}
