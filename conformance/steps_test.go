//go:build conformance

package conformance

import (
	"io"
	"os/exec"
	"slices"
	"testing"
)

// TestStepsAreCounted shows that no program passes that did not go well.
func TestStepsAreCounted(t *testing.T) {
	for _, c := range []struct {
		name, script   string
		passed, failed int
	}{
		{"all well", "echo ok one; echo ok two", 2, 0},
		{"one step failed", "echo ok one; echo FAILED two: why; exit 1", 1, 1},
		{"a failed step with exit code 0", "echo FAILED one", 0, 1},
		{"it ended early", "echo ok one; exit 3", 1, 1},
		{"it was killed", "echo ok one; kill -9 $$", 1, 1},
		{"it reported nothing", "echo something; true", 0, 1},
		{"other lines", "echo okay; echo; echo ok one; printf 'ok two'", 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := steps(exec.Command("bash", "-c", c.script), io.Discard)
			if o.passed != c.passed || o.failed != c.failed {
				t.Errorf("%d passed and %d failed, not %d and %d", o.passed, o.failed, c.passed, c.failed)
			}
		})
	}
	if o := steps(exec.Command("no-such-program"), io.Discard); o.passed != 0 || o.failed != 1 {
		t.Errorf("a program that is not there: %+v", o)
	}
}

// TestMissingIsSeen shows that CI does not go on without what is needed.
func TestMissingIsSeen(t *testing.T) {
	ran := func(counts string) result { return result{client: client{counts: counts}} }
	absent := func(counts string) result { return result{client: client{counts: counts}, notRun: "not served"} }
	for _, c := range []struct {
		results []result
		want    []string
	}{
		{nil, needed},
		{[]result{ran(officialJava), ran(somePython), ran(someNPM)}, nil},
		{[]result{ran(officialJava), absent(somePython), ran(somePython), ran(someNPM), ran("")}, nil},
		{[]result{absent(officialJava), ran(somePython), absent(someNPM)}, []string{officialJava, someNPM}},
	} {
		if got := missing(c.results); !slices.Equal(got, c.want) {
			t.Errorf("%v, not %v", got, c.want)
		}
	}
	for _, what := range needed {
		if !slices.ContainsFunc(clients(), func(c client) bool { return c.counts == what }) {
			t.Errorf("no client counts for %s", what)
		}
	}
}
