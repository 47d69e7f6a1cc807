package intake_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"

	"rollcall"
	"rollcall/internal/intake"
)

// faulty is the organization into which the sheet of faults comes.
func faulty(t *testing.T) *memory {
	m := starting(t, "dept_id,parent_id,name\n2,1,研发\n3,2,后端\n4,1,A-B\n5,1,A\n6,5,B\n7,1,twin\n8,1,twin\n9,1,销售\n",
		"userid,name,dept_id_list,mobile,email\nzhang,张三,2,13800000001,z@example.com\nli,李四,2,13800000002,l@example.com\nwang1,W,2,+86 13800000009,\nwang2,W,2,13800000009,\n", "")
	m.byID["zhang"].Telephone, m.byID["li"].Telephone = "8001", "8002"
	return m
}

// problemsOf reads and plans a sheet that has problems.
func problemsOf(t *testing.T, f intake.Files, m *memory) []intake.Problem {
	t.Helper()
	d, problems, err := intake.Read(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, more, err := intake.MakePlan(d, m, intake.Options{Now: secondNow})
	if err != nil || p != nil {
		t.Fatalf("the plan is %v, %v", p, err)
	}
	return append(problems, more...)
}

func TestFiftyFaultsAreFiftyProblems(t *testing.T) {
	problems := problemsOf(t, intake.Files{Sheet: "testdata/sheet/faults.csv"}, faulty(t))
	lines := map[int]bool{}
	kinds := map[string]bool{}
	for _, p := range problems {
		lines[p.Line] = true
		kinds[p.Column+p.Message] = true
		for _, personal := range []string{"1380000000", "@example.com"} {
			if strings.Contains(p.String(), personal) {
				t.Errorf("the message shows a value: %s", p)
			}
		}
	}
	if len(problems) != 50 || len(lines) != 50 || len(kinds) < 45 { // some are the same for different reasons
		t.Errorf("there are %d problems in %d rows, %d different ones", len(problems), len(lines), len(kinds))
		for _, p := range problems {
			t.Log(p)
		}
	}

	path := filepath.Join(t.TempDir(), "errors.csv")
	if err := intake.ProblemsSheet(path, problems); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, path)
	if len(rows) != 51 {
		t.Fatalf("the sheet of problems has %d rows", len(rows))
	}
	sheet := readCSV(t, "testdata/sheet/faults.csv", 12, 13, 14) // one row has a cell more, and quotes that end it
	for i, row := range rows[1:] {
		if row[0] != "faults.csv" || row[5] == "" || !strings.ContainsFunc(row[4], func(r rune) bool { return unicode.Is(unicode.Han, r) }) || row[4] == row[5] {
			t.Errorf("the row is %q", row)
		}
		n, err := strconv.Atoi(row[1])
		if err != nil || i > 0 && n < 3 {
			t.Errorf("the row is %q", row)
		}
		for at, header := range sheet[0] {
			if header == row[2] && strings.TrimPrefix(row[3], "'") != strings.TrimPrefix(strings.TrimSpace(sheet[n-1][at]), "'") {
				t.Errorf("row %d has %q, the sheet of problems shows %q", n, sheet[n-1][at], row[3])
			}
		}
	}
}

func readCSV(t *testing.T, path string, fields ...int) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\uFEFF")))
	if len(fields) > 0 {
		r.FieldsPerRecord, r.LazyQuotes = -1, true
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestProblemsSheetIsAWorkbookToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "errors.xlsx")
	err := intake.ProblemsSheet(path, []intake.Problem{
		{File: "/somewhere/sheet.xlsx", Line: 3, Column: "手机号", Value: "=1", Message: "is in row 2 already"},
		{File: "sheet.xlsx", Message: "2 of 3 people are not in the file and would leave, which is 66.67 %; 5 % are allowed (--max-leavers 67 allows it)"},
		{File: "sheet.xlsx", Message: "something that has no Chinese"},
	})
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetList()[0])
	want := [][]string{
		{"文件 File", "行 Row", "列 Column", "值 Value", "问题", "Problem"},
		{"sheet.xlsx", "3", "手机号", "=1", "与第 2 行重复", "is in row 2 already"},
		{"sheet.xlsx", "", "", "", "共 3 人，其中 2 人不在文件中，将被移除，占 66.67%；最多允许 5%（--max-leavers 67 allows it）", "2 of 3 people are not in the file and would leave, which is 66.67 %; 5 % are allowed (--max-leavers 67 allows it)"},
		{"sheet.xlsx", "", "", "", "something that has no Chinese", "something that has no Chinese"},
	}
	if err != nil || render(rows) != render(want) {
		t.Errorf("%v\n%s\nwanted\n%s", err, render(rows), render(want))
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if err := intake.ProblemsSheet("errors.txt", nil); rollcall.KindOf(err) != rollcall.KindInvalid {
		t.Errorf("the error is %v", err)
	}
}

func TestFaultsOfWorkbooks(t *testing.T) {
	book := excelize.NewFile()
	set := func(cell string, v any) {
		if err := book.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	for i, header := range []string{"部门", "姓名", "手机号", "工号", "入职日期", "T", "身份证号"} {
		cell, _ := excelize.CoordinatesToCellName(i+1, 1)
		set(cell, header)
	}
	day := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	style, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for row, cells := range [][]any{
		{"新", "good", 13800000001, 7, day, true},
		{"新", "a date", 13800000002, day},
		{"新", "digits lost", 13800000003, 123456789012345678.0, "", "", 110101199003077571},
		{"新", "number", 1380000},
	} {
		for i, v := range cells {
			cell, _ := excelize.CoordinatesToCellName(i+1, row+2)
			set(cell, v)
			if v == day {
				if err := book.SetCellStyle("Sheet1", cell, cell, style); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "sheet.xlsx")
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	compare(t, found(t, intake.Files{Sheet: path}, newMemory(time.UTC), intake.Options{Now: firstNow}), []string{
		"sheet.xlsx:3: 工号: a spreadsheet program made a date of it; format the column as text and enter it again",
		"sheet.xlsx:4: 工号: a spreadsheet program has cut digits off; format the column as text and enter it again",
		"sheet.xlsx:4: 身份证号: a spreadsheet program has cut digits off; format the column as text and enter it again",
		"sheet.xlsx:5: 手机号: is no mobile number of the mainland, which has 11 digits and begins with 1; others begin with + and the code of the country",
	})
	for _, row := range []int{5, 4, 3} {
		if err := book.RemoveRow("Sheet1", row); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	m := newMemory(time.UTC)
	bring(t, m, intake.Files{Sheet: path}, intake.Options{Now: firstNow})
	if u := m.users[0]; u.Mobile != "13800000001" || u.JobNumber != "7" || u.Extension != `{"入职日期":"2026-08-20","T":"TRUE"}` {
		t.Errorf("the person becomes %s", render(u))
	}
}
