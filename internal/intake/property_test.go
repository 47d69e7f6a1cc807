package intake_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall"
	"rollcall/internal/intake"
)

// state renders what files can hold of an organization: its departments, the
// present people with what they belong to, and the days on which they signed
// in.
func state(m *memory) string {
	s := struct {
		Depts    []rollcall.Dept
		Users    []rollcall.User
		Managers map[string]string
		SignIns  []string
	}{Managers: map[string]string{}}
	for d := range m.Depts() {
		copied := *d
		copied.Since, copied.CreatedAt, copied.ModifiedAt = 0, 0, 0
		s.Depts = append(s.Depts, copied)
	}
	for _, old := range m.users {
		if !old.Present() {
			continue
		}
		u := *old
		u.Ordinal, u.CreatedAt, u.ModifiedAt, u.Roles = 0, 0, 0, nil
		if u.Manager != nil {
			s.Managers[u.UserID] = m.users[*u.Manager].UserID
			u.Manager = nil
		}
		u.Remark = strings.ReplaceAll(u.Remark, "\r\n", "\n")
		u.Memberships = slices.Clone(u.Memberships)
		for i := range u.Memberships {
			u.Memberships[i].Modified = 0
		}
		var object bytes.Buffer
		if json.Compact(&object, []byte(u.Extension)) == nil {
			u.Extension = object.String()
		}
		s.Users = append(s.Users, u)
		for _, day := range slices.Sorted(maps.Keys(m.signIns)) {
			if m.signIns[day][old.Ordinal] {
				s.SignIns = append(s.SignIns, fmt.Sprint(u.UserID, day))
			}
		}
	}
	slices.SortFunc(s.Users, func(a, b rollcall.User) int { return cmp.Compare(a.UserID, b.UserID) })
	slices.Sort(s.SignIns)
	return render(s)
}

// random draws organizations.
type random struct {
	*rapid.T
	zone *time.Location
}

func (r random) one(name string, percent int) bool {
	return rapid.IntRange(1, 100).Draw(r.T, name) <= percent
}

// text draws what may go wrong on the way through a file.
func (r random) text(name string, least int) string {
	runes := rapid.SampledFrom([]rune("ab;,\"\\ '.\u00a0\uFEFF\u2028\uFFFD中é=😀#"))
	return rapid.StringOfN(runes, least, 6, -1).Draw(r.T, name)
}

func (r random) instant(name string) rollcall.Instant {
	switch rapid.IntRange(0, 3).Draw(r.T, name+" form") {
	case 0:
		return rollcall.Beginning
	case 1:
		return rollcall.At(rollcall.DayOf(2000+rapid.IntRange(0, 40).Draw(r.T, name), 10, 18).Start(r.zone))
	case 2:
		return rollcall.Instant(rapid.Int64Range(-62_135_596_800_000, 253_402_300_799_999).Draw(r.T, name))
	}
	return firstNow - rollcall.Instant(rapid.Int64Range(0, 1000).Draw(r.T, name))
}

