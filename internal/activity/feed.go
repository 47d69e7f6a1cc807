package activity

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// SignIn is one sign-in of a known person.
type SignIn struct {
	Ordinal rollcall.Ordinal
	At      rollcall.Instant
}

// Reason says why a sign-in is not taken. The values are what clients decide by.
type Reason string

// The reasons.
const (
	Taken     Reason = ""                // it is recorded, or was before
	NotMember Reason = "user_left"       // the person did not belong at that time
	InFuture  Reason = "in_future"       // by the server's clock
	DayClosed Reason = "day_closed"      // and the app may not add to closed days
	TooOld    Reason = "older_than_kept" // by the setting activity.retention_days
)

// ahead is how much later than the server's clock a sign-in may be: clocks of
// other machines are never quite right.
const ahead = rollcall.Instant(5 * 60 * 1000)

// Terms say what a feed may do.
type Terms struct {
	// Backfill lets it add to days that are closed.
	Backfill bool
	// By is who it is, for the change log.
	By string
}

// Recorded tells what became of a batch.
type Recorded struct {
	// Reasons has one entry for each sign-in.
	Reasons []Reason
	// Fresh is how many of them were not recorded before, each person counted
	// once a day.
	Fresh   int
	Feed    uint64
	Version uint64
}

// Writer carries out intents: [directory.Corp], or what stands before it.
type Writer interface {
	Do(ctx context.Context, by string, intent directory.Intent) (directory.Outcome, error)
}

// Take records a batch of sign-ins: durable and visible before it returns.
// Taking the same again changes nothing. A first sign-in activates the account
// (contract D7). Sign-ins that are not taken get a reason, the others are
// recorded all the same. Batches that come at the same time share a transaction.
func (g *Register) Take(ctx context.Context, corp Writer, batch []SignIn, now func() time.Time, t Terms) (Recorded, error) {
	var out Recorded
	done, err := corp.Do(ctx, t.By, func(s *directory.State) (directory.Batch, error) {
		var days map[rollcall.Day][]rollcall.Ordinal
		var changes []rollcall.Change
		out.Reasons, days, changes = judge(s, batch, now(), t)
		return directory.Batch{
			Changes: changes,
			InTx: func(tx rollcall.Tx) (err error) {
				out.Fresh, err = Record(tx, days)
				return err
			},
			Committed: func(h rollcall.Head) {
				out.Feed = h.Feed
				g.absorb(days, h, out.Fresh > 0)
			},
		}, nil
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("recording %d sign-ins: %w", len(batch), err)
	}
	out.Version = done.Version
	return out, nil
}

// judge says what becomes of each sign-in.
func judge(s *directory.State, batch []SignIn, now time.Time, t Terms) (reasons []Reason, days map[rollcall.Day][]rollcall.Ordinal, changes []rollcall.Change) {
	var (
		k         = s.Calendar()
		oldest    = Oldest(s.Corp().Settings, k, now)
		latest    = rollcall.At(now) + ahead
		activated = map[rollcall.Ordinal]bool{}
		today     dayCache
	)
	reasons, days = make([]Reason, len(batch)), map[rollcall.Day][]rollcall.Ordinal{}
	for i, x := range batch {
		stay, active := s.Standing(x.Ordinal)
		day, closed := today.of(k, x.At, now)
		switch {
		case x.At > latest:
			reasons[i] = InFuture
		case day < oldest:
			reasons[i] = TooOld
		case closed && !t.Backfill:
			reasons[i] = DayClosed
		case x.At >= stay.To:
			reasons[i] = NotMember
		}
		if reasons[i] != Taken {
			continue
		}
		days[day] = append(days[day], x.Ordinal)
		if !active && !activated[x.Ordinal] {
			activated[x.Ordinal] = true
			changes = append(changes, rollcall.Change{Kind: rollcall.UserActivated, Ordinal: x.Ordinal})
		}
	}
	// Neighbours lie together in the store and in memory.
	slices.SortFunc(changes, func(a, b rollcall.Change) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	return reasons, days, changes
}

// dayCache remembers the day of the last sign-in: those of a batch are of few
// days, and finding a day takes longer than all the rest.
type dayCache struct {
	from, to rollcall.Instant
	day      rollcall.Day
	closed   bool
}

func (c *dayCache) of(k *rollcall.Calendar, at rollcall.Instant, now time.Time) (day rollcall.Day, closed bool) {
	if at < c.from || at >= c.to {
		d := k.Day(at.Time())
		*c = dayCache{rollcall.At(k.End(d.AddDays(-1))), rollcall.At(k.End(d)), d, k.Closed(d, now)}
	}
	return c.day, c.closed
}

// Oldest returns the first day that is kept at a moment; 0 where all are.
func Oldest(set rollcall.Settings, k *rollcall.Calendar, now time.Time) rollcall.Day {
	if set.RetentionDays == 0 {
		return 0
	}
	return k.Day(now).AddDays(-set.RetentionDays)
}

// absorb shows sign-ins that were committed by this process. made says whether they
// are part of what made the feed of the head: where all were known before, that feed
// may be another process's, of which nothing has been read yet.
func (g *Register) absorb(days map[rollcall.Day][]rollcall.Ordinal, h rollcall.Head, made bool) {
	// Not while somebody reads from the store, who would put back what was there
	// before.
	g.catching.Lock()
	defer g.catching.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	for d, ordinals := range days {
		set := ordset.New(0)
		if old := g.days[d]; old != nil {
			set = old.Clone() // whoever holds the old one keeps it
		}
		for _, o := range ordinals {
			set.Add(uint32(o))
		}
		g.put(d, set)
	}
	if made && h.Feed == g.feed+1 { // else others committed too, which CatchUp will read
		g.feed = h.Feed
	}
}
