package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// found reads and plans, and returns all problems as text with the names of the
// files alone.
func found(t *testing.T, f intake.Files, v intake.View, opt intake.Options) []string {
	t.Helper()
	d, problems, err := intake.Read(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, more, err := intake.MakePlan(d, v, opt)
	if err != nil {
		t.Fatal(err)
	}
	problems = append(problems, more...)
	if (p == nil) != (len(problems) > 0) {
		t.Errorf("there are %d problems and the plan is %v", len(problems), p)
	}
	var texts []string
	for _, problem := range problems {
		problem.File = filepath.Base(problem.File)
		texts = append(texts, problem.String())
	}
	return texts
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("found\n\t%s\nwanted\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestProblemsOfDepartments(t *testing.T) {
	const h = "dept_id,parent_id,name\n"
	for _, c := range []struct {
		name, depts string
		want        []string
	}{
		{"all is well", "\uFEFFName , PARENT_ID,Dept_ID\r\n\"The \"\"whole\"\"\r\nthing\",,1\r\n", []string{
			"departments.csv:2: name: has the control character U+000A",
		}},
		{"another order, blanks, BOM, CRLF", "\uFEFF Name ,PARENT_ID,\"Dept_ID\"\r\nWhole,,1\r\n\r\nPart, 1 , 2\r\n", nil},
		{"empty", "\uFEFF", []string{
			"departments.csv:1: the file is empty; the columns are dept_id, parent_id, name, and if wanted source_identifier, brief, name_en, order, hide_dept, outer_dept, code, telephone",
		}},
		{"header", "dept_id,colour,name,,Name\n1,red,x,y,z\n", []string{
			"departments.csv:1: colour: is not a known column; the columns are dept_id, parent_id, name, and if wanted source_identifier, brief, name_en, order, hide_dept, outer_dept, code, telephone",
			"departments.csv:1: field 4 has no name; the columns are dept_id, parent_id, name, and if wanted source_identifier, brief, name_en, order, hide_dept, outer_dept, code, telephone",
			"departments.csv:1: name: the column is there twice",
			"departments.csv:1: parent_id: the column is missing; the columns are dept_id, parent_id, name, and if wanted source_identifier, brief, name_en, order, hide_dept, outer_dept, code, telephone",
		}},
		{"options", "dept_id,parent_id,name,hide_dept,outer_dept,code,telephone\n2,1,a,maybe,2," + strings.Repeat("x", 31) + "," + strings.Repeat("1", 51) + "\n3,1,b,yes,0,c\x01,\n", []string{
			"departments.csv:2: hide_dept: \"maybe\" is not true or false, yes or no, 1 or 0",
			"departments.csv:2: outer_dept: \"2\" is not true or false, yes or no, 1 or 0",
			"departments.csv:2: code: has 31 characters; 30 are allowed",
			"departments.csv:2: telephone: has 51 characters; 50 are allowed",
			"departments.csv:3: code: has the control character U+0001",
		}},
		{"header in another encoding", "dept_id,parent_id,name,\xc3\xfb\xd7\xd6\n", []string{
			"departments.csv:1: field 4 is not valid UTF-8",
		}},
		{"header with a broken quote", "dept_id,parent_id,na\"me\n2,1,x\n", []string{
			`departments.csv:1: a " stands inside a field that does not start with one`,
		}},
		{"rows that go on after broken ones", h + "2,1,a\"b\n3,1,\"c\"d\n4,1\n5,1,e,\n6,1,\"\n7,1,f\n", []string{
			`departments.csv:2: a " stands inside a field that does not start with one`,
			"departments.csv:3: a quoted field does not end as it should",
			"departments.csv:4: the number of fields is 2, that of the header is 3",
			"departments.csv:5: the number of fields is 4, that of the header is 3",
			"departments.csv:6: a quoted field does not end as it should (noticed on line 7)",
		}},
		{"numbers", "dept_id,parent_id,name,order\nx,1,a,\n,1,b,\n0,1,c,\n-3,1,d,\n5,y,e,z\n6,-1,f,1\n99999999999999999999,1,g,\n", []string{
			`departments.csv:2: dept_id: "x" is not a whole number`,
			"departments.csv:3: dept_id: is empty or 0; the ids of departments begin at 1",
			"departments.csv:4: dept_id: is empty or 0; the ids of departments begin at 1",
			"departments.csv:5: dept_id: -3 is less than 1",
			`departments.csv:6: order: "z" is not a whole number`,
			`departments.csv:6: parent_id: "y" is not a whole number`,
			"departments.csv:7: parent_id: is empty; only the root department (1) has no parent",
			`departments.csv:8: dept_id: "99999999999999999999" is not a whole number`,
		}},
		{"several in one row", "dept_id,parent_id,name,name_en,source_identifier,brief\n1,1,," +
			strings.Repeat("e", 65) + "," + strings.Repeat("s", 257) + ",\x07\n", []string{
			"departments.csv:2: parent_id: the root department (1) has no parent",
			"departments.csv:2: name: is empty",
			"departments.csv:2: name_en: has 65 characters; 64 are allowed",
			"departments.csv:2: source_identifier: has 257 characters; 256 are allowed",
			"departments.csv:2: brief: has the control character U+0007",
		}},
		{"not UTF-8", h + "2,1,\xff\xfe\n3,2,x\n", []string{"departments.csv:2: name: is not valid UTF-8"}},
		{"twice", h + "2,1,a\n3,1,b\n2,3,c\n", []string{"departments.csv:4: dept_id: department 2 is on line 2 already"}},
		{"its own parent", h + "2,2,a\n", []string{"departments.csv:2: parent_id: the department would be its own parent"}},
		{"no parent", h + "2,,a\n3,99,b\n", []string{
			"departments.csv:2: parent_id: is empty; only the root department (1) has no parent",
			"departments.csv:3: parent_id: department 99 does not exist",
		}},
		{"circle in the file", h + "6,1,z\n2,4,a\n3,2,b\n4,3,c\n5,3,d\n", []string{
			"departments.csv:3: parent_id: department 2 would be below itself; above it are 4, 3, 2",
		}},
		{"circle through what is there", h + "10,12,a\n", []string{
			"departments.csv:2: parent_id: department 10 would be below itself; above it are 12, 11, 10",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := starting(t, h+"10,1,x\n11,10,y\n12,11,z\n", "", "")
			compare(t, found(t, write(t, c.depts, "", ""), v, intake.Options{Now: secondNow}), c.want)
		})
	}
}

func TestProblemsOfUsers(t *testing.T) {
	for _, c := range []struct {
		name, users string
		want        []string
	}{
		{"all is well", "userid,name,dept_id_list,leader_in_dept,order,dept_title,entered,joined,active\n" +
			`x,X, 3 ;2,2,;5,a\;b;c,2021-01-01;20210102,2020-01-01T08:00:00+08:00,YES` + "\ny,Y,2;3,,,,2020-02-02,,\nz,Z,,,,,,,0\n", nil},
		{"header", "userid,entered,color\nx,,\n", []string{
			"users.csv:1: color: is not a known column; the columns are userid, name, and if wanted dept_id_list, leader_in_dept, name_en, order, dept_title, entered, joined, active, access_limited, mobile, email, title, job_number, hired_date, extension, telephone, org_email, org_email_type, work_place, remark, gender, avatar, unionid, hide_mobile, senior, boss, exclusive_account, exclusive_account_type, login_id, manager_userid, admin, admin_depts, main_dept, dept_work_place",
			"users.csv:1: name: the column is missing; the columns are userid, name, and if wanted dept_id_list, leader_in_dept, name_en, order, dept_title, entered, joined, active, access_limited, mobile, email, title, job_number, hired_date, extension, telephone, org_email, org_email_type, work_place, remark, gender, avatar, unionid, hide_mobile, senior, boss, exclusive_account, exclusive_account_type, login_id, manager_userid, admin, admin_depts, main_dept, dept_work_place",
		}},
		{"lists without their departments", "userid,name,entered,order\nx,X,nonsense,y\n", []string{
			"users.csv:1: order: the column needs dept_id_list",
			"users.csv:1: entered: the column needs dept_id_list",
		}},
		{"own values", "userid,name,name_en,mobile,email,title,job_number,extension,active,access_limited,joined,hired_date\n" +
			strings.Repeat("u", 65) + ",,\x01,\x02,\x03,\x04,\x05,[],maybe,2,yesterday,2026-02-30\n", []string{
			"users.csv:2: userid: has 65 characters; 64 are allowed",
			"users.csv:2: name: is empty",
			"users.csv:2: name_en: has the control character U+0001",
			"users.csv:2: mobile: has the control character U+0002",
			"users.csv:2: email: has the control character U+0003",
			"users.csv:2: title: has the control character U+0004",
			"users.csv:2: job_number: has the control character U+0005",
			"users.csv:2: extension: is not a JSON object",
			`users.csv:2: active: "maybe" is not true or false, yes or no, 1 or 0`,
			`users.csv:2: access_limited: "2" is not true or false, yes or no, 1 or 0`,
			`users.csv:2: joined: "yesterday" is neither a date (2026-08-20, 20260820) nor a time (2026-08-20T09:30:00+08:00)`,
			`users.csv:2: hired_date: "2026-02-30" is neither a date (2026-08-20, 20260820) nor a time (2026-08-20T09:30:00+08:00)`,
		}},
		{"nobody", "userid,name\n,X\n", []string{"users.csv:2: userid: is empty"}},
		{"twice", "userid,name,mobile\nx,X,1\ny,Y,2\nx,Z,2\n", []string{
			`users.csv:4: mobile: "2" is on line 3 already`,
			`users.csv:4: userid: "x" is on line 2 already`,
		}},
		{"departments", "userid,name,dept_id_list\na,A,2;;x;0\nb,B,3;2;3\nc,C,99;2;98\nd,D,2;\n", []string{
			"users.csv:2: dept_id_list: item 2 is empty",
			`users.csv:2: dept_id_list: "x" is not a whole number`,
			"users.csv:2: dept_id_list: 0 is less than 1",
			"users.csv:3: dept_id_list: department 3 is named twice",
			"users.csv:5: dept_id_list: item 2 is empty",
			"users.csv:4: dept_id_list: department 98 does not exist",
			"users.csv:4: dept_id_list: department 99 does not exist",
		}},
		{"lists beside them", "userid,name,dept_id_list,leader_in_dept,order,dept_title,entered\n" +
			"a,A,2;3,4;2;2;x;,1,a;b;c,2020-01-01;2020-01-02;2020-01-03\nb,B,3;2,,x;1,ok;\x7f,2020-01-01;soon\nc,C,,2,1,t,2020-01-01\nd,D,,,;;,,\n", []string{
			"users.csv:2: order: the number of items is 1, that of dept_id_list is 2",
			"users.csv:2: dept_title: the number of items is 3, that of dept_id_list is 2",
			"users.csv:2: entered: the number of items is 3, that of dept_id_list is 2",
			"users.csv:2: leader_in_dept: department 4 is not in dept_id_list",
			"users.csv:2: leader_in_dept: department 2 is named twice",
			`users.csv:2: leader_in_dept: "x" is not a whole number`,
			`users.csv:2: leader_in_dept: "" is not a whole number`,
			`users.csv:3: order: "x" is not a whole number`,
			"users.csv:3: dept_title: item 2 has the control character U+007F",
			`users.csv:3: entered: "soon" is neither a date (2026-08-20, 20260820) nor a time (2026-08-20T09:30:00+08:00)`,
			"users.csv:4: leader_in_dept: is set, but dept_id_list is empty",
			"users.csv:4: order: is set, but dept_id_list is empty",
			"users.csv:4: dept_title: is set, but dept_id_list is empty",
			"users.csv:4: entered: is set, but dept_id_list is empty",
		}},
		{"entered before joining", "userid,name,dept_id_list,joined,entered\nnew,N,2;3,2020-01-02,2020-01-01;\nstays,S,2,,2019-01-01\n", []string{
			"users.csv:2: entered: the person came into department 2 (2020-01-01T00:00:00Z) before joining (2020-01-02T00:00:00Z)",
			"users.csv:3: entered: the person came into department 2 (2019-01-01T00:00:00Z) before joining (2020-01-01T00:00:00Z)",
		}},
		{"joined after entering", "userid,name,joined\nstays,S,2022-01-01\n", []string{
			"users.csv:2: joined: the person came into department 3 (2021-01-01T00:00:00Z) before joining (2022-01-01T00:00:00Z)",
		}},
		{"somebody else's mobile", "userid,name,mobile\nnew,N,100\ngone,G,300\n", []string{
			`users.csv:2: mobile: "100" belongs to "stays"`,
		}},
		{"somebody else's mobile without the column", "userid,name\ngone,G\nheir,H\n", []string{
			`users.csv:2: mobile: "200" belongs to "heir"`,
		}},
		{"the same broken row does not make its people and departments unknown", "userid,name,dept_id_list\nnew,,2\n", []string{
			"users.csv:2: name: is empty",
		}},
		{"long values are cut", "userid,name,active\nx,X," + strings.Repeat("é", 50) + "\n", []string{
			`users.csv:2: active: "` + strings.Repeat("é", 40) + `"… is not true or false, yes or no, 1 or 0`,
		}},
		{"lines count on in quoted fields", "userid,name,extension,active\nx,X,\"{\n\n}\",maybe\ny,,,\n", []string{
			`users.csv:4: active: "maybe" is not true or false, yes or no, 1 or 0`,
			"users.csv:5: name: is empty",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := starting(t, "dept_id,parent_id,name\n2,1,a\n3,1,b\n4,1,c\n",
				"userid,name,mobile,dept_id_list,joined,entered\nstays,S,100,2;3,2020-01-01,2020-01-01;2021-01-01\ngone,G,200,,,\nheir,H,,,,\n", "")
			// Somebody left, and the mobile number is another's now.
			if err := errors.Join(
				v.change(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 1}, firstNow),
				v.change(rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 2, Payload: rollcall.Payload{
					UserUpdate: &rollcall.UserUpdate{Mobile: new("200")}, UserBefore: &rollcall.UserUpdate{Mobile: new("")},
				}}, firstNow),
			); err != nil {
				t.Fatal(err)
			}
			compare(t, found(t, write(t, "", c.users, ""), v, intake.Options{Now: secondNow}), c.want)
		})
	}
}

