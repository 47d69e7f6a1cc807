package intake

import (
	"strings"

	"rollcall"
)

// The columns of a file of sign-ins, as indexes of signInLayout.
const (
	signInDate = iota
	signInUser
)

// signInLayout is immutable.
var signInLayout = layout{[]string{"date", "userid"}, signInUser + 1}

// signInRows is a file of sign-ins. There may be a great many, so that a row
// takes four bytes; lines are kept of the first row of each person and each
// day.
type signInRows struct {
	given  bool // there is a file
	people []signInPerson
	byID   map[string]uint32 // index in people
	days   map[rollcall.Day]*signInDay
	read   int64
}

// signInPerson is one who signs in.
type signInPerson struct {
	userid string
	line   int // of the first row
	rows   int64
	wrong  string // what is wrong with the userid
}

// signInDay is who signed in on a day, as indexes of people.
type signInDay struct {
	line   int // of the first row
	people []uint32
}

func (s *signInRows) load(t *table) {
	s.byID = map[string]uint32{}
	s.days = map[rollcall.Day]*signInDay{}
	var date string // of day
	var day *signInDay
	for t.next() {
		if t.broken {
			continue
		}
		s.read++
		if cell := t.cell(signInDate); cell != date || day == nil {
			d, ok := parseDay(strings.TrimSpace(cell))
			if !ok {
				t.problem(signInDate, "%s is not a date of the calendar (20260820, 2026-08-20)", quote(cell))
				day = nil
			} else {
				date, day = strings.Clone(cell), s.days[d]
				if day == nil {
					day = &signInDay{line: t.line(0)}
					s.days[d] = day
				}
			}
		}
		i, known := s.byID[t.cell(signInUser)]
		if !known {
			i = uint32(len(s.people))
			s.meet(t)
		}
		person := &s.people[i]
		if person.rows++; person.wrong != "" {
			t.problem(signInUser, "%s", person.wrong)
		} else if day != nil {
			day.people = append(day.people, i)
		}
	}
}

// meet takes up the person of the row, who was not in the file before.
func (s *signInRows) meet(t *table) {
	p := signInPerson{userid: strings.Clone(t.cell(signInUser)), line: t.line(t.at[signInUser])}
	u := rollcall.User{UserID: p.userid, Name: "x"}
	if err := u.Validate(); err != nil {
		_, p.wrong = about(err)
	}
	s.byID[p.userid] = uint32(len(s.people))
	s.people = append(s.people, p)
}
