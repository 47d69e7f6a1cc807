package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A Pooler is a pgbouncer in front of a server, which hands out connections by the
// transaction.
type Pooler struct {
	port int
}

// StartPooler starts one; it ends with the test. Where pgbouncer is not installed
// the test is skipped, or fails where it has to run.
func StartPooler(t testing.TB, s *Server) *Pooler {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; errors.Is(statErr(program), os.ErrNotExist) {
			missing(t, fmt.Errorf("%w, or pgbouncer is not (Debian: pgbouncer)", ErrMissing))
		}
	}
	p := &Pooler{}
	if p.port, err = freePort(); err != nil {
		t.Fatal(err)
	}
	users, conf := filepath.Join(s.Dir, "pgbouncer.users"), filepath.Join(s.Dir, "pgbouncer.ini")
	err = errors.Join(
		os.WriteFile(users, []byte(fmt.Sprintf("%q \"\"\n", Role)), 0o644),
		os.WriteFile(conf, []byte(fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = 5
max_client_conn = 500
logfile = %s
`, s.Port, p.port, users, filepath.Join(s.Dir, "pgbouncer.log"))), 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command(context.Background(), "postgres")
	cmd.Path, cmd.Args = program, []string{program, "-q", conf}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	exited, err := startChild(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-exited
	})
	if err := awaitPort(p.port); err != nil {
		t.Fatal(err)
	}
	return p
}

func statErr(path string) error {
	_, err := os.Stat(path)
	return err
}

func awaitPort(port int) error {
	give := time.NewTimer(patience)
	defer give.Stop()
	for {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			return c.Close()
		}
		select {
		case <-give.C:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Through returns the URL of a database with the pooler in the place of the
// server.
func (p *Pooler) Through(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return err.Error()
	}
	u.Host = fmt.Sprint("127.0.0.1:", p.port)
	return u.String()
}
