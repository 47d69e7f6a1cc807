package wire

import (
	"context"
	"io"
	"net/netip"
	"time"

	"rollcall"
)

// Request is what an HTTP engine received, without the engine.
type Request struct {
	Method, Path string // the path decoded
	RawQuery     string // the query string as it came
	ContentType  string
	Body         io.Reader // may be nil
	Length       int64     // of the body; negative where it is not known
	RemoteAddr   string
	// Forwarded are the values of X-Forwarded-For; they count only where a
	// trusted proxy sent them.
	Forwarded []string
	// MinVersion is the version that the reply has to be of at least; 0 for any.
	// NoMinVersion says that one was given that is no number.
	MinVersion   uint64
	NoMinVersion bool
}

// Caller is the app that a token belongs to.
type Caller interface {
	Appkey() string
	AppType() rollcall.AppType
	Holds(p rollcall.Permission) bool
	// Networks are those from which it may call; any where there are none.
	Networks() []netip.Prefix
	// Spend counts a call of an endpoint against the app's rate, and tells
	// whether it is one too many for a second in which limit are allowed.
	Spend(path string, now time.Time) (limit int, ok bool)
	// Language is the language of the texts that it gets (contract D3).
	Language() rollcall.Language
	// Version is the newest version of the organization, as the value of a
	// header.
	Version() []string
}

// Admission is who may call.
type Admission struct {
	Caller Caller // nil for a token that is unknown, expired or revoked
	// Stale is how old answers may be while the store does not answer, else 0.
	Stale time.Duration
}

// Authority knows who calls.
type Authority interface {
	// Admit returns whom a token belongs to at a moment, once the organization is
	// known to be up to date and at least of a version. An error says that it
	// cannot be told now. It must not keep the bytes.
	Admit(ctx context.Context, token []byte, now time.Time, minVersion uint64) (Admission, error)
	// Language is the language of texts where no organization is known.
	Language() rollcall.Language
}

// Call is one call while it is being answered: who calls, with which
// parameters, and the reply. Parameters go by their index in Endpoint.Params.
// A Call is used again for other calls; nothing of it may be kept after Serve.
type Call struct {
	// The question.
	ctx context.Context
	req Request
	// in holds the query string and behind it the body; tokens and parameters
	// are parts of it.
	in    []byte
	token arg
	// inPath is the value of the parameter in the path.
	inPath string

	// What is known about it; ep is nil for an unknown path.
	ep     *Endpoint
	family Family
	caller Caller
	stale  time.Duration // how old what is known may be
	lang   rollcall.Language
	args   []arg
	// proxies are those whose word about the address of a client counts.
	proxies []netip.Prefix
	ids     []rollcall.DeptID
	words   []string

	// The reply, and what the log gets to know about it.
	out     Buffer
	version []string // that it is answered from; nil where there is none
	mark    int      // where the result begins in out
	id      [uuidLen]byte
	status  int // of HTTP
	code    int
	started time.Time
	counted bool   // among those in flight
	cause   error  // behind errcode -1
	about   string // what a fault is about
	stack   []byte // of a panic
}

// MinVersion is the version that the caller wants at least; 0 for any.
func (c *Call) MinVersion() uint64 { return c.req.MinVersion }

// Context ends when the client goes away.
func (c *Call) Context() context.Context { return c.ctx }

// Endpoint returns the row that is being served.
func (c *Call) Endpoint() *Endpoint { return c.ep }

// Caller returns the app that calls, as [Authority] gave it; nil on public
// endpoints.
func (c *Call) Caller() Caller { return c.caller }

// SetLanguage chooses the language of the texts, for public endpoints that
// find out themselves which organization is meant (contract D3).
func (c *Call) SetLanguage(l rollcall.Language) { c.lang = l }

// Given tells whether the parameter was given (contract D2).
func (c *Call) Given(i int) bool { return c.args[i].form != formNone }

// Bool returns the value of a [Bool] parameter; false where it is not given.
func (c *Call) Bool(i int) bool { return c.args[i].n != 0 }

// Int returns the value of an [Int] parameter; 0 where it is not given.
func (c *Call) Int(i int) int64 { return c.args[i].n }

// Text returns the value of a [String], [Enum] or [Date] parameter; empty
// where it is not given. It need not be valid UTF-8.
func (c *Call) Text(i int) string { return string(c.args[i].raw) }

// Enum returns the index in Param.Enum of the value of an [Enum] parameter; 0
// where it is not given.
func (c *Call) Enum(i int) int { return int(c.args[i].n) }

// Day returns the value of a [Date] parameter; 0 where it is not given.
func (c *Call) Day(i int) rollcall.Day { return rollcall.Day(c.args[i].n) }

// IDs returns the value of a [IDs] parameter without repeats, in the order
// given; nil where it is not given. The slice belongs to the Call.
func (c *Call) IDs(i int) []rollcall.DeptID {
	a := &c.args[i]
	if a.form == formNone {
		return nil
	}
	return c.ids[a.n:a.end:a.end]
}

// Strings returns the value of a [Strings] parameter without repeats, in the
// order given; nil where it is not given. The slice belongs to the Call, the
// texts do not.
func (c *Call) Strings(i int) []string {
	a := &c.args[i]
	if a.form == formNone {
		return nil
	}
	return c.words[a.n:a.end:a.end]
}

// JSON returns the value of a [JSON] parameter, a sound JSON array or object;
// nil where it is not given. The bytes belong to the Call.
func (c *Call) JSON(i int) []byte { return c.args[i].raw }

// Result is where Serve appends its reply. On [TOP] endpoints that is the JSON
// of the result; without any the reply has no result. Where [Endpoint.Result]
// is made with [Beside] it is the members alone. On [Classic] endpoints
// it is the whole object, errcode and errmsg included, as the order of their
// members differs from one to the next (contract 1.1); without any the reply
// is errcode 0 and errmsg ok alone. On [OAuth] endpoints it is the whole object.
func (c *Call) Result() *Buffer { return &c.out }

// slot returns where a parameter's value goes; nil for a name without meaning.
func (c *Call) slot(name []byte) *arg {
	if string(name) == tokenName {
		return &c.token
	}
	for i := range c.args {
		if c.ep.Params[i].Name == string(name) {
			return &c.args[i]
		}
	}
	return nil
}

// check judges the parameters: first whether all that are required are given,
// then their values, each in the order of the rows (contract D2). It returns
// the first one that is at fault, or nil.
func (c *Call) check() (*Param, Fault) {
	for i := range c.args {
		p, a := &c.ep.Params[i], &c.args[i]
		v := missing
		if a.form != formNone {
			v = c.judge(p, a)
		}
		a.verdict = v
		if v == missing {
			if p.Required {
				f := p.missing(c.family)
				return p, f
			}
			*a = arg{}
		}
	}
	for i := range c.args {
		p := &c.ep.Params[i]
		switch c.args[i].verdict {
		case malformed:
			f := p.malformed(c.family)
			return p, f
		case outOfRange:
			f := p.outOfRange(c.family)
			return p, f
		}
	}
	return nil, Fault{}
}
