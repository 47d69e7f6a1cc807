package pinyin

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// build makes the table from the collation and the surnames: a collator itself is
// too slow for a list of all people and not safe for concurrent use.
func build() *Keyer {
	b := builder{
		k:        &Keyer{entries: make([]entry, 1<<pageBits), surnames: map[rune][]surname{}},
		collator: collate.New(language.MustParse("zh-u-co-pinyin")),
		codes:    map[unit]entry{},
	}
	b.readAll()
	b.addSurnames()
	b.assignCodes()
	b.assignMarks()
	b.assignSequences()
	b.finishSurnames()
	return b.k
}

// Collation weights.
const (
	plainSecondary = 0x20
	plainTertiary  = 0x02
	upperTertiary  = 0x08 // and above: capital letters and their variants

	firstImplicit = 0x10000  // primary of characters without an own one
	firstHan      = 0x160000 // primary of the first character that is sorted by pinyin
)

// unit is a place in the order of level 1: a primary weight of the collation
// and, in the lower bits, places of our own behind it.
type unit uint64

const ownBits = 14 // enough for the Hangul syllables with one initial and for the surnames

func makeUnit(primary, own int) unit { return unit(primary)<<ownBits | unit(own) }

func (u unit) primary() int { return int(u >> ownBits) }
func (u unit) isHan() bool  { return u.primary() >= firstHan }
func (u unit) isOwn() bool  { return u&(1<<ownBits-1) != 0 }

// member is a character at a unit, packed so as to sort by unit, tertiary weight
// and character.
type member uint64

const (
	runeBits     = 21
	tertiaryBits = 5
	lastTertiary = 1<<tertiaryBits - 1
	noRune       = 1<<runeBits - 1 // makes a unit exist without any character
)

func makeMember(u unit, tertiary int, r rune) member {
	tertiary = min(tertiary, lastTertiary)
	return member(u)<<(tertiaryBits+runeBits) | member(tertiary)<<runeBits | member(r)
}

func (m member) unit() unit    { return unit(m >> (tertiaryBits + runeBits)) }
func (m member) tertiary() int { return int(m>>runeBits) & lastTertiary }
func (m member) rune() rune    { return rune(m & (1<<runeBits - 1)) }

// weights is what the collation has for a character.
type weights struct {
	r                            rune
	primary, secondary, tertiary []int
}

type builder struct {
	k        *Keyer
	collator *collate.Collator
	buf      collate.Buffer
	current  weights // of the character being read

	members   []member
	marks     []weights // combining marks
	complex   []weights // of several weights, in no simple relation to other characters
	composed  []rune    // to be treated as their canonical decomposition
	codes     map[unit]entry
	own       int   // units of our own in use
	secondary []int // weights of marks, sorted
}

// readAll sorts the characters of all scripts in use into the lists of b. The
// rest, of which there is a lot, gets no entry; see unlisted.
func (b *builder) readAll() {
	b.members = make([]member, 0, 100_000)
	for _, block := range [][2]rune{
		{0, 0xABFF},
		{0xD7A4, 0xD7FF},
		{0xF900, 0xFFFF},
		{0x1D400, 0x1D7FF}, // mathematical letters, which some take for nice
		{0x20000, 0x2B81F}, // Han extensions as far as the collation has readings
	} {
		for r := block[0]; r <= block[1]; r++ {
			b.read(r)
		}
	}
	b.readHangul()
}

func (b *builder) read(r rune) {
	var utf8buf [utf8.UTFMax]byte
	char := utf8buf[:utf8.EncodeRune(utf8buf[:], r)]
	if r >= 0xA0 && !isUnified(r) && !norm.NFC.IsNormal(char) {
		return // is never seen
	}
	w := &b.current
	w.r = r
	b.weigh(w, char)
	for _, p := range w.primary {
		if p >= firstImplicit && p < firstHan {
			return
		}
	}
	switch {
	case b.splits(char, w):
		b.composed = append(b.composed, r)
	case len(w.primary) == 1 && len(w.secondary) == 1 && w.secondary[0] == plainSecondary:
		// Also some with a decomposition, such as й: letters of their own.
		b.members = append(b.members, makeMember(makeUnit(w.primary[0], 0), w.tertiary[0], r))
	case len(w.primary) == 0:
		b.marks = append(b.marks, w.clone())
	default:
		b.complex = append(b.complex, w.clone())
		for _, p := range w.primary {
			b.members = append(b.members, makeMember(makeUnit(p, 0), lastTertiary, noRune))
		}
	}
}

