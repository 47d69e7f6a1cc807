package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// openWorkbook reads a workbook.
func openWorkbook(ctx context.Context, b []byte, l limits) (*File, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return nil, malformed("the workbook has a password or is in the old form (.xls); save it as .xlsx without a password")
	case !bytes.HasPrefix(b, []byte("PK")):
		return nil, malformed("the file is no workbook (.xlsx)")
	}
	if err := inspect(ctx, b, l); err != nil {
		return nil, err
	}
	w := &workbook{limits: l}
	if err := w.open(b); err != nil {
		return nil, err
	}
	f := &File{}
	for _, name := range w.file.GetSheetList() {
		visible, err := w.file.GetSheetVisible(name)
		f.Pages = append(f.Pages, Page{
			Name: name, Hidden: err == nil && !visible,
			rows: func(ctx context.Context, fn func(Row) bool) error { return w.rows(ctx, name, fn) },
		})
	}
	if len(f.Pages) == 0 {
		return nil, malformed("the workbook has no worksheet")
	}
	return f, nil
}

func broken(err any) error { return malformed("the workbook is broken: %v", err) }

// inspect looks for what the library passes over, because rows would get lost
// in silence: damaged parts, XML that breaks off, rows out of order. It counts
// before anything is unpacked into memory.
func inspect(ctx context.Context, b []byte, l limits) error {
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return broken(err)
	}
	size := int64(0)
	for _, part := range archive.File {
		if n := part.UncompressedSize64; n > uint64(l.unpack) || size > l.unpack-int64(n) {
			return malformed("the workbook has more than %d MiB when it is unpacked", l.unpack>>20)
		}
		size += int64(part.UncompressedSize64)
	}
	for _, part := range archive.File {
		if err := inspectPart(ctx, part, l); err != nil {
			return err
		}
	}
	return nil
}

func inspectPart(ctx context.Context, part *zip.File, l limits) error {
	r, err := part.Open()
	if err != nil {
		return broken(err)
	}
	defer r.Close()
	name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
	if path.Ext(name) != ".xml" {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return broken(err)
		}
		return nil
	}
	worksheet := path.Dir(name) == "xl/worksheets"
	merged, last := 0, 0
	d := xml.NewDecoder(r)
	// What declares another encoding is read as if it were UTF-8: only the
	// marks are looked at here.
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for n := 0; ; n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return broken(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok || !worksheet {
			continue
		}
		switch element.Name.Local {
		case "mergeCell":
			merged++
		case "row":
			number, given := rowNumber(element)
			switch {
			case !given:
				number = last + 1
			case number > MaxRows:
				return broken(fmt.Sprintf("it has a row %d", number))
			case number <= last:
				return broken(fmt.Sprintf("row %d comes after row %d", number, last))
			}
			last = number
		}
	}
	switch {
	case merged > l.merged:
		return malformed("a worksheet has more than %d merged areas", l.merged)
	case merged > 0 && part.UncompressedSize64 > uint64(l.merging):
		return malformed("a worksheet with merged cells has more than %d MiB; take the merging away", l.merging>>20)
	}
	return nil
}

func rowNumber(row xml.StartElement) (n int, given bool) {
	for _, a := range row.Attr {
		if a.Name.Local == "r" {
			n, err := strconv.Atoi(a.Value)
			return n, err == nil
		}
	}
	return 0, false
}

// workbook is an open workbook.
type workbook struct {
	limits limits
	file   *excelize.File
}

// caught turns a panic of the library into an error: workbooks come from
// outside, and no fault in one may end the program.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = broken(r)
	}
}

func (w *workbook) open(b []byte) (err error) {
	defer caught(&err)
	// As much stays in memory as may be unpacked: the values are personal and
	// are not to lie in a directory for temporary files.
	w.file, err = excelize.OpenReader(bytes.NewReader(b), excelize.Options{
		UnzipSizeLimit: w.limits.unpack, UnzipXMLSizeLimit: w.limits.unpack,
		ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd", LongTimePattern: "hh:mm:ss",
	})
	if err != nil {
		return broken(err)
	}
	return nil
}

// reader goes through the rows of a worksheet.
type reader struct {
	raw, shown *excelize.Rows
	merged     map[int][]area // by column
	number     int
}

// area is a merged area, of whose columns only the first one counts.
type area struct {
	first, last int // row
	text        Cell
}

