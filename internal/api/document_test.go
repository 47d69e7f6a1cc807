package api_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/wire"
)

var update = flag.Bool("update", false, "write docs/wire.md anew")

const wireHead = `# The endpoints, and what shows that they are right

Made from the table of endpoints and from what tests it:
` + "`go test ./internal/api -run TestWireDocument -update`" + `.

For every endpoint, scripts (internal/api/testdata/wire: requests as they go over
the wire, replies byte for byte) show

- a success, and each error that it can answer: of the token, the permission
  point, the app type and the method, of each parameter when it is missing,
  malformed or out of range, of a body that cannot be parsed, and its own;
- each member of a reply that is there in some cases only, present and absent.

A test fails where one of these is not in a script, another where a reply in any
test of internal/api is not what the table and the OpenAPI document say. What
the scripts show beyond that is listed below, with the decision (D…) or the
section of the documentation that it follows.

"Recorded" are requests of clients as their authors publish them, recorded and
sent again byte for byte (internal/wire/testdata/captures). "SDKs" are programs of
` + "`make conformance`" + ` that name the path; others reach it by a method of their SDK.
"Tests" name the endpoint in internal/api and cmd/rollcall. ` + "`make fuzz-api`" + ` calls
every endpoint with made-up values. "Chosen" is what nothing shows of the
real service; [divergences.md](divergences.md) has what is common to many.
`

// rule is one rule of the scripts that is about an endpoint.
type rule struct{ file, text string }

// usual matches the rules that every endpoint has.
var usual = regexp.MustCompile(`^(token missing|token wrong|permission point missing|app type|another method|success|` +
	`the body cannot be parsed|[A-Za-z_]+ (missing|malformed|out of range))(,? .*)?$`)

// title matches a rule: what it follows, the endpoints that it is about, and
// what it says.
var title = regexp.MustCompile(`^((?:contract )?[D0-9][0-9.]*|order of checks),?((?: [a-zA-Z0-9_/{}.-]+(?: and)?)*): (.*)$`)

// rulesOf lists the rules of the scripts by path, without those that every
// endpoint has.
func rulesOf(t *testing.T, endpoints []*wire.Endpoint) map[string][]rule {
	t.Helper()
	rules := map[string][]rule{}
	for _, s := range readScripts(t) {
		for _, step := range s.steps {
			m := title.FindStringSubmatch(step.title)
			if m == nil {
				t.Fatalf("%s:%d: the rule %q does not say what it follows", s.file, step.line, step.title)
			}
			for _, request := range step.requests {
				target := choices.ReplaceAllString(placeholder.ReplaceAllString(strings.Fields(request)[1], "x"), "x")
				path, _, _ := strings.Cut(target, "?")
				if u, err := url.PathUnescape(path); err == nil {
					path = u
				}
				if ep := endpointOf(endpoints, path); ep != nil {
					path = ep.Path
				}
				r := rule{filepath.Base(s.file), m[3] + " (" + strings.TrimPrefix(m[1], "contract ") + ")"}
				if !slices.Contains(rules[path], r) && (!usual.MatchString(m[3]) || strings.HasPrefix(m[3], "success,")) {
					rules[path] = append(rules[path], r)
				}
			}
		}
	}
	return rules
}

// testsNaming lists the tests in a directory that name a path.
func testsNaming(t *testing.T, dir string, paths []string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	naming := map[string][]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			test, ok := d.(*ast.FuncDecl)
			if !ok || test.Recv != nil || !strings.HasPrefix(test.Name.Name, "Test") {
				continue
			}
			ast.Inspect(test, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				for _, path := range paths {
					if err == nil && names(text, path) && !slices.Contains(naming[path], test.Name.Name) {
						naming[path] = append(naming[path], test.Name.Name)
					}
				}
				return true
			})
		}
	}
	return naming
}

