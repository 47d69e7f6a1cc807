package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"rollcall"
)

// file writes bytes to a file.
func file(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// texts are the rows of a page, by number.
type texts map[int][]string

func readPage(t testing.TB, p *Page) texts {
	t.Helper()
	found := texts{}
	if err := p.Rows(context.Background(), func(r Row) bool {
		row := []string{}
		for _, c := range r.Cells {
			row = append(row, [...]string{Plain: "", Date: "date:", Cut: "cut:"}[c.Kind]+c.Text)
		}
		if r.Fault != "" {
			row = append(row, "fault: "+r.Fault)
		}
		found[r.Number] = row
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func readFile(t testing.TB, path string) texts {
	t.Helper()
	f, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Pages) != 1 {
		t.Fatalf("there are %d pages", len(f.Pages))
	}
	return readPage(t, &f.Pages[0])
}

func same(t testing.TB, got, want texts) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is\n%#v\nwanted\n%#v", got, want)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	cell := rapid.OneOf(
		rapid.SampledFrom([]string{"", "13800000001", "+86-13800000001", "=1+1", "'t Hooft", "'1", "''x", "@x", "-", "0012", "1.38E+10", "是,否", "a\nb", `"q"`, "_x0041_", "TRUE", "2026-08-20"}),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\"' \t\n'=+-@_x0041中文😀é")), 0, 8, -1),
		rapid.StringOfN(rapid.Rune().Filter(func(r rune) bool { return r >= ' ' && r != 0xFFFE && r != 0xFFFF && !private(r) }), 0, 5, -1),
	)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 1, 4), 1, 5).Draw(t, "rows")
		for name, format := range map[string]Format{"a.xlsx": XLSX, "b.csv": CSV, "c.csv": GB18030} {
			var b bytes.Buffer
			if err := Write(&b, format, Table{Name: "表", Rows: slices.Values(rows), Widths: []float64{10, 20}}); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Open(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			var got [][]string
			if err := f.Pages[0].Rows(context.Background(), func(r Row) bool {
				row := []string{}
				for _, c := range r.Cells {
					row = append(row, c.Text)
				}
				if r.Fault != "" {
					t.Fatalf("%s: %s", name, r.Fault)
				}
				got = append(got, row)
				return true
			}); err != nil {
				t.Fatal(err)
			}
			var want [][]string
			for _, row := range rows {
				row = slices.Clone(row)
				for len(row) > 0 && row[len(row)-1] == "" {
					row = row[:len(row)-1]
				}
				if len(row) > 0 {
					want = append(want, row)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: it was\n%q\nand becomes\n%q", name, want, got)
			}
		}
	})
}

func TestEncodingsOfText(t *testing.T) {
	const text = "姓名,部门\n\n张三,研发-后端\n"
	want := texts{1: {"姓名", "部门"}, 3: {"张三", "研发-后端"}}
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{
		"UTF-8": text, "UTF-8 with a mark": "\uFEFF" + text, "GB18030": gb, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		t.Run(name, func(t *testing.T) { same(t, readFile(t, file(t, "x.csv", []byte(b))), want) })
	}
}

func TestFaultsOfRowsOfText(t *testing.T) {
	got := readFile(t, file(t, "x.csv", []byte("a,b\n\xff\xff\xff,x\n\"y\nz\",1\np\"q,1\nlast,\n,,\n\"open\n")))
	same(t, got, texts{
		1: {"a", "b"},
		2: {"fault: cell 1 is neither UTF-8 nor GB18030"},
		3: {"y\nz", "1"},
		5: {`fault: a " stands inside a field that does not start with one`},
		6: {"last"},
		8: {"fault: a quoted field does not end as it should"},
	})
}

