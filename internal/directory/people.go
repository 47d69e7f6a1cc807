package directory

import (
	"iter"
	"maps"
	"slices"

	"rollcall"
)

// touchedPeople are the people whom a [State] changed or added. New ones have
// ordinals in a row, so that an import looks for none of them in a map.
type touchedPeople struct {
	known map[rollcall.Ordinal]*rollcall.User // those of the version before
	first rollcall.Ordinal                    // of the new ones
	fresh []*rollcall.User
	room  []rollcall.User // for the next new ones
}

// at returns a person, nil where the person was not touched.
func (p *touchedPeople) at(o rollcall.Ordinal) *rollcall.User {
	if o < p.first {
		return p.known[o]
	}
	if n := int(o - p.first); n < len(p.fresh) {
		return p.fresh[n]
	}
	return nil
}

// next returns the ordinal of the next new person.
func (p *touchedPeople) next() rollcall.Ordinal { return p.first + rollcall.Ordinal(len(p.fresh)) }

// add adds a new person, with the next ordinal.
func (p *touchedPeople) add(u *rollcall.User) *rollcall.User {
	if len(p.room) == 0 {
		p.room = make([]rollcall.User, min(len(p.fresh)+1, blockLen))
	}
	added := &p.room[0]
	p.room = p.room[1:]
	*added = *u
	p.fresh = append(p.fresh, added)
	return added
}

// ordinals returns the ordinals of all, ascending.
func (p *touchedPeople) ordinals() []rollcall.Ordinal {
	list := slices.AppendSeq(make([]rollcall.Ordinal, 0, len(p.known)+len(p.fresh)), maps.Keys(p.known))
	slices.Sort(list)
	for o := p.first; o < p.next(); o++ {
		list = append(list, o)
	}
	return list
}

// all yields all, in any order.
func (p *touchedPeople) all() iter.Seq2[rollcall.Ordinal, *rollcall.User] {
	return func(yield func(rollcall.Ordinal, *rollcall.User) bool) {
		for o, u := range p.known {
			if !yield(o, u) {
				return
			}
		}
		for i, u := range p.fresh {
			if !yield(p.first+rollcall.Ordinal(i), u) {
				return
			}
		}
	}
}
