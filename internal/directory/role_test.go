package directory_test

import (
	"testing"

	"rollcall"
	"rollcall/internal/directory"
)

func roleGroup(k rollcall.Kind, id rollcall.GroupID) rollcall.Change {
	return rollcall.Change{Kind: k, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: id, Name: "offices"}}}
}

func role(k rollcall.Kind, id rollcall.RoleID, group rollcall.GroupID) rollcall.Change {
	return rollcall.Change{Kind: k, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id, GroupID: group, Name: "head"}}}
}

func held(k rollcall.Kind, o rollcall.Ordinal, id rollcall.RoleID) rollcall.Change {
	return rollcall.Change{Kind: k, Ordinal: o, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}}
}

func TestWhatDoesNotFitRolesFailsAlone(t *testing.T) {
	t.Parallel()
	// Group 101 has role 101, which person 0 holds, and role 102; group 102 has
	// no role. Person 1 holds none, and person 2 has left.
	tests := map[string][]rollcall.Change{
		"known group created":           {roleGroup(rollcall.RoleGroupCreated, 101)},
		"unknown group renamed":         {roleGroup(rollcall.RoleGroupUpdated, 99)},
		"unknown group deleted":         {roleGroup(rollcall.RoleGroupDeleted, 99)},
		"group with roles deleted":      {roleGroup(rollcall.RoleGroupDeleted, 101)},
		"group with a new role deleted": {role(rollcall.RoleCreated, 103, 102), roleGroup(rollcall.RoleGroupDeleted, 102)},
		"known role created":            {role(rollcall.RoleCreated, 101, 101)},
		"role in an unknown group":      {role(rollcall.RoleCreated, 103, 99)},
		"role in a deleted group":       {roleGroup(rollcall.RoleGroupDeleted, 102), role(rollcall.RoleCreated, 103, 102)},
		"unknown role changed":          {role(rollcall.RoleUpdated, 99, 101)},
		"role moved to an unknown one":  {role(rollcall.RoleUpdated, 101, 99)},
		"unknown role deleted":          {role(rollcall.RoleDeleted, 99, 101)},
		"held role deleted":             {role(rollcall.RoleDeleted, 101, 101)},
		"role given in vain":            {held(rollcall.RoleGiven, 1, 102), role(rollcall.RoleDeleted, 102, 101)},
		"unknown role given":            {held(rollcall.RoleGiven, 1, 99)},
		"role given twice":              {held(rollcall.RoleGiven, 0, 101)},
		"given to an unknown person":    {held(rollcall.RoleGiven, 99, 101)},
		"given to one who left":         {held(rollcall.RoleGiven, 2, 101)},
		"unknown role taken":            {held(rollcall.RoleTaken, 0, 99)},
		"taken without being held":      {held(rollcall.RoleTaken, 1, 102)},
		"taken from one who left":       {held(rollcall.RoleTaken, 2, 101)},
		"left with a role":              {left(0)},
	}
	w := newWorld(t)
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			setup, model := w.solo(t)
			do(t, setup, model,
				joined(0, "a", "Anna"), joined(1, "b", "Bob"), joined(2, "z", "Zoë"), left(2),
				roleGroup(rollcall.RoleGroupCreated, 101), roleGroup(rollcall.RoleGroupCreated, 102),
				role(rollcall.RoleCreated, 101, 101), role(rollcall.RoleCreated, 102, 101), held(rollcall.RoleGiven, 0, 101))
			corp, results := together(t, w, model.Corp.ID,
				want(held(rollcall.RoleGiven, 1, 101)), want(bad...), want(held(rollcall.RoleGiven, 0, 102)))
			if results[1].err == nil {
				t.Error("it was done")
			}
			for _, r := range []result{results[0], results[2]} {
				if r.err != nil {
					t.Fatal(r.err)
				}
				model.Apply(r.out.Changes)
			}
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
		})
	}
}

// The ids of what was deleted are not given again, also after loading.
func TestRoleIDsAreNotGivenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model,
		roleGroup(rollcall.RoleGroupCreated, 101), role(rollcall.RoleCreated, 101, 101), role(rollcall.RoleCreated, 102, 101))
	do(t, corp, model,
		role(rollcall.RoleDeleted, 102, 101), role(rollcall.RoleDeleted, 101, 101), roleGroup(rollcall.RoleGroupDeleted, 101))
	for _, c := range []*directory.Corp{corp, w.open(t, w.store, model.Corp.ID)} {
		_, err := c.Do(t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
			if s.NextGroup() != 102 || s.NextRole() != 103 {
				t.Errorf("the next group is %d and the next role %d", s.NextGroup(), s.NextRole())
			}
			return directory.Batch{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
