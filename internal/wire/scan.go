package wire

import "errors"

// ErrJSON is returned for text that is not the JSON that is wanted.
var ErrJSON = errors.New("a JSON object was expected")

// Value is a value of a JSON object, while it is being scanned.
type Value struct{ v jsonValue }

// Text returns what a text or a number says; false for every other value. It
// decodes in place and can be called once.
func (v *Value) Text() ([]byte, bool) {
	if v.v.form != formText && v.v.form != formNumber {
		return nil, false
	}
	return v.v.text(), true
}

// Null reports whether the value is null.
func (v *Value) Null() bool { return v.v.form == formNull }

// Object returns the value as it is spelled where it is an object.
func (v *Value) Object() ([]byte, bool) { return v.v.raw, v.v.form == formObject }

// ScanObject reads the JSON object with which b begins, calls fn for each
// member, and returns what comes behind it. Names and texts are decoded in place
// and good until fn returns. It takes exactly what the wire takes (contract D2).
func ScanObject(b []byte, fn func(name []byte, v Value)) (rest []byte, err error) {
	p := parser{b: b}
	p.blanks()
	if !p.object(func(name []byte, v jsonValue) { fn(name, Value{v}) }) {
		return b, ErrJSON
	}
	return b[p.i:], nil
}
