package directory

import "encoding/binary"

// packLen is how many neighbouring blocks share one allocation when they are
// loaded, the cards and then the records. The garbage collector passes over a
// sixteenth of the objects, and less is lost between the sizes in which memory
// is given out. A pack is taken apart by the first change in it: it would stay
// in memory whole for the sake of any block that is left.
const packLen = 16

// pending is the blocks of a pack in the making.
type pending struct {
	bytes []byte           // finished blocks, then one with its head left blank
	ends  [blockLen]uint32 // of the strings of that one
	n     int              // how many strings it has
	cuts  []int            // where the blocks begin in bytes
}

// open begins a block where none is begun.
func (p *pending) open() {
	if p.n == 0 {
		p.cuts = append(p.cuts, len(p.bytes))
		p.bytes = append(p.bytes, make([]byte, blockHead)...)
	}
}

// close finishes the block.
func (p *pending) close() {
	start := p.cuts[len(p.cuts)-1]
	end := uint32(start + blockHead)
	for i := range blockLen + 1 {
		if 0 < i && i <= p.n {
			end = p.ends[i-1]
		}
		binary.LittleEndian.PutUint32(p.bytes[start+4*i:], end-uint32(start))
	}
	p.n = 0
}

// closeBlocks finishes the blocks at which the loader is, and the pack when it
// is full.
func (l *loader) closeBlocks() {
	l.records.close()
	l.cards.close()
	if len(l.cards.cuts) == packLen {
		l.closePack()
	}
}

// closePack gives the finished blocks their place.
func (l *loader) closePack() {
	all := append(append(make([]byte, 0, len(l.cards.bytes)+len(l.records.bytes)), l.cards.bytes...), l.records.bytes...)
	for i := range l.cards.cuts {
		no := l.cardBlocks.v.n
		l.cardBlocks.set(no, l.cards.cut(i, all))
		l.recordBlocks.set(no, l.records.cut(i, all[len(l.cards.bytes):]))
		l.root.packed.Add(uint32(no / packLen))
	}
	for _, p := range []*pending{&l.cards, &l.records} {
		p.bytes, p.cuts = p.bytes[:0], p.cuts[:0]
	}
}

// cut returns a block out of a copy of the bytes.
func (p *pending) cut(i int, bytes []byte) block {
	lo, hi := p.cuts[i], len(p.bytes)
	if i+1 < len(p.cuts) {
		hi = p.cuts[i+1]
	}
	return block(bytes[lo:hi:hi])
}

// unpack takes the pack of a block apart, where there is one.
func (r *Root) unpack(no int, vectors ...*vectorEditor[block]) {
	pack := uint32(no / packLen)
	if r.packed == nil || !r.packed.Has(pack) {
		return
	}
	r.packed = r.packed.Clone()
	r.packed.Remove(pack)
	for _, v := range vectors {
		for i := int(pack) * packLen; i < min(v.v.n, int(pack+1)*packLen); i++ {
			own := append(block(nil), v.at(i)...)
			v.set(i, own)
			r.copied += int64(len(own))
		}
	}
}
