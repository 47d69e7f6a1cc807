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
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

// roleKeyer is shared, because it takes a while to make.
var roleKeyer = sync.OnceValue(pinyin.New)

// roleCorp opens an organization with the groups offices (101) and duties (102),
// the roles head (101) and clerk (102) of the offices, and anna, who is head,
// bob, who is nothing, and carl, who has left.
func roleCorp(t *testing.T) *directory.Corp {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, t.TempDir(), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	corp := rollcall.Corp{ID: "roles", Name: "Org", Settings: rollcall.DefaultSettings()}
	if err := store.CreateCorp(ctx, corp); err != nil {
		t.Fatal(err)
	}
	clock := modeltest.NewClock(time.UnixMilli(1_787_277_600_000))
	c, err := directory.Open(ctx, corp.ID, directory.Options{
		Store: store, Encoder: modeltest.Encoder{}, Keyer: roleKeyer(), Clock: clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	var people []rollcall.Change
	for o, userid := range []string{"anna", "bob", "carl"} {
		people = append(people, rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(o), Payload: rollcall.Payload{
			User: &rollcall.User{UserID: userid, Name: userid, Stay: rollcall.Stay{To: rollcall.Open}},
		}})
	}
	people = append(people, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 2})
	var group rollcall.GroupID
	var role rollcall.RoleID
	for _, in := range []directory.Intent{
		func(*directory.State) (directory.Batch, error) { return directory.Batch{Changes: people}, nil },
		edit.CreateRoleGroup(&group, "offices"), edit.CreateRoleGroup(&group, "duties"),
		edit.CreateRole(&role, 101, "head"), edit.CreateRole(&role, 101, "clerk"),
		edit.GiveRoles([]rollcall.RoleID{101}, []string{"anna"}),
	} {
		if _, err := c.Do(ctx, "test", in); err != nil {
			t.Fatal(err)
		}
	}
	if group != 102 || role != 102 {
		t.Fatalf("the last group is %d, the last role %d", group, role)
	}
	return c
}

// roles tells of all groups and roles but those of the system, and who holds
// them.
func roles(c *directory.Corp) string {
	r := c.Current()
	var b strings.Builder
	for g := range r.RoleGroups() {
		if g.ID == rollcall.SystemGroup {
			continue
		}
		fmt.Fprintf(&b, "%s(", g.Name)
		for role := range r.Roles() {
			if role.GroupID != g.ID {
				continue
			}
			fmt.Fprintf(&b, " %s:", role.Name)
			holders, _ := r.RoleHolders(role.ID, 0, 100)
			for _, o := range holders {
				fmt.Fprintf(&b, " %s", r.User(o).UserID)
			}
		}
		b.WriteString(") ")
	}
	return strings.TrimSpace(b.String())
}