// workbookBytes makes a workbook of one worksheet.
func workbookBytes(t testing.TB, fill func(f *excelize.File, sheet string)) []byte {
	t.Helper()
	f := excelize.NewFile()
	fill(f, "Sheet1")
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestCellsOfAWorkbook(t *testing.T) {
	b := workbookBytes(t, func(f *excelize.File, s string) {
		style := func(format int, custom string) int {
			st := &excelize.Style{NumFmt: format}
			if custom != "" {
				st = &excelize.Style{CustomNumFmt: &custom}
			}
			id, err := f.NewStyle(st)
			must(t, err)
			return id
		}
		set := func(cell string, v any, style int) {
			must(t, f.SetCellValue(s, cell, v), f.SetCellStyle(s, cell, cell, style))
		}
		day := time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
		set("A1", 13800000001, 0)
		set("B1", 138000000012, 0) // General shows 1.38E+11
		set("C1", 13800000001, style(11, ""))
		set("D1", 13800000001, style(0, "000-0000-0000"))
		set("E1", 1234567, style(3, ""))
		set("F1", 0.05, style(9, ""))
		set("G1", "'13800000001", 0)
		set("H1", "'t Hooft", 0)
		set("I1", 110101199003077571, 0)
		set("J1", 110101199003077571.0, style(1, ""))
		set("K1", "110101199003077571", 0)
		set("A2", day, style(14, ""))
		set("B2", day, style(0, `yyyy"年"m"月"d"日"`))
		set("C2", day.Add(9*time.Hour), style(22, ""))
		set("D2", 0.5, style(20, ""))
		set("E2", true, 0)
		must(t, f.SetCellFormula(s, "F2", `"x"&"y"`), f.SetCellRichText(s, "G2", []excelize.RichTextRun{{Text: "a"}, {Text: "b"}}))
		set("H2", "2026-08-20", 0)
		set("C5", "after a gap", 0)
		set("A7", "  ", 0)
	})
	same(t, readFile(t, file(t, "x.xlsx", b)), texts{
		1: {"13800000001", "138000000012", "13800000001", "13800000001", "1234567", "5%", "13800000001", "'t Hooft", "cut:1.10101199003078E+17", "cut:110101199003078000", "110101199003077571"},
		2: {"date:2026-08-20", "date:2026年8月20日", "date:2026-08-20 09:00", "date:12:00", "TRUE", "", "ab", "2026-08-20"},
		5: {"", "", "after a gap"},
		7: {"  "},
	})
}

func TestMergedCellsHaveTheTextOfTheFirst(t *testing.T) {
	b := workbookBytes(t, func(f *excelize.File, s string) {
		for cell, v := range map[string]string{"A1": "title", "A2": "研发", "B2": "a", "B3": "b", "B5": "c", "A6": "销售", "B6": "d", "D7": "e", "C8": "f", "A9": "over two", "C9": "g"} {
			must(t, f.SetCellValue(s, cell, v))
		}
		must(t, f.MergeCell(s, "A1", "D1"), f.MergeCell(s, "A2", "A5"), f.MergeCell(s, "D7", "D8"), f.MergeCell(s, "A9", "B9"))
	})
	same(t, readFile(t, file(t, "x.xlsx", b)), texts{
		1: {"title"},
		2: {"研发", "a"},
		3: {"研发", "b"},
		5: {"研发", "c"}, // row 4 is empty and stays so
		6: {"销售", "d"},
		7: {"", "", "", "e"},
		8: {"", "", "f", "e"},
		9: {"over two", "", "g"},
	})
}

func TestPagesOfAWorkbook(t *testing.T) {
	b := workbookBytes(t, func(f *excelize.File, s string) {
		_, err := f.NewSheet("hidden one")
		must(t, err)
		_, err = f.NewSheet("第二")
		must(t, err, f.SetSheetVisible("hidden one", false), f.SetCellValue("第二", "B2", "x"))
	})
	f, err := Open(context.Background(), file(t, "x.XLSX", b))
	must(t, err)
	got := ""
	for _, p := range f.Pages {
		got += fmt.Sprintln(p.Name, p.Hidden, len(readPage(t, &p)))
	}
	if want := "Sheet1 false 0\nhidden one true 0\n第二 false 1\n"; got != want {
		t.Errorf("the pages are %s, wanted %s", got, want)
	}
}

// repack makes a workbook anew with other parts.
func repack(t testing.TB, b []byte, change func(name, text string) string) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range r.File {
		in, err := part.Open()
		must(t, err)
		var text bytes.Buffer
		_, err = text.ReadFrom(in)
		must(t, err)
		p, err := w.Create(part.Name)
		must(t, err)
		_, err = p.Write([]byte(change(part.Name, text.String())))
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

const worksheet = "xl/worksheets/sheet1.xml"

func TestFilesThatAreRefused(t *testing.T) {
	small := limits{file: 1 << 20, unpack: 1 << 20, columns: 10, cells: 100, merged: 3, merging: 1 << 19}
	good := workbookBytes(t, func(f *excelize.File, s string) {
		must(t, f.SetCellValue(s, "A1", "x"), f.SetCellValue(s, "A2", "y"), f.SetCellValue(s, "A3", "z"))
	})
	changed := func(from, to string) []byte {
		return repack(t, good, func(name, text string) string {
			if name != worksheet {
				return text
			}
			if !strings.Contains(text, from) {
				t.Fatalf("there is no %s in %s", from, text)
			}
			return strings.ReplaceAll(text, from, to)
		})
	}
	protected := func() []byte {
		f := excelize.NewFile()
		var b bytes.Buffer
		must(t, f.Write(&b, excelize.Options{Password: "secret"}))
		return b.Bytes()
	}()
	damaged := slices.Clone(good)
	for i := range 40 {
		damaged[len(good)/3+i] ^= 0x55
	}
	wide := workbookBytes(t, func(f *excelize.File, s string) { must(t, f.SetCellValue(s, "K1", "x")) })
	many := workbookBytes(t, func(f *excelize.File, s string) {
		for i := range 11 {
			must(t, f.SetCellValue(s, fmt.Sprintf("J%d", i+1), "x"))
		}
	})
	merged := workbookBytes(t, func(f *excelize.File, s string) {
		for i := range 4 {
			must(t, f.MergeCell(s, fmt.Sprintf("A%d", 3*i+1), fmt.Sprintf("A%d", 3*i+2)))
		}
	})
	bomb := changed("</sheetData>", "</sheetData>"+strings.Repeat(" ", 2<<20))
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"x.csv", nil, "the file is empty"},
		{"x.xlsx", nil, "the file is empty"},
		{"x.csv", make([]byte, 1<<20+1), "the file is larger than 1 MiB"},
		{"x.csv", good, "the file is a workbook and no CSV; give it a name that ends with .xlsx"},
		{"x.csv", []byte("\xFF\xFEa\x00"), "the text is in UTF-16; save it as CSV in UTF-8"},
		{"x.csv", []byte("a\x00b"), "the file is no text"},
		{"x.csv", []byte(strings.Repeat(",", 1001)), "there are more than 10 columns"},
		{"x.csv", []byte("1,2,3,4,5,6,7,8,9,10,11"), "there are more than 10 columns"},
		{"x.xlsx", []byte("姓名,部门"), "the file is no workbook (.xlsx)"},
		{"x.xlsx", protected, "the workbook has a password or is in the old form (.xls); save it as .xlsx without a password"},
		{"x.xlsx", good[:len(good)/2], "the workbook is broken: "},
		{"x.xlsx", []byte("PK\x03\x04 nothing"), "the workbook is broken: "},
		{"x.xlsx", damaged, "the workbook is broken: "},
		{"x.xlsx", changed("</sheetData>", ""), "the workbook is broken: "},
		{"x.xlsx", changed(`<row r="3"`, `<row r="1"`), "the workbook is broken: row 1 comes after row 2"},
		{"x.xlsx", changed(`<row r="3"`, `<row r="99999999"`), "the workbook is broken: it has a row 99999999"},
		{"x.xlsx", changed(`r="A2"`, `r="2A"`), "the workbook is broken: "},
		{"x.xlsx", bomb, "the workbook has more than 1 MiB when it is unpacked"},
		{"x.xlsx", wide, "there are more than 10 columns"},
		{"x.xlsx", many, "there are more than 100 cells"},
		{"x.xlsx", merged, "a worksheet has more than 3 merged areas"},
		{"x.xls", good, "the name ends with neither .xlsx nor .csv"},
		{"x.xlsx", repack(t, good, func(name, text string) string {
			if name == "xl/workbook.xml" {
				return "<workbook/>"
			}
			return text
		}), "the workbook "},
	} {
		t.Run(c.want, func(t *testing.T) {
			f, err := open(context.Background(), file(t, c.name, c.b), small)
			if err == nil {
				for i := range f.Pages {
					err = errors.Join(err, f.Pages[i].Rows(context.Background(), func(Row) bool { return true }))
				}
			}
			var e *rollcall.Error
			if !errors.As(err, &e) || e.Kind != rollcall.KindMalformed || !strings.HasPrefix(e.Detail, c.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestAFileThatIsNotThereIsAFailure(t *testing.T) {
	_, err := Open(context.Background(), filepath.Join(t.TempDir(), "none.xlsx"))
	if !errors.Is(err, os.ErrNotExist) || rollcall.KindOf(err) != rollcall.KindInternal {
		t.Errorf("the error is %v", err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	book := file(t, "x.xlsx", workbookBytes(t, func(f *excelize.File, s string) { must(t, f.SetCellValue(s, "A1", "x")) }))
	f, err := Open(ctx, book)
	must(t, err)
	text, err := Open(ctx, file(t, "x.csv", []byte("x\n")))
	must(t, err)
	cancel()
	if _, err := Open(ctx, book); !errors.Is(err, context.Canceled) {
		t.Errorf("opening: %v", err)
	}
	for _, p := range []Page{f.Pages[0], text.Pages[0]} {
		if err := p.Rows(ctx, func(Row) bool { return true }); !errors.Is(err, context.Canceled) {
			t.Errorf("reading: %v", err)
		}
	}
}

func TestWhatAWorksheetCannotHoldIsNotWritten(t *testing.T) {
	long := strings.Repeat("中", 32768)
	var b bytes.Buffer
	err := Write(&b, XLSX, Table{Name: "s", Rows: slices.Values([][]string{{"a"}, {"b", long}})})
	if err == nil || !strings.Contains(err.Error(), "row 2, column 2: the text is longer than the 32767 characters") {
		t.Errorf("the error is %v", err)
	}
	rows := func(yield func([]string) bool) {
		for range MaxRows + 1 {
			if !yield(nil) {
				return
			}
		}
	}
	if err := Write(&b, XLSX, Table{Name: "s", Rows: rows}); err == nil || !strings.Contains(err.Error(), "more than the 1048576 rows") {
		t.Errorf("the error is %v", err)
	}
	err = Write(&b, GB18030, Table{Rows: slices.Values([][]string{{"a"}, {"b", "\uE000"}})})
	if err == nil || !strings.Contains(err.Error(), "row 2, column 2 has a character for private use") {
		t.Errorf("the error is %v", err)
	}
	b.Reset()
	if err := Write(&b, CSV, Table{Rows: slices.Values([][]string{{"b", long}})}); err != nil || b.Len() < len(long) {
		t.Errorf("as CSV: %v", err)
	}
}

func FuzzOpenWorkbook(f *testing.F) {
	book := workbookBytes(f, func(x *excelize.File, s string) {
		must(f, x.SetCellValue(s, "A1", "部门"), x.MergeCell(s, "A1", "A3"), x.SetCellValue(s, "B2", 1.5), x.SetCellValue(s, "C2", true))
	})
	parts := map[string]string{}
	repack(f, book, func(name, text string) string {
		parts[name] = text
		return text
	})
	const texts = "xl/sharedStrings.xml"
	f.Add(parts[worksheet], parts[texts], parts["xl/styles.xml"])
	f.Add(strings.ReplaceAll(parts[worksheet], "A3", "XFD1048576"), "<sst><si><r><t>a</t></r></si></sst>", "<styleSheet/>")
	f.Add(`<worksheet><sheetData><row r="7"><c t="s"><v>99</v></c><c r="ZZ7" t="e"><v>#N/A</v></c><c r="B7" s="9"><v>1e300</v></c></row></sheetData></worksheet>`, "", "")
	f.Fuzz(func(t *testing.T, page, strs, styles string) {
		b := repack(t, book, func(name, text string) string {
			switch name {
			case worksheet:
				return page
			case texts:
				return strs
			case "xl/styles.xml":
				return styles
			}
			return text
		})
		small := limits{file: 1 << 20, unpack: 1 << 20, columns: 100, cells: 10_000, merged: 100, merging: 1 << 20}
		w, err := open(context.Background(), file(t, "x.xlsx", b), small)
		if err == nil {
			for i := range w.Pages {
				err = errors.Join(err, w.Pages[i].Rows(context.Background(), func(Row) bool { return true }))
			}
		}
		if err != nil && rollcall.KindOf(err) != rollcall.KindMalformed {
			t.Fatal(err)
		}
	})
}
