package rest

import (
	"bytes"
	"math"
	"net/url"
	"strconv"
	"strings"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

const (
	// usualPage and maxPage are how many people a page shows.
	usualPage = 100
	maxPage   = 1000
	// maxDepts is how many departments a question may name.
	maxDepts = 100
	// maxTrend is how many days a trend may have.
	maxTrend = 400
)

// GET /rollcall/v1/activity/{question}: who signed in when, over any days that are
// kept.
func (s *Server) activity(c *call) error {
	kind := activity.Kind(c.r.PathValue("question"))
	q := c.r.URL.Query()
	question, err := s.question(c, q)
	if err != nil {
		return err
	}
	if kind == "trend" {
		return s.trend(c, q, question)
	}
	known := false
	for _, k := range activity.Kinds() {
		known = known || k == kind
	}
	if !known {
		return problemPath
	}
	question.Kind = kind
	r := c.current()
	reply := c.org.Activity.Ask(r, question)
	csv, err := wantsCSV(q)
	if err != nil {
		return err
	}
	if csv {
		s.activityCSV(c, r, reply)
		return nil
	}
	offset, err := naturalParam(q, "offset", false, math.MaxInt32)
	if err != nil {
		return err
	}
	size, err := naturalParam(q, "size", false, maxPage)
	if err != nil {
		return err
	}
	if size == 0 {
		size = usualPage
	}
	activityPage(c, r, question, reply, int(offset), int(size))
	return nil
}

func wantsCSV(q url.Values) (bool, error) {
	switch q.Get("format") {
	case "", "json":
		return false, nil
	case "csv":
		return true, nil
	}
	return false, rollcall.Invalid("format", "it is neither json nor csv")
}

// question reads the range and the departments, and checks that the app may ask
// about them (contract D13).
func (s *Server) question(c *call, q url.Values) (x activity.Question, err error) {
	for _, p := range []struct {
		name string
		to   *rollcall.Day
	}{{"from", &x.From}, {"to", &x.To}} {
		if text := q.Get(p.name); text != "" {
			if *p.to, err = rollcall.ParseDay(text); err != nil {
				return x, rollcall.Invalid(p.name, "%v", err)
			}
		}
	}
	days, err := naturalParam(q, "days", false, 100_000)
	if err != nil {
		return x, err
	}
	if x.Subtrees, err = flagParam(q, "subtree"); err != nil {
		return x, err
	}
	r := c.current()
	if x.Depts, err = deptsParam(q, r); err != nil {
		return x, err
	}
	for _, id := range x.Depts {
		if !c.grant.InScope(id, r.DeptEver) {
			return x, problemDenied.about("dept")
		}
	}
	if len(x.Depts) == 0 && !c.grant.InScope(rollcall.RootDept, r.DeptEver) {
		if x.Depts, _ = c.grant.Scope(); len(x.Depts) == 0 {
			return x, problemDenied.about("dept")
		}
		x.Subtrees = true
	}
	err = x.Bounds(r, s.cfg.Now(), int(days))
	return x, err
}

func flagParam(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "", "false", "0":
		return false, nil
	case "true", "1":
		return true, nil
	}
	return false, rollcall.Invalid(name, "it is neither true nor false")
}

func deptsParam(q url.Values, r *directory.Root) (ids []rollcall.DeptID, err error) {
	text := q.Get("dept")
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, rollcall.Invalid("dept", "%q is not a whole number", part)
		}
		if _, ever := r.DeptEver(rollcall.DeptID(n)); !ever {
			return nil, &rollcall.Error{Kind: rollcall.KindNotFound, Param: "dept", Detail: "there is no department " + part}
		}
		ids = append(ids, rollcall.DeptID(n))
	}
	if len(ids) > maxDepts {
		return nil, rollcall.Invalid("dept", "%d departments are named; %d are allowed", len(ids), maxDepts)
	}
	return ids, nil
}

