package intake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"rollcall"
)

// planUsers lets the people of the file join, return and change, in the order
// of the file.
func (p *planner) planUsers() {
	rows := p.d.users.rows
	p.ordinals = make([]rollcall.Ordinal, len(rows))
	p.active = make([]bool, len(rows))
	p.numberPeople()
	p.people.piece, p.members.piece = min(len(rows), 1<<10), min(len(rows), 1<<10)
	next, before := p.v.NextOrdinal(), len(p.plan.Changes)
	var fresh, scratch rollcall.User
	for i := range rows {
		row := &rows[i]
		if row.broken || p.problems.full() {
			continue
		}
		p.makeRoom(before, i, len(rows))
		for _, m := range row.members {
			if !p.lives(m.dept) {
				p.problems.add(p.d.files.Users, row.line, "dept_id_list", "%s", p.absent(m.dept))
			}
		}
		old, known := p.v.UserByID(row.userid)
		if !known {
			fresh = rollcall.User{Ordinal: next, UserID: row.userid, CreatedAt: p.opt.Now}
			old = &fresh
			next++
		}
		if known && old.Erased() {
			p.problems.add(p.d.files.Users, row.line, "userid", "%s belonged to somebody who was erased", quote(old.UserID))
			continue
		}
		stays := known && old.Present()
		want := &scratch
		if !stays { // it goes into the plan
			want = &p.people.take(1)[0]
		}
		*want = *old
		p.setWanted(row, old, known, want)
		p.ordinals[i], p.active[i] = want.Ordinal, want.Active
		for kind, column := range contactColumns {
			if value := *userText(want, column); !stays || value != *userText(old, column) {
				p.claim(i, kind, value)
			}
		}
		if stays {
			p.change(row, old, want)
		} else {
			p.join(row, want, known)
		}
	}
	p.refuseCircles()
}

// setWanted makes want, which is as old, what the person's own values are to
// be; old is empty for a new one.
func (p *planner) setWanted(row *userRow, old *rollcall.User, known bool, want *rollcall.User) {
	has := p.d.users.has
	for i, column := range p.d.users.texts {
		text, to := userText(want, column), row.texts[i]
		same := column == userRemark && withoutReturns(*text) == to || column == userExtension && sameJSON(*text, to)
		if !same {
			*text = to
		}
	}
	for i, column := range flagColumns {
		if has[column] {
			*userFlag(want, column) = row.flags[i]
		}
	}
	p.planAdmin(row, want)
	p.planManager(row, want)
	if has[userHired] {
		want.HiredDate = row.hired.or(0, p.loc)
	}
	if row.active.given {
		want.Active = row.active.value
	}
	if !want.Active && old.Active {
		// Whoever signs in is active: the mark does not go and come back.
		_, want.Active = p.d.signIns.byID[want.UserID]
	}
	switch {
	case !known:
		want.Stay = rollcall.Stay{From: row.joined.or(rollcall.Beginning, p.loc), To: rollcall.Open}
	case !old.Present():
		want.Stay = rollcall.Stay{From: row.joined.or(p.opt.Now, p.loc), To: rollcall.Open}
	default:
		want.Stay.From = row.joined.or(old.Stay.From, p.loc)
	}
}

// sameJSON reports whether two texts are the same but for blanks between their
// tokens.
func sameJSON(a, b string) bool {
	if a == b {
		return true
	}
	var x, y bytes.Buffer
	return a != "" && b != "" && json.Compact(&x, []byte(a)) == nil && json.Compact(&y, []byte(b)) == nil &&
		bytes.Equal(x.Bytes(), y.Bytes())
}

// planAdmin says whether a person is to be an administrator, and of what.
func (p *planner) planAdmin(row *userRow, want *rollcall.User) {
	has := p.d.users.has
	if has[userAdmin] {
		want.Admin = row.admin
	}
	if has[userAdminDepts] {
		want.AdminDepts = row.adminDepts
		for _, id := range want.AdminDepts {
			if !p.lives(id) {
				p.problems.add(p.d.files.Users, row.line, "admin_depts", "%s", p.absent(id))
			}
		}
	}
	if len(want.AdminDepts) == 0 || want.Admin == rollcall.SubAdmin {
		return
	}
	if has[userAdminDepts] {
		p.problems.add(p.d.files.Users, row.line, "admin_depts", "is set, but the person is not an administrator of departments (sub)")
		return
	}
	want.AdminDepts = nil
}

