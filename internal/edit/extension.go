package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// attribute is a member of a JSON object.
type attribute struct {
	name  string
	value json.RawMessage
}

// joinObjects returns a JSON object with the members of two, in their order; of
// those with the same name the last one counts. Empty texts are empty objects,
// and so is the result of nothing.
func joinObjects(a, b string) (string, error) {
	var all []attribute
	for _, text := range []string{a, b} {
		if text == "" {
			continue
		}
		more, err := attributes(text)
		if err != nil {
			return "", err
		}
		for _, m := range more {
			all = replaced(all, m)
		}
	}
	if len(all) == 0 {
		return "", nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	for i, m := range all {
		out.WriteByte("{,"[min(i, 1)])
		if err := e.Encode(m.name); err != nil {
			return "", err
		}
		out.Truncate(out.Len() - 1) // the line feed
		out.WriteByte(':')
		if err := json.Compact(&out, m.value); err != nil {
			return "", err
		}
	}
	out.WriteByte('}')
	return out.String(), nil
}

// replaced puts a member in the place of the one with its name, or at the end.
func replaced(all []attribute, m attribute) []attribute {
	for i := range all {
		if all[i].name == m.name {
			all[i] = m
			return all
		}
	}
	return append(all, m)
}

func attributes(object string) (all []attribute, err error) {
	d := json.NewDecoder(strings.NewReader(object))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.Join(err, errors.New("a JSON object was expected"))
	}
	for d.More() {
		var m attribute
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		m.name = name.(string) // of an object it is nothing else
		if err := d.Decode(&m.value); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("there is more behind the object")
	}
	return all, nil
}
