// Package pgtest runs PostgreSQL servers of its own for tests and benchmarks, in
// temporary directories.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrMissing is returned where PostgreSQL is not installed.
var ErrMissing = errors.New("PostgreSQL is not installed (Debian: postgresql)")

const (
	// Role is the role that owns everything; it needs no password.
	Role = "rollcall"

	// prefix begins the names of the directories; the id of the process follows.
	prefix = "rollcall-pg-"

	// patience is how long a server may take for anything.
	patience = 60 * time.Second
)

// Options says how to run a server.
type Options struct {
	// Durable keeps fsync on: for what happens when a machine dies, and for
	// measuring.
	Durable bool
	// Conf has further lines for postgresql.conf.
	Conf []string
	// Port is the TCP port, such as that of a server that is gone; 0 is a free one.
	Port int
}

// Server is a PostgreSQL server. It listens on a socket in its directory and on
// a TCP port of 127.0.0.1.
type Server struct {
	// Dir holds the socket, the log and, in data, the database.
	Dir string
	// Port is the TCP port, which stays the same when the server starts again.
	Port int

	bin    string
	as     *syscall.Credential
	pid    int
	exited chan struct{} // closed when the process has ended
}

// Programs returns the directory of PostgreSQL's programs. Debian keeps those of
// the server apart.
func Programs() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(dirs)
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append([]string{filepath.Dir(path)}, dirs...)
	}
	for _, dir := range dirs {
		missing := slices.ContainsFunc([]string{"postgres", "initdb", "psql", "pg_basebackup", "pg_ctl"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		})
		if !missing {
			return dir, nil
		}
	}
	return "", ErrMissing
}

// New makes a database cluster in a temporary directory and serves it. The caller
// calls Remove at the end. Where there is no PostgreSQL the error is
// [ErrMissing].
func New(opt Options) (*Server, error) {
	s, err := newServer(opt.Port)
	if err != nil {
		return nil, err
	}
	err = s.Run("initdb", "-D", s.data(), "-U", Role, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err == nil {
		err = s.configure(opt)
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		return nil, errors.Join(err, s.Remove())
	}
	return s, nil
}

// newServer makes the directory and finds a port where none is given.
func newServer(port int) (*Server, error) {
	bin, err := Programs()
	if err != nil {
		return nil, err
	}
	sweep()
	s := &Server{bin: bin, Port: port}
	// Not in the directory of a test: sockets have short paths, and PostgreSQL
	// does not run as root.
	if s.Dir, err = os.MkdirTemp("", prefix+strconv.Itoa(os.Getpid())+"-"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		err = s.chown("postgres")
	}
	if err == nil && port == 0 {
		s.Port, err = freePort()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.Dir))
	}
	return s, nil
}

// sweep removes what processes that were killed have left behind.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range dirs {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

