package intake

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// layout names the columns of a file; the first ones, as many as required, must
// be there.
type layout struct {
	names    []string
	required int
}

func (l layout) String() string {
	s := "the columns are " + strings.Join(l.names[:l.required], ", ")
	if len(l.names) > l.required {
		s += ", and if wanted " + strings.Join(l.names[l.required:], ", ")
	}
	return s
}

// bom marks a file as UTF-8 where a program wrote it at the start.
const bom = "\uFEFF"

// table reads the rows of one CSV file.
type table struct {
	ctx      context.Context
	path     string
	stage    string
	layout   layout
	progress Progress
	problems *problems

	file   *os.File
	ahead  *ahead
	size   int64
	skip   int64 // bytes before the header
	at     []int // by column: the index of the field, -1 where there is none
	fields int
	rows   int64
	err    error // what ended the reading early

	record []string
	lines  []int // on which the fields begin
	end    recordEnd
	// broken says that nothing of the row can be trusted but its key.
	broken bool
	// lost says that there were rows of which not even the key is known.
	lost bool
}

// openTable opens a file and reads its header. It returns a nil table where the
// header has problems that leave no sense in the rows.
func openTable(ctx context.Context, path, stage string, l layout, progress Progress, ps *problems) (*table, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the %s: %w", stage, err)
	}
	t := &table{
		ctx: ctx, path: path, stage: stage, layout: l, progress: progress, problems: ps,
		file: file, at: make([]int, len(l.names)),
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		t.size = info.Size()
	}
	in := bufio.NewReaderSize(file, 1<<16)
	if start, _ := in.Peek(len(bom)); bytes.Equal(start, []byte(bom)) {
		t.skip, _ = io.CopyN(io.Discard, in, int64(len(bom)))
	}
	records := csv.NewReader(in)
	records.FieldsPerRecord = -1
	records.ReuseRecord = true
	t.ahead = readAhead(records)

	usable, err := t.header()
	if err != nil || !usable {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// header finds the columns.
func (t *table) header() (usable bool, err error) {
	err = t.read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		t.problems.add(t.path, 1, "", "the file is empty; %s", t.layout)
		return false, nil
	case errors.As(err, &broken):
		t.quotes(broken)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading %s: %w", t.path, err)
	}
	for i := range t.at {
		t.at[i] = -1
	}
	t.fields = len(t.record)
	for i, text := range t.record {
		name := strings.ToLower(strings.TrimSpace(strings.Trim(strings.TrimSpace(text), bom)))
		column := slices.Index(t.layout.names, name)
		switch {
		case name == "":
			t.problems.add(t.path, 1, "", "field %d has no name; %s", i+1, t.layout)
		case !utf8.ValidString(text):
			t.problems.add(t.path, 1, "", "field %d is not valid UTF-8", i+1)
		case column < 0:
			t.problems.add(t.path, 1, name, "is not a known column; %s", t.layout)
		case t.at[column] >= 0:
			t.problems.add(t.path, 1, name, "the column is there twice")
		default:
			t.at[column] = i
		}
	}
	usable = true
	for i, name := range t.layout.names[:t.layout.required] {
		if t.at[i] < 0 {
			t.problems.add(t.path, 1, name, "the column is missing; %s", t.layout)
			usable = false
		}
	}
	return usable, nil
}

// read goes to the next record.
func (t *table) read() error {
	t.record, t.lines, t.end = t.ahead.next()
	return t.end.err
}

// next goes to the next row. After false, err tells whether that was the end.
func (t *table) next() bool {
	for !t.problems.full() {
		err := t.read()
		if t.rows++; t.rows%tick == 0 {
			if t.err = t.ctx.Err(); t.err != nil {
				return false
			}
			t.report(t.skip + t.end.offset)
		}
		if err == nil {
			t.broken = !t.sound()
			return true
		}
		if errors.Is(err, io.EOF) {
			t.report(t.size)
			return false
		}
		var broken *csv.ParseError
		if !errors.As(err, &broken) {
			t.err = fmt.Errorf("reading %s: %w", t.path, err)
			return false
		}
		t.quotes(broken)
		t.lost = true
	}
	return false
}

// complete reports whether the key of every row became known.
func (t *table) complete() bool { return t.err == nil && !t.lost && !t.problems.full() }

// close ends the reading and returns what went wrong in it.
func (t *table) close() error {
	err := t.file.Close() // ends a read that waits
	t.ahead.close()
	return errors.Join(t.err, err)
}

func (t *table) report(done int64) {
	if t.progress != nil {
		t.progress(t.stage, done, t.size)
	}
}

// quotes reports a row whose quotes do not fit together.
func (t *table) quotes(e *csv.ParseError) {
	switch {
	case errors.Is(e.Err, csv.ErrBareQuote):
		t.problems.add(t.path, e.Line, "", `a " stands inside a field that does not start with one`)
	case e.Line != e.StartLine:
		t.problems.add(t.path, e.StartLine, "", `a quoted field does not end as it should (noticed on line %d)`, e.Line)
	default:
		t.problems.add(t.path, e.Line, "", `a quoted field does not end as it should`)
	}
}

// sound checks the form of the row.
func (t *table) sound() bool {
	if len(t.record) != t.fields {
		t.problems.add(t.path, t.line(0), "", "the number of fields is %d, that of the header is %d", len(t.record), t.fields)
		return false
	}
	if t.end.valid {
		return true
	}
	for i, field := range t.record {
		if !utf8.ValidString(field) {
			column := slices.Index(t.at, i)
			name := ""
			if column >= 0 {
				name = t.layout.names[column]
			}
			t.problems.add(t.path, t.line(i), name, "is not valid UTF-8")
		}
	}
	return false
}

// line returns the line on which a field of the row begins.
func (t *table) line(field int) int { return t.lines[field] }

// expected guesses the number of rows from a length that a row may have; it is
// low rather than high.
func (t *table) expected(rowLength int64) int { return int(min(t.size/rowLength, 1<<24)) }

// more guesses how many rows there are still from those read.
func (t *table) more() int {
	return int(float64(max(t.size-t.end.offset, 0))/float64(t.end.offset)*float64(t.rows)*1.02) + 16
}

// appendRow appends a row of t to those before it. From a thousand on it makes
// room for all that are to come, so that they are not copied time and again.
func appendRow[T any](rows []T, row T, t *table) []T {
	if n := len(rows); n == cap(rows) && n >= 1000 {
		rows = slices.Grow(rows, t.more())
	}
	return append(rows, row)
}

// has reports whether the file has a column.
func (t *table) has(column int) bool { return t.at[column] >= 0 }

// given returns which columns the file has.
func (t *table) given() []bool {
	given := make([]bool, len(t.at))
	for i := range given {
		given[i] = t.has(i)
	}
	return given
}

// cell returns a value of the row; empty where the row does not have it.
func (t *table) cell(column int) string {
	if i := t.at[column]; i >= 0 && i < len(t.record) {
		return t.record[i]
	}
	return ""
}

// problem reports what is wrong with a value of the row.
func (t *table) problem(column int, format string, args ...any) {
	t.problems.add(t.path, t.line(t.at[column]), t.layout.names[column], format, args...)
}

// invalid reports an error of a Validate method, and returns the column.
func (t *table) invalid(err error) (column int) {
	name, message := about(err)
	column = slices.Index(t.layout.names, name)
	if column < 0 || !t.has(column) {
		t.problems.add(t.path, t.line(0), name, "%s", message)
		return -1
	}
	t.problem(column, "%s", message)
	return column
}
