package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// TestMain makes the test binary the program itself where it is called by the
// name rollcall, so that scripts and live tests run the real thing, with the
// race detector and coverage where these are on.
func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" {
		// Without it each process sleeps for a second before it ends.
		os.Setenv("GORACE", "atexit_sleep_ms=0")
	}
	testscript.Main(tidy{m}, map[string]func(){"rollcall": main})
}

// tidy removes what the tests share.
type tidy struct{ *testing.M }

func (m tidy) Run() int {
	code := m.M.Run()
	if imported.temp != "" {
		os.RemoveAll(imported.temp)
	}
	return code
}

// TestScripts runs the command line; testdata/script/README says what its own
// commands do.
func TestScripts(t *testing.T) {
	kubernetes, err := filepath.Abs("../../internal/intake/testdata/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBERNETES", kubernetes)
			env.Setenv("SHEETS", filepath.Join(filepath.Dir(kubernetes), "sheet"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     scriptExits,
			"json":      scriptJSON,
			"jsonenv":   scriptJSONEnv,
			"jsoncmp":   scriptJSONCmp,
			"mode":      scriptMode,
			"cmpdir":    scriptCmpDir,
			"newschema": scriptNewSchema,
		},
	})
}

// scriptExits runs a program and checks its exit code: exits CODE PROGRAM ARG…
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: exits code program [arg...]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// scriptJSON compares a value within a file, stdout or stderr: json FILE PATH
// VALUE. Without a value it is enough that the path leads to something.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: json file path [value]")
	}
	got, err := evaluate(readJSON(ts, args[0]), args[1])
	if len(args) == 2 {
		if (err == nil) == neg {
			ts.Fatalf("%s leads to %s (%v)", args[1], canonical(got), err)
		}
		return
	}
	if err != nil {
		ts.Fatalf("%v", err)
	}
	var want any
	if json.Unmarshal([]byte(args[2]), &want) != nil {
		want = args[2] // a bare word is a string
	}
	if reflect.DeepEqual(got, want) == neg {
		ts.Fatalf("%s is %s; wanted, or not: %s", args[1], canonical(got), canonical(want))
	}
}

// scriptJSONEnv keeps a string of a JSON text: jsonenv NAME FILE PATH.
func scriptJSONEnv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: jsonenv name file path")
	}
	v, err := evaluate(readJSON(ts, args[1]), args[2])
	ts.Check(err)
	if s, ok := v.(string); ok {
		ts.Setenv(args[0], s)
		return
	}
	ts.Setenv(args[0], canonical(v))
}

// scriptJSONCmp compares two whole JSON texts: jsoncmp FILE WANTED. The order
// of keys and the blanks do not matter; in WANTED "<any>" stands for any value.
func scriptJSONCmp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: jsoncmp file wanted")
	}
	got, want := readJSON(ts, args[0]), readJSON(ts, args[1])
	if !matches(got, want) {
		ts.Fatalf("the JSON is\n%s\nwanted\n%s", canonical(got), canonical(want))
	}
}

func readJSON(ts *testscript.TestScript, file string) any {
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &v); err != nil {
		ts.Fatalf("%s is not JSON: %v", file, err)
	}
	return v
}

func canonical(v any) string {
	b, err := json.Marshal(v) // sorts the keys
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func matches(got, want any) bool {
	switch want := want.(type) {
	case string:
		return want == "<any>" || got == want
	case []any:
		got, ok := got.([]any)
		return ok && slices.EqualFunc(got, want, matches)
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return false
		}
		for k, w := range want {
			if g, there := got[k]; !there || !matches(g, w) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}

// evaluate follows a path such as ".[0].name", `.["activity.closing_hour"]`,
// ". | length" or ".plan | keys".
func evaluate(v any, path string) (any, error) {
	path, filter, _ := strings.Cut(path, "|")
	rest := strings.TrimSpace(path)
	for rest != "" && rest != "." {
		var key any
		switch {
		case strings.HasPrefix(rest, ".["), strings.HasPrefix(rest, "["):
			rest = strings.TrimPrefix(rest, ".")
			inside, after, ok := strings.Cut(rest[1:], "]")
			if err := json.Unmarshal([]byte(inside), &key); err != nil || !ok {
				return nil, fmt.Errorf("%q is not a path", path)
			}
			rest = after
		case strings.HasPrefix(rest, "."):
			end := strings.IndexAny(rest[1:], ".[") + 1
			if end == 0 {
				end = len(rest)
			}
			key, rest = rest[1:end], rest[end:]
		default:
			return nil, fmt.Errorf("%q is not a path", path)
		}
		switch at := v.(type) {
		case map[string]any:
			next, there := at[fmt.Sprint(key)]
			if !there {
				return nil, fmt.Errorf("there is no %v in %s", key, canonical(v))
			}
			v = next
		case []any:
			i, ok := key.(float64)
			if !ok || int(i) >= len(at) {
				return nil, fmt.Errorf("there is no %v in %s", key, canonical(v))
			}
			v = at[int(i)]
		default:
			return nil, fmt.Errorf("there is no %v in %s", key, canonical(v))
		}
	}
	switch strings.TrimSpace(filter) {
	case "":
		return v, nil
	case "length":
		switch v := v.(type) {
		case []any:
			return float64(len(v)), nil
		case map[string]any:
			return float64(len(v)), nil
		case string:
			return float64(len(v)), nil
		}
	case "keys":
		if m, ok := v.(map[string]any); ok {
			keys := []any{}
			for k := range m {
				keys = append(keys, k)
			}
			slices.SortFunc(keys, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			return keys, nil
		}
	}
	return nil, fmt.Errorf("cannot take %s of %s", filter, canonical(v))
}

// scriptMode checks the permissions of files: mode 0600 FILE…
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: mode octal file...")
	}
	for _, pattern := range args[1:] {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		if err != nil || len(files) == 0 {
			ts.Fatalf("no file is called %s", pattern)
		}
		for _, file := range files {
			info, err := os.Stat(file)
			ts.Check(err)
			if got := info.Mode().Perm(); got != os.FileMode(want) {
				ts.Fatalf("%s has the mode %04o, not %04o", file, got, want)
			}
		}
	}
}

// scriptCmpDir compares the files of two directories: cmpdir A B.
func scriptCmpDir(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cmpdir dir1 dir2")
	}
	a, b := readDir(ts, args[0]), readDir(ts, args[1])
	same := len(a) > 0 && len(a) == len(b)
	for name := range a {
		same = same && bytes.Equal(a[name], b[name])
	}
	if same == neg {
		ts.Fatalf("%s and %s have the same files: %v", args[0], args[1], same)
	}
}

// readDir reads the CSV files of a directory.
func readDir(ts *testscript.TestScript, dir string) map[string][]byte {
	paths, err := filepath.Glob(filepath.Join(ts.MkAbs(dir), "*.csv"))
	ts.Check(err)
	files := map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		ts.Check(err)
		files[filepath.Base(path)] = b
	}
	return files
}

// scriptNewSchema makes a database look like that of a newer program:
// newschema DIR.
func scriptNewSchema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newschema dir")
	}
	conn, err := sqlite.OpenConn(filepath.Join(ts.MkAbs(args[0]), "rollcall.db"), sqlite.OpenReadWrite)
	ts.Check(err)
	defer conn.Close()
	ts.Check(sqlitex.ExecuteTransient(conn, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)", nil))
}
