package modeltest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
)

// Seen is everything by which anybody could ever be found. Versions are asked
// for all of it, also those from before.
type Seen struct {
	Contacts map[SeenContact]bool
	UserIDs  map[string]bool
}

// SeenContact is a contact that somebody had.
type SeenContact struct {
	Kind  directory.Contact
	Value string
}

func (s Seen) clone() Seen { return Seen{maps.Clone(s.Contacts), maps.Clone(s.UserIDs)} }

func (s *Seen) note(c *rollcall.Change) {
	if s.Contacts == nil {
		s.Contacts, s.UserIDs = map[SeenContact]bool{}, map[string]bool{}
	}
	var u rollcall.User
	if c.User != nil {
		u = *c.User
		s.UserIDs[u.UserID] = true
	}
	if c.UserUpdate != nil {
		c.UserUpdate.Apply(&u)
	}
	for _, kind := range contacts() {
		if v := *field(&u, kind); v != "" {
			s.Contacts[SeenContact{kind, v}] = true
		}
	}
}

// A finder is what people are found in.
type finder interface {
	UserByID(userid string) (*rollcall.User, bool)
}

// Found tells who is found by what was ever seen, and by the unionids of
// everyone who could be there.
func (m *Model) Found(seen Seen) string {
	var b strings.Builder
	b.WriteString(m.FoundWithin(seen))
	unions := rollcall.NewUnions(m.Corp.ID)
	for _, id := range seen.unions(m.Corp.ID) {
		var who *rollcall.User
		for _, p := range m.People {
			if p.Present() && unions.Of(&p.Own) == id {
				who = &p.Own
			}
		}
		appendFound(&b, fmt.Sprintf("unionid %q", id), who)
	}
	return b.String()
}

// FoundWithin is Found without the unionids, which an intent does not ask for.
func (m *Model) FoundWithin(seen Seen) string {
	var b strings.Builder
	for _, c := range seen.contacts() {
		appendFound(&b, fmt.Sprintf("%s %q", c.Kind, c.Value), m.holder(c.Kind, c.Value))
	}
	for _, id := range slices.Sorted(maps.Keys(seen.UserIDs)) {
		var who *rollcall.User
		for _, p := range m.People {
			if p.Own.UserID == id {
				who = &p.Own
			}
		}
		appendFound(&b, fmt.Sprintf("userid %q", id), who)
	}
	return b.String()
}

// holder returns who belongs now and has a contact, or nil.
func (m *Model) holder(c directory.Contact, value string) *rollcall.User {
	for _, p := range m.People {
		if p.Present() && value != "" && *field(&p.Own, c) == value {
			return &p.Own
		}
	}
	return nil
}

// Found is what a version finds in fact.
func Found(r *directory.Root, seen Seen) string {
	return found(r, seen, r.UserByContact, func(b *strings.Builder) {
		for _, id := range seen.unions(r.Corp().ID) {
			appendFoundIn(b, fmt.Sprintf("unionid %q", id))(r.UserByUnion(id))
		}
	})
}

// FoundWithin is what an intent finds, apart from unionids that were made.
func FoundWithin(s *directory.State, seen Seen) string {
	return found(s, seen, func(c directory.Contact, value string) (*rollcall.User, bool) {
		o, ok := s.Holder(c, value)
		if !ok {
			return nil, false
		}
		return s.User(o), true
	}, nil)
}

func found(f finder, seen Seen, byContact func(c directory.Contact, value string) (*rollcall.User, bool), rest func(*strings.Builder)) string {
	var b strings.Builder
	for _, c := range seen.contacts() {
		appendFoundIn(&b, fmt.Sprintf("%s %q", c.Kind, c.Value))(byContact(c.Kind, c.Value))
	}
	for _, id := range slices.Sorted(maps.Keys(seen.UserIDs)) {
		appendFoundIn(&b, fmt.Sprintf("userid %q", id))(f.UserByID(id))
	}
	if rest != nil {
		rest(&b)
	}
	return b.String()
}

func appendFoundIn(b *strings.Builder, what string) func(*rollcall.User, bool) {
	return func(u *rollcall.User, ok bool) {
		if ok != (u != nil) {
			fmt.Fprintf(b, "%s: found %v and %+v\n", what, ok, u)
			return
		}
		appendFound(b, what, u)
	}
}

func appendFound(b *strings.Builder, what string, u *rollcall.User) {
	if u == nil {
		fmt.Fprintf(b, "%s: nobody\n", what)
		return
	}
	fmt.Fprintf(b, "%s: %d\n", what, u.Ordinal)
}

// contacts lists the contacts in an order.
func (s Seen) contacts() []SeenContact {
	return slices.SortedFunc(maps.Keys(s.Contacts), func(a, b SeenContact) int {
		return strings.Compare(fmt.Sprint(a.Kind, a.Value), fmt.Sprint(b.Kind, b.Value))
	})
}

// unions lists the unionids that were brought along, and those that are made for
// anybody who was seen.
func (s Seen) unions(corpID string) []string {
	var ids []string
	for _, c := range s.contacts() {
		if c.Kind == directory.BroughtUnion {
			ids = append(ids, c.Value)
		}
	}
	for o := range rollcall.Ordinal(len(s.UserIDs) + 2) {
		ids = append(ids, rollcall.NewUnions(corpID).Of(&rollcall.User{Ordinal: o}))
	}
	return ids
}
