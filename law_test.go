// The laws of the repository, as tests. Each has its reason, which its failure
// shows; CONTRIBUTING.md has the list in prose.
package rollcall_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A law is something that no file of the repository may do.
type law struct {
	name    string
	because string
	check   func([]source) []breach
}

var laws = []law{
	{
		"the root package imports only the standard library",
		"it is the contract",
		rootImportsStd,
	},
	{
		"requests reach no SQL",
		"a request is answered from memory; only cmd joins the directory and a store",
		never(notInTests, []string{
			"internal/directory", "internal/edit", "internal/activity", "internal/access", "internal/api", "internal/console",
		}, "rollcall/internal/store", "database/sql", "zombiezen.com", "modernc.org", "github.com/jackc", "github.com/pressly"),
	},
	{
		"a store knows nothing above it",
		"the durable side knows facts, not how they are shown",
		never(inTestsToo, []string{"internal/store"},
			"rollcall/internal/directory", "rollcall/internal/activity", "rollcall/internal/wire",
			"rollcall/internal/api", "rollcall/internal/access"),
	},
	{
		"the wire has no data",
		"a dialect has no data: what it shows is handed to it",
		never(notInTests, []string{"internal/wire"}, "rollcall/internal/directory", "rollcall/internal/activity"),
	},
	{
		"the directory has no dialect",
		"encoded fragments are opaque bytes to it; the encoder is handed in",
		never(notInTests, []string{"internal/directory"}, "rollcall/internal/wire"),
	},
	{
		"the API writes no replies",
		"only the wire touches http.ResponseWriter",
		never(notInTests, []string{"internal/api"}, "net/http"),
	},
	{
		"our own calls know no store and no dialect's rules",
		"they share the wire's way of writing JSON and nothing of its envelopes",
		never(notInTests, []string{"internal/rest"}, "rollcall/internal/store", "rollcall/internal/api"),
	},
	{
		"the manual reads the table and nothing else",
		"it tells what the rows say: what they do not say, clients cannot rely on",
		never(notInTests, []string{"internal/manual"},
			"rollcall/internal/directory", "rollcall/internal/activity", "rollcall/internal/access", "rollcall/internal/api",
			"rollcall/internal/node", "rollcall/internal/store"),
	},
	{
		"the console does not go through the wire",
		"it uses the same Go methods: no back door, no parsing twice",
		never(notInTests, []string{"internal/console"}, "rollcall/internal/wire"),
	},
	{
		"third-party libraries enter by their door",
		"a third-party library enters by two doors, go.mod and one package: whoever replaces it looks in one place",
		throughDoors,
	},
	{
		"nothing happens on import",
		"init hides what a program does; main does it in an order that can be read",
		noInit,
	},
	{
		"no package-level state",
		"parallel tests; errors, patterns, embedded files and values marked as immutable are fine",
		noState,
	},
	{
		"no surroundings",
		"a clock that can be set: only cmd and ops read clock, environment and flags, or end the program",
		noSurroundings,
	},
	{
		"everything exported is documented",
		"the documentation is read before the code",
		documented,
	},
	{
		"package names say something",
		"such a package collects what nobody found a room for",
		namesSaySomething,
	},
}

// doors says which package, with those below it, may import a third-party
// library. A new library gets a row here and a paragraph in docs.
var doors = map[string]string{
	"zombiezen.com/go/sqlite":        "internal/store/sqlite",
	"modernc.org/sqlite":             "internal/store/sqlite",
	"github.com/pressly/goose":       "internal/store",
	"github.com/jackc/pgx":           "internal/store/postgres",
	"github.com/klauspost/compress":  "internal/store/postgres",
	"golang.org/x/text/collate":      "internal/pinyin",
	"golang.org/x/text/language":     "internal/pinyin",
	"golang.org/x/text/unicode/norm": "internal/pinyin",
	"golang.org/x/text/encoding":     "internal/intake/sheet",
	"golang.org/x/text/transform":    "internal/intake/sheet",
	"github.com/xuri/excelize":       "internal/intake/sheet",
	"github.com/alecthomas/kong":     "cmd/rollcall",
	"github.com/BurntSushi/toml":     "cmd/rollcall",
	"github.com/jedib0t/go-pretty":   "cmd/rollcall",
	"github.com/schollz/progressbar": "cmd/rollcall",
	"golang.org/x/term":              "cmd/rollcall",
	"golang.org/x/time/rate":         "internal/access",
	"github.com/prometheus":          "internal/ops",
	"github.com/google/go-cmp":       "internal/store/storetest",
	"pgregory.net/rapid":             "internal/store/storetest",
}

