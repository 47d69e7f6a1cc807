package directory_test

import (
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/ordset"

	"pgregory.net/rapid"
)

// agreeTimeline fails unless a timeline of some instants tells at each what the
// model says about it.
func agreeTimeline(t *rapid.T, r *directory.Root, m *modeltest.Model, pick func(n int) int) {
	t.Helper()
	instants := m.Instants()
	var ends []rollcall.Instant
	for range pick(12) {
		ends = append(ends, instants[pick(len(instants))])
	}
	slices.Sort(ends)
	var depts []rollcall.DeptID
	ids := append(modeltest.DeptIDs(), 9_999_999) // one is not known
	for range pick(4) {
		depts = append(depts, ids[pick(len(ids))])
	}
	subtrees := pick(2) == 0
	other := ordset.New(0)
	for o := range m.People {
		if pick(2) == 0 {
			other.Add(uint32(o))
		}
	}
	line := r.Timeline(ends, depts, subtrees)
	for i, end := range ends {
		want := m.RosterAt(end)
		if len(depts) > 0 {
			all := slices.Clone(depts)
			for _, id := range depts {
				if subtrees && m.Depts[id] != nil {
					all = append(all, m.SubtreeAt(id, end)...)
				}
			}
			want = m.MembersAt(all, end)
		}
		both := 0
		for _, o := range want {
			if other.Has(o) {
				both++
			}
		}
		set, count := line.Next()
		if got := slices.Collect(set.All()); !slices.Equal(got, want) || count != len(want) || line.CountBoth(other) != both {
			t.Fatal(fmt.Sprintf("departments %v (below them: %v), instant %d of %v: %v, counted %d and %d, and not %v, %d",
				depts, subtrees, i, ends, got, count, line.CountBoth(other), want, both))
		}
	}
}
