package access

import (
	"bytes"
	"context"
	"iter"
	"time"

	"rollcall"
)

// Token returns the token of the app that the credentials belong to, and for
// how many seconds it can be used. Within its life an app gets the same token
// again, with a whole life before it; afterwards it gets another. What is
// returned is durable; when it cannot be stored, the error is of
// [rollcall.KindBusy].
func (r *Registry) Token(ctx context.Context, creds Credentials) (token string, expiresIn int, err error) {
	t, app, err := r.authenticate(ctx, creds)
	if err != nil {
		return "", 0, err
	}
	return r.give(ctx, t, app, rollcall.AppToken, creds.Terms, creds.refusal())
}

// TokenFor is [Registry.Token] where the organization of the app is named too.
// One that is not known is [rollcall.ErrNoCorp], another one than the app's
// ErrNotAuthorized.
func (r *Registry) TokenFor(ctx context.Context, corpID string, creds Credentials) (token string, expiresIn int, err error) {
	if err := r.bringFor(ctx, "", corpID); err != nil {
		return "", 0, err
	}
	if r.index.Load().corp(corpID) == nil {
		return "", 0, rollcall.ErrNoCorp
	}
	t, app, err := r.authenticate(ctx, creds)
	switch {
	case err != nil:
		return "", 0, err
	case t.id != corpID:
		return "", 0, ErrNotAuthorized
	}
	return r.give(ctx, t, app, rollcall.AppToken, creds.Terms, creds.refusal())
}

// give gives an app whose secret was checked a token of a kind. Where the secret
// turns out to be replaced meanwhile it is the refusal.
func (r *Registry) give(ctx context.Context, t *tenant, app *rollcall.App, kind rollcall.TokenKind, terms Terms, refusal error) (token string, expiresIn int, err error) {
	if _, err := t.corp.Fresh(ctx); err != nil {
		return "", 0, err
	}
	newest, ok := t.corp.App(app.Appkey)
	if !ok || newest.SecretGeneration != app.SecretGeneration || newest.CreatedAt != app.CreatedAt {
		return "", 0, refusal
	}
	app = newest
	if err := terms.check(app); err != nil {
		return "", 0, err
	}
	l := t.leases.Load().single[slot{app.Appkey, kind}]
	if l == nil || !l.fits(app) || !l.extend(r.now()) {
		if l, err = r.store(ctx, t, app, kind, refusal); err != nil {
			return "", 0, err
		}
	}
	return l.token, int(life.Seconds()), nil
}

// saveWait is how long a token may take to be stored, the waiting for others
// included. Where nobody knows by then whether it was, nobody has got it, and it
// is the one that the app gets next time.
const saveWait = 10 * time.Second

// store gives an app a lease that is stored with a whole life before it: the
// one it has or, when that is over, a new one; of a kind of which it has many,
// always a new one. One call per organization at a time; the others wait, and
// then mostly find what they need.
func (r *Registry) store(ctx context.Context, t *tenant, app *rollcall.App, kind rollcall.TokenKind, refusal error) (*lease, error) {
	ctx, cancel := context.WithTimeout(ctx, saveWait)
	defer cancel()
	select {
	case t.saving <- struct{}{}:
	case <-ctx.Done():
		return nil, busy(ctx.Err())
	}
	defer func() { <-t.saving }()

	// The app may have changed in the meantime; its secret was checked before.
	newest, ok := t.corp.App(app.Appkey)
	if !ok || newest.SecretGeneration != app.SecretGeneration || newest.CreatedAt != app.CreatedAt {
		return nil, refusal
	}
	now := r.now()
	l := t.leases.Load().single[slot{app.Appkey, kind}]
	if l != nil && l.fits(app) && l.extend(now) {
		return l, nil
	}
	had, fresh := l, l == nil || !l.fits(app) || !l.live(now)
	if fresh {
		l = r.key.newLease(t.id, app, kind)
	}
	until := after(now, life+ahead)
	for asOf := now; ; {
		counts, err := r.tokens.SaveToken(ctx, t.id, l.record(until), keep(kind), asOf)
		if err != nil {
			return nil, busy(err)
		}
		if bytes.Equal(counts.Nonce, l.nonce) {
			until = counts.ExpiresAt
			break
		}
		other, ok := r.key.restore(t.id, counts)
		switch {
		case counts.SecretGeneration > app.SecretGeneration:
			return nil, refusal // another node has heard of the new secret first
		case !ok || !other.fits(app):
			asOf = rollcall.Open // nobody here can use it
		case had != nil && bytes.Equal(counts.Nonce, had.nonce) && int64(counts.ExpiresAt) <= had.stored.Load():
			// It has ended, if not yet as it is stored, and nobody made it live
			// longer.
			had, asOf = nil, after(now, ahead)
		default:
			// Another node was first: that is the app's token, which gets a
			// whole life too.
			l, fresh = other, true
			had = nil
		}
	}
	// Storing takes time, and the client counts from the answer on.
	now = r.now()
	raise(&l.stored, until)
	l.mine.Store(true)
	l.promise(after(now, life))
	if fresh {
		t.publish(l, now)
	}
	return l, nil
}

