package edit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/edit"
	"rollcall/internal/store/sqlite"
)

const deptTestNow rollcall.Instant = 1_787_277_600_000

// deptCorp opens an organization with these departments and people: 2 below the
// root with 20 below it and 200 below that, 3 and 4 below the root, 9 deleted;
// anna leads 2, bob and dora are in it, dora is in 3 too, carl has left.
func deptCorp(t testing.TB) *directory.Corp {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	store, err := sqlite.Open(ctx, dir, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	corp := rollcall.Corp{ID: "corp", Name: "Org", CreatedAt: deptTestNow, Settings: rollcall.DefaultSettings()}
	if err := store.CreateCorp(ctx, corp); err != nil {
		t.Fatal(err)
	}
	clock := modeltest.NewClock(time.UnixMilli(int64(deptTestNow)))
	c, err := directory.Open(ctx, "corp", directory.Options{Store: store, Encoder: modeltest.Encoder{}, Keyer: roleKeyer(), Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	var changes []rollcall.Change
	for _, d := range []rollcall.Dept{
		{ID: 2, ParentID: 1, Name: "Research", Options: &rollcall.DeptOptions{Hidden: true, Code: "c"}},
		{ID: 20, ParentID: 2, Name: "Backend", Order: 5},
		{ID: 200, ParentID: 20, Name: "Databases"},
		{ID: 3, ParentID: 1, Name: "Sales"},
		{ID: 4, ParentID: 1, Name: "R-D, old"}, // as imports may bring it
		{ID: 9, ParentID: 1, Name: "Gone"},
	} {
		changes = append(changes, rollcall.Change{Kind: rollcall.DeptCreated, DeptID: d.ID, Payload: rollcall.Payload{Dept: &d}})
	}
	changes = append(changes, rollcall.Change{Kind: rollcall.DeptDeleted, DeptID: 9})
	for o, p := range []struct {
		userid string
		in     []rollcall.Membership
	}{
		{"anna", []rollcall.Membership{{DeptID: 2, Leader: true}}},
		{"bob", []rollcall.Membership{{DeptID: 2}}},
		{"carl", nil},
		{"dora", []rollcall.Membership{{DeptID: 2}, {DeptID: 3}}},
	} {
		o := rollcall.Ordinal(o)
		changes = append(changes, rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{
			User: &rollcall.User{UserID: p.userid, Name: p.userid, Stay: rollcall.Stay{To: rollcall.Open}},
		}})
		for _, m := range p.in {
			changes = append(changes, rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: m.DeptID, Payload: rollcall.Payload{Member: &m}})
		}
	}
	changes = append(changes, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 2})
	_, err = c.Do(ctx, "test", func(*directory.State) (directory.Batch, error) { return directory.Batch{Changes: changes}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sound fails unless what is stored agrees with what is shown.
func sound(t *testing.T, c *directory.Corp) {
	t.Helper()
	if _, err := c.Current().Verify(); err != nil {
		t.Error(err)
	}
}

func to[T any](v T) *T { return &v }

func ids(list ...rollcall.DeptID) []rollcall.DeptID { return list }

// many returns names that nobody has.
func many(n int) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprint("x", i))
	}
	return list
}

