package postgres

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// PostgreSQL takes text in UTF-8 only, and no NUL. A text that is neither is
// stored with each such byte written as the mark and two hexadecimal digits; so
// is the mark itself, which hardly any text has. Every text goes through here on
// its way in and out, so that what is equal stays equal and what is not does not.
const mark = 0x1a

const hexDigits = "0123456789abcdef"

// appendText appends the stored form of a text.
func appendText(to []byte, s string) []byte {
	if plain(s) {
		return append(to, s...)
	}
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if b := s[0]; n == 1 && (r == utf8.RuneError || b == 0 || b == mark) {
			to = append(to, mark, hexDigits[b>>4], hexDigits[b&15])
		} else {
			to = append(to, s[:n]...)
		}
		s = s[n:]
	}
	return to
}

func plain(s string) bool {
	return strings.IndexByte(s, 0) < 0 && strings.IndexByte(s, mark) < 0 && utf8.ValidString(s)
}

// appendStored appends the text of a stored form.
func appendStored(to, stored []byte) []byte {
	for {
		i := bytes.IndexByte(stored, mark)
		if i < 0 || i+2 >= len(stored) {
			return append(to, stored...)
		}
		to = append(to, stored[:i]...)
		to = append(to, digit(stored[i+1])<<4|digit(stored[i+2]))
		stored = stored[i+3:]
	}
}

// fromStored returns the text of a stored form.
func fromStored(stored []byte) string {
	if bytes.IndexByte(stored, mark) < 0 {
		return string(stored)
	}
	return string(appendStored(nil, stored))
}

func digit(c byte) byte { return byte(strings.IndexByte(hexDigits, c)) }
