package api_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"rollcall"
	"rollcall/internal/intake"
)

const kubernetesDir = "../intake/testdata/kubernetes/"

// csvDept is a department of the files.
type csvDept struct {
	id, parent          int
	name, source, brief string
	members, leaders    []string // in the order of the file of people
	children            []int    // by id
}

// csvOrg is the organization of testdata/kubernetes, read from its files by
// nothing but a CSV reader.
type csvOrg struct {
	depts  map[int]*csvDept
	ids    []int
	people []string
	signed map[string]map[string]bool // by date
}

func readCSV(t testing.TB, name string) [][]string {
	t.Helper()
	f, err := os.Open(kubernetesDir + name)
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

func readOrg(t testing.TB) *csvOrg {
	t.Helper()
	org := &csvOrg{depts: map[int]*csvDept{}, signed: map[string]map[string]bool{}}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, row := range readCSV(t, "departments.csv") {
		d := &csvDept{id: number(row[0]), name: row[2], source: row[3], brief: row[4]}
		if row[1] != "" {
			d.parent = number(row[1])
		}
		org.depts[d.id] = d
	}
	org.ids = slices.Sorted(maps.Keys(org.depts))
	for _, id := range org.ids {
		if parent := org.depts[id].parent; parent != 0 {
			org.depts[parent].children = append(org.depts[parent].children, id)
		}
	}
	for _, row := range readCSV(t, "users.csv") {
		org.people = append(org.people, row[0])
		for id := range strings.FieldsFuncSeq(row[2], func(r rune) bool { return r == ';' }) {
			org.depts[number(id)].members = append(org.depts[number(id)].members, row[0])
		}
		for id := range strings.FieldsFuncSeq(row[3], func(r rune) bool { return r == ';' }) {
			org.depts[number(id)].leaders = append(org.depts[number(id)].leaders, row[0])
		}
	}
	for _, row := range readCSV(t, "signins.csv") {
		if org.signed[row[0]] == nil {
			org.signed[row[0]] = map[string]bool{}
		}
		org.signed[row[0]][row[1]] = true
	}
	return org
}

// below returns everybody in a department and below it.
func (o *csvOrg) below(id int) map[string]bool {
	all := map[string]bool{}
	for _, userid := range o.depts[id].members {
		all[userid] = true
	}
	for _, child := range o.depts[id].children {
		maps.Copy(all, o.below(child))
	}
	return all
}

// who returns who of the roster did or did not sign in on a day, in the order of
// the file; ids nil is the whole organization.
func (o *csvOrg) who(date string, active bool, ids []int) []string {
	in := map[string]bool{}
	for _, id := range ids {
		for _, userid := range o.depts[id].members {
			in[userid] = true
		}
	}
	list := []string{}
	for _, userid := range o.people {
		if (ids == nil || in[userid]) && o.signed[date][userid] == active {
			list = append(list, userid)
		}
	}
	return list
}

// caller makes calls to the TOP endpoints.
type caller struct {
	token string
	post  func(path, form string) (envelope, error)
}

// overHTTP calls over kept connections.
func overHTTP(w *world, token string) caller {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	w.t.Cleanup(client.CloseIdleConnections)
	return caller{token, func(path, form string) (envelope, error) {
		return post(client, "http://"+w.addr+path, form)
	}}
}

// inProcess calls the handler without a connection.
func inProcess(w *world, token string) caller {
	return caller{token, func(path, form string) (envelope, error) {
		r := httptest.NewRequest("POST", path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		return reply{body: rec.Body.String()}.open()
	}}
}

// call makes a call that must succeed and reads its result.
func (c caller) call(into any, path, format string, args ...any) error {
	form := fmt.Sprintf(format, args...)
	e, err := c.post("/topapi/"+path, "access_token="+c.token+"&"+form)
	if err == nil && e.Errcode != 0 {
		err = fmt.Errorf("errcode %d %s", e.Errcode, e.Errmsg)
	}
	if err == nil {
		err = json.Unmarshal(e.Result, into)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", path, form, err)
	}
	return nil
}

// refusal makes a call that must fail and returns its errcode.
func (c caller) refusal(path, format string, args ...any) (int, error) {
	e, err := c.post("/topapi/"+path, "access_token="+c.token+"&"+fmt.Sprintf(format, args...))
	return e.Errcode, err
}

// page is one of either call that has pages.
type page[T any] struct {
	HasMore    *bool `json:"has_more"`
	List       []T   `json:"list"`
	NextCursor *int  `json:"next_cursor"`
}

// check tells what is wrong with a page.
func (p page[T]) check(at, size int) error {
	switch {
	case p.HasMore == nil || p.List == nil:
		return errors.New("the page lacks has_more or list")
	case *p.HasMore != (p.NextCursor != nil):
		return errors.New("next_cursor goes with has_more")
	case *p.HasMore && (*p.NextCursor != at+size || len(p.List) != size):
		return fmt.Errorf("a page of %d from %d on that goes on at %d has %d people", size, at, *p.NextCursor, len(p.List))
	case len(p.List) > size:
		return fmt.Errorf("%d people on a page of %d", len(p.List), size)
	}
	return nil
}

// card is an entry of listsimple.
type card struct{ Name, UserID string }

// listSimple walks through a department and returns the userids.
func (c caller) listSimple(dept int, order, language string, size int) ([]string, error) {
	all := []string{}
	for at := 0; ; {
		var p page[card]
		err := c.call(&p, "user/listsimple", "dept_id=%d&cursor=%d&size=%d&order_field=%s&language=%s", dept, at, size, order, language)
		if err == nil {
			err = p.check(at, size)
		}
		if err != nil {
			return nil, err
		}
		for _, x := range p.List {
			if x.Name != x.UserID { // both are the login
				return nil, fmt.Errorf("%s is called %s", x.UserID, x.Name)
			}
			all = append(all, x.UserID)
		}
		if !*p.HasMore {
			return all, nil
		}
		at = *p.NextCursor
	}
}

// inactive walks through an answer about a day.
func (c caller) inactive(date string, active bool, ids []int, size int) ([]string, error) {
	all := []string{}
	for at := 0; ; {
		var p page[string]
		err := c.call(&p, "inactive/user/v2/get", "query_date=%s&is_active=%t&offset=%d&size=%d&dept_ids=%s", date, active, at, size, joined(ids))
		if err == nil {
			err = p.check(at, size)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p.List...)
		if !*p.HasMore {
			return all, nil
		}
		at = *p.NextCursor
	}
}

func joined(ids []int) string {
	var list []string
	for _, id := range ids {
		list = append(list, strconv.Itoa(id))
	}
	return strings.Join(list, ",")
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// inTurn gives each of the items to one of a few goroutines.
func inTurn[T any](t *testing.T, items []T, work func(T) error) {
	t.Helper()
	queue := make(chan T)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for x := range queue {
				if err := work(x); err != nil {
					t.Errorf("%v: %v", x, err)
				}
			}
		})
	}
	for _, x := range items {
		queue <- x
	}
	close(queue)
	wg.Wait()
}

