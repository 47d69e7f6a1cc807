package journal

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
)

// RuleOptions say how sign-ins stand in the lines of a log: by Pattern or by
// Paths.
type RuleOptions struct {
	// Pattern has a group named time and at least one named userid, unionid,
	// mobile or email. Lines that it does not match are of no concern.
	Pattern string
	// Paths lead to these in lines that are JSON objects: .details.username
	Paths map[string]string
	// Where are paths with the value that a line has to have there.
	Where map[string]string
	// Layout is how times are written: a layout of Go, rfc3339 (also where it is
	// empty), unix or unixms.
	Layout string
	// Zone is that of times that are written without one.
	Zone *time.Location
}

// Rule takes sign-ins out of the lines of a log.
type Rule struct {
	pattern *regexp.Regexp
	names   []string // of the groups
	paths   map[string][]string
	where   map[string][]string
	opt     RuleOptions
}

// parts are what a rule can find; immutable.
var parts = []string{"userid", "unionid", "mobile", "email", "time"}

// NewRule checks the options.
func NewRule(opt RuleOptions) (*Rule, error) {
	r := &Rule{opt: opt, paths: map[string][]string{}, where: map[string][]string{}}
	var found []string
	switch {
	case opt.Pattern != "" && len(opt.Paths)+len(opt.Where) > 0:
		return nil, rollcall.Invalid("pattern", "a pattern and JSON paths exclude each other")
	case opt.Pattern != "":
		p, err := regexp.Compile(opt.Pattern)
		if err != nil {
			return nil, rollcall.Invalid("pattern", "%v", err)
		}
		r.pattern, r.names = p, p.SubexpNames()
		found = slices.DeleteFunc(slices.Clone(r.names), func(s string) bool { return s == "" })
	default:
		for name, text := range opt.Paths {
			path, err := splitPath(text)
			if err != nil {
				return nil, err
			}
			r.paths[name] = path
			found = append(found, name)
		}
		for text := range opt.Where {
			path, err := splitPath(text)
			if err != nil {
				return nil, err
			}
			r.where[text] = path
		}
	}
	for _, name := range found {
		if !slices.Contains(parts, name) {
			return nil, rollcall.Invalid("pattern", "%q is none of %s", name, strings.Join(parts, ", "))
		}
	}
	if !slices.Contains(found, "time") || !slices.ContainsFunc(parts[:4], func(s string) bool { return slices.Contains(found, s) }) {
		return nil, rollcall.Invalid("pattern", "it has to find the time, and who it is: userid, unionid, mobile or email")
	}
	return r, nil
}

// splitPath takes .details.username apart.
func splitPath(text string) ([]string, error) {
	path := strings.Split(strings.TrimPrefix(text, "."), ".")
	if slices.Contains(path, "") {
		return nil, rollcall.Invalid("json-path", "%q is no path such as .details.username", text)
	}
	return path, nil
}

// Read takes the sign-in out of a line. It says no for lines that are about
// something else. now is for times without a year.
func (r *Rule) Read(line []byte, now time.Time, e *Entry) bool {
	*e = Entry{}
	if r.pattern != nil {
		m := r.pattern.FindSubmatch(line)
		if m == nil {
			return false
		}
		for i, name := range r.names {
			if to := e.field(name); to != nil && len(m[i]) > 0 {
				*to = m[i]
			}
		}
	} else if !r.readJSON(line, e) {
		return false
	}
	if len(e.Time) > 0 {
		e.Time = r.time(string(e.Time), now)
	}
	return true
}

func (r *Rule) readJSON(line []byte, e *Entry) bool {
	var v any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return false
	}
	for text, path := range r.where {
		if at(v, path) != r.opt.Where[text] {
			return false
		}
	}
	some := false
	for name, path := range r.paths {
		if text := at(v, path); text != "" {
			*e.field(name) = []byte(text)
			some = some || name != "time"
		}
	}
	return some
}

// at returns the text or number to which a path leads; empty where it leads to
// nothing.
func at(v any, path []string) string {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// time returns a time as an Entry has it; what is no time stays as no Entry
// has it.
func (r *Rule) time(text string, now time.Time) []byte {
	ms := func(t time.Time) []byte { return strconv.AppendInt(nil, t.UnixMilli(), 10) }
	wrong := []byte("not a time")
	switch r.opt.Layout {
	case "unix", "unixms":
		v, err := strconv.ParseFloat(text, 64)
		if !(v > 0 && v < 1e15) || err != nil { // NaN is neither
			return wrong
		}
		if r.opt.Layout == "unix" {
			v *= 1000
		}
		return strconv.AppendInt(nil, int64(v), 10)
	case "", "rfc3339":
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return wrong
		}
		return ms(t)
	}
	t, err := time.ParseInLocation(r.opt.Layout, text, r.opt.Zone)
	if err != nil {
		return wrong
	}
	if t.Year() == 0 { // the last one that is not in the future, but for clocks that differ
		t = t.AddDate(now.In(r.opt.Zone).Year(), 0, 0)
		if t.After(now.Add(24 * time.Hour)) {
			t = t.AddDate(-1, 0, 0)
		}
	}
	return ms(t)
}
