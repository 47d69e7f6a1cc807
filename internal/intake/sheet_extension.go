package intake

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// member is one value of an extension, which is a JSON object.
type member struct {
	key   string
	value json.RawMessage
}

// members takes an extension apart, in its order. Where a key comes twice the
// last one counts.
func members(extension string) []member {
	d := json.NewDecoder(strings.NewReader(extension))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var list []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		m := member{key: key.(string)}
		if d.Decode(&m.value) != nil {
			return nil
		}
		if i := indexMember(list, m.key); i >= 0 {
			list[i] = m
		} else {
			list = append(list, m)
		}
	}
	return list
}

func indexMember(list []member, key string) int {
	return slices.IndexFunc(list, func(m member) bool { return m.key == key })
}

// text shows a value in a cell: a string as it is, everything else as JSON, and
// null as nothing.
func (m member) text() string {
	var s string
	switch {
	case m.value[0] == '"' && json.Unmarshal(m.value, &s) == nil:
		return withoutControls(s)
	case m.value[0] == 'n':
		return ""
	}
	var b bytes.Buffer
	if json.Compact(&b, m.value) != nil {
		return string(m.value)
	}
	return b.String()
}

// withoutControls replaces control characters, which no workbook could keep.
func withoutControls(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, s)
}

// customKey reports whether a value of an extension can have a column: its key
// has to be a header that is read as the same key.
func customKey(key string) bool {
	_, fixed := fixedColumn(key)
	return !fixed && key != "" && withoutControls(sheetText(key)) == key
}

// extend puts the cells of custom columns into an extension. What no column is
// about stays, and so does the form of a value whose cell shows it as it is. An
// empty cell takes a value away.
func extend(extension string, columns []customColumn, row *sheetRow) string {
	list := members(extension)
	changed := false
	for _, c := range columns {
		cell := withoutControls(row.at(c.at))
		i := indexMember(list, c.name)
		switch {
		case i < 0 && cell == "", i >= 0 && sheetText(list[i].text()) == cell:
			continue
		case cell == "":
			list = slices.Delete(list, i, i+1)
		case i < 0:
			list = append(list, member{c.name, jsonText(cell)})
		default:
			list[i].value = jsonText(cell)
		}
		changed = true
	}
	switch {
	case !changed:
		return extension
	case len(list) == 0:
		return ""
	}
	var b strings.Builder
	for i, m := range list {
		b.WriteByte("{,"[min(i, 1)])
		b.Write(jsonText(m.key))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.String()
}

// jsonText writes a string as JSON, with all characters as they are where they
// may be.
func jsonText(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be written
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
