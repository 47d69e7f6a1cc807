package rest

import (
	"cmp"
	"encoding/json"
	"io"
	"time"

	"rollcall"
	"rollcall/internal/wire"
)

// GET /rollcall/v1/clock: what the server's clock shows.
func (s *Server) clock(c *call) error {
	var b wire.Buffer
	b.Raw(`{"now":`).String(s.cfg.Now().In(c.current().Location()).Format(time.RFC3339Nano)).Raw("}\n")
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(b) // the client may have gone
	return nil
}

// POST /rollcall/v1/clock {"now": RFC 3339} or {"advance": "24h"}: sets the
// server's clock. It is one clock for all organizations of the server, so that
// all of them have to be sandboxes.
func (s *Server) setClock(c *call) error {
	if s.cfg.SetClock == nil {
		return problemNoSandbox
	}
	if sandbox, err := s.cfg.Sandbox(c.r.Context()); err != nil || !sandbox {
		return cmp.Or(err, error(problemNoSandbox))
	}
	var in struct {
		Now     *time.Time `json:"now"`
		Advance *string    `json:"advance"`
	}
	d := json.NewDecoder(io.LimitReader(c.r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return rollcall.Invalid("body", `it is neither {"now":"2026-08-21T10:00:00+08:00"} nor {"advance":"24h"}`)
	}
	to := s.cfg.Now()
	switch {
	case (in.Now == nil) == (in.Advance == nil):
		return rollcall.Invalid("body", "either now or advance is needed")
	case in.Now != nil:
		to = *in.Now
	default:
		by, err := time.ParseDuration(*in.Advance)
		if err != nil {
			return rollcall.Invalid("advance", "it is no duration such as 90m or 24h")
		}
		to = to.Add(by)
	}
	if y := to.Year(); y < 1971 || y > 9000 {
		return rollcall.Invalid("now", "the year %d is out of range", y)
	}
	if err := s.cfg.SetClock(c.r.Context(), to); err != nil {
		return err
	}
	return s.clock(c)
}
