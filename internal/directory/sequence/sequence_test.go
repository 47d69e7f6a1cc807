package sequence

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// check fails unless every rule of the tree holds.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, s Seq,
) {
	t.Helper()
	if s.root == nil {
		if s.n != 0 {
			t.Fatalf("no root with %d items", s.n)
		}
		return
	}
	depth := -1
	var walk func(n *node, level int) int
	walk = func(n *node, level int) int {
		isRoot := n == s.root
		if n.fan == nil {
			if depth == -1 {
				depth = level
			}
			if level != depth {
				t.Fatalf("leaves at levels %d and %d", depth, level)
			}
			if l := len(n.items); l > maxLeaf || l == 0 || !isRoot && l < minLeaf {
				t.Fatalf("leaf with %d items, root: %t", l, isRoot)
			}
			if cap(n.items) > maxLeaf {
				t.Fatalf("leaf with room for %d items", cap(n.items))
			}
			return len(n.items)
		}
		least := minKids
		if isRoot {
			least = 2
		}
		l := len(n.items)
		if l < least || l > maxKids {
			t.Fatalf("inner node with %d children, root: %t", l, isRoot)
		}
		sum := 0
		for i, kid := range n.fan.kids[:l] {
			if c := walk(kid, level+1); c != int(n.fan.counts[i]) {
				t.Fatalf("child %d counts %d, has %d", i, n.fan.counts[i], c)
			}
			if kid.items[0] != n.items[i] {
				t.Fatalf("child %d starts with %d, not %d", i, kid.items[0], n.items[i])
			}
			sum += int(n.fan.counts[i])
		}
		for i, kid := range n.fan.kids[l:] {
			if kid != nil {
				t.Fatalf("dropped child %d is still held", l+i)
			}
		}
		return sum
	}
	if n := walk(s.root, 0); n != s.n {
		t.Fatalf("Len is %d, items are %d", s.n, n)
	}
}

func items(s Seq) []uint32 { return slices.Collect(s.All()) }

func numbers(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i) * 2
	}
	return out
}

func TestBuild(t *testing.T) {
	for _, n := range []int{0, 1, 2, 10, 127, 128, 129, 255, 256, 257, 4095, 4096, 4097, 20_000, 140_000} {
		want := numbers(n)
		s := Build(want)
		check(t, s)
		if s.Len() != n || !slices.Equal(items(s), want) {
			t.Fatalf("Build of %d gives other content", n)
		}
		for i, w := range want {
			if s.At(i) != w {
				t.Fatalf("At(%d) of %d is %d, want %d", i, n, s.At(i), w)
			}
		}
		if n > 0 {
			want[0] = 99
			if s.At(0) == 99 {
				t.Fatal("Build keeps its input")
			}
		}
	}
	if b := Build(numbers(10)).Bytes(); b > 100 {
		t.Errorf("a department of 10 takes %d bytes", b)
	}
	if b := Build(numbers(1_000_000)).Bytes(); b > 5_000_000 {
		t.Errorf("a department of 1,000,000 takes %d bytes", b)
	}
}

func TestAtOutOfRange(t *testing.T) {
	for _, i := range []int{-1, 3, math.MaxInt, math.MinInt} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("At(%d) of 3 did not panic", i)
				}
			}()
			Build(numbers(3)).At(i)
		}()
	}
}

func TestAppend(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 129, 300, 5000} {
		all := numbers(n)
		s := Build(all)
		for offset := -3; offset <= n+3; offset++ {
			for _, size := range []int{-1, 0, 1, 2, 100, 128, 1000, math.MaxInt} {
				lo := min(max(offset, 0), n)
				hi := n
				if size < n+10 {
					hi = max(lo, min(offset+size, n))
				}
				got := s.Append([]uint32{7}, offset, size)
				if got[0] != 7 || !slices.Equal(got[1:], all[lo:hi]) {
					t.Fatalf("Append(%d, %d) of %d is %v, want %v", offset, size, n, got[1:], all[lo:hi])
				}
			}
		}
		for _, offset := range []int{math.MinInt, math.MaxInt} {
			for _, size := range []int{math.MinInt, -1, 5} {
				if got := s.Append(nil, offset, size); len(got) != 0 {
					t.Fatalf("Append(%d, %d) is %v", offset, size, got)
				}
			}
		}
	}
}

func TestAppendOnlyAllocatesForResult(t *testing.T) {
	s := Build(numbers(20_000))
	buf := make([]uint32, 0, 100)
	if n := testing.AllocsPerRun(100, func() { buf = s.Append(buf[:0], 12345, 100) }); n != 0 {
		t.Errorf("a page into a buffer allocates %v times", n)
	}
}

