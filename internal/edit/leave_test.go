package edit_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/edit"
)

// Who leaves is named by nothing any more: no department, no role, no permit
// list, no group, nobody's manager.
func TestNothingNamesWhoLeft(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.done(edit.DeleteUser("anna"))
	r := c.Current()
	if u := c.user("anna"); u.Present() || len(u.Memberships)+len(u.Roles) > 0 {
		t.Errorf("anna is %+v", u)
	}
	two, _ := r.Dept(2)
	three, _ := r.Dept(3)
	if o := two.Opt(); o.GroupOwner != nil || !slices.Equal(o.PermitUsers, []rollcall.Ordinal{1, 4}) || !o.Hidden || o.Code != "c" {
		t.Errorf("department 2 has %+v", o)
	}
	if o := three.Opt(); !slices.Equal(o.OuterUsers, []rollcall.Ordinal{1}) || !o.Outer {
		t.Errorf("department 3 has %+v", o)
	}
	if bob := c.user("bob"); bob.Manager != nil || bob.Remark != "r" {
		t.Errorf("bob is %+v", bob)
	}
	if page, n := r.RoleHolders(103, 0, 10); n != 1 || page[0] != 1 {
		t.Errorf("role 103 is held by %v", page)
	}
	if a, _ := r.App("app.one"); !slices.Equal(a.ScopeUsers, []string{"anna", "dan"}) {
		t.Errorf("the scope of the app is %v", a.ScopeUsers)
	}
	if n := r.Count(false); n != 3 {
		t.Errorf("%d people are there", n)
	}
}

// Several people leave at once, who are on one list, and report to each other.
func TestPeopleLeaveTogether(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	out := c.done(edit.DeleteUser("bob", "anna", "bob"))
	for _, id := range []rollcall.DeptID{2, 3} {
		d, _ := c.Current().Dept(id)
		if o := d.Opt(); o.GroupOwner != nil || slices.Contains(o.PermitUsers, 0) || slices.Contains(o.PermitUsers, 1) || len(o.OuterUsers) > 0 {
			t.Errorf("department %d has %+v", id, o)
		}
	}
	if cara := c.user("cara"); cara.Manager != nil {
		t.Errorf("cara reports to %d", *cara.Manager)
	}
	updated := 0
	for _, ch := range out.Changes {
		if ch.Kind == rollcall.UserUpdated {
			updated++
		}
	}
	if updated != 1 {
		t.Errorf("%d people were changed, and only cara had to be", updated)
	}
	if n := c.Current().Count(false); n != 2 {
		t.Errorf("%d people are there", n)
	}
}

// Who goes out of a department does not own its group any more.
func TestAGroupLosesItsOwner(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.done(edit.UpdateUser("anna", c.now(), edit.UserValues{Depts: []rollcall.DeptID{2, 3}}))
	if d, _ := c.Current().Dept(2); d.Opt().GroupOwner == nil {
		t.Error("the owner is gone, although still in the department")
	}
	c.done(edit.UpdateUser("anna", c.now(), edit.UserValues{Depts: []rollcall.DeptID{3}}))
	if d, _ := c.Current().Dept(2); d.Opt().GroupOwner != nil || !slices.Contains(d.Opt().PermitUsers, 0) {
		t.Errorf("department 2 has %+v", d.Opt())
	}
}

func TestErasing(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	count, next := c.Current().Count(false), c.Current().NextOrdinal()
	to := ""
	c.done(edit.EraseUser("dan", false, &to))
	if to != "erased-3" {
		t.Errorf("dan is %q now", to)
	}
	// A userid that looks like one that is made is passed over.
	c.done(edit.CreateUser(ptr("erased-0"), c.now(), edit.UserValues{Name: ptr("N")}))
	c.done(edit.EraseUser("anna", true, &to))
	if to != "erased-0-2" {
		t.Errorf("anna is %q now", to)
	}
	r := c.Current()
	if got := r.Count(false); got != count || r.NextOrdinal() != next+1 { // one came, one left
		t.Errorf("%d people are there and the next ordinal is %d", got, r.NextOrdinal())
	}
	if a, _ := r.App("app.one"); !slices.Equal(a.ScopeUsers, []string{"erased-0-2", "erased-3"}) {
		t.Errorf("the scope of the app is %v", a.ScopeUsers)
	}
	for _, userid := range []string{"dan", "anna"} {
		if u, ok := r.UserByID(userid); ok {
			t.Errorf("%s is still there: %+v", userid, u)
		}
	}
	if u := c.user("erased-3"); !u.Erased() || u.Ordinal != 3 || !u.Active || u.Stay.From != userTestNow {
		t.Errorf("dan is %+v", u)
	}
	// Once more changes nothing; nobody comes back as somebody who was erased; and
	// the old userid is free for another person.
	if out := c.done(edit.EraseUser(to, false, &to)); len(out.Changes) > 0 || to != "erased-0-2" {
		t.Errorf("erasing again changes %v, and the userid is %q", out.Changes, to)
	}
	c.refused(edit.CreateUser(ptr("erased-3"), c.now(), edit.UserValues{Name: ptr("N")}), rollcall.KindConflict, "userid")
	c.done(edit.CreateUser(ptr("dan"), c.now(), edit.UserValues{Name: ptr("Another")}))
	if u := c.user("dan"); u.Ordinal != next+1 {
		t.Errorf("the new dan has the ordinal %d", u.Ordinal)
	}

	var log strings.Builder
	if _, err := c.store.Changes(context.Background(), "corp", 0, func(ch rollcall.Change) error {
		b, err := json.Marshal(ch.Payload)
		log.Write(b)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"13800000001", "13800000004", "8001", "ANNA", "anna", "DAN", "union of dan"} {
		if strings.Contains(log.String(), value) {
			t.Errorf("the log still has %q", value)
		}
	}
}
