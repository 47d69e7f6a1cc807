package backup

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"rollcall"
)

// Part is one of the four parts of an organization, in their order.
type Part int

// The parts.
const (
	State Part = iota
	Log
	SignIns
	Tokens
	parts
)

// String returns the name of the part, as it is in a file.
func (p Part) String() string { return [...]string{"state", "log", "sign_ins", "tokens"}[p] }

// record is one line: exactly one of its pointers is set. Its names and those
// below it are the format; a test compares them with a list, so that nobody
// changes them without a new number of the format.
type record struct {
	Corp            *corpRecord         `json:"corp,omitempty"`
	Dept            *rollcall.Dept      `json:"dept,omitempty"`
	Ended           *rollcall.Instant   `json:"ended,omitempty"` // of a department that was deleted
	User            *rollcall.User      `json:"user,omitempty"`
	EndedStay       *stayRecord         `json:"ended_stay,omitempty"`
	EndedMembership *stayRecord         `json:"ended_membership,omitempty"`
	EndedParent     *stayRecord         `json:"ended_parent,omitempty"`
	RoleGroup       *rollcall.RoleGroup `json:"role_group,omitempty"`
	Role            *rollcall.Role      `json:"role,omitempty"`
	Deleted         bool                `json:"deleted,omitempty"` // of a group or a role
	App             *rollcall.App       `json:"app,omitempty"`
	Change          *changeRecord       `json:"change,omitempty"`
	SignIns         *signInRecord       `json:"sign_ins,omitempty"`
	Token           *tokenRecord        `json:"token,omitempty"`
}

type corpRecord struct {
	rollcall.Corp
	Eras []rollcall.Era `json:"eras,omitempty"`
}

// stayRecord is a time that is over: of a person, of a membership, or of a
// department under a parent.
type stayRecord struct {
	Ordinal *rollcall.Ordinal `json:"ordinal,omitempty"`
	DeptID  rollcall.DeptID   `json:"dept_id,omitempty"`
	Parent  rollcall.DeptID   `json:"parent_id,omitempty"`
	From    rollcall.Instant  `json:"from"`
	To      rollcall.Instant  `json:"to"`
}

type changeRecord struct {
	Version uint64           `json:"version"`
	Kind    rollcall.Kind    `json:"kind"`
	At      rollcall.Instant `json:"at"`
	By      string           `json:"by"`
	Ordinal rollcall.Ordinal `json:"ordinal,omitempty"`
	DeptID  rollcall.DeptID  `json:"dept_id,omitempty"`
	rollcall.Payload
}

type signInRecord struct {
	Day   rollcall.Day `json:"day"`
	Chunk uint32       `json:"chunk"`
	Bits  []byte       `json:"bits"`
}

type tokenRecord struct {
	Appkey           string             `json:"appkey"`
	Kind             rollcall.TokenKind `json:"kind"`
	SecretGeneration int                `json:"secret_generation"`
	Nonce            []byte             `json:"nonce"`
	ExpiresAt        rollcall.Instant   `json:"expires_at"`
	Hash             []byte             `json:"hash"`
}

// encoder is a [rollcall.Copy] that makes a line of everything that it is told.
type encoder struct {
	line func(p Part, line []byte) error // the line ends with \n; it is reused
	buf  bytes.Buffer
	json *json.Encoder
}

func newEncoder(line func(Part, []byte) error) *encoder {
	e := &encoder{line: line}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) put(p Part, r *record) error {
	e.buf.Reset()
	if err := e.json.Encode(r); err != nil {
		return fmt.Errorf("encode a record: %w", err)
	}
	if replaced(e.buf.Bytes()) {
		return errNotText
	}
	return e.line(p, e.buf.Bytes())
}

var errNotText = errors.New("a text is not valid UTF-8, which a backup cannot hold")

// replaced reports whether the encoder put a replacement where bytes were not
// UTF-8. It writes that one as an escape, and a character U+FFFD that was there as
// it is.
func replaced(line []byte) bool {
	for at := 0; ; {
		i := bytes.Index(line[at:], []byte(`\ufffd`))
		if i < 0 {
			return false
		}
		at += i
		slashes := 1
		for at-slashes >= 0 && line[at-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 1 { // the backslash is not one that was escaped itself
			return true
		}
		at++
	}
}

// Corp implements [rollcall.Snapshot].
func (e *encoder) Corp(c *rollcall.Corp) error {
	return e.put(State, &record{Corp: &corpRecord{*c, c.Eras}})
}

// Dept implements [rollcall.Snapshot].
func (e *encoder) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	r := record{Dept: d}
	if ended != rollcall.Open {
		r.Ended = &ended
	}
	return e.put(State, &r)
}

// User implements [rollcall.Snapshot].
func (e *encoder) User(u *rollcall.User) error { return e.put(State, &record{User: u}) }

// EndedStay implements [rollcall.Snapshot].
func (e *encoder) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	return e.put(State, &record{EndedStay: &stayRecord{Ordinal: &o, From: s.From, To: s.To}})
}

