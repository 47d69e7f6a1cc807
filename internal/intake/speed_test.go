package intake_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"rollcall/internal/intake"
)

// many makes files of 100,000 people with 110,000 memberships in 5,000
// departments, with the columns that most files have, and of the given number of
// sign-ins.
func many(b *testing.B, signIns int) intake.Files {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var depts, users, days strings.Builder
	depts.WriteString("dept_id,parent_id,name\n1,,All\n")
	for id := 2; id <= 5000; id++ {
		fmt.Fprintf(&depts, "%d,%d,Department %d\n", id, 1+random.IntN(id-1), id)
	}
	users.WriteString("userid,name,dept_id_list,leader_in_dept,joined,mobile,email,title,job_number,entered\n")
	for i := range 100_000 {
		d := 1 + random.IntN(4999)
		list := fmt.Sprint(d)
		if i%10 == 0 {
			list += fmt.Sprintf(";%d", d+1)
		}
		fmt.Fprintf(&users, "user%d,Person %d,%s,%d,2020-01-02,+86-138%08d,user%d@example.com,Engineer,J%07d,2020-09-15T12:01:54Z\n", i, i, list, d, i, i, i)
	}
	if signIns > 0 {
		days.WriteString("date,userid\n")
		for i := range signIns {
			day := time.Date(2026, 1, 1+i*30/signIns, 0, 0, 0, 0, time.UTC)
			fmt.Fprintf(&days, "%s,user%d\n", day.Format("20060102"), random.IntN(100_000))
		}
	}
	return write(b, depts.String(), users.String(), days.String())
}

func readAndPlan(b *testing.B, f intake.Files, m *memory, now int) *intake.Plan {
	b.Helper()
	d, problems, err := intake.Read(context.Background(), f, func(string, int64, int64) {})
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	return plan(b, d, m, intake.Options{Now: firstNow, Replace: now > 0})
}

func BenchmarkRead(b *testing.B) {
	f := many(b, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems, err := intake.Read(context.Background(), f, func(string, int64, int64) {}); err != nil || len(problems) > 0 {
			b.Fatal(err, problems)
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	f, m := many(b, 0), newMemory(time.UTC)
	d, problems, err := intake.Read(context.Background(), f, nil)
	if err != nil || len(problems) > 0 {
		b.Fatal(err, problems)
	}
	b.ReportAllocs()
	for b.Loop() {
		plan(b, d, m, intake.Options{Now: firstNow})
	}
}

func BenchmarkNewPeople(b *testing.B) {
	f, m := many(b, 0), newMemory(time.UTC)
	for b.Loop() {
		readAndPlan(b, f, m, 0)
	}
}

func BenchmarkUnchangedPeople(b *testing.B) {
	f, m := many(b, 0), newMemory(time.UTC)
	if err := m.apply(readAndPlan(b, f, m, 0), firstNow); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if p := readAndPlan(b, f, m, 1); !p.Empty() {
			b.Fatal("something changes")
		}
	}
}

func BenchmarkSignIns(b *testing.B) {
	const rows = 1_000_000
	f, m := many(b, rows), newMemory(time.UTC)
	if err := m.apply(readAndPlan(b, f, m, 0), firstNow); err != nil {
		b.Fatal(err)
	}
	f.Departments, f.Users = "", ""
	for b.Loop() {
		readAndPlan(b, f, m, 0)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkExport(b *testing.B) {
	f, m := many(b, 1_000_000), newMemory(time.UTC)
	if err := m.apply(readAndPlan(b, f, m, 0), firstNow); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := intake.Export(b.TempDir(), m); err != nil {
			b.Fatal(err)
		}
	}
}