// surroundings are the standard library's ways out of the program.
var surroundings = map[string][]string{
	"flag": nil, // all of it
	"log":  {"Fatal", "Fatalf", "Fatalln"},
	"os":   {"Environ", "Exit", "ExpandEnv", "Getenv", "LookupEnv", "Setenv", "Unsetenv"},
	"time": {"Now", "Since", "Until"},
}

// edge holds the rooms that may touch the surroundings and keep what they found.
var edge = []string{"cmd", "internal/ops", "internal/store/pgtest", "bench"}

var emptyName = regexp.MustCompile(`^(util|common|helper|model|service|manager|impl|type)s?(_test)?$`)

func TestLaws(t *testing.T) {
	files := parseTree(t, ".")
	for _, l := range laws {
		t.Run(strings.ReplaceAll(l.name, " ", "_"), func(t *testing.T) {
			for _, b := range l.check(files) {
				t.Errorf("%s\n\tLaw: %s. Because: %s.", b, l.name, l.because)
			}
		})
	}
}

// A source is one Go file.
type source struct {
	path string // from the root, with slashes
	fset *token.FileSet
	*ast.File
}

func (s source) dir() string  { return path.Dir(s.path) }
func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// within tells whether the file lies in one of the directories or below.
func (s source) within(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return under(s.dir(), d) })
}

// imports yields what the file imports, without quotes.
func (s source) imports(yield func(ast.Node, string) bool) {
	for _, spec := range s.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if !yield(spec, p) {
			return
		}
	}
}

func (s source) breach(n ast.Node, format string, args ...any) breach {
	return breach{s.path, s.fset.Position(n.Pos()).Line, fmt.Sprintf(format, args...)}
}

// A breach is one place where a law is broken.
type breach struct {
	path string
	line int
	what string
}

func (b breach) String() string { return fmt.Sprintf("%s:%d: %s", b.path, b.line, b.what) }

func under(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func isThirdParty(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

func parse(fset *token.FileSet, name string, src any) (source, error) {
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	return source{filepath.ToSlash(name), fset, f}, err
}

// parseTree parses the Go files of the module at root, build constraints or
// not; modules inside it, testdata and hidden directories are left out.
func parseTree(t *testing.T, root string) []source {
	t.Helper()
	var files []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(p, "go.mod"))
			if err == nil || d.Name() == "testdata" || d.Name()[0] == '.' || d.Name()[0] == '_' {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		s, err := parse(fset, p, nil)
		files = append(files, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(s source) bool { return s.path == "law_test.go" }) {
		t.Fatal("this is not the root of the repository")
	}
	return files
}

const (
	notInTests = false
	inTestsToo = true
)

// never forbids the files in dirs to import any of the paths, or what is below.
func never(tests bool, dirs []string, paths ...string) func([]source) []breach {
	return func(files []source) (found []breach) {
		for _, s := range files {
			if !s.within(dirs...) || s.isTest() && !tests {
				continue
			}
			for n, imp := range s.imports {
				if slices.ContainsFunc(paths, func(p string) bool { return under(imp, p) }) {
					found = append(found, s.breach(n, "imports %s", imp))
				}
			}
		}
		return found
	}
}

func rootImportsStd(files []source) (found []breach) {
	for _, s := range files {
		if s.dir() != "." || s.isTest() {
			continue
		}
		for n, imp := range s.imports {
			if isThirdParty(imp) || under(imp, "rollcall") {
				found = append(found, s.breach(n, "imports %s", imp))
			}
		}
	}
	return found
}

func throughDoors(files []source) (found []breach) {
	for _, s := range files {
		if s.isTest() || s.within("bench") {
			continue
		}
		for n, imp := range s.imports {
			if !isThirdParty(imp) {
				continue
			}
			door := ""
			for lib, dir := range doors {
				if under(imp, lib) {
					door = dir
				}
			}
			switch {
			case door == "":
				found = append(found, s.breach(n, "imports %s, which has no door yet (see doors in law_test.go)", imp))
			case !s.within(door):
				found = append(found, s.breach(n, "imports %s, whose door is %s", imp, door))
			}
		}
	}
	return found
}

func noInit(files []source) (found []breach) {
	for _, s := range files {
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && !s.isTest() && f.Recv == nil && f.Name.Name == "init" {
				found = append(found, s.breach(f, "has a func init"))
			}
		}
	}
	return found
}

func noState(files []source) (found []breach) {
	for _, s := range files {
		if s.isTest() || s.within(edge...) {
			continue
		}
		for group, spec := range specs[*ast.ValueSpec](s) {
			if group.Tok == token.VAR && !isConstant(group, spec) {
				found = append(found, s.breach(spec, "var %s is package-level state"+
					" (if nothing ever changes it, say so with the word immutable in its comment)", spec.Names[0].Name))
			}
		}
	}
	return found
}

// isConstant tells whether a package-level variable is one in form only.
func isConstant(group *ast.GenDecl, v *ast.ValueSpec) bool {
	if v.Values == nil {
		return hasComment("//go:embed ", group.Doc, v.Doc)
	}
	if !slices.ContainsFunc(v.Names, func(n *ast.Ident) bool { return n.Name != "_" }) {
		return true // var _ Interface = Type{}
	}
	marked := hasComment("immutable", group.Doc, v.Doc)
	return !slices.ContainsFunc(v.Values, func(e ast.Expr) bool {
		if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.AND {
			e = u.X
		}
		switch e := e.(type) {
		case *ast.CompositeLit:
			return !marked
		case *ast.CallExpr:
			known := []string{"errors.New", "fmt.Errorf", "regexp.MustCompile"}
			sel, ok := e.Fun.(*ast.SelectorExpr)
			return !marked && !(ok && slices.Contains(known, fmt.Sprint(sel.X)+"."+sel.Sel.Name))
		}
		return true
	})
}

func hasComment(text string, groups ...*ast.CommentGroup) bool {
	return slices.ContainsFunc(groups, func(g *ast.CommentGroup) bool {
		return g != nil && slices.ContainsFunc(g.List, func(c *ast.Comment) bool {
			return strings.Contains(c.Text, text)
		})
	})
}

func noSurroundings(files []source) (found []breach) {
	for _, s := range files {
		if s.isTest() || s.within(edge...) {
			continue
		}
		names := map[string]string{} // local name to import path
		for n, imp := range s.imports {
			forbidden, known := surroundings[imp]
			if !known {
				continue
			}
			local := imp
			if name := n.(*ast.ImportSpec).Name; name != nil {
				local = name.Name
			}
			names[local] = imp
			if forbidden == nil || local == "." {
				found = append(found, s.breach(n, "imports %s", imp))
			}
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			// An identifier that the parser resolved is a variable, not the package.
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(surroundings[names[x.Name]], sel.Sel.Name) {
				found = append(found, s.breach(sel, "uses %s.%s", names[x.Name], sel.Sel.Name))
			}
			return true
		})
	}
	return found
}