func TestSearch(t *testing.T) {
	for _, n := range []int{0, 1, 128, 129, 5000, 140_000} {
		s := Build(numbers(n))
		most := 0
		for k := 0; k <= n; k += 1 + n/5000 {
			calls := 0
			got := s.Search(func(ord uint32) bool { calls++; return int(ord) < 2*k })
			if got != k {
				t.Fatalf("Search for %d of %d is %d", k, n, got)
			}
			most = max(most, calls)
		}
		if most > 30 {
			t.Errorf("Search in %d calls before %d times", n, most)
		}
	}
}

func TestAllStops(t *testing.T) {
	n := 0
	for range Build(numbers(10_000)).All() {
		if n++; n == 300 {
			break
		}
	}
	if n != 300 {
		t.Fatal(n)
	}
}

func TestSame(t *testing.T) {
	s := Build(numbers(1000))
	e := s.Edit()
	if !e.Seq().Same(s) || !(Seq{}).Same(Build(nil)) {
		t.Error("no edit, but not the same")
	}
	if e.Insert(4, cmp.Compare[uint32]) || e.Delete(5, cmp.Compare[uint32]) {
		t.Error("edits without effect report one")
	}
	if !e.Seq().Same(s) || e.Copied() != 0 {
		t.Error("edits without effect copy")
	}
	if !e.Insert(5, cmp.Compare[uint32]) || e.Seq().Same(s) {
		t.Error("edited, but the same")
	}
	if c := e.Copied(); c == 0 || c > 3000 {
		t.Errorf("one insertion copies %d bytes", c)
	}
}

type version struct {
	seq  Seq
	want []uint32
}

// TestEdits edits at random and compares each version with a plain slice, old
// versions again after later edits.
func TestEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := rapid.SampledFrom([]int{0, 1, 10, 127, 128, 129, 500, 4096, 6000}).Draw(t, "start")
		want := numbers(start)
		space := uint32(2*start + 50)
		e := Build(want).Edit()
		kept := []version{{e.Seq(), slices.Clone(want)}}
		steps := rapid.SliceOfN(rapid.Uint64(), 1, 60).Draw(t, "steps")
		for _, seed := range steps {
			r := rand.New(rand.NewPCG(seed, 1))
			from, span, deletes := r.Uint32N(space), 1+r.Uint32N(space), r.IntN(11)
			for range r.IntN(150) {
				ord := (from + r.Uint32N(span)) % space
				i, found := slices.BinarySearch(want, ord)
				if r.IntN(10) < deletes {
					if e.Delete(ord, cmp.Compare[uint32]) != found {
						t.Fatalf("Delete(%d) must be %t", ord, found)
					}
					if found {
						want = slices.Delete(want, i, i+1)
					}
				} else {
					if e.Insert(ord, cmp.Compare[uint32]) == found {
						t.Fatalf("Insert(%d) must be %t", ord, !found)
					}
					if !found {
						want = slices.Insert(want, i, ord)
					}
				}
				if e.Len() != len(want) {
					t.Fatalf("Len is %d, want %d", e.Len(), len(want))
				}
				check(t, Seq{root: e.root, n: e.n}) // not e.Seq(), which would end editing in place
			}
			s := e.Seq()
			if !slices.Equal(items(s), want) {
				t.Fatal("other content")
			}
			if len(want) > 0 {
				i := r.IntN(len(want))
				n := s.Search(func(ord uint32) bool { return ord < want[i] })
				if n != i || s.At(i) != want[i] {
					t.Fatalf("item %d is at %d", i, n)
				}
			}
			kept = append(kept, version{s, slices.Clone(want)})
			if r.IntN(5) == 0 { // go on from an old version
				v := kept[r.IntN(len(kept))]
				e, want = v.seq.Edit(), slices.Clone(v.want)
			}
		}
		for i, v := range kept {
			check(t, v.seq)
			if !slices.Equal(items(v.seq), v.want) {
				t.Fatalf("version %d has changed", i)
			}
		}
	})
}

