package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal makes a terminal: what a program writes to the one file is read
// from the other.
func openTerminal(t *testing.T) (outside, inside *os.File) {
	t.Helper()
	outside, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { outside.Close() })
	if err := unix.IoctlSetPointerInt(int(outside.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(outside.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	inside, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inside.Close() })
	return outside, inside
}

// endOfInput is what Ctrl-D types.
const endOfInput = "\x04"

// atTerminal runs a command with its standard input and standard error on a
// terminal. answer is typed when the question has appeared.
func atTerminal(t *testing.T, answer string, args ...string) (code int, stdout, screen string) {
	t.Helper()
	outside, inside := openTerminal(t)
	cmd := command(args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inside, &out, inside
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inside.Close() // the command has its own
	var shown strings.Builder
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 1024)
		asked := false
		for {
			n, err := outside.Read(buf)
			shown.Write(buf[:n])
			if !asked && strings.Contains(shown.String(), "[y/N]") {
				asked = true
				fmt.Fprint(outside, cmp.Or(answer, endOfInput))
			}
			if err != nil { // EIO: nobody has the inside open any more
				return
			}
		}
	})
	_ = cmd.Wait()
	reading.Wait()
	return cmd.ProcessState.ExitCode(), out.String(), shown.String()
}

func TestImportAsksAtATerminal(t *testing.T) {
	t.Parallel()
	dir, files := filepath.Join(t.TempDir(), "data"), t.TempDir()
	do(t, "init", "--data", dir, "--name", "X")
	users := func(n int) string {
		var text strings.Builder
		text.WriteString("userid,name\n")
		for i := range n {
			fmt.Fprintf(&text, "u%d,User %d\n", i, i)
		}
		return write(t, files, "users.csv", text.String())
	}
	args := []string{"import", "--data", dir, "--users", users(50)}
	people := func() int { return doJSON[[]checked](t, "check", "--data", dir)[0].People }

	const question = "Apply? [y/N]"
	for _, answer := range []string{"n\n", "\n", "never\n", endOfInput} {
		code, stdout, screen := atTerminal(t, answer, args...)
		if code != exitDone || !strings.Contains(stdout, "50 people join") || !strings.HasSuffix(stdout, "\nNothing was changed.\n") {
			t.Errorf("after %q: exit code %d, %s", answer, code, stdout)
		}
		if !strings.Contains(screen, question) {
			t.Errorf("after %q the screen has %q", answer, screen)
		}
	}
	if n := people(); n != 0 {
		t.Fatalf("%d people are there, although nobody said yes", n)
	}

	// Progress of long work is on the screen, and not in what a script reads.
	users(20_000)
	_, stdout, screen := atTerminal(t, "", append(args, "--dry-run")...)
	if !strings.Contains(screen, "users") || strings.Contains(screen, question) || strings.Contains(stdout, "users") {
		t.Errorf("a dry run shows %q, and %q", screen, stdout)
	}

	users(50)
	code, stdout, _ := atTerminal(t, "Y\n", args...)
	if code != exitDone || !strings.Contains(stdout, "Done: version 1.") || people() != 50 {
		t.Errorf("after a yes: exit code %d, %s", code, stdout)
	}

	// With --yes it does not ask, and where there is nothing to do neither.
	args[4] = write(t, files, "one.csv", "userid,name\nu0,Zero\n")
	code, stdout, screen = atTerminal(t, "", append(args, "--yes")...)
	if code != exitDone || strings.Contains(screen, question) || !strings.Contains(stdout, "Done: version 2.") {
		t.Errorf("with --yes: exit code %d, %s, and on the screen %q", code, stdout, screen)
	}
	code, stdout, screen = atTerminal(t, "", args...)
	if code != exitDone || strings.Contains(screen, question) || !strings.Contains(stdout, "Nothing to change.") {
		t.Errorf("without anything to do: exit code %d, %s, and on the screen %q", code, stdout, screen)
	}
}