// claim notes that a row brings a contact in, which nobody else may have.
func (p *planner) claim(i, kind int, value string) {
	if value == "" {
		return
	}
	p.claimed = true
	if p.d.users.contacts[kind] != nil {
		return // it is known that no other row has it
	}
	claims, rows := p.claims[kind], p.d.users.rows
	if other, taken := claims[value]; taken {
		p.problems.add(p.d.files.Users, rows[i].line, userLayout.names[contactColumns[kind]], "%s belongs to %s, on line %d, too",
			quote(value), quote(rows[other].userid), rows[other].line)
		return
	}
	if claims == nil {
		claims = make(map[string]int, len(rows)-i)
		p.claims[kind] = claims
	}
	claims[value] = i
}

// claimant returns the row that brings a contact in.
func (p *planner) claimant(kind int, value string) (row int, ok bool) {
	users := &p.d.users
	if users.contacts[kind] == nil {
		row, ok = p.claims[kind][value]
		return row, ok
	}
	line, ok := users.contacts[kind][value]
	if !ok {
		return 0, false
	}
	row, ok = slices.BinarySearchFunc(users.rows, line, func(r userRow, line int) int { return cmp.Compare(r.line, line) })
	if !ok || users.rows[row].broken {
		return 0, false
	}
	old, known := p.v.UserByID(users.rows[row].userid)
	has := known && (old.Erased() || old.Present() && *userText(old, contactColumns[kind]) == value)
	return row, !has
}

// join brings a person in, with the departments of the row. The plan keeps
// want.
func (p *planner) join(row *userRow, want *rollcall.User, returning bool) {
	want.ModifiedAt = p.opt.Now
	want.Memberships = nil
	if returning {
		p.plan.Summary.PeopleReturning++
	} else {
		p.plan.Summary.PeopleJoining++
	}
	p.add(rollcall.Change{
		Kind: rollcall.UserJoined, Ordinal: want.Ordinal,
		Payload: rollcall.Payload{User: want},
	})
	members := p.members.take(len(row.members))
	for i := range row.members {
		members[i] = p.member(row, &row.members[i], want, want.Stay.From)
		p.addMember(want.Ordinal, &members[i])
	}
}

// member makes a new membership; entered holds where the file gives nothing.
func (p *planner) member(row *userRow, m *memberRow, want *rollcall.User, entered rollcall.Instant) rollcall.Membership {
	made := rollcall.Membership{
		DeptID: m.dept, Order: m.order, Ordered: m.ordered, Leader: m.leader, Title: m.title,
		Main: m.main, WorkPlace: m.place,
		Entered: m.entered.or(entered, p.loc), Modified: p.opt.Now,
	}
	p.checkEntered(row, &made, want, m.entered.given)
	return made
}

// checkEntered reports a membership that begins before its person's stay. A stay
// since the beginning is before everything. The row gave the time, or it
// follows from others.
func (p *planner) checkEntered(row *userRow, m *rollcall.Membership, want *rollcall.User, given bool) {
	from := want.Stay.From
	if from == rollcall.Beginning || m.Entered >= from {
		return
	}
	column := "joined"
	if given {
		column = "entered"
	}
	p.problems.add(p.d.files.Users, row.line, column, "the person came into department %d (%s) before joining (%s)",
		m.DeptID, p.show(m.Entered), p.show(from))
}

func (p *planner) show(i rollcall.Instant) string { return i.Time().In(p.loc).Format(time.RFC3339) }

func (p *planner) addMember(o rollcall.Ordinal, m *rollcall.Membership) {
	p.plan.Summary.MembershipsAdded++
	p.add(rollcall.Change{
		Kind: rollcall.MemberAdded, Ordinal: o, DeptID: m.DeptID,
		Payload: rollcall.Payload{Member: m},
	})
}

func (p *planner) removeMember(o rollcall.Ordinal, id rollcall.DeptID) {
	p.plan.Summary.MembershipsRemoved++
	p.add(rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: o, DeptID: id})
}

