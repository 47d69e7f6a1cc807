package rest_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/intake"
	"rollcall/internal/node"
	"rollcall/internal/store/sqlite"
)

const kubernetes = "../intake/testdata/kubernetes/"

// readCSV returns the rows of a file below its header.
func readCSV(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(kubernetes + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// importKubernetes brings the organization in, with or without its sign-ins.
func (w *world) importKubernetes(signIns bool) {
	w.t.Helper()
	files := intake.Files{Departments: kubernetes + "departments.csv", Users: kubernetes + "users.csv"}
	if signIns {
		files.SignIns = kubernetes + "signins.csv"
	}
	data, problems, err := intake.Read(context.Background(), files, nil)
	w.check(err)
	plan, more, err := intake.MakePlan(data, w.org.Current(), intake.Options{Now: rollcall.At(w.clock.Now())})
	w.check(err)
	if len(problems)+len(more) > 0 {
		w.t.Fatal(problems, more)
	}
	_, err = w.org.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: plan.Changes, InTx: func(tx rollcall.Tx) error {
			_, err := activity.Record(tx, plan.SignIns)
			return err
		}}, nil
	})
	w.check(err)
	w.check(w.org.Activity.CatchUp(context.Background()))
}

// newKubernetes is the organization on 2026-08-25, which keeps everything.
func newKubernetes(t testing.TB) *world {
	w := newWorld(t)
	w.clock.Set(time.Date(2026, 8, 25, 12, 0, 0, 0, time.UTC))
	set := w.org.Settings()
	set.RetentionDays = 0
	w.do(rollcall.Change{Kind: rollcall.CorpUpdated, Payload: rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &set}}})
	return w
}

// days is everything that is recorded, as text.
func days(o *node.Org) string {
	var b strings.Builder
	for _, d := range o.Activity.Days() {
		fmt.Fprintf(&b, "%s %v\n", d, slices.Collect(o.Activity.SignedIn(d).All()))
	}
	return b.String()
}

// The sign-ins of a real organization are the same days whether they are
// imported or fed live, also after a restart.
func TestFeedingAndImportingGiveTheSameDays(t *testing.T) {
	t.Parallel()
	imported := newKubernetes(t)
	imported.importKubernetes(true)
	want := days(imported.org)

	fed := newKubernetes(t)
	fed.importKubernetes(false)
	fed.createApp("feeder", rollcall.PermSignInWrite, rollcall.PermSignInBackfill)
	rows := readCSV(t, "signins.csv")
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	for part := range slices.Chunk(rows, 1000) {
		var body strings.Builder
		for _, row := range part {
			day := row[0]
			at := time.Date(2000, 1, 1, rng.IntN(24), rng.IntN(60), 0, 0, time.UTC)
			fmt.Fprintf(&body, "{\"userid\":%q,\"time\":\"%s-%s-%sT%s:00+08:00\"}\n", row[1], day[:4], day[4:6], day[6:], at.Format("15:04"))
		}
		if f := fed.feed(body.String()); f.Accepted != len(part) {
			t.Fatalf("%d of %d were taken: %v", f.Accepted, len(part), f.Rejected[:1])
		}
	}
	if got := days(fed.org); got != want {
		t.Error("the days that were fed are not those that were imported")
	}
	if a, b := fed.org.Current().Count(true), imported.org.Current().Count(true); a != b || a != 1001 {
		t.Errorf("%d people are activated by feeding, %d by importing", a, b)
	}
	fed.restart()
	if got := days(fed.org); got != want {
		t.Error("after a restart the days are others")
	}
	again, err := sqlite.Open(context.Background(), fed.dir, sqlite.Options{})
	fed.check(err)
	fed.check(again.Close())
}

// naive answers questions from the rows of the files.
type naive struct {
	userids []string // by ordinal
	ordinal map[string]int
	in      map[int64]map[int]bool // people by department
	parent  map[int64]int64
	days    [][]string // by ordinal, ascending
	active  []bool
}

