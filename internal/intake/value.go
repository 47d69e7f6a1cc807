package intake

import (
	"strconv"
	"strings"
	"time"

	"rollcall"
)

// moment is a point in time as a file gives it: an instant, or a day, which
// becomes one in the organization's zone. The zero value was not given.
type moment struct {
	at    rollcall.Instant
	day   rollcall.Day
	given bool
}

func (m moment) in(loc *time.Location) rollcall.Instant {
	if m.day != 0 {
		return rollcall.At(m.day.Start(loc))
	}
	return m.at
}

// or returns the moment, or another where it was not given.
func (m moment) or(other rollcall.Instant, loc *time.Location) rollcall.Instant {
	if m.given {
		return m.in(loc)
	}
	return other
}

// parseMoment reads RFC 3339, yyyy-MM-dd or yyyyMMdd.
func parseMoment(s string) (moment, string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return moment{}, ""
	}
	if day, ok := parseDay(s); ok {
		return moment{day: day, given: true}, ""
	}
	t, err := time.Parse(time.RFC3339, s)
	if y := t.UTC().Year(); err != nil || y < 0 || y > 9999 {
		return moment{}, quote(s) + " is neither a date (2026-08-20, 20260820) nor a time (2026-08-20T09:30:00+08:00)"
	}
	return moment{at: rollcall.At(t), given: true}, ""
}

// parseDay reads yyyy-MM-dd or yyyyMMdd.
func parseDay(s string) (rollcall.Day, bool) {
	if len(s) == len("2006-01-02") && s[4] == '-' && s[7] == '-' {
		s = s[:4] + s[5:7] + s[8:]
	}
	if len(s) != len("20060102") { // such as a time; an error takes long to make
		return 0, false
	}
	day, err := rollcall.ParseDay(s)
	return day, err == nil
}

// formatMoment writes an instant so that parseMoment reads the same, in UTC. An
// instant outside the years that the form can write is not ok.
func formatMoment(i rollcall.Instant) (s string, ok bool) {
	t := i.Time()
	form := "2006-01-02T15:04:05Z07:00"
	if i%1000 != 0 {
		form = "2006-01-02T15:04:05.000Z07:00"
	}
	return t.Format(form), t.Year() >= 0 && t.Year() <= 9999
}

// formatDate writes an instant as a date where it is the start of one in loc.
func formatDate(i rollcall.Instant, loc *time.Location) (s string, ok bool) {
	day := rollcall.DayAt(i.Time(), loc)
	if y := i.Time().In(loc).Year(); y >= 1 && y <= 9999 && rollcall.At(day.Start(loc)) == i {
		text := day.String()
		return text[:4] + "-" + text[4:6] + "-" + text[6:], true
	}
	return formatMoment(i)
}

// parseBool reads true, false, 1, 0, yes and no; blank is not given.
func parseBool(s string) (value, given, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return false, false, true
	case "true", "1", "yes":
		return true, true, true
	case "false", "0", "no":
		return false, true, true
	}
	return false, false, false
}

// parseNumber reads a whole number; blank is 0 and not given.
func parseNumber(s string) (n int64, given, ok bool) {
	if s = strings.TrimSpace(s); s == "" {
		return 0, false, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, true, err == nil
}

// splitTitles takes a list of titles apart. Within a title "\;" stands for a
// semicolon and "\\" for a backslash.
func splitTitles(s string) []string {
	if !strings.Contains(s, `\`) {
		return strings.Split(s, ";")
	}
	var titles []string
	var title strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == ';':
			titles = append(titles, title.String())
			title.Reset()
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == ';' || s[i+1] == '\\'):
			i++
			title.WriteByte(s[i])
		default:
			title.WriteByte(s[i])
		}
	}
	return append(titles, title.String())
}

// joinTitles makes the list that splitTitles takes apart.
func joinTitles(titles []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `;`, `\;`)
	escaped := make([]string, len(titles))
	for i, title := range titles {
		escaped[i] = escape.Replace(title)
	}
	return strings.Join(escaped, ";")
}

// withoutReturns returns a text with the line ends that CSV keeps.
func withoutReturns(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
