package access

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"

	"rollcall"
)

const (
	tagLen       = 8
	appkeyPrefix = "ding"
	base36       = "0123456789abcdefghijklmnopqrstuvwxyz"
)

// tagOf is the short name of an organization within appkeys and tokens. Two
// organizations may share one, so it narrows a search and proves nothing.
func tagOf(corpID string) string {
	sum := sha256.Sum256([]byte(corpID))
	return hex.EncodeToString(sum[:tagLen/2])
}

var generatedAppkey = regexp.MustCompile(`^` + appkeyPrefix + `[0-9a-f]{8}[0-9a-z]{12}$`)

// NewAppkey makes an appkey for a new app. It carries the organization's tag,
// so that the organization is found by it.
func NewAppkey(corpID string) string {
	key := appkeyPrefix + tagOf(corpID)
	for len(key) < len(appkeyPrefix)+tagLen+12 {
		// What is left of 256 above 7 × 36 would favour some characters.
		if b := randomBytes(1)[0]; b < 252 {
			key += base36[b%36 : b%36+1]
		}
	}
	return key
}

// tagOfAppkey returns the tag within an appkey of [NewAppkey]. Others may look
// like one by chance.
func tagOfAppkey(appkey string) (tag string, ok bool) {
	if !generatedAppkey.MatchString(appkey) {
		return "", false
	}
	return appkey[len(appkeyPrefix):][:tagLen], true
}

// NewSecret makes a secret for an app: 44 characters that need no escaping in a
// URL. It does not begin with a dash, so that a shell command takes it.
func NewSecret() string {
	for {
		if s := base64.RawURLEncoding.EncodeToString(randomBytes(33)); s[0] != '-' {
			return s
		}
	}
}

// SetSecret gives an app of an organization its secret. An internal app keeps a
// hash alone; of a third-party app the secret itself is needed, to check
// signatures, and is kept sealed.
func (k Key) SetSecret(corpID string, app *rollcall.App, secret string) {
	app.SecretHash, app.SecretSealed = k.HashSecret(corpID, app.Appkey, secret), ""
	if app.Type == rollcall.ThirdParty {
		app.SecretSealed = k.seal(corpID, app, secret)
	}
}

// HashSecret returns what [rollcall.App] keeps of a secret.
func (k Key) HashSecret(corpID, appkey, secret string) string {
	return hex.EncodeToString(k.mac(forSecrets, corpID, appkey, secret))
}

// VerifySecret reports whether the secret is the app's, in a time that does not
// depend on how much of it is right.
func (k Key) VerifySecret(corpID string, app *rollcall.App, secret string) bool {
	return hmac.Equal([]byte(k.HashSecret(corpID, app.Appkey, secret)), []byte(app.SecretHash))
}

// NewCorpID makes an id for a new organization.
func NewCorpID() string { return appkeyPrefix + hex.EncodeToString(randomBytes(16)) }