// Everything that is refused, by the function, with its kind and parameter;
// nothing is changed by it.
func TestDeptRules(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	create := func(id rollcall.DeptID, v edit.DeptValues) directory.Intent {
		return edit.CreateDept(&id, deptTestNow, v)
	}
	update, remove := edit.UpdateDept, edit.DeleteDept
	name := func(s string) edit.DeptValues { return edit.DeptValues{Name: &s} }
	below := func(id rollcall.DeptID, s string) edit.DeptValues { return edit.DeptValues{ParentID: &id, Name: &s} }
	const (
		missing, invalid, conflict = rollcall.KindNotFound, rollcall.KindInvalid, rollcall.KindConflict
	)
	for what, tt := range map[string]struct {
		intent directory.Intent
		kind   rollcall.ErrorKind
		param  string
	}{
		"create: the id is taken":                  {create(3, name("New")), conflict, "dept_id"},
		"create: the id is negative":               {create(-3, name("New")), invalid, "dept_id"},
		"create: no parent":                        {create(0, below(99, "New")), missing, "parent_id"},
		"create: a deleted parent":                 {create(0, below(9, "New")), missing, "parent_id"},
		"create: below itself":                     {create(50, below(50, "New")), missing, "parent_id"},
		"create: no name":                          {create(0, edit.DeptValues{}), invalid, "name"},
		"create: an empty name":                    {create(0, name("")), invalid, "name"},
		"create: 65 characters":                    {create(0, name(strings.Repeat("部", 65))), invalid, "name"},
		"create: a line break in the name":         {create(0, name("a\nb")), invalid, "name"},
		"create: a hyphen in the name":             {create(0, name("R-D")), invalid, "name"},
		"create: a comma in the name":              {create(0, name("R,D")), invalid, "name"},
		"create: a Chinese comma in the name":      {create(0, name("研，发")), invalid, "name"},
		"create: a sibling has the name":           {create(0, name("Sales")), conflict, "name"},
		"create: a long English name":              {create(0, edit.DeptValues{Name: to("New"), NameEN: to(strings.Repeat("x", 65))}), invalid, "name_en"},
		"create: a long brief":                     {create(0, edit.DeptValues{Name: to("New"), Brief: to(strings.Repeat("x", 1025))}), invalid, "brief"},
		"create: a long source_identifier":         {create(0, edit.DeptValues{Name: to("New"), SourceIdentifier: to(strings.Repeat("x", 257))}), invalid, "source_identifier"},
		"create: a long code":                      {create(0, edit.DeptValues{Name: to("New"), Code: to(strings.Repeat("x", 31))}), invalid, "code"},
		"create: a long telephone":                 {create(0, edit.DeptValues{Name: to("New"), Telephone: to(strings.Repeat("1", 51))}), invalid, "telephone"},
		"create: an extension that is no object":   {create(0, edit.DeptValues{Name: to("New"), Extension: to("[1]")}), invalid, "extension"},
		"create: permits for an unknown dept":      {create(0, edit.DeptValues{Name: to("New"), PermitDepts: ids(3, 99)}), invalid, "dept_permits"},
		"create: permits for a deleted dept":       {create(0, edit.DeptValues{Name: to("New"), PermitDepts: ids(9)}), invalid, "dept_permits"},
		"create: permits for nobody":               {create(0, edit.DeptValues{Name: to("New"), PermitUsers: []string{"anna", "nobody"}}), invalid, "user_permits"},
		"create: permits for somebody who left":    {create(0, edit.DeptValues{Name: to("New"), PermitUsers: []string{"carl"}}), invalid, "user_permits"},
		"create: an unknown dept to be seen":       {create(0, edit.DeptValues{Name: to("New"), OuterDepts: ids(99)}), invalid, "outer_permit_depts"},
		"create: nobody to be seen":                {create(0, edit.DeptValues{Name: to("New"), OuterUsers: []string{"nobody"}}), invalid, "outer_permit_users"},
		"create: 201 permits":                      {create(0, edit.DeptValues{Name: to("New"), PermitDepts: slices.Repeat(ids(3), 201)}), invalid, "dept_permits"},
		"create: somebody leads it":                {create(0, edit.DeptValues{Name: to("New"), Leaders: []string{"anna"}}), invalid, "dept_manager_userid_list"},
		"create: somebody owns its group":          {create(0, edit.DeptValues{Name: to("New"), GroupOwner: to("anna")}), invalid, "org_dept_owner"},
		"update: no such department":               {update(99, name("New")), missing, "dept_id"},
		"update: a deleted department":             {update(9, name("New")), missing, "dept_id"},
		"update: no parent":                        {update(20, edit.DeptValues{ParentID: to(rollcall.DeptID(99))}), missing, "parent_id"},
		"update: a deleted parent":                 {update(20, edit.DeptValues{ParentID: to(rollcall.DeptID(9))}), missing, "parent_id"},
		"update: the root moves":                   {update(1, edit.DeptValues{ParentID: to(rollcall.DeptID(3))}), invalid, "parent_id"},
		"update: below itself":                     {update(2, edit.DeptValues{ParentID: to(rollcall.DeptID(2))}), conflict, "parent_id"},
		"update: below its child":                  {update(2, edit.DeptValues{ParentID: to(rollcall.DeptID(20))}), conflict, "parent_id"},
		"update: below its child's child":          {update(2, edit.DeptValues{ParentID: to(rollcall.DeptID(200))}), conflict, "parent_id"},
		"update: an empty name":                    {update(3, name("")), invalid, "name"},
		"update: a hyphen in the new name":         {update(3, name("R-D")), invalid, "name"},
		"update: a sibling has the name":           {update(3, name("Research")), conflict, "name"},
		"update: moves to where the name is taken": {update(20, edit.DeptValues{ParentID: to(rollcall.DeptID(1)), Name: to("Sales")}), conflict, "name"},
		"update: moves with a name of the import":  {update(4, edit.DeptValues{ParentID: to(rollcall.DeptID(2))}), invalid, "name"},
		"update: the owner is in another one":      {update(3, edit.DeptValues{GroupOwner: to("anna")}), invalid, "org_dept_owner"},
		"update: the owner is nobody":              {update(2, edit.DeptValues{GroupOwner: to("nobody")}), invalid, "org_dept_owner"},
		"update: the leader is in another one":     {update(3, edit.DeptValues{Leaders: []string{"dora", "anna"}}), invalid, "dept_manager_userid_list"},
		"update: the leader has left":              {update(2, edit.DeptValues{Leaders: []string{"carl"}}), invalid, "dept_manager_userid_list"},
		"update: the leaders are nobody":           {update(2, edit.DeptValues{Leaders: many(999)}), invalid, "dept_manager_userid_list"},
		"update: permits for nobody":               {update(2, edit.DeptValues{PermitUsers: many(1)}), invalid, "user_permits"},
		"delete: no such department":               {remove(99), missing, "dept_id"},
		"delete: a deleted department":             {remove(9), missing, "dept_id"},
		"delete: the root":                         {remove(1), invalid, "dept_id"},
		"delete: with members":                     {remove(3), conflict, edit.ParamMembers},
		"delete: with members and one below":       {remove(2), conflict, edit.ParamMembers},
		"delete: with one below":                   {remove(20), conflict, edit.ParamSubDepts},
	} {
		t.Run(what, func(t *testing.T) {
			before := c.Current()
			_, err := c.Do(t.Context(), "test", tt.intent)
			var e *rollcall.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Param != tt.param || e.Detail == "" {
				t.Errorf("got %v (%d %s), want kind %d about %s", err, rollcall.KindOf(err), param(err), tt.kind, tt.param)
			}
			if c.Current() != before {
				t.Error("something was changed")
			}
		})
	}
}

