package access

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"strconv"

	"rollcall"
)

// sealer encrypts the secret of one app and one generation of it: what was
// sealed for another one cannot be put in its place.
func (k Key) sealer(corpID string, app *rollcall.App) cipher.AEAD {
	block, err := aes.NewCipher(k.mac(forSealing, corpID, app.Appkey, strconv.Itoa(app.SecretGeneration)))
	if err == nil {
		var aead cipher.AEAD
		if aead, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return aead
		}
	}
	panic("access: 32 bytes are no key: " + err.Error())
}

func (k Key) seal(corpID string, app *rollcall.App, secret string) string {
	return base64.RawStdEncoding.EncodeToString(k.sealer(corpID, app).Seal(nil, nil, []byte(secret), nil))
}

// unseal returns the secret of an app; false where none was sealed, or under
// another key.
func (k Key) unseal(corpID string, app *rollcall.App) (string, bool) {
	sealed, err := base64.RawStdEncoding.DecodeString(app.SecretSealed)
	if err != nil {
		return "", false
	}
	secret, err := k.sealer(corpID, app).Open(nil, nil, sealed, nil)
	return string(secret), err == nil
}
