package directory

import (
	"bytes"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"rollcall"
)

// Contact is a value by which one person is found: no two people who belong to
// the organization have the same (contract 5.4).
type Contact uint8

// The kinds of contacts.
const (
	Mobile Contact = iota
	Email
	Telephone
	BroughtUnion // a unionid that the person brought along
	contactCount
)

// String returns the name of the parameter.
func (c Contact) String() string {
	return [...]string{"mobile", "email", "telephone", "unionid"}[c]
}

// field says which text of a record the contact is.
func (c Contact) field() int { return [...]int{textMobile, textEmail, textTelephone, textUnionID}[c] }

// Of returns the contact of a person, or "".
func (c Contact) Of(u *rollcall.User) string {
	switch c {
	case Mobile:
		return u.Mobile
	case Email:
		return u.Email
	case Telephone:
		return u.Telephone
	}
	return u.UnionID
}

// contacts finds people by their contacts. A person may change one, and the
// number then stays under the old value too until the index is renewed: whoever
// finds a number compares the value in the records.
type contacts [contactCount]*index

func newContacts(room [contactCount]int) (c contacts) {
	for i := range c {
		c[i] = newIndex(room[i])
	}
	return c
}

// with notes that a person has these values now; record gives the newest ones,
// nil for a number that is nobody's.
func (c contacts) with(o uint32, rec record, record func(uint32) record) contacts {
	for kind, x := range c {
		value := rec.text(Contact(kind).field())
		if len(value) == 0 {
			continue
		}
		hash := x.hashString(value)
		// The number may be on the way there for another value; it is found all
		// the same.
		if _, there := x.find(hash, func(n uint32) bool { return n == o }); there {
			continue
		}
		c[kind] = x.with(hash, o, c.rehash(Contact(kind), record))
	}
	return c
}

// rehash returns what gives the hash of a person's contact, as an index wants it.
func (c contacts) rehash(kind Contact, record func(uint32) record) func(n uint32) (uint64, bool) {
	x := c[kind]
	return func(n uint32) (uint64, bool) {
		rec := record(n)
		if rec == nil {
			return 0, false
		}
		v := rec.text(kind.field())
		return x.hashString(v), len(v) > 0
	}
}

// reserve makes room for the contacts of new people.
func (c contacts) reserve(fresh []*rollcall.User, record func(uint32) record) contacts {
	for kind, x := range c {
		n := 0
		for _, u := range fresh {
			n += b2i(Contact(kind).Of(u) != "")
		}
		c[kind] = x.reserve(n, c.rehash(Contact(kind), record))
	}
	return c
}

// fill notes the values of a person who is in no index yet. There is room: it
// was counted.
func (c contacts) fill(o uint32, rec record) {
	d := rec.afterNumbers()
	for given := d.natural(); given != 0; given &= given - 1 {
		field, value := bits.TrailingZeros64(given), d.bytes()
		for kind, x := range c {
			if Contact(kind).field() == field {
				put(*x.table.Load(), x.hashString(value), o+1)
				x.used++
			}
		}
	}
}

func (c contacts) bytes() int {
	n := 0
	for _, x := range c {
		n += x.bytes()
	}
	return n
}

// UserByContact returns the person who belongs to the organization and has this
// value. The value is the caller's.
func (r *Root) UserByContact(c Contact, value string) (*rollcall.User, bool) {
	o, ok := r.contact(c, []byte(value))
	if !ok {
		return nil, false
	}
	return r.record(o).user(rollcall.Ordinal(o)), true
}

func (r *Root) contact(c Contact, value []byte) (uint32, bool) {
	if len(value) == 0 {
		return 0, false
	}
	x := r.contacts[c]
	return x.find(x.hashString(value), func(n uint32) bool {
		if int(n) >= r.people {
			return false
		}
		rec := r.record(n)
		return rec.stay().To == rollcall.Open && bytes.Equal(rec.text(c.field()), value)
	})
}

