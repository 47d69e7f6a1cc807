package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
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
	f := &feedReader{root: c.org.Current(), header: c.r.Header, lang: c.lang}
	if err := f.read(body); err != nil {
		return err
	}
	terms := activity.Terms{Backfill: c.grant.Holds(rollcall.PermSignInBackfill), By: c.grant.Appkey()}
	out, err := c.org.Activity.Take(c.r.Context(), c.org.Corp, f.batch, s.cfg.Now, terms)
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
		f.reject(f.lines[i], string(reason))
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
	root   *directory.Root
	header http.Header
	lang   rollcall.Language
	batch  []activity.SignIn
	lines  []int // where each of batch stands, from 1

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
	for line := 1; len(b) > 0; {
		skipped := len(b) - len(bytes.TrimLeft(b, " \t\r\n"))
		line += bytes.Count(b[:skipped], []byte("\n"))
		if b = b[skipped:]; len(b) == 0 {
			break
		}
		rest, err := f.take(b, line)
		if err != nil {
			f.received++
			f.reject(line, "malformed")
			next := bytes.IndexByte(b, '\n')
			if next < 0 {
				break
			}
			rest = b[next:]
		}
		line += bytes.Count(b[:len(b)-len(rest)], []byte("\n"))
		b = rest
	}
	return nil
}

// entry is one sign-in as it was sent.
type entry struct {
	userid, unionid, mobile, email, subject []byte
	at                                      []byte
	data                                    []byte // of a CloudEvent
	cloud                                   bool
}

func (e *entry) set(name []byte, v wire.Value) {
	var to *[]byte
	switch string(name) {
	case "userid":
		to = &e.userid
	case "unionid":
		to = &e.unionid
	case "mobile":
		to = &e.mobile
	case "email":
		to = &e.email
	case "time":
		to = &e.at
	case "subject":
		to = &e.subject
	case "specversion":
		e.cloud = true
		return
	case "data":
		if o, ok := v.Object(); ok {
			e.data = o
		}
		return
	default:
		return
	}
	if text, ok := v.Text(); ok {
		*to = text
	}
}

// take reads one object. What is wrong with what it says is the line's problem;
// an error says that it is no object.
func (f *feedReader) take(b []byte, line int) (rest []byte, err error) {
	var e entry
	if rest, err = wire.ScanObject(b, e.set); err != nil {
		return b, err
	}
	if e.cloud && e.data != nil { // what data says is more exact
		outer := e
		if _, err := wire.ScanObject(e.data, e.set); err != nil {
			return b, err
		}
		if len(e.at) == 0 {
			e.at = outer.at
		}
	}
	f.received++
	o, reason := f.person(&e)
	if reason == "" {
		var at rollcall.Instant
		if at, reason = f.instant(&e); reason == "" {
			f.batch = append(f.batch, activity.SignIn{Ordinal: o, At: at})
			f.lines = append(f.lines, line)
			return rest, nil
		}
	}
	f.reject(line, reason)
	return rest, nil
}

// person finds out who is meant.
func (f *feedReader) person(e *entry) (o rollcall.Ordinal, reason string) {
	ok := false
	switch {
	case len(e.userid) > 0:
		o, ok = f.root.Find(e.userid)
	case len(e.unionid) > 0:
		o, ok = f.root.FindUnion(e.unionid)
	case len(e.mobile) > 0:
		o, ok = f.root.FindContact(directory.Mobile, e.mobile)
	case len(e.email) > 0:
		o, ok = f.root.FindContact(directory.Email, e.email)
	case e.cloud && len(e.subject) > 0:
		o, ok = f.root.Find(e.subject)
	case len(f.header.Get("Ce-Subject")) > 0:
		o, ok = f.root.Find([]byte(f.header.Get("Ce-Subject")))
	default:
		return 0, "user_missing"
	}
	if !ok {
		return 0, "user_unknown"
	}
	return o, ""
}

func (f *feedReader) instant(e *entry) (rollcall.Instant, string) {
	text := e.at
	if len(text) == 0 {
		text = []byte(f.header.Get("Ce-Time"))
	}
	if len(text) == 0 {
		return 0, "time_missing"
	}
	if ms, err := strconv.ParseInt(string(text), 10, 64); err == nil && ms > 0 {
		return rollcall.Instant(ms), ""
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return 0, "time_malformed"
	}
	return rollcall.At(t), ""
}

// rejections says what the reasons mean, in English and Chinese; immutable.
var rejections = map[string][2]string{
	"malformed":       {"the line is no JSON object", "该行不是JSON对象"},
	"user_missing":    {"it names nobody: userid, unionid, mobile or email is needed", "缺少人员：需要userid、unionid、mobile或email"},
	"user_unknown":    {"there is nobody like this in the organization", "组织中没有此人员"},
	"user_left":       {"the person did not belong to the organization any more", "此人员当时已离开组织"},
	"time_missing":    {"it has no time", "缺少时间"},
	"time_malformed":  {"the time is not like 2026-08-20T09:00:00+08:00, with its zone", "时间格式不正确，应为带时区的2026-08-20T09:00:00+08:00"},
	"in_future":       {"the time is in the future", "时间在将来"},
	"day_closed":      {"the day is closed, and the app may not add to closed days (rollcall_signin_backfill)", "该日已关闭，应用没有rollcall_signin_backfill权限"},
	"older_than_kept": {"the day is older than sign-ins are kept (activity.retention_days)", "该日早于签到保留期（activity.retention_days）"},
}

func (f *feedReader) reject(line int, reason string) {
	if f.refused++; f.refused > maxTold {
		return
	}
	if len(f.rejected) > 0 {
		f.rejected.Raw(",")
	}
	f.rejected.Raw(`{"line":`).Int(int64(line)).Raw(`,"code":`).String(reason).Raw(`,"message":`)
	text := rejections[reason][0]
	if f.lang == rollcall.Chinese {
		text = rejections[reason][1]
	}
	f.rejected.String(text).Raw("}")
}

func (f *feedReader) answer(c *call, taken int, out activity.Recorded) {
	var b wire.Buffer
	b.Raw(`{"received":`).Int(int64(f.received)).Raw(`,"accepted":`).Int(int64(taken)).
		Raw(`,"fresh":`).Int(int64(out.Fresh)).Raw(`,"feed":`).Int(int64(out.Feed)).
		Raw(`,"rejected_count":`).Int(int64(f.refused)).Raw(`,"rejected":[`).Bytes(f.rejected).Raw("]}\n")
	c.w.Header().Set("Content-Type", "application/json")
	_, _ = c.w.Write(b) // the client may have gone; the sign-ins are recorded
}
