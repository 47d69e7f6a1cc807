package access

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/round"
)

// Source is where organizations come from that the registry does not hold.
type Source interface {
	// Bring sees to it that an organization is added to the registry.
	Bring(ctx context.Context, corpID string) error
	// Discover sees to it that [Registry.Know] is told which organizations there
	// are now. It bounds how often it asks, whoever calls.
	Discover(ctx context.Context) error
}

// From says where organizations come from. Without a source there are those that
// were added and no others. It is to be called before the first request.
func (r *Registry) From(s Source) { r.source = s }

// Request is what is admitted.
type Request struct {
	Token []byte
	Now   time.Time // when the request came
	// MinVersion is the version of the organization that the answer has to be
	// of at least.
	MinVersion uint64
}

// Admission is what a request may do.
type Admission struct {
	Grant *Grant // nil where the token opens nothing
	// Stale is how old the answer may be where the store does not answer, else
	// 0.
	Stale time.Duration
}

// Admit returns what a token opens. Where it was given by another node just now
// the store is asked, and the organization is brought in where it is not held;
// so a token is refused only when it is known that it opens nothing. An error,
// of [rollcall.KindBusy], says that it cannot be told now, or not in the version
// that is asked for.
//
// For a live token of an organization that is up to date, which is every
// request, it neither waits nor allocates.
func (r *Registry) Admit(ctx context.Context, q Request) (Admission, error) {
	now := rollcall.At(q.Now)
	if t, l := r.find(q.Token); l != nil && l.live(now) {
		return t.admit(ctx, l, q, now)
	}
	return r.admitUnknown(ctx, q, now)
}

func (t *tenant) admit(ctx context.Context, l *lease, q Request, now rollcall.Instant) (a Admission, err error) {
	if a.Stale, err = t.corp.Fresh(ctx); err != nil {
		return Admission{}, err
	}
	if q.MinVersion > 0 {
		if err := t.corp.Await(ctx, q.MinVersion); err != nil {
			return Admission{}, err
		}
	}
	a.Grant, _ = t.grant(l, now)
	return a, nil
}

// admitUnknown is Admit for a token that is not known here, or over as far as is
// known here: another node may have given it out or made it live longer.
func (r *Registry) admitUnknown(ctx context.Context, q Request, now rollcall.Instant) (Admission, error) {
	if !isToken(q.Token) {
		return Admission{}, nil
	}
	// The context of a request ends when the client closes its side, and it may
	// wait for the answer all the same. Nothing here takes long without it.
	ctx = context.WithoutCancel(ctx)
	tag := tagNumber(q.Token)
	ids, err := r.corpsTagged(ctx, tag)
	if err != nil {
		return Admission{}, err
	}
	for _, id := range ids {
		look := r.lookupOf(id)
		stored, err := look.find(ctx, q.Token)
		switch {
		case err != nil:
			return Admission{}, err
		case stored == nil || !stored.live(now):
			continue
		}
		t, err := r.bring(ctx, id)
		if err != nil {
			return Admission{}, err
		}
		// The app may be as new as its token, or have a secret as new.
		for _, next := range []func(context.Context) error{t.corp.Refresh, func(context.Context) error { return nil }} {
			if l := t.leases.Load().byToken[string(q.Token)]; l != nil && l.live(now) {
				if a, err := t.admit(ctx, l, q, now); err != nil || a.Grant != nil {
					return a, err
				}
			}
			if err := next(ctx); err != nil {
				return Admission{}, err
			}
			t.merge(*look.found.Load(), r.now())
		}
	}
	return Admission{}, nil
}

