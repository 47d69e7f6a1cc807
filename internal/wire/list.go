package wire

import (
	"bytes"
	"slices"

	"rollcall"
)

// list reads a list of ids in any of its spellings (contract D2, 2.4), without
// repeats, into c.ids. A list of nothing is missing.
func (c *Call) list(p *Param, a *arg) verdict {
	from := len(c.ids)
	result := malformed
	switch a.form {
	case formText:
		if p.NullText && string(a.raw) == "null" {
			return missing
		}
		result = c.idsOfText(a.raw, p.separator(), p.MaxItems)
	case formArray:
		result = c.idsOfArray(a.raw, p.MaxItems)
	case formNumber:
		if n, ok := wholeJSON(a.raw); ok {
			c.ids = append(c.ids, rollcall.DeptID(n))
			result = fine
		}
	}
	if result != fine {
		c.ids = c.ids[:from]
		return result
	}
	c.ids = distinctFrom(c.ids, from)
	a.n, a.end = int64(from), len(c.ids)
	return fine
}

// distinctFrom drops what comes again in a list, from one place on.
func distinctFrom[T comparable](list []T, from int) []T {
	kept := list[from:from]
	for _, x := range list[from:] {
		if !slices.Contains(kept, x) {
			kept = append(kept, x)
		}
	}
	return list[:from+len(kept)]
}

// idsOfText reads ids with commas between them. Blanks, quotes and backslashes
// around the text and around each id are cut, and one pair of brackets.
func (c *Call) idsOfText(b, separator []byte, most int) verdict {
	b = bare(b)
	if len(b) == 0 {
		return missing
	}
	for count, more := 1, true; more; count++ {
		if count > most {
			return outOfRange
		}
		var item []byte
		item, b, more = bytes.Cut(b, separator)
		n, ok := wholeText(bytes.Trim(item, quotes))
		if !ok {
			return malformed
		}
		c.ids = append(c.ids, rollcall.DeptID(n))
	}
	return fine
}

// bare cuts what some clients put around a list in a text.
func bare(b []byte) []byte {
	b = bytes.Trim(b, quotes)
	if len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' {
		b = bytes.Trim(b[1:len(b)-1], quotes)
	}
	return b
}

func (p *Param) separator() []byte {
	if p.Separator != 0 {
		return []byte{p.Separator}
	}
	return []byte{','}
}

// idsOfArray reads the ids of a JSON array, which has been checked. One blank
// text alone is as good as nothing.
func (c *Call) idsOfArray(b []byte, most int) verdict {
	count, blank := 0, 0
	p := parser{b: b, i: 1}
	for p.blanks(); !p.next(']'); p.blanks() {
		if count++; count > most {
			return outOfRange
		}
		n, ok := int64(0), false
		switch v := p.value(1); v.form {
		case formNumber:
			n, ok = wholeJSON(v.raw)
		case formText:
			text := bytes.Trim(v.text(), quotes)
			n, ok = wholeText(text)
			if len(text) == 0 {
				blank, ok = blank+1, true
			}
		}
		if !ok {
			return malformed
		}
		c.ids = append(c.ids, rollcall.DeptID(n))
		p.blanks()
		p.next(',')
	}
	switch {
	case count == blank && count < 2:
		return missing
	case blank > 0:
		return malformed
	}
	return fine
}

// strings reads a list of texts in any of its spellings, without repeats, into
// c.words. Numbers in an array are texts too. A list of nothing is missing.
func (c *Call) strings(p *Param, a *arg) verdict {
	from := len(c.words)
	result := malformed
	switch a.form {
	case formText:
		result = c.stringsOfText(a.raw, p.separator(), p.MaxItems)
	case formArray:
		result = c.stringsOfArray(a.raw, p.MaxItems)
	case formNumber:
		c.words = append(c.words, string(a.raw))
		result = fine
	}
	if result != fine {
		c.words = c.words[:from]
		return result
	}
	c.words = distinctFrom(c.words, from)
	a.n, a.end = int64(from), len(c.words)
	return fine
}

// stringsOfText reads texts with separators between them, cut as ids are.
func (c *Call) stringsOfText(b, separator []byte, most int) verdict {
	b = bare(b)
	if len(b) == 0 {
		return missing
	}
	for count, more := 1, true; more; count++ {
		if count > most {
			return outOfRange
		}
		var item []byte
		item, b, more = bytes.Cut(b, separator)
		if item = bytes.Trim(item, quotes); len(item) == 0 {
			return malformed
		}
		c.words = append(c.words, string(item))
	}
	return fine
}

// stringsOfArray reads the texts of a JSON array, which has been checked. One
// blank text alone is as good as nothing.
func (c *Call) stringsOfArray(b []byte, most int) verdict {
	count, blank := 0, 0
	p := parser{b: b, i: 1}
	for p.blanks(); !p.next(']'); p.blanks() {
		if count++; count > most {
			return outOfRange
		}
		v := p.value(1)
		if v.form != formNumber && v.form != formText {
			return malformed
		}
		text := v.text()
		if len(text) == 0 {
			blank++
		}
		c.words = append(c.words, string(text))
		p.blanks()
		p.next(',')
	}
	switch {
	case count == blank && count < 2:
		return missing
	case blank > 0:
		return malformed
	}
	return fine
}

// document tells whether the value is a JSON array or object, or a text that
// holds one; it is without blanks around it then.
func (a *arg) document() bool {
	switch a.form {
	case formArray, formObject:
		return true
	case formText:
		p := parser{b: bytes.Trim(a.raw, blanks)}
		if len(p.b) == 0 || p.b[0] != '[' && p.b[0] != '{' || p.value(1).form == formNone || p.i != len(p.b) {
			return false
		}
		a.raw = p.b
		return true
	}
	return false
}
