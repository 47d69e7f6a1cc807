// Package pinyin makes the sort keys of names: people without an explicit order
// are listed by the pinyin of their names, Latin names before Han names.
//
// # Order
//
// Names are compared character by character, first of all by what the
// characters are:
//
//   - everything that is not Han comes before Han: blanks, punctuation, symbols,
//     digits, Latin, Greek, Cyrillic, and so on to kana, as the root collation
//     has it; then characters the collation does not know, by code point;
//   - Han characters are in the order of the collation zh-u-co-pinyin, that is
//     by reading, tone and strokes; after them those without a known reading, by
//     code point. Radicals and enclosed ideographs count as what they show.
//
// A blank counts like any other character, at the start of a name too, and sorts
// before all letters: "Li Na" is before "Lina".
//
// Names which are equal so far are compared by accents (plain letters first),
// then by case (small letters first), then by whatever else is different. So
// names which differ in case or accents only are neighbours.
//
// A Han character that starts a name is read as a surname where that reading
// differs: 单 is found among shàn, not dān. The same table corrects surnames
// which the collation misplaces; for instance, it has 李 behind all of lì. Such
// a surname comes right behind a common character of its reading, as if it were
// a character of its own.
//
// # Keys
//
// A key is a list of levels, divided by a zero byte; empty levels at the end are
// left out. No part of a level starts with a zero byte.
//
//  1. The characters: one byte for an ASCII letter or digit, mostly two for a
//     Han character, up to four else.
//  2. Accents, two bytes each: how many plain characters are before it and which
//     one it is.
//  3. Capital letters, one byte each: how many others are before it.
//  4. The name in NFC, if it has a character which the levels before do not tell
//     from all others.
package pinyin

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Version changes whenever a key may come out differently, so that stored keys
// have to be made again. Besides the code of this package that depends on the
// collation tables it is built with.
const Version = 1

// Keyer makes sort keys. It is immutable and safe for concurrent use.
type Keyer struct {
	pages    [(utf8.MaxRune + 1) >> pageBits]uint16 // page of a character in entries; page 0 is empty
	entries  []entry
	sequence [][]entry
	surnames map[rune][]surname // by first character, longest first
	other    byte               // leads a character without an entry
	rareHan  byte               // the same for a Han character
}

const (
	pageBits = 8
	pageMask = 1<<pageBits - 1
)

// entry is what one character adds to a key.
type entry struct {
	code  [4]byte // level 1, or the index of a sequence
	n     uint8   // bytes of code in use; 0 for a combining mark
	mark  uint8   // weight in level 2; 0 is none
	flags uint8
}

const (
	known      = 1 << iota // there is an entry at all
	isSequence             // adds several entries
	hasMark
	isUpper   // differs in level 3
	needsTie  // not told from all others by the levels 1 to 3
	mayBeName // a surname of the table starts with it
)

// surname is one that is not sorted by its plain characters.
type surname struct {
	text string
	code []byte
}

// AppendKey appends the sort key of name to dst. The order of names is that of
// their keys under [bytes.Compare]. Two names have the same key only if they are
// canonically equal, that is, equal in NFC. Any input will do, invalid UTF-8
// too: a wrong byte sorts like U+FFFD.
func (k *Keyer) AppendKey(dst []byte, name string) []byte {
	if !isPlain(name) && !norm.NFC.IsNormalString(name) {
		name = norm.NFC.String(name)
	}
	s := scanner{k: k, rest: name}
	if t, ok := k.surname(name); ok {
		dst = append(dst, t.code...)
		s.rest = name[len(t.text):]
	}
	for s.next() {
		if s.e.n == 1 { // spares Latin letters a call
			dst = append(dst, s.e.code[0])
		} else {
			dst = append(dst, s.e.code[:s.e.n]...)
		}
	}
	flags := s.flags

	if flags&(hasMark|isUpper|needsTie) == 0 {
		return dst
	}
	dst = append(dst, 0)
	if flags&hasMark != 0 {
		dst = k.appendMarks(dst, name)
	}
	if flags&(isUpper|needsTie) == 0 {
		return dst
	}
	dst = append(dst, 0)
	if flags&isUpper != 0 {
		dst = k.appendCase(dst, name)
	}
	if flags&needsTie != 0 {
		dst = append(dst, 0)
		dst = append(dst, name...)
	}
	return dst
}