func documented(files []source) (found []breach) {
	first := map[string]source{} // package directory to its first file
	told := map[string]bool{}    // package directory has a package comment
	for _, s := range files {
		if s.isTest() {
			continue
		}
		if _, ok := first[s.dir()]; !ok {
			first[s.dir()] = s
		}
		told[s.dir()] = told[s.dir()] || s.Doc.Text() != ""

		undocumented := func(n ast.Node, name *ast.Ident, docs ...*ast.CommentGroup) {
			said := func(g *ast.CommentGroup) bool { return g.Text() != "" }
			if name.IsExported() && !slices.ContainsFunc(docs, said) {
				found = append(found, s.breach(n, "%s has no doc comment", name.Name))
			}
		}
		for _, d := range s.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (f.Recv == nil || ast.IsExported(receiver(f))) {
				undocumented(f, f.Name, f.Doc)
			}
		}
		for group, spec := range specs[*ast.TypeSpec](s) {
			doc := group.Doc
			if group.Lparen.IsValid() {
				doc = nil // each type of a group needs its own
			}
			undocumented(spec, spec.Name, spec.Doc, doc)
		}
		for group, spec := range specs[*ast.ValueSpec](s) {
			for _, name := range spec.Names {
				undocumented(name, name, spec.Doc, spec.Comment, group.Doc)
			}
		}
	}
	for dir, s := range first {
		if !told[dir] {
			found = append(found, s.breach(s.Name, "package %s has no package comment", s.Name.Name))
		}
	}
	slices.SortFunc(found, func(a, b breach) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	return found
}

// receiver returns the name of the type that a method belongs to.
func receiver(f *ast.FuncDecl) string {
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name // the first: type arguments come after it
		}
		return name == ""
	})
	return name
}

// specs yields the top-level declarations of one sort, with their groups.
func specs[T ast.Spec](s source) func(func(*ast.GenDecl, T) bool) {
	return func(yield func(*ast.GenDecl, T) bool) {
		for _, d := range s.Decls {
			group, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range group.Specs {
				if spec, ok := spec.(T); ok && !yield(group, spec) {
					return
				}
			}
		}
	}
}

func namesSaySomething(files []source) (found []breach) {
	for _, s := range files {
		for _, name := range []string{s.Name.Name, path.Base(s.dir())} {
			if emptyName.MatchString(name) {
				found = append(found, s.breach(s.Name, "is in a package named %s", name))
				break
			}
		}
	}
	return found
}
