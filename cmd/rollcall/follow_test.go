package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// kubernetesWorld is the organization without its sign-ins, in a new directory.
// It is imported once, by whoever comes first.
func kubernetesWorld(t *testing.T) (dir string) {
	t.Helper()
	imported.once.Do(func() {
		made, err := os.MkdirTemp("", "kubernetes-")
		if err != nil {
			t.Fatal(err)
		}
		imported.temp, dir = made, filepath.Join(made, "data")
		do(t, "init", "--data", dir, "--name", "Kubernetes")
		do(t, "settings", "--data", dir, "activity.retention_days", "0")
		do(t, "import", "--data", dir, "--yes", "--departments", kubernetesFiles+"departments.csv", "--users", kubernetesFiles+"users.csv")
		imported.dir = dir
	})
	if imported.dir == "" {
		t.Fatal("the organization could not be imported")
	}
	dir = filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(imported.dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"key", "rollcall.db"} { // which nobody else may read
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// imported is what kubernetesWorld copies; TestMain removes it.
var imported struct {
	once      sync.Once
	temp, dir string
}

const kubernetesFiles = "../../internal/intake/testdata/kubernetes/"

// exportedSignIns returns the file that an export writes.
func exportedSignIns(t *testing.T, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "export")
	do(t, "export", "--data", dir, "--out", out)
	b, err := os.ReadFile(filepath.Join(out, "signins.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The sign-ins of a real organization are the same days whether its file is
// imported as a whole, imported as a feed, or followed as a log through rotation
// and restarts.
func TestFollowingAndImportingGiveTheSameDays(t *testing.T) {
	t.Parallel()
	whole := kubernetesWorld(t)
	do(t, "import", "--data", whole, "--yes", "--signins", kubernetesFiles+"signins.csv")
	want := exportedSignIns(t, whole)
	if strings.Count(want, "\n") < 10_000 {
		t.Fatalf("the files have only %d lines", strings.Count(want, "\n"))
	}

	fed := kubernetesWorld(t)
	do(t, "signin", "import", "--data", fed, kubernetesFiles+"signins.csv")
	if exportedSignIns(t, fed) != want {
		t.Error("signin import gives other days than import --signins")
	}

	// The same as a log, in any order, with lines that are about something else.
	rng := rand.New(rand.NewPCG(1, 2))
	rows := strings.Split(strings.TrimSpace(want), "\n")[1:]
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var text strings.Builder
	for _, row := range rows {
		day, userid, _ := strings.Cut(row, ",")
		fmt.Fprintf(&text, "%s-%s-%sT%02d:%02d:00+08:00 login user=%s\n", day[:4], day[4:6], day[6:], rng.IntN(24), rng.IntN(60), userid)
		if rng.IntN(10) == 0 {
			fmt.Fprintf(&text, "%s-%s-%sT00:00:00+08:00 logout user=%s\n", day[:4], day[4:6], day[6:], userid)
		}
	}
	followed, logs := kubernetesWorld(t), t.TempDir()
	path := filepath.Join(logs, "sso.log")
	for part, rest := 0, text.String(); rest != ""; part++ {
		n := min(len(rest), text.Len()/5+1) // in the middle of a line
		appendTo(t, path, rest[:n])
		rest = rest[n:]
		do(t, "signin", "follow", "--data", followed, "--once", "--file", path, "--state", filepath.Join(logs, "state"),
			"--pattern", `^(?P<time>\S+) login user=(?P<userid>\S+)$`)
		if part%2 == 0 && rest != "" {
			if err := os.Rename(path, fmt.Sprintf("%s.%d", path, part)); err != nil {
				t.Fatal(err)
			}
			// Who has it open finishes the line there.
			end := strings.IndexByte(rest, '\n') + 1
			appendTo(t, fmt.Sprintf("%s.%d", path, part), rest[:end])
			rest = rest[end:]
		}
	}
	if exportedSignIns(t, followed) != want {
		t.Error("signin follow gives other days than import --signins")
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
