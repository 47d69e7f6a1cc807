// Package pack is the form in which both engines store what has no column of its own:
// the payloads of the log, and what few departments and people have. It is JSON, or
// nothing where nothing is set.
package pack

import (
	"encoding/json"

	"rollcall"
)

// Options packs the options of a department.
func Options(o *rollcall.DeptOptions) (string, error) {
	if o = o.Normal(); o == nil {
		return "", nil
	}
	b, err := json.Marshal(o)
	return string(b), err
}

// UnpackOptions is the opposite; nothing gives nil.
func UnpackOptions(b []byte) (*rollcall.DeptOptions, error) {
	if len(b) == 0 {
		return nil, nil
	}
	o := &rollcall.DeptOptions{}
	return o, json.Unmarshal(b, o)
}

// Eras packs the times in which other days counted.
func Eras(eras []rollcall.Era) (string, error) {
	if len(eras) == 0 {
		return "", nil
	}
	b, err := json.Marshal(eras)
	return string(b), err
}

// Details packs the details of a person.
func Details(d *rollcall.Details) (string, error) {
	if d.IsZero() {
		return "", nil
	}
	b, err := json.Marshal(d)
	return string(b), err
}
