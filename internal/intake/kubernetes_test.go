package intake_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/intake"
)

func kubernetes() intake.Files {
	return intake.Files{
		Departments: "testdata/kubernetes/departments.csv",
		Users:       "testdata/kubernetes/users.csv",
		SignIns:     "testdata/kubernetes/signins.csv",
	}
}

func TestKubernetesComesOutAsItCameIn(t *testing.T) {
	m := newMemory(time.UTC)
	p := bring(t, m, kubernetes(), intake.Options{Now: firstNow})

	want := intake.Summary{
		DeptsCreated: 838, DeptsUpdated: 1, // the root is there already
		PeopleJoining: 1509, PeopleActivated: 1001, MembershipsAdded: 6281,
		SignInsRead: 27345, Days: p.Summary.Days,
	}
	if p.Summary != want || len(p.SignIns) != want.Days || want.Days < 2000 {
		t.Errorf("the plan does %+v,\nwanted           %+v", p.Summary, want)
	}

	dir := filepath.Join(t.TempDir(), "new", "directory")
	if err := intake.Export(dir, m); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	for _, entry := range entries {
		got, err1 := os.ReadFile(filepath.Join(dir, entry.Name()))
		want, err2 := os.ReadFile(filepath.Join("testdata", "kubernetes", entry.Name()))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not the same: %d bytes, it came with %d", entry.Name(), len(got), len(want))
		}
	}
}

func TestKubernetesReplacedByItselfStays(t *testing.T) {
	m := newMemory(time.UTC)
	bring(t, m, kubernetes(), intake.Options{Now: firstNow})
	p := plan(t, read(t, kubernetes()), m, intake.Options{Now: secondNow, Replace: true})
	if !p.Empty() {
		t.Errorf("%d changes, the first is %s", len(p.Changes), renderChanges(p.Changes[:1]))
	}
	if p.Summary.PeopleLeaving != 0 || p.Summary.SignInsRead != 27345 {
		t.Errorf("the plan does %+v", p.Summary)
	}
}
