package intake_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"rollcall"
	"rollcall/internal/intake"
)

const (
	rolePeople = "userid,name,dept_id_list\nann,Ann,1\nbob,Bob,1\ncid,Cid,1\n"
	someRoles  = "group,role,userid\nOffices,Head,ann\nOffices,Head,bob\nOffices,Clerk,\nSafety,Fire,bob\nEmpty,,\n"
)

// withRoles adds a file of roles to others.
func withRoles(t testing.TB, f intake.Files, roles string) intake.Files {
	t.Helper()
	f.Roles = filepath.Join(t.TempDir(), "roles.csv")
	if err := os.WriteFile(f.Roles, []byte(roles), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// roleOrganization has rolePeople and someRoles.
func roleOrganization(t testing.TB) *memory {
	m := starting(t, "", rolePeople, "")
	bring(t, m, withRoles(t, intake.Files{}, someRoles), intake.Options{Now: secondNow})
	return m
}

func exportedRoles(t testing.TB, s intake.Source) string {
	t.Helper()
	dir := t.TempDir()
	if err := intake.Export(dir, s); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, intake.RolesFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Roles come in with the people who hold them, and go out as they came in.
func TestRolesComeIn(t *testing.T) {
	m := newMemory(firstNow.Time().Location())
	p := bring(t, m, withRoles(t, write(t, "", rolePeople, ""), someRoles+"Offices,Head,ann\n"), intake.Options{Now: firstNow})
	want := intake.Summary{PeopleJoining: 3, MembershipsAdded: 3, RoleGroupsCreated: 3, RolesCreated: 3, RolesGiven: 3}
	if p.Summary != want {
		t.Errorf("the plan does %+v", p.Summary)
	}
	if got := exportedRoles(t, m); got != someRoles {
		t.Errorf("it writes\n%s", got)
	}
	for o, want := range [][]rollcall.RoleID{{101}, {101, 103}, nil} {
		if got := m.users[o].Roles; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("person %d holds %v and not %v", o, got, want)
		}
	}
}

// What the file does not name stays, but with Replace it goes.
func TestRolesThatAreNotInTheFile(t *testing.T) {
	const file = "group,role,userid\nOffices,Head,cid\nOffices,Head,ann\nWatch,Night,bob\n"
	m := roleOrganization(t)
	p := bring(t, m, withRoles(t, intake.Files{}, file), intake.Options{Now: secondNow})
	expect(t, p, `
		role_group_create u0 d0 {"role_group":{"id":104,"name":"Watch"}}
		role_create u0 d0 {"role":{"id":104,"group_id":104,"name":"Night"}}
		role_give u2 d0 {"role":{"id":101,"group_id":0,"name":""}}
		role_give u1 d0 {"role":{"id":104,"group_id":0,"name":""}}
	`)
	p = bring(t, m, withRoles(t, intake.Files{}, file), intake.Options{Now: secondNow, Replace: true})
	expect(t, p, `
		role_take u1 d0 {"role":{"id":101,"group_id":0,"name":""}}
		role_take u1 d0 {"role":{"id":103,"group_id":0,"name":""}}
		role_delete u0 d0 {"role":{"id":102,"group_id":0,"name":""}}
		role_delete u0 d0 {"role":{"id":103,"group_id":0,"name":""}}
		role_group_delete u0 d0 {"role_group":{"id":102,"name":""}}
		role_group_delete u0 d0 {"role_group":{"id":103,"name":""}}
	`)
	if want := (intake.Summary{RolesTaken: 2, RolesDeleted: 2, RoleGroupsDeleted: 2}); p.Summary != want {
		t.Errorf("the plan does %+v", p.Summary)
	}
	if got := exportedRoles(t, m); got != "group,role,userid\nOffices,Head,ann\nOffices,Head,cid\nWatch,Night,bob\n" {
		t.Errorf("it writes\n%s", got)
	}
	p = bring(t, m, withRoles(t, intake.Files{}, "group,role,userid\n"), intake.Options{Now: secondNow, Replace: true})
	if want := (intake.Summary{RolesTaken: 3, RolesDeleted: 2, RoleGroupsDeleted: 2}); p.Summary != want {
		t.Errorf("the plan does %+v", p.Summary)
	}
}

// Who leaves by the same import loses the roles, and who comes back can get
// some.
func TestRolesOfThoseWhoComeAndGo(t *testing.T) {
	m := roleOrganization(t)
	half := intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 50}
	bring(t, m, withRoles(t, write(t, "", "userid,name,dept_id_list\nann,Ann,1\ncid,Cid,1\n", ""), "group,role,userid\nSafety,Fire,cid\n"), half)
	if got := exportedRoles(t, m); got != "group,role,userid\nSafety,Fire,cid\n" {
		t.Errorf("it writes\n%s", got)
	}
	bring(t, m, withRoles(t, write(t, "", rolePeople, ""), "group,role,userid\nSafety,Fire,bob\n"), half)
	if got := exportedRoles(t, m); got != "group,role,userid\nSafety,Fire,bob\n" {
		t.Errorf("it writes\n%s", got)
	}
}

func TestProblemsOfRoles(t *testing.T) {
	m := roleOrganization(t)
	bring(t, m, write(t, "", "userid,name\ngone,Gone\n", ""), intake.Options{Now: secondNow})
	if err := m.change(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 3}, secondNow); err != nil {
		t.Fatal(err)
	}
	compare(t, found(t, withRoles(t, intake.Files{}, "group,role,userid\n"+
		",Head,ann\n"+
		"默认,主管,ann\n"+
		"Offices,,ann\n"+
		"Offices,\"He\tad\",ann\n"+
		"Offices,Head,\"a\tb\"\n"+
		"Offices,Head,nobody\n"+
		"Offices,Head,gone\n"+
		"Offices,Head\n"), m, intake.Options{Now: secondNow, Replace: true}), []string{
		"roles.csv:2: group: is empty",
		`roles.csv:3: group: the roles of "默认" follow from what people are, and are not given`,
		"roles.csv:4: role: is empty, and somebody is named",
		"roles.csv:5: role: has the control character U+0009",
		"roles.csv:6: userid: has the control character U+0009",
		"roles.csv:9: the number of fields is 2, that of the header is 3",
		"roles.csv:7: userid: there is nobody \"nobody\"", // told by the plan
		"roles.csv:8: userid: there is nobody \"gone\"",
	})
	compare(t, found(t, withRoles(t, intake.Files{}, "group,userid\nOffices,ann\n"), m, intake.Options{Now: secondNow}), []string{
		"roles.csv:1: role: the column is missing; the columns are group, role, userid",
	})
	compare(t, found(t, withRoles(t, write(t, "", "userid,name\nann,Ann\n", ""), "group,role,userid\nOffices,Head,bob\n"), m,
		intake.Options{Now: secondNow, Replace: true, MaxLeaversPercent: 100}), []string{
		`roles.csv:2: userid: "bob" is not in the file of users and leaves`,
	})
}