// weigh parses the collation key of a character into w, of which it takes over
// the memory.
func (b *builder) weigh(w *weights, char []byte) {
	b.buf.Reset()
	key := b.collator.Key(&b.buf, char)
	w.primary, w.secondary, w.tertiary = w.primary[:0], w.secondary[:0], w.tertiary[:0]
	for key[0] != 0 || key[1] != 0 {
		if key[0]&0x80 == 0 {
			w.primary = append(w.primary, int(key[0])<<8|int(key[1]))
			key = key[2:]
		} else {
			w.primary = append(w.primary, int(key[0]&0x7F)<<16|int(key[1])<<8|int(key[2]))
			key = key[3:]
		}
	}
	for key = key[2:]; key[0] != 0 || key[1] != 0; key = key[2:] {
		w.secondary = append(w.secondary, int(key[0])<<8|int(key[1]))
	}
	for _, t := range key[2:] {
		w.tertiary = append(w.tertiary, int(t))
	}
}

// primary is the primary weight of a character which has just one.
func (b *builder) primary(r rune) int {
	var w weights
	b.weigh(&w, []byte(string(r)))
	return w.primary[0]
}

// splits tells whether a character has a decomposition of which the parts have
// the same primary weights. The other weights are no matter: the collation for
// Chinese has the letters of pinyin, such as é, before the plain ones.
func (b *builder) splits(char []byte, w *weights) bool {
	d := norm.NFD.Properties(char).Decomposition()
	if d == nil {
		return false
	}
	var part weights
	var all []int
	for _, r := range string(d) {
		b.weigh(&part, []byte(string(r)))
		all = append(all, part.primary...)
	}
	return slices.Equal(all, w.primary)
}

// readHangul gives each syllable a unit of its own behind its initial. That is
// the order of the collation, in which a syllable takes up to three weights.
func (b *builder) readHangul() {
	const first, initials, perInitial = 0xAC00, 19, 588
	for i := range initials {
		initial := b.primary(rune(0x1100 + i))
		for j := range perInitial {
			b.members = append(b.members, makeMember(makeUnit(initial, j+1), plainTertiary, rune(first+i*perInitial+j)))
		}
	}
}

// addSurnames gives the characters of surnames their units, right behind the
// characters they are read like.
func (b *builder) addSurnames() {
	for text, like := range surnameReadings() {
		to := []rune(like)
		for i, r := range []rune(text) {
			if r != to[i] {
				b.own++
				b.members = append(b.members, makeMember(b.readLike(to[i], b.own), lastTertiary, noRune))
			}
		}
	}
}

// readLike is the unit for the surname character number own of the table.
func (b *builder) readLike(r rune, own int) unit {
	return makeUnit(b.primary(r), own)
}

// assignCodes makes the codes of level 1 for all units and the entries of all
// members.
//
// Common units have a slot of their own: one byte, or two for Han. All others
// between two common ones share a slot and have one or two bytes behind it.
func (b *builder) assignCodes() {
	slices.Sort(b.members)
	b.members = slices.Compact(b.members)

	han, _ := slices.BinarySearch(b.members, makeMember(makeUnit(firstHan, 0), 0, 0))
	lead := 1 // 0 divides levels
	for _, slot := range slots(b.members[:han]) {
		b.assignSlot(slot, byte(lead))
		lead++
	}
	b.k.other = byte(lead)
	lead++
	for i, slot := range slots(b.members[han:]) {
		if i > 0 && i&0xFF == 0 {
			lead++
		}
		b.assignSlot(slot, byte(lead), byte(i))
	}
	lead++
	b.k.rareHan = byte(lead)
	if lead > 0xFF {
		panic("pinyin: the collation has more characters than codes")
	}
}

// slots cuts members, which are sorted, into the groups which share a slot.
func slots(members []member) [][]member {
	var out [][]member
	start, shared := 0, false
	for i := 0; i < len(members); {
		end := i + 1
		common := isCommon(members[i])
		for ; end < len(members) && members[end].unit() == members[i].unit(); end++ {
			common = common || isCommon(members[end])
		}
		if i > start && (common || !shared) {
			out = append(out, members[start:i])
			start = i
		}
		shared = !common
		i = end
	}
	if start < len(members) {
		out = append(out, members[start:])
	}
	return out
}

func isCommon(m member) bool {
	r := m.rune()
	switch {
	case r < utf8.RuneSelf:
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || strings.ContainsRune(" -.,'()_&@/", r)
	case m.unit().isHan():
		return isUnified(r) || m.unit().isOwn()
	}
	return false
}

// assignSlot makes the codes of the units of one slot.
func (b *builder) assignSlot(members []member, code ...byte) {
	n := 1
	for i := 1; i < len(members); i++ {
		if members[i].unit() != members[i-1].unit() {
			n++
		}
	}
	for i := 0; len(members) > 0; i++ {
		u, end := members[0].unit(), 1
		for end < len(members) && members[end].unit() == u {
			end++
		}
		e := entry{flags: known}
		c := append(e.code[:0], code...)
		switch {
		case n > 0x100:
			c = append(c, byte(i>>8), byte(i))
		case n > 1:
			c = append(c, byte(i))
		}
		e.n = uint8(len(c))
		b.codes[u] = e
		b.assignUnit(e, members[:end])
		members = members[end:]
	}
}

