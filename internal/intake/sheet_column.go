package intake

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"rollcall"
)

// The columns of a contact sheet, as indexes of sheetColumns.
const (
	sheetUserID = iota
	sheetDept
	sheetTitle
	sheetName
	sheetGender
	sheetJobNumber
	sheetLeader
	sheetMobile
	sheetEmail
	sheetTelephone
	sheetWorkPlace
	sheetRemark
	sheetFixed // how many there are
)

// sheetColumn is one column that every contact sheet may have.
type sheetColumn struct {
	header string // as it is written
	// param is the name of the value in the model, where it has one of its own.
	param   string
	aliases string // other headers, in the form of headerKey, separated by blanks
	width   float64
}

// sheetColumns is immutable. It is the order in which the columns are written.
var sheetColumns = [sheetFixed]sheetColumn{
	sheetUserID:    {"员工UserID", "userid", "userid 用户userid 用户id 员工id user_id employeeuserid employeeid", 20},
	sheetDept:      {"部门", "", "所属部门 所在部门 部门名称 department departments dept depts", 36},
	sheetTitle:     {"职位", "title", "职务 岗位 title position jobtitle", 18},
	sheetName:      {"姓名", "name", "员工姓名 名字 name fullname", 16},
	sheetGender:    {"性别", "gender", "gender sex", 8},
	sheetJobNumber: {"工号", "job_number", "员工工号 jobnumber job_number jobno employeenumber employeeno staffnumber", 14},
	sheetLeader: {
		"是否此部门主管(是/否)", "",
		"是否此部门主管 是否为此部门主管 是否部门主管 是否为部门主管 部门主管 是否主管 主管 leader isleader departmentleader departmentmanager", 24,
	},
	sheetMobile:    {"手机号", "mobile", "手机号码 手机 移动电话 mobile mobilenumber mobilephone cellphone phone phonenumber", 18},
	sheetEmail:     {"邮箱", "email", "电子邮箱 邮箱地址 电子邮件 邮件 email e-mail mail emailaddress", 28},
	sheetTelephone: {"分机号", "telephone", "分机 座机 座机号 telephone tel ext extensionnumber extensionno", 12},
	sheetWorkPlace: {"办公地点", "work_place", "办公地址 工作地点 workplace work_place worklocation office officelocation", 18},
	sheetRemark:    {"备注", "remark", "备注信息 remark remarks note notes comment", 24},
}

// sheetRequired names the columns that every sheet has.
const sheetRequired = "部门, 姓名 and 手机号"

func requiredColumn(column int) bool {
	return column == sheetDept || column == sheetName || column == sheetMobile
}

// trailingRemark is what a header says in brackets after the name, such as
// (必填).
var trailingRemark = regexp.MustCompile(`[(\[【][^()\[\]【】]*[)\]】]$`)

// headerKey is the form in which headers are compared: letter case, blanks,
// stars, and whether letters and brackets are wide do not matter.
func headerKey(text string) string {
	return strings.Map(func(r rune) rune {
		switch r = narrow(r); {
		case unicode.IsSpace(r), r == '*', r == '\u200B', r == '\uFEFF':
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// narrow makes a wide letter, digit or sign of East Asian text into the plain
// one.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\u3000':
		return ' '
	}
	return r
}

// fixedColumn finds the column that a header names.
func fixedColumn(header string) (column int, ok bool) {
	for key := headerKey(header); key != ""; {
		for i := range sheetColumns {
			c := &sheetColumns[i]
			if key == headerKey(c.header) || slices.Contains(strings.Fields(c.aliases), key) {
				return i, true
			}
		}
		short := trailingRemark.ReplaceAllString(key, "")
		if short == key {
			break
		}
		key = short
	}
	return 0, false
}

// sheetText is the form in which texts of a sheet are taken and compared: blanks
// around them do not count, lines end with a line feed, and what a workbook
// cannot hold is replaced.
func sheetText(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF' })
	if strings.ContainsAny(s, "\r\uFFFE\uFFFF") {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\uFFFE", "\uFFFD", "\uFFFF", "\uFFFD").Replace(s)
	}
	return s
}

// field returns the value of a person that a column of text holds, or nil.
func (c *sheetColumn) field(u *rollcall.User) *string {
	switch c.param {
	case "userid":
		return &u.UserID
	case "title":
		return &u.Title
	case "name":
		return &u.Name
	case "gender":
		return &u.Gender
	case "job_number":
		return &u.JobNumber
	case "mobile":
		return &u.Mobile
	case "email":
		return &u.Email
	case "telephone":
		return &u.Telephone
	case "work_place":
		return &u.WorkPlace
	case "remark":
		return &u.Remark
	}
	return nil
}
