package directory

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"rollcall"
)

// record is one person as bytes: what the orders compare first, at fixed
// places, then the rest. A million people are then a few thousand objects
// without pointers, which costs the garbage collector nothing.
//
//	0      flags
//	1      number of memberships (2 bytes)
//	3      length of userid, of the sort key, of the English sort key (2 each)
//	9      memberships, narrowLen or wideLen bytes each
//	...    userid, sort key, English sort key, the rest with variable lengths
type record []byte

const (
	flagActive = 1 << iota
	flagLimited
	flagEnglish // has an English name, and so a sort key for it
	flagWide    // a membership has an order, or a number that needs the room
	flagManaged // reports to somebody
	flagSystem  // holds a system role
)

const (
	recordHead = 9
	// A membership is dept_id, entered, modified, flags and, where it is wide,
	// the order. Nearly all are narrow.
	narrowLen = 4 + 6 + 6 + 1
	wideLen   = 8 + 8 + 8 + 1 + 8
)

// The flags of a membership.
const (
	memberOrdered = 1 << iota
	memberLeader
	memberMain
)

func (r record) active() bool  { return r[0]&flagActive != 0 }
func (r record) limited() bool { return r[0]&flagLimited != 0 }
func (r record) english() bool { return r[0]&flagEnglish != 0 }
func (r record) managed() bool { return r[0]&flagManaged != 0 }
func (r record) members() int  { return int(binary.LittleEndian.Uint16(r[1:])) }

func (r record) memberLen() int {
	if r[0]&flagWide != 0 {
		return wideLen
	}
	return narrowLen
}

func (r record) texts() int { return recordHead + r.members()*r.memberLen() }

func (r record) userid() []byte {
	at := r.texts()
	return r[at : at+int(binary.LittleEndian.Uint16(r[3:]))]
}

// key returns the sort key of the name shown in a language.
func (r record) key(l rollcall.Language) []byte {
	at := r.texts() + int(binary.LittleEndian.Uint16(r[3:]))
	n := int(binary.LittleEndian.Uint16(r[5:]))
	if l == rollcall.English && r.english() {
		return r[at+n : at+n+int(binary.LittleEndian.Uint16(r[7:]))]
	}
	return r[at : at+n]
}

// member is a membership within a record, narrow or wide.
type member []byte

func (m member) dept() rollcall.DeptID {
	if len(m) == narrowLen {
		return rollcall.DeptID(binary.LittleEndian.Uint32(m))
	}
	return rollcall.DeptID(binary.LittleEndian.Uint64(m))
}

func (m member) order() int64 {
	if len(m) == narrowLen {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(m[25:]))
}

func (m member) entered() rollcall.Instant {
	if len(m) == narrowLen {
		return instant48(m[4:])
	}
	return rollcall.Instant(binary.LittleEndian.Uint64(m[8:]))
}

func (m member) modified() rollcall.Instant {
	if len(m) == narrowLen {
		return instant48(m[10:])
	}
	return rollcall.Instant(binary.LittleEndian.Uint64(m[16:]))
}

func (m member) flags() byte {
	if len(m) == narrowLen {
		return m[16]
	}
	return m[24]
}

func (m member) ordered() bool { return m.flags()&memberOrdered != 0 }
func (m member) leader() bool  { return m.flags()&memberLeader != 0 }

// instant48 reads an instant in six bytes: some four thousand years about 1970.
func instant48(b []byte) rollcall.Instant {
	low := uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint16(b[4:]))<<32
	return rollcall.Instant(int64(low<<16) >> 16)
}

func (r record) member(i int) member {
	n := r.memberLen()
	at := recordHead + i*n
	return member(r[at : at+n])
}

// isWide reports whether one of the memberships does not fit the narrow form.
func isWide(list []rollcall.Membership) bool {
	fits := func(t rollcall.Instant) bool { return t<<16>>16 == t }
	for i := range list {
		m := &list[i]
		if m.Ordered || m.Order != 0 || uint64(m.DeptID) > math.MaxUint32 || !fits(m.Entered) || !fits(m.Modified) {
			return true
		}
	}
	return false
}