// UserByUnion returns the person who belongs to the organization and has a
// unionid, brought along or made.
func (r *Root) UserByUnion(unionid string) (*rollcall.User, bool) {
	if u, ok := r.UserByContact(BroughtUnion, unionid); ok {
		return u, true
	}
	o, ok := r.unions.Ordinal(unionid)
	if !ok {
		return nil, false
	}
	u := r.User(o)
	if u == nil || !u.Present() || u.UnionID != "" {
		return nil, false
	}
	return u, true
}

// Union returns the unionid of a person.
func (r *Root) Union(u *rollcall.User) string { return r.unions.Of(u) }

// Holder returns the ordinal of the person who belongs to the organization and
// has a contact.
func (s *State) Holder(c Contact, value string) (rollcall.Ordinal, bool) {
	if value == "" {
		return 0, false
	}
	for o := range s.candidates(claim{c, value}) {
		if s.has(o, c, value) {
			return o, true
		}
	}
	return 0, false
}

// candidates yields everyone who may have a contact: who got it in this
// transaction, and who had it before.
func (s *State) candidates(x claim) iter.Seq[rollcall.Ordinal] {
	return func(yield func(rollcall.Ordinal) bool) {
		if o, ok := s.claims[x.kind][x.value]; ok && !yield(o) {
			return
		}
		for _, o := range s.rivals[x] {
			if !yield(o) {
				return
			}
		}
		if o, ok := s.base.contact(x.kind, []byte(x.value)); ok {
			yield(rollcall.Ordinal(o))
		}
	}
}

// has reports whether a person belongs now and has a contact.
func (s *State) has(o rollcall.Ordinal, c Contact, value string) bool {
	u := s.User(o)
	return u != nil && u.Present() && c.Of(u) == value
}

// claim is a contact that somebody touched in this transaction has, or had.
type claim struct {
	kind  Contact
	value string
}

// claimed notes the contacts of a touched person. Of changes that are in the log
// already nobody asks whose contacts they gave. Where somebody else may have one it
// has to be looked at when all are in; whoever claims it later sees that by himself.
func (s *State) claimed(u *rollcall.User) {
	if s.committed {
		return
	}
	for c := range contactCount {
		v := c.Of(u)
		if v == "" {
			continue
		}
		before, ok := s.claims[c][v]
		switch {
		case ok && before == u.Ordinal:
		case ok:
			if x := (claim{c, v}); !slices.Contains(s.rivals[x], before) {
				s.rivals[x] = append(s.rivals[x], before)
			}
		case s.claims[c] == nil:
			s.claims[c] = map[string]rollcall.Ordinal{}
		}
		s.claims[c][v] = u.Ordinal
		if _, held := s.base.contact(c, []byte(v)); ok || held || c == BroughtUnion {
			s.contested = append(s.contested, contested{u.Ordinal, c})
		}
	}
}

// contested is a contact of a touched person that somebody else may have.
type contested struct {
	by      rollcall.Ordinal
	contact Contact
}

// unique checks that nobody who was touched since the last time has a contact
// that another person has. It is asked when all changes of an intent are in, so
// that two people can exchange theirs.
func (s *State) unique() error {
	list := s.contested
	s.contested = nil
	for _, x := range list {
		if err := s.uniqueContact(s.User(x.by), x.contact); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) uniqueContact(u *rollcall.User, c Contact) error {
	value := c.Of(u)
	if value == "" || !u.Present() {
		return nil
	}
	for o := range s.candidates(claim{c, value}) {
		if o != u.Ordinal && s.has(o, c, value) {
			return taken(c, s.User(o))
		}
	}
	if c == BroughtUnion {
		if o, made := s.base.unions.Ordinal(value); made && o != u.Ordinal {
			return taken(c, s.User(o))
		}
	}
	return nil
}

// taken is the error for a contact of somebody else, who may not be there yet.
func taken(c Contact, holder *rollcall.User) error {
	detail := "it belongs to another person"
	if holder != nil {
		detail = fmt.Sprintf("it belongs to %q", holder.UserID)
	}
	return &rollcall.Error{Kind: rollcall.KindConflict, Param: c.String(), Detail: detail}
}
