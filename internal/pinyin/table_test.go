package pinyin

import (
	"bytes"
	"encoding/binary"
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the table anew")

// encode writes the table as New reads it.
func (k *Keyer) encode() []byte {
	b := []byte{k.other, k.rareHan}
	number := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	text := func(s string) {
		number(len(s))
		b = append(b, s...)
	}
	entries := func(list []entry) {
		number(len(list))
		for _, e := range list {
			b = append(append(b, e.code[:]...), e.n, e.mark, e.flags)
		}
	}
	used := 0
	for _, p := range k.pages {
		if p != 0 {
			used++
		}
	}
	number(used)
	for i, p := range k.pages {
		if p != 0 {
			number(i)
			number(int(p))
		}
	}
	entries(k.entries)
	number(len(k.sequence))
	for _, s := range k.sequence {
		entries(s)
	}
	n := 0
	for _, list := range k.surnames {
		n += len(list)
	}
	number(n)
	for _, first := range slices.Sorted(maps.Keys(k.surnames)) {
		for _, s := range k.surnames[first] {
			text(s.text)
			text(string(s.code))
		}
	}
	return b
}

// The table in the program is the one of the collation that it is built with.
// Where a new collation makes another, so does every name's place: see Version.
func TestTable(t *testing.T) {
	k := build()
	b := k.encode()
	if *update {
		if err := os.WriteFile("table.bin", b, 0o644); err != nil {
			t.Fatal(err)
		}
		table = b
	}
	if !bytes.Equal(table, b) {
		t.Fatal("the table is not that of the collation; write it anew with -update, and raise Version")
	}
	if !reflect.DeepEqual(New(), k) {
		t.Error("the table that is read is not the one that was written")
	}
}
