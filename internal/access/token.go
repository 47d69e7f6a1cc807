package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"

	"rollcall"
)

const (
	// tokenLen is the tag of the organization and 16 bytes of the MAC, in hex.
	tokenLen = tagLen + 32
	// life is how long a token lives after it was last asked for.
	life = 2 * time.Hour
	// ahead is how much later than promised the stored expiry is, so that only
	// one renewal in this time has to be stored.
	ahead = time.Minute

	birthLen = 8
	nonceLen = birthLen + 16
)

// newNonce makes the random part of a token. In front of it goes the instant at
// which the app came into being: an appkey that is deleted and given again
// starts over with generation 1, and the old tokens must not fit the new app.
func newNonce(birth rollcall.Instant) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(birth)), randomBytes(nonceLen-birthLen)...)
}

// purposeOf is what the token of a kind is made for, so that none passes for one
// of another kind.
func purposeOf(kind rollcall.TokenKind) (use purpose, ok bool) {
	switch kind {
	case rollcall.AppToken:
		return forTokens, true
	case rollcall.CorpToken:
		return forCorpTokens, true
	case rollcall.SuiteToken:
		return forSuiteTokens, true
	}
	return "", false
}

// maxCorpTokens is how many tokens of [rollcall.CorpToken] an app has at a time;
// where it gets one more, the one that ends first goes.
const maxCorpTokens = 100

// keep is how many tokens of a kind an app has at a time.
func keep(kind rollcall.TokenKind) int {
	if kind == rollcall.CorpToken {
		return maxCorpTokens
	}
	return 1
}

func (k Key) token(use purpose, corpID, appkey string, generation int, nonce []byte) string {
	m := k.mac(use, corpID, appkey, strconv.Itoa(generation), string(nonce))
	return tagOf(corpID) + hex.EncodeToString(m[:(tokenLen-tagLen)/2])
}

// lease is one token of an app.
type lease struct {
	token      string
	appkey     string
	kind       rollcall.TokenKind
	generation int
	birth      rollcall.Instant
	nonce      []byte

	mine    atomic.Bool           // this process has stored it: others know what it promises
	expires atomic.Int64          // instant, as promised to clients
	stored  atomic.Int64          // instant, as it is durable; never before expires
	last    atomic.Pointer[Grant] // for the app as it was last seen
}

func (k Key) newLease(corpID string, app *rollcall.App, kind rollcall.TokenKind) *lease {
	nonce := newNonce(app.CreatedAt)
	use, _ := purposeOf(kind)
	return &lease{
		token:      k.token(use, corpID, app.Appkey, app.SecretGeneration, nonce),
		appkey:     app.Appkey,
		kind:       kind,
		generation: app.SecretGeneration,
		birth:      app.CreatedAt,
		nonce:      nonce,
	}
}

// restore makes the lease again from what was stored; false when the key is not
// the one it was made with.
func (k Key) restore(corpID string, t rollcall.Token) (*lease, bool) {
	use, ok := purposeOf(t.Kind)
	if !ok || len(t.Nonce) != nonceLen {
		return nil, false
	}
	l := &lease{
		token:      k.token(use, corpID, t.Appkey, t.SecretGeneration, t.Nonce),
		appkey:     t.Appkey,
		kind:       t.Kind,
		generation: t.SecretGeneration,
		birth:      rollcall.Instant(binary.BigEndian.Uint64(t.Nonce)),
		nonce:      t.Nonce,
	}
	l.expires.Store(int64(t.ExpiresAt))
	l.stored.Store(int64(t.ExpiresAt))
	return l, hmac.Equal(l.hash(), t.Hash)
}

func (l *lease) hash() []byte {
	sum := sha256.Sum256([]byte(l.token))
	return sum[:]
}

// record is what is stored of the lease; it can be used until the instant.
func (l *lease) record(until rollcall.Instant) rollcall.Token {
	return rollcall.Token{
		Appkey: l.appkey, Kind: l.kind, SecretGeneration: l.generation, Nonce: l.nonce, ExpiresAt: until, Hash: l.hash(),
	}
}

// fits reports whether the lease was given to this app and this secret of it.
func (l *lease) fits(app *rollcall.App) bool {
	return app.SecretGeneration == l.generation && app.CreatedAt == l.birth
}

func (l *lease) live(now rollcall.Instant) bool { return int64(now) < l.expires.Load() }

// extend promises a whole life from now on, if what this process stored covers
// that and the lease is not over. What another one stored says nothing of what
// it promised: it would not know about a promise of ours.
func (l *lease) extend(now rollcall.Instant) bool {
	promise := after(now, life)
	if !l.mine.Load() || !l.live(now) || int64(promise) > l.stored.Load() {
		return false
	}
	l.promise(promise)
	return true
}

// promise moves the expiry to an instant, never back and never past what is
// stored.
func (l *lease) promise(until rollcall.Instant) {
	raise(&l.expires, rollcall.Instant(min(int64(until), l.stored.Load())))
}

// raise moves an instant forward, never back.
func raise(at *atomic.Int64, to rollcall.Instant) {
	for {
		was := at.Load()
		if was >= int64(to) || at.CompareAndSwap(was, int64(to)) {
			return
		}
	}
}

func after(i rollcall.Instant, d time.Duration) rollcall.Instant {
	return i + rollcall.Instant(d.Milliseconds())
}
