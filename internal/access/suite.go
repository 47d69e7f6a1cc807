package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"rollcall"
)

// A third-party app is called a suite on the wire: its appkey is the suite key,
// its appsecret the suite secret. It shows a suite ticket too, which the real
// service sends to it every few hours. Here a ticket is good until another one
// is made.

// Ticket returns the suite ticket of a third-party app.
func (k Key) Ticket(corpID string, app *rollcall.App) string {
	m := k.mac(forTickets, corpID, app.Appkey, strconv.Itoa(app.TicketGeneration))
	return hex.EncodeToString(m[:16])
}

// fits reports whether a ticket is that of the app.
func (k Key) ticketFits(corpID string, app *rollcall.App, ticket string) bool {
	return app.AnyTicket || hmac.Equal([]byte(k.Ticket(corpID, app)), []byte(ticket))
}

// Signature signs a time and a suite ticket with a suite secret (contract 3.2).
// Without a ticket the time alone is signed.
func Signature(secret, timestamp, ticket string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(timestamp))
	if ticket != "" {
		h.Write([]byte("\n" + ticket))
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Suite is what a third-party app gives to get a token.
type Suite struct {
	Key, Secret, Ticket string
	Terms
}

// Signed is what a third-party app gives that does not send its secret: the time
// in milliseconds, the ticket, and a signature of both.
type Signed struct {
	Key, Timestamp, Ticket, Signature string
	Terms
}

// SuiteToken returns the token of a third-party app itself, by the rules of
// [Registry.Token]. It opens no organization.
func (r *Registry) SuiteToken(ctx context.Context, s Suite) (token string, expiresIn int, err error) {
	if err := r.bringFor(ctx, s.Key, ""); err != nil {
		return "", 0, err
	}
	t, app, err := r.bySecret(s)
	if err != nil {
		return "", 0, err
	}
	return r.give(ctx, t, app, rollcall.SuiteToken, s.Terms, ErrWrongSecret)
}

// CorpToken returns a token with which a third-party app calls for the
// organization that authorized it, which is the one it belongs to. It is another
// one each time; those before stay good.
func (r *Registry) CorpToken(ctx context.Context, s Suite, corpID string) (token string, expiresIn int, err error) {
	if err := r.bringFor(ctx, s.Key, corpID); err != nil {
		return "", 0, err
	}
	t, app, err := r.bySecret(s)
	if err != nil {
		return "", 0, err
	}
	return r.forCorp(ctx, t, app, corpID, s.Terms, ErrWrongSecret)
}

// SignedCorpToken is [Registry.CorpToken] for an app that signs.
func (r *Registry) SignedCorpToken(ctx context.Context, s Signed, corpID string) (token string, expiresIn int, err error) {
	if err := r.bringFor(ctx, s.Key, corpID); err != nil {
		return "", 0, err
	}
	t, app, err := r.bySignature(s)
	if err != nil {
		return "", 0, err
	}
	return r.forCorp(ctx, t, app, corpID, s.Terms, ErrWrongSignature)
}

func (r *Registry) forCorp(ctx context.Context, t *tenant, app *rollcall.App, corpID string, terms Terms, refusal error) (token string, expiresIn int, err error) {
	if t.id != corpID {
		return "", 0, ErrNotAuthorized
	}
	return r.give(ctx, t, app, rollcall.CorpToken, terms, refusal)
}

// bySecret returns the third-party app that a secret and a ticket belong to.
func (r *Registry) bySecret(s Suite) (*tenant, *rollcall.App, error) {
	t, app := r.byAppkey(*r.index.Load(), s.Key, s.Secret)
	switch {
	case app == nil || app.Type != rollcall.ThirdParty:
		return nil, nil, ErrWrongSecret
	case !r.key.ticketFits(t.id, app, s.Ticket):
		return nil, nil, ErrWrongTicket
	}
	return t, app, nil
}

// maxSkew is how far a signed time may be away from the clock.
const maxSkew = time.Minute

// bySignature returns the third-party app that a signature belongs to.
func (r *Registry) bySignature(s Signed) (*tenant, *rollcall.App, error) {
	at, ok := milliseconds(s.Timestamp)
	if !ok {
		return nil, nil, ErrTimestamp
	}
	if skew := r.now() - at; max(skew, -skew) > rollcall.Instant(maxSkew.Milliseconds()) {
		return nil, nil, ErrSkew
	}
	err := ErrUnknownSuite
	for t, app := range r.index.Load().withAppkey(s.Key) {
		if app.Type != rollcall.ThirdParty {
			continue
		}
		err = ErrWrongSignature
		secret, ok := r.key.unseal(t.id, app)
		if !ok || !hmac.Equal([]byte(Signature(secret, s.Timestamp, s.Ticket)), []byte(s.Signature)) {
			continue
		}
		if !r.key.ticketFits(t.id, app, s.Ticket) {
			return nil, nil, ErrWrongTicket
		}
		return t, app, nil
	}
	return nil, nil, err
}

// milliseconds reads a time as it is signed: digits alone.
func milliseconds(s string) (rollcall.Instant, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return rollcall.Instant(n), err == nil && n > 0 && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}