// assignUnit makes the entries of the characters of one unit. Level 3 has room
// for two of them, the small letter and the capital; in scripts without capital
// letters these are just the first two. All others need a tie.
func (b *builder) assignUnit(e entry, members []member) {
	upper := slices.IndexFunc(members, func(m member) bool { return m.tertiary() >= upperTertiary && m.rune() != noRune })
	if upper == 0 {
		upper = 1
	}
	for i, m := range members {
		if m.rune() == noRune {
			continue
		}
		c := e
		if upper > 0 && i >= upper {
			c.flags |= isUpper
		}
		if i != 0 && i != upper {
			c.flags |= needsTie
		}
		b.set(m.rune(), c)
	}
}

// assignMarks makes the entries of combining marks, and of characters without
// any weight.
func (b *builder) assignMarks() {
	// The weights of the marks are closed up to fit into a byte.
	var all []int
	for _, w := range slices.Concat(b.marks, b.complex) {
		for _, s := range w.secondary {
			if s != plainSecondary {
				all = append(all, s)
			}
		}
	}
	slices.Sort(all)
	b.secondary = slices.Compact(all)

	taken := map[uint8]bool{}
	for _, w := range b.marks {
		e := entry{flags: known | needsTie}
		if len(w.secondary) > 0 {
			e.flags |= hasMark
			e.mark = b.mark(w.secondary[0])
			if len(w.secondary) == 1 && e.mark < 0xFF && !taken[e.mark] {
				e.flags &^= needsTie
				taken[e.mark] = true
			}
		}
		b.set(w.r, e)
	}
}

// mark is the weight in level 2; the last one is shared by all that are left.
func (b *builder) mark(secondary int) uint8 {
	i, _ := slices.BinarySearch(b.secondary, secondary)
	return uint8(min(i+1, 0xFF))
}

// assignSequences makes the entries of characters which are made of others.
func (b *builder) assignSequences() {
	for _, w := range b.complex {
		var seq []entry
		units := w.primary
		for i, s := range w.secondary {
			e := entry{flags: known | needsTie}
			// A weight that is not plain belongs to a mark as long as there
			// are more of them than characters to go.
			if s == plainSecondary || len(w.secondary)-i <= len(units) {
				if len(units) == 0 {
					continue
				}
				e = b.codes[makeUnit(units[0], 0)]
				e.flags |= needsTie
				units = units[1:]
			}
			if s != plainSecondary {
				e.mark = b.mark(s)
				e.flags |= hasMark
			}
			if i < len(w.tertiary) && w.tertiary[i] >= upperTertiary {
				e.flags |= isUpper
			}
			seq = append(seq, e)
		}
		b.setSequence(w.r, seq)
	}
	for _, r := range b.composed {
		var seq []entry
		for _, part := range norm.NFD.String(string(r)) {
			e := *b.k.lookup(part)
			if e.flags&isSequence != 0 {
				seq = append(seq, b.k.sequence[e.index()]...)
			} else {
				seq = append(seq, e)
			}
		}
		b.setSequence(r, seq)
	}
}

func (b *builder) setSequence(r rune, seq []entry) {
	// Most are a letter with one mark, which one entry can hold.
	if len(seq) == 2 && seq[0].mark == 0 && seq[1].n == 0 {
		e := seq[0]
		e.mark = seq[1].mark
		e.flags |= seq[1].flags
		b.set(r, e)
		return
	}
	i := len(b.k.sequence)
	b.k.sequence = append(b.k.sequence, seq)
	b.set(r, entry{code: [4]byte{byte(i >> 8), byte(i)}, flags: known | isSequence})
}

// finishSurnames puts the surnames where AppendKey finds them.
func (b *builder) finishSurnames() {
	b.own = 0
	for text, like := range surnameReadings() {
		s := surname{text: text}
		to := []rune(like)
		for i, r := range []rune(text) {
			e := *b.k.lookup(r)
			if r != to[i] {
				b.own++
				e = b.codes[b.readLike(to[i], b.own)]
			}
			s.code = append(s.code, e.code[:e.n]...)
		}
		first, _ := utf8.DecodeRuneInString(text)
		b.k.surnames[first] = append(b.k.surnames[first], s)
		b.k.lookup(first).flags |= mayBeName
	}
	for _, list := range b.k.surnames {
		slices.SortFunc(list, func(x, y surname) int { return len(y.text) - len(x.text) })
	}
}

func (b *builder) set(r rune, e entry) {
	page := &b.k.pages[r>>pageBits]
	if *page == 0 {
		*page = uint16(len(b.k.entries) >> pageBits)
		b.k.entries = append(b.k.entries, make([]entry, 1<<pageBits)...)
	}
	b.k.entries[int(*page)<<pageBits|int(r&pageMask)] = e
}

func (w *weights) clone() weights {
	return weights{w.r, slices.Clone(w.primary), slices.Clone(w.secondary), slices.Clone(w.tertiary)}
}
