package intake

import (
	"regexp"
	"strconv"
	"strings"
)

// phrase is a message in both languages. %s stands for what differs; $1 and so
// on say where it goes.
type phrase struct{ english, chinese string }

// phrases is immutable. It has every message that a contact sheet can give rise
// to; of two that fit the first one is taken.
var phrases = []phrase{
	// The file.
	{"the file is larger than %s MiB", "文件超过 $1 MiB"},
	{"the file is empty", "文件为空"},
	{"the file is a workbook and no CSV; give it a name that ends with .xlsx", "该文件是 Excel 工作簿而不是 CSV，请把文件名改为以 .xlsx 结尾"},
	{"the text is in UTF-16; save it as CSV in UTF-8", "文件为 UTF-16 编码，请另存为 UTF-8 编码的 CSV"},
	{"the file is no text", "该文件不是文本文件"},
	{"the file is no workbook (.xlsx)", "该文件不是 Excel 工作簿（.xlsx）"},
	{"the workbook has a password or is in the old form (.xls); save it as .xlsx without a password", "工作簿有密码保护或为旧格式（.xls），请取消密码并另存为 .xlsx"},
	{"the workbook has more than %s MiB when it is unpacked", "工作簿解压后超过 $1 MiB"},
	{"the workbook has no worksheet", "工作簿中没有工作表"},
	{"the workbook is broken: %s", "工作簿已损坏：$1"},
	{"a worksheet has more than %s merged areas", "工作表的合并区域超过 $1 个"},
	{"a worksheet with merged cells has more than %s MiB; take the merging away", "含合并单元格的工作表超过 $1 MiB，请取消合并单元格"},
	{"there are more than %s columns", "列数超过 $1"},
	{"there are more than %s cells", "单元格数超过 $1"},
	{"the name ends with neither .xlsx nor .csv", "文件名应以 .xlsx 或 .csv 结尾"},
	{"there are too many problems; what comes after this line was not checked", "问题过多，此行之后的内容未检查"},
	{"%s of %s people are not in the file and would leave, which is %s %%; %s %% are allowed (%s)", "共 $2 人，其中 $1 人不在文件中，将被移除，占 $3%；最多允许 $4%（$5）"},

	// The headers.
	{"no row has the headers %s", "没有找到表头，表头须包含“部门”、“姓名”和“手机号”"},
	{"the worksheets %s and %s both have the headers; keep the one that is meant", "工作表 $1 和 $2 都有表头，请只保留要导入的一个"},
	{"the column is missing", "缺少该列"},
	{"the column is there twice", "该列重复"},
	{"cell %s is in a column without a header", "第 $1 个单元格所在的列没有表头"},

	// A row.
	{`a " stands inside a field that does not start with one`, "双引号出现在没有以双引号开头的字段中"},
	{"a quoted field does not end as it should", "双引号括起的字段没有正确结束"},
	{"cell %s is neither UTF-8 nor GB18030", "第 $1 个单元格既不是 UTF-8 也不是 GB18030 编码"},
	{"is empty", "不能为空"},
	{"is in row %s already", "与第 $1 行重复"},
	{"belongs to several people (%s); the row needs the 员工UserID", "对应多名员工（$1），请填写员工UserID"},
	{"belongs to a person who was erased", "属于信息已被清除的员工，不能再使用"},
	{"%s belongs to %s, on line %s, too", "$1 与第 $3 行员工 $2 的重复"},
	{"belongs to %s", "已被员工 $1 使用"},
	{"%s belongs to %s", "$1 已被员工 $2 使用"}, // what somebody who comes back had
	{"a spreadsheet program made a date of it; format the column as text and enter it again", "已被表格软件转换为日期，请将该列设为文本格式后重新填写"},
	{digitsLost, "数字已被表格软件截断，请将该列设为文本格式后重新填写"},
	{notMainland, "不是中国大陆手机号：应为以 1 开头的 11 位数字；其他地区的号码请以 + 和国家（地区）代码开头"},
	{"is not a phone number", "不是电话号码"},
	{"is not an e-mail address", "邮箱格式不正确"},
	{"is the error of a formula", "是公式的错误值"},
	{"has %s characters; %s are allowed", "有 $1 个字符，最多 $2 个"},
	{"has the control character %s", "含有控制字符 $1"},
	{"is not valid UTF-8", "不是有效的 UTF-8"},
	{"the columns of the organization together: has %s bytes; %s are allowed", "自定义列合计 $1 字节，最多 $2 字节"},

	// Departments.
	{"item %s is empty", "第 $1 项为空"},
	{"%s is there twice", "$1 重复"},
	{"can mean several departments: %s", "可能指多个部门：$1"},
	{"there is no department %s; what exists of it is %s", "部门 $1 不存在，其中已存在的是 $2"},
	{"there is no department %s", "部门 $1 不存在"},
	{"the name of a department is empty", "部门名称不能为空"},
	{"the name of a department has %s characters; %s are allowed", "部门名称有 $1 个字符，最多 $2 个"},
	{"the name of a department has the control character %s", "部门名称含有控制字符 $1"},
	{"the number of items is %s, that of %s is %s", "有 $1 项，而“$2”有 $3 项"},
	{"%s is neither 是 nor 否", "$1 应填“是”或“否”"},

	// Sign-ins that are imported along with a sheet.
	{"the number of fields is %s, that of the header is %s", "有 $1 个字段，而表头有 $2 个"},
	{"%s is not a date of the calendar (%s)", "$1 不是有效的日期（$2）"},
	{"there is nobody %s", "没有员工 $1"},
	{"%s is in the future; today is %s", "$1 是将来的日期，今天是 $2"},
}

// translator has the phrases as patterns.
type translator []pattern

type pattern struct {
	english *regexp.Regexp
	chinese string
}

func chinese() translator {
	t := make(translator, len(phrases))
	for i, p := range phrases {
		quoted := regexp.QuoteMeta(strings.ReplaceAll(p.english, "%%", "%"))
		t[i] = pattern{regexp.MustCompile("(?s)^" + strings.ReplaceAll(quoted, "%s", "(.*)") + "$"), p.chinese}
	}
	return t
}

// translate returns a message in Chinese, or as it is where there is no phrase
// for it.
func (t translator) translate(message string) string {
	for _, p := range t {
		values := p.english.FindStringSubmatch(message)
		if values == nil {
			continue
		}
		var replace []string
		for i, v := range values[1:] {
			replace = append(replace, "$"+strconv.Itoa(i+1), v)
		}
		return strings.NewReplacer(replace...).Replace(p.chinese)
	}
	return message
}
