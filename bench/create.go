package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"rollcall"
)

// writers is how many connections create people at a time.
const writers = 64

// creates are calls that create people, each with a userid and a mobile number
// of its own, in every department in turn.
func (s *server) creates() [][]byte {
	const most = 128 // requests that differ in more than the number
	var list [][]byte
	for _, d := range s.Depts[:min(len(s.Depts), most)] {
		list = append(list, s.createIn(d))
	}
	return list
}

// createIn is a call that creates somebody in a department.
func (s *server) createIn(d rollcall.DeptID) []byte {
	body := fmt.Sprintf(`{"userid":"new.%s","name":"新人","mobile":"18%[1]s","dept_id_list":"%d"}`, numberHere, d)
	return fmt.Appendf(nil, "POST /topapi/v2/user/create?access_token=%s HTTP/1.1\r\nHost: rollcall.example\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", s.Token, len(body), body)
}

// createRun is what is measured of creating people, round by round.
type createRun struct {
	dir  string // a copy of an organization, which grows
	next int    // the last running number

	real, slow            []rate
	postgres, atOnce      []rate
	slapd                 []rate
	noPeer, noLDAP, noLag error // why one is not measured
}

// durable measures P9: people created over HTTP, each durable before its reply,
// against databases that insert the same. All take turns.
func (b *bench) durable() (err error) {
	dir, err := b.usual(b.medium)
	if err != nil {
		return err
	}
	run := &createRun{}
	if run.dir, err = b.toWrite(dir); err != nil {
		return err
	}
	loader, err := start("load")
	if err != nil {
		return err
	}
	defer closing(&err, loader.stop)
	pg, err := b.startPostgres()
	if run.noPeer = err; err == nil {
		defer closing(&err, pg.stop)
	}
	ldap, err := b.startSlapd()
	if run.noLDAP = err; err == nil {
		defer closing(&err, ldap.stop)
	}
	if _, missing := exec.LookPath("strace"); missing != nil && !b.postgres {
		run.noLag = errors.New("strace is not installed (Debian: strace)")
	}
	rounds := b.times(3)
	for round := range rounds {
		b.progress("people created over HTTP: round %d of %d", round+1, rounds)
		if err := b.createRound(loader, run, pg, ldap); err != nil {
			return err
		}
	}
	b.printCreates(run)
	return nil
}

func (b *bench) createRound(loader *child, run *createRun, pg *postgres, ldap *slapd) error {
	d := 2 * b.run
	r, err := b.createFor(loader, run, d, b.startReal)
	if err != nil {
		return err
	}
	run.real = append(run.real, r)
	if run.noPeer == nil {
		for script, list := range map[string]*[]rate{pgScript: &run.postgres, pgScriptAtOnce: &run.atOnce} {
			if r, err = pg.insert(script, d); err != nil {
				return err
			}
			*list = append(*list, r)
		}
	}
	if run.noLDAP == nil {
		if r, err = ldap.add(d); err != nil {
			return err
		}
		run.slapd = append(run.slapd, r)
	}
	if run.noLag == nil {
		if r, err = b.createLagging(loader, run, d); err != nil {
			return err
		}
		run.slow = append(run.slow, r)
	}
	return nil
}

// createFor creates people for a while, on a server that starts for it.
func (b *bench) createFor(loader *child, run *createRun, d time.Duration, start func(dir string) (*server, error)) (_ rate, err error) {
	s, err := start(run.dir)
	if err != nil {
		return rate{}, err
	}
	defer closing(&err, s.stop)
	j := job{
		Addr: s.Addr, PID: s.pid(), Requests: s.creates(), Streams: writers, Warm: b.warmup, Time: d,
		Numbered: true, First: run.next, Changing: true,
	}
	if b.postgres {
		j.Database = b.engine.PID()
	}
	r, err := loader.load(j)
	run.next = r.Next
	return rate{r.Requests, r.Wall, r.CPU}, err
}

// load has a job done.
func (c *child) load(j job) (r result, err error) {
	if err := c.tell(j); err != nil {
		return r, err
	}
	if err := c.hear(&r); err != nil {
		return r, err
	}
	if r.Err != "" {
		err = errors.New(r.Err)
	}
	return r, err
}

