package activity

import (
	"math/bits"

	"rollcall"
)

// Tally tells of people, in ascending order best, what [Reply.Last] and
// [Reply.Count] tell of one. It works out 64 neighbours at a time, as the sets
// have them in one word: for everybody and 400 days that is some 30 times less
// work than asking about each.
type Tally struct {
	reply  Reply
	block  int // -1 before the first
	last   [64]rollcall.Day
	planes [32]uint64 // of the counts: one bit of each
}

// Tally returns what tells about many.
func (a Reply) Tally() *Tally { return &Tally{reply: a, block: -1} }

// Of returns the last day on which a person signed in, 0 where none is kept, and
// on how many days of the range.
func (t *Tally) Of(o rollcall.Ordinal) (last rollcall.Day, count int) {
	if b := int(uint32(o) / 64); b != t.block {
		t.work(b)
	}
	bit := uint32(o) % 64
	for p, plane := range t.planes {
		count |= int(plane>>bit&1) << p
	}
	return t.last[bit], count
}

func (t *Tally) work(block int) {
	t.block, t.planes, t.last = block, [32]uint64{}, [64]rollcall.Day{}
	for i := range t.reply.days {
		carry := t.reply.days[i].set.Word(block)
		for p := 0; carry != 0; p++ {
			t.planes[p], carry = t.planes[p]^carry, t.planes[p]&carry
		}
	}
	open := ^uint64(0)
	for i := len(t.reply.kept) - 1; i >= 0 && open != 0; i-- {
		hit := t.reply.kept[i].set.Word(block) & open
		for w := hit; w != 0; w &= w - 1 {
			t.last[bits.TrailingZeros64(w)] = t.reply.kept[i].day
		}
		open &^= hit
	}
}