func same(what string, got, want []string) error {
	if !slices.Equal(got, want) {
		return fmt.Errorf("%s: got %d %.300q, want %d %.300q", what, len(got), got, len(want), want)
	}
	return nil
}

// TestKubernetes imports a real organization and holds whatever the calls say
// about it against its files.
func TestKubernetes(t *testing.T) {
	org := readOrg(t)
	w := newWorld(t, "kubernetes", at(t, "2026-09-01T12:00:00+08:00"))
	w.bring(intake.Files{
		Departments: kubernetesDir + "departments.csv", Users: kubernetesDir + "users.csv", SignIns: kubernetesDir + "signins.csv",
	}, intake.Options{})
	a := everything("kube", "kubernetes-secret")
	w.add(a)
	w.set(at(t, "2026-08-21T10:00:00+08:00"))
	w.serve(nil)
	token := w.token(a)
	net, direct := overHTTP(w, token), inProcess(w, token)

	t.Run("count", func(t *testing.T) {
		activated := map[string]bool{}
		for _, day := range org.signed {
			maps.Copy(activated, day)
		}
		for active, want := range map[bool]int{false: len(org.people), true: len(activated)} {
			var r struct{ Count int }
			if err := net.call(&r, "user/count", "only_active=%t", active); err != nil || r.Count != want {
				t.Errorf("only_active=%t: %d, want %d (%v)", active, r.Count, want, err)
			}
		}
		if len(org.people) != 1509 || len(activated) != 1001 || len(org.ids) != 839 {
			t.Errorf("the files have %d people, %d who signed in, %d departments", len(org.people), len(activated), len(org.ids))
		}
	})
	t.Run("tree", func(t *testing.T) { kubernetesTree(t, org, net) })
	t.Run("members", func(t *testing.T) {
		inTurn(t, org.ids, func(id int) error { return kubernetesMembers(org.depts[id], net, direct) })
	})
	t.Run("departments", func(t *testing.T) {
		inTurn(t, org.ids, func(id int) error { return kubernetesDept(org, org.depts[id], net) })
	})
	t.Run("activity", func(t *testing.T) { kubernetesActivity(t, org, net) })
	t.Run("window", func(t *testing.T) {
		kubernetesWindow(t, org, net.post, func(now string) (token string) {
			w.set(at(t, now))
			return w.token(a)
		})
	})
}

