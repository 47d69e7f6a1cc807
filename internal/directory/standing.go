package directory

import "rollcall"

// Find returns the ordinal of the person with a userid, also of one who has
// left. It does not decode the person.
func (r *Root) Find(userid []byte) (rollcall.Ordinal, bool) {
	o, ok := r.ordinal(userid)
	return rollcall.Ordinal(o), ok
}

// FindContact returns the ordinal of the person who belongs to the organization
// and has a contact.
func (r *Root) FindContact(c Contact, value []byte) (rollcall.Ordinal, bool) {
	o, ok := r.contact(c, value)
	return rollcall.Ordinal(o), ok
}

// FindUnion is [Root.UserByUnion] without decoding the person.
func (r *Root) FindUnion(unionid []byte) (rollcall.Ordinal, bool) {
	if o, ok := r.FindContact(BroughtUnion, unionid); ok {
		return o, true
	}
	o, ok := r.unions.Ordinal(string(unionid))
	if !ok || int(o) >= r.people {
		return 0, false
	}
	rec := r.record(uint32(o))
	return o, rec.stay().To == rollcall.Open && len(rec.text(textUnionID)) == 0
}

// Standing returns the present stay of a person, or the last one, and whether
// the account was used. The ordinal is one that was given.
func (r *Root) Standing(o rollcall.Ordinal) (stay rollcall.Stay, active bool) {
	rec := r.record(uint32(o))
	return rec.stay(), rec.active()
}

// Called returns what somebody is called, and whether the account was used,
// without decoding the person. The ordinal is one that was given; the bytes must
// not be changed.
func (r *Root) Called(o rollcall.Ordinal) (userid, name []byte, active bool) {
	rec := r.record(uint32(o))
	return rec.userid(), rec.text(textName), rec.active()
}

// Standing is [Root.Standing] as it is by now.
func (s *State) Standing(o rollcall.Ordinal) (stay rollcall.Stay, active bool) {
	if u := s.users.at(o); u != nil {
		return u.Stay, u.Active
	}
	return s.base.Standing(o)
}
