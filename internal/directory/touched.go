package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"rollcall"
)

// Touched says who and what is another in one version than in an earlier one,
// or may be: people and departments that were touched in between, also when it
// was for nothing in the end.
type Touched struct {
	Root  *Root // the version
	Users []rollcall.Ordinal
	Depts []rollcall.DeptID
	Corp  bool // the organization's own values
}

// recent remembers what the newest versions touched, so that who follows the
// organization reaches no storage.
type recent struct {
	mu      sync.Mutex
	touches []touch // ascending, each after the one before
	entries int
	newer   chan struct{} // closed when there is a newer version
}

// touch is what the versions after one, up to another, touched.
type touch struct {
	after, version uint64
	users          []rollcall.Ordinal
	depts          []rollcall.DeptID
	corp           bool
}

// recentEntries bounds what is remembered.
const recentEntries = 100_000

func newRecent() *recent { return &recent{newer: make(chan struct{})} }

// touch returns what a state touched that is about to be published.
func (s *State) touch(version uint64) touch {
	return touch{
		after: s.base.version, version: version, corp: !s.base.corp.Same(s.corp),
		users: s.users.ordinals(), depts: slices.Collect(maps.Keys(s.depts)),
	}
}

// note remembers what a version touched that is about to be shown.
func (r *recent) note(t touch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touches = append(r.touches, t)
	r.entries += t.size()
	for r.entries > recentEntries && len(r.touches) > 0 {
		r.entries -= r.touches[0].size()
		r.touches = r.touches[1:]
	}
}

func (t *touch) size() int { return len(t.users) + len(t.depts) + 1 }

// forget drops everything, because a version came of which it is not known what
// it touched.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touches, r.entries = nil, 0
}

// wake tells those who wait that there is a newer version.
func (r *recent) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.newer)
	r.newer = make(chan struct{})
}

// since returns what was touched after one version up to another; false where
// that is not remembered.
func (r *recent) since(version, upTo uint64) (touches []touch, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.touches, func(t touch) bool { return t.version > version })
	if i < 0 || r.touches[i].after > version || r.touches[len(r.touches)-1].version < upTo {
		return nil, false
	}
	return slices.Clone(r.touches[i:]), true
}

// ErrFuture is returned for a version that there is not: the organization was
// restored from an older state, or the number is from elsewhere. Who followed it
// has to begin anew.
var ErrFuture = errors.New("there is no such version yet")

// Since tells what was touched after a version. What is not remembered any more
// is read from the change log.
func (c *Corp) Since(ctx context.Context, version uint64) (Touched, error) {
	r := c.Current()
	t := Touched{Root: r}
	switch {
	case version > r.version:
		return t, ErrFuture
	case version == r.version:
		return t, nil
	}
	users, depts := map[rollcall.Ordinal]bool{}, map[rollcall.DeptID]bool{}
	if touches, ok := c.recent.since(version, r.version); ok {
		for _, x := range touches {
			for _, o := range x.users {
				users[o] = int(o) < r.people
			}
			for _, id := range x.depts {
				depts[id] = true
			}
			t.Corp = t.Corp || x.corp
		}
	} else {
		_, err := c.opt.Store.Changes(ctx, c.id, version, func(ch rollcall.Change) error {
			switch {
			case ch.Version > r.version:
			case ch.Kind == rollcall.CorpUpdated:
				t.Corp = true
			case ch.Kind.About() == rollcall.AboutUser:
				users[ch.Ordinal] = true
			case ch.Kind.About() == rollcall.AboutDept:
				depts[ch.DeptID] = true
			}
			return nil
		})
		if err != nil {
			return t, fmt.Errorf("reading the changes after version %d: %w", version, err)
		}
	}
	for _, o := range slices.Sorted(maps.Keys(users)) {
		if users[o] {
			t.Users = append(t.Users, o)
		}
	}
	t.Depts = slices.Sorted(maps.Keys(depts))
	return t, nil
}

// Wait returns when there is a version after this one, or when ctx ends.
func (c *Corp) Wait(ctx context.Context, version uint64) {
	for {
		c.recent.mu.Lock()
		newer := c.recent.newer
		c.recent.mu.Unlock()
		if c.Current().version > version {
			return
		}
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}
