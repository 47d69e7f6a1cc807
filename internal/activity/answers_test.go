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
	put := func(key string) *answer {
		a := &answer{key: key, list: newList(full(), nil), calendar: &rollcall.Calendar{}, signed: signed}
		kept.put(a)
		return a
	}
	there := func(key string) bool { return kept.byKey[key] != nil }
	favourite := put("favourite")
	for i := range 100 {
		key := fmt.Sprint(i)
		put(key)
		put(key)                                       // in the place of the one before
		kept.queue.MoveToBack(kept.byKey["favourite"]) // it was used
		if kept.bytes() > answersBytes {
			t.Fatalf("after %d answers %d bytes are held", i+1, kept.bytes())
		}
	}
	check := func(least, most int) {
		t.Helper()
		if n := len(kept.byKey); n != kept.queue.Len() || n < least || n > most {
			t.Errorf("%d answers are kept, %d are in the queue", n, kept.queue.Len())
		}
		size := 0
		for _, e := range kept.byKey {
			size += e.Value.(*answer).bytes()
		}
		if size != kept.bytes() || size > answersBytes {
			t.Errorf("%d bytes are counted, %d are held", kept.bytes(), size)
		}
	}
	check(15, 20) // each has half a megabyte of room for its pieces
	if !there("favourite") || !there("99") || there("0") {
		t.Error("it is not the oldest that went")
	}
	// Joined userids count too, and those of one answer only go so far.
	const step = 1 << 20
	last, old := put("last"), put("old")
	kept.queue.MoveToFront(kept.byKey["last"])
	for last.joined+step <= joinedBytes {
		if !kept.grow(last, step) {
			t.Fatalf("there is no room for %d bytes", last.joined+step)
		}
	}
	check(10, 15)
	if kept.grow(last, step) || last.joined > joinedBytes {
		t.Errorf("%d bytes are kept of one answer", last.joined)
	}
	if !kept.grow(last, -step) || !kept.grow(last, step) {
		t.Error("what is given back is not there for others")
	}
	check(10, 15)
	put("old")
	if kept.grow(old, step) || kept.grow(favourite, step) != there("favourite") {
		t.Error("an answer that is not kept has room")
	}
	check(10, 15)
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
	key := func(q Query) string { return string(q.appendKey(nil)) }
	for _, q := range same {
		if key(q) != key(base) {
			t.Errorf("%+v has another key than %+v", q, base)
		}
	}
	seen := map[string]Query{key(base): base}
	for _, q := range others {
		if twin, taken := seen[key(q)]; taken {
			t.Errorf("%+v has the key of %+v", q, twin)
		}
		seen[key(q)] = q
	}
}
