package directory

import (
	"encoding/binary"

	"rollcall"
	"rollcall/internal/pinyin"
)

// Encoder makes the bytes that lists show of a person. They are opaque here, so
// that another dialect can be spoken without the directory knowing.
type Encoder interface {
	// AppendCard appends the fragment for a person of this name and userid to
	// dst, and returns where in dst the quoted userid lies.
	AppendCard(dst []byte, name, userid string) (out []byte, from, to int)
}

// maker turns people into records and cards.
type maker struct {
	encoder Encoder
	keyer   *pinyin.Keyer
}

// encode appends a person's record and card to dst and returns where they are.
func (m *maker) encode(dst []byte, u *rollcall.User) (out []byte, rec record, crd card) {
	start := len(dst)
	dst = m.appendRecord(dst, u)
	end := len(dst)
	dst = m.appendCard(dst, u)
	return dst, record(dst[start:end:end]), card(dst[end:len(dst):len(dst)])
}

func (m *maker) appendRecord(dst []byte, u *rollcall.User) []byte {
	var room [256]byte
	keys := m.keyer.AppendKey(room[:0], u.Name)
	n := len(keys)
	if u.NameEN != "" {
		keys = m.keyer.AppendKey(keys, u.NameEN)
	}
	return appendRecord(dst, u, keys[:n], keys[n:])
}

func (m *maker) appendCard(dst []byte, u *rollcall.User) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, cardHead)...)
	dst, from, to := m.encoder.AppendCard(dst, u.Name, u.UserID)
	head := dst[start:]
	binary.LittleEndian.PutUint16(head, uint16(len(head)-cardHead))
	binary.LittleEndian.PutUint16(head[2:], uint16(from-start-cardHead))
	binary.LittleEndian.PutUint16(head[4:], uint16(to-from))
	if u.NameEN != "" {
		dst, _, _ = m.encoder.AppendCard(dst, u.NameEN, u.UserID)
	}
	return dst
}
