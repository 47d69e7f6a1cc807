// Package access knows who may call: the secrets of apps, the tokens they get
// for them, and the departments an app may see.
//
// The database of an organization is not enough to call it. Of a secret it
// holds a keyed hash, of a token the random part from which the token is
// computed; the [Key] of both lies in a file beside the database. A token is
// therefore the same string again after a restart, and a copy of the database
// alone opens nothing.
//
// Nothing has to be revoked: a token names an app and the generation of its
// secret, and [Registry.Grant] holds that against the newest state of the
// organization on each call. An app that is deleted, or gets a new secret, is
// out with the next request.
package access

import (
	"iter"

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
}

// Credentials are what a caller gives to get a token: either Appkey and
// Appsecret or, in the older form, CorpID and CorpSecret, where CorpID is an
// appkey or the id of an organization. With both, the first pair counts.
type Credentials struct {
	Appkey, Appsecret  string
	CorpID, CorpSecret string
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

// Why no token is given, to be compared with errors.Is. An app that does not
// exist and a secret that is wrong are the same refusal. They are immutable.
var (
	// ErrNoCredentials is returned where neither pair is complete.
	ErrNoCredentials error = &rollcall.Error{
		Kind: rollcall.KindMissing, Detail: "an appkey and its appsecret are needed",
	}
	// ErrWrongSecret refuses an appkey and appsecret.
	ErrWrongSecret error = &rollcall.Error{
		Kind: rollcall.KindDenied, Detail: "no app has this appkey and appsecret",
	}
	// ErrWrongCorpSecret refuses a corpid and corpsecret.
	ErrWrongCorpSecret error = &rollcall.Error{
		Kind: rollcall.KindDenied, Detail: "no app has this corpid and corpsecret",
	}
)
