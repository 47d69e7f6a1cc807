package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"rollcall"
	"rollcall/internal/intake"
)

// commands returns the model of every command that can be called.
func commands(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := kong.New(&cli{}, kong.Name("rollcall"))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model.Leaves(false)
}

// calledBy is how a command is called, without its arguments: "app create".
func calledBy(n *kong.Node) string {
	if n.Parent == nil || n.Parent.Type == kong.ApplicationNode {
		return n.Name
	}
	return calledBy(n.Parent) + " " + n.Name
}

// oneLine puts a text that was broken into lines together again.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// The help of a command says what the command is for, and of each flag what it
// means.
func TestHelpTeaches(t *testing.T) {
	for _, c := range commands(t) {
		t.Run(calledBy(c), func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			args := append(strings.Fields(calledBy(c)), "--help")
			if code := run(args, streams{nil, &out, &errs}); code != exitDone || errs.Len() > 0 {
				t.Fatalf("exit code %d, %s", code, errs.String())
			}
			help := oneLine(out.String())
			if !strings.HasPrefix(help, "Usage: rollcall "+calledBy(c)+" ") || !strings.Contains(help, c.Help) || c.Help == "" {
				t.Errorf("the help does not say what the command does:\n%s", out.String())
			}
			for _, f := range c.Flags {
				if f.Help == "" || !strings.Contains(help, "--"+f.Name) || !strings.Contains(help, strings.TrimRight(oneLine(f.Help), ".")) {
					t.Errorf("the help does not say what --%s means:\n%s", f.Name, out.String())
				}
			}
			for _, p := range c.Positional {
				if p.Help == "" || !strings.Contains(help, p.Help) {
					t.Errorf("the help does not say what %s means:\n%s", p.Name, out.String())
				}
			}
		})
	}
}

// sections returns docs/cli.md by its headings.
func sections(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	found, heading := map[string]string{}, ""
	code := false
	for line := range strings.Lines(string(b)) {
		code = code != strings.HasPrefix(line, "```")
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' && !code {
			heading = strings.ReplaceAll(strings.TrimSpace(title), "`", "")
			if _, twice := found[heading]; twice {
				t.Errorf("the heading %q is there twice", heading)
			}
			found[heading] = ""
			continue
		}
		found[heading] += line
	}
	return found
}

const commonFlags = "Flags of many commands"

// named tells whether a text has a name in code letters, alone or with
// something behind it.
func named(text, name string) bool {
	return regexp.MustCompile("`" + regexp.QuoteMeta(name) + "[`= ]").MatchString(text)
}

// docs/cli.md has every command, flag and argument, and no others.
func TestDocumentHasTheCommandLine(t *testing.T) {
	docs := sections(t)
	flag := regexp.MustCompile(`--[a-z][a-z-]*`)
	known := map[string]bool{}
	for _, c := range commands(t) {
		title := "rollcall " + calledBy(c)
		known[title] = true
		text, ok := docs[title]
		if !ok {
			t.Errorf("no section has the heading %q", title)
			continue
		}
		has := []string{}
		for _, f := range c.Flags {
			name := "--" + f.Name
			has = append(has, name)
			if !named(text, name) && !named(docs[commonFlags], name) {
				t.Errorf("%s: %s is missing", title, name)
			}
			if f.Short != 0 && !named(text, "-"+string(f.Short)) && !named(docs[commonFlags], "-"+string(f.Short)) {
				t.Errorf("%s: -%c is missing", title, f.Short)
			}
			if f.Default != "" && !strings.Contains(text, "`"+f.Default+"`") {
				t.Errorf("%s: the default of %s, %s, is missing", title, name, f.Default)
			}
			for _, env := range f.Envs {
				if !named(docs[commonFlags], env) {
					t.Errorf("%s is missing", env)
				}
			}
			for _, value := range f.EnumSlice() {
				if f.Enum != "" && !named(text, value) {
					t.Errorf("%s: the value %s of %s is missing", title, value, name)
				}
			}
		}
		for _, p := range c.Positional {
			if !named(text, strings.ToUpper(p.Name)) {
				t.Errorf("%s: the argument %s is missing", title, p.Name)
			}
		}
		for _, name := range flag.FindAllString(text, -1) {
			if !slices.Contains(has, name) {
				t.Errorf("%s: the command has no flag %s", title, name)
			}
		}
	}
	for title := range docs {
		if strings.HasPrefix(title, "rollcall ") && !known[title] {
			t.Errorf("there is no command %q", title)
		}
	}
	for code := exitDone; code <= exitRefused; code++ {
		if !strings.Contains(docs["Exit codes"], fmt.Sprintf("\n| %d |", code)) {
			t.Errorf("the exit code %d is missing", code)
		}
	}
}

