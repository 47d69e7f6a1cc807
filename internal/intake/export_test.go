package intake_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// exported returns the text of the three files.
func exported(t testing.TB, s intake.Source) (depts, users, signIns string) {
	t.Helper()
	dir := t.TempDir()
	if err := intake.Export(dir, s); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return file(intake.DepartmentsFile), file(intake.UsersFile), file(intake.SignInsFile)
}

func TestExportWritesOnlyTheColumnsThatSaySomething(t *testing.T) {
	const base = "userid,name,dept_id_list,leader_in_dept"
	for _, c := range []struct{ name, users, signIns, want string }{
		{"nothing", base + "\nx,X,1;2,2\ny,Y,,\n", "", base + "\nx,X,1;2,2\ny,Y,,\n"},
		{"defaults in words", "userid,name,joined,active,access_limited,dept_id_list,entered\nx,X,1970-01-01,no,no,1,\n", "", base + "\nx,X,1,\n"},
		{"own values", base + ",name_en\nx,X,,,Ex\ny,Y,,,\n", "", base + ",name_en\nx,X,,,Ex\ny,Y,,,\n"},
		{"joined on a day", base + ",joined\nx,X,1,,2020-01-02\ny,Y,2,,\n", "", base + ",joined\nx,X,1,,2020-01-02T00:00:00Z\ny,Y,2,,1970-01-01T00:00:00Z\n"},
		{
			"entered at another time", base + ",joined,entered\nx,X,1;2,,2020-01-02,;2020-01-03T01:02:03.456+01:00\n", "",
			base + ",entered,joined\nx,X,1;2,,2020-01-02T00:00:00Z;2020-01-03T00:02:03.456Z,2020-01-02T00:00:00Z\n",
		},
		{"active by signing in", base + ",active\nx,X,,,1\ny,Y,,,0\n", "date,userid\n20260101,x\n", base + "\nx,X,,\ny,Y,,\n"},
		{"active otherwise", base + ",active\nx,X,,,1\ny,Y,,,1\n", "date,userid\n20260101,x\n", base + ",active\nx,X,,,true\ny,Y,,,true\n"},
		{"orders and titles", base + ",order,dept_title\nx,X,2;1,,5;,a\\;b;c\\d\ny,Y,1,,0,\n", "", base + ",order,dept_title\nx,X,1;2,,;5,c\\\\d;a\\;b\ny,Y,1,,0,\n"},
		{
			"the rest", base + ",access_limited,mobile,email,title,job_number,hired_date,extension\nx,X,,,1,+1,x@e,\"T, s\",9,20200229,\"{ \"\"a\"\":\n1}\"\nz,Z,,,,,,,,2020-02-29T01:00:00Z,\n", "",
			base + ",access_limited,mobile,email,title,job_number,hired_date,extension\nx,X,,,true,+1,x@e,\"T, s\",9,2020-02-29,\"{ \"\"a\"\":\n1}\"\nz,Z,,,false,,,,,2020-02-29T01:00:00Z,\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got, _ := exported(t, starting(t, "dept_id,parent_id,name\n2,1,D\n", c.users, c.signIns))
			if got != c.want {
				t.Errorf("it writes\n%s\nwanted\n%s", got, c.want)
			}
		})
	}
}

func TestExportSorts(t *testing.T) {
	m := starting(t, "dept_id,parent_id,name,order,name_en\n30,1,c,,\n4,30,d,-1,De\n", "userid,name\nb,B\nB,C\na,A\nleft,L\n",
		"date,userid\n20260102,a\n20260102,B\n20260102,b\n20260101,b\n20260101,left\n")
	if err := m.change(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 3}, secondNow); err != nil {
		t.Fatal(err)
	}
	depts, users, signIns := exported(t, m)
	for _, c := range []struct{ got, want string }{
		{depts, "dept_id,parent_id,name,source_identifier,brief,name_en,order\n1,,new,,,,0\n4,30,d,,,De,-1\n30,1,c,,,,0\n"},
		{users, "userid,name,dept_id_list,leader_in_dept\nb,B,,\nB,C,,\na,A,,\n"},
		{signIns, "date,userid\n20260101,b\n20260102,B\n20260102,a\n20260102,b\n"},
	} {
		if c.got != c.want {
			t.Errorf("it writes\n%s\nwanted\n%s", c.got, c.want)
		}
	}
}

// spoilt is an organization with something in it that cannot be exported.
type spoilt struct {
	*memory
	signIns error
}

func (s spoilt) SignIns(fn func(rollcall.Day, string) error) error {
	if s.signIns != nil {
		return s.signIns
	}
	return errors.Join(fn(20260102, "x"), fn(20260101, "x"))
}

func TestExportLeavesNothingHalfWritten(t *testing.T) {
	broken := errors.New("the store is gone")
	good := starting(t, "", "userid,name\nx,X\n", "")
	far := starting(t, "", "userid,name\nx,X\n", "")
	far.users[0].HiredDate = rollcall.Open
	for _, c := range []struct {
		source intake.Source
		want   string
	}{
		{spoilt{good, broken}, "exporting signins.csv: the store is gone"},
		{spoilt{good, nil}, "exporting signins.csv: the sign-ins of 20260101 come after those of 20260102"},
		{far, `exporting users.csv: hired_date of user "x" lies outside the years 0 to 9999`},
	} {
		dir := t.TempDir()
		before := filepath.Join(dir, intake.UsersFile)
		if err := os.WriteFile(before, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := intake.Export(dir, c.source)
		if err == nil || err.Error() != c.want {
			t.Errorf("the error is %v, wanted %s", err, c.want)
		}
		entries, _ := os.ReadDir(dir)
		text, _ := os.ReadFile(before)
		if len(entries) != 1 || string(text) != "before" {
			t.Errorf("the directory has %v, the users are %q", entries, text)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := intake.Export(file, good); err == nil {
		t.Error("a file instead of a directory is no error")
	}
}

func TestExportIsForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	if err := intake.Export(dir, newMemory(time.UTC)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", intake.DepartmentsFile, intake.UsersFile, intake.SignInsFile} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
	}
}
