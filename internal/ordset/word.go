package ordset

import "math/bits"

// Word returns which of the 64 numbers from 64*i on are in the set.
func (s *Set) Word(i int) uint64 {
	if i < len(s.words) {
		return s.words[i]
	}
	return 0
}

// CopyWords copies the words from the i-th on to dst, zeros where the set ends.
func (s *Set) CopyWords(dst []uint64, i int) {
	n := copy(dst, s.words[min(i, len(s.words)):])
	clear(dst[n:])
}

// CountBoth returns how many numbers are in both sets.
func (s *Set) CountBoth(t *Set) int {
	a, b := s.words, t.words
	if len(a) > len(b) {
		a, b = b, a
	}
	b = b[:len(a)]
	n := 0
	for i, w := range a {
		n += bits.OnesCount64(w & b[i])
	}
	return n
}
