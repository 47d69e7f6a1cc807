package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/journal"
	"rollcall/internal/wire"
)

const (
	// maxSignInBody is how large the body of one call may be, unzipped.
	maxSignInBody = 64 << 20
	// maxFeeding is how many bytes of bodies may be worked on at a time; who
	// comes then is told to come again.
	maxFeeding = 256 << 20
)

// POST /rollcall/v1/signins: who signed in, when. The body is JSON: one object,
// an array of them, or JSON lines; each is a sign-in or a CloudEvent.
func (s *Server) signins(c *call) error {
	body, err := s.readSignIns(c)
	if err != nil {
		return err
	}
	defer s.feeding.Add(-int64(len(body)))
	f := &feedReader{
		root: c.current(), lang: c.lang,
		subject: c.r.Header.Get("Ce-Subject"), time: c.r.Header.Get("Ce-Time"),
	}
	if err := f.read(body); err != nil {
		return err
	}
	terms := activity.Terms{Backfill: c.grant.Holds(rollcall.PermSignInBackfill), By: c.grant.Appkey()}
	out, err := c.org.Activity.Take(c.r.Context(), c.org, f.batch, s.cfg.Now, terms)
	if errors.Is(err, directory.ErrFull) {
		c.w.Header().Set("Retry-After", "1")
		return problemFull
	}
	if err != nil {
		return err
	}
	taken := 0
	for i, reason := range out.Reasons {
		if reason == activity.Taken {
			taken++
			continue
		}
		f.reject(f.lines[i], reason)
	}
	f.answer(c, taken, out)
	return nil
}

// readSignIns reads the whole body. Who calls it gives back what it counted.
func (s *Server) readSignIns(c *call) ([]byte, error) {
	if s.feeding.Load() > maxFeeding {
		c.w.Header().Set("Retry-After", "1")
		return nil, problemFull
	}
	// A large batch may take longer than a call usually may, as long as it keeps
	// coming.
	control := http.NewResponseController(c.w)
	_ = control.SetReadDeadline(s.cfg.Wall().Add(chunkTimeout))
	in := io.Reader(c.r.Body)
	switch coding := c.r.Header.Get("Content-Encoding"); {
	case coding == "" || strings.EqualFold(coding, "identity"):
	case strings.EqualFold(coding, "gzip"):
		zip, err := gzip.NewReader(in)
		if err != nil {
			return nil, rollcall.Invalid("body", "it is not gzip, as Content-Encoding says")
		}
		in = zip
	default:
		return nil, rollcall.Invalid("Content-Encoding", "only gzip is taken")
	}
	body, err := io.ReadAll(io.LimitReader(in, maxSignInBody+1))
	var gone *http.MaxBytesError
	switch {
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF) && c.r.Header.Get("Content-Encoding") != "":
		return nil, rollcall.Invalid("body", "it is not gzip, or it is cut off")
	case errors.As(err, &gone), err == nil && len(body) > maxSignInBody:
		return nil, problemTooLarge
	case err != nil:
		return nil, rollcall.Invalid("body", "it did not arrive")
	}
	s.feeding.Add(int64(len(body)))
	return body, nil
}

// feedReader takes sign-ins out of a body.
type feedReader struct {
	root *directory.Root
	lang rollcall.Language
	// subject and time are those of a CloudEvent in headers.
	subject, time string

	batch []activity.SignIn
	lines []int // where each of batch stands, from 1

	received int
	rejected wire.Buffer
	refused  int
}

// maxTold is how many rejected lines are told one by one.
const maxTold = 10_000

func (f *feedReader) read(body []byte) error {
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	start := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(start) == 0:
		return &rollcall.Error{Kind: rollcall.KindMissing, Param: "body", Detail: "it is empty"}
	case start[0] == '[':
		return f.readArray(start)
	case start[0] == '{':
		return f.readLines(body)
	}
	return rollcall.Invalid("body", "it is neither a JSON object, nor an array of them, nor JSON lines")
}

