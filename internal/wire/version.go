package wire

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"rollcall"
)

// The headers of our own. A client that talks to one of several nodes sees by
// them what it was answered from, and can ask for what it has seen elsewhere.
const (
	// HeaderVersion is in every reply about an organization: the version that it
	// was answered from, or that a change made.
	HeaderVersion = "Rollcall-Version"
	// HeaderMinVersion of a request is the version that the reply has to be of
	// at least.
	HeaderMinVersion = "Rollcall-Min-Version"
	// HeaderStaleness is in replies while the store does not answer: how many
	// seconds they may be behind.
	HeaderStaleness = "Rollcall-Staleness"
)

// AnsweredFrom says which version the reply is of, as the value of a header.
// Without it, it is the newest at the time when the caller was admitted.
func (c *Call) AnsweredFrom(version []string) { c.version = version }

// Version returns the value of [HeaderVersion], or nil.
func (a Answer) Version() []string { return a.call.version }

// Staleness returns the value of [HeaderStaleness], or nil.
func (a Answer) Staleness() []string { return Staleness(a.call.stale) }

// Staleness returns the value of [HeaderStaleness], nil where nothing is stale.
func Staleness(stale time.Duration) []string {
	if stale <= 0 {
		return nil
	}
	return []string{strconv.FormatInt(int64(max(stale, time.Second)/time.Second), 10)}
}

// MinVersion reads [HeaderMinVersion]; 0 where it is not given, false where it is
// no number.
func MinVersion(h http.Header) (version uint64, ok bool) {
	v := h[HeaderMinVersion]
	if len(v) == 0 {
		return 0, true
	}
	version, err := strconv.ParseUint(v[0], 10, 64)
	return version, err == nil
}

// TellNotYet is what people are told about [rollcall.ErrNotYet].
func TellNotYet(l rollcall.Language) string {
	if l == rollcall.Chinese {
		return "所请求的版本尚未到达此节点"
	}
	return "the version that was asked for has not come to this node yet"
}

// notAdmitted answers that it cannot be told who calls, or not in the version
// that was asked for.
func (s *Service) notAdmitted(c *Call, err error) {
	if errors.Is(err, rollcall.ErrNotYet) {
		c.fail(FaultBusy, "", TellNotYet(c.lang))
		return
	}
	s.refuse(c, err)
}
