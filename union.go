package rollcall

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Unions makes the unionids of one organization and reads them back. A made one
// is the ordinal in one encrypted block: it costs no memory, looks alike in
// every organization, and does not tell how many people came before. Nothing
// depends on its being secret.
type Unions struct{ block cipher.Block }

// NewUnions returns the unionids of an organization.
func NewUnions(corpID string) Unions {
	key := sha256.Sum256([]byte("rollcall unionid 1 " + corpID))
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		panic(err) // the key has the right length
	}
	return Unions{block}
}

// Of returns the unionid of a person: the one that the person brought along, or
// else a made one.
func (u Unions) Of(p *User) string {
	if p.UnionID != "" {
		return p.UnionID
	}
	return u.made(p.Ordinal)
}

func (u Unions) made(o Ordinal) string {
	var b [aes.BlockSize]byte
	binary.BigEndian.PutUint32(b[:], uint32(o))
	u.block.Encrypt(b[:], b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Ordinal reads the ordinal out of a made unionid; false for any other text.
func (u Unions) Ordinal(unionid string) (Ordinal, bool) {
	b, err := base64.RawURLEncoding.DecodeString(unionid)
	if err != nil || len(b) != aes.BlockSize {
		return 0, false
	}
	u.block.Decrypt(b, b)
	o := Ordinal(binary.BigEndian.Uint32(b))
	return o, u.made(o) == unionid
}
