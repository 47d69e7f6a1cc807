package rollcall

import "time"

// Era says in which time zone days were counted, and when they closed, up to
// and including a day. An organization has one for each time that somebody
// chose another zone or closing hour; its Settings hold after the last.
type Era struct {
	Until       Day    `json:"until"`
	Timezone    string `json:"timezone"`
	ClosingHour int    `json:"closing_hour"`
}

// Choose returns the update that makes the organization have other settings.
// Another zone or closing hour counts from the day after today, so that no day
// that is closed, and not the present one, gets another answer (contract D6).
func (c Corp) Choose(s Settings, today Day) CorpUpdate {
	u := CorpUpdate{Settings: &s}
	n := len(c.Eras)
	pending := n > 0 && c.Eras[n-1].Until >= today // chosen, and not in force yet
	same := s.Timezone == c.Timezone && s.ClosingHour == c.ClosingHour
	if !same && !pending {
		eras := append(append([]Era{}, c.Eras...), Era{today, c.Timezone, c.ClosingHour})
		u.Eras = &eras
	}
	return u
}

// Calendar knows when the days of an organization begin, end and close. It is
// immutable.
type Calendar struct {
	spans []span // ascending; the last has no end
}

// span is a run of days that are counted alike.
type span struct {
	until Day
	loc   *time.Location
	hour  int
}

// lastDay is after every day that can be written.
const lastDay Day = 99991231

// Calendar loads the time zones of the organization, past and present.
func (c Corp) Calendar() (*Calendar, error) {
	k := &Calendar{}
	for _, e := range append(append([]Era{}, c.Eras...), Era{lastDay, c.Timezone, c.ClosingHour}) {
		loc, err := Settings{Timezone: e.Timezone}.Location()
		if err != nil {
			return nil, err
		}
		k.spans = append(k.spans, span{e.Until, loc, e.ClosingHour})
	}
	return k, nil
}

// NewCalendar returns the days of one time zone.
func NewCalendar(loc *time.Location, closingHour int) *Calendar {
	return &Calendar{[]span{{lastDay, loc, closingHour}}}
}

// of returns the span that a day is in.
func (k *Calendar) of(d Day) *span {
	for i := range k.spans {
		if d <= k.spans[i].until {
			return &k.spans[i]
		}
	}
	return &k.spans[len(k.spans)-1]
}

// Location returns the newest time zone.
func (k *Calendar) Location() *time.Location { return k.spans[len(k.spans)-1].loc }

// End returns the first instant after a day, by the clocks of the day's zone. It
// is never before the end of an earlier day: where a zone that is ahead comes
// next, the day after the change is the shorter.
func (k *Calendar) End(d Day) time.Time {
	end := d.End(k.of(d).loc)
	for i := range k.spans[:len(k.spans)-1] {
		if until := k.spans[i].until; until < d {
			if e := until.End(k.spans[i].loc); e.After(end) {
				end = e
			}
		}
	}
	return end
}

// Day returns the day that an instant belongs to: the first that has not ended
// by then.
func (k *Calendar) Day(t time.Time) Day {
	for i := range k.spans {
		s := &k.spans[i]
		if i < len(k.spans)-1 && !t.Before(k.End(s.until)) {
			continue
		}
		d := DayAt(t, s.loc)
		if i > 0 { // by its own clocks it may be earlier
			d = max(d, k.spans[i-1].until.AddDays(1))
		}
		return min(d, s.until)
	}
	return lastDay
}

// Closed reports whether a day can be read at a moment (contract D6): from the
// closing hour of the day after on. What the clocks of the day's zone show
// decides, so that a day closes on time where the clocks change, too.
func (k *Calendar) Closed(d Day, now time.Time) bool {
	s := k.of(d)
	local := now.In(s.loc)
	today := DayOf(local.Date())
	return today > d.AddDays(1) || today == d.AddDays(1) && local.Hour() >= s.hour
}

// LastClosed returns the last day that is closed at a moment.
func (k *Calendar) LastClosed(now time.Time) Day {
	d := k.Day(now)
	for !k.Closed(d, now) {
		d = d.AddDays(-1)
	}
	return d
}

// Window returns the first and the last day that the wire's activity call
// answers at a moment (contract D6): from one month back to the last day that
// is closed.
func (k *Calendar) Window(now time.Time) (first, last Day) {
	return k.Day(now).MonthBefore(), k.LastClosed(now)
}
