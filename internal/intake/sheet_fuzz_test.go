package intake_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"rollcall/internal/intake"
)

// A sheet that is accepted makes an organization whose sheet makes the same
// organization again, and changes nothing in the first one. One that is not
// accepted has problems that name it.
func FuzzSheetCSV(f *testing.F) {
	for _, text := range []string{
		everyColumn + "z,\"A-B,\"\"C-D\"\"-E\",T,N,男,007,\"是,否\",+86-13800000001,z@e,8001,上海,\"a\nb\",'1,=x\n,A,,M,,,,13800000002,,,,,,\n",
		"\uFEFF说明\n姓名,手机（必填）,部门\nA,1.3800000001E+10,new\nB,+852 5123 4567,new-x\n",
		"name,mobile,dept,leader\nA,8613800000001,A-A-A,yes\nB,13800000001,,\n",
		"姓名,手机号,部门\nA,1,\"\na\"b,,\n",
		"姓名,手机号,部门,座右铭,\x01\nA,13800000001,new,a\bb,1\n",
	} {
		f.Add([]byte(text))
		gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(gb))
	}
	faults, err := os.ReadFile("testdata/sheet/faults.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(faults[:1000])
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		sheet := intake.Files{Sheet: filepath.Join(dir, "sheet.csv")}
		if err := os.WriteFile(sheet.Sheet, b, 0o600); err != nil {
			t.Fatal(err)
		}
		m := newMemory(time.UTC)
		opt := intake.Options{Now: firstNow, Replace: true}
		d, problems, err := intake.Read(t.Context(), sheet, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, more, err := intake.MakePlan(d, m, opt)
		if problems = append(problems, more...); err != nil || (p == nil) != (len(problems) > 0) {
			t.Fatalf("the plan is %v, %v, %v", p, problems, err)
		}
		for _, problem := range problems {
			if problem.File != sheet.Sheet || problem.Message == "" {
				t.Fatalf("the problem is %+v", problem)
			}
		}
		if p == nil {
			return
		}
		if err := m.apply(p, firstNow); err != nil {
			t.Fatal(err)
		}
		again := newMemory(time.UTC)
		for _, to := range []*memory{m, again} {
			out := exportSheet(t, dir, sheetForm{"out.csv", false}, m)
			p := plan(t, read(t, out), to, opt)
			if to == m && !p.Empty() {
				t.Fatalf("the export changes\n%s\n%s", renderChanges(p.Changes), csvText(out))
			}
			if err := to.apply(p, firstNow); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := carried(again), carried(m); got != want {
			t.Fatalf("it was\n%s\nand becomes\n%s", want, got)
		}
	})
}