func TestRoles(t *testing.T) {
	t.Parallel()
	const before = "offices( head: anna clerk:) duties()"
	name := func(s string) edit.RoleValues { return edit.RoleValues{Name: &s} }
	move := func(to rollcall.GroupID) edit.RoleValues { return edit.RoleValues{GroupID: &to} }
	list := func(ids ...rollcall.RoleID) []rollcall.RoleID { return ids }
	people := func(userids ...string) []string { return userids }
	tests := map[string]struct {
		do    []directory.Intent
		kind  rollcall.ErrorKind // of the last one's error; KindInternal is none
		param string
		after string // empty: as before
	}{
		"group created":              {do: []directory.Intent{edit.CreateRoleGroup(new(rollcall.GroupID), "third")}, after: before + " third()"},
		"group with a taken name":    {[]directory.Intent{edit.CreateRoleGroup(new(rollcall.GroupID), "duties")}, rollcall.KindConflict, "name", ""},
		"group with the system's":    {[]directory.Intent{edit.CreateRoleGroup(new(rollcall.GroupID), "默认")}, rollcall.KindConflict, "name", ""},
		"group without a name":       {[]directory.Intent{edit.CreateRoleGroup(new(rollcall.GroupID), "")}, rollcall.KindInvalid, "name", ""},
		"group with a long name":     {[]directory.Intent{edit.CreateRoleGroup(new(rollcall.GroupID), strings.Repeat("长", 65))}, rollcall.KindInvalid, "name", ""},
		"group renamed":              {do: []directory.Intent{edit.RenameRoleGroup(101, "posts")}, after: "posts( head: anna clerk:) duties()"},
		"group renamed to a taken":   {[]directory.Intent{edit.RenameRoleGroup(101, "duties")}, rollcall.KindConflict, "name", ""},
		"group renamed to its own":   {do: []directory.Intent{edit.RenameRoleGroup(101, "offices")}},
		"unknown group renamed":      {[]directory.Intent{edit.RenameRoleGroup(99, "x")}, rollcall.KindNotFound, "group_id", ""},
		"system group renamed":       {[]directory.Intent{edit.RenameRoleGroup(1, "x")}, rollcall.KindDenied, "group_id", ""},
		"group deleted":              {do: []directory.Intent{edit.DeleteRoleGroup(102)}, after: "offices( head: anna clerk:)"},
		"group with roles deleted":   {[]directory.Intent{edit.DeleteRoleGroup(101)}, rollcall.KindConflict, edit.ParamRoles, ""},
		"unknown group deleted":      {[]directory.Intent{edit.DeleteRoleGroup(99)}, rollcall.KindNotFound, "group_id", ""},
		"system group deleted":       {[]directory.Intent{edit.DeleteRoleGroup(1)}, rollcall.KindDenied, "group_id", ""},
		"role created":               {do: []directory.Intent{edit.CreateRole(new(rollcall.RoleID), 102, "head")}, after: "offices( head: anna clerk:) duties( head:)"},
		"role with a taken name":     {[]directory.Intent{edit.CreateRole(new(rollcall.RoleID), 101, "head")}, rollcall.KindConflict, "name", ""},
		"role without a name":        {[]directory.Intent{edit.CreateRole(new(rollcall.RoleID), 101, "")}, rollcall.KindInvalid, "name", ""},
		"role in an unknown group":   {[]directory.Intent{edit.CreateRole(new(rollcall.RoleID), 99, "x")}, rollcall.KindNotFound, "group_id", ""},
		"role in the system group":   {[]directory.Intent{edit.CreateRole(new(rollcall.RoleID), 1, "x")}, rollcall.KindDenied, "group_id", ""},
		"role renamed":               {do: []directory.Intent{edit.UpdateRole(101, name("chair"))}, after: "offices( chair: anna clerk:) duties()"},
		"role renamed to its own":    {do: []directory.Intent{edit.UpdateRole(101, name("head"))}},
		"role renamed to a taken":    {[]directory.Intent{edit.UpdateRole(101, name("clerk"))}, rollcall.KindConflict, "name", ""},
		"role moved":                 {do: []directory.Intent{edit.UpdateRole(101, move(102))}, after: "offices( clerk:) duties( head: anna)"},
		"role moved to an unknown":   {[]directory.Intent{edit.UpdateRole(101, move(99))}, rollcall.KindNotFound, "group_id", ""},
		"role moved to the system's": {[]directory.Intent{edit.UpdateRole(101, move(1))}, rollcall.KindDenied, "group_id", ""},
		"role moved beside its name": {[]directory.Intent{edit.CreateRole(new(rollcall.RoleID), 102, "head"), edit.UpdateRole(101, move(102))}, rollcall.KindConflict, "name", "offices( head: anna clerk:) duties( head:)"},
		"unknown role renamed":       {[]directory.Intent{edit.UpdateRole(99, name("x"))}, rollcall.KindNotFound, "role_id", ""},
		"system role renamed":        {[]directory.Intent{edit.UpdateRole(rollcall.RoleLeader, name("x"))}, rollcall.KindDenied, "role_id", ""},
		"role deleted":               {do: []directory.Intent{edit.DeleteRole(102)}, after: "offices( head: anna) duties()"},
		"held role deleted":          {[]directory.Intent{edit.DeleteRole(101)}, rollcall.KindConflict, edit.ParamHolders, ""},
		"deleted when nobody has it": {do: []directory.Intent{edit.TakeRoles(list(101), people("anna")), edit.DeleteRole(101)}, after: "offices( clerk:) duties()"},
		"unknown role deleted":       {[]directory.Intent{edit.DeleteRole(103)}, rollcall.KindNotFound, "role_id", ""},
		"system role deleted":        {[]directory.Intent{edit.DeleteRole(rollcall.RoleSubAdmin)}, rollcall.KindDenied, "role_id", ""},
		"given to many":              {do: []directory.Intent{edit.GiveRoles(list(102, 101, 102), people("bob", "anna", "bob"))}, after: "offices( head: anna bob clerk: anna bob) duties()"},
		"given to nobody":            {do: []directory.Intent{edit.GiveRoles(list(101), nil)}},
		"unknown role given":         {[]directory.Intent{edit.GiveRoles(list(102, 99), people("bob"))}, rollcall.KindNotFound, "role_id", ""},
		"system role given":          {[]directory.Intent{edit.GiveRoles(list(rollcall.RoleBoss), people("bob"))}, rollcall.KindDenied, "role_id", ""},
		"given to a stranger":        {[]directory.Intent{edit.GiveRoles(list(102), people("bob", "dora"))}, rollcall.KindNotFound, "userid", ""},
		"given to one who left":      {[]directory.Intent{edit.GiveRoles(list(102), people("carl"))}, rollcall.KindNotFound, "userid", ""},
		"taken":                      {do: []directory.Intent{edit.TakeRoles(list(101, 102), people("anna", "bob", "anna"))}, after: "offices( head: clerk:) duties()"},
		"unknown role taken":         {[]directory.Intent{edit.TakeRoles(list(99), people("anna"))}, rollcall.KindNotFound, "role_id", ""},
		"system role taken":          {[]directory.Intent{edit.TakeRoles(list(rollcall.RoleMainAdmin), people("anna"))}, rollcall.KindDenied, "role_id", ""},
		"taken from a stranger":      {[]directory.Intent{edit.TakeRoles(list(101), people("dora"))}, rollcall.KindNotFound, "userid", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := roleCorp(t)
			if got := roles(c); got != before {
				t.Fatalf("it begins with %s", got)
			}
			for i, in := range test.do {
				_, err := c.Do(context.Background(), "test", in)
				var e *rollcall.Error
				switch refused := test.kind != rollcall.KindInternal && i == len(test.do)-1; {
				case !refused && err != nil:
					t.Errorf("step %d: %v", i, err)
				case refused && (!errors.As(err, &e) || e.Kind != test.kind || e.Param != test.param):
					t.Errorf("step %d: the error is %v, and not of kind %d about %s", i, err, test.kind, test.param)
				}
			}
			after := test.after
			if after == "" {
				after = before
			}
			if got := roles(c); got != after {
				t.Errorf("got  %s\nwant %s", got, after)
			}
			if _, err := c.Current().Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The ids of new roles are told, and are those of the roles.
func TestNewRolesHaveTheNextIDs(t *testing.T) {
	t.Parallel()
	c := roleCorp(t)
	var made []rollcall.RoleID
	for _, name := range []string{"one", "two"} {
		var id rollcall.RoleID
		if _, err := c.Do(context.Background(), "test", edit.CreateRole(&id, 102, name)); err != nil {
			t.Fatal(err)
		}
		if r, ok := c.Current().Role(id); !ok || r.Name != name || r.GroupID != 102 {
			t.Errorf("role %d is %+v and not %s", id, r, name)
		}
		made = append(made, id)
	}
	if !slices.Equal(made, []rollcall.RoleID{103, 104}) {
		t.Errorf("the ids are %v", made)
	}
}