func param(err error) string {
	var e *rollcall.Error
	errors.As(err, &e)
	if e == nil {
		return ""
	}
	return e.Param
}

func TestCreateDept(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	var id rollcall.DeptID
	_, err := c.Do(t.Context(), "test", edit.CreateDept(&id, deptTestNow, edit.DeptValues{
		ParentID: to(rollcall.DeptID(20)), Name: to("Sales"), NameEN: to("Sales (EN)"), Order: to(int64(-3)), // a name of elsewhere
		SourceIdentifier: to("hr"), Brief: to("what it does"), Hidden: to(true), Outer: to(true), OuterSelf: to(true),
		CreateGroup: to(true), AutoAddUser: to(true), AutoApprove: to(true), GroupSub: to(true), GroupOuter: to(true), GroupHidden: to(true),
		Code: to("7"), Telephone: to("110"), Extension: to(`{"a":1}`),
		PermitDepts: ids(3, 1), OuterDepts: ids(2), PermitUsers: []string{"dora", "anna"}, OuterUsers: []string{"bob"},
		Leaders: []string{},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if id != 201 { // the largest one ever given was 200
		t.Errorf("the id is %d", id)
	}
	d, _ := c.Current().Dept(id)
	want := rollcall.Dept{
		ID: id, ParentID: 20, Name: "Sales", NameEN: "Sales (EN)", Order: -3, SourceIdentifier: "hr", Brief: "what it does",
		Since: deptTestNow, CreatedAt: deptTestNow, ModifiedAt: deptTestNow,
		Options: &rollcall.DeptOptions{
			Hidden: true, Outer: true, OuterSelf: true, CreateGroup: true, AutoAddUser: true, AutoApprove: true,
			GroupSub: true, GroupOuter: true, GroupHidden: true, Code: "7", Telephone: "110", Extension: `{"a":1}`,
			PermitDepts: ids(3, 1), OuterDepts: ids(2), PermitUsers: []rollcall.Ordinal{3, 0}, OuterUsers: []rollcall.Ordinal{1},
		},
	}
	if !d.Same(&want) {
		t.Errorf("got  %+v %+v\nwant %+v %+v", *d, *d.Opt(), want, *want.Opt())
	}

	// An id that somebody chooses, also one of a department that was deleted;
	// without a parent it is below the root. The next one goes on from there.
	for _, chosen := range ids(9, 500) {
		id := chosen
		if _, err := c.Do(t.Context(), "test", edit.CreateDept(&id, deptTestNow, edit.DeptValues{Name: to(fmt.Sprint("New ", chosen))})); err != nil || id != chosen {
			t.Fatalf("id %d: %d, %v", chosen, id, err)
		}
		if d, ok := c.Current().Dept(chosen); !ok || d.ParentID != rollcall.RootDept || d.Options != nil || d.Since != deptTestNow {
			t.Errorf("department %d is %+v", chosen, d)
		}
	}
	id = 0
	if _, err := c.Do(t.Context(), "test", edit.CreateDept(&id, deptTestNow, edit.DeptValues{Name: to("Next")})); err != nil || id != 501 {
		t.Errorf("the next id is %d, %v", id, err)
	}
	sound(t, c)
}

// An id of more digits than the wire reads is not taken unasked.
func TestCreateDeptAtTheLargestID(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	largest := rollcall.DeptID(999_999_999_999_999_999)
	if _, err := c.Do(t.Context(), "test", edit.CreateDept(&largest, 0, edit.DeptValues{Name: to("Last")})); err != nil {
		t.Fatal(err)
	}
	var id rollcall.DeptID
	_, err := c.Do(t.Context(), "test", edit.CreateDept(&id, 0, edit.DeptValues{Name: to("Next")}))
	if rollcall.KindOf(err) != rollcall.KindConflict || param(err) != "dept_id" {
		t.Errorf("got %d, %v", id, err)
	}
	id = 7
	if _, err := c.Do(t.Context(), "test", edit.CreateDept(&id, 0, edit.DeptValues{Name: to("Next")})); err != nil || id != 7 {
		t.Errorf("got %d, %v", id, err)
	}
}

// Creations that share a transaction get an id each, and only one of them a
// name.
func TestCreateDeptsTogether(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	const n = 40
	var made [n]rollcall.DeptID
	var failed [n]error
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_, failed[i] = c.Do(context.Background(), "test", edit.CreateDept(&made[i], deptTestNow, edit.DeptValues{Name: to(fmt.Sprint("Team ", i/2))}))
		})
	}
	all.Wait()
	var given []rollcall.DeptID
	for i := range n {
		if failed[i] == nil {
			given = append(given, made[i])
			if d, ok := c.Current().Dept(made[i]); !ok || d.Name != fmt.Sprint("Team ", i/2) {
				t.Errorf("department %d is %+v", made[i], d)
			}
		} else if rollcall.KindOf(failed[i]) != rollcall.KindConflict || param(failed[i]) != "name" {
			t.Error(failed[i])
		}
		if i%2 == 1 && (failed[i] == nil) == (failed[i-1] == nil) {
			t.Errorf("Team %d: %v and %v", i/2, failed[i-1], failed[i])
		}
	}
	slices.Sort(given)
	if len(slices.Compact(given)) != n/2 {
		t.Errorf("the ids are %v", given)
	}
	sound(t, c)
}

