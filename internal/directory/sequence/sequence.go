// Package sequence keeps one department's members in one order: a persistent,
// counted B+ tree of ordinals.
//
// A department may hold a million people while a page shows a hundred of them
// and an update moves one. So any position is reached in O(log n), one edit
// copies the few nodes on its path, and everything else is shared between the
// versions. A node that was handed out in a [Seq] is never written again;
// readers therefore need no lock for as long as they hold a version.
package sequence

import (
	"iter"
	"slices"
	"unsafe"
)

const (
	maxLeaf  = 128 // 512 bytes: the copy an edit pays, against the depth
	minLeaf  = 32  // a smaller leaf is joined with a neighbour
	joinLeaf = 96  // two leaves become one only up to here, so that the next insertion does not split it again
	maxKids  = 32
	minKids  = 8
	joinKids = 24
	maxDepth = 16 // far above what 2^32 items need at the smallest fill
)

// Seq is an immutable sequence of ordinals; the zero Seq is empty. It is a
// small value, to be copied freely, and safe for concurrent use.
type Seq struct {
	root *node
	n    int
}

// node is a leaf when fan is nil.
//
// The items of a leaf are its ordinals, those of an inner node the first
// ordinal below each child. An inner node keeps them because a search would
// otherwise walk down to a leaf for each comparison; they are always ordinals
// that are present, since the order of a removed one may be unknown.
type node struct {
	owner *token
	items []uint32
	fan   *fan
}

// fan is the part which only inner nodes have, apart from node to keep small
// departments small. As many places are in use as the node has items.
type fan struct {
	kids   [maxKids]*node
	counts [maxKids]uint32 // items below each child
}

// token marks the nodes which one editor made since it last handed out a Seq:
// these alone it may change in place. Only its address matters, so it must not
// have size zero.
type token struct{ _ byte }

// innerBlock lets an inner node be allocated in one piece.
type innerBlock struct {
	node node
	fan  fan
	lows [maxKids]uint32
}

const (
	nodeSize  = int(unsafe.Sizeof(node{}))
	innerSize = int(unsafe.Sizeof(innerBlock{}))
	itemSize  = int(unsafe.Sizeof(uint32(0)))
)

func newInner(owner *token) *node {
	b := new(innerBlock)
	b.node = node{owner: owner, items: b.lows[:0], fan: &b.fan}
	return &b.node
}

// bytes is the memory of n without its children.
func (n *node) bytes() int {
	if n.fan != nil {
		return innerSize
	}
	return nodeSize + cap(n.items)*itemSize
}

// count is the number of ordinals below n.
func (n *node) count() int {
	if n.fan == nil {
		return len(n.items)
	}
	sum := 0
	for _, c := range n.fan.counts[:len(n.items)] {
		sum += int(c)
	}
	return sum
}

// addKid appends a child which has count ordinals.
func (n *node) addKid(kid *node, count uint32) {
	i := len(n.items)
	n.items = append(n.items, kid.items[0])
	n.fan.kids[i], n.fan.counts[i] = kid, count
}

// addKids appends the children lo..hi of another node.
func (n *node) addKids(from *node, lo, hi int) {
	i := len(n.items)
	n.items = append(n.items, from.items[lo:hi]...)
	copy(n.fan.kids[i:], from.fan.kids[lo:hi])
	copy(n.fan.counts[i:], from.fan.counts[lo:hi])
}

// Build makes a sequence of the given ordinals in the given order, in O(n). It
// copies its input and fills the nodes as far as an even spread allows.
func Build(sorted []uint32) Seq {
	if len(sorted) == 0 {
		return Seq{}
	}
	level := make([]*node, 0, pieces(len(sorted), maxLeaf))
	for lo, hi := range spread(len(sorted), maxLeaf) {
		items := make([]uint32, hi-lo)
		copy(items, sorted[lo:hi])
		level = append(level, &node{items: items})
	}
	for len(level) > 1 {
		up := make([]*node, 0, pieces(len(level), maxKids))
		for lo, hi := range spread(len(level), maxKids) {
			in := newInner(nil)
			for _, kid := range level[lo:hi] {
				in.addKid(kid, uint32(kid.count()))
			}
			up = append(up, in)
		}
		level = up
	}
	return Seq{root: level[0], n: len(sorted)}
}

