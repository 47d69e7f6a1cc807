//go:build cluster

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"
)

// owners are clients that change people and departments of their own on any node,
// so that it is known what has to be there. A call that is told that the system is
// busy, or is not answered, is made again on another node until it is known that it
// happened.
type owners struct {
	*witness
	c       *cluster
	token   string
	writers []*killWriter

	want     killOrg
	kinds    map[string]int // changes of each kind, in the log
	done     atomic.Int64   // calls that happened
	busy     atomic.Int64   // answers that the system is busy
	lost     atomic.Int64   // calls without an answer
	happened atomic.Int64   // of those, by the refusal of the second try
}

func newOwners(c *cluster, w *witness, token string, writers int, seed uint64) *owners {
	o := &owners{witness: w, c: c, token: token, want: newKillOrg()}
	group := o.set("/role/add_role_group", map[string]any{"name": "Group"}, "groupId")
	role := o.set("/role/add_role", map[string]any{"roleName": "Role", "groupId": group}, "roleId")
	for n := range writers {
		o.writers = append(o.writers, &killWriter{number: n, rng: rand.New(rand.NewPCG(seed, uint64(n+1))), role: role, own: newKillOrg()})
	}
	o.kinds = o.logged()
	return o
}

// set makes a call that has to succeed and returns an id from the reply.
func (o *owners) set(path string, body map[string]any, member string) (id int64) {
	o.t.Helper()
	a, err := o.c.ask(o.t.Context(), o.c.nodes[0], question{token: o.token, path: path, body: body})
	if err == nil {
		_, rest, _ := strings.Cut(string(a.text), `"`+member+`":`)
		_, err = fmt.Sscan(rest, &id)
	}
	if err != nil || a.code != 0 {
		o.t.Fatalf("%s: %s, %v", path, a.text, err)
	}
	return id
}

// write makes calls until ctx ends.
func (o *owners) write(ctx context.Context, by *killWriter) {
	for ctx.Err() == nil && !o.t.Failed() {
		c := by.choose()
		if !o.make(by, &c) {
			return
		}
		c.apply(by.own)
		by.acked = append(by.acked, c)
		o.done.Add(1)
	}
}

// make makes a call until it is known to have happened, once.
func (o *owners) make(by *killWriter, c *killWrite) bool {
	limit := time.Now().Add(2 * patience)
	unknown := false
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		n := o.c.any(by.rng)
		q := question{token: o.token, path: c.path, body: c.body}
		a, err := o.c.ask(o.t.Context(), n, q)
		switch {
		case errors.Is(err, errNotSent):
		case err != nil:
			o.lost.Add(1)
			unknown = true
		case a.code == errBusy:
			o.busy.Add(1)
		case a.code == 0:
			o.hear(n, q, a)
			return o.learn(n, c, a)
		case unknown && c.before(a.code):
			o.hear(n, q, a)
			o.happened.Add(1)
			return c.dept == nil || c.deptID != 0 || o.find(by, c)
		default:
			o.t.Errorf("node %d, after a lost answer: %v: %s %v: %s", n.number, unknown, c.path, c.body, a.text)
			return false
		}
		if time.Now().After(limit) {
			o.t.Errorf("%s %v: nobody carries it out; the last answer is %s, %v", c.path, c.body, a.text, err)
			return false
		}
		select {
		case <-time.After(pause):
		case <-o.t.Context().Done():
			return false
		}
	}
}

// before tells whether a call is refused so because it has happened before. No
// other writer has anything to do with what it is about.
func (c *killWrite) before(code int) bool {
	switch {
	case strings.HasSuffix(c.path, "user/create"):
		return code == errUserTaken
	case strings.HasSuffix(c.path, "user/delete"):
		return code == errUserMissing
	case strings.HasSuffix(c.path, "department/create"):
		return code == errNameTaken
	case strings.HasSuffix(c.path, "department/delete"):
		return code == errDeptMissing
	}
	return false
}

const errNameTaken = 60008

// learn reads the id of a new department.
func (o *owners) learn(n *clusterNode, c *killWrite, a answer) bool {
	if c.dept == nil || c.deptID != 0 {
		return true
	}
	var v struct {
		ID int64 `json:"dept_id"`
	}
	if err := a.result(&v); err != nil || v.ID == 0 {
		o.t.Errorf("node %d: %s: %s, %v", n.number, c.path, a.text, err)
	}
	c.deptID = v.ID
	return true
}

// find looks for a department whose id was in an answer that was lost.
func (o *owners) find(by *killWriter, c *killWrite) bool {
	limit := time.Now().Add(patience)
	for time.Now().Before(limit) {
		n := o.c.any(by.rng)
		q := question{token: o.token, path: "/topapi/v2/department/listsub", body: map[string]any{"dept_id": c.dept.parent}, min: o.newest()}
		a, err := o.c.ask(o.t.Context(), n, q)
		if err != nil || a.code == errBusy {
			continue
		}
		var list []struct {
			ID   int64 `json:"dept_id"`
			Name string
		}
		if err := a.result(&list); err != nil {
			o.t.Errorf("node %d: %v", n.number, err)
			return false
		}
		for _, d := range list {
			if d.Name == c.dept.name {
				c.deptID = d.ID
				return true
			}
		}
		break
	}
	o.t.Errorf("the department %q is said to be there, and is not", c.dept.name)
	return false
}

// verify holds what all nodes show, and the log, against what happened.
func (o *owners) verify() {
	o.t.Helper()
	version, users, depts := o.c.agree(o.token, o.newest())
	got := newKillOrg()
	lines := killLines(o.t, append(users, depts...))
	for _, l := range lines {
		switch u, d := l.User, l.Dept; {
		case d != nil && d.ID != 1:
			got.depts[d.ID] = killDept{d.Name, d.ParentID}
		case u != nil && len(u.Memberships) != 1:
			o.t.Errorf("%q is not in one department: %+v", u.UserID, u.Memberships)
		case u != nil:
			got.people[u.UserID] = killPerson{u.Name, u.Mobile, u.Memberships[0].DeptID, len(u.Roles) == 1}
		}
	}
	unique(o.t, lines)
	for _, by := range o.writers {
		for _, c := range by.acked {
			c.apply(o.want)
			for _, kind := range c.kinds {
				o.kinds[kind]++
			}
		}
		by.acked = nil
	}
	differ(o.t, "person", got.people, o.want.people)
	differ(o.t, "department", got.depts, o.want.depts)
	differ(o.t, "number of changes of the kind", o.logged(), o.kinds)
	o.c.uniqueEver("main", version)
}

// logged counts the changes in the log by their kinds; those of apps are not the
// writers'.
func (o *owners) logged() map[string]int {
	o.t.Helper()
	kinds := countKinds(logOf(o.t, o.c.url, "main"))
	maps.DeleteFunc(kinds, func(kind string, _ int) bool { return strings.HasPrefix(kind, "app") })
	return kinds
}