func TestUpdateDept(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	do := func(id rollcall.DeptID, v edit.DeptValues) directory.Outcome {
		t.Helper()
		out, err := c.Do(t.Context(), "test", edit.UpdateDept(id, v))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	dept := func(id rollcall.DeptID) rollcall.Dept { d, _ := c.Current().Dept(id); return *d }

	// What is not given stays.
	do(2, edit.DeptValues{Name: to("研发部"), Brief: to("b"), PermitDepts: ids(3), PermitUsers: []string{"dora"}, GroupOwner: to("bob")})
	if d := dept(2); d.Name != "研发部" || d.ParentID != 1 || d.Brief != "b" || !d.Options.Same(&rollcall.DeptOptions{
		Hidden: true, Code: "c", PermitDepts: ids(3), PermitUsers: []rollcall.Ordinal{3}, GroupOwner: to(rollcall.Ordinal(1)),
	}) {
		t.Errorf("got %+v %+v", d, d.Opt())
	}
	// What is given empty is taken away.
	do(2, edit.DeptValues{Brief: to(""), Hidden: to(false), Code: to(""), PermitDepts: []rollcall.DeptID{}, PermitUsers: []string{}, GroupOwner: to("")})
	if d := dept(2); d.Brief != "" || d.Options != nil {
		t.Errorf("got %+v %+v", d, d.Opt())
	}
	// The same again is no change.
	if out := do(2, edit.DeptValues{Name: to("研发部"), ParentID: to(rollcall.RootDept), Hidden: to(false), Leaders: []string{"anna"}}); len(out.Changes) > 0 {
		t.Errorf("changes %+v", out.Changes)
	}
	// A name that could not be given may stay, and be given again.
	do(4, edit.DeptValues{Order: to(int64(9)), Name: to("R-D, old")})
	// The root can be changed, but not moved.
	do(1, edit.DeptValues{Name: to("Organization"), ParentID: to(rollcall.DeptID(0))})
	if d := dept(1); d.Name != "Organization" || d.ParentID != 0 {
		t.Errorf("got %+v", d)
	}
	// A department moves with all that is below it, and its name is free then.
	do(20, edit.DeptValues{ParentID: to(rollcall.DeptID(3)), Name: to("Sales")})
	do(200, edit.DeptValues{ParentID: to(rollcall.DeptID(2)), Name: to("Backend")})
	if d := dept(20); d.ParentID != 3 || d.Since != deptTestNow {
		t.Errorf("got %+v", d)
	}
	sound(t, c)
}

func TestUpdateDeptLeaders(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	for _, tt := range []struct {
		list    []string
		want    []string
		changes int
	}{
		{nil, []string{"anna"}, 0},
		{[]string{"dora", "bob", "dora"}, []string{"bob", "dora"}, 3},
		{[]string{"bob"}, []string{"bob"}, 1},
		{[]string{"bob", "anna"}, []string{"anna", "bob"}, 1},
		{[]string{}, []string{}, 2},
	} {
		out, err := c.Do(t.Context(), "test", edit.UpdateDept(2, edit.DeptValues{Leaders: tt.list}))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Current().Leaders(2); !slices.Equal(got, tt.want) || len(out.Changes) != tt.changes {
			t.Errorf("%v: the leaders are %v, after %d changes", tt.list, got, len(out.Changes))
		}
	}
	if got := c.Current().Leaders(3); len(got) > 0 {
		t.Errorf("%v lead another department", got)
	}
	sound(t, c)
}

func TestDeleteDept(t *testing.T) {
	t.Parallel()
	c := deptCorp(t)
	for _, id := range ids(200, 20, 4) { // from below
		if _, err := c.Do(t.Context(), "test", edit.DeleteDept(id)); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Current().Dept(id); ok {
			t.Errorf("department %d is there", id)
		}
	}
	sound(t, c)
}