// EndedMembership implements [rollcall.Snapshot].
func (e *encoder) EndedMembership(o rollcall.Ordinal, d rollcall.DeptID, s rollcall.Stay) error {
	return e.put(State, &record{EndedMembership: &stayRecord{Ordinal: &o, DeptID: d, From: s.From, To: s.To}})
}

// EndedParent implements [rollcall.Snapshot].
func (e *encoder) EndedParent(d, parent rollcall.DeptID, s rollcall.Stay) error {
	return e.put(State, &record{EndedParent: &stayRecord{DeptID: d, Parent: parent, From: s.From, To: s.To}})
}

// RoleGroup implements [rollcall.Snapshot].
func (e *encoder) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	return e.put(State, &record{RoleGroup: g, Deleted: deleted})
}

// Role implements [rollcall.Snapshot].
func (e *encoder) Role(r *rollcall.Role, deleted bool) error {
	return e.put(State, &record{Role: r, Deleted: deleted})
}

// App implements [rollcall.Snapshot]. No list and an empty one are the same.
func (e *encoder) App(a *rollcall.App) error {
	if a.Permissions == nil {
		c := *a
		c.Permissions = []rollcall.Permission{}
		a = &c
	}
	return e.put(State, &record{App: a})
}

// Change implements [rollcall.Copy].
func (e *encoder) Change(c *rollcall.Change) error {
	return e.put(Log, &record{Change: &changeRecord{c.Version, c.Kind, c.At, c.By, c.Ordinal, c.DeptID, c.Payload}})
}

// SignInChunk implements [rollcall.Copy].
func (e *encoder) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	return e.put(SignIns, &record{SignIns: &signInRecord{d, chunk, bits}})
}

// Token implements [rollcall.Copy].
func (e *encoder) Token(t *rollcall.Token) error {
	return e.put(Tokens, &record{Token: &tokenRecord{t.Appkey, t.Kind, t.SecretGeneration, t.Nonce, t.ExpiresAt, t.Hash}})
}

// tell gives a record to a Copy.
func (r *record) tell(to rollcall.Copy) error {
	switch {
	case r.Corp != nil:
		c := r.Corp.Corp
		c.Eras = r.Corp.Eras
		return to.Corp(&c)
	case r.Dept != nil:
		ended := rollcall.Open
		if r.Ended != nil {
			ended = *r.Ended
		}
		return to.Dept(r.Dept, ended)
	case r.User != nil:
		return to.User(r.User)
	case r.EndedStay != nil:
		return to.EndedStay(r.EndedStay.ordinal(), r.EndedStay.stay())
	case r.EndedMembership != nil:
		return to.EndedMembership(r.EndedMembership.ordinal(), r.EndedMembership.DeptID, r.EndedMembership.stay())
	case r.EndedParent != nil:
		return to.EndedParent(r.EndedParent.DeptID, r.EndedParent.Parent, r.EndedParent.stay())
	case r.RoleGroup != nil:
		return to.RoleGroup(r.RoleGroup, r.Deleted)
	case r.Role != nil:
		return to.Role(r.Role, r.Deleted)
	case r.App != nil:
		return to.App(r.App)
	case r.Change != nil:
		c := r.Change
		return to.Change(&rollcall.Change{
			Version: c.Version, Kind: c.Kind, At: c.At, By: c.By, Ordinal: c.Ordinal, DeptID: c.DeptID, Payload: c.Payload,
		})
	case r.SignIns != nil:
		return to.SignInChunk(r.SignIns.Day, r.SignIns.Chunk, r.SignIns.Bits)
	case r.Token != nil:
		t := r.Token
		return to.Token(&rollcall.Token{
			Appkey: t.Appkey, Kind: t.Kind, SecretGeneration: t.SecretGeneration, Nonce: t.Nonce, ExpiresAt: t.ExpiresAt, Hash: t.Hash,
		})
	}
	return errors.New("a record holds nothing")
}

func (s *stayRecord) stay() rollcall.Stay { return rollcall.Stay{From: s.From, To: s.To} }

func (s *stayRecord) ordinal() rollcall.Ordinal {
	if s.Ordinal == nil {
		return 0
	}
	return *s.Ordinal
}

// only reports whether the record is one of a part, and nothing beside that.
func (r *record) only(p Part) bool {
	var n [parts]int
	count := func(p Part, is bool) {
		if is {
			n[p]++
		}
	}
	for _, is := range []bool{
		r.Corp != nil, r.Dept != nil, r.User != nil, r.EndedStay != nil, r.EndedMembership != nil, r.EndedParent != nil,
		r.RoleGroup != nil, r.Role != nil, r.App != nil,
	} {
		count(State, is)
	}
	count(Log, r.Change != nil)
	count(SignIns, r.SignIns != nil)
	count(Tokens, r.Token != nil)
	return n[p] == 1 && n[State]+n[Log]+n[SignIns]+n[Tokens] == 1 &&
		(r.Ended == nil || r.Dept != nil) && (!r.Deleted || r.Role != nil || r.RoleGroup != nil)
}
