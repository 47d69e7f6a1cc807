package wire

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"rollcall"
)

const (
	maxDigits = 18   // of a whole number (contract D2)
	maxItems  = 1000 // that Param.MaxItems may allow: repeats are looked for one by one
)

// form is how a value was spelled.
type form uint8

const (
	formNone   form = iota // not given
	formText               // from a form or a query string, or a JSON string
	formNumber             // JSON, as are those below
	formTrue
	formFalse
	formArray
	formObject
	formNull
)

// arg is what was given for one parameter, and what it means.
type arg struct {
	form form
	raw  []byte // text decoded, all else as spelled
	// n is the number, the boolean (1 is true), the index of the word or the
	// date; of DeptIDs it is where they begin in Call.ids.
	n       int64
	end     int // of DeptIDs: where they end
	verdict verdict
}

// set takes a value. What counts as missing does not replace what was given
// before (contract D2).
func (a *arg) set(f form, raw []byte) {
	if f == formNull || f == formText && len(raw) == 0 {
		return
	}
	*a = arg{form: f, raw: raw}
}

// verdict is what becomes of a value.
type verdict uint8

const (
	fine verdict = iota
	missing
	malformed
	outOfRange
)

// judge finds out what a given value means for its parameter.
func (c *Call) judge(p *Param, a *arg) verdict {
	ok := true
	switch p.Kind {
	case Bool:
		a.n, ok = a.boolean()
	case Int:
		if a.n, ok = a.wholeNumber(); ok && !p.within(a.n) {
			return outOfRange
		}
	case String:
		if ok = a.scalar(); ok && !p.within(int64(utf8.RuneCount(a.raw))) {
			return outOfRange
		}
	case Enum:
		i := slices.IndexFunc(p.Enum, func(word string) bool { return word == string(a.raw) })
		a.n, ok = int64(i), i >= 0 && a.scalar()
	case Date:
		day, err := rollcall.Day(0), error(nil)
		if ok = a.scalar(); ok {
			day, err = rollcall.ParseDay(string(a.raw))
		}
		a.n, ok = int64(day), ok && err == nil
	case DeptIDs:
		return c.deptIDs(p, a)
	}
	if !ok {
		return malformed
	}
	return fine
}

func (p *Param) within(n int64) bool {
	return n >= p.Min && (n <= p.Max || p.Max == 0)
}

// scalar tells whether the value is no array and no object.
func (a *arg) scalar() bool { return a.form <= formFalse }

// boolean reads true and false in any letter case, 1 and 0, native or as text.
func (a *arg) boolean() (int64, bool) {
	switch a.form {
	case formTrue:
		return 1, true
	case formFalse:
		return 0, true
	case formText, formNumber:
		switch {
		case string(a.raw) == "1" || foldEqual(a.raw, "true"):
			return 1, true
		case string(a.raw) == "0" || foldEqual(a.raw, "false"):
			return 0, true
		}
	}
	return 0, false
}

// foldEqual compares in any ASCII letter case; word is in lower case.
func foldEqual(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func (a *arg) wholeNumber() (int64, bool) {
	switch a.form {
	case formText:
		if n, ok := wholeText(a.raw); ok {
			return n, true
		}
		return wholeText(bytes.Trim(a.raw, blanks))
	case formNumber:
		return wholeJSON(a.raw)
	}
	return 0, false
}

const (
	blanks = " \t\n\v\f\r"
	quotes = blanks + `"'\`
)

// wholeText reads digits with an optional sign.
func wholeText(b []byte) (int64, bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 || len(b) > maxDigits {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}

// wholeJSON reads a JSON number without an exponent whose fraction, if any, is
// zero.
func wholeJSON(b []byte) (int64, bool) {
	whole, fraction, _ := bytes.Cut(b, []byte("."))
	for _, c := range fraction {
		if c != '0' {
			return 0, false
		}
	}
	return wholeText(whole)
}

// deptIDs reads a list of department ids in any of its spellings (contract D2,
// 2.4), without repeats, into c.ids. A list of nothing is missing.
func (c *Call) deptIDs(p *Param, a *arg) verdict {
	from := len(c.ids)
	result := malformed
	switch a.form {
	case formText:
		result = c.idsOfText(a.raw, p.MaxItems)
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
	kept := c.ids[from:from]
	for _, id := range c.ids[from:] {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	c.ids = c.ids[:from+len(kept)]
	a.n, a.end = int64(from), len(c.ids)
	return fine
}

// idsOfText reads ids with commas between them. Blanks, quotes and backslashes
// around the text and around each id are cut, and one pair of brackets.
func (c *Call) idsOfText(b []byte, most int) verdict {
	b = bytes.Trim(b, quotes)
	if len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' {
		b = bytes.Trim(b[1:len(b)-1], quotes)
	}
	if len(b) == 0 {
		return missing
	}
	for count, more := 1, true; more; count++ {
		if count > most {
			return outOfRange
		}
		var item []byte
		item, b, more = bytes.Cut(b, []byte(","))
		n, ok := wholeText(bytes.Trim(item, quotes))
		if !ok {
			return malformed
		}
		c.ids = append(c.ids, rollcall.DeptID(n))
	}
	return fine
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
