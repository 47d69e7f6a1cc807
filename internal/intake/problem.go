package intake

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rollcall"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File string `json:"file"`
	// Line counts from 1, the header of a CSV file; in a workbook it is the row.
	// 0 stands for the file as a whole.
	Line int `json:"line,omitempty"`
	// Column is the header of the column; empty where it is about the row.
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
	// Value is what stands in a contact sheet. It can be personal, and is shown
	// in a sheet of problems only.
	Value string `json:"-"`
}

// String returns the problem as one line of text, such as
// "users.csv:17: dept_id_list: department 99 does not exist".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(p.Line))
	}
	b.WriteString(": ")
	if p.Column != "" {
		b.WriteString(p.Column)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// maxProblems is where collecting stops: nobody reads more, and a wrong file
// has one in every row.
const maxProblems = 10_000

// problems collects them.
type problems struct{ list []Problem }

func (ps *problems) add(file string, line int, column, format string, args ...any) {
	switch {
	case len(ps.list) < maxProblems-1:
		ps.list = append(ps.list, Problem{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
	case len(ps.list) == maxProblems-1:
		ps.list = append(ps.list, Problem{File: file, Line: line, Message: "there are too many problems; what comes after this line was not checked"})
	}
}

// full reports whether there is no use in looking for more.
func (ps *problems) full() bool { return len(ps.list) >= maxProblems }

// sorted returns them file by file, in the order of the lines; what concerns a
// whole file comes first.
func (ps *problems) sorted(f Files) []Problem {
	order := []string{f.Departments, f.Users, f.Sheet, f.SignIns, f.Roles}
	end := len(ps.list)
	if ps.full() {
		end-- // the last one says that it is the last
	}
	slices.SortStableFunc(ps.list[:end], func(a, b Problem) int {
		if a.File != b.File {
			return slices.Index(order, a.File) - slices.Index(order, b.File)
		}
		return a.Line - b.Line
	})
	return ps.list
}

// about takes an error of a Validate method apart.
func about(err error) (column, message string) {
	var e *rollcall.Error
	if errors.As(err, &e) {
		return e.Param, e.Detail
	}
	return "", err.Error()
}

// quote shows a value of a file, cut where it is long.
func quote(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return strconv.Quote(s[:i]) + "…"
		}
	}
	return strconv.Quote(s)
}
