package sheet

import (
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"
)

// Table is what is to be written.
type Table struct {
	Name string // of the worksheet
	// Rows begin with the headers. A row may be used again after the next one
	// was asked for.
	Rows iter.Seq[[]string]
	// Widths are those of the columns in characters, where they are known.
	Widths []float64
}

// MaxRows is how many rows a worksheet has, the headers included.
const MaxRows = 1 << 20

// Write writes a table. All cells are text, so that no program takes a number
// apart or a value for a formula.
func Write(w io.Writer, f Format, table Table) error {
	if f != XLSX {
		return writeText(w, f, table)
	}
	return writeWorkbook(w, table)
}

func writeWorkbook(w io.Writer, table Table) (err error) {
	file := excelize.NewFile()
	defer file.Close() //nolint:errcheck // what counts is written before
	if err := file.SetSheetName("Sheet1", table.Name); err != nil {
		return err
	}
	bold, err := file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, NumFmt: textFormat})
	if err != nil {
		return err
	}
	text, err := file.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return err
	}
	out, err := file.NewStreamWriter(table.Name)
	if err != nil {
		return err
	}
	if err := layOut(out, table, text); err != nil {
		return err
	}
	number, style := 0, bold
	var values []any
	for row := range table.Rows {
		if number++; number > MaxRows {
			return fmt.Errorf("there are more than the %d rows that a worksheet has; write .csv", MaxRows)
		}
		values = values[:0]
		for i, cell := range row {
			if units(cell) > excelize.TotalCellChars {
				return fmt.Errorf("row %d, column %d: the text is longer than the %d characters that a cell has; write .csv",
					number, i+1, excelize.TotalCellChars)
			}
			if cell == "" {
				values = append(values, nil)
				continue
			}
			values = append(values, excelize.Cell{StyleID: style, Value: quoted(cell, false)})
		}
		if err := out.SetRow(fmt.Sprintf("A%d", number), values); err != nil {
			return err
		}
		style = text
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return file.Write(w)
}

// textFormat is the built-in number format for text.
const textFormat = 49

// layOut makes the columns as wide as they should be and keeps the headers in
// view. What is typed into an empty cell stays text, too.
func layOut(out *excelize.StreamWriter, table Table, text int) error {
	if n := len(table.Widths); n > 0 {
		if err := out.SetColStyle(1, n, text); err != nil {
			return err
		}
	}
	for i, width := range table.Widths {
		if err := out.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	return out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// units counts the characters of a text as Excel does.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}
