// Package access knows who may call: the secrets of apps, the tokens they get
// for them, from where and how often an app may call, and whom and what of
// people it may see.
//
// The database of an organization is not enough to call it. Of a secret it
// holds a keyed hash or, where signatures are checked with it, the secret
// encrypted; of a token the random part from which the token is computed. The
// [Key] of all that lies in a file beside the database. A token is
// therefore the same string again after a restart, and a copy of the database
// alone opens nothing.
//
// Nothing has to be revoked: a token names an app and the generation of its
// secret, and [Registry.Grant] holds that against the newest state of the
// organization on each call. An app that is deleted, or gets a new secret, is
// out with the next request.
package access

import (
	"context"
	"iter"
	"net/netip"
	"slices"
	"time"

	"rollcall"
)

// Corp is the newest state of one organization. Its methods may be called at
// any time from any goroutine, and App on each request.
//
// An app that is handed out is not written to any more: a change shows as
// another pointer, and as long as nothing changes the pointer stays the same.
type Corp interface {
	ID() string
	Settings() rollcall.Settings
	App(appkey string) (*rollcall.App, bool)
	Apps() iter.Seq[*rollcall.App]
	// VersionHeader is the number of the newest version as the value of a
	// header.
	VersionHeader() []string
	// Fresh makes sure that this is the newest state, within a second. While
	// that cannot be found out it returns how old it may be, up to a limit; then
	// an error. It is called for every request.
	Fresh(ctx context.Context) (stale time.Duration, err error)
	// Await waits until the state is at least of a version, for a second at
	// most; then the error is [rollcall.ErrNotYet].
	Await(ctx context.Context, version uint64) error
	// Refresh takes over what others committed up to now.
	Refresh(ctx context.Context) error
}

// Credentials are what a caller gives to get a token: either Appkey and
// Appsecret or, in the older form, CorpID and CorpSecret, where CorpID is an
// appkey or the id of an organization. With both, the first pair counts.
type Credentials struct {
	Appkey, Appsecret  string
	CorpID, CorpSecret string
	Terms
}

// Terms are what is asked for beside a secret.
type Terms struct {
	// From is where the caller calls from; it counts for apps that may call
	// from some addresses only.
	From netip.Addr
	// Needs is a permission point without which the app gets no token; empty
	// for none.
	Needs rollcall.Permission
}

// check holds the terms against an app whose secret was given.
func (t Terms) check(app *rollcall.App) error {
	if len(app.AllowedIPs) > 0 && !slices.ContainsFunc(app.AllowedIPs, func(p netip.Prefix) bool { return p.Contains(t.From) }) {
		return &rollcall.Error{Kind: rollcall.KindDenied, Param: app.Appkey, Detail: "no token for this address", Err: ErrAddress}
	}
	if t.Needs != "" && !app.Holds(t.Needs) {
		return &rollcall.Error{Kind: rollcall.KindDenied, Param: string(t.Needs), Detail: "no token without it", Err: ErrPermission}
	}
	return nil
}

func (c Credentials) hasAppkey() bool { return c.Appkey != "" && c.Appsecret != "" }
func (c Credentials) hasCorp() bool   { return c.CorpID != "" && c.CorpSecret != "" }

// refusal is the answer to credentials that open nothing.
func (c Credentials) refusal() error {
	switch {
	case c.hasAppkey():
		return ErrWrongSecret
	case c.hasCorp():
		return ErrWrongCorpSecret
	}
	return ErrNoCredentials
}

func denied(detail string) error { return &rollcall.Error{Kind: rollcall.KindDenied, Detail: detail} }

// Why no token is given, to be compared with errors.Is. An app that does not
// exist and a secret that is wrong are the same refusal. They are immutable.
var (
	// ErrNoCredentials is returned where neither pair is complete.
	ErrNoCredentials error = &rollcall.Error{
		Kind: rollcall.KindMissing, Detail: "an appkey and its appsecret are needed",
	}
	// ErrWrongSecret refuses an appkey and appsecret.
	ErrWrongSecret = denied("no app has this appkey and appsecret")
	// ErrWrongCorpSecret refuses a corpid and corpsecret.
	ErrWrongCorpSecret = denied("no app has this corpid and corpsecret")
	// ErrAddress refuses an app that may not call from where it calls; the
	// error around it has the appkey.
	ErrAddress = denied("the app may not call from this address")
	// ErrPermission refuses an app that lacks a permission point; the error
	// around it has its name.
	ErrPermission = denied("the app does not hold the permission point")
	// ErrWrongTicket refuses a suite ticket.
	ErrWrongTicket = denied("the suite ticket is not that of the app")
	// ErrNotAuthorized refuses an app that belongs to another organization.
	ErrNotAuthorized = denied("the organization has not authorized the app")

	// ErrTimestamp refuses a time that is not a number of milliseconds.
	ErrTimestamp = denied("the timestamp is not a number of milliseconds since 1970")
	// ErrSkew refuses a time that is not now.
	ErrSkew = denied("the timestamp is more than a minute away from the server's clock")
	// ErrUnknownSuite refuses a key that no third-party app has.
	ErrUnknownSuite = denied("no third-party app has this key")
	// ErrWrongSignature refuses a signature.
	ErrWrongSignature = denied("the signature does not fit")
)
