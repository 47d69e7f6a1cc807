package sample

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/intake"
)

// applied is what changes make of a new organization.
type applied struct {
	depts map[rollcall.DeptID]*rollcall.Dept
	users []*rollcall.User
	byID  map[string]bool
}

// apply checks every change and applies it, as the write path would.
func apply(t *testing.T, changes []rollcall.Change) applied {
	t.Helper()
	a := applied{
		depts: map[rollcall.DeptID]*rollcall.Dept{rollcall.RootDept: {ID: rollcall.RootDept, Name: "root"}},
		byID:  map[string]bool{},
	}
	for i := range changes {
		c := &changes[i]
		switch c.Kind {
		case rollcall.DeptUpdated:
			c.DeptUpdate.Apply(a.depts[c.DeptID])
		case rollcall.DeptCreated:
			if err := c.Dept.Validate(); err != nil {
				t.Fatalf("department %d: %v", c.DeptID, err)
			}
			if a.depts[c.DeptID] != nil || a.depts[c.Dept.ParentID] == nil || c.Dept.ID != c.DeptID {
				t.Fatalf("department %d cannot be created below %d", c.DeptID, c.Dept.ParentID)
			}
			a.depts[c.DeptID] = c.Dept
		case rollcall.UserJoined:
			if int(c.Ordinal) != len(a.users) || c.User.Ordinal != c.Ordinal || a.byID[c.User.UserID] || len(c.User.Memberships) > 0 {
				t.Fatalf("%q cannot join with ordinal %d", c.User.UserID, c.Ordinal)
			}
			a.byID[c.User.UserID] = true
			a.users = append(a.users, c.User)
		case rollcall.MemberAdded:
			u := a.users[c.Ordinal]
			if a.depts[c.DeptID] == nil || u.Membership(c.DeptID) != nil || c.Member.DeptID != c.DeptID {
				t.Fatalf("%q cannot come into department %d", u.UserID, c.DeptID)
			}
			if c.Member.Entered < u.Stay.From || c.Member.Entered < a.depts[c.DeptID].Since {
				t.Fatalf("%q came into department %d too early", u.UserID, c.DeptID)
			}
			u.Memberships = append(u.Memberships, *c.Member)
		default:
			t.Fatalf("a change of kind %s", c.Kind)
		}
	}
	mobiles := map[string]bool{}
	for _, u := range a.users {
		if err := u.Validate(); err != nil {
			t.Fatalf("%q: %v", u.UserID, err)
		}
		if mobiles[u.Mobile] {
			t.Fatalf("two people have the mobile number %s", u.Mobile)
		}
		mobiles[u.Mobile] = true
	}
	return a
}

// members counts the people of each department.
func (a applied) members() map[rollcall.DeptID]int {
	n := map[rollcall.DeptID]int{}
	for _, u := range a.users {
		for _, m := range u.Memberships {
			n[m.DeptID]++
		}
	}
	return n
}

func (a applied) count(is func(*rollcall.User) bool) int {
	n := 0
	for _, u := range a.users {
		if is(u) {
			n++
		}
	}
	return n
}

