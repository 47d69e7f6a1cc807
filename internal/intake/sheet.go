package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall"
	"rollcall/internal/intake/sheet"
)

// headerRows is how far down the headers are looked for: templates begin with a
// title and instructions.
const headerRows = 100

// sheetRows is a contact sheet as it was read: only its form was checked, for
// whether a value is right can depend on what is stored.
type sheetRows struct {
	given   bool // there is a file
	path    string
	usable  bool            // all rows were read
	at      [sheetFixed]int // index of the cell, -1 where the sheet has no such column
	headers [sheetFixed]string
	customs []customColumn
	rows    []sheetRow
}

// customColumn is a column that only this organization has.
type customColumn struct {
	at   int
	name string
}

// sheetRow is one person of a contact sheet.
type sheetRow struct {
	line   int
	broken bool  // it has problems already
	spoilt []int // the cells that have them
	cells  []string
	userid string // with the blanks around it, which can belong to it
}

func (s *sheetRows) has(column int) bool { return s.at[column] >= 0 }

// cell returns a value of a row; empty where the row does not have it.
func (s *sheetRows) cell(row *sheetRow, column int) string { return row.at(s.at[column]) }

// spoilt reports whether a value has been reported already.
func (s *sheetRows) spoilt(row *sheetRow, column int) bool {
	return slices.Contains(row.spoilt, s.at[column])
}

func (r *sheetRow) at(i int) string {
	if i < 0 || i >= len(r.cells) {
		return ""
	}
	return r.cells[i]
}

// read reads a file. What is wrong with it is added to the problems.
func (s *sheetRows) read(ctx context.Context, path string, progress Progress, ps *problems) error {
	s.given, s.path = true, path
	file, err := sheet.Open(ctx, path)
	if err != nil {
		return refused(ps, path, err)
	}
	page, header, err := s.findHeader(ctx, file, ps)
	if err != nil || page == nil {
		return refused(ps, path, err)
	}
	if !s.takeHeader(header, ps) {
		return nil
	}
	s.usable = true
	reader := sheetReader{sheetRows: s, problems: ps, nameless: map[int]bool{}}
	count := int64(0)
	err = page.Rows(ctx, func(row sheet.Row) bool {
		if row.Number > header.Number {
			reader.take(row)
		}
		if count++; count%tick == 0 && progress != nil {
			progress("sheet", count, 0)
		}
		return !ps.full()
	})
	s.usable = s.usable && err == nil && !ps.full()
	return refused(ps, path, err)
}

// refused makes a problem of an error that is about what is in a file.
func refused(ps *problems, path string, err error) error {
	var e *rollcall.Error
	if errors.As(err, &e) && e.Kind == rollcall.KindMalformed {
		ps.add(path, 0, "", "%s", e.Detail)
		return nil
	}
	return err
}

// findHeader finds the row with the headers. Where a workbook has several
// tables it is in one of them. A nil page says that there was a problem.
func (s *sheetRows) findHeader(ctx context.Context, file *sheet.File, ps *problems) (*sheet.Page, sheet.Row, error) {
	var page *sheet.Page
	var header, best sheet.Row
	filled := false // page has more than the header
	most := 0
	for i := range file.Pages {
		p := &file.Pages[i]
		if p.Hidden {
			continue
		}
		found, below := sheet.Row{}, false
		n := 0
		err := p.Rows(ctx, func(row sheet.Row) bool {
			if found.Number > 0 {
				below = true
				return false
			}
			known, all := countHeaders(row)
			if all {
				found = row
			}
			if known > most {
				most, best = known, row
			}
			n++
			return found.Number > 0 || n < headerRows
		})
		switch {
		case err != nil:
			return nil, header, err
		case found.Number == 0:
		case page == nil, below && !filled:
			page, header, filled = p, found, below
		case below:
			ps.add(s.path, 0, "", "the worksheets %s and %s both have the headers; keep the one that is meant", quote(page.Name), quote(p.Name))
			return nil, header, nil
		}
	}
	switch {
	case page != nil:
	case most >= 2:
		s.missing(best, ps)
	default:
		ps.add(s.path, 0, "", "no row has the headers %s", sheetRequired)
	}
	return page, header, nil
}

