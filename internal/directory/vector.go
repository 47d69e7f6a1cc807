package directory

// leafLen is how many items one leaf of a vector holds. Changing one item
// copies a leaf and the list of leaves.
const leafLen = 64

// vector is an immutable array: a changed copy shares all leaves that were not
// touched.
type vector[T any] struct {
	leaves []*[leafLen]T
	n      int
}

func (v vector[T]) at(i int) T { return v.leaves[i/leafLen][i%leafLen] }

// vectorOf makes a vector of items.
func vectorOf[T any](items []T) vector[T] {
	e := vector[T]{}.edit()
	for i, x := range items {
		e.set(i, x)
	}
	return e.vector()
}

// vectorEditor makes a new vector out of an old one.
type vectorEditor[T any] struct {
	v      vector[T]
	own    []bool // which leaves this editor may change in place
	copied int    // leaves copied so far
}

func (v vector[T]) edit() *vectorEditor[T] { return &vectorEditor[T]{v: v} }

func (e *vectorEditor[T]) at(i int) T { return e.v.at(i) }

// set replaces item i; i may be one past the end, which appends.
func (e *vectorEditor[T]) set(i int, x T) {
	l := i / leafLen
	if e.own == nil {
		e.own = make([]bool, len(e.v.leaves), len(e.v.leaves)+1)
		e.v.leaves = append(make([]*[leafLen]T, 0, len(e.v.leaves)+1), e.v.leaves...)
	}
	if l == len(e.v.leaves) {
		e.v.leaves = append(e.v.leaves, new([leafLen]T))
		e.own = append(e.own, true)
		e.copied++
	}
	if !e.own[l] {
		leaf := *e.v.leaves[l]
		e.v.leaves[l] = &leaf
		e.own[l] = true
		e.copied++
	}
	e.v.leaves[l][i%leafLen] = x
	e.v.n = max(e.v.n, i+1)
}

// vector hands out what is there; further changes copy again.
func (e *vectorEditor[T]) vector() vector[T] {
	e.own = nil
	return e.v
}
