package directory

import (
	"container/list"
	"sync"
	"sync/atomic"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

const (
	// pieceLen is how many cards of a large list lie together.
	pieceLen = 128
	// pagesBytes bounds what is kept of all lists.
	pagesBytes = 16 << 20
)

// pages keeps the cards of large lists joined, in the order of the list, so that
// a page is one copy instead of a hundred visits to the memory. Pieces are made
// when first asked for; the least recently used lists leave first.
type pages struct {
	mu     sync.Mutex
	byKey  map[pagesKey]*list.Element
	oldest *list.List
	bytes  int
}

// pagesKey says what was joined: a sequence never changes, and as long as nobody
// gets another card neither do those in it.
type pagesKey struct {
	seq      sequence.Seq
	language rollcall.Language
	cardsAs  uint64
}

type joinedCards struct {
	key    pagesKey
	pieces []atomic.Pointer[piece]
	bytes  int // guarded by pages.mu
}

// piece is up to pieceLen cards, each with a comma behind it.
type piece struct {
	cards []byte
	ends  [pieceLen]uint32
}

func newPages() *pages {
	return &pages{byKey: map[pagesKey]*list.Element{}, oldest: list.New()}
}

func (p *pages) get(key pagesKey) *joinedCards {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byKey[key]; e != nil {
		p.oldest.MoveToBack(e)
		return e.Value.(*joinedCards)
	}
	n := (key.seq.Len() + pieceLen - 1) / pieceLen
	j := &joinedCards{key: key, pieces: make([]atomic.Pointer[piece], n), bytes: 8 * n}
	p.byKey[key] = p.oldest.PushBack(j)
	p.grow(j.bytes)
	return j
}

// grow counts bytes and lets the oldest lists go; mu is held.
func (p *pages) grow(n int) {
	for p.bytes += n; p.bytes > pagesBytes && p.oldest.Len() > 1; {
		gone := p.oldest.Remove(p.oldest.Front()).(*joinedCards)
		delete(p.byKey, gone.key)
		p.bytes -= gone.bytes
	}
}

// keep notes the bytes of a piece, of a list that may be gone by now.
func (p *pages) keep(j *joinedCards, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.byKey[j.key]; e != nil && e.Value.(*joinedCards) == j {
		j.bytes += n
		p.grow(n)
	}
}

// AppendPage appends the fragments of n members from the offset-th on, joined by
// commas, to dst; fewer where the list ends.
func (r *Root) AppendPage(dst []byte, m Members, offset, n int, l rollcall.Language) []byte {
	end := min(offset+n, m.Len())
	if offset >= end {
		return dst
	}
	if m.time != nil || m.Len() < joinedFrom {
		return r.AppendCards(dst, m.Append(make([]uint32, 0, maxAtOnce), offset, n), l)
	}
	j := r.pages.get(pagesKey{m.seq, l, r.cardsAs})
	for offset < end {
		no := offset / pieceLen
		p := j.pieces[no].Load()
		if p == nil {
			p = r.piece(m.seq, no, l)
			if j.pieces[no].CompareAndSwap(nil, p) {
				r.pages.keep(j, len(p.cards)+4*pieceLen)
			}
		}
		from, to := uint32(0), p.ends[min(end-no*pieceLen, pieceLen)-1]
		if first := offset % pieceLen; first > 0 {
			from = p.ends[first-1]
		}
		dst = append(dst, p.cards[from:to]...)
		offset = (no + 1) * pieceLen
	}
	return dst[:len(dst)-1]
}

func (r *Root) piece(q sequence.Seq, no int, l rollcall.Language) *piece {
	var room [pieceLen]uint32
	p := &piece{}
	for i, o := range q.Append(room[:0], no*pieceLen, pieceLen) {
		p.cards = append(append(p.cards, r.card(o).fragment(l)...), ',')
		p.ends[i] = uint32(len(p.cards))
	}
	return p
}