// countHeaders counts the cells of a row that are headers of fixed columns, and
// tells whether all required ones are there.
func countHeaders(row sheet.Row) (known int, all bool) {
	var found [sheetFixed]bool
	for _, cell := range row.Cells {
		if column, ok := fixedColumn(cell.Text); ok {
			found[column] = true
		}
	}
	all = true
	for column, is := range found {
		if is {
			known++
		}
		all = all && (is || !requiredColumn(column))
	}
	return known, all
}

// missing reports which required columns a row of headers does not have.
func (s *sheetRows) missing(header sheet.Row, ps *problems) {
	for column := range sheetColumns {
		if requiredColumn(column) && !slices.ContainsFunc(header.Cells, func(c sheet.Cell) bool {
			found, ok := fixedColumn(c.Text)
			return ok && found == column
		}) {
			ps.add(s.path, header.Number, sheetColumns[column].header, "the column is missing")
		}
	}
}

// takeHeader finds the columns.
func (s *sheetRows) takeHeader(header sheet.Row, ps *problems) (usable bool) {
	for i := range s.at {
		s.at[i], s.headers[i] = -1, sheetColumns[i].header
	}
	usable = true
	seen := map[string]bool{}
	for i, cell := range header.Cells {
		name := withoutControls(sheetText(cell.Text))
		column, fixed := fixedColumn(name)
		switch {
		case name == "":
		case fixed && s.at[column] >= 0, seen[name]:
			ps.add(s.path, header.Number, name, "the column is there twice")
			usable = false
		case fixed:
			s.at[column], s.headers[column] = i, name
		default:
			seen[name] = true
			s.customs = append(s.customs, customColumn{i, name})
		}
	}
	return usable
}

// sheetReader takes up the rows below the headers.
type sheetReader struct {
	*sheetRows
	problems *problems
	nameless map[int]bool // columns without a header that were reported
}

func (r *sheetReader) take(row sheet.Row) {
	if row.Fault != "" {
		r.problems.add(r.path, row.Number, "", "%s", row.Fault)
		r.usable = false
		return
	}
	made := sheetRow{line: row.Number, cells: make([]string, len(row.Cells))}
	empty := true
	for i, cell := range row.Cells {
		made.cells[i] = sheetText(cell.Text)
		empty = empty && made.cells[i] == ""
		if i == r.at[sheetUserID] {
			made.userid = cell.Text
		}
	}
	if empty {
		return
	}
	for i, text := range made.cells {
		if header, _ := r.headerOf(i); text != "" && header == "" && !r.nameless[i] {
			r.nameless[i] = true
			r.problems.addValue(r.path, made.line, "", text, "cell %d is in a column without a header", i+1)
			made.broken = true
		}
	}
	for i, cell := range row.Cells {
		header, fixed := r.headerOf(i)
		wrong := ""
		switch {
		case cell.Kind == sheet.Date && fixed:
			wrong = "a spreadsheet program made a date of it; format the column as text and enter it again"
		case cell.Kind == sheet.Cut && header != "":
			wrong = digitsLost
		default:
			continue
		}
		r.problems.addValue(r.path, made.line, header, made.cells[i], "%s", wrong)
		made.broken = true
		made.spoilt = append(made.spoilt, i)
	}
	r.rows = append(r.rows, made)
}

// headerOf returns the header above a cell, and whether it is that of a fixed
// column.
func (s *sheetRows) headerOf(at int) (header string, fixed bool) {
	if column := slices.Index(s.at[:], at); column >= 0 {
		return s.headers[column], true
	}
	for _, c := range s.customs {
		if c.at == at {
			return c.name, false
		}
	}
	return "", false
}

// addValue adds a problem with the value that it is about. It is kept out of
// the message: only the sheet of problems shows it.
func (ps *problems) addValue(file string, line int, column, value, format string, args ...any) {
	n := len(ps.list)
	ps.add(file, line, column, format, args...)
	if len(ps.list) > n && !ps.full() {
		ps.list[n].Value = value
	}
}

// listOf shows names for a message.
func listOf[T any](list []T, show func(T) string) string {
	const most = 8
	var b strings.Builder
	for i, v := range list {
		if i == most {
			b.WriteString(", …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, show(v))
	}
	return b.String()
}
