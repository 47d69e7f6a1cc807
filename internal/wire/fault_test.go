package wire

import (
	"fmt"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

// TestFaultsHasTheWholeTable compares Faults with the source.
func TestFaultsHasTheWholeTable(t *testing.T) {
	named, listed := map[string]bool{}, map[string]bool{}
	var lists []ast.Node
	files, err := filepath.Glob("fault*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	for _, file := range append(files, "oauth.go") {
		f, err := goparser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name, object := range f.Scope.Objects { //nolint:staticcheck // all that is needed
			switch {
			case strings.HasSuffix(name, "aults"):
				lists = append(lists, object.Decl.(*ast.FuncDecl))
			case strings.HasPrefix(name, "Fault") && name != "Fault" && name != "FaultRow":
				named[name] = true
			}
		}
	}
	for _, list := range lists {
		ast.Inspect(list, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && named[id.Name] {
				listed[id.Name] = true
			}
			return true
		})
	}
	if got, want := sortedKeys(listed), sortedKeys(named); !slices.Equal(got, want) {
		t.Errorf("Faults lists %q, there are %q", got, want)
	}
	if len(Faults()) != len(named) || !slices.IsSortedFunc(Faults(), func(a, b Fault) int { return a.Code - b.Code }) {
		t.Error("Faults is not the table in order")
	}
	seen := map[string]bool{}
	for _, f := range Faults() {
		key := fmt.Sprint(f.Code, f.EN)
		if f.EN == "" || f.ZH == "" || f.When == "" || f.Code == 0 || seen[key] {
			t.Errorf("row %+v", f)
		}
		seen[key] = true
		if strings.Contains(f.EN, placeholder) != strings.Contains(f.ZH, placeholder) {
			t.Errorf("%d: the texts differ in %s", f.Code, placeholder)
		}
	}
}

func TestFaultTexts(t *testing.T) {
	for _, tt := range []struct {
		fault            Fault
		about, want, han string
	}{
		{FaultParamInvalid, "", "Invalid parameter", "参数非法"},
		{FaultParamInvalid, "query_date", "Invalid parameter: query_date", "参数非法: query_date"},
		{FaultParamInvalid, "id", "Invalid parameter: id", "参数非法: id"},
		{FaultInvalidSize, "size", "Invalid size", "无效的size"},
		{FaultInvalidOffset, "cursor", "Invalid offset: cursor", "无效的偏移量: cursor"},
		{FaultInvalidOffset, "offset", "Invalid offset", "无效的偏移量: offset"},
		{FaultDeptScope, "dept_ids", "The requested dept_id is outside the authorized scope: dept_ids", "请求的部门id不在授权范围内: dept_ids"},
		{FaultWrongSecret, "appsecret", "Illegal appKey or appSecret", "不合法的appKey或appSecret"},
		{FaultMissingParam, "access_token", "missing parameter access_token", "缺少参数 access_token"},
		{FaultMissingArgument, "msg", "Missing required arguments:msg", "Missing required arguments:msg"},
	} {
		if got := tt.fault.text(rollcall.English, tt.about); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
		if got := tt.fault.text(rollcall.Chinese, tt.about); got != tt.han {
			t.Errorf("got %q, want %q", got, tt.han)
		}
	}
}

func TestErrorsMarkdown(t *testing.T) {
	doc := ErrorsMarkdown()
	for _, line := range []string{
		"| -1 | `System busy` | `系统繁忙` | the server cannot do it just now",
		"| 40014 * | `Invalid access_token` | `不合法的access_token` |",
		"| 400 `invalidSuiteTicket` | `Invalid suiteTicket` | `suiteTicket无效` | the suite ticket is not the app's |",
	} {
		if !strings.Contains(doc, "\n"+line) {
			t.Errorf("no line %s in\n%s", line, doc)
		}
	}
	if rows := strings.Count(doc, "\n| "); rows != len(Faults())+2 { // and two headings
		t.Errorf("%d rows", rows)
	}
	for _, line := range strings.Split(doc, "\n") {
		if strings.HasPrefix(line, "| ") && strings.Count(line, "|") != 5 {
			t.Errorf("broken row %s", line)
		}
	}
}

func TestNamesForPeople(t *testing.T) {
	for kind, want := range map[ParamKind]string{Bool: "Boolean", Int: "Number", String: "String", Enum: "String", Date: "String", IDs: "String"} {
		if got := kind.String(); got != want {
			t.Errorf("kind %d is %s", kind, got)
		}
	}
}
