package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// expect compares the changes of a plan, one a line: the kind, u and the
// ordinal, d and the department, the values.
func expect(t *testing.T, p *intake.Plan, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line+"\n")
		}
	}
	if got := renderChanges(p.Changes); got != strings.Join(lines, "") {
		t.Errorf("the changes are\n%s\nwanted\n%s", got, strings.Join(lines, ""))
	}
}

// day is the instant at which a day begins in UTC.
func day(s string) rollcall.Instant {
	d, err := rollcall.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return rollcall.At(d.Start(time.UTC))
}

func TestNewPeopleComeInTheOrderOfTheFile(t *testing.T) {
	m := newMemory(time.UTC)
	p := bring(t, m, write(t,
		"dept_id,parent_id,name,brief\n3,2,Low,\n2,1,High,tall\n1,,Whole,\n",
		"userid,name,dept_id_list,leader_in_dept,order,dept_title,entered,joined,active\n"+
			"z,Zoe,3;2,3,-7;,chief;,,,\n"+
			"a,Ann,2,,,,2020-01-01T00:00:00.5Z,2019-12-31,yes\n"+
			"n,Nil,,,,,,20200101,no\n",
		"date,userid\n20200102,n\n20200102,a\n20200101,n\n20200102,n\n",
	), intake.Options{Now: firstNow})
	expect(t, p, fmt.Sprintf(`
		dept_update u0 d1 {"dept_update":{"name":"Whole"},"dept_before":{"name":"new"}}
		dept_create u0 d2 {"dept":{"dept_id":2,"parent_id":1,"name":"High","brief":"tall","created_at":%[1]d,"modified_at":%[1]d}}
		dept_create u0 d3 {"dept":{"dept_id":3,"parent_id":2,"name":"Low","created_at":%[1]d,"modified_at":%[1]d}}
		user_join u0 d0 {"user":{"ordinal":0,"userid":"z","name":"Zoe","stay":{"From":0,"To":9223372036854775807},"created_at":%[1]d,"modified_at":%[1]d}}
		member_add u0 d2 {"member":{"dept_id":2,"modified":%[1]d}}
		member_add u0 d3 {"member":{"dept_id":3,"order":-7,"ordered":true,"leader":true,"title":"chief","modified":%[1]d}}
		user_join u1 d0 {"user":{"ordinal":1,"userid":"a","name":"Ann","active":true,"stay":{"From":1577750400000,"To":9223372036854775807},"created_at":%[1]d,"modified_at":%[1]d}}
		member_add u1 d2 {"member":{"dept_id":2,"entered":1577836800500,"modified":%[1]d}}
		user_join u2 d0 {"user":{"ordinal":2,"userid":"n","name":"Nil","stay":{"From":1577836800000,"To":9223372036854775807},"created_at":%[1]d,"modified_at":%[1]d}}
		user_activate u2 d0 {}
	`, firstNow))
}

