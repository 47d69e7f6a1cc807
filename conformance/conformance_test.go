//go:build conformance

package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
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
	// signs is for SDKs that sign requests with the time of the machine: they get
	// a second server, whose clock is the machine's too.
	signs bool
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
	if os.Getenv("CI") == "true" {
		for _, what := range missing(results) {
			failed++
			fmt.Printf("FAILED %s has to run in CI, and none did\n", what)
			t.Fail()
		}
	}
	fmt.Printf("\n%d passed, %d failed\n", passed, failed)
	if passed == 0 {
		t.Error("no client ran")
	}
}

// missing names what is needed and no client that ran counts for.
func missing(results []result) (names []string) {
	for _, what := range needed {
		if !slices.ContainsFunc(results, func(r result) bool { return r.client.counts == what && r.notRun == "" }) {
			names = append(names, what)
		}
	}
	return names
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

	s := w.serve(t, "--now", now)
	running, cancel := context.WithTimeout(t.Context(), runLimit)
	defer cancel()
	cmd := c.run(running, w)
	cmd.Env = slices.Concat(os.Environ(), environment(), []string{"CONFORMANCE_URL=http://" + s.calls}, cmd.Env)
	if c.signs {
		today := w.serve(t)
		defer w.end(today)
		cmd.Env = append(cmd.Env, "CONFORMANCE_TODAY_URL=http://"+today.calls)
	}
	if c.standIn {
		cmd.Env = append(cmd.Env, newStandIn(t, s.calls).environment()...)
	}
	o := steps(cmd, os.Stdout)
	r.passed, r.failed = o.passed, o.failed
	if o.failed > 0 {
		t.Errorf("%d steps failed\n%s", o.failed, lastLines(o.besides, 40))
	}
	w.end(s)
	return r
}

// An outcome is how a program went.
type outcome struct {
	passed, failed int
	besides        string // what it wrote to standard error
}

// steps runs a program and counts the steps that it reports, one a line: "ok"
// or "FAILED", a blank, and what the step is. They are shown as they come. A
// program that ends badly without such a line, or reports nothing, has failed
// once.
func steps(cmd *exec.Cmd, show io.Writer) (o outcome) {
	fail := func(why string) {
		o.failed++
		fmt.Fprintf(show, "FAILED %s\n", why)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fail(err.Error())
		return o
	}
	for line := range lines(out) {
		switch word, what, _ := strings.Cut(line, " "); word {
		case "ok":
			o.passed++
			fmt.Fprintln(show, line)
		case "FAILED":
			fail(what)
		}
	}
	err = cmd.Wait()
	switch {
	case err != nil && o.failed == 0:
		fail("to end well: " + err.Error())
	case o.passed+o.failed == 0:
		fail("to report any step")
	}
	o.besides = errs.String()
	return o
}

// lines yields the lines of a text of any length.
func lines(r io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		buffered := bufio.NewReader(r)
		for {
			line, err := buffered.ReadString('\n')
			if line = strings.TrimRight(line, "\r\n"); line != "" && !yield(line) || err != nil {
				return
			}
		}
	}
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