// isPlain tells whether name has no characters but those which can never be
// affected by normalization: almost every name, and cheap to find out.
func isPlain(name string) bool {
	for _, r := range name {
		if r >= 0x300 && !isUnified(r) {
			return false
		}
	}
	return true
}

// surname finds the surname of the table which name starts with.
func (k *Keyer) surname(name string) (surname, bool) {
	if name == "" || name[0] < utf8.RuneSelf {
		return surname{}, false
	}
	r, _ := utf8.DecodeRuneInString(name)
	if k.lookup(r).flags&mayBeName != 0 {
		for _, t := range k.surnames[r] {
			if strings.HasPrefix(name, t.text) {
				return t, true
			}
		}
	}
	return surname{}, false
}

func (k *Keyer) appendMarks(dst []byte, name string) []byte {
	plain := 0
	for s := (scanner{k: k, rest: name}); s.next(); {
		if s.e.n > 0 {
			plain++
		}
		if s.e.mark > 0 {
			dst = append(appendRun(dst, plain), s.e.mark)
			plain = 0
		}
	}
	return dst
}

func (k *Keyer) appendCase(dst []byte, name string) []byte {
	lower := 0
	for s := (scanner{k: k, rest: name}); s.next(); {
		switch {
		case s.e.n == 0:
		case s.e.flags&isUpper != 0:
			dst = appendRun(dst, lower)
			lower = 0
		default:
			lower++
		}
	}
	return dst
}

// appendRun appends the length of a run of lowest weights, up to a higher one.
// The longer the run the lower is the byte: at the place where the shorter run
// ends the longer one still has a lowest weight. A run to the end of the name is
// not written at all, which is lower still.
func appendRun(dst []byte, n int) []byte {
	const most = 0xFF - 3
	for ; n > most; n -= most + 1 {
		dst = append(dst, 2)
	}
	return append(dst, byte(0xFF-n))
}

// scanner goes through the entries of a name in NFC.
type scanner struct {
	k     *Keyer
	rest  string
	seq   []entry // rest of a sequence
	e     entry
	flags uint8 // of all entries so far
}

func (s *scanner) next() bool {
	if len(s.seq) == 0 {
		if s.rest == "" {
			return false
		}
		r, size := rune(s.rest[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s.rest)
			if r == utf8.RuneError && size == 1 {
				s.flags |= needsTie
			}
		}
		s.rest = s.rest[size:]
		s.e = *s.k.lookup(r)
		switch {
		case s.e.flags&isSequence != 0:
			s.seq = s.k.sequence[s.e.index()]
		case s.e.flags&known == 0:
			s.e = s.k.unlisted(r)
		}
	}
	if len(s.seq) > 0 {
		s.e, s.seq = s.seq[0], s.seq[1:]
	}
	s.flags |= s.e.flags
	return true
}

func (k *Keyer) lookup(r rune) *entry {
	return &k.entries[int(k.pages[r>>pageBits])<<pageBits|int(r&pageMask)]
}

// unlisted makes the entry of a character which has none: by code point.
func (k *Keyer) unlisted(r rune) entry {
	lead := k.other
	if isHan(r) {
		lead = k.rareHan
	}
	return entry{code: [4]byte{lead, byte(r >> 16), byte(r >> 8), byte(r)}, n: 4, flags: known}
}

// isHan tells whether r is an ideograph, assigned or not. The blocks are fixed,
// so keys do not change with the Unicode version as unicode.Han would.
func isHan(r rune) bool {
	return r >= 0x3400 && r <= 0x4DBF || isUnified(r) || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r <= 0x3FFFD
}

// isUnified tells whether r is in the block which has all common ideographs.
func isUnified(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF }

func (e entry) index() int { return int(e.code[0])<<8 | int(e.code[1]) }