func pieces(n, limit int) int { return (n + limit - 1) / limit }

// spread yields the bounds of as few pieces as hold n, all of about one size:
// a small rest at the end would fall below the least fill.
func spread(n, limit int) iter.Seq2[int, int] {
	return func(yield func(lo, hi int) bool) {
		p := pieces(n, limit)
		for i := range p {
			if !yield(n*i/p, n*(i+1)/p) {
				return
			}
		}
	}
}

// Len is the number of ordinals.
func (s Seq) Len() int { return s.n }

// At is the ordinal at position i; like a slice it panics when i is out of
// range.
func (s Seq) At(i int) uint32 {
	if uint(i) >= uint(s.n) {
		panic("sequence: position out of range")
	}
	n := s.root
	for n.fan != nil {
		n, i = n.seek(i)
	}
	return n.items[i]
}

// seek finds the child with the item at position i, and the position in it.
func (n *node) seek(i int) (*node, int) {
	k := 0
	for c := int(n.fan.counts[0]); i >= c; c = int(n.fan.counts[k]) {
		i -= c
		k++
	}
	return n.fan.kids[k], i
}

// Append appends the n items from position offset on to dst, as many of them
// as there are: positions outside of the sequence are left out.
func (s Seq) Append(dst []uint32, offset, n int) []uint32 {
	if n <= 0 || offset >= s.n {
		return dst
	}
	if offset < 0 {
		n += offset
		offset = 0
	}
	n = min(n, s.n-offset)
	if n <= 0 {
		return dst
	}
	return s.root.appendRange(slices.Grow(dst, n), offset, n)
}

// appendRange appends size items from offset on, of which at least one must be
// below n; those after its end are left to the caller.
func (n *node) appendRange(dst []uint32, offset, size int) []uint32 {
	if n.fan == nil {
		return append(dst, n.items[offset:min(offset+size, len(n.items))]...)
	}
	for i := range n.items {
		c := int(n.fan.counts[i])
		if offset >= c {
			offset -= c
			continue
		}
		dst = n.fan.kids[i].appendRange(dst, offset, size)
		size -= c - offset
		if size <= 0 {
			break
		}
		offset = 0
	}
	return dst
}

// Search is the number of leading items for which before is true. It must be
// true for a leading part of the sequence and false for the rest; it is called
// O(log n) times.
func (s Seq) Search(before func(ord uint32) bool) int {
	if s.n == 0 || !before(s.root.items[0]) {
		return 0
	}
	pos := 0
	for n := s.root; ; {
		// The first item is known to be before, here and further down.
		lo, hi := 1, len(n.items)
		for lo < hi {
			if m := int(uint(lo+hi) >> 1); before(n.items[m]) {
				lo = m + 1
			} else {
				hi = m
			}
		}
		if n.fan == nil {
			return pos + lo
		}
		for _, c := range n.fan.counts[:lo-1] {
			pos += int(c)
		}
		n = n.fan.kids[lo-1]
	}
}

// All yields the ordinals in order.
func (s Seq) All() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if s.root != nil {
			s.root.each(yield)
		}
	}
}

func (n *node) each(yield func(uint32) bool) bool {
	if n.fan == nil {
		for _, ord := range n.items {
			if !yield(ord) {
				return false
			}
		}
		return true
	}
	for _, kid := range n.fan.kids[:len(n.items)] {
		if !kid.each(yield) {
			return false
		}
	}
	return true
}

// Same tells whether s and t are one version. It is cheap and means "nothing
// changed" when true; two sequences with equal content need not be the same.
func (s Seq) Same(t Seq) bool { return s.root == t.root }

// Bytes is about the memory which the sequence holds, including what it shares
// with other versions. It visits each node, so it is for reports, not for
// every request.
func (s Seq) Bytes() int {
	if s.root == nil {
		return 0
	}
	return s.root.total()
}

func (n *node) total() int {
	sum := n.bytes()
	if n.fan != nil {
		for _, kid := range n.fan.kids[:len(n.items)] {
			sum += kid.total()
		}
	}
	return sum
}
