package activity

import (
	"bytes"
	"sync/atomic"

	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// List is the answer to a [Query]: people by ascending ordinal. What it says
// never changes; it is safe for concurrent use.
//
// The pages of a list are asked for again and again, by one system after the
// other, and the userids of a page lie in as many places of the memory as it has
// people. So the list keeps them joined, in pieces that are made when first
// asked for. They stay right because a list is not given again once somebody's
// userid has changed.
type List struct {
	ranked *ordset.Ranked
	pieces []atomic.Pointer[piece]
	// room asks whether so many bytes more may be kept.
	room func(bytes int) bool
}

// pieceLen is how many people are in a piece.
const pieceLen = 128

// piece is the quoted userids of the people of a list from a multiple of
// pieceLen on.
type piece struct {
	ids  []byte           // a comma behind each
	ends [pieceLen]uint32 // where in ids each ends with its comma
}

const pieceBytes = 4*pieceLen + 24 // without ids

func newList(r *ordset.Ranked, room func(bytes int) bool) *List {
	return &List{ranked: r, pieces: make([]atomic.Pointer[piece], (r.Count()+pieceLen-1)/pieceLen), room: room}
}

// Count returns how many people are on the list.
func (l *List) Count() int { return l.ranked.Count() }

// Append appends the ordinals of n people from the offset-th on to dst; fewer
// where the list ends.
func (l *List) Append(dst []uint32, offset, n int) []uint32 { return l.ranked.Append(dst, offset, n) }

// AppendUserIDs appends the quoted userids of n people from the offset-th on to
// dst, joined by commas; fewer where the list ends. The version must be the one
// that was asked for the list.
func (l *List) AppendUserIDs(dst []byte, r *directory.Root, offset, n int) []byte {
	if offset < 0 || offset >= l.Count() || n <= 0 {
		return dst
	}
	for end := offset + min(n, l.Count()-offset); offset < end; {
		no, from := offset/pieceLen, offset%pieceLen
		to := min(pieceLen, from+end-offset)
		dst = append(dst, l.piece(r, no).part(from, to)...)
		offset += to - from
	}
	return dst[:len(dst)-1]
}

// piece returns a piece, and keeps it where there is room.
func (l *List) piece(r *directory.Root, no int) *piece {
	if p := l.pieces[no].Load(); p != nil {
		return p
	}
	var (
		p      piece
		people [pieceLen]uint32
		ids    [32 * pieceLen]byte // nearly always enough
	)
	joined, _ := r.AppendEachUserID(ids[:0], p.ends[:0], l.Append(people[:0], no*pieceLen, pieceLen))
	p.ids = bytes.Clone(joined)
	if l.room(len(p.ids)+pieceBytes) && !l.pieces[no].CompareAndSwap(nil, &p) {
		l.room(-len(p.ids) - pieceBytes) // somebody else was faster
	}
	return &p
}

// part returns the userids from one to another, a comma behind each.
func (p *piece) part(from, to int) []byte {
	at := 0
	if from > 0 {
		at = int(p.ends[from-1])
	}
	return p.ids[at:p.ends[to-1]]
}

// bytes returns the memory that the list holds without its pieces.
func (l *List) bytes() int { return l.ranked.Bytes() + 8*len(l.pieces) + 96 }
