package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// postgres is a PostgreSQL server with its default durability, in a directory
// of its own.
type postgres struct {
	bin    string // where its programs are
	dir    string // of the socket, the database and the script
	port   string // on the loopback interface, over which Rollcall is called too
	as     *syscall.SysProcAttr
	server *exec.Cmd
}

// The tables and the transaction of the baseline: what Rollcall keeps of a
// person and of a membership, with the keys that both need, and nothing else.
const (
	pgTables = `
CREATE SEQUENCE ordinals;
CREATE TABLE users (ordinal bigint PRIMARY KEY, userid text NOT NULL UNIQUE, name text NOT NULL, mobile text NOT NULL UNIQUE);
CREATE TABLE memberships (ordinal bigint, dept_id bigint, sort_order bigint, leader boolean, PRIMARY KEY (dept_id, ordinal));`
	// As many people as the organization has that it is compared with.
	pgFill = `
INSERT INTO users SELECT n, 'old.' || n, '王伟', '13' || lpad(n::text, 9, '0') FROM generate_series(1, %[1]d) AS n;
INSERT INTO memberships SELECT n, 1 + n %% 10000, 0, false FROM generate_series(1, %[1]d) AS n;
SELECT setval('ordinals', %[1]d);
ANALYZE;`
	// A transaction as programs make it, and all of it in one statement, which
	// saves the ways there and back.
	pgCreate = `\set dept random(1, 10000)
BEGIN;
INSERT INTO users SELECT n, 'new.' || n, '新人', '18' || n FROM nextval('ordinals') AS n;
INSERT INTO memberships SELECT currval('ordinals'), :dept, 0, false;
COMMIT;
`
	pgCreateAtOnce = `\set dept random(1, 10000)
WITH person AS (
	INSERT INTO users SELECT n, 'new.' || n, '新人', '18' || n FROM nextval('ordinals') AS n RETURNING ordinal
) INSERT INTO memberships SELECT ordinal, :dept, 0, false FROM person;
`
)

// startPostgres makes a database and serves it. Where that cannot be, the error
// says what is missing.
func (b *bench) startPostgres() (p *postgres, err error) {
	p = &postgres{}
	if p.bin, err = postgresPrograms(); err != nil {
		return nil, err
	}
	if p.dir, p.as, err = b.peerDir("postgres", "postgres"); err != nil {
		return nil, err
	}
	data := filepath.Join(p.dir, "data")
	if err := p.run("initdb", "-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return nil, err
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	p.server = p.command("postgres", "-D", data, "-k", p.dir, "-p", p.port, "-c", "listen_addresses=127.0.0.1")
	if err := p.server.Start(); err != nil {
		return nil, err
	}
	socket := filepath.Join(p.dir, ".s.PGSQL."+p.port)
	if err := awaitDial("unix", socket); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	for name, text := range map[string]string{pgScript: pgCreate, pgScriptAtOnce: pgCreateAtOnce} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
			return nil, errors.Join(err, p.stop())
		}
	}
	// It takes connections a moment before it can answer.
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := p.run("psql", "-h", p.dir, "-p", p.port, "-U", "bench", "-q", "-v", "ON_ERROR_STOP=1", "-c", pgTables+fmt.Sprintf(pgFill, b.medium), "postgres")
		if err == nil {
			return p, nil
		}
		if time.Since(began) > peerPatience {
			return nil, errors.Join(err, p.stop())
		}
	}
}

// postgresPrograms finds where the programs are; Debian keeps those of the
// server apart.
func postgresPrograms() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(dirs)
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append([]string{filepath.Dir(path)}, dirs...)
	}
	for _, dir := range dirs {
		missing := slices.ContainsFunc([]string{"postgres", "initdb", "psql", "pgbench"}, func(name string) bool {
			_, err := os.Stat(filepath.Join(dir, name))
			return err != nil
		})
		if !missing {
			return dir, nil
		}
	}
	return "", errors.New("PostgreSQL and pgbench are not installed (Debian: postgresql)")
}

func (p *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

func (p *postgres) run(name string, args ...string) error {
	if out, err := p.command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

var pgbenchDone = regexp.MustCompile(`(?s)number of transactions actually processed: (\d+).*tps = ([0-9.]+)`)

// The files of the two transactions.
const (
	pgScript       = "create.sql"
	pgScriptAtOnce = "create-at-once.sql"
)

// insert has pgbench create people for a while, with one of the scripts.
func (p *postgres) insert(script string, d time.Duration) (r rate, err error) {
	before, err := cpuOfAll(p.server.Process.Pid)
	if err != nil {
		return r, err
	}
	// The time begins before the connections are made; the rate does not.
	seconds := 2 + int(d.Seconds())
	cmd := p.command("pgbench", "-h", "127.0.0.1", "-p", p.port, "-U", "bench", "-n", "-M", "prepared", "-c", strconv.Itoa(writers), "-j", "1",
		"-T", strconv.Itoa(seconds), "-f", script, "postgres")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	after, err := cpuOfAll(p.server.Process.Pid)
	if err != nil {
		return r, err
	}
	m := pgbenchDone.FindSubmatch(out)
	if m == nil {
		return r, fmt.Errorf("pgbench says nothing of transactions:\n%s", out)
	}
	done, err1 := strconv.Atoi(string(m[1]))
	tps, err2 := strconv.ParseFloat(string(m[2]), 64)
	if err := errors.Join(err1, err2); err != nil || done == 0 {
		return r, fmt.Errorf("pgbench says %q: %w", m[0], err)
	}
	return rate{done, time.Duration(float64(done) / tps * float64(time.Second)), after - before}, nil
}

func (p *postgres) stop() error {
	// An interrupt ends it at once and in good order.
	if err := p.server.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	return p.server.Wait()
}

// freePort returns a port of the loopback interface that nobody has.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// peerPatience is how long a peer may take to start.
const peerPatience = 30 * time.Second

// peerDir makes a directory for a peer, of the account that it is to run as
// where this program is root: PostgreSQL does not run as root.
func (b *bench) peerDir(name, account string) (dir string, as *syscall.SysProcAttr, err error) {
	// Sockets have short paths, and others' accounts do not reach the cache.
	if dir, err = os.MkdirTemp("", "bench-"+name+"-"); err != nil {
		return "", nil, err
	}
	b.remove = append(b.remove, dir)
	as = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		return dir, as, nil
	}
	u, err := user.Lookup(account)
	if err != nil {
		return "", nil, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2, os.Chown(dir, uid, gid)); err != nil {
		return "", nil, err
	}
	as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return dir, as, nil
}

// awaitDial waits until a server takes connections.
func awaitDial(network, addr string) error {
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial(network, addr)
		if err == nil {
			return c.Close()
		}
		if time.Since(began) > peerPatience {
			return err
		}
	}
}
