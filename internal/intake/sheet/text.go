package sheet

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// bom marks a file as UTF-8.
const bom = "\uFEFF"

// openText reads CSV.
func openText(b []byte, l limits) (*File, error) {
	switch {
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return nil, malformed("the file is a workbook and no CSV; give it a name that ends with .xlsx")
	case bytes.HasPrefix(b, []byte("\xFF\xFE")), bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return nil, malformed("the text is in UTF-16; save it as CSV in UTF-8")
	case bytes.IndexByte(b, 0) >= 0:
		return nil, malformed("the file is no text")
	}
	if marked := bytes.HasPrefix(b, []byte(bom)); marked {
		b = b[len(bom):]
	} else if !utf8.Valid(b) {
		// What is not right in GB18030 either is UTF-8 with faults, which have
		// a row. The decoder replaces what is wrong by the character that can
		// also stand in the text.
		replaced := []byte("\uFFFD")
		const encoded = "\x84\x31\xA4\x37"
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
		if err == nil && bytes.Count(decoded, replaced) == bytes.Count(b, []byte(encoded)) {
			b = decoded
		}
	}
	// Not even quoted commas come near this: the reader would make a cell of
	// each before anybody could count.
	for line := range bytes.Lines(b) {
		if bytes.Count(line, []byte{','}) > 100*l.columns {
			return nil, tooWide(l)
		}
	}
	return &File{Pages: []Page{{rows: func(ctx context.Context, fn func(Row) bool) error { return textRows(ctx, b, l, fn) }}}}, nil
}

func tooWide(l limits) error { return malformed("there are more than %d columns", l.columns) }

func textRows(ctx context.Context, b []byte, l limits, fn func(Row) bool) error {
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		record, err := r.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &broken):
			if !fn(Row{Number: broken.StartLine, Fault: quotes(broken)}) {
				return nil
			}
			continue
		case err != nil:
			return fmt.Errorf("reading the sheet: %w", err)
		}
		line, _ := r.FieldPos(0)
		row := Row{Number: line, Cells: make([]Cell, 0, len(record))}
		for i, field := range record {
			if !utf8.ValidString(field) {
				row.Fault = fmt.Sprintf("cell %d is neither UTF-8 nor GB18030", i+1)
			}
			row.Cells = append(row.Cells, Cell{Text: plain(field)})
		}
		if row.Cells = cut(row.Cells); len(row.Cells) > l.columns {
			return tooWide(l)
		}
		if row.Fault != "" {
			row.Cells = nil
		}
		if (row.Fault != "" || len(row.Cells) > 0) && !fn(row) {
			return nil
		}
	}
}

// private reports whether a character is for private use. There GB18030 and the
// encoder do not agree with each other.
func private(r rune) bool { return r >= 0xE000 && r <= 0xF8FF }

// cut takes the empty cells at the end away.
func cut(cells []Cell) []Cell {
	for len(cells) > 0 && cells[len(cells)-1].Text == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// quotes says what is wrong with a row whose quotes do not fit together.
func quotes(e *csv.ParseError) string {
	if errors.Is(e.Err, csv.ErrBareQuote) {
		return `a " stands inside a field that does not start with one`
	}
	return "a quoted field does not end as it should"
}

// writeText writes CSV.
func writeText(w io.Writer, f Format, table Table) error {
	var encoded io.WriteCloser
	if f == GB18030 {
		encoded = transform.NewWriter(w, simplifiedchinese.GB18030.NewEncoder())
		w = encoded
	} else if _, err := io.WriteString(w, bom); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	var record []string
	n := 0
	for row := range table.Rows {
		n++
		record = record[:0]
		for i, text := range row {
			if f == GB18030 && strings.ContainsFunc(text, private) {
				return fmt.Errorf("row %d, column %d has a character for private use, which GB18030 does not keep; write UTF-8", n, i+1)
			}
			record = append(record, quoted(text, true))
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil || encoded == nil {
		return err
	}
	return encoded.Close()
}
