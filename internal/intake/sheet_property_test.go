package intake_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rollcall"
	"rollcall/internal/intake"
	"rollcall/internal/sample"
)

// sheetForms are the files that a contact sheet can be.
type sheetForm struct {
	name    string
	gb18030 bool
}

func sheetForms() []sheetForm {
	return []sheetForm{{"b.csv", false}, {"a.xlsx", false}, {"c.csv", true}}
}

// exportSheet writes a contact sheet and returns how to read it.
func exportSheet(t rapid.TB, dir string, form sheetForm, m *memory) intake.Files {
	t.Helper()
	path := filepath.Join(dir, form.name)
	if _, err := intake.ExportSheet(path, form.gb18030, m); err != nil {
		t.Fatal(err)
	}
	return intake.Files{Sheet: path}
}

// csvText returns what stands in a sheet, where it can be read.
func csvText(f intake.Files) string {
	text, _ := os.ReadFile(f.Sheet)
	if filepath.Ext(f.Sheet) != ".csv" || !utf8.Valid(text) {
		return f.Sheet
	}
	return string(text)
}

// sheetPlan plans what the sheet would do, and expects that there is nothing
// wrong with it.
func sheetPlan(t *rapid.T, f intake.Files, m *memory, opt intake.Options) *intake.Plan {
	t.Helper()
	d, problems, err := intake.Read(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, more, err := intake.MakePlan(d, m, opt)
	if problems = append(problems, more...); err != nil || len(problems) > 0 {
		t.Fatalf("%v, %v\n%s\n%s", err, problems, csvText(f), state(m))
	}
	return p
}

// contacts gives people what only a contact sheet has.
func (r random) contacts(m *memory) {
	taken := map[string]bool{}
	for _, u := range m.users {
		if !r.one("contacts", 50) {
			continue
		}
		u.Gender, u.WorkPlace = r.text("gender", 0), r.text("place", 0)
		u.Remark = rapid.StringOfN(rapid.SampledFrom([]rune("a ,\n\r\t\"'=中")), 0, 6, -1).Draw(r.T, "remark")
		if tel := r.text("telephone", 0); !taken[tel] {
			u.Telephone, taken[tel] = tel, true
		}
		u.Extension = rapid.SampledFrom([]string{
			"", "{}", `{"爱好":"旅游","年龄":"24"}`, `{"年龄":24,"x":null,"y":{"a":[1, 2]},"z":true}`, `{"部门":"no column"," blank ":"1","":"2"}`,
			`{"a":"1","a":"2","爱好":" blank "}`, "{ \"=a\" :\t\"=1\", \"'b\":\"'1\", \"c\":\"\\u0000\"}", `{"1":"E","2026-08-20":"2026-08-20"}`,
		}).Draw(r.T, "extension")
	}
}

func TestAnExportedSheetIsNoChange(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		r := random{t, time.UTC}
		m := r.organization(false)
		r.contacts(m)
		for _, form := range sheetForms() {
			f := exportSheet(t, dir, form, m)
			p := sheetPlan(t, f, m, intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: -1})
			if !p.Empty() {
				t.Fatalf("it changes\n%s\n%s", renderChanges(p.Changes), csvText(f))
			}
		}
	})
}

// sheetCompany draws an organization that a contact sheet can carry as a whole:
// everybody has what it requires, and no two departments have the same path.
func (r random) sheetCompany() *memory {
	m := newMemory(r.zone)
	name := rapid.StringOfN(rapid.SampledFrom([]rune("ab-,，\"'=中")), 1, 4, -1)
	m.depts[1].Name = name.Draw(r.T, "root")
	ids := []rollcall.DeptID{1}
	taken := map[rollcall.Dept]bool{}
	for id := rollcall.DeptID(2); id < 10; id++ {
		d := rollcall.Dept{ParentID: rapid.SampledFrom(ids).Draw(r.T, "parent"), Name: name.Draw(r.T, "name")}
		if !taken[d] {
			taken[d] = true
			d.ID = id
			m.depts[id], ids = &d, append(ids, id)
		}
	}
	for i := range rapid.IntRange(0, 8).Draw(r.T, "people") {
		u := &rollcall.User{
			Ordinal: m.NextOrdinal(), UserID: "u" + strconv.Itoa(i), Name: name.Draw(r.T, "name"), Mobile: strconv.Itoa(13800000000 + i),
			Extension: rapid.SampledFrom([]string{"", `{"a":"1"}`, `{"a":"'1","b":"=x"}`}).Draw(r.T, "extension"),
			Stay:      rollcall.Stay{To: rollcall.Open},
		}
		u.Title, u.Remark = rapid.SampledFrom([]string{"", "-", "+1", "@x", "'1"}).Draw(r.T, "title"), rapid.SampledFrom([]string{"", "a\nb"}).Draw(r.T, "remark")
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if r.one("member", 25) || id == ids[len(ids)-1] && len(u.Memberships) == 0 {
				u.Memberships = append(u.Memberships, rollcall.Membership{DeptID: id, Leader: r.one("leader", 30)})
			}
		}
		m.users, m.byID[u.UserID] = append(m.users, u), u
	}
	return m
}

func TestASheetMakesTheSameOrganizationAgain(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		from := random{t, time.UTC}.sheetCompany()
		for _, form := range sheetForms() {
			f := exportSheet(t, dir, form, from)
			to := newMemory(time.UTC)
			to.depts[1].Name = from.depts[1].Name
			for again := range 2 {
				p := sheetPlan(t, f, to, intake.Options{Now: firstNow})
				if again == 1 && !p.Empty() {
					t.Fatalf("the second time it changes\n%s", renderChanges(p.Changes))
				}
				if err := to.apply(p, firstNow); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := carried(to), carried(from); got != want {
				t.Fatalf("it was\n%s\nand becomes\n%s\n%s", want, got, csvText(f))
			}
		}
	})
}

func TestTheDemoBySheet(t *testing.T) {
	made := sample.Demo(firstNow.Time(), time.UTC)
	demo := newMemory(time.UTC)
	demo.depts[1].Name = made.Name
	for _, c := range made.Changes {
		if c.Payload.User != nil && c.Payload.User.Ordinal%3 == 0 { // the demo has none of these
			c.Payload.User.Details = rollcall.Details{Gender: "女", Telephone: strconv.Itoa(8000 + int(c.Ordinal)), WorkPlace: "上海", Remark: "备注"}
		}
		if err := demo.change(c, firstNow); err != nil {
			t.Fatal(err)
		}
	}
	for _, form := range sheetForms() {
		f := exportSheet(t, t.TempDir(), form, demo)
		to := newMemory(time.UTC)
		to.depts[1].Name = made.Name
		p := bring(t, to, f, intake.Options{Now: secondNow})
		if got, want := carried(to), carried(demo); got != want {
			t.Errorf("%s: it was\n%s\nand becomes\n%s", form.name, want, got)
		}
		if s := p.Summary; s.DeptsCreated != 24 || s.PeopleJoining < 300 {
			t.Errorf("the summary is %+v", s)
		}
		if p := plan(t, read(t, f), demo, intake.Options{Now: secondNow, Replace: true}); !p.Empty() {
			t.Errorf("%s: it changes the demo: %s", form.name, renderChanges(p.Changes[:1]))
		}
	}
}