func busy(err error) error {
	return &rollcall.Error{Kind: rollcall.KindBusy, Detail: "the token could not be stored", Err: err}
}

// authenticate returns the app whose secret the credentials give; else the error
// is their refusal.
func (r *Registry) authenticate(ctx context.Context, creds Credentials) (*tenant, *rollcall.App, error) {
	var t *tenant
	var app *rollcall.App
	switch {
	case creds.hasAppkey():
		if err := r.bringFor(ctx, creds.Appkey, ""); err != nil {
			return nil, nil, err
		}
		t, app = r.byAppkey(*r.index.Load(), creds.Appkey, creds.Appsecret)
	case creds.hasCorp():
		if err := r.bringFor(ctx, creds.CorpID, creds.CorpID); err != nil {
			return nil, nil, err
		}
		x := *r.index.Load()
		if t, app = r.byAppkey(x, creds.CorpID, creds.CorpSecret); app == nil {
			t, app = r.byCorp(x, creds.CorpID, creds.CorpSecret)
		}
	}
	if app == nil {
		return nil, nil, creds.refusal()
	}
	r.brought.note(t.id, app)
	return t, app, nil
}

// withAppkey yields the apps with an appkey: first that of the organization that
// the appkey names, then the others. An appkey brought along from elsewhere may
// look like a generated one, and two organizations may have brought the same;
// the secret decides.
func (x index) withAppkey(appkey string) iter.Seq2[*tenant, *rollcall.App] {
	return func(yield func(*tenant, *rollcall.App) bool) {
		var first index
		if tag, ok := tagOfAppkey(appkey); ok {
			first = x.tagged(tagNumber(tag))
		}
		for _, t := range first {
			if app, ok := t.corp.App(appkey); ok && !yield(t, app) {
				return
			}
		}
		for _, t := range x {
			if len(first) > 0 && t.tag == first[0].tag {
				continue
			}
			if app, ok := t.corp.App(appkey); ok && !yield(t, app) {
				return
			}
		}
	}
}

func (r *Registry) byAppkey(x index, appkey, secret string) (*tenant, *rollcall.App) {
	known := false
	for t, app := range x.withAppkey(appkey) {
		if known = true; r.key.VerifySecret(t.id, app, secret) {
			return t, app
		}
	}
	if !known { // as much work as for a wrong secret
		r.key.VerifySecret("", &rollcall.App{Appkey: appkey}, secret)
	}
	return nil, nil
}

func (r *Registry) byCorp(x index, corpID, secret string) (*tenant, *rollcall.App) {
	t := x.corp(corpID)
	if t == nil {
		return nil, nil
	}
	for app := range t.corp.Apps() {
		if r.key.VerifySecret(t.id, app, secret) {
			return t, app
		}
	}
	return nil, nil
}
