package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// What names no database, or one too many, is wrong usage; what is wrong about a
// URL does not show it.
func TestDatabaseFlags(t *testing.T) {
	t.Parallel()
	dir := liveCorp(t)
	file := write(t, t.TempDir(), "url", "sqlite:"+dir+"\n")
	for _, flags := range [][]string{{"--database", "sqlite:" + dir}, {"--database-file", file}, {"--data", t.TempDir(), "--database", "sqlite:" + dir}} {
		if out := do(t, append([]string{"user", "list", "--csv"}, flags...)...); strings.Count(out, "\n") != 5 {
			t.Errorf("%v: %s", flags, out)
		}
	}
	secret := "hunter2"
	for flags, code := range map[string]int{
		"--database mysql://u:" + secret + "@h/n": exitUsage,
		"--database " + secret:                    exitUsage,
		"--database sqlite:":                      exitUsage,
		"--database postgres://u:" + secret + "@127.0.0.1:1/n?connect_timeout=1": exitFailed,
		"--database postgres://u:" + secret + "@127.0.0.1/n?sslmode=x":           exitFailed,
		"--database sqlite:" + dir + " --database-file " + file:                  exitUsage,
		"--database-file " + filepath.Join(dir, "missing"):                       exitFailed,
		"--key-file x": exitUsage,
		"--database-file " + write(t, t.TempDir(), "url", "mysql://u:"+secret+"@h"): exitUsage,
	} {
		f := runCommand(t, append([]string{"dept", "list"}, strings.Fields(flags)...)...)
		if f.code != code || strings.Contains(f.stdout+f.stderr, secret) || f.stderr == "" {
			t.Errorf("%s: exit code %d, not %d: %s", flags, f.code, code, f.stderr)
		}
	}
	// A database in PostgreSQL has no place for the key.
	f := runCommand(t, "init", "--database", "postgres://u@127.0.0.1:1/n", "--name", "x")
	if f.code != exitUsage || !strings.Contains(f.stderr, "--key-file") {
		t.Errorf("without a key file: exit code %d, %s", f.code, f.stderr)
	}
}
