package wire

import (
	"strconv"
	"unicode/utf8"
)

// Buffer collects the bytes of a result. It is a plain slice, so that
// functions of the form append(dst, …) work on it: *b = encode(*b, x).
type Buffer []byte

// Raw appends JSON as it is.
func (b *Buffer) Raw(json string) *Buffer {
	*b = append(*b, json...)
	return b
}

// Bytes appends JSON as it is.
func (b *Buffer) Bytes(json []byte) *Buffer {
	*b = append(*b, json...)
	return b
}

// Int appends a JSON number.
func (b *Buffer) Int(n int64) *Buffer {
	*b = strconv.AppendInt(*b, n, 10)
	return b
}

// Bool appends true or false.
func (b *Buffer) Bool(v bool) *Buffer {
	*b = strconv.AppendBool(*b, v)
	return b
}

// String appends a JSON string, see [AppendString].
func (b *Buffer) String(s string) *Buffer {
	*b = AppendString(*b, s)
	return b
}

// AppendString appends s as a JSON string in the form of the wire (contract
// D5): the quote, the backslash and control characters are escaped, all else
// goes out as it is. Bytes that are no UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[done:i]...)
		dst = appendEscape(dst, c)
		i++
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

// appendEscape appends the form of a byte that cannot stand for itself.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if c < ' ' {
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
	return utf8.AppendRune(dst, utf8.RuneError)
}