// organization draws one. With full, some department and some person have a
// value in every column, so that an export has all of them.
func (r random) organization(full bool) *memory {
	m := newMemory(r.zone)
	ids := []rollcall.DeptID{1}
	for range rapid.IntRange(0, 10).Draw(r.T, "departments") {
		id := rollcall.DeptID(rapid.IntRange(2, 16).Draw(r.T, "dept_id"))
		if m.depts[id] != nil {
			continue
		}
		d := &rollcall.Dept{ID: id, ParentID: rapid.SampledFrom(ids).Draw(r.T, "parent"), Name: r.text("name", 1)}
		if r.one("more of the department", 30) {
			d.NameEN, d.SourceIdentifier, d.Brief = r.text("name_en", 0), r.text("source", 0), r.text("brief", 0)
			d.Order = rapid.Int64().Draw(r.T, "order")
		}
		if r.one("options of the department", 30) {
			o := rollcall.DeptOptions{
				Hidden: r.one("hidden", 50), Outer: r.one("outer", 50), Code: r.text("code", 0), Telephone: r.text("telephone", 0),
			}
			d.Options = o.Normal()
		}
		m.depts[id] = d
		ids = append(ids, id)
	}
	if full {
		m.depts[1].NameEN, m.depts[1].Order = "Whole", 1
		m.depts[1].Options = &rollcall.DeptOptions{Hidden: true, Outer: true, Code: "c", Telephone: "t"}
	}
	contacts := map[string]bool{}
	for range rapid.IntRange(0, 10).Draw(r.T, "people") {
		u := &rollcall.User{Ordinal: m.NextOrdinal(), UserID: r.text("userid", 1)}
		if m.byID[u.UserID] == nil {
			r.person(u, ids, contacts)
			if above := rapid.SampledFrom(append(slices.Clone(m.users), u)).Draw(r.T, "manager"); above != u && above.Present() {
				u.Manager = &above.Ordinal
			}
			m.users, m.byID[u.UserID] = append(m.users, u), u
		}
	}
	if full {
		u := &rollcall.User{
			Ordinal: m.NextOrdinal(), UserID: "witness", Name: "W", NameEN: "w", Active: true, AccessLimited: true, Mobile: "w",
			Email: "e", Title: "t", JobNumber: "j", HiredDate: 1, Extension: "{}", Stay: rollcall.Stay{From: 1, To: rollcall.Open},
			Memberships: []rollcall.Membership{{DeptID: 1, Ordered: true, Title: "t", Entered: 2, Main: true, WorkPlace: "w"}},
			Details: rollcall.Details{
				UnionID: "u", Telephone: "t", OrgEmail: "o", OrgEmailType: "ot", WorkPlace: "w", Remark: "r", Avatar: "a", Gender: "g", LoginID: "l",
				ExclusiveType: "sso", Exclusive: true, HideMobile: true, Senior: true, Boss: true, Admin: rollcall.SubAdmin, AdminDepts: []rollcall.DeptID{1},
			},
		}
		if len(m.users) > 0 && m.users[0].Present() {
			u.Manager = &m.users[0].Ordinal
		}
		m.users, m.byID[u.UserID] = append(m.users, u), u
	}
	for range rapid.IntRange(0, 4).Draw(r.T, "days") {
		day := rollcall.DayOf(2026, 8, rapid.IntRange(1, 28).Draw(r.T, "day"))
		m.signIns[day] = map[rollcall.Ordinal]bool{}
		for _, u := range m.users {
			if u.UserID != "witness" && r.one("signs in", 40) {
				m.signIns[day][u.Ordinal] = true
				u.Active = true
			}
		}
	}
	return m
}

func (r random) person(u *rollcall.User, ids []rollcall.DeptID, contacts map[string]bool) {
	u.Name = r.text("name", 1)
	u.Stay = rollcall.Stay{From: r.instant("joined"), To: rollcall.Open}
	u.Active, u.AccessLimited = r.one("active", 30), r.one("limited", 10)
	if r.one("more of the person", 30) {
		u.NameEN, u.Title, u.JobNumber = r.text("name_en", 0), r.text("title", 0), r.text("job", 0)
		u.HiredDate = r.instant("hired")
		u.Extension = rapid.SampledFrom([]string{"", "{}", `{"a":";,\"\\"}`, "{\n\t\"b\" : 1 }", "{\r\n}"}).Draw(r.T, "extension")
	}
	if r.one("left", 20) {
		u.Stay.To = max(u.Stay.From, firstNow) + 1
		return
	}
	if r.one("details", 30) {
		r.details(&u.Details, ids)
	}
	for kind, text := range []*string{&u.Mobile, &u.Email, &u.Telephone, &u.UnionID} {
		value := r.text("contact", 0)
		if key := fmt.Sprint(kind, value); !contacts[key] {
			*text, contacts[key] = value, true
		}
	}
	for _, id := range slices.Sorted(slices.Values(ids)) {
		if !r.one("member", 30) {
			continue
		}
		d := rollcall.Membership{DeptID: id, Leader: r.one("leads", 30), Entered: u.Stay.From}
		if r.one("entered", 20) {
			d.Entered = max(r.instant("entered"), u.Stay.From)
		}
		if d.Ordered = r.one("ordered", 20); d.Ordered {
			d.Order = rapid.Int64().Draw(r.T, "order")
		}
		if r.one("titled", 20) {
			d.Title, d.WorkPlace = r.text("title", 0), r.text("work place", 0)
		}
		u.Memberships = append(u.Memberships, d)
	}
	if n := len(u.Memberships); n > 0 && r.one("main", 30) {
		u.Memberships[n-1].Main = true
	}
}

