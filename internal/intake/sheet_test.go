package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"rollcall"
	"rollcall/internal/intake"
)

// contactSheet makes a file of the text of a contact sheet.
func contactSheet(t testing.TB, text string) intake.Files {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sheet.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return intake.Files{Sheet: path}
}

// contactBook makes a workbook whose worksheets have the cells of texts.
func contactBook(t testing.TB, worksheets ...string) intake.Files {
	t.Helper()
	book := excelize.NewFile()
	for i, text := range worksheets {
		name := "Sheet" + string(rune('1'+i))
		if _, err := book.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for row, line := range strings.Split(text, "\n") {
			for column, cell := range strings.Split(line, ",") {
				at, err := excelize.CoordinatesToCellName(column+1, row+1)
				if err := errors.Join(err, book.SetCellValue(name, at, cell)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "sheet.xlsx")
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return intake.Files{Sheet: path}
}

// carried renders what a contact sheet carries of the present people.
func carried(m *memory) string {
	type person struct {
		UserID, Name, Title, Gender, JobNumber, Mobile, Email, Telephone, WorkPlace, Remark, Extension string
		Depts                                                                                          []string
	}
	path := func(id rollcall.DeptID) string {
		text := ""
		for d := m.depts[id]; d.ID != rollcall.RootDept; d = m.depts[d.ParentID] {
			text = "/" + d.Name + text
		}
		return text
	}
	var people []person
	for _, u := range m.users {
		if !u.Present() {
			continue
		}
		id := u.UserID
		if made.MatchString(id) {
			id = "made"
		}
		p := person{id, u.Name, u.Title, u.Gender, u.JobNumber, u.Mobile, u.Email, u.Telephone, u.WorkPlace, u.Remark, u.Extension, nil}
		for _, member := range u.Memberships {
			p.Depts = append(p.Depts, path(member.DeptID)+map[bool]string{true: " leads"}[member.Leader])
		}
		slices.Sort(p.Depts)
		people = append(people, p)
	}
	return strings.ReplaceAll(render(people), `},{`, "},\n{")
}

// made is a userid that the import makes up.
var made = regexp.MustCompile(`^u[a-z2-7]{15}$`)

const everyColumn = "员工UserID,部门,职位,姓名,性别,工号,是否此部门主管(是/否),手机号,邮箱,分机号,办公地点,备注,座右铭,T恤尺码\n"

func TestASheetMakesAnOrganization(t *testing.T) {
	m := newMemory(time.UTC)
	p := bring(t, m, contactSheet(t, everyColumn+
		`zhang,"研发-后端,销售",总监,张三,男,007,"是,否",+86-13800000001,z@example.com,8001,上海,"两 行
备注",快,L
,研发-后端,工程师,李四,女,,,138 0000 0002,,,,,,
,new,,Root,,,是,+852 5123 4567,,,,,,
`), intake.Options{Now: firstNow})
	want := `[{"UserID":"zhang","Name":"张三","Title":"总监","Gender":"男","JobNumber":"007","Mobile":"13800000001","Email":"z@example.com","Telephone":"8001","WorkPlace":"上海","Remark":"两 行\n备注","Extension":"{\"座右铭\":\"快\",\"T恤尺码\":\"L\"}","Depts":["/研发/后端 leads","/销售"]},
{"UserID":"made","Name":"李四","Title":"工程师","Gender":"女","JobNumber":"","Mobile":"13800000002","Email":"","Telephone":"","WorkPlace":"","Remark":"","Extension":"","Depts":["/研发/后端"]},
{"UserID":"made","Name":"Root","Title":"","Gender":"","JobNumber":"","Mobile":"+852-51234567","Email":"","Telephone":"","WorkPlace":"","Remark":"","Extension":"","Depts":[" leads"]}]`
	if got := carried(m); got != want {
		t.Errorf("it becomes\n%s\nwanted\n%s", got, want)
	}
	if s := p.Summary; s.DeptsCreated != 3 || s.PeopleJoining != 3 || s.MembershipsAdded != 4 {
		t.Errorf("the summary is %+v", s)
	}
	if o := m.byID["zhang"].Ordinal; o != 0 {
		t.Errorf("the first row has the ordinal %d", o)
	}
}

func TestHeadersAreFoundByTheirText(t *testing.T) {
	rows := "\n,,,,,,,\n13800000001,张三,研发,z,是,8001"
	for name, f := range map[string]intake.Files{
		"other words, order, blanks and brackets": contactSheet(t, " 手机号码＊ ,姓 名（必填）,所属部门,员工USERID,是否此部门主管（是/否）,分机"+rows),
		"English":              contactSheet(t, "Mobile Number,Full Name,Departments,user ID,Leader (yes/no),Telephone"+rows),
		"below instructions":   contactSheet(t, "导入说明\n1. 部门：用-连接\n\n部门,姓名,,,\n手机号,姓名,部门,员工UserID,是否此部门主管(是/否),分机号"+rows),
		"a workbook":           contactBook(t, "标题,,\n手机号,姓名,部门,员工UserID,是否此部门主管(是/否),分机号"+rows),
		"the second worksheet": contactBook(t, "说明,部门,姓名\nx,y,z", "手机号,姓名,部门,员工UserID,是否此部门主管(是/否),分机号"+rows),
		"of two with headers the one that has rows": contactBook(t,
			"手机号,姓名,部门", "手机号,姓名,部门,员工UserID,是否此部门主管(是/否),分机号"+rows, "手机号,姓名,部门\n,,"),
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(time.UTC)
			bring(t, m, f, intake.Options{Now: firstNow})
			want := `[{"UserID":"z","Name":"张三","Title":"","Gender":"","JobNumber":"","Mobile":"13800000001","Email":"","Telephone":"8001","WorkPlace":"","Remark":"","Extension":"","Depts":["/研发 leads"]}]`
			if got := carried(m); got != want {
				t.Errorf("it becomes\n%s", got)
			}
		})
	}
}

func TestProblemsOfHeaders(t *testing.T) {
	for _, c := range []struct {
		name string
		f    intake.Files
		want []string
	}{
		{"none", contactSheet(t, "a,b\nc,d\n"), []string{"sheet.csv: no row has the headers 部门, 姓名 and 手机号"}},
		{"nothing but a mark", contactSheet(t, "\uFEFF"), []string{"sheet.csv: no row has the headers 部门, 姓名 and 手机号"}},
		{"missing", contactSheet(t, "\n姓名,工号\nx,1\n"), []string{
			"sheet.csv:2: 部门: the column is missing", "sheet.csv:2: 手机号: the column is missing",
		}},
		{"twice", contactSheet(t, "姓名,部门,手机号,手机,尺码,尺码\n"), []string{
			"sheet.csv:1: 手机: the column is there twice", "sheet.csv:1: 尺码: the column is there twice",
		}},
		{"two worksheets", contactBook(t, "姓名,部门,手机号\na,b,13800000001", "姓名,部门,手机号\na,b,13800000001"), []string{
			`sheet.xlsx: the worksheets "Sheet1" and "Sheet2" both have the headers; keep the one that is meant`,
		}},
		{"a file that is none", intake.Files{Sheet: contactSheet(t, "x").Sheet}, []string{"sheet.csv: no row has the headers 部门, 姓名 and 手机号"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			compare(t, found(t, c.f, newMemory(time.UTC), intake.Options{Now: firstNow}), c.want)
		})
	}
	path := filepath.Join(t.TempDir(), "sheet.xlsx")
	if err := os.WriteFile(path, []byte("部门,姓名,手机号"), 0o600); err != nil {
		t.Fatal(err)
	}
	compare(t, found(t, intake.Files{Sheet: path}, newMemory(time.UTC), intake.Options{Now: firstNow}),
		[]string{"sheet.xlsx: the file is no workbook (.xlsx)"})
}

// company is an organization into which sheets come.
func company(t testing.TB) *memory {
	m := starting(t, "dept_id,parent_id,name\n1,,Acme\n2,1,研发\n3,2,后端\n4,1,A-B\n5,1,twin\n6,1,twin\n7,1,销售\n",
		"userid,name,name_en,dept_id_list,leader_in_dept,order,dept_title,joined,active,access_limited,mobile,email,title,job_number,hired_date,extension\n"+
			`zhang,张三,San,3;7,3,9;,架构;,2020-01-01,1,1,13800000001,z@example.com,总监,007,2019-12-01,"{""尺码"": ""L"", ""n"": 1.50, ""o"":{""x"":[1]}}"`+"\n"+
			"li,李四,,5;6,,,,,,,13800000002,,,,,\n"+
			"odd,Odd,,,,,,,,,odd number,odd,,,,\n"+
			"gone,老王,,2,,,,2020-01-01,1,,13800000004,,,,,\n", "")
	u := m.byID["zhang"]
	u.Details = rollcall.Details{UnionID: "union", Telephone: "8001", OrgEmail: "z@corp", Avatar: "a", Gender: "男", Remark: "r", Boss: true}
	for _, c := range []rollcall.Change{{Kind: rollcall.MemberRemoved, DeptID: 2}, {Kind: rollcall.UserLeft}} {
		c.Ordinal = m.byID["gone"].Ordinal
		if err := m.change(c, firstNow); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestWhatASheetDoesNotCarryStays(t *testing.T) {
	m := company(t)
	before := *m.byID["zhang"]
	bring(t, m, contactSheet(t, "员工UserID,部门,姓名,手机号,职位,尺码,新\nzhang,\"研发-后端,A-B\",张三丰,13800000001,CTO,XL,x\n"), intake.Options{Now: secondNow})
	want := before
	want.Name, want.Title, want.ModifiedAt = "张三丰", "CTO", secondNow
	want.Extension = `{"尺码":"XL","n":1.50,"o":{"x":[1]},"新":"x"}`
	want.Memberships = []rollcall.Membership{before.Memberships[0], {DeptID: 4, Entered: secondNow, Modified: secondNow}}
	if got := m.byID["zhang"]; render(got) != render(want) {
		t.Errorf("the person becomes\n%s\nwanted\n%s", render(got), render(want))
	}
}

func TestEmptyCellsEmptyTheirValues(t *testing.T) {
	m := company(t)
	bring(t, m, contactSheet(t, everyColumn+"zhang,研发,,张三,,,,13800000001,,,,,,\n"), intake.Options{Now: secondNow})
	u := m.byID["zhang"]
	if u.Title+u.Gender+u.JobNumber+u.Email+u.Telephone+u.WorkPlace+u.Remark != "" || u.UnionID != "union" || !u.Boss {
		t.Errorf("the person becomes %s", render(u))
	}
	// 座右铭 and T恤尺码 are columns of the sheet, 尺码 is not.
	if want := `{"尺码": "L", "n": 1.50, "o":{"x":[1]}}`; u.Extension != want {
		t.Errorf("the extension becomes %s", u.Extension)
	}
	bring(t, m, contactSheet(t, "姓名,手机号,部门,尺码,n,o\n张三,13800000001,研发,,,\n"), intake.Options{Now: secondNow})
	if u := m.byID["zhang"]; u.Extension != "" {
		t.Errorf("the extension becomes %s", u.Extension)
	}
}

func TestPeopleAreFoundByMobileNumber(t *testing.T) {
	m := company(t)
	p := bring(t, m, contactSheet(t, "姓名,手机号,部门\n张三丰,+86 138-0000-0001,研发\n老王,13800000004,销售\n"), intake.Options{Now: secondNow})
	if s := p.Summary; s.PeopleJoining != 0 || s.PeopleReturning != 1 || s.PeopleUpdated != 1 || s.PeopleMoved != 1 {
		t.Errorf("the summary is %+v", s)
	}
	if u := m.byID["zhang"]; u.Name != "张三丰" || u.NameEN != "San" {
		t.Errorf("the person becomes %s", render(u))
	}
	if u := m.byID["gone"]; !u.Present() || u.Stay.From != secondNow {
		t.Errorf("who comes back becomes %s", render(u))
	}

	// The number of somebody who left, with another name, is another person.
	m = company(t)
	p = bring(t, m, contactSheet(t, "姓名,手机号,部门\n新人,13800000004,销售\n"), intake.Options{Now: secondNow})
	if s := p.Summary; s.PeopleJoining != 1 || s.PeopleReturning != 0 {
		t.Errorf("the summary is %+v", s)
	}
}

func TestAMobileNumberGoesToSomebodyElse(t *testing.T) {
	m := company(t)
	bring(t, m, contactSheet(t, "员工UserID,姓名,手机号,部门\nzhang,张三,13800000009,研发\n,新人,13800000001,研发\n"), intake.Options{Now: secondNow})
	if u := m.users[len(m.users)-1]; u.Name != "新人" || u.Mobile != "13800000001" || m.byID["zhang"].Mobile != "13800000009" {
		t.Errorf("the people are %s", carried(m))
	}
	// Two people exchange theirs.
	bring(t, m, contactSheet(t, "员工UserID,姓名,手机号,部门\nzhang,张三,13800000002,研发\nli,李四,13800000009,研发\n"), intake.Options{Now: secondNow})
	if m.byID["zhang"].Mobile != "13800000002" || m.byID["li"].Mobile != "13800000009" {
		t.Errorf("the people are %s", carried(m))
	}
}

func TestPeopleWithoutAUseridGetOne(t *testing.T) {
	m := newMemory(time.UTC)
	bring(t, m, contactSheet(t, "姓名,手机号,部门,员工UserID\nA,13800000001,new,\nB,13800000002,new,b\nC,13800000003,new,\n"), intake.Options{Now: secondNow})
	if a, b, c := m.users[0].UserID, m.users[1].UserID, m.users[2].UserID; !made.MatchString(a) || b != "b" || !made.MatchString(c) || a == c {
		t.Errorf("the userids are %s, %s and %s", a, b, c)
	}
}

func TestWhoWasErasedDoesNotComeBack(t *testing.T) {
	m := starting(t, "", "userid,name\ngone-1,X\n", "")
	if err := m.change(rollcall.Change{Kind: rollcall.UserLeft}, firstNow); err != nil {
		t.Fatal(err)
	}
	*m.users[0] = rollcall.User{UserID: "gone-1", Stay: m.users[0].Stay}
	compare(t, found(t, contactSheet(t, "姓名,手机号,部门,员工UserID\nA,13800000001,new,gone-1\n"), m, intake.Options{Now: secondNow}),
		[]string{"sheet.csv:2: 员工UserID: belongs to a person who was erased"})
}

func TestReplaceMakesThoseLeaveWhoAreNotInTheSheet(t *testing.T) {
	m := company(t)
	f := contactSheet(t, "员工UserID,姓名,手机号,部门\nzhang,张三,13800000001,销售\nnew,N,13800000002,销售\n")
	d := read(t, f)
	_, _, err := intake.MakePlan(d, m, intake.Options{Now: secondNow, Replace: true})
	if rollcall.KindOf(err) != rollcall.KindConflict || !strings.HasPrefix(err.Error(), "2 of 3 people are not in the file and would leave") {
		t.Errorf("the error is %v", err)
	}
	// The number of one who leaves is free.
	p := bring(t, m, f, intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 70})
	if s := p.Summary; s.PeopleLeaving != 2 || s.PeopleJoining != 1 || s.DeptsDeleted != 0 || m.byID["li"].Present() {
		t.Errorf("the summary is %+v", s)
	}
}

func TestDepartmentsAreCreatedWhereThatIsWanted(t *testing.T) {
	f := contactSheet(t, "姓名,手机号,部门\nA,13800000011,研发-前端-网页\nB,13800000012,\"A-B-C,研发-前端,\"\"新-部\"\"-x\"\n")
	compare(t, found(t, f, company(t), intake.Options{Now: secondNow}), []string{
		`sheet.csv:2: 部门: there is no department "研发-前端-网页"; what exists of it is "研发"`,
		`sheet.csv:3: 部门: there is no department "A-B-C"; what exists of it is "\"A-B\""`,
		`sheet.csv:3: 部门: there is no department "研发-前端"; what exists of it is "研发"`,
		`sheet.csv:3: 部门: there is no department "\"新-部\"-x"`,
	})
	m := company(t)
	p := bring(t, m, f, intake.Options{Now: secondNow, CreateDepartments: true})
	if p.Summary.DeptsCreated != 5 {
		t.Errorf("the summary is %+v", p.Summary)
	}
	want := `{"UserID":"made","Name":"A","Title":"","Gender":"","JobNumber":"","Mobile":"13800000011","Email":"","Telephone":"","WorkPlace":"","Remark":"","Extension":"","Depts":["/研发/前端/网页"]},
{"UserID":"made","Name":"B","Title":"","Gender":"","JobNumber":"","Mobile":"13800000012","Email":"","Telephone":"","WorkPlace":"","Remark":"","Extension":"","Depts":["/A-B/C","/新-部/x","/研发/前端"]}]`
	if got := carried(m); !strings.Contains(got, want) {
		t.Errorf("it becomes\n%s", got)
	}
}

func TestNewDepartmentsTakeNoOldId(t *testing.T) {
	m := starting(t, "dept_id,parent_id,name\n5,1,a\n6,1,b\n999999999999999999,1,c\n", "", "")
	if err := m.change(rollcall.Change{Kind: rollcall.DeptDeleted, DeptID: 999999999999999999}, firstNow); err != nil {
		t.Fatal(err)
	}
	bring(t, m, contactSheet(t, "姓名,手机号,部门\nA,13800000001,x\n"), intake.Options{Now: secondNow, CreateDepartments: true})
	if d := m.depts[7]; d == nil || d.Name != "x" {
		t.Errorf("the departments are %s", render(m.depts))
	}
	m = starting(t, "dept_id,parent_id,name\n2,1,a\n999999999999999999,1,c\n", "", "")
	bring(t, m, contactSheet(t, "姓名,手机号,部门\nA,13800000001,x\n"), intake.Options{Now: secondNow, CreateDepartments: true})
	if d := m.depts[3]; d == nil || d.Name != "x" {
		t.Errorf("the departments are %s", render(m.depts))
	}
}

func TestASheetOfAnEarlierExportIsNoChangeWhateverIsInIt(t *testing.T) {
	// In two departments of the same name, with a mobile number that is none,
	// without a department: an export has it, and no new row could.
	m := company(t)
	f := contactSheet(t, "员工UserID,姓名,手机号,部门\nli,李四,13800000002,\"twin,twin\"\nodd,Odd,odd number,\n")
	if p := plan(t, read(t, f), m, intake.Options{Now: secondNow}); !p.Empty() {
		t.Errorf("it changes %s", renderChanges(p.Changes))
	}
}