// start begins to read a worksheet.
func (w *workbook) start(name string) (r *reader, err error) {
	defer caught(&err)
	r = &reader{merged: map[int][]area{}}
	if r.raw, err = w.file.Rows(name); err != nil {
		return nil, broken(err)
	}
	if r.shown, err = w.file.Rows(name); err != nil {
		return nil, broken(err)
	}
	if !w.hasMerged() {
		return r, nil
	}
	// The two are reading already: this makes something else of the worksheet.
	areas, err := w.file.GetMergeCells(name, true)
	if err != nil {
		return nil, broken(err)
	}
	for _, a := range areas {
		column, first, err := excelize.CellNameToCoordinates(a.GetStartAxis())
		_, last, err2 := excelize.CellNameToCoordinates(a.GetEndAxis())
		if err := errors.Join(err, err2); err != nil {
			return nil, broken(err)
		}
		if last > first {
			r.merged[column-1] = append(r.merged[column-1], area{first: first, last: last})
		}
	}
	for _, areas := range r.merged {
		slices.SortFunc(areas, func(a, b area) int { return a.first - b.first })
	}
	return r, nil
}

// hasMerged reports whether any worksheet has merged cells.
func (w *workbook) hasMerged() bool {
	found := false
	w.file.Pkg.Range(func(_, part any) bool {
		b, ok := part.([]byte)
		found = ok && bytes.Contains(b, []byte("mergeCell"))
		return !found
	})
	return found
}

// next returns the cells of the next row, which may be empty.
func (r *reader) next() (cells []Cell, more bool, err error) {
	defer caught(&err)
	if !r.raw.Next() || !r.shown.Next() {
		if err := errors.Join(r.raw.Error(), r.shown.Error()); err != nil {
			return nil, false, broken(err)
		}
		return nil, false, nil
	}
	r.number++
	raw, err := r.raw.Columns(excelize.Options{RawCellValue: true})
	shown, err2 := r.shown.Columns()
	if err := errors.Join(err, err2); err != nil {
		return nil, false, broken(err)
	}
	cells = make([]Cell, len(raw))
	for i, text := range raw {
		if cells[i] = (Cell{Text: text}); i < len(shown) {
			cells[i] = seen(text, shown[i])
		}
		cells[i].Text = plain(cells[i].Text)
	}
	return cut(cells), true, nil
}

// spread gives the cells of merged areas the text of the first one.
func (r *reader) spread(cells []Cell) []Cell {
	for column, areas := range r.merged {
		for len(areas) > 0 && areas[0].last < r.number {
			areas = areas[1:]
		}
		if r.merged[column] = areas; len(areas) == 0 || areas[0].first > r.number {
			continue
		}
		if areas[0].first == r.number {
			if column < len(cells) {
				areas[0].text = cells[column]
			}
			continue
		}
		for column >= len(cells) {
			cells = append(cells, Cell{})
		}
		cells[column] = areas[0].text
	}
	return cut(cells)
}

func (w *workbook) rows(ctx context.Context, name string, fn func(Row) bool) error {
	r, err := w.start(name)
	if err != nil {
		return err
	}
	count := int64(0)
	for {
		if r.number%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, more, err := r.next()
		if err != nil || !more {
			return err
		}
		// A row in which nothing stands by itself is none.
		if len(cells) > 0 {
			cells = r.spread(cells)
		}
		if count += int64(len(cells)); count > w.limits.cells {
			return malformed("there are more than %d cells", w.limits.cells)
		}
		if len(cells) > w.limits.columns {
			return tooWide(w.limits)
		}
		if len(cells) > 0 && !fn(Row{Number: r.number, Cells: cells}) {
			return nil
		}
	}
}

var (
	integer  = regexp.MustCompile(`^-?[0-9]+$`)
	science  = regexp.MustCompile(`^-?[0-9](\.[0-9]+)?[eE][-+]?[0-9]+$`)
	dateLike = regexp.MustCompile(`[0-9](年|[-/:.][0-9])`)
)

// lastDate is the number of the last day that Excel has, 9999-12-31.
const lastDate = 2_958_465

// seen decides between the stored value of a cell and what is shown of it.
// Numbers are shown in the form that somebody chose, often without all of their
// digits; of dates the number says nothing.
func seen(raw, shown string) Cell {
	number, err := strconv.ParseFloat(raw, 64)
	if raw == shown || err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
		return Cell{Text: raw}
	}
	whole := integer.MatchString(raw)
	switch {
	case number >= 0 && number <= lastDate+1 && !isNumber(shown) && dateLike.MatchString(shown):
		return Cell{Text: shown, Kind: Date}
	case math.Abs(number) >= 1e15:
		return Cell{Text: shown, Kind: Cut}
	case shown == "TRUE", shown == "FALSE":
		return Cell{Text: shown}
	case whole || science.MatchString(shown):
		return Cell{Text: raw}
	}
	return Cell{Text: shown}
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	return err == nil
}
