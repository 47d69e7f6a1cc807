package intake

// slab hands out slices that are cut from larger pieces of memory. An import
// needs very many small ones, which live and die together.
type slab[T any] struct {
	piece int // how many values a piece has, or more
	free  []T
}

// take returns n zero values.
func (s *slab[T]) take(n int) []T {
	if n > len(s.free) {
		s.free = make([]T, max(n, s.piece))
	}
	taken := s.free[:n:n]
	s.free = s.free[n:]
	return taken
}
