package ordset

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func draw(t *rapid.T, label string) []uint32 {
	limit := rapid.SampledFrom([]uint32{1, 64, 700, 70_000, 300_000}).Draw(t, label+" limit")
	v := rapid.SliceOfN(rapid.Uint32Range(0, limit), 0, 400).Draw(t, label)
	if rapid.Bool().Draw(t, label+" dense") {
		from := rapid.Uint32Range(0, limit).Draw(t, label+" from")
		for o := from; o < from+rapid.Uint32Range(0, 5000).Draw(t, label+" run"); o++ {
			v = append(v, o)
		}
	}
	return v
}

func of(v []uint32) (*Set, map[uint32]bool) {
	s, m := New(0), map[uint32]bool{}
	for _, o := range v {
		s.Add(o)
		m[o] = true
	}
	return s, m
}

func members(m map[uint32]bool) []uint32 {
	var v []uint32
	for o := range m {
		v = append(v, o)
	}
	slices.Sort(v)
	return v
}

func TestSetsAgreeWithMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, ma := of(draw(t, "a"))
		b, mb := of(draw(t, "b"))
		want := map[uint32]bool{}
		got := a.Clone()
		switch rapid.SampledFrom([]string{"or", "and", "andnot", "remove"}).Draw(t, "op") {
		case "or":
			got.Or(b)
			for o := range ma {
				want[o] = true
			}
			for o := range mb {
				want[o] = true
			}
		case "and":
			got.And(b)
			for o := range ma {
				if mb[o] {
					want[o] = true
				}
			}
		case "andnot":
			got.AndNot(b)
			for o := range ma {
				if !mb[o] {
					want[o] = true
				}
			}
		case "remove":
			for o := range ma {
				if mb[o] {
					got.Remove(o)
				} else {
					want[o] = true
				}
			}
		}
		list := members(want)
		if all := slices.Collect(got.All()); !slices.Equal(all, list) || got.Count() != len(list) {
			t.Fatalf("members %v, want %v", all, list)
		}
		if same, _ := of(list); !same.Equal(got) || !got.Equal(same) {
			t.Fatal("sets with the same members are not Equal")
		}
		both := 0
		for o := range mb {
			if ma[o] {
				both++
			}
		}
		if n, m := a.CountBoth(b), b.CountBoth(a); n != both || m != both {
			t.Fatalf("%d or %d are in both, and not %d", n, m, both)
		}
		words, first := [3]uint64{7, 7, 7}, rapid.IntRange(0, 20).Draw(t, "word")
		a.CopyWords(words[:], first)
		for i, w := range words {
			if w != a.Word(first+i) {
				t.Fatalf("word %d is copied as %x", first+i, w)
			}
		}
		for o := range mb {
			if got.Has(o) != want[o] {
				t.Fatalf("Has(%d) = %v", o, got.Has(o))
			}
		}
		back := New(0)
		for c := range got.Chunks() {
			if err := back.OrChunk(c, got.AppendChunk(nil, c)); err != nil {
				t.Fatal(err)
			}
		}
		if !back.Equal(got) {
			t.Fatal("stored chunks do not give the set back")
		}
		r := Rank(got.Clone())
		if r.Count() != len(list) {
			t.Fatalf("Ranked.Count = %d, want %d", r.Count(), len(list))
		}
		off := rapid.IntRange(0, len(list)+2).Draw(t, "offset")
		n := rapid.IntRange(0, 120).Draw(t, "n")
		lo := min(off, len(list))
		if page := r.Append(nil, off, n); !slices.Equal(page, list[lo:min(lo+n, len(list))]) {
			t.Fatalf("page at %d of %d: %v, want %v", off, n, page, list[lo:min(lo+n, len(list))])
		}
	})
}

func FuzzOrChunk(f *testing.F) {
	f.Add([]byte{1, 0, 0, 5, 0})
	f.Add([]byte{2, 255, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stored []byte) {
		s := New(0)
		if s.OrChunk(3, stored) != nil {
			return
		}
		for o := range s.All() {
			if o/ChunkSize != 3 {
				t.Fatalf("member %d is outside its chunk", o)
			}
		}
		again := New(0)
		if s.Count() > 0 {
			if err := again.OrChunk(3, s.AppendChunk(nil, 3)); err != nil || !again.Equal(s) {
				t.Fatalf("not the same after storing: %v", err)
			}
		}
	})
}

func BenchmarkRankedPage(b *testing.B) {
	s := New(1_000_000)
	for o := uint32(0); o < 1_000_000; o += 3 {
		s.Add(o)
	}
	r := Rank(s)
	buf := make([]uint32, 0, 100)
	for b.Loop() {
		buf = r.Append(buf[:0], 299_000, 100)
	}
}

func BenchmarkAndNotAndRank(b *testing.B) {
	roster, signed := New(1_000_000), New(1_000_000)
	for o := uint32(0); o < 1_000_000; o++ {
		roster.Add(o)
		if o%10 < 7 {
			signed.Add(o)
		}
	}
	for b.Loop() {
		s := roster.Clone()
		s.AndNot(signed)
		Rank(s)
	}
}
