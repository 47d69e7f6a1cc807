package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/store/sqlite"
)

// must runs a command line that has to succeed, and returns what it prints.
func must(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, streams{nil, &out, &errs}); code != exitDone {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	return out.String()
}

// After a person was erased, no file of the data directory holds any value that
// the person ever had, whatever became of the person before; others keep theirs,
// and counts and ordinals are the same. Another process has the database open.
func TestErasedValuesAreInNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	users := "userid,name,dept_id_list,mobile,email,title\n"
	for i := range 200 {
		n := string([]rune{'a' + rune(i/26), 'a' + rune(i%26)})
		users += fmt.Sprintf("user%s,Person %s,1,138%08d,%s@example.com,Title of %s\n", n, n, i, n, n)
	}
	file := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(file, []byte(users), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "init", "--data", data, "--name", "Example", "--corp-id", "corp1")
	must(t, "import", "--data", data, "--users", file)
	must(t, "user", "create", "--data", data, "erase.me", "--name", "Forgettable First", "--mobile", "13911112222", "--email", "forget@example.com")
	must(t, "user", "update", "--data", data, "erase.me", "--name", "Forgettable Second", "--mobile", "+852-91112222", "--remark", "unforgettable remark",
		"--work-place", "Forgotten Tower", "--extension", `{"badge":"forgotten-17"}`, "--unionid", "forgotten-union", "--dept-title", "1=Forgotten Chief")
	must(t, "user", "delete", "--data", data, "erase.me")
	must(t, "user", "create", "--data", data, "erase.me", "--name", "Forgettable Third", "--telephone", "forgotten 8001", "--manager", "useraa")
	must(t, "user", "update", "--data", data, "useraa", "--manager", "")
	must(t, "app", "create", "--data", data, "--name", "scoped", "--permission", "qyapi_get_member", "--scope-user", "erase.me", "--scope-user", "useraa")

	values := []string{
		"erase.me", "Forgettable First", "Forgettable Second", "Forgettable Third", "13911112222", "91112222", "forget@example.com",
		"unforgettable remark", "Forgotten Tower", "forgotten-17", "forgotten-union", "Forgotten Chief", "forgotten 8001",
	}
	for _, v := range values {
		if len(filesWith(t, data, v)) == 0 {
			t.Errorf("%q was in no file to begin with", v)
		}
	}
	other, err := sqlite.Open(t.Context(), data, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Heads(t.Context()); err != nil {
		t.Fatal(err)
	}

	before := must(t, "user", "list", "--data", data, "--csv")
	if out := must(t, "user", "erase", "--data", data, "erase.me", "--leave"); out != "Erased; what is left is called erased-200.\n" {
		t.Errorf("it says %q", out)
	}
	for _, v := range values {
		if files := filesWith(t, data, v); len(files) > 0 {
			t.Errorf("%q is still in %v", v, files)
		}
	}
	for _, v := range []string{"userab", "Person hr", "13800000199", "aa@example.com", "erased-200"} {
		if len(filesWith(t, data, v)) == 0 {
			t.Errorf("%q is gone too", v)
		}
	}
	after := must(t, "user", "list", "--data", data, "--csv")
	if gone := strings.Count(before, "\n") - strings.Count(after, "\n"); gone != 1 {
		t.Errorf("%d people less are listed", gone)
	}
	if out := must(t, "user", "create", "--data", data, "next", "--name", "Next", "--json"); !strings.Contains(out, `"ordinal": 201,`) {
		t.Errorf("the next one is %s", out)
	}
	if out := must(t, "check", "--data", data, "--json"); !strings.Contains(out, `"people": 202,`) || !strings.Contains(out, `"present": 201,`) {
		t.Errorf("the check says %s", out)
	}
	if out := must(t, "app", "list", "--data", data, "--json"); !strings.Contains(out, `"erased-200"`) {
		t.Errorf("the contact scope is lost: %s", out)
	}
}

// filesWith returns the files of a directory that hold a text.
func filesWith(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			found = append(found, e.Name())
		}
	}
	return found
}
