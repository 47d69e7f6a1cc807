// Package activity keeps who signed in on which day and answers who did not:
// see DESIGN.md beside this file.
package activity

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"rollcall"
	"rollcall/internal/ordset"
)

// Register holds the sign-ins of one organization, a set of ordinals for each
// day. All methods may be called concurrently.
type Register struct {
	corpID string
	store  rollcall.SignIns

	catching sync.Mutex // held while reading from the store

	mu    sync.RWMutex
	days  map[rollcall.Day]*ordset.Set // the sets are replaced, never changed
	order []rollcall.Day               // the keys of days, ascending
	feed  uint64                       // up to which feed days is complete

	answers answers
}

// Open loads the recorded sign-ins of an organization.
func Open(ctx context.Context, store rollcall.SignIns, corpID string) (*Register, error) {
	g := &Register{corpID: corpID, store: store, days: map[rollcall.Day]*ordset.Set{}}
	g.answers.init()
	if err := g.CatchUp(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

// Feed returns the number of the last feed that is in the register.
func (g *Register) Feed() uint64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.feed
}

// CatchUp reads what was recorded since the last time.
func (g *Register) CatchUp(ctx context.Context) error {
	g.catching.Lock()
	defer g.catching.Unlock()
	fresh := map[rollcall.Day]*ordset.Set{}
	head, err := g.store.SignInChunks(ctx, g.corpID, g.Feed(), func(d rollcall.Day, chunk uint32, bits []byte) error {
		if fresh[d] == nil {
			fresh[d] = ordset.New(0)
		}
		return fresh[d].OrChunk(int(chunk), bits)
	})
	if err != nil {
		return fmt.Errorf("reading the sign-ins of organization %s: %w", g.corpID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for d, set := range fresh { // a day that has a new feed is read whole
		g.put(d, set)
	}
	g.feed = max(g.feed, head.Feed)
	return nil
}

// Reload reads everything anew: the store does not have any more what it had.
func (g *Register) Reload(ctx context.Context) error {
	fresh, err := Open(ctx, g.store, g.corpID)
	if err != nil {
		return err
	}
	g.catching.Lock()
	defer g.catching.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.days, g.order, g.feed = fresh.days, fresh.order, fresh.feed
	return nil
}

// put replaces the set of a day; g.mu is held.
func (g *Register) put(d rollcall.Day, set *ordset.Set) {
	if g.days[d] == nil {
		at, _ := slices.BinarySearch(g.order, d)
		g.order = slices.Insert(g.order, at, d)
	}
	g.days[d] = set
}

// Retain forgets the days before one, also in the store, and returns how many
// there were in the store.
func (g *Register) Retain(ctx context.Context, oldest rollcall.Day) (days int, err error) {
	// Not while somebody reads from the store, who would bring them back.
	g.catching.Lock()
	defer g.catching.Unlock()
	if days, err = g.store.DropSignIns(ctx, g.corpID, oldest); err != nil {
		return 0, fmt.Errorf("forgetting the sign-ins of organization %s: %w", g.corpID, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n, _ := slices.BinarySearch(g.order, oldest)
	for _, d := range g.order[:n] {
		delete(g.days, d)
	}
	g.order = slices.Clone(g.order[n:])
	return days, nil
}

// SignedIn returns who signed in on a day. The set must not be changed.
func (g *Register) SignedIn(d rollcall.Day) *ordset.Set {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if s := g.days[d]; s != nil {
		return s
	}
	return ordset.New(0)
}

// Days returns the days with sign-ins, ascending.
func (g *Register) Days() []rollcall.Day {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Clone(g.order)
}

// Bytes returns roughly what the register holds in memory.
func (g *Register) Bytes() int64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	n := int64(g.answers.bytes())
	for _, s := range g.days {
		n += int64(s.Bytes())
	}
	return n
}

// Record adds sign-ins within a transaction and returns how many of them were
// not recorded before. A chunk to which nothing is new is left alone, so that
// recording the same again changes nothing.
func Record(tx rollcall.Tx, days map[rollcall.Day][]rollcall.Ordinal) (added int, err error) {
	for _, d := range slices.Sorted(maps.Keys(days)) {
		ordinals := slices.Sorted(slices.Values(days[d]))
		for len(ordinals) > 0 {
			chunk := uint32(ordinals[0]) / ordset.ChunkSize
			n := 1
			for n < len(ordinals) && uint32(ordinals[n])/ordset.ChunkSize == chunk {
				n++
			}
			k, err := recordChunk(tx, d, chunk, ordinals[:n])
			if err != nil {
				return added, fmt.Errorf("recording sign-ins of %s: %w", d, err)
			}
			added += k
			ordinals = ordinals[n:]
		}
	}
	return added, nil
}

func recordChunk(tx rollcall.Tx, d rollcall.Day, chunk uint32, ordinals []rollcall.Ordinal) (added int, err error) {
	stored, err := tx.SignInChunk(d, chunk)
	if err != nil {
		return 0, err
	}
	set := ordset.New(0)
	if stored != nil {
		// The chunk is read at its place 0, so that no room is made for the
		// ordinals before it.
		if err := set.OrChunk(0, stored); err != nil {
			return 0, err
		}
	}
	before := set.Count()
	for _, o := range ordinals {
		set.Add(uint32(o) % ordset.ChunkSize)
	}
	if added = set.Count() - before; added == 0 {
		return 0, nil
	}
	return added, tx.PutSignInChunk(d, chunk, set.AppendChunk(nil, 0))
}
