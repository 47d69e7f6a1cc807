package modeltest

import (
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/directory"
)

// Random operations on what few people have, and on the contacts by which
// people are found.

// details makes up what a person may have.
func (o *op) details(ordinal rollcall.Ordinal) rollcall.Details {
	d := rollcall.Details{
		UnionID: *choose(o, "", "", "U1", "U2"), Telephone: *choose(o, "", "", "8", "9"),
		OrgEmail: *choose(o, "", "o@c"), OrgEmailType: *choose(o, "", "profession"),
		WorkPlace: *choose(o, "", "Hall"), Remark: *choose(o, "", "two\nlines"), Avatar: *choose(o, "", "https://a"),
		Gender: *choose(o, "", "女"), LoginID: *choose(o, "", "login"), ExclusiveType: *choose(o, "", "sso"),
		Exclusive: o.yes(), HideMobile: o.yes(), Senior: o.yes(), Boss: o.yes(), Admin: uint8(o.Pick(3)),
	}
	if o.Pick(8) == 0 { // the one that would be made anyway
		d.UnionID = rollcall.NewUnions(o.m.Corp.ID).Of(&rollcall.User{Ordinal: ordinal})
	}
	for range o.Pick(3) {
		d.AdminDepts = append(d.AdminDepts, *choose(o, DeptIDs()...))
	}
	if o.yes() {
		d.Manager = choose(o, rollcall.Ordinal(0), rollcall.Ordinal(len(o.m.People)))
	}
	return d
}

// describe replaces all details of a person, at times by none.
func (o *op) describe() {
	p := o.person(true)
	if p == nil {
		return
	}
	var d rollcall.Details
	if o.Pick(4) > 0 {
		d = o.details(p.Own.Ordinal)
	}
	o.update(p, rollcall.UserUpdate{Details: &d})
}

// update changes a person, and before that takes away from others what the
// person will be found by.
func (o *op) update(p *Person, u rollcall.UserUpdate) {
	after := p.Own
	u.Apply(&after)
	o.free(&after)
	o.updateOf(p.Own.Ordinal, u)
}

func (o *op) updateOf(ordinal rollcall.Ordinal, u rollcall.UserUpdate) {
	o.add(rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: ordinal, Payload: rollcall.Payload{UserUpdate: &u}})
}

// free takes contacts away from whoever else has them now, so that a person can
// have them.
func (o *op) free(u *rollcall.User) {
	for _, p := range o.m.People {
		if p.Present() && p.Own.Ordinal != u.Ordinal {
			less := p.Own
			for _, c := range contacts() {
				if v := field(&less, c); *v == *field(u, c) {
					*v = ""
				}
			}
			if change, differs := rollcall.DiffUser(&p.Own, &less); differs {
				o.updateOf(p.Own.Ordinal, change)
			}
		}
	}
}

func contacts() []directory.Contact {
	return []directory.Contact{directory.Mobile, directory.Email, directory.Telephone, directory.BroughtUnion}
}

func field(u *rollcall.User, c directory.Contact) *string {
	switch c {
	case directory.Mobile:
		return &u.Mobile
	case directory.Email:
		return &u.Email
	case directory.Telephone:
		return &u.Telephone
	case directory.BroughtUnion:
		return &u.UnionID
	}
	panic(fmt.Sprintf("there is no contact %d", c))
}

// exchange lets two or three people have each other's contact; in between two of
// them have the same.
func (o *op) exchange() {
	c := contacts()[o.Pick(len(contacts()))]
	var ring []*Person
	for range 2 + o.Pick(2) {
		if p := o.person(true); p != nil && !slices.Contains(ring, p) && !o.made(*field(&p.Own, c)) {
			ring = append(ring, p)
		}
	}
	for i, p := range ring {
		o.contact(p, c, *field(&ring[(i+1)%len(ring)].Own, c))
	}
}

// made tells whether it is a unionid that only one person can have.
func (o *op) made(value string) bool {
	_, made := rollcall.NewUnions(o.m.Corp.ID).Ordinal(value)
	return made
}

func (o *op) contact(p *Person, c directory.Contact, value string) {
	after := p.Own
	*field(&after, c) = value
	if u, differs := rollcall.DiffUser(&p.Own, &after); differs {
		o.updateOf(p.Own.Ordinal, u)
	}
}

// inherit gives a person the contact of somebody who left.
func (o *op) inherit() {
	p, gone := o.person(true), o.person(false)
	if p == nil || gone == nil {
		return
	}
	c := contacts()[o.Pick(len(contacts()))]
	if v := *field(&gone.Own, c); v != "" && !o.made(v) {
		after := p.Own
		*field(&after, c) = v
		o.free(&after)
		o.contact(p, c, v)
	}
}

// erase takes the values of somebody who left away, at times once more.
func (o *op) erase() {
	p := o.person(false)
	if p == nil {
		return
	}
	o.add(rollcall.Change{Kind: rollcall.UserErased, Ordinal: p.Own.Ordinal, Payload: rollcall.Payload{User: &rollcall.User{
		UserID: fmt.Sprintf("%s%d", *choose(o, "gone-", "erased-"), p.Own.Ordinal),
	}}})
}

// options makes up what is kept of a department.
func (o *op) options() *rollcall.DeptOptions {
	d := &rollcall.DeptOptions{
		Hidden: o.yes(), Outer: o.yes(), OuterSelf: o.yes(), CreateGroup: o.yes(), AutoAddUser: o.yes(), AutoApprove: o.yes(),
		GroupSub: o.yes(), GroupOuter: o.yes(), GroupHidden: o.yes(),
		Code: *choose(o, "", "c"), Telephone: *choose(o, "", "8"), Extension: *choose(o, "", "{}"),
		PermitDepts: []rollcall.DeptID{}, OuterUsers: []rollcall.Ordinal{},
	}
	for range o.Pick(3) {
		d.PermitDepts, d.OuterDepts = append(d.PermitDepts, *choose(o, DeptIDs()...)), append(d.OuterDepts, 1)
		d.PermitUsers, d.OuterUsers = append(d.PermitUsers, rollcall.Ordinal(o.Pick(5))), append(d.OuterUsers, 0)
	}
	if o.yes() {
		d.GroupOwner = choose(o, rollcall.Ordinal(0), 7)
	}
	return d
}

func (o *op) setOptions() {
	d := &rollcall.DeptOptions{}
	if o.Pick(3) > 0 {
		d = o.options()
	}
	o.updateDept(o.dept().ID, rollcall.DeptUpdate{Options: d})
}