// Every rollcall command in a code block is one that can be called.
func TestDocumentedExamplesAreValid(t *testing.T) {
	parsed := 0
	for title, text := range sections(t) {
		code := false
		text = strings.ReplaceAll(text, "\\\n", " ")
		for line := range strings.Lines(text) {
			code = code != strings.HasPrefix(line, "```")
			command, _, _ := strings.Cut(line, " #")
			command, _, _ = strings.Cut(strings.TrimSpace(command), " > ")
			args, ok := strings.CutPrefix(command, "rollcall ")
			if !code || !ok {
				continue
			}
			parser, err := kong.New(&cli{}, kong.Name("rollcall"), kong.Exit(func(int) {}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(shellWords(args)); err != nil {
				t.Errorf("%s: %s: %v", title, command, err)
			}
			parsed++
		}
	}
	if parsed < 20 {
		t.Errorf("only %d examples were found", parsed)
	}
}

// shellWords takes a command line apart as a shell does, with quotes only.
func shellWords(line string) []string {
	var words []string
	for _, w := range regexp.MustCompile(`(?:"[^"]*"|'[^']*'|\S)+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(w, `"'`))
	}
	return words
}

// The columns of the files are in the document as they are in the code.
func TestDocumentHasTheColumns(t *testing.T) {
	docs := sections(t)
	empty := filepath.Join(t.TempDir(), "empty.csv")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for title, files := range map[string]intake.Files{
		"departments.csv": {Departments: empty}, "users.csv": {Users: empty}, "signins.csv": {SignIns: empty},
		"roles.csv": {Roles: empty},
	} {
		// An empty file is refused with a list of the columns.
		_, problems, err := intake.Read(t.Context(), files, nil)
		if err != nil || len(problems) != 1 {
			t.Fatal(problems, err)
		}
		_, list, ok := strings.Cut(problems[0].Message, "the columns are ")
		if !ok {
			t.Fatalf("the message is %q", problems[0].Message)
		}
		required, optional, _ := strings.Cut(list, ", and if wanted ")
		want := map[string]string{}
		for name := range strings.SplitSeq(required, ", ") {
			want[name] = "yes"
		}
		if optional != "" {
			for name := range strings.SplitSeq(optional, ", ") {
				want[name] = "no"
			}
		}
		got := map[string]string{}
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (yes|no) \\| ").FindAllStringSubmatch(docs[title], -1) {
			got[row[1]] = row[2]
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the document has the columns %v, the program %v", title, got, want)
		}
	}
}

// The document has every key of the JSON that commands print, every setting and
// every permission point.
func TestDocumentHasTheShapes(t *testing.T) {
	docs := sections(t)
	for command, value := range map[string]any{
		"init": rollcall.Corp{}, "import": importResult{Plan: &intake.Summary{}, Problems: []intake.Problem{{}}},
		"app create": appSecret{}, "app list": appRow{}, "app rotate-secret": nil, "settings": rollcall.Settings{},
		"dept list": deptRow{}, "dept get": deptDetail{}, "dept delete": deptDeleted{}, "user list": userRow{}, "user get": userDetail{}, "user delete": userDeleted{}, "user erase": userErased{}, "inactive": inactiveRow{}, "activity": activityRow{}, "signin import": signInResult{}, "check": checked{},
		"backup": backupResult{Organizations: []movedResult{{}}}, "restore": restoreResult{}, "migrate": migrateResult{},
		"role list": roleRow{}, "role show": roleDetail{}, "role give": holdingResult{}, "role group list": groupRow{},
	} {
		for _, key := range jsonKeys(reflect.TypeOf(value)) {
			if !strings.Contains(docs["rollcall "+command], `"`+key+`"`) {
				t.Errorf("rollcall %s: the key %s of its JSON is missing", command, key)
			}
		}
	}
	for _, key := range jsonKeys(reflect.TypeFor[checkedBackup]()) {
		if !strings.Contains(docs["rollcall check"], `"`+key+`"`) {
			t.Errorf("rollcall check: the key %s of its JSON about a backup is missing", key)
		}
	}
	for _, key := range rollcall.SettingKeys() {
		if !named(docs["rollcall settings"], key) {
			t.Errorf("the setting %s is missing", key)
		}
	}
	for _, p := range rollcall.Permissions() {
		if !named(docs["rollcall app create"], string(p)) {
			t.Errorf("the permission point %s is missing", p)
		}
	}
}

func jsonKeys(t reflect.Type) (keys []string) {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name != "" {
			keys = append(keys, name)
		}
		keys = append(keys, jsonKeys(f.Type)...)
	}
	return keys
}
