package intake

import (
	"slices"

	"rollcall"
)

// sheetContacts are the columns that no two people have the same in; it is
// immutable.
var sheetContacts = [sheetContactKinds]int{sheetMobile, sheetEmail, sheetTelephone}

const sheetContactKinds = 3

// contactKey is the form in which contacts are compared.
func contactKey(kind int, value string) string {
	value = sheetText(value)
	if sheetContacts[kind] == sheetMobile && value != "" {
		if number, wrong := phoneNumber(value); wrong == "" {
			return number
		}
	}
	return value
}

// keyOf returns a contact of a person in this form.
func keyOf(kind int, u *rollcall.User) string {
	return contactKey(kind, *sheetColumns[sheetContacts[kind]].field(u))
}

// known is a person of the organization.
type known struct {
	ordinal rollcall.Ordinal
	userid  string
}

// sheetPerson is whom a row is about.
type sheetPerson struct {
	userid  string  // empty where the sheet has none
	stored  string  // the userid of somebody who is known; empty for a new person
	mobile  string  // as phoneNumber has it
	wrong   string  // what is wrong with the mobile number
	several []known // who has the mobile number, where that does not say who is meant
}

// identify finds out whom the rows are about: by userid, or by the mobile number
// where there is none.
func (f *sheetPlan) identify() {
	var wanted [sheetContactKinds]map[string]bool
	for kind := range wanted {
		wanted[kind], f.holders[kind] = map[string]bool{}, map[string][]known{}
	}
	named := map[rollcall.Ordinal]bool{} // by userid
	for i := range f.s.rows {
		row, who := &f.s.rows[i], &f.who[i]
		for kind, column := range sheetContacts {
			wanted[kind][contactKey(kind, f.s.cell(row, column))] = true
		}
		who.mobile, who.wrong = phoneNumber(f.s.cell(row, sheetMobile))
		who.userid = row.userid
		u, ok := f.v.UserByID(who.userid)
		if !ok {
			who.userid = f.s.cell(row, sheetUserID)
			u, ok = f.v.UserByID(who.userid)
		}
		f.ids[who.userid] = true
		if ok {
			who.stored, named[u.Ordinal] = u.UserID, true
			for kind := range sheetContacts { // one who comes back brings them along
				wanted[kind][keyOf(kind, u)] = true
			}
		}
	}
	for kind := range wanted {
		delete(wanted[kind], "")
	}
	left := f.meet(wanted)
	for i := range f.s.rows {
		row, who := &f.s.rows[i], &f.who[i]
		if who.userid != "" || who.mobile == "" {
			continue
		}
		// Who has a row by userid can have given the number away.
		holders := slices.DeleteFunc(slices.Clone(f.holders[0][who.mobile]), func(k known) bool { return named[k.ordinal] })
		switch len(holders) {
		case 0:
			who.stored = left[leaver{who.mobile, f.s.cell(row, sheetName)}].userid
		case 1:
			who.stored = holders[0].userid
		default:
			who.several = holders
		}
	}
}

// leaver is by what somebody who left is found. A number can have come to
// somebody else since: only the name as well makes it the same person.
type leaver struct{ mobile, name string }

// lastSeen is who left last of those who are found by the same.
type lastSeen struct {
	userid string
	at     rollcall.Instant
}

// meet goes through everybody for those who have a contact that is wanted, and
// returns those who left.
func (f *sheetPlan) meet(wanted [sheetContactKinds]map[string]bool) map[leaver]lastSeen {
	left := map[leaver]lastSeen{}
	for u := range f.v.Users() {
		if !u.Present() {
			by := leaver{keyOf(0, u), sheetText(u.Name)}
			if last, found := left[by]; wanted[0][by.mobile] && (!found || last.at < u.Stay.To) {
				left[by] = lastSeen{u.UserID, u.Stay.To}
			}
			continue
		}
		for kind := range sheetContacts {
			if key := keyOf(kind, u); wanted[kind][key] {
				f.holders[kind][key] = append(f.holders[kind][key], known{u.Ordinal, u.UserID})
			}
		}
	}
	return left
}

// keysOf returns all contacts of a person in the form in which they are
// compared.
func keysOf(u *rollcall.User) (keys [sheetContactKinds]string) {
	for kind := range sheetContacts {
		keys[kind] = keyOf(kind, u)
	}
	return keys
}

// freshContacts says which contacts a person does not have yet.
func freshContacts(old *rollcall.User, keys [sheetContactKinds]string) (fresh [sheetContactKinds]bool) {
	for kind := range sheetContacts {
		fresh[kind] = old == nil || !old.Present() || keyOf(kind, old) != keys[kind]
	}
	return fresh
}

// checkContacts reports contacts that two people would have. Those who have the
// same already may keep it.
func (f *sheetPlan) checkContacts() {
	leaving := f.opt.Replace && f.users.usable // who has no row
	for kind, column := range sheetContacts {
		first := map[string]int{}
		for i := range f.users.rows {
			made := &f.users.rows[i]
			key := f.keys[i][kind]
			if key == "" {
				continue
			}
			j, twice := first[key]
			if !twice {
				first[key] = i
			} else if f.fresh[i][kind] || f.fresh[j][kind] {
				f.problem(&f.s.rows[f.from[i]], column, "is in row %d already", f.users.rows[j].line)
				made.broken = true
				continue
			}
			if !f.fresh[i][kind] || leaving {
				continue
			}
			other := slices.IndexFunc(f.holders[kind][key], func(k known) bool { return !f.stored[k.ordinal] })
			if other >= 0 {
				f.problem(&f.s.rows[f.from[i]], column, "belongs to %s", quote(f.holders[kind][key][other].userid))
				made.broken = true
			}
		}
	}
}
