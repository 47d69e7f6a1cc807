//go:build kill || cluster

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// killPerson and killDept are what a writer gives to people and departments.
type killPerson struct {
	name, mobile string
	dept         int64
	role         bool
}

type killDept struct {
	name   string // never given twice
	parent int64
}

// killOrg is the people by userid and the departments by id.
type killOrg struct {
	people map[string]killPerson
	depts  map[int64]killDept
}

func newKillOrg() killOrg {
	return killOrg{people: map[string]killPerson{}, depts: map[int64]killDept{1: {}}}
}

// killWrite is one call that changes something.
type killWrite struct {
	path  string
	body  map[string]any
	kinds []string // of the changes that it makes

	// What it is about, and what that is afterwards; nil when it is gone.
	userid string
	person *killPerson
	deptID int64 // 0 for a new one
	dept   *killDept
}

// apply carries the call out on a picture of the organization.
func (c killWrite) apply(o killOrg) {
	switch {
	case c.userid != "" && c.person == nil:
		delete(o.people, c.userid)
	case c.userid != "":
		o.people[c.userid] = *c.person
	case c.dept == nil:
		delete(o.depts, c.deptID)
	default:
		o.depts[c.deptID] = *c.dept
	}
}

// in tells whether the organization shows that the call was carried out. What a
// call is about has no other writer, and no call leaves it as it was.
func (c *killWrite) in(o killOrg) bool {
	if c.userid != "" {
		got, there := o.people[c.userid]
		return there == (c.person != nil) && (!there || got == *c.person)
	}
	if c.deptID == 0 {
		for id, d := range o.depts {
			if d == *c.dept {
				c.deptID = id
				return true
			}
		}
		return false
	}
	got, there := o.depts[c.deptID]
	return there == (c.dept != nil) && (!there || got == *c.dept)
}

// killWriter is one of those who write at the same time. What it writes about is
// its own, so that it knows what has to be there.
type killWriter struct {
	number int
	made   int
	rng    *rand.Rand
	role   int64
	own    killOrg

	acked   []killWrite
	pending *killWrite // sent and not answered
}

// choose chooses the next call.
func (w *killWriter) choose() killWrite {
	w.made++
	userids, deptIDs := slices.Sorted(maps.Keys(w.own.people)), slices.Sorted(maps.Keys(w.own.depts))
	someone := func() string { return userids[w.rng.IntN(len(userids))] }
	somewhere := func() int64 { return deptIDs[w.rng.IntN(len(deptIDs))] }
	if len(userids) < 3 {
		return w.hire(somewhere())
	}
	switch w.rng.IntN(9) {
	case 0:
		return w.hire(somewhere())
	case 1, 2:
		return w.update(someone())
	case 3:
		return w.move(someone(), somewhere())
	case 4:
		return w.fire(someone())
	case 5:
		return w.giveRole(someone())
	case 6:
		if len(deptIDs) < 6 {
			return w.found(somewhere())
		}
	case 7:
		if id := somewhere(); id != 1 {
			return w.change(id, somewhere())
		}
	}
	for _, id := range deptIDs {
		if id != 1 && w.empty(id) {
			return killWrite{path: "/topapi/v2/department/delete", body: map[string]any{"dept_id": id}, kinds: []string{"dept_delete"}, deptID: id}
		}
	}
	return w.hire(1)
}

func (w *killWriter) name() string   { return fmt.Sprintf("Name %d of %d", w.made, w.number) }
func (w *killWriter) mobile() string { return fmt.Sprintf("1%02d%08d", w.number, w.made) }

func (w *killWriter) hire(dept int64) killWrite {
	p := killPerson{name: w.name(), mobile: w.mobile(), dept: dept}
	userid := fmt.Sprintf("p%d.%d", w.number, w.made)
	return killWrite{
		path: "/topapi/v2/user/create", kinds: []string{"user_join", "member_add"}, userid: userid, person: &p,
		body: map[string]any{"userid": userid, "name": p.name, "mobile": p.mobile, "dept_id_list": fmt.Sprint(dept)},
	}
}

func (w *killWriter) update(userid string) killWrite {
	p := w.own.people[userid]
	p.name, p.mobile = w.name(), w.mobile()
	return killWrite{
		path: "/topapi/v2/user/update", kinds: []string{"user_update"}, userid: userid, person: &p,
		body: map[string]any{"userid": userid, "name": p.name, "mobile": p.mobile},
	}
}

func (w *killWriter) move(userid string, to int64) killWrite {
	p := w.own.people[userid]
	if p.dept == to {
		return w.update(userid)
	}
	p.dept = to
	return killWrite{
		path: "/topapi/v2/user/update", kinds: []string{"member_remove", "member_add"}, userid: userid, person: &p,
		body: map[string]any{"userid": userid, "dept_id_list": fmt.Sprint(to)},
	}
}