// chown gives the directory to the account that the server runs as.
func (s *Server) chown(account string) error {
	u, err := user.Lookup(account)
	if err != nil {
		return err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(err1, err2, os.Chown(s.Dir, uid, gid))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func (s *Server) data() string { return filepath.Join(s.Dir, "data") }

func (s *Server) configure(opt Options) error {
	lines := []string{
		"listen_addresses = '127.0.0.1'", fmt.Sprint("port = ", s.Port), fmt.Sprintf("unix_socket_directories = '%s'", s.Dir),
		"max_connections = 200", "log_min_messages = warning",
	}
	if !opt.Durable {
		lines = append(lines, "fsync = off", "full_page_writes = off")
	}
	return s.Configure(append(lines, opt.Conf...)...)
}

// Configure adds lines to postgresql.conf, which count from the next start on.
func (s *Server) Configure(lines ...string) error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

// command prepares one of PostgreSQL's programs.
func (s *Server) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Dir = s.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// Run runs one of PostgreSQL's programs to its end.
func (s *Server) Run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience)
	defer cancel()
	if out, err := s.command(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// Query runs statements as the role that owns everything, and returns what psql
// prints of their results, without a frame.
func (s *Server) Query(database, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := s.command(ctx, "psql", "-h", s.Dir, "-p", strconv.Itoa(s.Port), "-U", Role, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", database)
	cmd.Stdin = strings.NewReader(sql)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w\n%s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// URL returns the URL of a database, by TCP.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(Role), Host: fmt.Sprint("127.0.0.1:", s.Port), Path: "/" + database}
	return u.String() + "?sslmode=disable"
}

// SocketURL returns the URL of a database, by the socket.
func (s *Server) SocketURL(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: url.Values{
		"host": {s.Dir}, "port": {strconv.Itoa(s.Port)}, "user": {Role},
	}.Encode()}
	return u.String()
}

// Start starts a server that was stopped or killed, and waits until it answers.
func (s *Server) Start() error {
	logged, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer logged.Close() //nolint:errcheck // the server has its own
	cmd := s.command(context.Background(), "postgres", "-D", s.data())
	cmd.Stdout, cmd.Stderr = logged, logged
	// It ends with this process, however that ends, and does not get the signals of
	// a terminal.
	cmd.SysProcAttr.Pdeathsig, cmd.SysProcAttr.Setpgid = syscall.SIGQUIT, true
	exited, err := startChild(cmd)
	if err != nil {
		return err
	}
	s.pid, s.exited = cmd.Process.Pid, exited
	if err := s.await("SELECT 1", "1"); err != nil {
		return errors.Join(err, s.Kill())
	}
	return nil
}

// await waits until a statement has a result.
func (s *Server) await(sql, want string) error {
	give := time.NewTimer(patience)
	defer give.Stop()
	for {
		got, err := s.Query("postgres", sql)
		if err == nil && got == want {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server has ended; its log:\n%s", s.Log())
		case <-give.C:
			return fmt.Errorf("%s is %q, not %q: %w; its log:\n%s", sql, got, want, err, s.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// PID is the id of the server's first process; all others are its children.
func (s *Server) PID() int { return s.pid }

// Log returns the end of the server's log.
func (s *Server) Log() string {
	b, err := os.ReadFile(filepath.Join(s.Dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}

// Stop ends the server in good order; sessions are ended.
func (s *Server) Stop() error { return s.end(s.pid, syscall.SIGINT) }

// Kill kills all processes of the server, as the death of a machine would: none of
// them sees another one end.
func (s *Server) Kill() error {
	if s.exited == nil {
		return nil
	}
	backends, err := s.halt()
	for _, pid := range backends {
		err = errors.Join(err, send(pid, syscall.SIGKILL))
	}
	return errors.Join(err, s.end(s.pid, syscall.SIGKILL), gone(backends))
}

// KillFirst kills the first process only, as the kernel does where memory is
// short. The others end by themselves when they find out, and may do something
// until then.
func (s *Server) KillFirst() error {
	if s.exited == nil {
		return nil
	}
	backends, err := children(s.pid)
	return errors.Join(err, s.end(s.pid, syscall.SIGKILL), gone(backends))
}

// Pause stops all processes of the server where they are, until Resume.
func (s *Server) Pause() error {
	_, err := s.halt()
	return err
}

// Resume lets a paused server go on.
func (s *Server) Resume() error {
	backends, err := children(s.pid)
	for _, pid := range append(backends, s.pid) {
		err = errors.Join(err, send(pid, syscall.SIGCONT))
	}
	return err
}

// halt stops all processes, the first one before it can start more, and returns
// the others. Each has a group of its own.
func (s *Server) halt() (backends []int, err error) {
	if err := send(s.pid, syscall.SIGSTOP); err != nil {
		return nil, err
	}
	backends, err = children(s.pid)
	for _, pid := range backends {
		err = errors.Join(err, send(pid, syscall.SIGSTOP))
	}
	return backends, err
}

func (s *Server) end(pid int, signal syscall.Signal) error {
	if s.exited == nil {
		return nil
	}
	if err := send(pid, signal); err != nil {
		return err
	}
	select {
	case <-s.exited:
		s.exited = nil
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the server does not end; its log:\n%s", s.Log())
	}
}

// Remove kills the server and removes its directory.
func (s *Server) Remove() error {
	err := s.Kill()
	for range 10 { // the last processes may still be making files
		if failed := os.RemoveAll(s.Dir); failed == nil || errors.Is(failed, fs.ErrNotExist) {
			return err
		}
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// Allow makes a role show who it is by a method of pg_hba.conf.
func (s *Server) Allow(role, method string) error {
	path := filepath.Join(s.data(), "pg_hba.conf")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("host all %s 127.0.0.1/32 %s\n", role, method)
	if err := os.WriteFile(path, append([]byte(line), b...), 0o600); err != nil {
		return err
	}
	_, err = s.Query("postgres", "SELECT pg_reload_conf()")
	return err
}