// isToken reports whether it has the form of a token.
func isToken(token []byte) bool {
	if len(token) != tokenLen {
		return false
	}
	for _, c := range token {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// bring returns an organization, which is brought in where it is not held.
func (r *Registry) bring(ctx context.Context, corpID string) (*tenant, error) {
	for range 3 { // it may leave again before it is found
		if t := r.index.Load().corp(corpID); t != nil {
			return t, nil
		}
		if r.source == nil {
			return nil, rollcall.ErrNoCorp
		}
		if err := r.source.Bring(ctx, corpID); err != nil {
			return nil, err
		}
	}
	return nil, &rollcall.Error{Kind: rollcall.KindBusy, Detail: fmt.Sprintf("organization %s does not stay", corpID)}
}

// Lookups of tokens are bounded, since anybody can make up a token: of each
// organization there is one at a time, for all who wait, and one in lookupEvery.
const (
	lookupEvery = 100 * time.Millisecond
	// lookupWait is how long a request waits for one, and lookupTimeout how long
	// the store may take.
	lookupWait    = time.Second
	lookupTimeout = 2 * time.Second
	// failingFor is how long nobody waits after one that failed: the next may have
	// come long after the store was back.
	failingFor = 5 * time.Second
)

// lookup asks the store for the tokens of one organization.
type lookup struct {
	round   *round.Round
	found   atomic.Pointer[[]*lease] // what the last one found
	failing atomic.Bool              // the last one was not answered, a moment ago
}

func (r *Registry) lookupOf(corpID string) *lookup {
	if l, ok := r.lookups.Load(corpID); ok {
		return l.(*lookup)
	}
	look := &lookup{}
	look.round = round.New(lookupEvery, func() error { return r.look(look, corpID) })
	l, _ := r.lookups.LoadOrStore(corpID, look)
	return l.(*lookup)
}

// look asks once, and takes what it finds in where the organization is held.
func (r *Registry) look(into *lookup, corpID string) error {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	stored, err := r.tokens.LoadTokens(ctx, corpID)
	into.failing.Store(err != nil)
	if err != nil {
		time.AfterFunc(failingFor, func() { into.failing.Store(false) })
		return err
	}
	var found []*lease
	for _, s := range stored {
		if l, ok := r.key.restore(corpID, s); ok {
			found = append(found, l)
		}
	}
	into.found.Store(&found)
	if t := r.index.Load().corp(corpID); t != nil {
		t.merge(found, r.now())
	}
	return nil
}

// find looks for a token; nil when it is not stored. While the store does not
// answer only the first ones wait, now and then.
func (k *lookup) find(ctx context.Context, token []byte) (*lease, error) {
	wait := k.round.Ask()
	if k.failing.Load() {
		return nil, unanswered(errFailing)
	}
	limited, cancel := context.WithTimeout(ctx, lookupWait)
	defer cancel()
	if err := wait(limited); err != nil {
		if ctx.Err() == nil {
			k.failing.Store(true)
		}
		return nil, unanswered(err)
	}
	for _, l := range *k.found.Load() {
		if l.token == string(token) {
			return l, nil
		}
	}
	return nil, nil
}

// errFailing is behind the answers that do not wait for the store.
var errFailing = errors.New("the last lookup was not answered")

func unanswered(err error) error {
	return &rollcall.Error{Kind: rollcall.KindBusy, Detail: "the tokens cannot be looked up", Err: err}
}

// merge takes in what the store has of tokens, as other nodes gave them out or
// made them live longer.
func (t *tenant) merge(stored []*lease, now rollcall.Instant) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	old := t.leases.Load().byToken
	all := t.usable(now)
	for _, s := range stored {
		app, ok := t.corp.App(s.appkey)
		if !ok || !s.fits(app) {
			continue
		}
		l := old[s.token]
		if l == nil {
			if s.live(now) {
				all = append(all, s)
			}
			continue
		}
		if until := s.stored.Load(); until > l.stored.Load() {
			over := !l.live(now)
			raise(&l.stored, rollcall.Instant(until))
			raise(&l.expires, rollcall.Instant(until))
			if over && l.live(now) {
				all = append(all, l)
			}
		}
	}
	t.leases.Store(newLeases(all))
}