func appendMember(dst []byte, m *rollcall.Membership, wide bool) []byte {
	le := binary.LittleEndian
	var f byte
	if m.Ordered {
		f |= memberOrdered
	}
	if m.Leader {
		f |= memberLeader
	}
	if m.Main {
		f |= memberMain
	}
	if wide {
		dst = le.AppendUint64(dst, uint64(m.DeptID))
		dst = le.AppendUint64(dst, uint64(m.Entered))
		dst = le.AppendUint64(dst, uint64(m.Modified))
		return le.AppendUint64(append(dst, f), uint64(m.Order))
	}
	dst = le.AppendUint32(dst, uint32(m.DeptID))
	for _, t := range [2]rollcall.Instant{m.Entered, m.Modified} {
		dst = le.AppendUint32(dst, uint32(t))
		dst = le.AppendUint16(dst, uint16(t>>32))
	}
	return append(dst, f)
}

// in returns the membership in a department; the caller knows that there is
// one.
func (r record) in(d rollcall.DeptID) member {
	for i := range r.members() {
		if m := r.member(i); m.dept() == d {
			return m
		}
	}
	panic(fmt.Sprintf("directory: %q is listed in department %d without being in it", r.userid(), d))
}

// joined returns the start of the present stay, or of the last one.
func (r record) stay() rollcall.Stay {
	rest := r[r.rest():]
	from, n := binary.Varint(rest)
	to, _ := binary.Varint(rest[n:])
	return stayOf(from, to)
}

func stayOf(from, to int64) rollcall.Stay {
	switch {
	case to == 0:
		return rollcall.Stay{From: rollcall.Instant(from), To: rollcall.Open}
	case to > 0:
		to--
	}
	return rollcall.Stay{From: rollcall.Instant(from), To: rollcall.Instant(to)}
}

func (r record) rest() int {
	return r.texts() + int(binary.LittleEndian.Uint16(r[3:])) +
		int(binary.LittleEndian.Uint16(r[5:])) + int(binary.LittleEndian.Uint16(r[7:]))
}

// appendRecord encodes a person and the sort keys.
func appendRecord(dst []byte, u *rollcall.User, key, keyEN []byte) []byte {
	var flags byte
	if u.Active {
		flags |= flagActive
	}
	if u.AccessLimited {
		flags |= flagLimited
	}
	if u.NameEN != "" {
		flags |= flagEnglish
	}
	if u.Manager != nil {
		flags |= flagManaged
	}
	if systemRolesOf(u) != 0 {
		flags |= flagSystem
	}
	wide := isWide(u.Memberships)
	if wide {
		flags |= flagWide
	}
	le := binary.LittleEndian
	dst = append(dst, flags)
	dst = le.AppendUint16(dst, uint16(len(u.Memberships)))
	dst = le.AppendUint16(dst, uint16(len(u.UserID)))
	dst = le.AppendUint16(dst, uint16(len(key)))
	dst = le.AppendUint16(dst, uint16(len(keyEN)))
	for i := range u.Memberships {
		dst = appendMember(dst, &u.Memberships[i], wide)
	}
	dst = append(dst, u.UserID...)
	dst = append(dst, key...)
	dst = append(dst, keyEN...)
	dst = binary.AppendVarint(dst, int64(u.Stay.From))
	switch to := u.Stay.To; {
	case to == rollcall.Open: // a byte is enough for nearly everyone
		dst = append(dst, 0)
	case to >= 0:
		dst = binary.AppendVarint(dst, int64(to)+1)
	default:
		dst = binary.AppendVarint(dst, int64(to))
	}
	dst = binary.AppendVarint(dst, int64(u.CreatedAt))
	dst = binary.AppendVarint(dst, int64(u.ModifiedAt))
	dst = binary.AppendVarint(dst, int64(u.HiredDate))
	dst = appendTexts(dst, u)
	return appendRest(dst, u)
}

