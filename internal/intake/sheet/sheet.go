// Package sheet reads and writes tables of text in the files of spreadsheet
// programs: Excel workbooks (.xlsx) and CSV. It knows nothing of what the
// tables are about.
//
// What [Write] writes is what [Open] reads, but for what such files cannot
// keep: carriage returns, and empty cells at the end of a row.
//
// Files come from anywhere. What is wrong with one, also a password or a size
// that would fill the memory, is an error of kind [rollcall.KindMalformed] with
// a text for the person who has the file.
package sheet

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rollcall"
)

// Format is the form of a file.
type Format uint8

const (
	// CSV is comma-separated text in UTF-8. It is written with a byte order
	// mark, without which Excel takes it for another encoding.
	CSV Format = iota
	// GB18030 is CSV in the encoding of Chinese Windows. Reading tells the two
	// apart by itself.
	GB18030
	// XLSX is a workbook of Excel 2007 and later.
	XLSX
)

// FormatOf tells the format by the ending of a file's name, .xlsx or .csv.
func FormatOf(path string) (f Format, ok bool) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
		return XLSX, true
	case ".csv":
		return CSV, true
	}
	return 0, false
}

// File is an open file. It is in memory as a whole and needs no closing.
type File struct{ Pages []Page }

// Page is one table of a file: a worksheet, or all of a CSV file.
type Page struct {
	Name   string // empty for CSV
	Hidden bool
	rows   func(ctx context.Context, fn func(Row) bool) error
}

// Row is a row in which something stands.
type Row struct {
	// Number counts from 1 and is that of the worksheet; in a CSV file it is
	// the line on which the row begins.
	Number int
	Cells  []Cell // the last one is not empty
	// Fault is what is wrong with the whole row, and then there are no cells.
	Fault string
}

// Cell is what a person sees in a cell, but for whole numbers, which come with
// all of their digits.
type Cell struct {
	Text string
	Kind Kind
}

// Kind says what is special about a cell.
type Kind uint8

// The kinds of cells.
const (
	Plain Kind = iota
	Date       // a date or a time, not text or a number
	Cut        // a number of which the program that wrote it kept 15 digits only
)

// Rows calls fn for each row from the top, until it returns false.
func (p *Page) Rows(ctx context.Context, fn func(Row) bool) error { return p.rows(ctx, fn) }

// limits are what a file may need.
type limits struct {
	file    int64 // bytes
	unpack  int64 // bytes of all parts of a workbook
	columns int
	cells   int64 // empty ones between others count
	merged  int   // merged areas of a worksheet
	merging int64 // bytes of a worksheet with merged areas, which is held in a bigger form
}

// standard is immutable.
var standard = limits{
	file: 256 << 20, unpack: 512 << 20, columns: 1000, cells: 1 << 25, merged: 20_000, merging: 64 << 20,
}

// Open reads a file, whose name ends with .xlsx or .csv.
func Open(ctx context.Context, path string) (*File, error) { return open(ctx, path, standard) }

func open(ctx context.Context, path string, l limits) (*File, error) {
	format, ok := FormatOf(path)
	if !ok {
		return nil, malformed("the name ends with neither .xlsx nor .csv")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the sheet: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, l.file+1))
	f.Close() //nolint:errcheck // it was only read
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the sheet: %w", err)
	case int64(len(b)) > l.file:
		return nil, malformed("the file is larger than %d MiB", l.file>>20)
	case len(b) == 0:
		return nil, malformed("the file is empty")
	case format == XLSX:
		return openWorkbook(ctx, b, l)
	}
	return openText(b, l)
}

func malformed(format string, args ...any) error {
	return &rollcall.Error{Kind: rollcall.KindMalformed, Detail: fmt.Sprintf(format, args...)}
}

// An apostrophe at the start of a cell tells a spreadsheet program to take what
// comes after it as text. Some programs leave it in the value, and it is put
// there in a CSV file before what would be taken for a formula. It stands for
// itself where no number, formula or other apostrophe comes after it, as in a
// name like 't Hooft.

// plain takes the apostrophe of [quoted] away.
func plain(text string) string {
	if len(text) > 1 && text[0] == '\'' && strings.IndexByte("0123456789=+-@'", text[1]) >= 0 {
		return text[1:]
	}
	return text
}

// quoted puts an apostrophe in front of a text that [plain] would change, and
// with formulas also of one that would be taken for a formula.
func quoted(text string, formulas bool) string {
	if plain(text) != text || formulas && text != "" && strings.IndexByte("=+-@", text[0]) >= 0 {
		return "'" + text
	}
	return text
}