// fsyncLag is what is added to every fsync of the slow disk.
const fsyncLag = 5 * time.Millisecond

// createLagging creates people for a while on a slow disk. That of PostgreSQL is
// made slow by PostgreSQL itself, which waits before it writes a commit to it.
func (b *bench) createLagging(loader *child, run *createRun, d time.Duration) (_ rate, err error) {
	if !b.postgres {
		return b.createFor(loader, run, d, b.startLagging)
	}
	if err := b.commitDelay(fsyncLag); err != nil {
		return rate{}, err
	}
	defer closing(&err, func() error { return b.commitDelay(0) })
	return b.createFor(loader, run, d, b.startReal)
}

// commitDelay sets how long PostgreSQL waits before each write of commits.
func (b *bench) commitDelay(d time.Duration) error {
	for _, sql := range []string{
		fmt.Sprintf("ALTER SYSTEM SET commit_delay = %d", d.Microseconds()),
		"ALTER SYSTEM SET commit_siblings = 0", "SELECT pg_reload_conf()",
	} {
		if _, err := b.engine.Query("postgres", sql); err != nil {
			return err
		}
	}
	return nil
}

// startLagging serves like startReal, on a disk that needs longer for every
// fsync: strace holds the thread back before the call. Only fsync and fdatasync
// are stopped, in the kernel, so that other calls cost what they always do.
func (b *bench) startLagging(dir string) (*server, error) {
	return b.startServerUnder([]string{
		"strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
		"-e", "inject=fsync,fdatasync:delay_enter=" + strconv.FormatInt(fsyncLag.Microseconds(), 10),
	}, "serve", "-data", dir)
}

func perSecond(list []rate) []float64 { return figures(list, rate.perSecond) }

func figures(list []rate, of func(rate) float64) (all []float64) {
	for _, r := range list {
		all = append(all, of(r))
	}
	return all
}

func (b *bench) printCreates(run *createRun) {
	what := fmt.Sprintf("people created a second over HTTP, %d writers, among %d", writers, b.medium)
	all, cpu := perSecond(run.real), figures(run.real, rate.cpu)
	compare := func(name string, peer []rate, missing error, least float64) {
		if missing != nil {
			b.notRun("P9", what+", against "+name, missing)
			return
		}
		b.print(atLeast(line{
			Case: "P9", What: what, Unit: "/s", Values: all, Baseline: name,
			Note: fmt.Sprintf("CPU of %s %s µs each", name, spread(figures(peer, rate.cpu))),
		}, perSecond(peer), least))
	}
	compare(fmt.Sprintf("PostgreSQL, %d connections", writers), run.postgres, run.noPeer, 1)
	if run.noPeer == nil {
		b.print(against(line{
			Case: "P9", What: what, Unit: "/s", Values: all, Baseline: "PostgreSQL, all in one statement",
			Note: fmt.Sprintf("CPU of PostgreSQL %s µs each", spread(figures(run.atOnce, rate.cpu))),
		}, perSecond(run.atOnce), 0))
	}
	compare(fmt.Sprintf("slapd, %d connections", writers), run.slapd, run.noLDAP, 10)
	what = "CPU of a create"
	if b.postgres {
		what += ", with that of PostgreSQL"
	}
	b.print(atMost(line{Case: "P9", What: what, Unit: "µs", Values: cpu}, 150))
	lag := fmt.Sprintf("people created a second with %s added to every fsync", fsyncLag)
	if run.noLag != nil {
		b.notRun("P9", lag, run.noLag)
		return
	}
	slow := perSecond(run.slow)
	note := "the server runs under strace, which delays fsync and fdatasync and stops at nothing else"
	if b.postgres {
		note = "PostgreSQL waits before it writes commits to the disk (commit_delay)"
	}
	l := line{Case: "P9", What: lag, Unit: "/s", Values: slow, Goal: "≥ 5000 /s", Note: note}
	l.met(median(slow) >= 5000)
	b.print(l)
}
