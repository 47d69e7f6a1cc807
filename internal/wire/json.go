package wire

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep a JSON body may be nested; the body itself counts as 1
// (contract D2).
const maxDepth = 32

// readJSON reads the members of a JSON object. What it takes is exactly the
// grammar of RFC 8259 up to maxDepth; names and values are decoded in place.
// Text that is no UTF-8 is kept.
func (c *Call) readJSON(b []byte) flaw {
	p := parser{b: b}
	p.blanks()
	whole := p.object(func(name []byte, v jsonValue) {
		if a := c.slot(name); a != nil {
			a.set(v.form, v.text())
		}
	})
	if !whole {
		return p.broken()
	}
	p.blanks()
	if p.i != len(p.b) {
		return badJSON
	}
	return sound
}

// object reads an object and calls fn for each member.
func (p *parser) object(fn func(name []byte, v jsonValue)) bool {
	if !p.next('{') {
		return false
	}
	p.blanks()
	for first := true; !p.next('}'); first = false {
		if !first {
			if !p.next(',') {
				return false
			}
			p.blanks()
		}
		name, escaped, ok := p.text()
		if !ok {
			return false
		}
		if escaped {
			name = unescapeJSON(name)
		}
		p.blanks()
		if !p.next(':') {
			return false
		}
		p.blanks()
		v := p.value(1)
		if v.form == formNone {
			return false
		}
		fn(name, v)
		p.blanks()
	}
	return true
}

// jsonValue is one value: for text what stands between the quotes, for all
// else its spelling.
type jsonValue struct {
	form    form
	escaped bool
	raw     []byte
}

// text returns what a value says. It decodes in place, so it can be called
// only once.
func (v jsonValue) text() []byte {
	if v.escaped {
		return unescapeJSON(v.raw)
	}
	return v.raw
}

// parser reads JSON from b at i.
type parser struct {
	b    []byte
	i    int
	flaw flaw
}

func (p *parser) broken() flaw {
	if p.flaw != sound {
		return p.flaw
	}
	return badJSON
}

func (p *parser) blanks() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\t' || p.b[p.i] == '\n' || p.b[p.i] == '\r') {
		p.i++
	}
}

// next steps over c if it comes next.
func (p *parser) next(c byte) bool {
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

// value reads any value that lies in depth containers; formNone when there is
// none.
func (p *parser) value(depth int) jsonValue {
	if p.i >= len(p.b) {
		return jsonValue{}
	}
	from := p.i
	v := jsonValue{}
	switch p.b[p.i] {
	case '"':
		raw, escaped, ok := p.text()
		if !ok {
			return jsonValue{}
		}
		return jsonValue{formText, escaped, raw}
	case '{', '[':
		v.form = p.container(depth + 1)
	case 't':
		v.form = p.word("true", formTrue)
	case 'f':
		v.form = p.word("false", formFalse)
	case 'n':
		v.form = p.word("null", formNull)
	default:
		v.form = p.number()
	}
	v.raw = p.b[from:p.i]
	return v
}

// container steps over an array or an object.
func (p *parser) container(depth int) form {
	if depth > maxDepth {
		p.flaw = tooDeep
		return formNone
	}
	object := p.b[p.i] == '{'
	kind, end := formArray, byte(']')
	if object {
		kind, end = formObject, '}'
	}
	p.i++
	p.blanks()
	for first := true; !p.next(end); first = false {
		if !first {
			if !p.next(',') {
				return formNone
			}
			p.blanks()
		}
		if object {
			if _, _, ok := p.text(); !ok {
				return formNone
			}
			p.blanks()
			if !p.next(':') {
				return formNone
			}
			p.blanks()
		}
		if p.value(depth).form == formNone {
			return formNone
		}
		p.blanks()
	}
	return kind
}

func (p *parser) word(w string, f form) form {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return formNone
	}
	p.i += len(w)
	return f
}

func (p *parser) number() form {
	p.next('-')
	if !p.next('0') && !p.digits() {
		return formNone
	}
	if p.next('.') && !p.digits() {
		return formNone
	}
	if p.next('e') || p.next('E') {
		if !p.next('-') {
			p.next('+')
		}
		if !p.digits() {
			return formNone
		}
	}
	return formNumber
}

// digits steps over digits and tells whether there was one.
func (p *parser) digits() bool {
	from := p.i
	for p.i < len(p.b) && '0' <= p.b[p.i] && p.b[p.i] <= '9' {
		p.i++
	}
	return p.i > from
}

// text reads a string and returns what stands between its quotes, checked but
// not decoded.
func (p *parser) text() (raw []byte, escaped, ok bool) {
	if !p.next('"') {
		return nil, false, false
	}
	from := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			p.i++
			return p.b[from : p.i-1], escaped, true
		case c == '\\':
			escaped = true
			if !p.escape() {
				return nil, false, false
			}
		case c < ' ':
			return nil, false, false
		default:
			p.i++
		}
	}
	return nil, false, false
}

// escape steps over a backslash and what belongs to it.
func (p *parser) escape() bool {
	if p.i+1 >= len(p.b) {
		return false
	}
	c := p.b[p.i+1]
	p.i += 2
	if c != 'u' {
		return bytes.IndexByte([]byte(`"\/bfnrt`), c) >= 0
	}
	if p.i+4 > len(p.b) {
		return false
	}
	for range 4 {
		if unhex(p.b[p.i]) > 15 {
			return false
		}
		p.i++
	}
	return true
}

// unescapeJSON decodes a checked string in place and returns the decoded part.
// Halves of surrogate pairs that stand alone become U+FFFD.
func unescapeJSON(b []byte) []byte {
	n := 0
	for i := 0; i < len(b); {
		if b[i] != '\\' {
			b[n] = b[i]
			n++
			i++
			continue
		}
		c := b[i+1]
		i += 2
		if c != 'u' {
			b[n] = unescapeByte(c)
			n++
			continue
		}
		r := hexRune(b[i:])
		i += 4
		if utf16.IsSurrogate(r) {
			pair := utf8.RuneError
			if i+6 <= len(b) && b[i] == '\\' && b[i+1] == 'u' {
				pair = utf16.DecodeRune(r, hexRune(b[i+2:]))
			}
			if r = pair; r != utf8.RuneError {
				i += 6
			}
		}
		// No escape is shorter than what it stands for.
		n += utf8.EncodeRune(b[n:], r)
	}
	return b[:n]
}

func unescapeByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// hexRune reads four checked hexadecimal digits.
func hexRune(b []byte) rune {
	r := rune(0)
	for _, c := range b[:4] {
		r = r<<4 | rune(unhex(c))
	}
	return r
}
