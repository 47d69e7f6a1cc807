package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// listFlags choose how a list is printed.
type listFlags struct {
	JSON bool `name:"json" xor:"format" help:"Print JSON."`
	CSV  bool `name:"csv" xor:"format" help:"Print CSV."`
}

// print prints rows as a table, as CSV, or value as JSON.
func (f listFlags) print(w io.Writer, value any, header []string, rows [][]string) error {
	switch {
	case f.JSON:
		return printJSON(w, value)
	case f.CSV:
		out := csv.NewWriter(w)
		if err := out.Write(header); err != nil {
			return err
		}
		return out.WriteAll(rows)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = 0 // as written
	t.AppendHeader(tableRow(header))
	for _, r := range rows {
		t.AppendRow(tableRow(r))
	}
	_, err := fmt.Fprintf(w, "%s\n%d in all\n", t.Render(), len(rows))
	return err
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// printJSON prints a value as indented JSON.
func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// progress shows how far long work is, on a terminal only.
type progress struct {
	on  bool
	w   io.Writer
	bar *progressbar.ProgressBar
	now string
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{on: ok && term.IsTerminal(int(f.Fd())), w: w}
}

// step tells how much of a stage is done; total 0 is unknown.
func (p *progress) step(stage string, done, total int64) {
	if !p.on {
		return
	}
	if stage != p.now {
		p.finish()
		p.now = stage
		if total <= 0 {
			total = -1
		}
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(stage), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100e6), progressbar.OptionClearOnFinish())
	}
	p.bar.Set64(done) //nolint:errcheck // a bar that cannot be drawn is no reason to stop
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish() //nolint:errcheck // see step
		p.bar, p.now = nil, ""
	}
}

func isTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }
