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
// before its end changed, nor anybody's userid.
func (g *Register) Answer(r *directory.Root, q Query) *List {
	signed := g.SignedIn(q.Day)
	var room [64]byte
	key := q.appendKey(room[:0])
	if l := g.answers.get(key, r, signed); l != nil {
		return l
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
	a := &answer{key: string(key), version: r.Version(), calendar: r.Calendar(), end: end, signed: signed}
	a.list = newList(ordset.Rank(set), func(bytes int) bool { return g.answers.grow(a, bytes) })
	g.answers.put(a)
	return a.list
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

// appendKey appends what tells the query from others; the order and repeats of
// Depts do not matter.
func (q Query) appendKey(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(q.Day))
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
	return b
}

const (
	// answersBytes is how much memory kept answers may hold.
	answersBytes = 32 << 20
	// joinedBytes is how much of it the joined userids of one answer may take.
	joinedBytes = answersBytes / 4
)

// answers keeps computed answers, the least recently used leave first.
type answers struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	queue *list.List // the least recently used first
	size  int
}

type answer struct {
	key    string
	list   *List
	joined int // bytes of the list's pieces
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

func (a *answers) get(key []byte, r *directory.Root, signed *ordset.Set) *List {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.byKey[string(key)]
	if e == nil {
		return nil
	}
	x := e.Value.(*answer)
	if x.calendar != r.Calendar() || !r.BelongingSame(x.version, x.end) || !r.UserIDsSame(x.version) ||
		x.signed != signed && !x.signed.Equal(signed) {
		return nil
	}
	x.version, x.signed = r.Version(), signed
	a.queue.MoveToBack(e)
	return x.list
}

func (a *answers) put(x *answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if e := a.byKey[x.key]; e != nil {
		a.drop(e)
	}
	a.byKey[x.key] = a.queue.PushBack(x)
	a.size += x.bytes()
	a.trim()
}

// grow makes room for more joined userids of an answer, or for fewer. It is
// false where they are too many, and where the answer is not kept any more.
func (a *answers) grow(x *answer, bytes int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.byKey[x.key]
	if e == nil || e.Value != x || x.joined+bytes > joinedBytes {
		return false
	}
	x.joined += bytes
	a.size += bytes
	a.queue.MoveToBack(e) // it is in use, and others make room for it
	a.trim()
	return true
}

// trim drops answers until the rest is small enough, but for the last one.
func (a *answers) trim() {
	for a.size > answersBytes && a.queue.Len() > 1 {
		a.drop(a.queue.Front())
	}
}

func (a *answers) drop(e *list.Element) {
	x := a.queue.Remove(e).(*answer)
	delete(a.byKey, x.key)
	a.size -= x.bytes()
}

func (x *answer) bytes() int { return x.list.bytes() + x.joined + len(x.key) + 200 }
