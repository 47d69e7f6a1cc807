package directory_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"

	"pgregory.net/rapid"
)

// naiveWalks is contract D10 in the plainest words: the walks in the order of
// their last pages, the oldest first.
type naiveWalks struct {
	most  int
	idle  time.Duration
	walks []naiveWalk
}

type naiveWalk struct {
	key  directory.WalkKey
	root *directory.Root
	last time.Time
}

func (n *naiveWalks) page(k directory.WalkKey, first bool, newest *directory.Root, now time.Time) *directory.Root {
	n.walks = slices.DeleteFunc(n.walks, func(x naiveWalk) bool { return now.Sub(x.last) > n.idle })
	root := newest
	i := slices.IndexFunc(n.walks, func(x naiveWalk) bool { return x.key == k })
	if i < 0 && !first {
		return newest // an unknown walk goes on with the current version
	}
	if i >= 0 {
		if !first {
			root = n.walks[i].root
		}
		n.walks = slices.Delete(n.walks, i, i+1)
	}
	n.walks = append(n.walks, naiveWalk{k, root, now})
	if len(n.walks) > n.most {
		n.walks = n.walks[1:]
	}
	return root
}

func TestAWalkKeepsItsVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		pick := picker(t)
		w.clock.Set(start)
		model := w.newCorp(t)
		opt := w.options(w.store)
		opt.Kept.Walks = 3
		corp := openWith(t, model.Corp.ID, opt)
		do(t, corp, model, created(2, 1), joined(0, "a", "Anna"), added(0, 1), added(0, 2))
		walks := naiveWalks{most: 3, idle: 5 * time.Minute}
		pictures := map[*directory.Root]string{}
		ops := modeltest.Operations{Pick: pick, People: 10, NoCrowds: true}
		for range 1 + pick(40) {
			w.clock.Advance([]time.Duration{0, time.Second, time.Minute, 4 * time.Minute, 5 * time.Minute, 5*time.Minute + 1}[pick(6)])
			if pick(3) == 0 {
				if changes := ops.Transaction(model, rollcall.At(w.clock.Now())); len(changes) > 0 {
					do(t, corp, model, changes...)
				}
				continue
			}
			// Each part of the key makes it another walk.
			k := directory.WalkKey{Appkey: "app", Dept: 2, Size: 1, Order: rollcall.OrderCustom, Language: rollcall.Chinese}
			switch pick(8) {
			case 0:
				k.Appkey = "other"
			case 1:
				k.Dept = 1
			case 2:
				k.Size = 2
			case 3:
				k.Order = rollcall.OrderEntryAsc
			case 4:
				k.Language = rollcall.English
			case 5:
				k.WithLimited = true
			}
			pictures[corp.Current()] = model.Picture()
			first := pick(3) == 0
			want := walks.page(k, first, corp.Current(), w.clock.Now())
			got := corp.Version(k, first)
			if got != want {
				t.Fatalf("a page (first: %v) of %+v shows version %d and not %d", first, k, got.Version(), want.Version())
			}
			if d := modeltest.Differ(modeltest.Picture(got, 1), pictures[want]); d != "" {
				t.Fatalf("the walked version %d has changed: %s", got.Version(), d)
			}
			if n, _ := corp.KeptVersions(); n != len(walks.walks) {
				t.Fatalf("%d walks are kept and not %d", n, len(walks.walks))
			}
		}
	})
}

// Old versions hold only so much memory; the oldest go first, whether or not
// anybody reads.
func TestOldVersionsAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	w := newWorld(t)
	model := w.newCorp(t)
	opt := w.options(w.store)
	opt.Kept.Bytes = limit
	corp := openWith(t, model.Corp.ID, opt)
	do(t, corp, model, joined(0, "a", "Anna"), added(0, 1))

	key := func(i int) directory.WalkKey { return directory.WalkKey{Appkey: fmt.Sprint(i), Dept: 1, Size: 1} }
	read := map[int]*directory.Root{}
	for i := range 200 {
		read[i] = corp.Version(key(i), true)
		do(t, corp, model, updated(0, rollcall.UserUpdate{Name: ptr(fmt.Sprint("name ", i))}))
		if _, bytes := corp.KeptVersions(); bytes > limit+limit/8 {
			t.Fatalf("after %d changes old versions hold %d bytes", i+1, bytes)
		}
	}
	kept, bytes := corp.KeptVersions()
	if kept < 2 || kept > 190 || bytes < limit/2 {
		t.Errorf("%d walks are kept, with %d bytes", kept, bytes)
	}
	for i := range 200 {
		got, want := corp.Version(key(i), false), corp.Current()
		if i >= 200-kept {
			want = read[i]
		}
		if got != want {
			t.Errorf("walk %d of 200, of which %d are kept, goes on with version %d and not %d", i, kept, got.Version(), want.Version())
		}
	}
	w.clock.Advance(6 * time.Minute)
	do(t, corp, model, updated(0, rollcall.UserUpdate{Name: ptr("at last")}))
	if kept, bytes := corp.KeptVersions(); kept != 0 || bytes != 0 {
		t.Errorf("after a rest %d walks are kept, with %d bytes", kept, bytes)
	}
}
