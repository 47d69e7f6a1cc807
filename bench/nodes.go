package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"sync"
	"time"
)

// mostNodes is how many serve one database at most.
const mostNodes = 3

// nodesRun is what is measured of a number of nodes, by kind of call and round by
// round.
type nodesRun struct {
	reads, cpu           []float64 // a second, of all; µs of a read
	transactions, dbTime []float64 // of the database for 1,000 reads, beyond the polling
	polls                []float64 // transactions a second while nobody reads
}

// dbUse is what a database has done so far.
type dbUse struct {
	transactions float64
	cpu          time.Duration
	at           time.Time
}

// nodes measures how one, two and three nodes on one PostgreSQL read, and what that
// costs the database. On one machine they share its CPUs with those who ask, so
// that it is the CPU time of a read that tells how they would do on several.
func (b *bench) nodes() (err error) {
	dir, err := b.usual(b.medium)
	if err != nil {
		return err
	}
	was := b.postgres
	b.postgres = true
	defer func() { b.postgres = was }()
	if dir, err = b.inEngine(dir); err != nil {
		b.notRun("nodes", "several nodes on one PostgreSQL", err)
		return nil
	}
	runs := map[string]*nodesRun{}
	rounds := b.times(3)
	for round := range rounds {
		for n := 1; n <= mostNodes; n++ {
			b.progress("%d nodes on one database: round %d of %d", n, round+1, rounds)
			if err := b.nodesRound(n, dir, runs); err != nil {
				return err
			}
		}
	}
	for _, kind := range []string{"page", "count"} {
		one := runs[kindOf(1, kind)]
		for n := 1; n <= mostNodes; n++ {
			run := runs[kindOf(n, kind)]
			l := line{Case: "nodes", What: kindOf(n, kind), Unit: "reads/s", Values: run.reads, Note: fmt.Sprintf("%s µs of a node's CPU each", spread(run.cpu))}
			if n > 1 {
				l.Baseline = "one node"
				l = against(l, one.reads, 0)
			}
			b.print(l)
			b.print(line{
				Case: "nodes", What: "  of the database for 1,000 of them", Unit: "ms CPU", Values: run.dbTime,
				Note: fmt.Sprintf("%s transactions beyond the polling, which makes %s a second", spread(run.transactions), spread(run.polls)),
			})
		}
	}
	return nil
}

func kindOf(n int, kind string) string {
	names := map[string]string{"page": "listsimple, pages of 100", "count": "user/count"}
	return fmt.Sprintf("%s, nodes: %d", names[kind], n)
}

// nodesRound measures a number of nodes once.
func (b *bench) nodesRound(n int, dir string, runs map[string]*nodesRun) (err error) {
	var servers []*server
	var loaders []*child
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
		for _, l := range loaders {
			err = errors.Join(err, l.stop())
		}
	}()
	for range n {
		s, err := b.startReal(dir)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		l, err := start("load")
		if err != nil {
			return err
		}
		loaders = append(loaders, l)
	}
	// Before the pages are asked for the first time nothing is kept ready of them.
	idle, err := b.used(dir, func() error {
		time.Sleep(b.run)
		return nil
	})
	if err != nil {
		return err
	}
	polls := idle.transactions / idle.seconds
	for kind, requests := range map[string]func(*server) [][]byte{
		"page":  (*server).pages,
		"count": func(s *server) [][]byte { return [][]byte{s.request(countCall())} },
	} {
		var all result
		busy, err := b.used(dir, func() error {
			all, err = loadAll(loaders, func(i int) job {
				s := servers[i]
				return job{Addr: s.Addr, PID: s.pid(), Requests: requests(s), Streams: 64 / n, Warm: b.warmup, Time: b.run}
			})
			return err
		})
		if err != nil {
			return err
		}
		run := runs[kindOf(n, kind)]
		if run == nil {
			run = &nodesRun{}
			runs[kindOf(n, kind)] = run
		}
		thousands := float64(all.Requests) / 1000
		run.reads = append(run.reads, float64(all.Requests)/all.Wall.Seconds())
		run.cpu = append(run.cpu, all.cpu())
		run.polls = append(run.polls, polls)
		run.transactions = append(run.transactions, (busy.transactions-polls*busy.seconds)/thousands)
		run.dbTime = append(run.dbTime, (busy.cpu-idle.cpu/idle.seconds*busy.seconds)*1000/thousands)
	}
	return nil
}

// loadAll lets all make their load at the same time. The result is that of all
// together.
func loadAll(loaders []*child, jobOf func(i int) job) (all result, err error) {
	results, errs := make([]result, len(loaders)), make([]error, len(loaders))
	var work sync.WaitGroup
	for i, l := range loaders {
		work.Go(func() { results[i], errs[i] = l.load(jobOf(i)) })
	}
	work.Wait()
	for _, r := range results {
		all.Requests += r.Requests
		all.CPU += r.CPU
		all.Wall = max(all.Wall, r.Wall)
	}
	return all, errors.Join(errs...)
}

// dbWork is what a database did in a while, in numbers and seconds.
type dbWork struct{ transactions, cpu, seconds float64 }

// used tells what the database of a directory does meanwhile.
func (b *bench) used(dir string, meanwhile func() error) (u dbWork, err error) {
	before, err := b.dbUse(dir)
	if err != nil {
		return u, err
	}
	if err := meanwhile(); err != nil {
		return u, err
	}
	after, err := b.dbUse(dir)
	return dbWork{after.transactions - before.transactions, (after.cpu - before.cpu).Seconds(), after.at.Sub(before.at).Seconds()}, err
}

// dbUse asks what the database has done. Its sessions tell their counts once a
// second at most; what one has not told yet is told the next time.
func (b *bench) dbUse(dir string) (d dbUse, err error) {
	text, err := os.ReadFile(urlPath(dir))
	if err != nil {
		return d, err
	}
	u, err := url.Parse(string(text))
	if err != nil {
		return d, err
	}
	// From another database, so that this question does not count.
	answer, err := b.engine.Query("postgres", fmt.Sprintf(
		"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '%s'", path.Base(u.Path)))
	if err != nil {
		return d, err
	}
	if _, err := fmt.Sscan(answer, &d.transactions); err != nil {
		return d, err
	}
	d.at = time.Now()
	d.cpu, err = cpuOfAll(b.engine.PID())
	return d, err
}