// kubernetesTree walks down from the root.
func kubernetesTree(t *testing.T, org *csvOrg, c caller) {
	seen := 1
	for level := []int{1}; len(level) > 0; {
		var next []int
		for _, id := range level {
			var subs []struct {
				ID     int    `json:"dept_id"`
				Name   string `json:"name"`
				Parent int    `json:"parent_id"`
				Source string `json:"source_identifier"`
			}
			var ids struct {
				List []int `json:"dept_id_list"`
			}
			if err := errors.Join(
				c.call(&subs, "v2/department/listsub", "dept_id=%d", id),
				c.call(&ids, "v2/department/listsubid", "dept_id=%d", id),
			); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ids.List, org.depts[id].children) || len(subs) != len(ids.List) {
				t.Errorf("below %d: got %v and %d, want %v", id, ids.List, len(subs), org.depts[id].children)
			}
			for i, s := range subs {
				want := org.depts[org.depts[id].children[i]]
				if s.ID != want.id || s.Name != want.name || s.Parent != id || s.Source != want.source {
					t.Errorf("below %d: got %v, want %v", id, s, want)
				}
			}
			next = append(next, ids.List...)
		}
		seen += len(next)
		level = next
	}
	if seen != len(org.ids) {
		t.Errorf("%d departments, want %d", seen, len(org.ids))
	}
}

