package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"rollcall"
)

// Source is where whole organizations are read from: a store or a [File].
type Source interface {
	Dump(ctx context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error)
}

var (
	_ Source = rollcall.Store(nil)
	_ Source = (*File)(nil)
)

// Sum is what there is of an organization, in short. Two of the same hold the same.
type Sum struct {
	Head   rollcall.Head
	Counts Counts
	Hashes [parts]string // SHA-256 of the lines of each part, in hex
}

// Differ returns the first part in which two sums differ.
func (s Sum) Differ(o Sum) (p Part, differ bool) {
	for p = range parts {
		if s.Hashes[p] != o.Hashes[p] {
			return p, true
		}
	}
	return 0, false
}

// Progress is told how far reading an organization is, now and then.
type Progress func(corpID string, c Counts)

// SumOf reads an organization.
func SumOf(ctx context.Context, from Source, corpID string, tell Progress) (Sum, error) {
	return pass(ctx, from, corpID, tell)
}

// pass reads an organization once, checks it, tells it to others too, and returns
// its sum.
func pass(ctx context.Context, from Source, corpID string, tell Progress, others ...rollcall.Copy) (Sum, error) {
	g, s := newGuard(ctx, corpID, tell), newSummer(nil)
	head, err := from.Dump(ctx, corpID, append(tee{g, s}, others...))
	if err != nil {
		return Sum{}, err
	}
	if err := g.end(head); err != nil {
		return Sum{}, fmt.Errorf("organization %s: %w", corpID, err)
	}
	if tell != nil {
		tell(corpID, g.Counts)
	}
	return s.sum(head, g.Counts), nil
}

// summer is a [rollcall.Copy] that hashes the lines of each part.
type summer struct {
	*encoder
	hashes [parts]hash.Hash
	lines  [parts]int
}

// newSummer returns one that gives the lines on, where next is given.
func newSummer(next func(Part, []byte) error) *summer {
	s := &summer{}
	for p := range parts {
		s.hashes[p] = sha256.New()
	}
	s.encoder = newEncoder(func(p Part, line []byte) error {
		s.hashes[p].Write(line)
		s.lines[p]++
		if next == nil {
			return nil
		}
		return next(p, line)
	})
	return s
}

func (s *summer) sum(head rollcall.Head, c Counts) Sum {
	sum := Sum{Head: head, Counts: c}
	for p := range parts {
		sum.Hashes[p] = hex.EncodeToString(s.hashes[p].Sum(nil))
	}
	return sum
}