// sdksNaming lists the clients of the conformance tests whose programs name a
// path.
func sdksNaming(t *testing.T, paths []string) map[string][]string {
	t.Helper()
	const root = "../../conformance"
	naming := map[string][]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".java", ".js", ".py", ".sh"}, filepath.Ext(file)) {
			return err
		}
		client, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		for _, path := range paths {
			if names(string(b), path) && !slices.Contains(naming[path], filepath.ToSlash(client)) {
				naming[path] = append(naming[path], filepath.ToSlash(client))
			}
		}
		return err
	})
	if err != nil || len(naming) == 0 {
		t.Fatalf("no programs in %s: %v", root, err)
	}
	return naming
}

// names tells whether a text has a path in it that is no part of a longer one.
func names(text, path string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/"
	for from := 0; ; {
		i := strings.Index(text[from:], path)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(path)
		// A host, or a variable that holds one, may stand before it.
		host := i == 0 || !strings.Contains(letters, text[i-1:i]) || hostBefore.MatchString(text[max(0, i-40):i])
		if host && (end == len(text) || !strings.Contains(letters, text[end:end+1])) {
			return true
		}
		from = end
	}
}

// hostBefore matches what ends with a host or a port.
var hostBefore = regexp.MustCompile(`https?://[^/\s]+$|:[0-9]+$`)

// wireMarkdown renders docs/wire.md.
func wireMarkdown(t *testing.T) string {
	endpoints := (&api.Server{}).Endpoints()
	var paths []string
	for _, ep := range endpoints {
		paths = append(paths, ep.Path)
	}
	rules := rulesOf(t, endpoints)
	recorded := map[string]map[string]int{}
	for _, c := range readCaptures(t) {
		if recorded[c.path] == nil {
			recorded[c.path] = map[string]int{}
		}
		client, _, _ := strings.Cut(c.name, " ")
		recorded[c.path][client]++
	}
	sdks := sdksNaming(t, paths)
	inAPI, inCmd := testsNaming(t, ".", paths), testsNaming(t, "../../cmd/rollcall", paths)
	var b strings.Builder
	b.WriteString(wireHead)
	slices.SortStableFunc(endpoints, func(a, b *wire.Endpoint) int { return strings.Compare(a.Path, b.Path) })
	for _, ep := range endpoints {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s. %s.\n\n", ep.Path, ep.Summary, strings.Join(callers(ep), "; "))
		byFile := map[string][]string{}
		for _, r := range rules[ep.Path] {
			byFile[r.file] = append(byFile[r.file], r.text)
		}
		for _, file := range slices.Sorted(maps.Keys(byFile)) {
			fmt.Fprintf(&b, "- `%s`: %s\n", file, strings.Join(byFile[file], "; "))
		}
		var clients []string
		for _, client := range slices.Sorted(maps.Keys(recorded[ep.Path])) {
			clients = append(clients, fmt.Sprintf("%s (%d)", client, recorded[ep.Path][client]))
		}
		if clients != nil {
			fmt.Fprintf(&b, "- Recorded: %s\n", strings.Join(clients, ", "))
		}
		if clients := sdks[ep.Path]; clients != nil {
			fmt.Fprintf(&b, "- SDKs: %s\n", strings.Join(clients, ", "))
		}
		tests := slices.Concat(inAPI[ep.Path], inCmd[ep.Path])
		slices.Sort(tests)
		if tests != nil {
			fmt.Fprintf(&b, "- Tests: %s\n", strings.Join(slices.Compact(tests), ", "))
		}
		for _, what := range ep.Chosen {
			fmt.Fprintf(&b, "- Chosen: %s\n", what)
		}
	}
	return b.String()
}

// callers says how and by whom an endpoint is called.
func callers(ep *wire.Endpoint) []string {
	all := []string{strings.Join(ep.Methods, " or ")}
	switch {
	case ep.Public:
		all = append(all, "no token")
	case ep.Permission != "":
		all = append(all, "`"+string(ep.Permission)+"`")
	}
	if len(ep.AppTypes) == 1 {
		all = append(all, "only "+string(ep.AppTypes[0])+" apps")
	}
	return all
}

// docs/wire.md is made from the table and from what tests it.
func TestWireDocument(t *testing.T) {
	const path = "../../docs/wire.md"
	want := wireMarkdown(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/wire.md is not what the table and the scripts say; make it anew: go test ./internal/api -run TestWireDocument -update")
	}
}