func (r random) details(d *rollcall.Details, ids []rollcall.DeptID) {
	d.OrgEmail, d.OrgEmailType, d.WorkPlace = r.text("org_email", 0), r.text("org_email_type", 0), r.text("work_place", 0)
	d.Remark = rapid.SampledFrom([]string{"", "one\ntwo", "one\r\ntwo\r\n", "\t;\"x\""}).Draw(r.T, "remark")
	d.Avatar, d.Gender, d.LoginID, d.ExclusiveType = r.text("avatar", 0), r.text("gender", 0), r.text("login_id", 0), r.text("type", 0)
	d.Exclusive, d.HideMobile, d.Senior, d.Boss = r.one("exclusive", 50), r.one("hide", 50), r.one("senior", 50), r.one("boss", 50)
	d.Admin = uint8(rapid.IntRange(0, 2).Draw(r.T, "admin"))
	if d.Admin == rollcall.SubAdmin {
		for _, id := range ids {
			if r.one("manages", 30) {
				d.AdminDepts = append(d.AdminDepts, id)
			}
		}
	}
}

// roundTrip exports an organization, brings the files into another, and
// returns the bytes of the files.
func roundTrip(t *rapid.T, dir string, from, to *memory, opt intake.Options) (files [3]string) {
	dir, err := os.MkdirTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := intake.Export(dir, from); err != nil {
		t.Fatal(err)
	}
	f := intake.Files{
		Departments: filepath.Join(dir, intake.DepartmentsFile),
		Users:       filepath.Join(dir, intake.UsersFile),
		SignIns:     filepath.Join(dir, intake.SignInsFile),
	}
	for i, path := range []string{f.Departments, f.Users, f.SignIns} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = string(b)
	}
	d, problems, err := intake.Read(t.Context(), f, nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems, files)
	}
	for again := range 2 {
		opt.Now += 1000
		p, problems, err := intake.MakePlan(d, to, opt)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems, files)
		}
		if again == 1 && !p.Empty() {
			t.Fatalf("the second time it changes\n%s\n%q", renderChanges(p.Changes), files)
		}
		if err := to.apply(p, opt.Now); err != nil {
			t.Fatalf("%v\n%s\n%q", err, renderChanges(p.Changes), files)
		}
	}
	return files
}

func zones(t *testing.T) []*time.Location {
	t.Helper()
	// In São Paulo some days began at one o'clock.
	var zones []*time.Location
	for _, name := range []string{"UTC", "Asia/Shanghai", "America/Sao_Paulo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	return zones
}

func TestAnExportMakesTheSameOrganizationAgain(t *testing.T) {
	dir, zones := t.TempDir(), zones(t)
	rapid.Check(t, func(t *rapid.T) {
		r := random{t, rapid.SampledFrom(zones).Draw(t, "zone")}
		from, to := r.organization(false), newMemory(r.zone)
		first := roundTrip(t, dir, from, to, intake.Options{Now: firstNow})
		if got, want := state(to), state(from); got != want {
			t.Fatalf("it was\n%s\nand becomes\n%s\n%q", want, got, first)
		}
		second := roundTrip(t, dir, to, newMemory(r.zone), intake.Options{Now: firstNow})
		for i := range first {
			if first[i] != second[i] {
				t.Fatalf("the files were\n%s\nand become\n%s", first[i], second[i])
			}
		}
	})
}

func TestReplaceMakesOneOrganizationIntoAnother(t *testing.T) {
	dir, zones := t.TempDir(), zones(t)
	rapid.Check(t, func(t *rapid.T) {
		r := random{t, rapid.SampledFrom(zones).Draw(t, "zone")}
		from, to := r.organization(true), r.organization(false)
		ordinals := map[string]rollcall.Ordinal{}
		for id, u := range to.byID {
			ordinals[id] = u.Ordinal
		}
		was := state(to)
		files := roundTrip(t, dir, from, to, intake.Options{Now: firstNow, Replace: true, MaxLeaversPercent: 100})
		for id, o := range ordinals {
			if to.byID[id].Ordinal != o {
				t.Fatalf("%q had the ordinal %d and has %d", id, o, to.byID[id].Ordinal)
			}
		}
		// Sign-ins are never taken back.
		for day, people := range to.signIns {
			maps.DeleteFunc(people, func(o rollcall.Ordinal, _ bool) bool {
				u := from.byID[to.users[o].UserID]
				return u == nil || !from.signIns[day][u.Ordinal]
			})
		}
		if got, want := state(to), state(from); got != want {
			t.Fatalf("from\n%s\nto\n%s\nit becomes\n%s\n%q", was, want, got, files)
		}
	})
}