func TestProblemsOfSignIns(t *testing.T) {
	for _, c := range []struct {
		name, signIns string
		want          []string
	}{
		{"all is well, today too, and twice", "userid,date\nx,20260829\nx,2026-08-29\n", nil},
		{"header", "day,userid\n20260820,x\n", []string{
			"signins.csv:1: day: is not a known column; the columns are date, userid",
			"signins.csv:1: date: the column is missing; the columns are date, userid",
		}},
		{"dates", "date,userid\n20260230,x\n20260829,x\n2026-8-1,x\n,x\n2026-08-29T00:00:00Z,x\n", []string{
			`signins.csv:2: date: "20260230" is not a date of the calendar (20260820, 2026-08-20)`,
			`signins.csv:4: date: "2026-8-1" is not a date of the calendar (20260820, 2026-08-20)`,
			`signins.csv:5: date: "" is not a date of the calendar (20260820, 2026-08-20)`,
			`signins.csv:6: date: "2026-08-29T00:00:00Z" is not a date of the calendar (20260820, 2026-08-20)`,
		}},
		{"the future", "date,userid\n20260829,x\n20260831,x\n20260830,x\n20260831,x\n", []string{
			"signins.csv:3: date: 20260831 is in the future; today is 20260829 (2 rows)",
			"signins.csv:4: date: 20260830 is in the future; today is 20260829",
		}},
		{"people", "date,userid\n20260801,ghost\n20260801,\n20260802,ghost\n20260801,\n20260801,X\n20260801,a\x00\n", []string{
			"signins.csv:3: userid: is empty",
			"signins.csv:5: userid: is empty",
			"signins.csv:7: userid: has the control character U+0000",
			`signins.csv:2: userid: there is nobody "ghost" (2 rows)`,
			`signins.csv:6: userid: there is nobody "X"`,
		}},
		{"fields", "date,userid\n20260801\n20260801,x,\n20260801,\xff\n", []string{
			"signins.csv:2: the number of fields is 1, that of the header is 2",
			"signins.csv:3: the number of fields is 3, that of the header is 2",
			"signins.csv:4: userid: is not valid UTF-8",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := starting(t, "", "userid,name\nx,X\n", "")
			compare(t, found(t, write(t, "", "", c.signIns), v, intake.Options{Now: firstNow}), c.want)
		})
	}
}