func newNaive(t testing.TB) *naive {
	n := &naive{ordinal: map[string]int{}, in: map[int64]map[int]bool{}, parent: map[int64]int64{}}
	id := func(s string) int64 {
		v, _ := strconv.ParseInt(s, 10, 64)
		return v
	}
	for _, row := range readCSV(t, "departments.csv") {
		n.parent[id(row[0])] = id(row[1])
		n.in[id(row[0])] = map[int]bool{}
	}
	for o, row := range readCSV(t, "users.csv") {
		n.userids, n.ordinal[row[0]] = append(n.userids, row[0]), o
		for d := range strings.SplitSeq(row[2], ";") {
			if d != "" {
				n.in[id(d)][o] = true
			}
		}
	}
	n.days, n.active = make([][]string, len(n.userids)), make([]bool, len(n.userids))
	for _, row := range readCSV(t, "signins.csv") {
		o := n.ordinal[row[1]]
		n.days[o], n.active[o] = append(n.days[o], row[0]), true
	}
	for o := range n.days {
		slices.Sort(n.days[o])
	}
	return n
}

// people returns the members of a department, or of all below it too; of 0
// everyone.
func (n *naive) people(dept int64, subtree bool) []int {
	set := map[int]bool{}
	for d, members := range n.in {
		within := d == dept || dept == 0
		for up := d; subtree && !within && up != 0; up = n.parent[up] {
			within = up == dept
		}
		if within {
			maps.Copy(set, members)
		}
	}
	if dept == 0 {
		for o := range n.userids {
			set[o] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func (n *naive) within(o int, from, to string) (count int, last string) {
	for _, d := range n.days[o] {
		if from <= d && d <= to {
			count++
		}
		if d <= to {
			last = d
		}
	}
	return count, last
}

// answer is one line for each person of the answer.
func (n *naive) answer(kind activity.Kind, people []int, from, to string) []string {
	list := []string{}
	for _, o := range people {
		count, last := n.within(o, from, to)
		if kind == activity.Absent && count > 0 || kind == activity.Seen && count == 0 || kind == activity.Never && n.active[o] {
			continue
		}
		list = append(list, fmt.Sprintf("%s %s %d", n.userids[o], last, count))
	}
	return list
}

// Every question agrees with a naive computation over the files, for every
// department and a hundred random ranges of days.
func TestQuestionsAgreeWithANaiveComputation(t *testing.T) {
	t.Parallel()
	w := newKubernetes(t)
	w.importKubernetes(true)
	n, rng := newNaive(t), rand.New(rand.NewPCG(3, 4))
	r := w.org.Current()
	depts := []int64{0}
	for d := range n.in {
		depts = append(depts, d)
	}
	slices.Sort(depts)
	members, below := map[int64][]int{}, map[int64][]int{}
	for _, d := range depts {
		members[d], below[d] = n.people(d, false), n.people(d, d != 0)
	}
	first := rollcall.Day(20150801)
	for i := range 100 {
		from := first.AddDays(rng.IntN(4030))
		to := min(from.AddDays(rng.IntN(1+rng.IntN(800))), 20260825)
		for k, d := range depts {
			if (k+i)%4 != 0 { // every department meets a quarter of the ranges
				continue
			}
			q := activity.Question{Kind: activity.Kinds()[rng.IntN(5)], From: min(from, to), To: to, Subtrees: rng.IntN(2) == 0}
			people := members[d]
			if d != 0 {
				q.Depts = []rollcall.DeptID{rollcall.DeptID(d)}
			}
			if q.Subtrees {
				people = below[d]
			}
			a := w.org.Activity.Ask(r, q)
			got, tally := []string{}, a.Tally()
			for _, o := range a.People.Append(nil, 0, a.People.Count()) {
				day, count := tally.Of(rollcall.Ordinal(o))
				last := ""
				if day != 0 {
					last = day.String()
				}
				got = append(got, fmt.Sprintf("%s %s %d", n.userids[o], last, count))
			}
			if want := n.answer(q.Kind, people, q.From.String(), q.To.String()); !slices.Equal(got, want) {
				t.Fatalf("%+v:\ngot  %q\nwant %q", q, got, want)
			}
		}
	}
}

// The call shows the same in pages and as CSV, and the trend counts each day.
func TestQuestionsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newKubernetes(t)
	w.importKubernetes(true)
	w.createApp("auditor", rollcall.PermActivityRead)
	n := newNaive(t)
	const base = "/rollcall/v1/activity/"
	for _, kind := range activity.Kinds() {
		for _, dept := range []int64{0, 1, 2, 172} {
			path := fmt.Sprintf("%s%s?from=20260101&to=20260820", base, kind)
			people := n.people(dept, dept != 0)
			if dept != 0 {
				path += fmt.Sprintf("&subtree=true&dept=%d", dept)
			}
			want := n.answer(kind, people, "20260101", "20260820")
			var rows []string
			for offset := 0; ; {
				var page struct {
					Count int
					Next  int `json:"next_offset"`
					List  []struct {
						UserID string
						Last   string `json:"last_sign_in"`
					}
				}
				status, body := w.get(fmt.Sprintf("%s&size=70&offset=%d", path, offset))
				if err := json.Unmarshal([]byte(body), &page); err != nil || status != 200 || page.Count != len(want) {
					t.Fatalf("%s: %d %s", path, status, body)
				}
				for _, x := range page.List {
					rows = append(rows, x.UserID+" "+x.Last)
				}
				if page.Next == 0 {
					break
				}
				offset = page.Next
			}
			_, body := w.get(path+"&format=csv", "Accept-Encoding", "gzip")
			table, err := csv.NewReader(strings.NewReader(body)).ReadAll()
			w.check(err)
			if len(table) != len(want)+1 || len(rows) != len(want) {
				t.Fatalf("%s: %d rows in pages, %d as CSV, and not %d", path, len(rows), len(table)-1, len(want))
			}
			for i, row := range table[1:] {
				if got := row[0] + " " + row[3] + " " + row[4]; got != want[i] || !strings.HasPrefix(want[i], rows[i]) {
					t.Fatalf("%s: row %d is %q as CSV and %q in a page, and not %q", path, i, got, rows[i], want[i])
				}
			}
		}
	}
	_, body := w.get(base + "trend?from=20260701&to=20260731&dept=2,172&format=csv")
	table, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	w.check(err)
	if len(table) != 1+2*31 {
		t.Errorf("a trend of two departments over 31 days has %d rows", len(table)-1)
	}
	for _, row := range table[1:] {
		dept, _ := strconv.ParseInt(row[0], 10, 64)
		people := n.people(dept, false)
		signed := 0
		for _, o := range people {
			if slices.Contains(n.days[o], row[1]) {
				signed++
			}
		}
		if row[2] != fmt.Sprint(len(people)) || row[3] != fmt.Sprint(signed) {
			t.Errorf("the trend says %v; %d of %d signed in", row, signed, len(people))
		}
	}
}

func TestQuestionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createApp("auditor", rollcall.PermActivityRead)
	for _, test := range []struct {
		query  string
		status int
		want   string
	}{
		{"absent", 200, `"from":"20260201","to":"20260302"`},
		{"absent?days=7", 200, `"from":"20260224"`},
		{"absent?from=20260301", 200, `"from":"20260301","to":"20260302"`},
		{"absent?to=20260303", 400, `"param":"to"`},
		{"absent?from=20260302&to=20260301", 400, `"param":"from"`},
		{"absent?from=20240101", 400, `"param":"from"`},
		{"absent?from=2026-03-01", 400, `"param":"from"`},
		{"absent?days=x", 400, `"param":"days"`},
		{"absent?dept=7", 404, `"param":"dept"`},
		{"absent?dept=x", 400, `"param":"dept"`},
		{"absent?subtree=maybe", 400, `"param":"subtree"`},
		{"absent?size=1001", 400, `"param":"size"`},
		{"absent?offset=-1", 400, `"param":"offset"`},
		{"absent?format=xml", 400, `"param":"format"`},
		{"everything", 404, `"code":"path_unknown"`},
		{"trend", 200, `"series":[{"list":[{"day":"20260201"`},
	} {
		if status, body := w.get("/rollcall/v1/activity/" + test.query); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %s", test.query, status, body)
		}
	}
}