func (w *killWriter) fire(userid string) killWrite {
	c := killWrite{path: "/topapi/v2/user/delete", body: map[string]any{"userid": userid}, kinds: []string{"member_remove", "user_leave"}, userid: userid}
	if w.own.people[userid].role {
		c.kinds = append(c.kinds, "role_take")
	}
	return c
}

// giveRole gives the role, or takes it from who has it.
func (w *killWriter) giveRole(userid string) killWrite {
	p := w.own.people[userid]
	c := killWrite{path: "/topapi/role/addrolesforemps", kinds: []string{"role_give"}, userid: userid}
	if p.role {
		c.path, c.kinds = "/topapi/role/removerolesforemps", []string{"role_take"}
	}
	p.role = !p.role
	c.person, c.body = &p, map[string]any{"roleIds": fmt.Sprint(w.role), "userIds": userid}
	return c
}

func (w *killWriter) found(parent int64) killWrite {
	d := killDept{name: w.name(), parent: parent}
	return killWrite{
		path: "/topapi/v2/department/create", kinds: []string{"dept_create"}, dept: &d,
		body: map[string]any{"name": d.name, "parent_id": d.parent},
	}
}

// change gives a department another name, and another parent where that is not
// below it.
func (w *killWriter) change(id, parent int64) killWrite {
	d := w.own.depts[id]
	d.name = w.name()
	c := killWrite{
		path: "/topapi/v2/department/update", kinds: []string{"dept_update"}, deptID: id, dept: &d,
		body: map[string]any{"dept_id": id, "name": d.name},
	}
	for up := parent; up != id; up = w.own.depts[up].parent {
		if up == 1 {
			d.parent, c.body["parent_id"] = parent, parent
			break
		}
	}
	return c
}

func (w *killWriter) empty(id int64) bool {
	for _, p := range w.own.people {
		if p.dept == id {
			return false
		}
	}
	for _, d := range w.own.depts {
		if d.parent == id {
			return false
		}
	}
	return true
}

// differ tells where two pictures differ.
func differ[K comparable, V comparable](t *testing.T, what string, got, want map[K]V) {
	t.Helper()
	for k, v := range want {
		if g, ok := got[k]; !ok || g != v {
			t.Errorf("%s %v is %+v (there: %v), not %+v", what, k, g, ok, v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s %v is there: %+v", what, k, v)
		}
	}
}

// killLine is a line of a list of everything.
type killLine struct {
	Version uint64
	Dept    *struct {
		ID       int64 `json:"dept_id"`
		ParentID int64 `json:"parent_id"`
		Name     string
	}
	User *struct {
		UserID, Name, Mobile string
		Memberships          []struct {
			DeptID int64 `json:"dept_id"`
		}
		Roles []int64
	}
}

// tally counts what happened.
type tally map[string]int

func (c tally) String() string {
	var text []string
	for _, what := range slices.Sorted(maps.Keys(c)) {
		text = append(text, fmt.Sprintf("%s: %d", what, c[what]))
	}
	return strings.Join(text, ", ")
}

// readKillOrg reads the people and departments that a server shows at a version,
// which is at least that.
func readKillOrg(t *testing.T, client *http.Client, addr, token string, least uint64) (org killOrg, version uint64) {
	t.Helper()
	org = newKillOrg()
	version = stream(t, client, addr, token, "departments", least, func(line killLine) {
		if d := line.Dept; d.ID != 1 {
			org.depts[d.ID] = killDept{d.Name, d.ParentID}
		}
	})
	users := stream(t, client, addr, token, "users", least, func(line killLine) {
		u := line.User
		if _, twice := org.people[u.UserID]; twice || len(u.Memberships) != 1 {
			t.Errorf("%q is there twice: %v, or not in one department: %+v", u.UserID, twice, u.Memberships)
			return
		}
		org.people[u.UserID] = killPerson{u.Name, u.Mobile, u.Memberships[0].DeptID, len(u.Roles) == 1}
	})
	if users != version {
		t.Errorf("%s shows people of version %d and departments of version %d", addr, users, version)
	}
	return org, version
}

// stream reads a list of everything and returns its version.
func stream(t *testing.T, client *http.Client, addr, token, name string, least uint64, line func(killLine)) (version uint64) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/rollcall/v1/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if least > 0 {
		req.Header.Set("Rollcall-Min-Version", fmt.Sprint(least))
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := json.NewDecoder(resp.Body); ; {
		var l killLine
		err := lines.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return version
		case err != nil || resp.StatusCode != http.StatusOK:
			t.Fatalf("/rollcall/v1/%s: status %d: %v", name, resp.StatusCode, err)
		case l.Dept == nil && l.User == nil:
			version = l.Version
		default:
			line(l)
		}
	}
}
