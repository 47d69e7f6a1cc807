package ordset

// Word returns which of the 64 numbers from 64*i on are in the set.
func (s *Set) Word(i int) uint64 {
	if i < len(s.words) {
		return s.words[i]
	}
	return 0
}