func activityPage(c *call, r *directory.Root, q activity.Question, reply activity.Reply, offset, size int) {
	total := reply.People.Count()
	page := reply.People.Append(nil, min(offset, total), size)
	var b wire.Buffer
	b.Raw(`{"from":`).String(q.From.String()).Raw(`,"to":`).String(q.To.String()).Raw(`,"count":`).Int(int64(total)).Raw(`,"list":[`)
	tally := reply.Tally()
	for i, o := range page {
		if i > 0 {
			b.Raw(",")
		}
		last, days := tally.Of(rollcall.Ordinal(o))
		userid, name, active := r.Called(rollcall.Ordinal(o))
		b.Raw(`{"ordinal":`).Int(int64(o)).Raw(`,"userid":`).String(string(userid)).Raw(`,"name":`).String(string(name)).
			Raw(`,"active":`).Bool(active)
		if last != 0 {
			b.Raw(`,"last_sign_in":`).String(last.String())
		}
		if q.Kind == activity.Count || q.Kind == activity.Seen {
			b.Raw(`,"days":`).Int(int64(days))
		}
		b.Raw("}")
	}
	b.Raw("]")
	if next := offset + size; next < total {
		b.Raw(`,"next_offset":`).Int(int64(next))
	}
	b.Raw("}\n")
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(b) // the client may have gone
}

// activityCSV writes everyone. There may be a million rows: they are put together
// from what lies in memory, without decoding anybody.
func (s *Server) activityCSV(c *call, r *directory.Root, reply activity.Reply) {
	out := s.stream(c, "text/csv; charset=utf-8")
	defer out.close()
	out.Raw("userid,name,active,last_sign_in,days")
	out.end()
	page, tally := make([]uint32, 0, maxPage), reply.Tally()
	for at := 0; ; at += len(page) {
		if page = reply.People.Append(page[:0], at, maxPage); len(page) == 0 {
			return
		}
		for _, o := range page {
			userid, name, active := r.Called(rollcall.Ordinal(o))
			last, days := tally.Of(rollcall.Ordinal(o))
			row := append(appendCell(out.Buffer, userid), ',')
			row = append(appendCell(row, name), ',')
			row = append(strconv.AppendBool(row, active), ',')
			if last != 0 {
				row = last.Append(row)
			}
			out.Buffer = strconv.AppendInt(append(row, ','), int64(days), 10)
			if !out.end() {
				return
			}
		}
	}
}

// appendCell appends a cell as RFC 4180 has it.
func appendCell(dst, cell []byte) []byte {
	for _, c := range cell {
		if c <= ',' && (c == ',' || c == '"' || c == '\r' || c == '\n') {
			dst = append(dst, '"')
			dst = append(dst, bytes.ReplaceAll(cell, []byte(`"`), []byte(`""`))...)
			return append(dst, '"')
		}
	}
	return append(dst, cell...)
}

func (s *Server) trend(c *call, q url.Values, x activity.Question) error {
	n := 0
	for d := x.From; d <= x.To; d = d.AddDays(1) {
		if n++; n > maxTrend {
			return rollcall.Invalid("from", "a trend has at most %d days", maxTrend)
		}
	}
	csv, err := wantsCSV(q)
	if err != nil {
		return err
	}
	r := c.current()
	// A series for each department, or one for everyone.
	depts := x.Depts
	if len(depts) == 0 {
		depts = []rollcall.DeptID{0}
	}
	series := func(id rollcall.DeptID) []activity.Point {
		if x.Depts = nil; id != 0 {
			x.Depts = []rollcall.DeptID{id}
		}
		return c.org.Activity.Trend(r, x)
	}
	if csv {
		s.trendCSV(c, depts, series)
		return nil
	}
	var b wire.Buffer
	b.Raw(`{"from":`).String(x.From.String()).Raw(`,"to":`).String(x.To.String()).Raw(`,"series":[`)
	for i, id := range depts {
		if i > 0 {
			b.Raw(",")
		}
		b.Raw("{")
		if id != 0 {
			b.Raw(`"dept_id":`).Int(int64(id)).Raw(",")
		}
		b.Raw(`"list":[`)
		for j, p := range series(id) {
			if j > 0 {
				b.Raw(",")
			}
			b.Raw(`{"day":`).String(p.Day.String()).Raw(`,"members":`).Int(int64(p.Members)).Raw(`,"signed_in":`).Int(int64(p.Signed)).Raw("}")
		}
		b.Raw("]}")
	}
	b.Raw("]}\n")
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(b) // the client may have gone
	return nil
}

func (s *Server) trendCSV(c *call, depts []rollcall.DeptID, series func(rollcall.DeptID) []activity.Point) {
	out := s.stream(c, "text/csv; charset=utf-8")
	defer out.close()
	out.Raw("dept_id,day,members,signed_in")
	out.end()
	for _, id := range depts {
		for _, p := range series(id) {
			if id != 0 {
				out.Int(int64(id))
			}
			out.Raw(",").Raw(p.Day.String()).Raw(",").Int(int64(p.Members)).Raw(",").Int(int64(p.Signed))
			if !out.end() {
				return
			}
		}
	}
}