// change makes a person who belongs already what the row says.
func (p *planner) change(row *userRow, old, want *rollcall.User) {
	if update, changed := rollcall.DiffUser(old, want); changed {
		scratch := *old
		before := update.Apply(&scratch)
		p.plan.Summary.PeopleUpdated++
		p.add(rollcall.Change{
			Kind: rollcall.UserUpdated, Ordinal: old.Ordinal,
			Payload: rollcall.Payload{UserUpdate: &update, UserBefore: &before},
		})
	}
	moved := false
	if !p.d.users.has[userDepts] {
		for i := range old.Memberships {
			p.changeMember(row, nil, &old.Memberships[i], old, want)
		}
		return
	}
	// Both lists ascend.
	left, rows := old.Memberships, row.members
	for len(left) > 0 || len(rows) > 0 {
		switch {
		case len(rows) == 0 || len(left) > 0 && left[0].DeptID < rows[0].dept:
			p.removeMember(old.Ordinal, left[0].DeptID)
			left, moved = left[1:], true
		case len(left) == 0 || rows[0].dept < left[0].DeptID:
			m := p.member(row, &rows[0], want, max(p.opt.Now, want.Stay.From))
			p.addMember(old.Ordinal, &m)
			rows, moved = rows[1:], true
		default:
			p.changeMember(row, &rows[0], &left[0], old, want)
			left, rows = left[1:], rows[1:]
		}
	}
	if moved {
		p.plan.Summary.PeopleMoved++
	}
}

// changeMember makes a membership what the row says; m is nil where the file
// says nothing about departments.
func (p *planner) changeMember(row *userRow, m *memberRow, was *rollcall.Membership, old, want *rollcall.User) {
	has := p.d.users.has
	wanted := *was
	if was.Entered == old.Stay.From {
		// Who came into the department on joining still does when the time of
		// joining is put right.
		wanted.Entered = want.Stay.From
	}
	if m != nil {
		if has[userLeader] {
			wanted.Leader = m.leader
		}
		if has[userOrder] && (m.ordered || was.Ordered) {
			wanted.Ordered, wanted.Order = m.ordered, m.order
		}
		if has[userDeptTitle] {
			wanted.Title = m.title
		}
		if has[userMainDept] {
			wanted.Main = m.main
		}
		if has[userDeptPlace] {
			wanted.WorkPlace = m.place
		}
		wanted.Entered = m.entered.or(wanted.Entered, p.loc)
	}
	update, changed := rollcall.DiffMembership(was, &wanted)
	if wanted.Entered != was.Entered || want.Stay.From != old.Stay.From {
		p.checkEntered(row, &wanted, want, m != nil && m.entered.given)
	}
	if !changed {
		return
	}
	scratch := *was
	before := update.Apply(&scratch)
	p.plan.Summary.MembershipsChanged++
	p.add(rollcall.Change{
		Kind: rollcall.MemberUpdated, Ordinal: old.Ordinal, DeptID: was.DeptID,
		Payload: rollcall.Payload{MemberUpdate: &update, MemberBefore: &before},
	})
}

// meetOthers goes through the people who belong already, for what the file does
// to those who are not in it.
func (p *planner) meetOthers() {
	users := &p.d.users
	replace := p.replacing()
	if !replace && !p.claimed && len(p.doomed) == 0 {
		return
	}
	for u := range p.v.Users() {
		if !u.Present() {
			continue
		}
		p.present++
		row, inFile := users.byID[u.UserID]
		if !inFile && replace {
			p.leavers = append(p.leavers, u)
			continue
		}
		if !inFile || !users.has[userDepts] {
			for i := range u.Memberships {
				if _, doomed := p.doomed[u.Memberships[i].DeptID]; doomed {
					p.doomed[u.Memberships[i].DeptID]++
				}
			}
		}
		for kind, column := range contactColumns {
			value := *userText(u, column)
			if inFile && users.has[column] {
				continue
			}
			if claim, taken := p.claimant(kind, value); taken && (!inFile || claim != row) {
				p.problems.add(p.d.files.Users, users.rows[claim].line, userLayout.names[column], "%s belongs to %s", quote(value), quote(u.UserID))
			}
		}
	}
}

// leave lets the leavers go.
func (p *planner) leave() {
	for _, u := range p.leavers {
		for _, id := range u.Roles {
			p.add(rollcall.Change{Kind: rollcall.RoleTaken, Ordinal: u.Ordinal, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}})
		}
		for i := range u.Memberships {
			p.removeMember(u.Ordinal, u.Memberships[i].DeptID)
		}
		p.plan.Summary.PeopleLeaving++
		p.add(rollcall.Change{Kind: rollcall.UserLeft, Ordinal: u.Ordinal})
	}
}