// kubernetesMembers holds the lists of a department against each other and
// against the files. Pages of one person go over HTTP for some departments only.
func kubernetesMembers(d *csvDept, net, direct caller) error {
	var r struct {
		List []string `json:"userid_list"`
	}
	if err := net.call(&r, "user/listid", "dept_id=%d", d.id); err != nil {
		return err
	}
	byUserID := sorted(d.members)
	if err := same("listid", sorted(r.List), byUserID); err != nil {
		return err
	}
	for _, order := range rollcall.OrderNames() {
		want := byUserID // nobody has a time of entering, and one import changed all
		if order == "custom" {
			want = r.List
		}
		for _, language := range []string{"zh_CN", "en_US"} {
			for _, size := range []int{1, 7, 100} {
				c := net
				if (size == 1 || size == 7 && withRace) && d.id%20 != 1 {
					c = direct
				}
				got, err := c.listSimple(d.id, order, language, size)
				if err == nil {
					err = same(fmt.Sprint(order, " ", language, " ", size), got, want)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// kubernetesDept holds what is said about a department against the files.
func kubernetesDept(org *csvOrg, d *csvDept, c caller) error {
	type facts struct {
		ID      int    `json:"dept_id"`
		Parent  int    `json:"parent_id"`
		Name    string `json:"name"`
		Source  string `json:"source_identifier"`
		Brief   string `json:"brief"`
		Members int    `json:"member_count"`
		Direct  int    `json:"owning_member_count"`
	}
	var r struct {
		facts
		Leaders []string `json:"dept_manager_userid_list"`
	}
	if err := c.call(&r, "v2/department/get", "dept_id=%d", d.id); err != nil {
		return err
	}
	if want := (facts{d.id, d.parent, d.name, d.source, d.brief, len(org.below(d.id)), len(d.members)}); r.facts != want {
		return fmt.Errorf("got %v, want %v", r.facts, want)
	}
	return same("leaders", sorted(r.Leaders), sorted(d.leaders))
}

// kubernetesActivity asks who did and who did not sign in, for everybody, for
// every department and for lists of departments.
func kubernetesActivity(t *testing.T, org *csvOrg, c caller) {
	const date = "20260820"
	if n := len(org.signed[date]); n != 8 {
		t.Fatalf("the files have %d people who signed in on %s", n, date)
	}
	queries := [][]int{nil}
	for _, id := range org.ids {
		queries = append(queries, []int{id})
	}
	for from := 0; from < len(org.ids); from += 100 {
		queries = append(queries, org.ids[from:min(from+100, len(org.ids))])
	}
	random := rand.New(rand.NewPCG(8, 39))
	for range 50 {
		ids := make([]int, 2+random.IntN(99))
		for i := range ids { // with repeats
			ids[i] = org.ids[random.IntN(len(org.ids))]
		}
		queries = append(queries, ids)
	}
	inTurn(t, queries, func(ids []int) error {
		sizes := []int{100}
		if len(ids) != 1 {
			sizes = []int{7, 100}
		}
		for _, size := range sizes {
			active, err1 := c.inactive(date, true, ids, size)
			inactive, err2 := c.inactive(date, false, ids, size)
			if err := errors.Join(err1, err2,
				same("active", active, org.who(date, true, ids)),
				same("inactive", inactive, org.who(date, false, ids))); err != nil {
				return err
			}
			roster := map[string]bool{}
			for _, userid := range slices.Concat(active, inactive) {
				roster[userid] = true
			}
			members := map[string]bool{}
			for _, id := range ids {
				for _, userid := range org.depts[id].members {
					members[userid] = true
				}
			}
			if ids == nil {
				for _, userid := range org.people {
					members[userid] = true
				}
			}
			if len(active)+len(inactive) != len(roster) || !maps.Equal(roster, members) {
				return fmt.Errorf("%d and %d people of %d, %d in both together", len(active), len(inactive), len(members), len(roster))
			}
		}
		return nil
	})
	for _, active := range []bool{false, true} {
		got, err := c.inactive(date, active, nil, 1)
		if err == nil {
			err = same("pages of one", got, org.who(date, active, nil))
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// kubernetesWindow asks for days at the edges of what can be read. set moves the
// clock and returns a token for then.
func kubernetesWindow(t *testing.T, org *csvOrg, post func(path, form string) (envelope, error), set func(now string) (token string)) {
	for _, tt := range []struct {
		now, date string
		readable  bool
	}{
		{"2026-08-21T10:00:00+08:00", "20260719", false},
		{"2026-08-21T10:00:00+08:00", "20260720", false},
		{"2026-08-21T10:00:00+08:00", "20260721", true},
		{"2026-08-21T10:00:00+08:00", "20260820", true},
		{"2026-08-21T10:00:00+08:00", "20260821", false},
		{"2026-08-21T10:00:00+08:00", "20260822", false},
		{"2026-08-21T09:00:00+08:00", "20260820", true},
		{"2026-08-21T08:59:59+08:00", "20260820", false},
		{"2026-08-21T08:59:00+08:00", "20260819", true},
		{"2026-08-21T08:59:00+08:00", "20260820", false},
		{"2026-08-21T08:59:00+08:00", "20260721", true},
		{"2026-08-21T08:59:00+08:00", "20260720", false},
		{"2026-08-21T23:59:59+08:00", "20260821", false},
		{"2026-08-22T00:00:00+08:00", "20260721", false},
	} {
		c := caller{set(tt.now), post}
		for _, active := range []bool{false, true} {
			if !tt.readable {
				code, err := c.refusal("inactive/user/v2/get", "query_date=%s&is_active=%t&offset=0&size=100", tt.date, active)
				if code != 400002 || err != nil {
					t.Errorf("%s at %s: errcode %d, %v", tt.date, tt.now, code, err)
				}
				continue
			}
			got, err := c.inactive(tt.date, active, nil, 100)
			if err == nil {
				err = same("everybody", got, org.who(tt.date, active, nil))
			}
			if err != nil {
				t.Errorf("%s at %s: %v", tt.date, tt.now, err)
			}
		}
	}
}
