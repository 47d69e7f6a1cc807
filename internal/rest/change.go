package rest

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

// maxWait is how long a call for changes may wait for one.
const maxWait = 60 * time.Second

// maxLogRead is how long the change log may take to be read, where a version is
// older than what is remembered.
const maxLogRead = 45 * time.Second

// GET /rollcall/v1/changes?since=V&wait=S: what is another than it was at
// version V, as it is now: departments and people whole, those that are gone by
// their number. The first line tells the version that it leads to. With wait it
// waits that many seconds for a change where there is none.
func (s *Server) changes(c *call) error {
	if err := c.whole(); err != nil {
		return err
	}
	q := c.r.URL.Query()
	since, err := naturalParam(q, "since", true, 1<<62)
	if err != nil {
		return err
	}
	wait, err := naturalParam(q, "wait", false, uint64(maxWait/time.Second))
	if err != nil {
		return err
	}
	if wait > 0 {
		ctx, cancel := context.WithTimeout(c.r.Context(), time.Duration(wait)*time.Second)
		defer cancel()
		defer context.AfterFunc(s.stopping, cancel)()
		// Who waits keeps the organization here; where it has left already, news
		// would go to the one that is loaded in its place.
		release := c.org.Hold()
		if !c.org.Left() {
			c.org.Wait(ctx, since)
		}
		release()
	}
	// The version may be known from another node.
	if err := c.org.Await(c.r.Context(), since); err != nil && c.r.Context().Err() != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), maxLogRead)
	defer cancel()
	t, err := c.org.Since(ctx, since)
	switch {
	case errors.Is(err, directory.ErrFuture):
		return problemVersion.about("since")
	case err != nil:
		return err
	}
	s.writeChanges(c, t)
	return nil
}

func (s *Server) writeChanges(c *call, t directory.Touched) {
	r, out := t.Root, s.lines(c)
	c.answerFrom(r.VersionHeader())
	defer out.close()
	if t.Corp {
		corpLine(&out.Buffer, r)
	} else {
		out.Raw(`{"version":`).Int(int64(r.Version())).Raw("}")
	}
	if !out.end() {
		return
	}
	for _, id := range t.Depts {
		if d, ok := r.Dept(id); ok {
			deptLine(&out.Buffer, r, d)
		} else {
			out.Raw(`{"dept_removed":`).Int(int64(id)).Raw("}")
		}
		if !out.end() {
			return
		}
	}
	for _, o := range t.Users {
		if u := r.User(o); u.Present() {
			userLine(&out.Buffer, r, u, c.grant)
		} else {
			out.Raw(`{"user_removed":`).Int(int64(o)).Raw("}")
		}
		if !out.end() {
			return
		}
	}
}

// naturalParam reads a whole number from 0 to most; 0 where it is not given.
func naturalParam(q url.Values, name string, required bool, most uint64) (uint64, error) {
	s := q.Get(name)
	if s == "" {
		if required {
			return 0, &rollcall.Error{Kind: rollcall.KindMissing, Param: name, Detail: "it is missing"}
		}
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > most {
		return 0, rollcall.Invalid(name, "it is not a whole number from 0 to %d", most)
	}
	return n, nil
}
