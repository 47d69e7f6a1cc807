package activity

import (
	"container/list"
	"encoding/binary"
	"slices"
	"sync"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// Query asks who did or did not sign in on a day.
type Query struct {
	Day rollcall.Day
	// Active asks for those who signed in; otherwise for those who did not.
	Active bool
	// Depts limits the answer to those who were in one of them at the end of
	// the day; none is the whole organization.
	Depts []rollcall.DeptID
	// Subtrees widens Depts to everything below them, with the tree as it was
	// at the end of the day.
	Subtrees bool
}

// Answer returns the people, by ascending ordinal (contract D6). Answers are
// kept and given again while neither the day's sign-ins nor the belongings
// before its end changed.
func (g *Register) Answer(r *directory.Root, q Query) *ordset.Ranked {
	signed := g.SignedIn(q.Day)
	key := q.key()
	if a := g.answers.get(key, r, signed); a != nil {
		return a
	}
	end := rollcall.At(r.Calendar().End(q.Day))
	var set *ordset.Set
	if len(q.Depts) == 0 {
		set = r.RosterAt(end)
	} else {
		set = membersAt(r, q, end)
	}
	if q.Active {
		set.And(signed)
	} else {
		set.AndNot(signed)
	}
	a := ordset.Rank(set)
	g.answers.put(key, &answer{ranked: a, version: r.Version(), calendar: r.Calendar(), end: end, signed: signed})
	return a
}

func membersAt(r *directory.Root, q Query, end rollcall.Instant) *ordset.Set {
	set := ordset.New(int(r.NextOrdinal()))
	depts := q.Depts
	if q.Subtrees {
		depts = nil
		for _, d := range q.Depts {
			depts = append(depts, r.SubtreeAt(d, end)...)
		}
	}
	for _, d := range depts {
		r.AddMembersAt(set, d, end)
	}
	return set
}

// key is the query as a string; the order and repeats of Depts do not matter.
func (q Query) key() string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(q.Day))
	var flags byte
	if q.Active {
		flags |= 1
	}
	if q.Subtrees {
		flags |= 2
	}
	b = append(b, flags)
	ids := q.Depts
	if len(ids) > 1 {
		ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	}
	for _, d := range ids {
		b = binary.AppendVarint(b, int64(d))
	}
	return string(b)
}

// answersBytes is how much memory kept answers may hold.
const answersBytes = 64 << 20

// answers keeps computed answers, the least recently used leave first.
type answers struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	queue *list.List // the least recently used first
	size  int
}

type answer struct {
	key    string
	ranked *ordset.Ranked
	// What it was computed from. The version is not held itself, so that it can
	// go.
	version  uint64
	calendar *rollcall.Calendar
	end      rollcall.Instant // of the day
	signed   *ordset.Set
}

func (a *answers) init() { a.byKey, a.queue = map[string]*list.Element{}, list.New() }

func (a *answers) bytes() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.size
}

func (a *answers) get(key string, r *directory.Root, signed *ordset.Set) *ordset.Ranked {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.byKey[key]
	if e == nil {
		return nil
	}
	x := e.Value.(*answer)
	if x.calendar != r.Calendar() || !r.BelongingSame(x.version, x.end) ||
		x.signed != signed && !x.signed.Equal(signed) {
		return nil
	}
	x.version, x.signed = r.Version(), signed
	a.queue.MoveToBack(e)
	return x.ranked
}

func (a *answers) put(key string, x *answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.byKey[key]; e != nil {
		a.drop(e)
	}
	x.key = key
	a.byKey[key] = a.queue.PushBack(x)
	a.size += x.bytes()
	for a.size > answersBytes && a.queue.Len() > 1 {
		a.drop(a.queue.Front())
	}
}

func (a *answers) drop(e *list.Element) {
	x := a.queue.Remove(e).(*answer)
	delete(a.byKey, x.key)
	a.size -= x.bytes()
}

func (x *answer) bytes() int { return x.ranked.Bytes() + len(x.key) + 200 }
