package directory

import (
	"container/list"
	"sync"
	"time"

	"rollcall"
)

// WalkKey is what a walk is known by (contract D10).
type WalkKey struct {
	Appkey      string
	List        string // which list, where there are several of the same people
	Dept        rollcall.DeptID
	Order       rollcall.Order
	Language    rollcall.Language
	WithLimited bool
	Size        int
}

// KeptLimits bounds the versions that are kept for walks.
type KeptLimits struct {
	Walks int           // walks at most; 10,000 unless told
	Bytes int64         // memory that old versions may hold alone; 256 MiB unless told
	Idle  time.Duration // since the last page; 5 minutes unless told
}

func (k KeptLimits) orDefaults() KeptLimits {
	if k.Walks == 0 {
		k.Walks = 10_000
	}
	if k.Bytes == 0 {
		k.Bytes = 256 << 20
	}
	if k.Idle == 0 {
		k.Idle = 5 * time.Minute
	}
	return k
}

// walks remembers which version each walk reads. The list is in the order of
// the last page, the oldest first.
type walks struct {
	limits KeptLimits
	mu     sync.Mutex
	byKey  map[WalkKey]*list.Element
	queue  *list.List
	swept  int64 // Root.copied when old versions were last looked for
}

type walk struct {
	key  WalkKey
	root *Root
	last time.Time
}

func newWalks(l KeptLimits) *walks {
	return &walks{limits: l.orDefaults(), byKey: map[WalkKey]*list.Element{}, queue: list.New()}
}

// Version returns the version that a page of a walk shows (contract D10): the
// newest one for the first page, which starts the walk of its key anew, then
// the same one again.
func (c *Corp) Version(k WalkKey, first bool) *Root {
	if first {
		return c.startWalk(k)
	}
	return c.goOn(k)
}

// startWalk begins the walk of a key anew and returns the version that it
// reads: the newest.
func (c *Corp) startWalk(k WalkKey) *Root {
	w, r, now := c.walks, c.Current(), c.opt.Clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if e := w.byKey[k]; e != nil {
		x := e.Value.(*walk)
		x.root, x.last = r, now
		w.queue.MoveToBack(e)
	} else {
		w.byKey[k] = w.queue.PushBack(&walk{k, r, now})
	}
	w.trim(r, now)
	return r
}

// goOn returns the version that the walk of a key reads. Where the walk is not
// known (any more), it goes on with the newest version.
func (c *Corp) goOn(k WalkKey) *Root {
	w, r, now := c.walks, c.Current(), c.opt.Clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trim(r, now)
	e := w.byKey[k]
	if e == nil {
		return r
	}
	x := e.Value.(*walk)
	x.last = now
	w.queue.MoveToBack(e)
	return x.root
}

// trim forgets walks that rested too long, the longest rested while there are
// too many, and those whose version holds too much.
func (w *walks) trim(newest *Root, now time.Time) {
	for e := w.queue.Front(); e != nil; e = w.queue.Front() {
		if w.queue.Len() <= w.limits.Walks && now.Sub(e.Value.(*walk).last) <= w.limits.Idle {
			break
		}
		w.forget(e)
	}
	if newest.copied-w.swept < w.limits.Bytes/8 {
		return // looking at all walks is for when it can matter
	}
	w.swept = newest.copied
	for e := w.queue.Front(); e != nil; {
		next := e.Next()
		if newest.copied-e.Value.(*walk).root.copied > w.limits.Bytes {
			w.forget(e)
		}
		e = next
	}
}

func (w *walks) forget(e *list.Element) {
	delete(w.byKey, w.queue.Remove(e).(*walk).key)
}

// KeptVersions returns how many walks are remembered and how many bytes old
// versions hold for them at most.
func (c *Corp) KeptVersions() (walks int, bytes int64) {
	w, r := c.walks, c.Current()
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest := r.copied
	for e := w.queue.Front(); e != nil; e = e.Next() {
		oldest = min(oldest, e.Value.(*walk).root.copied)
	}
	return w.queue.Len(), r.copied - oldest
}
