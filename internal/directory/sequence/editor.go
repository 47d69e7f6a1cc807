package sequence

import "slices"

// Editor makes a new [Seq] out of an old one. Nodes which it made itself it
// edits in place, all others it copies first: the Seq it started from and every
// Seq it handed out stay unchanged. It is not safe for concurrent use, but any
// number of editors may start from one Seq at the same time.
type Editor struct {
	root   *node
	n      int
	owner  *token // nil until the first copy, and again after a Seq was handed out
	copied int
}

// Edit starts an editor with the content of s. It copies nothing yet.
func (s Seq) Edit() *Editor { return &Editor{root: s.root, n: s.n} }

// Len is the number of ordinals which are there now.
func (e *Editor) Len() int { return e.n }

// Copied is about how many bytes this editor has allocated so far: what its
// versions cost beside the one it started from.
func (e *Editor) Copied() int { return e.copied }

// Seq hands out what is there now; a later edit copies again. Without an edit
// in between the same version is handed out.
func (e *Editor) Seq() Seq {
	e.owner = nil
	return Seq{root: e.root, n: e.n}
}

// path is the way from the root to a leaf; i is the child which was taken, in
// the leaf the position of the item.
type path struct {
	steps [maxDepth]struct {
		n *node
		i int
	}
	depth int
}

func (p *path) push(n *node, i int) {
	p.steps[p.depth].n, p.steps[p.depth].i = n, i
	p.depth++
}

// find fills p with the way to the place of ord and tells whether an equal
// item is there. It changes nothing, so that an edit without effect costs no
// copies.
func (e *Editor) find(p *path, ord uint32, cmp func(a, b uint32) int) bool {
	for n := e.root; ; {
		lo, hi := 0, len(n.items)
		found := false
		for lo < hi {
			m := int(uint(lo+hi) >> 1)
			c := cmp(ord, n.items[m])
			if c < 0 {
				hi = m
				continue
			}
			lo = m + 1
			if c == 0 {
				found = true
				break
			}
		}
		// lo items are at or before ord; it belongs to the child which starts
		// with the last of them, or else to the very first.
		if n.fan == nil {
			if found {
				lo--
			}
			p.push(n, lo)
			return found
		}
		i := max(lo-1, 0)
		p.push(n, i)
		n = n.fan.kids[i]
	}
}

// Insert puts ord at its place in the order given by cmp. It returns false, and
// changes nothing, when an item is there for which cmp is 0.
//
// cmp must agree with the order of the present items; it need not be the
// function of earlier calls.
func (e *Editor) Insert(ord uint32, cmp func(a, b uint32) int) bool {
	if e.root == nil {
		e.root, e.n = e.newLeaf(1), 1
		e.root.items = append(e.root.items, ord)
		return true
	}
	var p path
	if e.find(&p, ord, cmp) {
		return false
	}
	d := p.depth - 1
	left, right := e.insertItem(p.steps[d].n, p.steps[d].i, ord)
	for d--; d >= 0; d-- {
		n, i := e.ownInner(p.steps[d].n), p.steps[d].i
		n.items[i], n.fan.kids[i] = left.items[0], left
		if right == nil {
			n.fan.counts[i]++
			left = n
			continue
		}
		c := right.count()
		n.fan.counts[i] -= uint32(c) - 1
		left, right = e.insertKid(n, i+1, right, uint32(c))
	}
	if right != nil {
		top := e.newInner()
		top.addKid(left, uint32(left.count()))
		top.addKid(right, uint32(right.count()))
		left = top
	}
	e.root = left
	e.n++
	return true
}

// Delete removes the item for which cmp is 0 against ord. It returns false, and
// changes nothing, when there is none. What [Editor.Insert] says of cmp holds
// here too: an item has to be removed while cmp still knows its old place.
func (e *Editor) Delete(ord uint32, cmp func(a, b uint32) int) bool {
	if e.root == nil {
		return false
	}
	var p path
	if !e.find(&p, ord, cmp) {
		return false
	}
	e.n--
	if e.n == 0 {
		e.root = nil
		return true
	}
	d := p.depth - 1
	n, i := e.ownLeaf(p.steps[d].n, 0), p.steps[d].i
	n.items = append(n.items[:i], n.items[i+1:]...)
	for d--; d >= 0; d-- {
		kid := n
		n, i = e.ownInner(p.steps[d].n), p.steps[d].i
		n.fan.kids[i] = kid
		n.fan.counts[i]--
		if kid.small() {
			e.join(n, max(i-1, 0))
		} else {
			n.items[i] = kid.items[0]
		}
	}
	for n.fan != nil && len(n.items) == 1 {
		n = n.fan.kids[0]
	}
	e.root = n
	return true
}

func (n *node) small() bool {
	if n.fan == nil {
		return len(n.items) < minLeaf
	}
	return len(n.items) < minKids
}

