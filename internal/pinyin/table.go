package pinyin

import (
	_ "embed" // the table
	"encoding/binary"
	"unicode/utf8"
)

// table is what build in the tests makes of the collation, which takes more time
// than most commands have to do. TestTable holds it against the collation and
// writes it anew:
//
//	go test ./internal/pinyin -run TestTable -update
//
//go:embed table.bin
var table []byte

// New makes a Keyer.
func New() *Keyer {
	d := decoder(table)
	k := &Keyer{other: d.byte(), rareHan: d.byte(), surnames: map[rune][]surname{}}
	for n := d.number(); n > 0; n-- {
		page := d.number()
		k.pages[page] = uint16(d.number())
	}
	k.entries = d.entries()
	k.sequence = make([][]entry, d.number())
	for i := range k.sequence {
		k.sequence[i] = d.entries()
	}
	for n := d.number(); n > 0; n-- {
		s := surname{text: string(d.bytes()), code: d.bytes()}
		first, _ := utf8.DecodeRuneInString(s.text)
		k.surnames[first] = append(k.surnames[first], s)
	}
	return k
}

// decoder takes the table apart, which is known to be whole.
type decoder []byte

func (d *decoder) byte() byte {
	b := (*d)[0]
	*d = (*d)[1:]
	return b
}

func (d *decoder) number() int {
	n, size := binary.Uvarint(*d)
	*d = (*d)[size:]
	return int(n)
}

func (d *decoder) bytes() []byte {
	n := d.number()
	b := (*d)[:n:n]
	*d = (*d)[n:]
	return b
}

func (d *decoder) entries() []entry {
	list := make([]entry, d.number())
	b := *d
	for i := range list {
		list[i] = entry{[4]byte(b), b[4], b[5], b[6]}
		b = b[entryLen:]
	}
	*d = b
	return list
}

// entryLen is the size of an entry in the table.
const entryLen = 7
