package directory

import (
	"fmt"
	"testing"
)

// keys is what an index finds numbers by: the present key of each.
type keys map[uint32]string

func (k keys) hash(x *index) func(n uint32) (uint64, bool) {
	return func(n uint32) (uint64, bool) { return x.hashString([]byte(k[n])), k[n] != "" }
}

func (k keys) find(x *index, key string) (uint32, bool) {
	return x.find(x.hashString([]byte(key)), func(n uint32) bool { return k[n] == key })
}

// An index does not grow where the same few numbers get one key after the other,
// and every index that was handed out still finds what it found.
func TestAnIndexGrowsWithItsNumbersOnly(t *testing.T) {
	t.Parallel()
	const numbers, rounds = 20, 1000
	type version struct {
		x    *index
		keys keys
	}
	now := keys{}
	x := newIndex(0)
	var versions []version
	for round := range rounds {
		for n := range uint32(numbers) {
			if n%7 == 3 && round%2 == 1 {
				delete(now, n) // it has no key for a while
				continue
			}
			now[n] = fmt.Sprintf("%d of round %d", n, round)
			x = x.with(x.hashString([]byte(now[n])), n, now.hash(x))
		}
		if round%100 == 0 {
			kept := keys{}
			for n, key := range now {
				kept[n] = key
			}
			versions = append(versions, version{x, kept})
		}
	}
	versions = append(versions, version{x, now})
	for i, v := range versions {
		if v.x.bytes() > 4*64 {
			t.Errorf("version %d takes %d bytes for %d numbers", i, v.x.bytes(), numbers)
		}
		for n, key := range v.keys {
			if got, ok := v.keys.find(v.x, key); !ok || got != n {
				t.Errorf("version %d: %q is %d, found %v", i, key, got, ok)
			}
		}
		if n, ok := v.keys.find(v.x, "nobody's"); ok {
			t.Errorf("version %d: nobody's key is that of %d", i, n)
		}
	}
}

// A full index makes room for many numbers in few steps.
func TestAnIndexMakesRoom(t *testing.T) {
	t.Parallel()
	all := keys{}
	x, renewals := newIndex(0), 0
	for n := range uint32(10_000) {
		all[n] = fmt.Sprint("key ", n)
		before := x
		if x = x.with(x.hashString([]byte(all[n])), n, all.hash(x)); x != before {
			renewals++
		}
	}
	for n := range uint32(10_000) {
		if got, ok := all.find(x, all[n]); !ok || got != n {
			t.Fatalf("%q is %d, found %v", all[n], got, ok)
		}
	}
	if renewals > 12 || x.bytes() > 4*32_768 {
		t.Errorf("%d renewals, %d bytes", renewals, x.bytes())
	}
}