// insertItem returns the leaf with ord at position i, and the second half when
// it had to be split.
func (e *Editor) insertItem(n *node, i int, ord uint32) (left, right *node) {
	if len(n.items) < maxLeaf {
		n = e.ownLeaf(n, 1)
		n.items = insertAt(n.items, i, ord)
		return n, nil
	}
	const half = maxLeaf / 2
	right = e.newLeaf(half + 1)
	right.items = append(right.items, n.items[half:]...)
	if e.owns(n) {
		left = n
		left.items = left.items[:half]
	} else {
		left = e.newLeaf(half + 1)
		left.items = append(left.items, n.items[:half]...)
	}
	if i <= half {
		left = e.ownLeaf(left, 1)
		left.items = insertAt(left.items, i, ord)
	} else {
		right.items = insertAt(right.items, i-half, ord)
	}
	return left, right
}

// insertKid puts kid at place i of n, which must be the editor's own.
func (e *Editor) insertKid(n *node, i int, kid *node, count uint32) (left, right *node) {
	left, to := n, n
	if len(n.items) == maxKids {
		const half = maxKids / 2
		right = e.newInner()
		right.addKids(n, half, maxKids)
		n.cutKids(half)
		if i > half {
			to, i = right, i-half
		}
	}
	last := len(to.items)
	to.items = insertAt(to.items, i, kid.items[0])
	copy(to.fan.kids[i+1:last+1], to.fan.kids[i:last])
	copy(to.fan.counts[i+1:last+1], to.fan.counts[i:last])
	to.fan.kids[i], to.fan.counts[i] = kid, count
	return left, right
}

// insertAt is slices.Insert within the capacity.
func insertAt(items []uint32, i int, ord uint32) []uint32 {
	last := len(items)
	items = items[:last+1]
	copy(items[i+1:], items[i:last])
	items[i] = ord
	return items
}

// cutKids drops the children from place i on, for the garbage collector too.
func (n *node) cutKids(i int) {
	clear(n.fan.kids[i:])
	n.items = n.items[:i]
}

// join makes the children i and i+1 of p, one of which is too small, into one,
// or into two of equal size when one would be nearly full. The results are
// always new nodes: joins are rare and this spares the cases.
func (e *Editor) join(p *node, i int) {
	a, b := p.fan.kids[i], p.fan.kids[i+1]
	sum := p.fan.counts[i] + p.fan.counts[i+1]
	size, limit, merge := len(a.items)+len(b.items), joinLeaf, e.joinLeaves
	if a.fan != nil {
		limit, merge = joinKids, e.joinInner
	}
	if size <= limit {
		n := merge(a, b, 0, size)
		p.items[i], p.fan.kids[i], p.fan.counts[i] = n.items[0], n, sum
		last := len(p.items) - 1
		copy(p.items[i+1:], p.items[i+2:])
		copy(p.fan.kids[i+1:last], p.fan.kids[i+2:last+1])
		copy(p.fan.counts[i+1:last], p.fan.counts[i+2:last+1])
		p.cutKids(last)
		return
	}
	l, r := merge(a, b, 0, size/2), merge(a, b, size/2, size)
	c := uint32(l.count())
	p.items[i], p.fan.kids[i], p.fan.counts[i] = l.items[0], l, c
	p.items[i+1], p.fan.kids[i+1], p.fan.counts[i+1] = r.items[0], r, sum-c
}

// joinLeaves makes a leaf of the items lo..hi of a and b taken as one.
func (e *Editor) joinLeaves(a, b *node, lo, hi int) *node {
	n, cut := e.newLeaf(hi-lo), len(a.items)
	n.items = append(n.items, a.items[min(lo, cut):min(hi, cut)]...)
	n.items = append(n.items, b.items[max(lo-cut, 0):max(hi-cut, 0)]...)
	return n
}

// joinInner does the same with children.
func (e *Editor) joinInner(a, b *node, lo, hi int) *node {
	n, cut := e.newInner(), len(a.items)
	n.addKids(a, min(lo, cut), min(hi, cut))
	n.addKids(b, max(lo-cut, 0), max(hi-cut, 0))
	return n
}

func (e *Editor) owns(n *node) bool { return e.owner != nil && n.owner == e.owner }

func (e *Editor) mark() *token {
	if e.owner == nil {
		e.owner = new(token)
	}
	return e.owner
}

// newLeaf makes an empty leaf with room for size items. The room is rounded up
// only to what the allocator gives anyway: most departments are tiny.
func (e *Editor) newLeaf(size int) *node {
	n := &node{owner: e.mark(), items: slices.Grow([]uint32(nil), size)}
	e.copied += n.bytes()
	return n
}

func (e *Editor) newInner() *node {
	e.copied += innerSize
	return newInner(e.mark())
}

// ownLeaf returns n, or a copy of it which is the editor's own, with room for
// more items.
func (e *Editor) ownLeaf(n *node, more int) *node {
	need := len(n.items) + more
	if !e.owns(n) {
		c := e.newLeaf(need)
		c.items = append(c.items, n.items...)
		return c
	}
	if cap(n.items) < need {
		// A second insertion in one go: more are likely to follow.
		n.items = append(slices.Grow([]uint32(nil), min(2*need, maxLeaf)), n.items...)
		e.copied += cap(n.items) * itemSize
	}
	return n
}

func (e *Editor) ownInner(n *node) *node {
	if e.owns(n) {
		return n
	}
	c := e.newInner()
	c.addKids(n, 0, len(n.items))
	return c
}
