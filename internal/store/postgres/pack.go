package postgres

import (
	"encoding/json"
	"reflect"

	"rollcall"
)

// packOptions returns the form in which a department's options are stored:
// JSON, or nothing where nothing is set.
func packOptions(o *rollcall.DeptOptions) (string, error) {
	if o = o.Normal(); o == nil {
		return "", nil
	}
	b, err := json.Marshal(o)
	return string(b), err
}

func unpackOptions(b []byte) (*rollcall.DeptOptions, error) {
	if len(b) == 0 {
		return nil, nil
	}
	o := &rollcall.DeptOptions{}
	return o, json.Unmarshal(b, o)
}

func packEras(eras []rollcall.Era) (string, error) {
	if len(eras) == 0 {
		return "", nil
	}
	b, err := json.Marshal(eras)
	return string(b), err
}

// packDetails does the same for the details of a person.
func packDetails(d *rollcall.Details) (string, error) {
	if reflect.ValueOf(*d).IsZero() {
		return "", nil
	}
	b, err := json.Marshal(d)
	return string(b), err
}
