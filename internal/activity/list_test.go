package activity_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
)

// crowd is people from an ordinal on, since ever.
func crowd(from, n rollcall.Ordinal) []rollcall.Change {
	var list []rollcall.Change
	for o := from; o < from+n; o++ {
		list = append(list, joined(o, rollcall.Beginning))
	}
	return list
}

// Every page of a long list shows the userids of its people: made, kept, and
// after changes, whoever asks at the same time.
func TestPagesOfUserIDs(t *testing.T) {
	t.Parallel()
	x := newOrg(t, time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC), "Asia/Shanghai")
	var signed []rollcall.Ordinal
	for o := rollcall.Ordinal(0); o < 900; o += 3 {
		signed = append(signed, o)
	}
	x.do(signIns{20260302: signed}, crowd(0, 1000)...)
	q := activity.Query{Day: 20260302}
	show := func(t *testing.T, seed uint64) {
		r := x.corp.Current()
		list := x.reg.Answer(r, q)
		var ids []string
		for _, o := range list.Append(nil, 0, list.Count()) {
			ids = append(ids, fmt.Sprintf("%q", r.User(rollcall.Ordinal(o)).UserID))
		}
		rnd := rand.New(rand.NewPCG(seed, 0))
		for i := range 300 {
			offset, n := rnd.IntN(len(ids)+50), rnd.IntN(400)
			if i == 0 {
				offset, n = 0, len(ids)
			}
			want := strings.Join(ids[min(offset, len(ids)):min(offset+n, len(ids))], ",")
			if got := list.AppendUserIDs([]byte("["), r, offset, n); string(got) != "["+want {
				t.Errorf("%d from %d on: %s and not %s", n, offset, got, want)
				return
			}
		}
		if got := list.AppendUserIDs(nil, r, -1, 10); len(got) > 0 {
			t.Errorf("before the start there is %s", got)
		}
	}
	together := func() {
		t.Helper()
		var asking sync.WaitGroup
		for i := range 4 {
			asking.Go(func() { show(t, uint64(i)) })
		}
		asking.Wait()
	}
	together()
	x.check(q)
	before := x.reg.Bytes()
	together()
	if now := x.reg.Bytes(); now != before {
		t.Errorf("what is kept grew from %d to %d bytes", before, now)
	}
	x.do(signIns{20260302: {1, 4, 7, 500}}, crowd(1000, 300)...)
	together()
	x.check(q)
}