func TestProblemsBetweenFiles(t *testing.T) {
	const depts = "dept_id,parent_id,name\n2,1,a\n3,2,b\n"
	for _, c := range []struct {
		name                  string
		depts, users, signIns string
		replace               bool
		want                  []string
	}{
		{
			"in the order of files and lines",
			"dept_id,parent_id,name\n2,8,a\n4,9,b\n", "userid,name,dept_id_list\nx,X,4;7\ny,Y,6\n", "date,userid\n20300101,z\n",
			false,
			[]string{
				"departments.csv:2: parent_id: department 8 does not exist",
				"departments.csv:3: parent_id: department 9 does not exist",
				"users.csv:2: dept_id_list: department 7 does not exist",
				"users.csv:3: dept_id_list: department 6 does not exist",
				`signins.csv:2: userid: there is nobody "z"`,
				"signins.csv:2: date: 20300101 is in the future; today is 20260829",
			},
		},
		{
			"what follows from unreadable rows is not reported",
			"dept_id,parent_id,name\n?,1,a\n4,2,b\"\n", "userid,name,dept_id_list\nx,X,4;7\n,,\n", "date,userid\n20260101,z\n20260101,x\n",
			true,
			[]string{
				`departments.csv:2: dept_id: "?" is not a whole number`,
				`departments.csv:3: a " stands inside a field that does not start with one`,
				"users.csv:3: userid: is empty",
				"users.csv:3: name: is empty",
			},
		},
		{
			"nor what follows from rows with broken quotes",
			"dept_id,parent_id,name\n4,2,b\"\n5,4,c\n", "userid,name,dept_id_list\nx,X,4\ny,\"Y\"Y,4\n", "date,userid\n20260101,y\n",
			true,
			[]string{
				`departments.csv:2: a " stands inside a field that does not start with one`,
				"users.csv:3: a quoted field does not end as it should",
			},
		},
		{
			"a department that is deleted keeps nobody",
			"dept_id,parent_id,name\n2,1,a\n", "", "", true,
			[]string{"departments.csv: department 3 (b) is not in the file, but 1 of its members would stay in it"},
		},
		{
			"a department that is deleted keeps nobody whose departments the file does not have",
			"dept_id,parent_id,name\n2,1,a\n", "userid,name\np,P\nq,Q\n", "", true,
			[]string{"departments.csv: department 3 (b) is not in the file, but 1 of its members would stay in it"},
		},
		{
			"a department that is deleted takes nobody and no child",
			"dept_id,parent_id,name\n2,3,a\n", "userid,name,dept_id_list\np,P,2\nq,Q,3\n", "", true,
			[]string{
				"departments.csv:2: parent_id: department 3 is not in departments.csv and would be deleted",
				"users.csv:3: dept_id_list: department 3 is not in departments.csv and would be deleted",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := starting(t, depts, "userid,name,dept_id_list\np,P,2\nq,Q,3\n", "")
			t.Chdir(t.TempDir())
			f := intake.Files{}
			for _, file := range []struct {
				path *string
				name string
				text string
			}{{&f.Departments, "departments.csv", c.depts}, {&f.Users, "users.csv", c.users}, {&f.SignIns, "signins.csv", c.signIns}} {
				if file.text != "" {
					*file.path = file.name
					if err := os.WriteFile(file.name, []byte(file.text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			compare(t, found(t, f, v, intake.Options{Now: firstNow, Replace: c.replace}), c.want)
		})
	}
}

func TestProblemsEnd(t *testing.T) {
	var users strings.Builder
	users.WriteString("userid,name,dept_id_list\n")
	for i := range 20_000 {
		fmt.Fprintf(&users, "u%d,,\n", i)
	}
	check := func(problems []intake.Problem, last int) {
		t.Helper()
		if len(problems) != 10_000 {
			t.Fatalf("there are %d", len(problems))
		}
		p := problems[len(problems)-1]
		if p.Line != last || p.Message != "there are too many problems; what comes after this line was not checked" {
			t.Errorf("the last is %s", p)
		}
	}
	f := write(t, "", users.String(), "date,userid\nnever,nobody\n")
	d, problems, err := intake.Read(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(problems, 10_001)
	if p, more, err := intake.MakePlan(d, newMemory(time.UTC), intake.Options{Now: firstNow}); p != nil || err != nil || len(more) > 0 {
		t.Errorf("the plan is %v, %v, %v", p, more, err)
	}

	f = write(t, "", strings.ReplaceAll(users.String(), ",,", ",n,99"), "")
	_, problems, err = intake.MakePlan(read(t, f), newMemory(time.UTC), intake.Options{Now: firstNow})
	if err != nil {
		t.Fatal(err)
	}
	check(problems, 10_001)
}
