package intake

import (
	"fmt"
	"slices"

	"rollcall"
)

// planSignIns finds the ordinals of those who signed in, and activates whoever
// of them was not.
func (p *planner) planSignIns() {
	in := &p.d.signIns
	ordinals := make([]rollcall.Ordinal, len(in.people))
	var inactive []rollcall.Ordinal
	for i := range in.people {
		person := &in.people[i]
		active := true
		if row, inFile := p.d.users.byID[person.userid]; inFile {
			if p.d.users.rows[row].broken {
				continue
			}
			ordinals[i], active = p.ordinals[row], p.active[row]
		} else if u, known := p.v.UserByID(person.userid); known {
			ordinals[i], active = u.Ordinal, u.Active
		} else if person.wrong == "" && (p.d.users.usable || !p.d.users.given) {
			p.problems.add(p.d.files.SignIns, person.line, "userid", "there is nobody %s%s",
				quote(person.userid), alsoIn(person.rows))
		}
		if !active {
			inactive = append(inactive, ordinals[i])
		}
	}
	today := p.v.Calendar().Day(p.opt.Now.Time())
	p.plan.SignIns = make(map[rollcall.Day][]rollcall.Ordinal, len(in.days))
	named := int64(0)
	for day, rows := range in.days {
		if day > today {
			p.problems.add(p.d.files.SignIns, rows.line, "date", "%s is in the future; today is %s%s",
				day, today, alsoIn(int64(len(rows.people))))
		}
		list := make([]rollcall.Ordinal, len(rows.people))
		for i, person := range rows.people {
			list[i] = ordinals[person]
		}
		slices.Sort(list)
		list = slices.Compact(list)
		named += int64(len(list))
		p.plan.SignIns[day] = list
	}
	slices.Sort(inactive)
	for _, o := range inactive {
		p.add(rollcall.Change{Kind: rollcall.UserActivated, Ordinal: o})
	}
	p.plan.Summary.PeopleActivated = len(inactive)
	p.plan.Summary.SignInsRead = in.read
	p.plan.Summary.SignInsRepeated = in.read - named
	p.plan.Summary.Days = len(in.days)
}

// alsoIn tells in how many rows a problem is, where it is in more than one.
func alsoIn(rows int64) string {
	if rows <= 1 {
		return ""
	}
	return fmt.Sprintf(" (%d rows)", rows)
}
