package wire

import "bytes"

// flaw is what is wrong with a query string or a body.
type flaw uint8

const (
	sound         flaw = iota
	badPercent         // a percent sign without two hexadecimal digits
	badJSON            // JSON that is broken, or no object
	tooDeep            // JSON nested deeper than maxDepth
	tooBig             // a body over maxBody
	badType            // a body of a type that is not read
	badMinVersion      // of the header
	noBody             // no JSON body, where nothing else is read
)

// flawTexts tells people about a flaw in English and in Chinese; immutable.
var flawTexts = [...][2]string{
	sound:      {},
	badPercent: {"percent-encoding", "百分号编码"},
	badJSON:    {"a JSON object was expected", "需要JSON对象"},
	tooDeep:    {"nested deeper than 32", "嵌套超过32层"},
	tooBig:     {"larger than 1 MiB", "超过1 MiB"},
	badType:    {"Content-Type", "Content-Type"},
	noBody:     {},

	badMinVersion: {HeaderMinVersion, HeaderMinVersion},
}

// readForm reads pairs as in a query string or a form body, decoding b in
// place. It goes on after a broken pair, without it.
func (c *Call) readForm(b []byte) flaw {
	result := sound
	for len(b) > 0 {
		pair := b
		if i := bytes.IndexByte(b, '&'); i >= 0 {
			pair, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		key, value := pair, []byte(nil)
		if i := bytes.IndexByte(pair, '='); i >= 0 {
			key, value = pair[:i], pair[i+1:]
		}
		key, ok := unescapeForm(key)
		if ok {
			value, ok = unescapeForm(value)
		}
		if !ok {
			result = badPercent
		} else if a := c.slot(key); a != nil {
			a.set(formText, value)
		}
	}
	return result
}

// unescapeForm decodes in place and returns the decoded part.
func unescapeForm(b []byte) ([]byte, bool) {
	i := 0
	for i < len(b) && b[i] != '%' && b[i] != '+' {
		i++
	}
	n := i
	for ; i < len(b); i++ {
		c := b[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(b) {
				return nil, false
			}
			hi, lo := unhex(b[i+1]), unhex(b[i+2])
			if hi > 15 || lo > 15 {
				return nil, false
			}
			c = hi<<4 | lo
			i += 2
		}
		b[n] = c
		n++
	}
	return b[:n], true
}

// unhex returns the value of a hexadecimal digit, or more than 15.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
