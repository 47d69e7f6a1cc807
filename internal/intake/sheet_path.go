package intake

import (
	"iter"
	"slices"
	"strings"

	"rollcall"
)

// deptPaths finds departments by what a contact sheet calls them: the names
// from below the root downwards, joined by "-". The root's own name may stand
// before them, or alone for the root itself.
//
// A name may have a "-" in it: whatever agrees with a path that exists is
// found. For names that cannot be told apart in this way there is a form of our
// own, a name in double quotes, in which a quote is doubled: "A-B"-C.
type deptPaths struct {
	root  string
	depts map[rollcall.DeptID]*rollcall.Dept
	below map[step][]rollcall.DeptID
	texts map[rollcall.DeptID]string // made by text
}

// step leads from a department to those below it that have a name.
type step struct {
	parent rollcall.DeptID
	name   string
}

func newDeptPaths(depts iter.Seq[*rollcall.Dept]) *deptPaths {
	t := &deptPaths{
		depts: map[rollcall.DeptID]*rollcall.Dept{},
		below: map[step][]rollcall.DeptID{}, texts: map[rollcall.DeptID]string{},
	}
	for d := range depts {
		t.depts[d.ID] = d
		name := sheetText(d.Name)
		if d.ID == rollcall.RootDept {
			t.root = name
			continue
		}
		s := step{d.ParentID, name}
		t.below[s] = append(t.below[s], d.ID)
	}
	return t
}

// deptPath is one department as a sheet names it.
type deptPath struct {
	text  string
	parts []pathPart
}

// pathPart is what stands between two "-", or a name in quotes, which is whole.
type pathPart struct {
	text  string
	whole bool
}

// splitDepts takes the departments of a cell apart.
func splitDepts(cell string) []deptPath {
	var list []deptPath
	for {
		path, rest, more := cutPath(cell)
		list = append(list, path)
		if !more {
			return list
		}
		cell = rest
	}
}

// cutPath takes the first department from a cell, and the comma after it.
func cutPath(cell string) (path deptPath, rest string, more bool) {
	at := 0
	for {
		part, length := cutPart(cell[at:])
		path.parts = append(path.parts, part)
		at += length
		path.text = sheetText(cell[:at])
		if at == len(cell) {
			return path, "", false
		}
		if cell[at] == '-' {
			at++
			continue
		}
		return path, cell[at+separatorLength(cell[at:]):], true
	}
}

// separatorLength returns the length of the comma or "-" with which s begins, or
// 0.
func separatorLength(s string) int {
	for _, separator := range []string{"-", ",", "，"} {
		if strings.HasPrefix(s, separator) {
			return len(separator)
		}
	}
	return 0
}

// cutPart measures the part with which s begins.
func cutPart(s string) (part pathPart, length int) {
	if name, length, ok := cutQuoted(s); ok {
		return pathPart{name, true}, length
	}
	length = len(s)
	for i := range s {
		if separatorLength(s[i:]) > 0 {
			length = i
			break
		}
	}
	return pathPart{text: s[:length]}, length
}

// cutQuoted takes a name in quotes from the start of s. It is one only where
// a separator or the end comes after it.
func cutQuoted(s string) (name string, length int, ok bool) {
	start := len(s) - len(strings.TrimLeft(s, " "))
	if start == len(s) || s[start] != '"' {
		return "", 0, false
	}
	var b strings.Builder
	for i := start + 1; i < len(s); i++ {
		if s[i] != '"' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		rest := strings.TrimLeft(s[i+1:], " ")
		return b.String(), len(s) - len(rest), rest == "" || separatorLength(rest) > 0
	}
	return "", 0, false
}

// longestName is more than a name can have, in bytes, blanks around it included.
const longestName = 1024

// find looks a department up. Exact are all that the path can mean. Where there
// are none, base are those that the longest beginning of it can mean, which is
// the first n parts: the root, where nothing of it is known.
func (t *deptPaths) find(parts []pathPart) (exact, base []rollcall.DeptID, n int) {
	var visit func(id rollcall.DeptID, at int)
	visit = func(id rollcall.DeptID, at int) {
		if at > n {
			base, n = nil, at
		}
		if at == n {
			base = append(base, id)
		}
		if at == len(parts) {
			exact = append(exact, id)
			return
		}
		for name, end := range names(parts, at) {
			for _, child := range t.below[step{id, name}] {
				visit(child, end)
			}
		}
	}
	visit(rollcall.RootDept, 0)
	for name, end := range names(parts, 0) {
		if name == t.root {
			visit(rollcall.RootDept, end)
		}
	}
	return exact, base, n
}

// names yields what the next name can be, and where it ends: some parts joined,
// or a whole one.
func names(parts []pathPart, at int) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if parts[at].whole {
			yield(sheetText(parts[at].text), at+1)
			return
		}
		name := ""
		for end := at; end < len(parts) && !parts[end].whole && len(name) < longestName; end++ {
			if end > at {
				name += "-"
			}
			name += parts[end].text
			if !yield(sheetText(name), end+1) {
				return
			}
		}
	}
}

// text returns the path of a department: the short one, or the one from the root
// with all names in quotes, where the short one can mean another department too
// or begins as the root is called: it could then do so where fewer departments
// exist.
func (t *deptPaths) text(id rollcall.DeptID) string {
	if text, made := t.texts[id]; made {
		return text
	}
	var chain []string
	for d := t.depts[id]; d != nil; d = t.depts[d.ParentID] {
		chain = append(chain, sheetText(d.Name))
	}
	slices.Reverse(chain)
	short := chain
	if len(chain) > 1 {
		short = chain[1:]
	}
	text := joinPath(short, false)
	parts := splitDepts(text)[0].parts
	exact, _, _ := t.find(parts)
	clear := len(exact) == 1
	for name := range names(parts, 0) {
		clear = clear && (name != t.root || id == rollcall.RootDept)
	}
	if !clear {
		text = joinPath(chain, true)
	}
	t.texts[id] = text
	return text
}

// joinPath joins names, in quotes where they need them or all of them.
func joinPath(names []string, all bool) string {
	parts := make([]string, len(names))
	for i, name := range names {
		if all || name == "" || strings.ContainsAny(name, `-,，"`) {
			name = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
		parts[i] = name
	}
	return strings.Join(parts, "-")
}
