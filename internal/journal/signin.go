// Package journal reads sign-ins as other systems write them down: JSON,
// CloudEvents, CSV files, and the lines of a log that goes on growing.
package journal

import (
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// The reasons for which an entry is no sign-in, beside those of the register.
const (
	Malformed     activity.Reason = "malformed"
	UserMissing   activity.Reason = "user_missing"
	UserUnknown   activity.Reason = "user_unknown"
	TimeMissing   activity.Reason = "time_missing"
	TimeMalformed activity.Reason = "time_malformed"
)

// meanings says what the reasons mean, in English and Chinese; immutable.
var meanings = map[activity.Reason][2]string{
	Malformed:          {"the line is no JSON object", "该行不是JSON对象"},
	UserMissing:        {"it names nobody: userid, unionid, mobile or email is needed", "缺少人员：需要userid、unionid、mobile或email"},
	UserUnknown:        {"there is nobody like this in the organization", "组织中没有此人员"},
	activity.NotMember: {"the person did not belong to the organization any more", "此人员当时已离开组织"},
	TimeMissing:        {"it has no time", "缺少时间"},
	TimeMalformed:      {"the time is not like 2026-08-20T09:00:00+08:00, with its zone", "时间格式不正确，应为带时区的2026-08-20T09:00:00+08:00"},
	activity.InFuture:  {"the time is in the future", "时间在将来"},
	activity.DayClosed: {"the day is closed, and the app may not add to closed days (rollcall_signin_backfill)", "该日已关闭，应用没有rollcall_signin_backfill权限"},
	activity.TooOld:    {"the day is older than sign-ins are kept (activity.retention_days)", "该日早于签到保留期（activity.retention_days）"},
}

// Meaning says what a reason means.
func Meaning(r activity.Reason, lang rollcall.Language) string {
	if lang == rollcall.Chinese {
		return meanings[r][1]
	}
	return meanings[r][0]
}

// Entry is one sign-in as it was written down. Its texts are good until the next
// one is read.
type Entry struct {
	// Who it is: the first that is there counts.
	UserID, UnionID, Mobile, Email []byte
	// Time is RFC 3339 with a zone, or milliseconds since 1970.
	Time []byte
	// Day is there in the place of Time where only the day is known.
	Day rollcall.Day
	// Cloud says that it is a CloudEvent, whose Subject is a userid where
	// nothing else says who it is.
	Cloud   bool
	Subject []byte

	data []byte // of a CloudEvent, as it is spelled
}

// Scan reads the JSON object with which b begins, decodes in place, and returns
// what comes behind it.
func (e *Entry) Scan(b []byte) (rest []byte, err error) {
	if rest, err = wire.ScanObject(b, e.set); err != nil {
		return b, err
	}
	if e.Cloud && e.data != nil { // what data says is more exact
		outer := e.Time
		e.Time = nil
		if _, err := wire.ScanObject(e.data, e.set); err != nil {
			return b, err
		}
		if len(e.Time) == 0 {
			e.Time = outer
		}
	}
	return rest, nil
}

func (e *Entry) set(name []byte, v wire.Value) {
	to := e.field(string(name))
	switch {
	case to != nil:
		if text, ok := v.Text(); ok {
			*to = text
		}
	case string(name) == "specversion":
		e.Cloud = true
	case string(name) == "data":
		if o, ok := v.Object(); ok {
			e.data = o
		}
	}
}

// field returns where a member or a column goes; nil where nothing is kept of it.
func (e *Entry) field(name string) *[]byte {
	switch name {
	case "userid":
		return &e.UserID
	case "unionid":
		return &e.UnionID
	case "mobile":
		return &e.Mobile
	case "email":
		return &e.Email
	case "time":
		return &e.Time
	case "subject":
		return &e.Subject
	}
	return nil
}

// SignIn finds out who is meant and when that was.
func (e *Entry) SignIn(r *directory.Root) (activity.SignIn, activity.Reason) {
	o, reason := e.person(r)
	if reason != activity.Taken {
		return activity.SignIn{}, reason
	}
	at, reason := e.instant(r.Calendar())
	return activity.SignIn{Ordinal: o, At: at}, reason
}

func (e *Entry) person(r *directory.Root) (o rollcall.Ordinal, reason activity.Reason) {
	ok := false
	switch {
	case len(e.UserID) > 0:
		o, ok = r.Find(e.UserID)
	case len(e.UnionID) > 0:
		o, ok = r.FindUnion(e.UnionID)
	case len(e.Mobile) > 0:
		o, ok = r.FindContact(directory.Mobile, e.Mobile)
	case len(e.Email) > 0:
		o, ok = r.FindContact(directory.Email, e.Email)
	case e.Cloud && len(e.Subject) > 0:
		o, ok = r.Find(e.Subject)
	default:
		return 0, UserMissing
	}
	if !ok {
		return 0, UserUnknown
	}
	return o, activity.Taken
}

func (e *Entry) instant(k *rollcall.Calendar) (rollcall.Instant, activity.Reason) {
	if e.Day != 0 {
		return rollcall.At(k.End(e.Day.AddDays(-1))), activity.Taken // its first moment
	}
	if len(e.Time) == 0 {
		return 0, TimeMissing
	}
	if ms, err := strconv.ParseInt(string(e.Time), 10, 64); err == nil && ms > 0 {
		return rollcall.Instant(ms), activity.Taken
	}
	t, err := time.Parse(time.RFC3339, string(e.Time))
	if err != nil {
		return 0, TimeMalformed
	}
	return rollcall.At(t), activity.Taken
}
