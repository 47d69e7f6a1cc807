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
	// date; of IDs it is where they begin in Call.ids.
	n       int64
	end     int // of IDs: where they end
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
	case IDs:
		return c.list(p, a)
	case Strings:
		return c.strings(p, a)
	case JSON:
		ok = a.document() || p.Bare && a.form == formText
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
