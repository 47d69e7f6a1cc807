package intake_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// lastNow lies after every day that can be written.
const lastNow rollcall.Instant = 253_402_300_799_999

// obliging is an organization in which everything that is asked for is there.
type obliging struct{ *memory }

func (o obliging) Dept(id rollcall.DeptID) (*rollcall.Dept, bool) {
	if o.depts[id] == nil {
		o.depts[id] = &rollcall.Dept{ID: id, ParentID: rollcall.RootDept, Name: "asked for"}
	}
	return o.depts[id], true
}

// signing makes people of those who are asked for, too.
type signing struct{ obliging }

func (s signing) UserByID(userid string) (*rollcall.User, bool) {
	if s.byID[userid] == nil {
		u := &rollcall.User{Ordinal: s.NextOrdinal(), UserID: userid, Name: "asked for", Stay: rollcall.Stay{To: rollcall.Open}}
		s.users, s.byID[userid] = append(s.users, u), u
	}
	return s.byID[userid], true
}

// accepted checks that a file that is accepted comes out of an export as it
// went in. One that is not must have a problem that names it.
func accepted(t *testing.T, f intake.Files, m *memory, v intake.View) {
	t.Helper()
	ctx := context.Background()
	d, problems, err := intake.Read(ctx, f, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, more, err := intake.MakePlan(d, v, intake.Options{Now: lastNow})
	if err != nil {
		t.Fatal(err)
	}
	problems = append(problems, more...)
	if (p == nil) != (len(problems) > 0) {
		t.Fatalf("there are %d problems and the plan is %v", len(problems), p)
	}
	for _, problem := range problems {
		if problem.File != f.Departments+f.Users+f.SignIns || problem.Line < 1 || problem.Message == "" {
			t.Fatalf("the problem is %+v", problem)
		}
	}
	if p == nil {
		return
	}
	if err := m.apply(p, lastNow); err != nil {
		t.Fatal(err)
	}
	depts, users, signIns := exported(t, m)
	again := newMemory(m.loc)
	all := write(t, depts, users, signIns)
	p = plan(t, read(t, all), again, intake.Options{Now: lastNow})
	if err := again.apply(p, lastNow); err != nil {
		t.Fatal(err)
	}
	if got, want := state(again), state(m); got != want {
		t.Fatalf("it was\n%s\nand becomes\n%s\n%q", want, got, depts+users+signIns)
	}
	if p := plan(t, read(t, all), m, intake.Options{Now: lastNow, Replace: true}); !p.Empty() {
		t.Fatalf("the export changes\n%s\n%q", renderChanges(p.Changes), depts+users+signIns)
	}
}

// seed adds the start of a file of the Kubernetes project.
func seed(f *testing.F, name string) {
	f.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "kubernetes", name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[:1000])
}

func FuzzReadDepartmentsCSV(f *testing.F) {
	seed(f, "departments.csv")
	for _, text := range []string{
		"\uFEFFNAME,dept_id,parent_id\r\nRoot,1,\r\n\"a\"\"b\",2,1\r\n",
		"dept_id,parent_id,name,name_en,order,source_identifier,brief\n2,3,a,A,-1,s,\n3,1,b,,9223372036854775807,,x\n",
		"dept_id,parent_id,name\n2,3,a\n3,2,b\n4,4,\"\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(time.UTC)
		accepted(t, files(t, "departments.csv", b), m, m)
	})
}

func FuzzReadUsersCSV(f *testing.F) {
	seed(f, "users.csv")
	for _, text := range []string{
		"\uFEFFNAME,UserID\r\nn,u\r\n",
		"userid,name,name_en,dept_id_list,leader_in_dept,order,dept_title,entered,joined,active,access_limited,mobile,email,title,job_number,hired_date,extension\n" +
			`p,P,Pe,2;1,2,9;,d\;t;\\,2021-01-01;,20200101,true,1,123,p@e,t,7,2019-05-05,"{""a"": 1}"` + "\n",
		"userid,name,dept_id_list,joined,entered,hired_date\nx,X,3;4,1969-01-01T00:00:00.001Z,9999-12-31T23:59:59-23:59,0001-01-01\n",
		"userid,name,extension\nx,X,\"{\r\n}\"\ny,Y,\"{\r}\"\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(time.FixedZone("", -5*3600))
		accepted(t, files(t, "users.csv", b), m, obliging{m})
	})
}

func FuzzReadSignInsCSV(f *testing.F) {
	seed(f, "signins.csv")
	for _, text := range []string{
		"\uFEFFuserid,date\r\nx,2026-08-20\r\nx,20260820\r\n",
		"date,userid\n 20260820 ,\" x\"\n00010101,\"a\"\"b\"\n99991231,;\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(time.UTC)
		accepted(t, files(t, "signins.csv", b), m, signing{obliging{m}})
	})
}

// files makes one file of the bytes.
func files(t *testing.T, name string, b []byte) intake.Files {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	switch name {
	case "departments.csv":
		return intake.Files{Departments: path}
	case "users.csv":
		return intake.Files{Users: path}
	}
	return intake.Files{SignIns: path}
}
