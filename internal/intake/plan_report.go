package intake

import (
	"slices"

	"rollcall"
)

// Who reports to whom, and what names people who leave.

// numberPeople finds the ordinals of the people of the file before they are
// planned, for those who report to somebody further down.
func (p *planner) numberPeople() {
	if len(p.d.users.rows) == 0 || !p.d.users.has[userManager] {
		return
	}
	next := p.v.NextOrdinal()
	for i := range p.d.users.rows {
		row := &p.d.users.rows[i]
		if row.broken {
			continue
		}
		if u, known := p.v.UserByID(row.userid); known {
			p.ordinals[i] = u.Ordinal
		} else {
			p.ordinals[i] = next
			next++
		}
	}
}

// replacing reports whether people leave who are not in the file.
func (p *planner) replacing() bool {
	return p.opt.Replace && p.d.users.given && p.d.users.usable
}

// stays reports whether somebody belongs after the import.
func (p *planner) stays(u *rollcall.User) bool {
	if u == nil {
		return false
	}
	_, inFile := p.d.users.byID[u.UserID]
	return inFile || u.Present() && !p.replacing()
}

// planManager says whom a person is to report to.
func (p *planner) planManager(row *userRow, want *rollcall.User) {
	if !p.d.users.has[userManager] {
		if want.Manager != nil && !p.stays(p.v.User(*want.Manager)) {
			want.Manager = nil
		}
		return
	}
	want.Manager = nil
	if row.manager == "" {
		return
	}
	problem := func(format string, args ...any) {
		p.problems.add(p.d.files.Users, row.line, "manager_userid", format, args...)
	}
	if row.manager == row.userid {
		problem("nobody reports to themselves")
		return
	}
	if i, inFile := p.d.users.byID[row.manager]; inFile {
		if !p.d.users.rows[i].broken { // which is reported already
			manager := p.ordinals[i]
			want.Manager = &manager
		}
		return
	}
	u, known := p.v.UserByID(row.manager)
	if !known || !p.stays(u) {
		problem("nobody has the userid %s", quote(row.manager))
		return
	}
	manager := u.Ordinal
	want.Manager = &manager
}

// refuseCircles reports people who would report to themselves, round about.
func (p *planner) refuseCircles() {
	if len(p.d.users.rows) == 0 || !p.d.users.has[userManager] {
		return
	}
	rowOf := map[rollcall.Ordinal]int{}
	for i := range p.d.users.rows {
		if !p.d.users.rows[i].broken {
			rowOf[p.ordinals[i]] = i
		}
	}
	above := func(o rollcall.Ordinal) (rollcall.Ordinal, bool) {
		if i, inFile := rowOf[o]; inFile {
			userid := p.d.users.rows[i].manager
			if userid == p.d.users.rows[i].userid { // which is reported already
				return 0, false
			}
			if j, there := p.d.users.byID[userid]; there {
				return p.ordinals[j], !p.d.users.rows[j].broken
			}
			u, known := p.v.UserByID(userid)
			return ordinalOf(u), known
		}
		u := p.v.User(o)
		if u == nil || u.Manager == nil {
			return 0, false
		}
		return *u.Manager, true
	}
	seen := map[rollcall.Ordinal]int{} // in which walk, from 1
	for i := range p.d.users.rows {
		if p.d.users.rows[i].broken {
			continue
		}
		for o, ok := p.ordinals[i], true; ok; o, ok = above(o) {
			if seen[o] == i+1 {
				p.problems.add(p.d.files.Users, p.d.users.rows[i].line, "manager_userid", "they report to each other in a circle")
			}
			if seen[o] != 0 {
				break
			}
			seen[o] = i + 1
		}
	}
}

func ordinalOf(u *rollcall.User) rollcall.Ordinal {
	if u == nil {
		return 0
	}
	return u.Ordinal
}

// forget takes people who leave out of what departments say: of the changes that
// are planned, and of the departments that the plan leaves alone.
func (p *planner) forget() {
	if len(p.leavers) == 0 {
		return
	}
	gone := map[rollcall.Ordinal]bool{}
	for _, u := range p.leavers {
		gone[u.Ordinal] = true
	}
	is := func(o rollcall.Ordinal) bool { return gone[o] }
	planned := map[rollcall.DeptID]bool{}
	for i := range p.plan.Changes {
		c := &p.plan.Changes[i]
		var options *rollcall.DeptOptions
		switch {
		case c.Kind == rollcall.DeptUpdated:
			options = c.DeptUpdate.Options
		case c.Kind == rollcall.DeptCreated:
			options = c.Dept.Options
		}
		if options != nil {
			planned[c.DeptID] = true
			*options = withoutPeople(*options, is)
		}
	}
	for d := range p.v.Depts() {
		_, doomed := p.doomed[d.ID]
		if d.Options == nil || doomed || planned[d.ID] {
			continue
		}
		fresh := *d
		options := withoutPeople(*d.Options, is)
		fresh.Options = &options
		if update, changed := rollcall.DiffDept(d, &fresh); changed {
			scratch := *d
			before := update.Apply(&scratch)
			p.add(rollcall.Change{Kind: rollcall.DeptUpdated, DeptID: d.ID, Payload: rollcall.Payload{DeptUpdate: &update, DeptBefore: &before}})
		}
	}
}

// withoutPeople returns options that do not name some people.
func withoutPeople(o rollcall.DeptOptions, gone func(rollcall.Ordinal) bool) rollcall.DeptOptions {
	if o.GroupOwner != nil && gone(*o.GroupOwner) {
		o.GroupOwner = nil
	}
	o.PermitUsers = slices.DeleteFunc(slices.Clone(o.PermitUsers), gone)
	o.OuterUsers = slices.DeleteFunc(slices.Clone(o.OuterUsers), gone)
	return o
}
