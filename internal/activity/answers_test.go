package activity

import (
	"fmt"
	"testing"

	"rollcall"
	"rollcall/internal/ordset"
)

// Kept answers are bounded in bytes; those that were used last stay.
func TestKeptAnswersAreBounded(t *testing.T) {
	t.Parallel()
	var kept answers
	kept.init()
	signed := ordset.New(0)
	full := func() *ordset.Ranked { // 1 MiB
		words := make([]uint64, 1<<17)
		for i := range words {
			words[i] = ^uint64(0)
		}
		return ordset.Rank(ordset.Of(words))
	}
	put := func(key string) {
		kept.put(key, &answer{ranked: full(), calendar: &rollcall.Calendar{}, signed: signed})
	}
	there := func(key string) bool { return kept.byKey[key] != nil }
	put("favourite")
	for i := range 100 {
		key := fmt.Sprint(i)
		put(key)
		put(key)                                       // in the place of the one before
		kept.queue.MoveToBack(kept.byKey["favourite"]) // it was used
		if kept.bytes() > answersBytes {
			t.Fatalf("after %d answers %d bytes are held", i+1, kept.bytes())
		}
	}
	if n := len(kept.byKey); n != kept.queue.Len() || n < 50 || n > 64 {
		t.Errorf("%d answers are kept, %d are in the queue", n, kept.queue.Len())
	}
	if !there("favourite") || !there("99") || there("0") {
		t.Error("it is not the oldest that went")
	}
	size := 0
	for _, e := range kept.byKey {
		size += e.Value.(*answer).bytes()
	}
	if size != kept.bytes() {
		t.Errorf("%d bytes are counted, %d are held", kept.bytes(), size)
	}
}

// Questions that mean the same have one key, others have others.
func TestQueryKeys(t *testing.T) {
	t.Parallel()
	base := Query{Day: 20260301, Depts: []rollcall.DeptID{2, 3}}
	same := []Query{
		{Day: 20260301, Depts: []rollcall.DeptID{3, 2}},
		{Day: 20260301, Depts: []rollcall.DeptID{3, 2, 3, 2}},
	}
	others := []Query{
		{Day: 20260302, Depts: []rollcall.DeptID{2, 3}},
		{Day: 20260301, Active: true, Depts: []rollcall.DeptID{2, 3}},
		{Day: 20260301, Subtrees: true, Depts: []rollcall.DeptID{2, 3}},
		{Day: 20260301, Active: true, Subtrees: true, Depts: []rollcall.DeptID{2, 3}},
		{Day: 20260301, Depts: []rollcall.DeptID{2}},
		{Day: 20260301, Depts: []rollcall.DeptID{2, 3, 4}},
		{Day: 20260301, Depts: []rollcall.DeptID{23}},
		{Day: 20260301},
	}
	for _, q := range same {
		if q.key() != base.key() {
			t.Errorf("%+v has another key than %+v", q, base)
		}
	}
	seen := map[string]Query{base.key(): base}
	for _, q := range others {
		if twin, taken := seen[q.key()]; taken {
			t.Errorf("%+v has the key of %+v", q, twin)
		}
		seen[q.key()] = q
	}
}