// readArray reads an array. Where it is broken nothing of it is taken: nobody
// knows what was meant.
func (f *feedReader) readArray(b []byte) error {
	rest := bytes.TrimLeft(b[1:], " \t\r\n")
	if len(rest) > 0 && rest[0] == ']' {
		rest = rest[1:]
	} else {
		for line := 1; ; line++ {
			var err error
			if rest, err = f.take(rest, line); err != nil {
				return rollcall.Invalid("body", "element %d of the array is no JSON object", line)
			}
			rest = bytes.TrimLeft(rest, " \t\r\n")
			if len(rest) == 0 || rest[0] != ',' && rest[0] != ']' {
				return rollcall.Invalid("body", "the array is broken after element %d", line)
			}
			end := rest[0] == ']'
			if rest = rest[1:]; end {
				break
			}
		}
	}
	if len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return rollcall.Invalid("body", "there is something behind the array")
	}
	return nil
}

// readLines reads one object, which may go over several lines, or JSON lines. A
// line that is broken is rejected, and the others are taken.
func (f *feedReader) readLines(b []byte) error {
	// Texts are decoded where they stand, and a line break in one of them then
	// looks like one that ends a line: these are looked for before.
	breaks := make([]int, 0, bytes.Count(b, []byte("\n")))
	for at := 0; len(breaks) < cap(breaks); at = breaks[len(breaks)-1] + 1 {
		breaks = append(breaks, at+bytes.IndexByte(b[at:], '\n'))
	}
	for at, line := 0, 1; ; {
		at = len(b) - len(bytes.TrimLeft(b[at:], " \t\r\n"))
		for len(breaks) > 0 && breaks[0] < at {
			breaks = breaks[1:]
			line++
		}
		if at == len(b) {
			return nil
		}
		rest, err := f.take(b[at:], line)
		if err == nil {
			at = len(b) - len(rest)
			continue
		}
		f.received++
		f.reject(line, journal.Malformed)
		if len(breaks) == 0 {
			return nil
		}
		at = breaks[0]
	}
}

// take reads one object. What is wrong with what it says is the line's problem;
// an error says that it is no object.
func (f *feedReader) take(b []byte, line int) (rest []byte, err error) {
	var e journal.Entry
	if rest, err = e.Scan(b); err != nil {
		return b, err
	}
	f.received++
	if f.subject != "" && (!e.Cloud || len(e.Subject) == 0) {
		e.Cloud, e.Subject = true, []byte(f.subject)
	}
	if f.time != "" && len(e.Time) == 0 {
		e.Time = []byte(f.time)
	}
	x, reason := e.SignIn(f.root)
	if reason != activity.Taken {
		f.reject(line, reason)
		return rest, nil
	}
	f.batch = append(f.batch, x)
	f.lines = append(f.lines, line)
	return rest, nil
}

func (f *feedReader) reject(line int, reason activity.Reason) {
	if f.refused++; f.refused > maxTold {
		return
	}
	if len(f.rejected) > 0 {
		f.rejected.Raw(",")
	}
	f.rejected.Raw(`{"line":`).Int(int64(line)).Raw(`,"code":`).String(string(reason)).
		Raw(`,"message":`).String(journal.Meaning(reason, f.lang)).Raw("}")
}

func (f *feedReader) answer(c *call, taken int, out activity.Recorded) {
	var b wire.Buffer
	b.Raw(`{"received":`).Int(int64(f.received)).Raw(`,"accepted":`).Int(int64(taken)).
		Raw(`,"fresh":`).Int(int64(out.Fresh)).Raw(`,"feed":`).Int(int64(out.Feed)).
		Raw(`,"rejected_count":`).Int(int64(f.refused)).Raw(`,"rejected":[`).Bytes(f.rejected).Raw("]}\n")
	c.answerFrom([]string{strconv.FormatUint(out.Version, 10)})
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(b) // the client may have gone; the sign-ins are recorded
}
