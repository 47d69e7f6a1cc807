package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"rollcall"
)

// The joined userids of a large department are those of its list, in each
// version, whatever is kept of them.
func TestJoinedUserIDsOfALargeDepartment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, _ := w.solo(t)
	var crowd []rollcall.Change
	const people = 1100
	for o := range rollcall.Ordinal(people) {
		crowd = append(crowd, joined(o, fmt.Sprintf("user%04d", o), fmt.Sprintf("Name %d", o)), added(o, rollcall.RootDept))
	}
	if _, err := corp.Do(t.Context(), "test", want(crowd...)); err != nil {
		t.Fatal(err)
	}
	check := func(people int) {
		t.Helper()
		r := corp.Current()
		m, _ := r.Members(rollcall.RootDept, rollcall.OrderCustom, rollcall.Chinese, true)
		var ids []string
		for _, o := range m.Append(nil, 0, m.Len()) {
			ids = append(ids, `"`+r.User(rollcall.Ordinal(o)).UserID+`"`)
		}
		if len(ids) != people {
			t.Fatalf("%d people are listed, want %d", len(ids), people)
		}
		for range 2 { // made, then kept
			if got := string(r.AppendAllUserIDs([]byte("["), m)); got != "["+strings.Join(ids, ",") {
				t.Fatalf("version %d: the joined userids are not those of the list", r.Version())
			}
		}
	}
	check(people)
	for i, change := range [][]rollcall.Change{
		{removed(5, rollcall.RootDept), left(5)},
		{updated(7, rollcall.UserUpdate{Name: ptr("aaa")})}, // to another place
		{joined(people, "new", "Name 55x"), added(people, rollcall.RootDept)},
		{joined(5, "user0005", "Name 5"), added(5, rollcall.RootDept)},
	} {
		if _, err := corp.Do(t.Context(), "test", want(change...)); err != nil {
			t.Fatal(err)
		}
		check(people + []int{-1, -1, 0, 1}[i])
	}
}
