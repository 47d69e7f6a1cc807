package directory

import (
	"container/list"
	"sync"

	"rollcall/internal/directory/sequence"
)

const (
	// joinedFrom is from how many members on the joined userids of a list are
	// kept: gathering them touches as many places of the memory.
	joinedFrom = 1000
	// joinedBytes bounds what is kept.
	joinedBytes = 8 << 20
)

// joinedIDs keeps the joined userids of large lists, the least recently used
// leave first. A member's userid never changes and a sequence neither, so that
// what is kept stays right in every version in which the sequence is the same.
type joinedIDs struct {
	mu     sync.Mutex
	bySeq  map[sequence.Seq]*list.Element
	oldest *list.List
	bytes  int
}

type joinedList struct {
	seq sequence.Seq
	ids []byte
}

func newJoinedIDs() *joinedIDs {
	return &joinedIDs{bySeq: map[sequence.Seq]*list.Element{}, oldest: list.New()}
}

// get returns the joined userids of a sequence; make makes them where they are
// not kept.
func (j *joinedIDs) get(q sequence.Seq, make func() []byte) []byte {
	j.mu.Lock()
	if e := j.bySeq[q]; e != nil {
		j.oldest.MoveToBack(e)
		j.mu.Unlock()
		return e.Value.(*joinedList).ids
	}
	j.mu.Unlock()
	ids := make() // others need not wait for it
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.bySeq[q] != nil || len(ids) > joinedBytes {
		return ids
	}
	j.bySeq[q] = j.oldest.PushBack(&joinedList{q, ids})
	j.bytes += len(ids)
	for j.bytes > joinedBytes {
		gone := j.oldest.Remove(j.oldest.Front()).(*joinedList)
		delete(j.bySeq, gone.seq)
		j.bytes -= len(gone.ids)
	}
	return ids
}