// Whatever roles there are: exported and imported elsewhere they are the same,
// and a second export is the same file. Without roles there is no file.
func TestRolesRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 50 {
		m := starting(t, "", rolePeople, "")
		for range rnd.IntN(4) {
			g := rollcall.RoleGroup{ID: m.NextGroup(), Name: fmt.Sprintf("Gruppe, \"%d\" ", m.NextGroup())}
			m.groups = append(m.groups, g)
			for range rnd.IntN(4) {
				r := rollcall.Role{ID: m.NextRole(), GroupID: g.ID, Name: fmt.Sprintf(" 职务;%d", rnd.IntN(1000))}
				m.roles = append(m.roles, r)
				for _, u := range m.users {
					if rnd.IntN(2) == 0 {
						u.Roles = append(u.Roles, r.ID)
					}
				}
			}
		}
		if len(m.groups) == 0 {
			dir := t.TempDir()
			if err := intake.Export(dir, m); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(dir, intake.RolesFile)); !os.IsNotExist(err) {
				t.Errorf("there is a file of roles: %v", err)
			}
			continue
		}
		file := exportedRoles(t, m)
		copied := starting(t, "", rolePeople, "")
		bring(t, copied, withRoles(t, intake.Files{}, file), intake.Options{Now: secondNow, Replace: true})
		if again := exportedRoles(t, copied); again != file {
			t.Fatalf("it was\n%s\nand is\n%s", file, again)
		}
	}
}

// A file of roles from before does not stay as it was.
func TestExportReplacesAnOlderFileOfRoles(t *testing.T) {
	dir := t.TempDir()
	if err := intake.Export(dir, roleOrganization(t)); err != nil {
		t.Fatal(err)
	}
	if err := intake.Export(dir, starting(t, "", rolePeople, "")); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, intake.RolesFile))
	if err != nil || string(b) != "group,role,userid\n" {
		t.Errorf("it is %q, %v", b, err)
	}
}
