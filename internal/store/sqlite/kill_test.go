package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"rollcall"

	"zombiezen.com/go/sqlite/sqlitex"
)

// The test binary is also the process that gets killed: these say what it does
// and where.
const (
	roleVariable = "ROLLCALL_TEST_ROLE"
	dirVariable  = "ROLLCALL_TEST_DIR"
)

func TestMain(m *testing.M) {
	role, dir := os.Getenv(roleVariable), os.Getenv(dirVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// play is what another process does.
func play(role, dir string) error {
	ctx := context.Background()
	s, err := Open(ctx, dir, Options{Create: true})
	if err != nil {
		return err
	}
	if role == "create" {
		if err := s.CreateCorp(ctx, rollcall.Corp{ID: fmt.Sprint("corp", os.Getpid())}); err != nil {
			return err
		}
		return s.Close()
	}
	if role == "restore" {
		return holdRestore(ctx, s)
	}
	for {
		tx, err := s.begin(ctx, "acme")
		if err != nil {
			return err
		}
		if role == "hold" && tx.Head().Version == 5 {
			// A small cache, so that the half-done transaction reaches the disk.
			if err := sqlitex.ExecuteTransient(tx.conn, "PRAGMA cache_size=10", nil); err != nil {
				return err
			}
			if err := tx.Append(people(500_000, 3000)); err != nil {
				return err
			}
			fmt.Println("holding")
			_, err := io.Copy(io.Discard, os.Stdin) // until it is killed
			return err
		}
		if err := tx.Append(people(int(tx.Head().Version)*10, 10)); err != nil {
			return err
		}
		head, err := tx.Commit("x")
		if err != nil {
			return err
		}
		fmt.Println(head.Version)
	}
}

func start(t *testing.T, role, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // stays open
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func TestKilledProcess(t *testing.T) {
	for role, last := range map[string]string{"hold": "holding", "commit": "25"} {
		t.Run(role, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir)
			if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "acme", Name: "Acme"}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			cmd, lines := start(t, role, dir)
			acknowledged := 0
			for lines.Scan() && lines.Text() != last {
				n, err := strconv.Atoi(lines.Text())
				if err != nil {
					t.Errorf("the process says %q", lines.Text())
				}
				acknowledged = n
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // says that it was killed
			if role == "hold" && stat(t, filepath.Join(dir, fileName+"-wal")).Size() < 1<<20 {
				t.Error("the half-done transaction did not reach the disk: this test shows nothing")
			}

			s = openTest(t, dir)
			var c counter
			head, err := s.Load(t.Context(), "acme", &c)
			if err != nil {
				t.Fatal(err)
			}
			if int(head.Version) < acknowledged || role == "hold" && head.Version != 5 {
				t.Errorf("version %d, after %d was acknowledged", head.Version, acknowledged)
			}
			changes := 0
			if _, err := s.Changes(t.Context(), "acme", 0, func(rollcall.Change) error { changes++; return nil }); err != nil {
				t.Fatal(err)
			}
			if want := int(head.Version) * 10; c.users != want || c.members != want || changes != 2*want {
				t.Errorf("%d people, %d memberships, %d changes at version %d", c.users, c.members, changes, head.Version)
			}
			if err := s.IntegrityCheck(t.Context()); err != nil {
				t.Error(err)
			}
			commitTest(t, s, 5)
		})
	}
}

// counter is a snapshot that counts.
type counter struct {
	discard
	users, members int
}

func (c *counter) User(u *rollcall.User) error {
	c.users++
	c.members += len(u.Memberships)
	return nil
}

func TestSeveralProcessesCreateAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	const processes = 4
	var all []*exec.Cmd
	for range processes {
		cmd, _ := start(t, "create", dir)
		all = append(all, cmd)
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	heads, err := openTest(t, dir).Heads(t.Context())
	if err != nil || len(heads) != processes {
		t.Errorf("%v, %v", heads, err)
	}
}
