package intake

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"rollcall"
	"rollcall/internal/intake/sheet"
)

// ExportSheet writes the people of an organization to a contact sheet, .xlsx or
// .csv, which takes its name once it is complete and durable. CSV is in UTF-8,
// or in GB18030.
//
// It returns the keys of extensions that a sheet cannot carry, because they are
// the headers of other columns or no headers at all.
func ExportSheet(path string, gb18030 bool, s Source) (without []string, err error) {
	format, ok := sheet.FormatOf(path)
	if !ok {
		return nil, rollcall.Invalid("sheet", "the name ends with neither .xlsx nor .csv")
	}
	if gb18030 && format == sheet.CSV {
		format = sheet.GB18030
	}
	e := sheetExport{paths: newDeptPaths(s.Depts())}
	for u := range s.Users() {
		if u.Present() {
			e.users = append(e.users, u)
		}
	}
	slices.SortFunc(e.users, func(a, b *rollcall.User) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	without = e.findCustoms()
	return without, writeSheet(path, format, e.table())
}

// writeSheet writes one table to a file.
func writeSheet(path string, format sheet.Format, t sheet.Table) error {
	out, err := newOutput(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer out.discard()
	if err := out.create(filepath.Base(path), func(w io.Writer) error { return sheet.Write(w, format, t) }); err != nil {
		return err
	}
	return out.commit()
}

// sheetExport makes the rows of a contact sheet.
type sheetExport struct {
	paths   *deptPaths
	users   []*rollcall.User
	customs []string // keys of extensions, in the order in which they are met
}

// findCustoms finds the keys that become columns, and returns the others.
func (e *sheetExport) findCustoms() (without []string) {
	met := map[string]bool{}
	for _, u := range e.users {
		for _, m := range members(u.Extension) {
			switch {
			case met[m.key]:
			case customKey(m.key):
				e.customs = append(e.customs, m.key)
			default:
				without = append(without, m.key)
			}
			met[m.key] = true
		}
	}
	return without
}

func (e *sheetExport) table() sheet.Table {
	var headers []string
	t := sheet.Table{Name: "通讯录"}
	for i := range sheetColumns {
		headers = append(headers, sheetColumns[i].header)
		t.Widths = append(t.Widths, sheetColumns[i].width)
	}
	for range e.customs {
		t.Widths = append(t.Widths, 18)
	}
	headers = append(headers, e.customs...)
	t.Rows = func(yield func([]string) bool) {
		if !yield(headers) {
			return
		}
		row := make([]string, len(headers))
		for _, u := range e.users {
			if e.fill(row, u); !yield(row) {
				return
			}
		}
	}
	return t
}

// fill writes the row of a person.
func (e *sheetExport) fill(row []string, u *rollcall.User) {
	for i := range sheetColumns {
		if field := sheetColumns[i].field(u); field != nil {
			row[i] = *field
		}
	}
	depts, leads := make([]string, len(u.Memberships)), make([]string, len(u.Memberships))
	for i, m := range u.Memberships {
		depts[i] = e.paths.text(m.DeptID)
		leads[i] = map[bool]string{true: "是", false: "否"}[m.Leader]
	}
	row[sheetDept], row[sheetLeader] = strings.Join(depts, ","), strings.Join(leads, ",")
	extension := members(u.Extension)
	for i, key := range e.customs {
		row[sheetFixed+i] = ""
		if k := indexMember(extension, key); k >= 0 {
			row[sheetFixed+i] = extension[k].text()
		}
	}
}

// ProblemsSheet writes problems to a table, .xlsx or .csv, one row for each. It
// is for the person who has the sheet: the values are in it.
func ProblemsSheet(path string, ps []Problem) error {
	format, ok := sheet.FormatOf(path)
	if !ok {
		return rollcall.Invalid("errors", "the name ends with neither .xlsx nor .csv")
	}
	inChinese := chinese()
	rows := func(yield func([]string) bool) {
		if !yield([]string{"文件 File", "行 Row", "列 Column", "值 Value", "问题", "Problem"}) {
			return
		}
		for _, p := range ps {
			line := ""
			if p.Line > 0 {
				line = fmt.Sprint(p.Line)
			}
			if !yield([]string{filepath.Base(p.File), line, p.Column, p.Value, inChinese.translate(p.Message), p.Message}) {
				return
			}
		}
	}
	return writeSheet(path, format, sheet.Table{
		Name: "问题 Problems", Rows: iter.Seq[[]string](rows), Widths: []float64{20, 8, 24, 30, 60, 60},
	})
}