// user decodes the whole person.
func (r record) user(o rollcall.Ordinal) *rollcall.User {
	u := &rollcall.User{}
	r.read(o, u)
	return u
}

// read decodes the whole person into a value whose lists are used again. All
// texts are parts of one string.
func (r record) read(o rollcall.Ordinal, u *rollcall.User) {
	s := string(r[r.texts():])
	*u = rollcall.User{
		Ordinal: o, UserID: s[:binary.LittleEndian.Uint16(r[3:])], Active: r.active(), AccessLimited: r.limited(),
		Memberships: u.Memberships[:0], Roles: u.Roles[:0],
	}
	d := decoder(r[r.rest():])
	from := d.number()
	u.Stay = stayOf(from, d.number())
	u.CreatedAt = rollcall.Instant(d.number())
	u.ModifiedAt = rollcall.Instant(d.number())
	u.HiredDate = rollcall.Instant(d.number())
	d.texts(u, s)
	u.Memberships = slices.Grow(u.Memberships, r.members())
	for i := range r.members() {
		m := r.member(i)
		u.Memberships = append(u.Memberships, rollcall.Membership{
			DeptID: m.dept(), Order: m.order(), Ordered: m.ordered(), Leader: m.leader(),
			Main: m.flags()&memberMain != 0, Entered: m.entered(), Modified: m.modified(),
		})
	}
	d.rest(u, s)
}

// compareUserIDs is the last word of every order (contract D8).
func compareUserIDs(a, b record) int { return bytes.Compare(a.userid(), b.userid()) }

// card is what a list shows of one person, encoded once: the fragment for each
// language and where the quoted userid lies in the first. What the bytes mean
// is the business of the [Encoder].
//
//	0  length of the fragment (2 bytes), start and length of the userid in it
//	   (2 each)
//	6  the fragment, then the English one where it differs
type card []byte

const cardHead = 6

func (c card) fragment(l rollcall.Language) []byte {
	n := cardHead + int(binary.LittleEndian.Uint16(c))
	if l == rollcall.English && len(c) > n {
		return c[n:]
	}
	return c[cardHead:n]
}

func (c card) userid() []byte {
	at := cardHead + int(binary.LittleEndian.Uint16(c[2:]))
	return c[at : at+int(binary.LittleEndian.Uint16(c[4:]))]
}

// blockLen is how many people share one allocation. Changing a person copies
// the block.
const blockLen = 64

// block is up to blockLen byte strings in one: blockLen+1 offsets of 4 bytes,
// then the strings.
type block []byte

const blockHead = 4 * (blockLen + 1)

func (b block) at(i int) []byte {
	lo := binary.LittleEndian.Uint32(b[4*i:])
	hi := binary.LittleEndian.Uint32(b[4*i+4:])
	return b[lo:hi:hi]
}

// items are what is to be put into a block, at their places.
type items [blockLen][]byte

// with returns a block that has some items instead of its own. The zero block has
// empty ones.
func (b block) with(fresh *items) block {
	if len(b) == 0 {
		b = emptyBlock()
	}
	size := len(b)
	for i, x := range fresh {
		if x != nil {
			size += len(x) - len(b.at(i))
		}
	}
	out := make(block, blockHead, size)
	for i := 0; i < blockLen; {
		if fresh[i] != nil {
			out.begin(i)
			out = append(out, fresh[i]...)
			i++
			continue
		}
		// What stays is copied run by run.
		lo, shift := b.start(i), len(out)-b.start(i)
		for ; i < blockLen && fresh[i] == nil; i++ {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(b.start(i)+shift))
		}
		out = append(out, b[lo:b.start(i)]...)
	}
	out.begin(blockLen)
	return out
}

func (b block) start(i int) int { return int(binary.LittleEndian.Uint32(b[4*i:])) }

// begin notes that item i begins where the block ends by now.
func (b block) begin(i int) { binary.LittleEndian.PutUint32(b[4*i:], uint32(len(b))) }

func emptyBlock() block {
	b := make(block, blockHead)
	for i := range blockLen + 1 {
		b.begin(i)
	}
	return b
}
