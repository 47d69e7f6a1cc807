package intake

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

// tree makes departments of lines such as "3 1 name".
func tree(lines ...string) *deptPaths {
	var depts []*rollcall.Dept
	for _, line := range lines {
		fields := strings.SplitN(line, " ", 3)
		id, _, _ := parseNumber(fields[0])
		parent, _, _ := parseNumber(fields[1])
		depts = append(depts, &rollcall.Dept{ID: rollcall.DeptID(id), ParentID: rollcall.DeptID(parent), Name: fields[2]})
	}
	return newDeptPaths(slices.Values(depts))
}

func TestPathsFindDepartments(t *testing.T) {
	paths := tree("1 0 Acme-Ltd", "2 1 研发", "3 2 后端", "4 1 A-B", "5 4 C", "6 1 A", "7 6 B", "8 7 D", "9 1 R, D", "10 2 前 - 端",
		"11 1 twin", "12 1 twin", "13 11 x", "14 1 Acme-Ltd", "15 1 =1", `16 1 "q"`)
	for _, c := range []struct {
		cell string
		want string // exact, or else base after as many parts
	}{
		{"研发", "[2]"},
		{" 研发-后端 ", "[3]"},
		{"研发 - 后端", "[3]"},
		{"研发-前 - 端", "[10]"},
		{"Acme-Ltd-研发-后端", "[3]"},
		{"A-B-C", "[5]"},
		{"A-B-D", "[8]"},
		{"A-B", "[7 4]"},
		{`"A-B"`, "[4]"},
		{`"A"-B`, "[7]"},
		{`"A" - "B"`, "[7]"},
		{"twin", "[11 12]"},
		{"twin-x", "[13]"},
		{`"R, D"`, "[9]"},
		{"Acme-Ltd", "[14 1]"},
		{"Acme-Ltd-Acme-Ltd", "[14]"},
		{"=1", "[15]"},
		{`"""q"""`, "[16]"},
		{`"q"x`, "none, [1] after 0"},
		{"A-B-E", "none, [7 4] after 2"},
		{"A-E", "none, [6] after 1"},
		{"研发-后端-新", "none, [3] after 2"},
		{"新-后端", "none, [1] after 0"},
		{"Acme-Ltd-新", "none, [14 1] after 2"},
		{"Acme-新", "none, [1] after 0"},
		{"A B", "none, [1] after 0"},
		{`""`, "none, [1] after 0"},
	} {
		list := splitDepts(c.cell)
		if len(list) != 1 {
			t.Fatalf("%s: there are %d", c.cell, len(list))
		}
		exact, base, n := paths.find(list[0].parts)
		got := fmt.Sprint(exact)
		if len(exact) == 0 {
			got = fmt.Sprintf("none, %v after %d", base, n)
		}
		if got != c.want {
			t.Errorf("%s: found %s, wanted %s", c.cell, got, c.want)
		}
	}
}

func TestCellsHaveSeveralDepartments(t *testing.T) {
	for _, c := range []struct{ cell, want string }{
		{"A-B,C，D", `["A-B" "C" "D"]`},
		{` A , "x,y"-z , `, `["A" "\"x,y\"-z" ""]`},
		{`"x,y`, `["\"x" "y"]`},
		{`"a""b,c"`, `["\"a\"\"b,c\""]`},
		{"，", `["" ""]`},
	} {
		var texts []string
		for _, p := range splitDepts(c.cell) {
			texts = append(texts, p.text)
		}
		if got := fmt.Sprintf("%q", texts); got != c.want {
			t.Errorf("%s: %s, wanted %s", c.cell, got, c.want)
		}
	}
}

func TestPathsAreWrittenSoThatTheyAreFound(t *testing.T) {
	paths := tree("1 0 Acme", "2 1 研发", "3 2 后端", "4 1 A-B", "5 4 C", "6 1 A", "7 6 B", "9 1 R, D", `10 1 "`, "11 1 Acme", "12 1  x ", "13 1 \u3000")
	for _, c := range []struct {
		id   rollcall.DeptID
		want string
	}{
		{1, `"Acme"`},
		{2, "研发"},
		{3, "研发-后端"},
		{4, `"A-B"`},
		{5, `"A-B"-C`},
		{6, "A"},
		{7, `"Acme"-"A"-"B"`},
		{9, `"R, D"`},
		{10, `""""`},
		{11, `"Acme"-"Acme"`},
		{12, "x"},
		{13, `""`},
	} {
		if got := paths.text(c.id); got != c.want {
			t.Errorf("%d is written %s, wanted %s", c.id, got, c.want)
		}
	}
	if got := tree("1 0 Acme", "2 1 研发").text(1); got != "Acme" {
		t.Errorf("the root is written %s", got)
	}
}

func FuzzDepartmentPath(f *testing.F) {
	f.Add(`A-B,"A-B"-C，研发`, "A-B\nA\n-\n\"\n研发", uint32(0x1234))
	f.Add(`Acme-Acme-"`, "Acme\nAcme", uint32(1))
	f.Fuzz(func(t *testing.T, cell, names string, shape uint32) {
		depts := []*rollcall.Dept{{ID: 1, Name: "Acme"}}
		siblings := map[step]bool{}
		for i, name := range strings.Split(names, "\n") {
			if i == 16 {
				break
			}
			parent := depts[int(shape>>(2*i)&3)%len(depts)]
			d := &rollcall.Dept{ID: rollcall.DeptID(i + 2), ParentID: parent.ID, Name: name}
			s := step{parent.ID, sheetText(name)}
			if d.Validate() != nil || siblings[s] {
				continue
			}
			siblings[s] = true
			depts = append(depts, d)
		}
		paths := newDeptPaths(slices.Values(depts))
		// Whatever stands in a cell is taken apart without loss.
		for _, path := range splitDepts(cell) {
			exact, base, n := paths.find(path.parts)
			if len(base) == 0 || n < 0 || n > len(path.parts) || (n == len(path.parts)) != (len(exact) > 0) {
				t.Fatalf("%q: %v, %v after %d", path.text, exact, base, n)
			}
			for _, id := range exact {
				if paths.depts[id] == nil {
					t.Fatalf("%q is %d", path.text, id)
				}
			}
		}
		// What is written for a department means it, alone or among others that
		// a chain of the same names makes.
		var texts []string
		for _, d := range depts {
			text := paths.text(d.ID)
			exact, _, _ := paths.find(splitDepts(text)[0].parts)
			if !slices.Contains(exact, d.ID) {
				t.Fatalf("%d is written %q, which is %v", d.ID, text, exact)
			}
			texts = append(texts, text)
		}
		var again []string
		for _, path := range splitDepts(strings.Join(texts, ",")) {
			again = append(again, path.text)
		}
		if !slices.Equal(again, texts) {
			t.Fatalf("%q is taken apart into %q", texts, again)
		}
	})
}
