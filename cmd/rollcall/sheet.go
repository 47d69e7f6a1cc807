package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rollcall/internal/intake"
)

// sheetImportFlags are those of the import for a contact sheet.
type sheetImportFlags struct {
	Sheet             string `placeholder:"FILE" help:"Contact sheet as DingTalk has it, .xlsx or .csv, instead of --departments and --users."`
	CreateDepartments bool   `help:"Create the departments that the sheet names and that do not exist. Where there is none but the root this is done anyway."`
	Errors            string `placeholder:"FILE" help:"Write a sheet of the problems, .xlsx or .csv, with one row for each."`
}

// check looks for flags that do not go together.
func (f sheetImportFlags) check(files intake.Files) error {
	switch {
	case f.Sheet == "" && f.CreateDepartments:
		return errors.New("--create-departments goes with --sheet")
	case f.Sheet == "" && f.Errors != "":
		return errors.New("--errors goes with --sheet")
	case f.Sheet != "" && (files.Departments != "" || files.Users != ""):
		return errors.New("--sheet has the departments and the people: it does not go with --departments or --users")
	}
	if f.Errors != "" && sameFile(f.Errors, f.Sheet) {
		return errors.New("--errors names the sheet itself, which would be lost")
	}
	return errors.Join(sheetName("--sheet", f.Sheet), sheetName("--errors", f.Errors))
}

// sheetName checks the ending of a file's name, which says what it is.
func sheetName(flag, path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx", ".csv":
		return nil
	case "":
		if path == "" {
			return nil
		}
	}
	return fmt.Errorf("%s %s: the name has to end with .xlsx or .csv", flag, path)
}

func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}

// writeErrors writes the sheet of problems, where one is wanted. Without
// problems it has no rows: what an earlier import left there is not true any
// more.
func (f sheetImportFlags) writeErrors(problems []intake.Problem) error {
	if f.Errors == "" {
		return nil
	}
	return intake.ProblemsSheet(f.Errors, problems)
}

// writeRefusal writes an error that refuses the sheet as a whole, and returns
// it.
func (f sheetImportFlags) writeRefusal(err error) error {
	return errors.Join(err, f.writeErrors([]intake.Problem{{File: f.Sheet, Message: err.Error()}}))
}

// sheetExportFlags are those of the export for a contact sheet.
type sheetExportFlags struct {
	Sheet    string `required:"" xor:"to" placeholder:"FILE" help:"Contact sheet to write instead, .xlsx or .csv: the people with their departments."`
	Encoding string `enum:"utf-8,gb18030" default:"utf-8" help:"Encoding of a .csv sheet: utf-8 (the default) or gb18030."`
}

func (f sheetExportFlags) check() error {
	if f.Encoding != "utf-8" && !strings.EqualFold(filepath.Ext(f.Sheet), ".csv") {
		return fmt.Errorf("--encoding %s goes with a --sheet that ends with .csv", f.Encoding)
	}
	return sheetName("--sheet", f.Sheet)
}

// export writes the contact sheet.
func (f sheetExportFlags) export(w io.Writer, source intake.Source) error {
	without, err := intake.ExportSheet(f.Sheet, f.Encoding == "gb18030", source)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Wrote %s.\n", f.Sheet)
	if len(without) > 0 {
		fmt.Fprintf(w, "Not in it are the values of the extension that are called as no column can be: %q.\n", without)
	}
	return nil
}
