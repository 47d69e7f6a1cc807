// Package ordset holds sets of people by ordinal: plain bits, because they are
// dense, need no allocation to combine, and find the k-th member in about a
// microsecond through a directory of counts.
package ordset

import (
	"iter"
	"math/bits"
	"slices"
)

// Set is a set of ordinals as bits; bit i of word i/64. The zero value is the
// empty set. Sets of different lengths combine as if the shorter one went on
// with zeros. A Set is not safe for concurrent changes.
type Set struct{ words []uint64 }

// New returns an empty set with room for ordinals below n.
func New(n int) *Set { return &Set{words: make([]uint64, (n+63)/64)} }

// Of makes a set of words of bits, which it takes over.
func Of(words []uint64) *Set { return &Set{words: words} }

// Add puts an ordinal in, growing the set where needed.
func (s *Set) Add(o uint32) {
	w := int(o / 64)
	if w >= len(s.words) {
		s.words = append(s.words, make([]uint64, w+1-len(s.words))...)
	}
	s.words[w] |= 1 << (o % 64)
}

// Remove takes an ordinal out.
func (s *Set) Remove(o uint32) {
	if w := int(o / 64); w < len(s.words) {
		s.words[w] &^= 1 << (o % 64)
	}
}

// Has reports whether an ordinal is in the set.
func (s *Set) Has(o uint32) bool {
	w := int(o / 64)
	return w < len(s.words) && s.words[w]&(1<<(o%64)) != 0
}

// Clone returns a copy that shares nothing.
func (s *Set) Clone() *Set { return &Set{words: slices.Clone(s.words)} }

// Or adds all of t.
func (s *Set) Or(t *Set) {
	if len(t.words) > len(s.words) {
		s.words = append(s.words, make([]uint64, len(t.words)-len(s.words))...)
	}
	for i, w := range t.words {
		s.words[i] |= w
	}
}

// And keeps what is in t too.
func (s *Set) And(t *Set) {
	n := min(len(s.words), len(t.words))
	for i, w := range t.words[:n] {
		s.words[i] &= w
	}
	clear(s.words[n:])
}

// AndNot takes all of t out.
func (s *Set) AndNot(t *Set) {
	n := min(len(s.words), len(t.words))
	for i, w := range t.words[:n] {
		s.words[i] &^= w
	}
}

// Count returns the number of members.
func (s *Set) Count() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Equal reports whether both have the same members.
func (s *Set) Equal(t *Set) bool {
	a, b := s.words, t.words
	if len(a) < len(b) {
		a, b = b, a
	}
	for _, w := range a[len(b):] {
		if w != 0 {
			return false
		}
	}
	return slices.Equal(a[:len(b)], b)
}

// All yields the members in ascending order.
func (s *Set) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}

// Bytes returns the memory that the set holds.
func (s *Set) Bytes() int { return 8 * cap(s.words) }

// blockWords is how many words one entry of the directory of counts covers.
const blockWords = 8

// Ranked is a finished set that finds its k-th member quickly. It is immutable
// and safe for concurrent use.
type Ranked struct {
	words  []uint64 // where it is kept as bits
	before []uint32 // members before each block of words
	list   []uint32 // where it is kept as a list
	count  int
}

// Rank finishes a set; the set must not be changed afterwards. A thin set is
// turned into a list, which is smaller.
func Rank(s *Set) *Ranked {
	r := &Ranked{count: s.Count()}
	if r.count < len(s.words) { // fewer members than half the bytes of bits
		r.list = slices.AppendSeq(make([]uint32, 0, r.count), s.All())
		return r
	}
	r.words = s.words
	r.before = make([]uint32, 0, len(s.words)/blockWords+1)
	n := uint32(0)
	for i, w := range r.words {
		if i%blockWords == 0 {
			r.before = append(r.before, n)
		}
		n += uint32(bits.OnesCount64(w))
	}
	return r
}

// Count returns the number of members.
func (r *Ranked) Count() int { return r.count }

// Append appends n members from the offset-th on, in ascending order, to dst;
// fewer where the set ends.
func (r *Ranked) Append(dst []uint32, offset, n int) []uint32 {
	if offset < 0 || offset >= r.count || n <= 0 {
		return dst
	}
	n = min(n, r.count-offset)
	if r.words == nil {
		return append(dst, r.list[offset:offset+n]...)
	}
	block, found := slices.BinarySearch(r.before, uint32(offset))
	if !found {
		block--
	}
	// Blocks without members repeat the count; the last of the run holds it.
	for block+1 < len(r.before) && r.before[block+1] == r.before[block] {
		block++
	}
	skip := offset - int(r.before[block])
	for i := block * blockWords; n > 0; i++ {
		w := r.words[i]
		if c := bits.OnesCount64(w); c <= skip {
			skip -= c
			continue
		}
		for ; skip > 0; skip-- {
			w &= w - 1
		}
		for ; w != 0 && n > 0; w &= w - 1 {
			dst = append(dst, uint32(i*64+bits.TrailingZeros64(w)))
			n--
		}
	}
	return dst
}

// Bytes returns the memory that the set holds.
func (r *Ranked) Bytes() int { return 8*cap(r.words) + 4*cap(r.before) + 4*cap(r.list) + 96 }