// fingerprint is a hash of everything that is made up in a list of changes.
func fingerprint(changes []rollcall.Change) string {
	h := sha256.New()
	for _, c := range changes {
		fmt.Fprintln(h, c.Kind, c.Ordinal, c.DeptID)
		if d := c.Dept; d != nil {
			fmt.Fprintln(h, d.ID, d.ParentID, d.Name, d.NameEN, d.Order, d.SourceIdentifier, d.Since)
		}
		if u := c.User; u != nil {
			fmt.Fprintln(h, u.Ordinal, u.UserID, u.Name, u.NameEN, u.Active, u.AccessLimited, u.Mobile, u.Email,
				u.Title, u.JobNumber, u.HiredDate, u.Extension, u.Stay)
		}
		if m := c.Member; m != nil {
			fmt.Fprintln(h, m.DeptID, m.Order, m.Ordered, m.Leader, m.Title, m.Entered, m.Modified)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// demoNow is a Thursday.
func demoNow() (time.Time, *time.Location) {
	loc := time.FixedZone("UTC+8", 8*60*60)
	return time.Date(2026, 8, 20, 15, 30, 0, 0, loc), loc
}

func TestDemoIsTheSameEverywhere(t *testing.T) {
	now, loc := demoNow()
	org := Demo(now, loc)
	if got, want := fingerprint(org.Changes), "9bc3ed67f8130a52"; got != want {
		t.Errorf("the people of the demo have the fingerprint %s, want %s", got, want)
	}
	days := sha256.New()
	for _, day := range slices.Sorted(maps.Keys(org.SignIns)) {
		fmt.Fprintln(days, day, org.SignIns[day])
	}
	if got, want := hex.EncodeToString(days.Sum(nil)[:8]), "fef9068d3e030fb9"; got != want {
		t.Errorf("the sign-ins of the demo have the fingerprint %s, want %s", got, want)
	}
	if again := Demo(now.UTC(), loc); fingerprint(again.Changes) != fingerprint(org.Changes) {
		t.Error("the zone of now makes a difference")
	}
}

func TestDemoIsWorthLookingAt(t *testing.T) {
	now, loc := demoNow()
	org := Demo(now, loc)
	a := apply(t, org.Changes)
	if len(a.depts) != 25 {
		t.Errorf("there are %d departments, want 25", len(a.depts))
	}
	if n := len(a.users); n < 290 || n > 320 {
		t.Errorf("there are %d people, want about 300", n)
	}
	root := a.depts[rollcall.RootDept]
	if root.NameEN == "" {
		t.Error("the root department has no English name")
	}
	for id := range a.depts {
		if a.members()[id] == 0 {
			t.Errorf("nobody is in department %d", id)
		}
	}
	for _, few := range []struct {
		what     string
		min, max int
		is       func(*rollcall.User) bool
	}{
		{"with an English name", 30, 90, func(u *rollcall.User) bool { return u.NameEN != "" }},
		{"with a Latin name", 15, 60, func(u *rollcall.User) bool { return u.Name[0] < 0x80 }},
		{"never activated", 3, 12, func(u *rollcall.User) bool { return !u.Active }},
		{"restricted", 2, 8, func(u *rollcall.User) bool { return u.AccessLimited }},
		{"in two departments", 10, 40, func(u *rollcall.User) bool { return len(u.Memberships) == 2 }},
		{"leading a department", 25, 25, func(u *rollcall.User) bool {
			return slices.ContainsFunc(u.Memberships, func(m rollcall.Membership) bool { return m.Leader })
		}},
		{"with an order", 20, 60, func(u *rollcall.User) bool {
			return slices.ContainsFunc(u.Memberships, func(m rollcall.Membership) bool { return m.Ordered })
		}},
		{"of a time to come", 0, 0, func(u *rollcall.User) bool {
			return u.Stay.From > rollcall.At(now) ||
				slices.ContainsFunc(u.Memberships, func(m rollcall.Membership) bool { return m.Entered > rollcall.At(now) })
		}},
		{"without a title", 0, 0, func(u *rollcall.User) bool { return u.Title == "" }},
	} {
		if n := a.count(few.is); n < few.min || n > few.max {
			t.Errorf("%d people are %s, want %d to %d", n, few.what, few.min, few.max)
		}
	}
}

func TestDemoSignInsHaveWeeks(t *testing.T) {
	now, loc := demoNow()
	org := Demo(now, loc)
	a := apply(t, org.Changes)
	if len(org.SignIns) != 40 {
		t.Fatalf("there are %d days of sign-ins, want 40", len(org.SignIns))
	}
	ever := map[rollcall.Ordinal]int{}
	for day := range org.SignIns {
		if day >= rollcall.DayAt(now, loc) || day < rollcall.DayAt(now, loc).AddDays(-40) {
			t.Errorf("there are sign-ins on %s", day)
		}
		list := org.SignIns[day]
		if !slices.IsSorted(list) {
			t.Errorf("the sign-ins of %s are not sorted", day)
		}
		for _, o := range list {
			ever[o]++
			if u := a.users[o]; !u.Active || u.Stay.From >= rollcall.At(day.End(loc)) {
				t.Errorf("%q signs in on %s", u.UserID, day)
			}
		}
		weekday := time.Date(day.Year(), day.Month(), day.DayOfMonth(), 0, 0, 0, 0, time.UTC).Weekday()
		part := 100 * len(list) / len(a.users)
		if weekend := weekday == time.Saturday || weekday == time.Sunday; weekend && part > 30 || !weekend && part < 75 {
			t.Errorf("on %s, a %s, %d %% sign in", day, weekday, part)
		}
	}
	never := a.count(func(u *rollcall.User) bool { return u.Active && ever[u.Ordinal] < 12 })
	if never < 3 || never > 20 {
		t.Errorf("%d people were long absent, want some", never)
	}
}

func TestGeneratedIsTheSameEverywhere(t *testing.T) {
	g := Generate(Defaults(2000))
	var csv bytes.Buffer
	for _, write := range []func() error{
		func() error { return g.WriteDepartments(&csv) },
		func() error { return g.WriteUsers(&csv) },
		func() error { return g.WriteSignIns(&csv) },
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	sum := sha256.Sum256(csv.Bytes())
	if got, want := hex.EncodeToString(sum[:8]), "67ddd8f4a5193282"; got != want {
		t.Errorf("the files have the fingerprint %s, want %s", got, want)
	}
	if got, want := fingerprint(slices.Collect(g.Changes())), "203349be60ee73bb"; got != want {
		t.Errorf("the changes have the fingerprint %s, want %s", got, want)
	}
	other := Defaults(2000)
	other.Seed++
	if slices.Equal(slices.Collect(Generate(other).Depts()), slices.Collect(g.Depts())) &&
		Generate(other).User(7).Name == g.User(7).Name && Generate(other).User(8).Name == g.User(8).Name {
		t.Error("the seed makes no difference")
	}
}

func TestGeneratedHasTheSizeAskedFor(t *testing.T) {
	for _, opt := range []Options{
		Defaults(1000),
		Defaults(30_000),
		{Seed: 9, People: 5000, Departments: 50, BigDepartment: 5000, Days: 1, Last: 20260820},
		{Seed: 9, People: 1, Departments: 3},
	} {
		g := Generate(opt)
		a := apply(t, slices.Collect(g.Changes()))
		if len(a.users) != opt.People || len(a.depts) != opt.Departments {
			t.Errorf("%+v: %d people and %d departments", opt, len(a.users), len(a.depts))
		}
		if n := a.members()[BigDept]; n != opt.BigDepartment {
			t.Errorf("%+v: %d people are in the big department", opt, n)
		}
		several := a.count(func(u *rollcall.User) bool { return len(u.Memberships) > 1 })
		if per := 1000 * several / len(a.users); opt.People >= 1000 && (per < 70 || per > 130) {
			t.Errorf("%+v: %d of 1000 people are in several departments", opt, per)
		}
		days := 0
		for day, list := range g.SignIns() {
			days++
			if !slices.IsSorted(list) || day > opt.Last {
				t.Errorf("%+v: the sign-ins of %s are out of order", opt, day)
			}
			if part := 100 * len(list) / opt.People; part < 65 || part > 75 {
				t.Errorf("%+v: on %s, %d %% sign in", opt, day, part)
			}
			for _, o := range list {
				if u := a.users[o]; !u.Active || u.Stay.From >= endOf(day) {
					t.Fatalf("%+v: %q signs in on %s", opt, u.UserID, day)
				}
			}
		}
		if days != opt.Days {
			t.Errorf("%+v: there are %d days of sign-ins", opt, days)
		}
	}
}

func TestGeneratedFilesCanBeImported(t *testing.T) {
	dir := t.TempDir()
	g := Generate(Defaults(1000))
	files := intake.Files{
		Departments: filepath.Join(dir, "departments.csv"),
		Users:       filepath.Join(dir, "users.csv"),
		SignIns:     filepath.Join(dir, "signins.csv"),
	}
	write := func(path string, content func(*os.File) error) {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := content(f); err != nil {
			t.Fatal(err)
		}
	}
	write(files.Departments, func(f *os.File) error { return g.WriteDepartments(f) })
	write(files.Users, func(f *os.File) error { return g.WriteUsers(f) })
	write(files.SignIns, func(f *os.File) error { return g.WriteSignIns(f) })
	_, problems, err := intake.Read(context.Background(), files, nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}