// TestGrowAndShrink goes through all heights in orders which hit the edges.
func TestGrowAndShrink(t *testing.T) {
	const n = 40_000
	up, down, mixed := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	for i := range uint32(n) {
		up[i], down[n-1-i] = i, i
	}
	for i, p := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		mixed[i] = uint32(p)
	}
	orders := [][]uint32{up, down, mixed}
	for i, in := range orders {
		for j, out := range orders {
			t.Run(fmt.Sprint(i, j), func(t *testing.T) {
				var s Seq
				e := s.Edit()
				for k, ord := range in {
					if !e.Insert(ord, cmp.Compare[uint32]) {
						t.Fatal(ord)
					}
					if k%997 == 0 {
						check(t, e.Seq())
					}
				}
				full := e.Seq()
				check(t, full)
				if !slices.Equal(items(full), up) {
					t.Fatal("other content")
				}
				for k, ord := range out {
					if !e.Delete(ord, cmp.Compare[uint32]) {
						t.Fatal(ord)
					}
					if k%997 == 0 {
						check(t, e.Seq())
					}
				}
				if s = e.Seq(); s.Len() != 0 || s.root != nil {
					t.Fatal("not empty")
				}
				if !slices.Equal(items(full), up) {
					t.Fatal("old version has changed")
				}
			})
		}
	}
}

// TestChangingOrder moves items as a directory does: removed under the old
// keys, inserted under the new ones.
func TestChangingOrder(t *testing.T) {
	const n = 5000
	r := rand.New(rand.NewPCG(3, 4))
	keys := make([]uint32, n)
	ords := make([]uint32, n)
	for i := range keys {
		keys[i], ords[i] = r.Uint32N(1000), uint32(i)
	}
	order := func(a, b uint32) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) }
	slices.SortFunc(ords, order)
	s := Build(ords)
	for range 20 {
		e := s.Edit()
		for range 300 {
			ord := r.Uint32N(n)
			if !e.Delete(ord, order) {
				t.Fatal("not found", ord)
			}
			keys[ord] = r.Uint32N(1000)
			if !e.Insert(ord, order) {
				t.Fatal("still there", ord)
			}
		}
		s = e.Seq()
		check(t, s)
		if got := items(s); len(got) != n || !slices.IsSortedFunc(got, order) {
			t.Fatal("not in order")
		}
	}
}

// TestReaders is for the race detector.
func TestReaders(t *testing.T) {
	const n = 20_000
	want := numbers(n)
	s := Build(want)
	versions := make(chan version, 4)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var page []uint32
			for v := range versions {
				for offset := 0; offset < v.seq.Len(); offset += 777 {
					page = v.seq.Append(page[:0], offset, 100)
					if !slices.Equal(page, v.want[offset:min(offset+100, len(v.want))]) {
						t.Errorf("other page at %d", offset)
						return
					}
				}
				if !slices.Equal(items(v.seq), v.want) {
					t.Error("other content")
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(5, 6))
	e := s.Edit()
	for range 40 {
		for range 200 {
			ord := r.Uint32N(2 * n)
			i, found := slices.BinarySearch(want, ord)
			if found {
				e.Delete(ord, cmp.Compare[uint32])
				want = slices.Delete(want, i, i+1)
			} else {
				e.Insert(ord, cmp.Compare[uint32])
				want = slices.Insert(want, i, ord)
			}
		}
		v := version{e.Seq(), slices.Clone(want)}
		versions <- v
		versions <- version{s, numbers(n)}
		if r.IntN(4) == 0 {
			e = v.seq.Edit()
		}
	}
	close(versions)
	wg.Wait()
}

func BenchmarkPage(b *testing.B) {
	for _, n := range []int{20_000, 1_000_000} {
		s := Build(numbers(n))
		for name, offset := range map[string]int{"first": 0, "last": n - 100} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				buf := make([]uint32, 0, 100)
				for b.Loop() {
					buf = s.Append(buf[:0], offset, 100)
				}
			})
		}
	}
}

func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{10, 10_000, 20_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			s := Build(numbers(n))
			r := rand.New(rand.NewPCG(7, 8))
			copied := 0
			for b.Loop() {
				e := s.Edit()
				ord := 2 * r.Uint32N(uint32(n))
				e.Delete(ord, cmp.Compare[uint32])
				e.Insert(ord, cmp.Compare[uint32])
				s = e.Seq()
				copied += e.Copied()
			}
			b.ReportMetric(float64(copied)/float64(b.N), "copied/op")
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	const n = 1_000_000
	s := Build(numbers(n))
	r := rand.New(rand.NewPCG(9, 10))
	for b.Loop() {
		x := r.Uint32N(2 * n)
		s.Search(func(ord uint32) bool { return ord < x })
	}
}

func BenchmarkBuild(b *testing.B) {
	all := numbers(1_000_000)
	for b.Loop() {
		Build(all)
	}
}
