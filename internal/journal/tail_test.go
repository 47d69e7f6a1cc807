package journal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/journal"
)

// logged is a log in a directory of its own, and who reads it.
type logged struct {
	t     *testing.T
	path  string
	tail  *journal.Tail
	lines []string
}

func newLogged(t *testing.T) *logged {
	l := &logged{t: t, path: filepath.Join(t.TempDir(), "app.log")}
	l.restart(journal.TailState{})
	t.Cleanup(func() { l.tail.Close() })
	return l
}

func (l *logged) check(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// restart goes on from a state with nothing open.
func (l *logged) restart(from journal.TailState) {
	if l.tail != nil {
		l.tail.Close()
	}
	l.tail = journal.NewTail(l.path, l.path+".state", from)
}

func (l *logged) append(name, text string) {
	l.t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	l.check(err)
	_, err = f.WriteString(text)
	l.check(err)
	l.check(f.Close())
}

func (l *logged) write(text string) { l.t.Helper(); l.append(l.path, text) }

func (l *logged) rename(from, to string) { l.t.Helper(); l.check(os.Rename(l.path+from, l.path+to)) }

// copyTruncate is how some rotate a log.
func (l *logged) copyTruncate(to string) {
	l.t.Helper()
	b, err := os.ReadFile(l.path)
	l.check(err)
	l.check(os.WriteFile(l.path+to, b, 0o600))
	l.check(os.Truncate(l.path, 0))
}

// poll reads all there is, a few lines at a time, and returns it.
func (l *logged) poll() string {
	l.t.Helper()
	var got []string
	for more := true; more; {
		var err error
		more, err = l.tail.Poll(2, func(line []byte) { got = append(got, string(line)) })
		l.check(err)
	}
	l.lines = append(l.lines, got...)
	return strings.Join(got, " ")
}

// reads expects what is new.
func (l *logged) reads(want string) {
	l.t.Helper()
	if got := l.poll(); got != want {
		l.t.Errorf("read %q, not %q", got, want)
	}
}

func TestTailReadsWholeLinesOnce(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.reads("") // there is no log yet
	l.write("a\nb\r\nc\nd")
	l.reads("a b c")
	l.reads("")
	l.write("e\n\nf\n")
	l.reads("de  f")
	l.write(strings.Repeat("x", 1<<20) + "\ng\n") // longer than any line of interest
	l.reads("g")
	l.restart(l.tail.State())
	l.write("h\n")
	l.reads("h")
}

func TestTailBeginsWithTheLogAlone(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.append(l.path+".1", "old\nolder")
	l.append(l.path+".2.gz", "zip\n")
	l.append(l.path+".state", "state\n")
	l.append(l.path+"ger", "another\n")
	l.write("new\n")
	l.reads("new")
	l.append(l.path+".1", " line\n") // somebody writes there still
	l.reads("older line")
}

func TestTailGoesThroughRotation(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		l := newLogged(t)
		pause := func() {
			if restarts {
				l.restart(l.tail.State())
			}
		}
		l.write("a\nb")
		l.reads("a")
		pause()
		l.rename("", ".1")
		l.append(l.path+".1", "c\nd\n") // in the middle of a line, by who has it open still
		l.write("e\n")
		l.reads("bc d e")
		pause()
		// Twice while nobody looks.
		l.write("f\n")
		l.rename(".1", ".2")
		l.rename("", ".1")
		l.write("g\n")
		l.rename(".2", ".3")
		l.rename(".1", ".2")
		l.rename("", ".1")
		l.write("h\n")
		if got := strings.Fields(l.poll()); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"f", "g", "h"}) {
			t.Errorf("restarts %v: read %q", restarts, got)
		}
		pause()
		l.rename("", ".1") // over the one before
		l.reads("")        // the new one is not there yet
		l.write("i\n")
		l.reads("i")
	}
}

func TestTailReadsTheRestOfARemovedLog(t *testing.T) {
	t.Parallel()
	l := newLogged(t)
	l.write("a\n")
	l.reads("a")
	l.write("b\n")
	l.check(os.Remove(l.path))
	l.reads("b")
	l.write("c\n")
	l.reads("c")
	l.write("d\n")
	l.check(os.Remove(l.path))
	l.write("e\n")
	got := strings.Fields(l.poll())
	if slices.Sort(got); !slices.Equal(got, []string{"d", "e"}) {
		t.Errorf("read %q", got)
	}
}

func TestTailGoesThroughTruncation(t *testing.T) {
	t.Parallel()
	for _, restarts := range []bool{false, true} {
		l := newLogged(t)
		pause := func() {
			if restarts {
				l.restart(l.tail.State())
			}
		}
		l.write("a\nb\n")
		l.reads("a b")
		pause()
		l.write("c\n")
		l.copyTruncate(".1")
		l.write("d\n")
		l.reads("c d")
		pause()
		l.copyTruncate(".2")
		l.write("longer than it was before\n")
		l.reads("longer than it was before")
		pause()
		l.copyTruncate(".3")
		l.reads("")
		pause()
		l.write("longer than it was, once more\n")
		l.reads("longer than it was, once more")
	}
}

// Stopped after any number of bytes and started again, it reads every line once.
func TestTailRestartsAtEveryByte(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "line %d %s\n", i, strings.Repeat("é", i))
	}
	want := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	for at := range text.Len() + 1 {
		for _, rotate := range []string{"", "rename", "copytruncate"} {
			l := newLogged(t)
			l.write(text.String()[:at])
			l.poll()
			l.restart(l.tail.State())
			rest := text.String()[at:]
			switch end := strings.LastIndexByte(text.String()[:at], '\n') + 1; {
			case rotate == "rename":
				half := len(rest) / 2
				l.rename("", ".1")
				// Who writes finishes the line, and a few more, where it began.
				half += strings.IndexByte(rest[half:]+"\n", '\n') + 1
				half = min(half, len(rest))
				l.append(l.path+".1", rest[:half])
				rest = rest[half:]
			case rotate == "copytruncate" && end == at:
				l.copyTruncate(".1")
			}
			l.write(rest)
			l.poll()
			if !slices.Equal(l.lines, want) {
				t.Fatalf("after %d bytes, %s: %q", at, rotate, l.lines)
			}
		}
	}
}

func TestTailNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	tail := journal.NewTail(filepath.Join(t.TempDir(), "missing", "app.log"), "", journal.TailState{})
	if _, err := tail.Poll(1, func([]byte) {}); err == nil || !strings.Contains(err.Error(), "the files of the log") {
		t.Error(err)
	}
}
