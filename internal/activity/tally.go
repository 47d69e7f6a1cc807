package activity

import (
	"math/bits"

	"rollcall"
)

// Tally tells of people, in ascending order best, on what day each signed in last
// and how often. It works out a block of neighbours at once, as the sets have them
// in their words: a counter of each is spread over planes, which have one bit of
// 64 counters in a word, and eight days are added together.
type Tally struct {
	reply  Reply
	block  int // -1 before the first
	last   [64 * tallyWords]rollcall.Day
	planes []plane // of the counts: the lowest bit first
}

// tallyWords is how many words a block has: as many as are fetched quickly from
// each day.
const tallyWords = 32

// plane is a word for each of those of a block.
type plane [tallyWords]uint64

// Tally returns what tells about people.
func (a Reply) Tally() *Tally {
	// As many as the largest count needs; the sum of eight days takes four.
	return &Tally{reply: a, block: -1, planes: make([]plane, max(4, bits.Len(uint(len(a.days())+7))))}
}

// Of returns the last day up to the end of the range on which a person signed in,
// 0 where there is none or it is not kept any more, and on how many days of the
// range.
func (t *Tally) Of(o rollcall.Ordinal) (last rollcall.Day, count int) {
	at := uint32(o) % (64 * tallyWords)
	if b := int(uint32(o) / (64 * tallyWords)); b != t.block {
		t.block = b
		t.count()
		t.date()
	}
	for p := range t.planes {
		count |= int(t.planes[p][at/64]>>(at%64)&1) << p
	}
	return t.last[at], count
}

// count adds up the days of the range.
func (t *Tally) count() {
	clear(t.planes)
	ones, twos, fours := &t.planes[0], &t.planes[1], &t.planes[2]
	var d [8]plane
	for days := t.reply.days(); len(days) > 0; days = days[min(8, len(days)):] {
		for i := range d {
			if i < len(days) {
				days[i].set.CopyWords(d[i][:], t.block*tallyWords)
			} else {
				d[i] = plane{}
			}
		}
		for j := range tallyWords {
			one, a := add(ones[j], d[0][j], d[1][j])
			one, b := add(one, d[2][j], d[3][j])
			one, c := add(one, d[4][j], d[5][j])
			one, e := add(one, d[6][j], d[7][j])
			two, a := add(twos[j], a, b)
			two, b = add(two, c, e)
			four, carry := add(fours[j], a, b)
			ones[j], twos[j], fours[j] = one, two, four
			for p := 3; carry != 0; p++ {
				t.planes[p][j], carry = t.planes[p][j]^carry, t.planes[p][j]&carry
			}
		}
	}
}

// add adds three bits in each place of a word.
func add(a, b, c uint64) (sum, carry uint64) {
	x := a ^ b
	return x ^ c, a&b | x&c
}

// date finds the last days: of those who signed in within the range there, of the
// others before it.
func (t *Tally) date() {
	t.last = [64 * tallyWords]rollcall.Day{}
	var within, before plane
	for j := range within {
		for p := range t.planes {
			within[j] |= t.planes[p][j]
		}
		before[j] = ^within[j]
	}
	t.dateIn(t.reply.days(), &within)
	t.dateIn(t.reply.kept[:t.reply.first], &before)
}

// dateIn finds the last days of people in a list of days.
func (t *Tally) dateIn(days []dayset, people *plane) {
	var d plane
	for i, open := len(days)-1, uint64(1); i >= 0 && open != 0; i-- {
		days[i].set.CopyWords(d[:], t.block*tallyWords)
		open = 0
		for j, w := range d {
			hit := w & people[j]
			people[j] &^= hit
			open |= people[j]
			for ; hit != 0; hit &= hit - 1 {
				t.last[64*j+bits.TrailingZeros64(hit)] = days[i].day
			}
		}
	}
}
