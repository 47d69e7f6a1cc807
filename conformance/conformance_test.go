//go:build conformance

package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A client is a published SDK and the program here that drives it.
type client struct {
	name string
	// fetch brings the SDK in. An error means that it cannot be had here.
	fetch func(ctx context.Context, w *workshop) error
	// run makes the command that walks the scenario; nil where nobody wrote a
	// program because the SDK could never be had where this was developed.
	run func(ctx context.Context, w *workshop) *exec.Cmd
	// standIn is for SDKs with the real host in a constant: their calls to it
	// go to the server by way of the stand-in.
	standIn bool
	// counts says what the client counts for in CI: each of the needed has to be
	// served by one client that ran.
	counts string
}

// A result is what became of a client.
type result struct {
	client         client
	passed, failed int
	notRun         string // why, when it did not run
}

// needed is what CI has to have run.
var needed = []string{officialJava, somePython, someNPM}

const (
	officialJava = "the official Java SDK"
	somePython   = "a Python SDK"
	someNPM      = "an npm SDK"
)

const (
	fetchLimit = 5 * time.Minute
	runLimit   = 2 * time.Minute
)

// TestConformance runs every client against a server of its own.
func TestConformance(t *testing.T) {
	w := newWorkshop(t)
	var results []result
	for _, c := range clients() {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			results = append(results, w.try(t, c))
		})
	}
	summarize(t, results)
}

// summarize prints what became of every client. It fails where CI would go on
// without those that are needed.
func summarize(t *testing.T, results []result) {
	passed, failed := 0, 0
	fmt.Print("\n")
	for _, r := range results {
		passed, failed = passed+r.passed, failed+r.failed
		if r.notRun == "" {
			fmt.Printf("%s: %d steps passed, %d failed\n", r.client.name, r.passed, r.failed)
		}
	}
	for _, r := range results {
		if r.notRun != "" {
			fmt.Printf("not run: %s (%s)\n", r.client.name, r.notRun)
		}
	}
	for _, what := range needed {
		ran := slices.ContainsFunc(results, func(r result) bool { return r.client.counts == what && r.notRun == "" })
		if !ran && os.Getenv("CI") == "true" {
			failed++
			fmt.Printf("FAILED %s has to run in CI, and none did\n", what)
			t.Errorf("%s has to run in CI, and none did", what)
		}
	}
	fmt.Printf("\n%d passed, %d failed\n", passed, failed)
	if passed == 0 {
		t.Error("no client ran")
	}
}

// try fetches a client's SDK and runs its program against a fresh server.
func (w *workshop) try(t *testing.T, c client) result {
	r := result{client: c}
	fmt.Printf("\n== %s\n", c.name)
	fetching, cancel := context.WithTimeout(t.Context(), fetchLimit)
	defer cancel()
	if err := c.fetch(fetching, w); err != nil {
		r.notRun = err.Error()
		if errors.As(err, new(ours)) {
			t.Error(err)
		}
		return r
	}
	if c.run == nil {
		r.notRun = "it is served here, but no program drives it yet"
		return r
	}

	s := w.serve(t)
	running, cancel := context.WithTimeout(t.Context(), runLimit)
	defer cancel()
	cmd := c.run(running, w)
	cmd.Env = slices.Concat(os.Environ(), s.environment(), cmd.Env)
	if c.standIn {
		cmd.Env = append(cmd.Env, newStandIn(t, s.calls).environment()...)
	}
	r.passed, r.failed = w.steps(t, cmd)
	s.stop()
	w.rollcall(t, "check", "--data", s.dir)
	return r
}

// steps runs a program and counts the steps that it reports, one a line: "ok"
// or "FAILED", a blank, and what the step is. A program that ends badly without
// such a line has failed once.
func (w *workshop) steps(t *testing.T, cmd *exec.Cmd) (passed, failed int) {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Errorf("%s: %v", cmd, err)
		return 0, 1
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		switch word, _, _ := strings.Cut(lines.Text(), " "); word {
		case "ok":
			passed++
			fmt.Println(lines.Text())
		case "FAILED":
			failed++
			fmt.Println(lines.Text())
			t.Fail()
		}
	}
	_, _ = io.Copy(io.Discard, out) // a line that is too long ends the scanner only
	if err := cmd.Wait(); err != nil && failed == 0 {
		failed++
		t.Errorf("the program ended badly: %v", err)
	}
	if passed == 0 && failed == 0 {
		failed++
		t.Error("the program did no step")
	}
	if failed > 0 {
		t.Logf("what the program said besides:\n%s", lastLines(errs.String(), 40))
	}
	return passed, failed
}

// lastLines cuts a text to its last lines.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// copyDir copies the files of a directory, which has no directories in it.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// have tells whether programs are on this machine; those that are not are named.
func have(programs ...string) error {
	var missing []string
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if missing != nil {
		slices.Sort(missing)
		return fmt.Errorf("%s is not on this machine", strings.Join(missing, ", "))
	}
	return nil
}
