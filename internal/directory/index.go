package directory

import (
	"hash/maphash"
	"sync/atomic"

	"rollcall/internal/ordset"
)

// index finds the dense number of a key. Numbers are given once and never taken
// back, so one index serves many versions: a reader of an older version simply
// finds numbers that its version does not have yet, and everybody those of a
// version that was made and given up, until its number is given again. It holds
// numbers only; the caller compares the keys. One writer, any number of readers.
type index struct {
	seed  maphash.Seed
	table atomic.Pointer[[]atomic.Uint32] // 0 = free, else number+1; length is a power of two
	used  int
}

func newIndex(room int) *index {
	x := &index{seed: maphash.MakeSeed()}
	size := 16
	for size*3/4 < room {
		size *= 2
	}
	t := make([]atomic.Uint32, size)
	x.table.Store(&t)
	return x
}

func (x *index) hashString(key []byte) uint64 { return maphash.Bytes(x.seed, key) }

func (x *index) hashNumber(key int64) uint64 { return maphash.Comparable(x.seed, key) }

// find returns the number for which same is true among those of a hash.
func (x *index) find(hash uint64, same func(n uint32) bool) (uint32, bool) {
	t := *x.table.Load()
	mask := uint64(len(t) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch v := t[i].Load(); {
		case v == 0:
			return 0, false
		case same(v - 1):
			return v - 1, true
		}
	}
}

// with puts a number in and returns the index that has it: x itself, or a fresh
// one where x is full. x is then left to the versions that hold it, and finds for
// them what it found before. rehash gives the hash of any number that is in
// already, and false for one that can go.
func (x *index) with(hash uint64, n uint32, rehash func(n uint32) (uint64, bool)) *index {
	if t := *x.table.Load(); x.used+1 > len(t)*3/4 {
		x = x.renewed(1, rehash)
	}
	put(*x.table.Load(), hash, n+1)
	x.used++
	return x
}

// reserve returns an index that has room for so many more numbers, so that it is
// renewed once and not time and again.
func (x *index) reserve(more int, rehash func(n uint32) (uint64, bool)) *index {
	if len(*x.table.Load())*3/4 >= x.used+more {
		return x
	}
	return x.renewed(more, rehash)
}

// renewed returns an index that has every number once, under its newest key, and
// is at most half as full as it may be when so many more are in. Numbers under former
// keys are left behind, so that it does not grow for changes alone.
func (x *index) renewed(more int, rehash func(n uint32) (uint64, bool)) *index {
	kept := ordset.New(0)
	for i, t := 0, *x.table.Load(); i < len(t); i++ {
		v := t[i].Load()
		if v == 0 {
			continue
		}
		if _, ok := rehash(v - 1); ok {
			kept.Add(v - 1)
		}
	}
	fresh := newIndex(2 * (kept.Count() + more))
	fresh.seed, fresh.used = x.seed, kept.Count()
	for n := range kept.All() {
		hash, _ := rehash(n)
		put(*fresh.table.Load(), hash, n+1)
	}
	return fresh
}

func put(t []atomic.Uint32, hash uint64, v uint32) {
	mask := uint64(len(t) - 1)
	i := hash & mask
	for t[i].Load() != 0 {
		i = (i + 1) & mask
	}
	t[i].Store(v)
}

func (x *index) bytes() int { return 4 * len(*x.table.Load()) }
