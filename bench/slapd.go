package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// slapd is an OpenLDAP server with an mdb database and its default durability.
// It promises what the others do: a userid and a mobile number belong to one
// person only, and a department's people are found by an index.
type slapd struct {
	server *exec.Cmd
	socket string
	next   atomic.Int64
}

const slapdConf = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload unique
pidfile %[1]s/slapd.pid
database mdb
maxsize 4294967296
suffix "o=bench"
rootdn "cn=admin,o=bench"
rootpw secret
directory %[1]s/data
index objectClass eq
index uid eq
index mobile eq
index departmentNumber eq
overlay unique
unique_uri ldap:///?mobile?sub
`

// startSlapd makes a directory and serves it. Where that cannot be, the error
// says what is missing.
func (b *bench) startSlapd() (*slapd, error) {
	program, err := exec.LookPath("slapd")
	if err != nil {
		program = "/usr/sbin/slapd" // off the path of those who are not root
		if _, err := os.Stat(program); err != nil {
			return nil, errors.New("slapd is not installed (Debian: slapd)")
		}
	}
	dir, as, err := b.peerDir("slapd", "openldap")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "slapd.conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, slapdConf, dir), 0o644); err != nil {
		return nil, err
	}
	data := exec.Command("mkdir", filepath.Join(dir, "data")) // as the account that serves it
	data.SysProcAttr = as
	if out, err := data.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mkdir: %w\n%s", err, out)
	}
	if err := b.fillSlapd(dir, conf, as); err != nil {
		return nil, err
	}
	s := &slapd{socket: filepath.Join(dir, "ldapi")}
	s.server = exec.Command(program, "-d", "0", "-h", "ldapi://"+strings.ReplaceAll(s.socket, "/", "%2F"), "-f", conf)
	s.server.SysProcAttr = as
	if err := s.server.Start(); err != nil {
		return nil, err
	}
	if err := awaitDial("unix", s.socket); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// fillSlapd puts as many people into the directory as the organization has that
// it is compared with.
func (b *bench) fillSlapd(dir, conf string, as *syscall.SysProcAttr) error {
	var ldif bytes.Buffer
	ldif.WriteString("dn: o=bench\nobjectClass: organization\no: bench\n\n")
	for n := range b.medium {
		fmt.Fprintf(&ldif, "dn: uid=old.%[1]d,o=bench\nobjectClass: inetOrgPerson\nuid: old.%[1]d\ncn: Wang Wei\nsn: Wang\n"+
			"mobile: 13%09[1]d\ndepartmentNumber: %[2]d\n\n", n, 1+n%10_000)
	}
	program, err := exec.LookPath("slapadd")
	if err != nil {
		program = "/usr/sbin/slapadd"
	}
	cmd := exec.Command(program, "-q", "-f", conf)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdin = dir, as, &ldif
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("slapadd: %w\n%s", err, out)
	}
	return nil
}

func (s *slapd) stop() error {
	if err := s.server.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.server.Wait()
}

// session binds as the administrator.
func (s *slapd) session(do func(*ldapConn) error) (err error) {
	conn, err := net.Dial("unix", s.socket)
	if err != nil {
		return err
	}
	defer closing(&err, conn.Close)
	c := &ldapConn{conn: conn, r: bufio.NewReader(conn)}
	if err := c.bind("cn=admin,o=bench", "secret"); err != nil {
		return err
	}
	return do(c)
}

// add creates people for a while: an entry with the same values, the department
// among them.
func (s *slapd) add(d time.Duration) (r rate, err error) {
	before, err := cpuOf(s.server.Process.Pid)
	if err != nil {
		return r, err
	}
	errs := make([]error, writers)
	var done atomic.Int64
	var work sync.WaitGroup
	began := time.Now()
	for i := range writers {
		work.Go(func() {
			errs[i] = s.session(func(c *ldapConn) error {
				for time.Since(began) < d {
					n := s.next.Add(1)
					err := c.add(fmt.Sprintf("uid=new.%d,o=bench", n), "objectClass", "inetOrgPerson", "uid", fmt.Sprintf("new.%d", n),
						"cn", "新人", "sn", "新人", "mobile", fmt.Sprintf("18%09d", n), "departmentNumber", fmt.Sprint(1+n%10_000))
					if err != nil {
						return err
					}
					done.Add(1)
				}
				return nil
			})
		})
	}
	work.Wait()
	wall := time.Since(began)
	after, err := cpuOf(s.server.Process.Pid)
	return rate{int(done.Load()), wall, after - before}, errors.Join(append(errs, err)...)
}

// ldapConn speaks as much of LDAP as adding entries takes (RFC 4511).
type ldapConn struct {
	conn net.Conn
	r    *bufio.Reader
	id   int
}

// The tags of BER that are needed.
const (
	berInteger    = 0x02
	berOctets     = 0x04
	berSequence   = 0x30
	berSet        = 0x31
	ldapBind      = 0x60
	ldapBound     = 0x61
	ldapAdd       = 0x68
	ldapAdded     = 0x69
	ldapSimple    = 0x80
	ldapVersion   = 3
	berEnumerated = 0x0a
)

// ber encodes a value with its tag and length.
func ber(tag byte, parts ...[]byte) []byte {
	var n int
	for _, p := range parts {
		n += len(p)
	}
	b := []byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func berText(s string) []byte { return ber(berOctets, []byte(s)) }

func berInt(n int) []byte {
	return ber(berInteger, []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func (c *ldapConn) bind(dn, password string) error {
	return c.call(ldapBound, ber(ldapBind, berInt(ldapVersion), berText(dn), ber(ldapSimple, []byte(password))))
}

// add adds an entry; attributes are names and values in turn.
func (c *ldapConn) add(dn string, attributes ...string) error {
	var list [][]byte
	for i := 0; i < len(attributes); i += 2 {
		list = append(list, ber(berSequence, berText(attributes[i]), ber(berSet, berText(attributes[i+1]))))
	}
	return c.call(ldapAdded, ber(ldapAdd, berText(dn), ber(berSequence, list...)))
}

// call sends a request and reads its answer, which must be a success.
func (c *ldapConn) call(want byte, request []byte) error {
	c.id++
	if _, err := c.conn.Write(ber(berSequence, berInt(c.id), request)); err != nil {
		return err
	}
	tag, message, err := readBER(c.r)
	if err != nil || tag != berSequence {
		return fmt.Errorf("the answer has the tag %#x: %w", tag, err)
	}
	in := strings.NewReader(string(message))
	if _, _, err := readBER(in); err != nil { // the id
		return err
	}
	tag, answer, err := readBER(in)
	if err != nil || tag != want {
		return fmt.Errorf("the answer is %#x, not %#x: %w", tag, want, err)
	}
	in.Reset(string(answer))
	tag, code, err := readBER(in)
	if err != nil || tag != berEnumerated || len(code) != 1 || code[0] != 0 {
		return fmt.Errorf("the answer is no success: %x: %w", answer, err)
	}
	return nil
}

func readBER(r io.Reader) (tag byte, value []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if n >= 0x80 {
		long := make([]byte, n&0x7f)
		if _, err := io.ReadFull(r, long); err != nil {
			return 0, nil, err
		}
		n = 0
		for _, b := range long {
			n = n<<8 | int(b)
		}
	}
	if n > 1<<20 {
		return 0, nil, fmt.Errorf("an answer of %d bytes", n)
	}
	value = make([]byte, n)
	_, err = io.ReadFull(r, value)
	return head[0], value, err
}
