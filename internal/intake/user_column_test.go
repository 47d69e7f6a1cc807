package intake_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

const threeDepts = "dept_id,parent_id,name\n2,1,D\n3,1,E\n"

func TestColumnsOfDetails(t *testing.T) {
	const all = "telephone,org_email,org_email_type,work_place,remark,gender,avatar,unionid,hide_mobile,senior,boss,exclusive_account,exclusive_account_type,login_id,manager_userid,admin,admin_depts,main_dept,dept_work_place"
	const base = "userid,name,dept_id_list,leader_in_dept"
	m := starting(t, threeDepts, base+","+all+"\n"+
		"x,X,2;3,,8001,o@e,base,Tower,\"one\ntwo\",女,http://a,U1,yes,1,true,TRUE,sso,login,y, Sub ,3;2,3,a\\;b;\\\\\n"+
		"y,Y,,,,,,,,,,,,,,,,,,None,,,\n"+
		"z,Z,1,,,,,,,,,,no,,,,,,x,main,,1,\n", "")
	one := rollcall.Ordinal(1)
	x := m.byID["x"]
	if want := (rollcall.Details{
		UnionID: "U1", Telephone: "8001", OrgEmail: "o@e", OrgEmailType: "base", WorkPlace: "Tower", Remark: "one\ntwo", Avatar: "http://a", Gender: "女",
		LoginID: "login", ExclusiveType: "sso", Exclusive: true, HideMobile: true, Senior: true, Boss: true,
		Admin: rollcall.SubAdmin, AdminDepts: []rollcall.DeptID{3, 2}, Manager: &one,
	}); !x.Details.Same(&want) {
		t.Errorf("x has %+v", x.Details)
	}
	if a, b := x.Membership(2), x.Membership(3); a.Main || a.WorkPlace != "a;b" || !b.Main || b.WorkPlace != `\` {
		t.Errorf("x is in %+v", x.Memberships)
	}
	if z := m.byID["z"]; z.Admin != rollcall.MainAdmin || *z.Manager != 0 || !z.Memberships[0].Main {
		t.Errorf("z is %+v", z)
	}

	// What is written has the columns that somebody has something in, and makes
	// the same again.
	_, got, _ := exported(t, m)
	want := base + "," + all + "\n" +
		"x,X,2;3,,8001,o@e,base,Tower,\"one\ntwo\",女,http://a,U1,true,true,true,true,sso,login,y,sub,3;2,3,a\\;b;\\\\\n" +
		"y,Y,,,,,,,,,,,false,false,false,false,,,,,,,\n" +
		"z,Z,1,,,,,,,,,,false,false,false,false,,,x,main,,1,\n"
	if got != want {
		t.Errorf("it writes\n%s\nwanted\n%s", got, want)
	}
	_, again, _ := exported(t, starting(t, threeDepts, got, ""))
	if again != want {
		t.Errorf("once more it writes\n%s", again)
	}

	// Without the columns everything stays; blank ones clear.
	if p := bring(t, m, write(t, "", "userid,name,dept_id_list\nx,X,2;3\n", ""), intake.Options{Now: secondNow}); !p.Empty() {
		t.Errorf("without the columns it changes %s", renderChanges(p.Changes))
	}
	bring(t, m, write(t, "", "userid,name,dept_id_list,"+all+"\nx,X,2;3,,,,,,,,,,,,,,,,,,,\n", ""), intake.Options{Now: secondNow})
	if x := m.byID["x"]; !x.Details.Same(&rollcall.Details{}) || x.Membership(2).WorkPlace != "" || x.Membership(3).Main {
		t.Errorf("after clearing, x is %+v", x)
	}
	_, got, _ = exported(t, m)
	if want := base + ",manager_userid,admin,main_dept\nx,X,2;3,,,,\ny,Y,,,,,\nz,Z,1,,x,main,1\n"; got != want {
		t.Errorf("it writes\n%s\nwanted\n%s", got, want)
	}
}

func TestProblemsOfDetails(t *testing.T) {
	for _, c := range []struct {
		name, users string
		want        []string
	}{
		{"texts", "userid,name,telephone,org_email,org_email_type,work_place,remark,gender,avatar,unionid,exclusive_account_type,login_id\n" +
			"a,A,\x01,\x01,\x01,\x01,\x01,\x01,\x01,\x01,\x01,\x01\n", []string{
			"users.csv:2: unionid: has the control character U+0001",
			"users.csv:2: telephone: has the control character U+0001",
			"users.csv:2: org_email: has the control character U+0001",
			"users.csv:2: org_email_type: has the control character U+0001",
			"users.csv:2: work_place: has the control character U+0001",
			"users.csv:2: avatar: has the control character U+0001",
			"users.csv:2: gender: has the control character U+0001",
			"users.csv:2: login_id: has the control character U+0001",
			"users.csv:2: exclusive_account_type: has the control character U+0001",
			"users.csv:2: remark: has the control character U+0001",
		}},
		{"truths", "userid,name,hide_mobile,senior,boss,exclusive_account\na,A,x,2,maybe,-\n", []string{
			`users.csv:2: hide_mobile: "x" is not true or false, yes or no, 1 or 0`,
			`users.csv:2: senior: "2" is not true or false, yes or no, 1 or 0`,
			`users.csv:2: boss: "maybe" is not true or false, yes or no, 1 or 0`,
			`users.csv:2: exclusive_account: "-" is not true or false, yes or no, 1 or 0`,
		}},
		{"administrators", "userid,name,admin,admin_depts\na,A,king,\nb,B,sub,2;x;2\nc,C,main,2\nd,D,,3\ne,E,sub,99\n", []string{
			`users.csv:2: admin: "king" is not main, sub or none`,
			`users.csv:3: admin_depts: "x" is not a whole number`,
			"users.csv:3: admin_depts: department 2 is named twice",
			"users.csv:4: admin_depts: is set, but the person is not an administrator of departments (sub)",
			"users.csv:5: admin_depts: is set, but the person is not an administrator of departments (sub)",
			"users.csv:6: admin_depts: department 99 does not exist",
		}},
		{"departments", "userid,name,dept_id_list,main_dept,dept_work_place\na,A,2,3,\nb,B,2;3,x,one\nc,C,,2,p\nd,D,2,,\x7f\n", []string{
			"users.csv:2: main_dept: department 3 is not in dept_id_list",
			"users.csv:3: dept_work_place: the number of items is 1, that of dept_id_list is 2",
			`users.csv:3: main_dept: "x" is not a whole number`,
			"users.csv:4: main_dept: is set, but dept_id_list is empty",
			"users.csv:4: dept_work_place: is set, but dept_id_list is empty",
			"users.csv:5: dept_work_place: item 1 has the control character U+007F",
		}},
		{"without dept_id_list", "userid,name,main_dept,dept_work_place\na,A,2,\n", []string{
			"users.csv:1: main_dept: the column needs dept_id_list",
			"users.csv:1: dept_work_place: the column needs dept_id_list",
		}},
		{"contacts twice in the file", "userid,name,email,telephone,unionid\na,A,e,t,u\nb,B,e,t,u\nc,C,,,\nd,D,,,\n", []string{
			`users.csv:3: email: "e" is on line 2 already`,
			`users.csv:3: telephone: "t" is on line 2 already`,
			`users.csv:3: unionid: "u" is on line 2 already`,
		}},
		{"somebody else's contacts", "userid,name,email,telephone,unionid\nnew,N,s@e,8001,S\n", []string{
			`users.csv:2: email: "s@e" belongs to "stays"`,
			`users.csv:2: telephone: "8001" belongs to "stays"`,
			`users.csv:2: unionid: "S" belongs to "stays"`,
		}},
		{"of somebody whose row takes them away", "userid,name,email,telephone,unionid\nnew,N,s@e,8001,S\nstays,S,,,\n", nil},
		{"of somebody who leaves", "userid,name,email\nnew,N,gone@e\n", nil},
		{"managers", "userid,name,manager_userid\na,A,nobody\nb,B,b\nc,C,gone\nd,D,d2\nd2,D,\ne,,\nf,F,e\n", []string{
			"users.csv:7: name: is empty",
			`users.csv:2: manager_userid: nobody has the userid "nobody"`,
			"users.csv:3: manager_userid: nobody reports to themselves",
			`users.csv:4: manager_userid: nobody has the userid "gone"`,
		}},
		{"a circle in the file", "userid,name,manager_userid\na,A,c\nb,B,a\nc,C,b\nd,D,a\n", []string{
			"users.csv:2: manager_userid: they report to each other in a circle",
		}},
		{"a circle through who is there", "userid,name,manager_userid\nstays,S,other\n", []string{
			"users.csv:2: manager_userid: they report to each other in a circle",
		}},
		{"somebody who comes back as a manager", "userid,name,manager_userid\na,A,gone\ngone,G,stays\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := starting(t, threeDepts, "userid,name,email,telephone,unionid,manager_userid\nstays,S,s@e,8001,S,\nother,O,,,,stays\ngone,G,gone@e,,,\n", "")
			bring(t, v, write(t, "", "userid,name\nstays,S\nother,O\n", ""), intake.Options{Now: firstNow + 1, Replace: true, MaxLeaversPercent: 50})
			compare(t, found(t, write(t, "", c.users, ""), v, intake.Options{Now: secondNow}), c.want)
		})
	}
}

// Whoever leaves by --replace is named by nothing any more: no role, no permit
// list, no group, nobody's manager, whether the file says something about it or
// not.
func TestNothingNamesWhoIsReplaced(t *testing.T) {
	for _, c := range []struct{ name, depts, users string }{
		{"the people alone", "", "userid,name\nstays,S\nother,O\n"},
		{"with the managers", "", "userid,name,manager_userid\nstays,S,\nother,O,stays\n"},
		{"with departments, one of which is deleted", "dept_id,parent_id,name\n1,,All\n2,1,Other name\n", "userid,name,dept_id_list\nstays,S,2\nother,O,\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := starting(t, threeDepts, "userid,name,dept_id_list,manager_userid\nleaves,L,2;3,\nstays,S,2,leaves\nother,O,,stays\n", "")
			leaves := m.byID["leaves"]
			leaves.Roles = []rollcall.RoleID{101, 102}
			m.depts[2].Options = &rollcall.DeptOptions{Hidden: true, PermitUsers: []rollcall.Ordinal{0, 1}, GroupOwner: &leaves.Ordinal}
			m.depts[3].Options = &rollcall.DeptOptions{Outer: true, OuterUsers: []rollcall.Ordinal{0}}
			// apply holds that nothing names whoever has left.
			bring(t, m, write(t, c.depts, c.users, ""), intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50})
			if u := m.byID["leaves"]; u.Present() {
				t.Errorf("somebody stays: %+v", u)
			}
			if o := m.depts[2].Opt(); !o.Hidden || len(o.PermitUsers) != 1 || o.GroupOwner != nil {
				t.Errorf("department 2 has %+v", o)
			}
			if other := m.byID["other"]; other.Manager == nil || *other.Manager != 1 {
				t.Errorf("other reports to %v", other.Manager)
			}
		})
	}
	m := starting(t, "", "userid,name,manager_userid\nleaves,L,\nstays,S,leaves\n", "")
	got := found(t, write(t, "", "userid,name,manager_userid\nstays,S,leaves\n", ""), m, intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50})
	compare(t, got, []string{`users.csv:2: manager_userid: nobody has the userid "leaves"`})
}

// The userid of somebody who was erased brings nobody back.
func TestNobodyComesBackFromBeingErased(t *testing.T) {
	m := newMemory(time.UTC)
	gone := &rollcall.User{UserID: "erased-0", Stay: rollcall.Stay{To: 5}}
	m.users, m.byID["erased-0"] = append(m.users, gone), gone
	got := found(t, write(t, "", "userid,name\nerased-0,E\n", ""), m, intake.Options{Now: secondNow})
	compare(t, got, []string{`users.csv:2: userid: "erased-0" belonged to somebody who was erased`})
}

// A circle is looked for in the time that it takes to go over everyone.
func TestLongChainsOfManagers(t *testing.T) {
	const people = 20_000
	users := "userid,name,manager_userid\nu0,U,\n"
	for i := 1; i < people; i++ {
		users += fmt.Sprintf("u%d,U,u%d\n", i, i-1)
	}
	d, problems, err := intake.Read(context.Background(), write(t, "", users, ""), nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	p := plan(t, d, newMemory(time.UTC), intake.Options{Now: firstNow})
	if last := p.Changes[people-1].User; *last.Manager != people-2 {
		t.Errorf("the last one reports to %d", *last.Manager)
	}
}