func TestMissingColumnsLeaveAndBlankOnesClear(t *testing.T) {
	const all = "userid,name,name_en,dept_id_list,leader_in_dept,order,dept_title,entered,joined,active,access_limited,mobile,email,title,job_number,hired_date,extension\n"
	const person = `p,P,Pe,2,2,9,dt,2021-01-01,2020-01-01,true,1,123,p@e,t,7,2019-05-05,"{""a"": 1}"` + "\n"
	const depts = "dept_id,parent_id,name,name_en,order,source_identifier,brief\n2,1,D,De,4,s,b\n"
	for _, c := range []struct{ name, depts, users, want string }{
		{"the same", depts, all + person, ""},
		{"only what must be there", "dept_id,parent_id,name\n2,1,D\n", "userid,name\np,P\n", ""},
		{"the same in other words", "", "userid,name,dept_id_list,active,access_limited,extension,entered,joined,hired_date\n" +
			`p,P,02,1,YES,"{ ""a"":1 }",20210101,2020-01-01T01:00:00+01:00,20190505` + "\n", ""},
		{
			"departments alone", "", "userid,name,dept_id_list\np,P,2;1\n",
			fmt.Sprintf(`member_add u0 d1 {"member":{"dept_id":1,"entered":%d,"modified":%[1]d}}`, secondNow),
		},
		{
			"everything blank", "dept_id,parent_id,name,name_en,order,source_identifier,brief\n2,1,D,,,,\n", all + "p,P,,2,,,,,,,,,,,,,\n",
			`dept_update u0 d2 {"dept_update":{"name_en":"","order":0,"source_identifier":"","brief":""},"dept_before":{"name_en":"De","order":4,"source_identifier":"s","brief":"b"}}
			user_update u0 d0 {"user_update":{"name_en":"","access_limited":false,"mobile":"","email":"","title":"","job_number":"","hired_date":0,"extension":""},"user_before":{"name_en":"Pe","access_limited":true,"mobile":"123","email":"p@e","title":"t","job_number":"7","hired_date":1557014400000,"extension":"{\"a\": 1}"}}
			member_update u0 d2 {"member_update":{"order":0,"ordered":false,"leader":false,"title":""},"member_before":{"order":9,"ordered":true,"leader":true,"title":"dt"}}`,
		},
		{
			"everything else", "dept_id,parent_id,name\n2,1,N\n", all + `p,N,,2,2,0,dt,2021-01-02,2020-01-02,0,1,123,p@e,t,7,2019-05-05,"{""a"": 2}"` + "\n",
			`dept_update u0 d2 {"dept_update":{"name":"N"},"dept_before":{"name":"D"}}
			user_update u0 d0 {"user_update":{"name":"N","name_en":"","active":false,"extension":"{\"a\": 2}","joined":1577923200000},"user_before":{"name":"P","name_en":"Pe","active":true,"extension":"{\"a\": 1}","joined":1577836800000}}
			member_update u0 d2 {"member_update":{"order":0,"entered":1609545600000},"member_before":{"order":9,"entered":1609459200000}}`,
		},
		{
			"no department left", "", "userid,name,dept_id_list\np,P, \n",
			`member_remove u0 d2 {}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := starting(t, depts, all+person, "")
			expect(t, bring(t, m, write(t, c.depts, c.users, ""), intake.Options{Now: secondNow}), c.want)
		})
	}
}

func TestWhoReturnsKeepsTheOrdinal(t *testing.T) {
	const left = "userid,name,dept_id_list,title,active\nfirst,F,1,,\nback,B,1,boss,1\n"
	for _, c := range []struct{ name, users, want string }{
		{
			"now", "userid,name,dept_id_list\nback,B,2;1\n",
			fmt.Sprintf(`user_join u1 d0 {"user":{"ordinal":1,"userid":"back","name":"B","active":true,"title":"boss","stay":{"From":%d,"To":9223372036854775807},"created_at":%d,"modified_at":%[1]d}}
			member_add u1 d1 {"member":{"dept_id":1,"entered":%[1]d,"modified":%[1]d}}
			member_add u1 d2 {"member":{"dept_id":2,"entered":%[1]d,"modified":%[1]d}}`, secondNow, firstNow),
		},
		{
			"at a given time", "userid,name,dept_id_list,joined,entered,title,active\nnew,N,,,,,\nback,B2,2;1,2026-09-01,;2026-09-02,,no\n",
			fmt.Sprintf(`user_join u2 d0 {"user":{"ordinal":2,"userid":"new","name":"N","stay":{"From":0,"To":9223372036854775807},"created_at":%[2]d,"modified_at":%[2]d}}
			user_join u1 d0 {"user":{"ordinal":1,"userid":"back","name":"B2","stay":{"From":%[3]d,"To":9223372036854775807},"created_at":%[1]d,"modified_at":%[2]d}}
			member_add u1 d1 {"member":{"dept_id":1,"entered":%[4]d,"modified":%[2]d}}
			member_add u1 d2 {"member":{"dept_id":2,"entered":%[3]d,"modified":%[2]d}}`, firstNow, secondNow, day("20260901"), day("20260902")),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := starting(t, "dept_id,parent_id,name\n2,1,D\n", left, "")
			bring(t, m, write(t, "", "userid,name\nfirst,F\n", ""), intake.Options{Now: firstNow + 1, Replace: true, MaxLeaversPercent: 50})
			p := bring(t, m, write(t, "", c.users, ""), intake.Options{Now: secondNow})
			expect(t, p, c.want)
			if p.Summary.PeopleReturning != 1 || p.Summary.PeopleMoved != 0 || p.Summary.PeopleUpdated != 0 {
				t.Errorf("the plan does %+v", p.Summary)
			}
		})
	}
}

func TestMembershipsSinceJoiningFollowIt(t *testing.T) {
	m := starting(t, "dept_id,parent_id,name\n2,1,D\n3,1,E\n4,1,F\n",
		"userid,name,dept_id_list,entered\np,P,2;3,;2021-01-01\nq,Q,2,\n", "")
	expect(t, bring(t, m, write(t, "", "userid,name,joined\np,P,2020-01-01\nq,Q,\n", ""), intake.Options{Now: secondNow}), `
		user_update u0 d0 {"user_update":{"joined":1577836800000},"user_before":{"joined":0}}
		member_update u0 d2 {"member_update":{"entered":1577836800000},"member_before":{"entered":0}}
	`)
	// A new department is not entered before joining, should that be later.
	expect(t, bring(t, m, write(t, "", "userid,name,joined,dept_id_list\nq,Q,2030-01-01,2;4\n", ""), intake.Options{Now: secondNow}), fmt.Sprintf(`
		user_update u1 d0 {"user_update":{"joined":%d},"user_before":{"joined":0}}
		member_update u1 d2 {"member_update":{"entered":%[1]d},"member_before":{"entered":0}}
		member_add u1 d4 {"member":{"dept_id":4,"entered":%[1]d,"modified":%[2]d}}
	`, day("20300101"), secondNow))
}

func TestAnOrderThatDoesNotCountIsLeftAlone(t *testing.T) {
	m := starting(t, "", "userid,name,dept_id_list\nx,X,1\n", "")
	m.users[0].Memberships[0].Order = 7
	expect(t, bring(t, m, write(t, "", "userid,name,dept_id_list,order\nx,X,1,\n", ""), intake.Options{Now: secondNow}), "")
}

func TestDatesAreOfTheOrganizationsZone(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory(zone)
	// 16:30 in UTC is the next day in Shanghai, on which one may sign in.
	now := rollcall.At(time.Date(2026, 8, 20, 16, 30, 0, 0, time.UTC))
	bring(t, m, write(t, "", "userid,name,joined,hired_date,dept_id_list,entered\nx,X,2020-01-02,19990101,1,2020-01-02T00:00:00Z\n", "date,userid\n20260821,x\n"), intake.Options{Now: now})
	u := m.byID["x"]
	if u.Stay.From.Time().String() != "2020-01-01 16:00:00 +0000 UTC" || u.HiredDate.Time().String() != "1998-12-31 16:00:00 +0000 UTC" ||
		u.Memberships[0].Entered.Time().String() != "2020-01-02 00:00:00 +0000 UTC" {
		t.Errorf("the person is %s", render(u))
	}
	compare(t, found(t, write(t, "", "", "date,userid\n20260822,x\n"), m, intake.Options{Now: now}), []string{
		"signins.csv:2: date: 20260822 is in the future; today is 20260821",
	})
}

func TestMovesNeverMakeACircle(t *testing.T) {
	const h = "dept_id,parent_id,name\n"
	for _, c := range []struct{ name, before, after, want string }{
		{
			"turned upside down", h + "2,1,a\n3,2,b\n4,3,c\n", h + "2,3,a\n3,4,b\n4,1,c\n",
			`dept_update u0 d4 {"dept_update":{"parent_id":1},"dept_before":{"parent_id":3}}
			dept_update u0 d3 {"dept_update":{"parent_id":4},"dept_before":{"parent_id":2}}
			dept_update u0 d2 {"dept_update":{"parent_id":3},"dept_before":{"parent_id":1}}`,
		},
		{
			"through one that the file does not have", h + "2,1,a\n3,2,b\n4,3,c\n", h + "2,4,a\n3,1,b\n",
			`dept_update u0 d3 {"dept_update":{"parent_id":1},"dept_before":{"parent_id":2}}
			dept_update u0 d2 {"dept_update":{"parent_id":4},"dept_before":{"parent_id":1}}`,
		},
		{
			"under a new one", h + "2,1,a\n", h + "2,9,A\n9,1,n\n",
			fmt.Sprintf(`dept_create u0 d9 {"dept":{"dept_id":9,"parent_id":1,"name":"n","created_at":%d,"modified_at":%[1]d}}
			dept_update u0 d2 {"dept_update":{"parent_id":9,"name":"A"},"dept_before":{"parent_id":1,"name":"a"}}`, secondNow),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := starting(t, c.before, "", "")
			p := bring(t, m, write(t, c.after, "", ""), intake.Options{Now: secondNow})
			expect(t, p, c.want)
			if p.Summary.DeptsMoved == 0 {
				t.Errorf("the plan does %+v", p.Summary)
			}
		})
	}
}

// A department that comes back was not there in between.
func TestReturningDepartmentsBeginNow(t *testing.T) {
	m := starting(t, "dept_id,parent_id,name\n2,1,a\n", "", "")
	bring(t, m, write(t, "dept_id,parent_id,name\n1,,root\n", "", ""), intake.Options{Now: secondNow, Replace: true})
	bring(t, m, write(t, "dept_id,parent_id,name\n2,1,a\n3,1,b\n", "", ""), intake.Options{Now: secondNow + 1})
	if got := m.depts[2].Since; got != secondNow+1 {
		t.Errorf("the one that came back is there since %d, want %d", got, secondNow+1)
	}
	if got := m.depts[3].Since; got != rollcall.Beginning {
		t.Errorf("the new one is there since %d", got)
	}
}

func TestReplaceLetsTheAbsentGo(t *testing.T) {
	const depts = "dept_id,parent_id,name\n2,1,a\n3,2,b\n4,3,c\n5,4,d\n"
	const users = "userid,name,dept_id_list\np,P,2\nq,Q,4;5\nr,R,3\n"
	m := starting(t, depts, users, "")
	// r changes the department, q leaves, n comes and gets q's mobile; 5 is saved
	// from its parents, which go.
	p := bring(t, m, write(t, "dept_id,parent_id,name\n5,1,d\n2,5,a\n", "userid,name,dept_id_list\nn,N,5\np,P2,2\nr,R,5\n", "date,userid\n20260101,q\n20260101,p\n20260101,n\n"),
		intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 34})
	expect(t, p, fmt.Sprintf(`
		dept_update u0 d5 {"dept_update":{"parent_id":1},"dept_before":{"parent_id":4}}
		dept_update u0 d2 {"dept_update":{"parent_id":5},"dept_before":{"parent_id":1}}
		user_join u3 d0 {"user":{"ordinal":3,"userid":"n","name":"N","stay":{"From":0,"To":9223372036854775807},"created_at":%d,"modified_at":%[1]d}}
		member_add u3 d5 {"member":{"dept_id":5,"modified":%[1]d}}
		user_update u0 d0 {"user_update":{"name":"P2"},"user_before":{"name":"P"}}
		member_remove u2 d3 {}
		member_add u2 d5 {"member":{"dept_id":5,"entered":%[1]d,"modified":%[1]d}}
		member_remove u1 d4 {}
		member_remove u1 d5 {}
		user_leave u1 d0 {}
		dept_delete u0 d4 {}
		dept_delete u0 d3 {}
		user_activate u0 d0 {}
		user_activate u1 d0 {}
		user_activate u3 d0 {}
	`, secondNow))
	want := intake.Summary{
		DeptsMoved: 2, DeptsDeleted: 2, PeopleJoining: 1, PeopleUpdated: 1, PeopleMoved: 1, PeopleLeaving: 1, PeopleActivated: 3,
		MembershipsAdded: 2, MembershipsRemoved: 3, SignInsRead: 3, Days: 1,
	}
	if p.Summary != want {
		t.Errorf("the plan does %+v,\nwanted           %+v", p.Summary, want)
	}
}

func TestOnlyReplaceAndAFileLetPeopleGo(t *testing.T) {
	const depts, users = "dept_id,parent_id,name\n2,1,a\n", "userid,name,dept_id_list\np,P,1\nq,Q,1\n"
	m := starting(t, depts, users, "")
	expect(t, bring(t, m, write(t, "dept_id,parent_id,name\n1,,new\n", "userid,name\np,P\n", ""), intake.Options{Now: secondNow}), "")
	expect(t, bring(t, m, write(t, depts, "", ""), intake.Options{Now: secondNow, Replace: true}), "")
	expect(t, bring(t, m, write(t, "", "", "date,userid\n20260101,p\n"), intake.Options{Now: secondNow, Replace: true}), "user_activate u0 d0 {}")
	expect(t, bring(t, m, write(t, "dept_id,parent_id,name\n1,,new\n", "", ""), intake.Options{Now: secondNow, Replace: true}), "dept_delete u0 d2 {}")
}

func TestWhoLeavesLosesTheRoles(t *testing.T) {
	m := starting(t, "", "userid,name,dept_id_list\np,P,1\nq,Q,1\n", "")
	m.users[0].Roles, m.users[1].Roles = []rollcall.RoleID{103}, []rollcall.RoleID{101, 103}
	p := bring(t, m, write(t, "", "userid,name\np,P\n", ""), intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50})
	expect(t, p, `
		role_take u1 d0 {"role":{"id":101,"group_id":0,"name":""}}
		role_take u1 d0 {"role":{"id":103,"group_id":0,"name":""}}
		member_remove u1 d1 {}
		user_leave u1 d0 {}
	`)
}

func TestTooManyLeaversAreRefused(t *testing.T) {
	var users strings.Builder
	users.WriteString("userid,name\n")
	for i := range 200 {
		fmt.Fprintf(&users, "u%d,U\n", i)
	}
	lines := strings.SplitAfter(users.String(), "\n")
	without := func(n int) string { return strings.Join(lines[:201-n], "") }
	for _, c := range []struct {
		leavers int
		percent float64
		want    string
	}{
		{10, 0, ""},
		{11, 0, "11 of 200 people are not in the file and would leave, which is 5.5 %; 5 % are allowed (--max-leavers 6 allows it)"},
		{11, 5.5, ""},
		{12, 5.5, "12 of 200 people are not in the file and would leave, which is 6 %; 5.5 % are allowed (--max-leavers 6 allows it)"},
		{0, -1, ""},
		{1, -1, "1 of 200 people are not in the file and would leave, which is 0.5 %; 0 % are allowed (--max-leavers 1 allows it)"},
		{200, 99, "200 of 200 people are not in the file and would leave, which is 100 %; 99 % are allowed (--max-leavers 100 allows it)"},
		{200, 100, ""},
	} {
		m := starting(t, "", users.String(), "")
		d := read(t, write(t, "", without(c.leavers), ""))
		p, problems, err := intake.MakePlan(d, m, intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: c.percent})
		switch {
		case len(problems) > 0:
			t.Errorf("%d of %v %%: %s", c.leavers, c.percent, problems[0])
		case c.want == "" && (err != nil || p.Summary.PeopleLeaving != c.leavers):
			t.Errorf("%d of %v %%: %v, %v", c.leavers, c.percent, p, err)
		case c.want != "" && (p != nil || err == nil || err.Error() != c.want || rollcall.KindOf(err) != rollcall.KindConflict):
			t.Errorf("%d of %v %%: %v, %v", c.leavers, c.percent, p, err)
		}
	}
}

func TestSignInsActivateOnce(t *testing.T) {
	m := starting(t, "", "userid,name,active\nnever,A,0\nonce,B,0\nalways,C,1\ngone,D,0\nrest,E,1\n", "")
	if err := m.change(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 3}, firstNow); err != nil {
		t.Fatal(err)
	}
	const signIns = "date,userid\n20260101,once\n20260102,once\n20260101,always\n20260101,gone\n20260101,new\n20260101,newactive\n20260101,once\n"
	// What active says does not undo what signing in does, or the second import
	// would change something.
	p := bring(t, m, write(t, "", "userid,name,active\nonce,B,no\nalways,C,no\nnew,N,no\nnewactive,M,yes\nrest,E,no\n", signIns), intake.Options{Now: secondNow})
	expect(t, p, fmt.Sprintf(`
		user_join u5 d0 {"user":{"ordinal":5,"userid":"new","name":"N","stay":{"From":0,"To":9223372036854775807},"created_at":%d,"modified_at":%[1]d}}
		user_join u6 d0 {"user":{"ordinal":6,"userid":"newactive","name":"M","active":true,"stay":{"From":0,"To":9223372036854775807},"created_at":%[1]d,"modified_at":%[1]d}}
		user_update u4 d0 {"user_update":{"active":false},"user_before":{"active":true}}
		user_activate u1 d0 {}
		user_activate u3 d0 {}
		user_activate u5 d0 {}
	`, secondNow))
	if got := p.SignIns; len(got) != 2 || !slices.Equal(got[20260101], []rollcall.Ordinal{1, 2, 3, 5, 6}) || !slices.Equal(got[20260102], []rollcall.Ordinal{1}) {
		t.Errorf("the sign-ins are %v", got)
	}
	if p.Summary.SignInsRead != 7 || p.Summary.SignInsRepeated != 1 || p.Summary.Days != 2 {
		t.Errorf("the plan does %+v", p.Summary)
	}
}

func TestAMobileNumberPassesFromWhoLeaves(t *testing.T) {
	m := starting(t, "", "userid,name,mobile\np,P,1\nq,Q,2\nr,R,3\n", "")
	// q leaves and n gets the number; p and r exchange theirs.
	bring(t, m, write(t, "", "userid,name,mobile\np,P,3\nr,R,1\nn,N,2\n", ""), intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50})
	if m.byID["n"].Mobile != "2" || m.byID["p"].Mobile != "3" || m.byID["r"].Mobile != "1" {
		t.Errorf("the people are %s", render(m.users))
	}
}

func TestTwoWhoReturnCannotShareAMobileNumber(t *testing.T) {
	m := starting(t, "", "userid,name,mobile\np,P,1\nq,Q,\n", "")
	bring(t, m, write(t, "", "userid,name,mobile\nq,Q,1\n", ""), intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50})
	bring(t, m, write(t, "", "userid,name\nr,R\n", ""), intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 100})
	compare(t, found(t, write(t, "", "userid,name\nq,Q\np,P\n", ""), m, intake.Options{Now: secondNow}), []string{
		`users.csv:3: mobile: "1" belongs to "q", on line 2, too`,
	})
}

func TestPlanningLeavesTheViewAlone(t *testing.T) {
	m := starting(t, "dept_id,parent_id,name\n2,1,a\n3,2,b\n", "userid,name,dept_id_list\np,P,2\nq,Q,3\n", "")
	before := render(m.users) + render(m.depts)
	plan(t, read(t, write(t, "dept_id,parent_id,name\n3,1,c\n", "userid,name,dept_id_list,joined\nq,Q2,1;3,2020-01-01\n", "date,userid\n20260101,q\n")), m,
		intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 100})
	if after := render(m.users) + render(m.depts); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
}

func TestASummaryHasNamesOfItsOwn(t *testing.T) {
	got := render(intake.Summary{})
	for _, key := range []string{"departments_moved", "people_returning", "memberships_changed", "sign_ins_repeated", "days"} {
		if !strings.Contains(got, `"`+key+`":0`) {
			t.Errorf("%s is missing in %s", key, got)
		}
	}
}
