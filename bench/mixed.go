package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/internal/sample"
)

// A pace is how many people are created each second while others read.
const pace = 1000

// pacers is how many connections they share.
const pacers = 128

// creator is what the process that creates people at a pace is told.
type creator struct {
	Addr    string
	Creates [][]byte
	First   int
}

// created is what it says when it is told to end.
type created struct {
	Done int
	Next int
	Err  string
}

// createAtPace creates people, as many a second as it is told, until it hears
// another value; then it says how many there were. So many connections share the
// work that the pace holds although each create waits behind busy readers; who is
// late makes up for it.
func createAtPace(args []string) error {
	f := flag.NewFlagSet("pace", flag.ContinueOnError)
	rate := f.Int("rate", pace, "people a second")
	if err := f.Parse(args); err != nil {
		return err
	}
	in := json.NewDecoder(os.Stdin)
	for {
		var job creator
		if err := in.Decode(&job); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		stop := make(chan struct{})
		var number, done atomic.Int64
		number.Store(int64(job.First))
		errs := make([]error, pacers)
		var work sync.WaitGroup
		for i := range errs {
			work.Go(func() {
				every := time.Second * time.Duration(len(errs)) / time.Duration(*rate)
				errs[i] = createEvery(every, job, stop, &number, &done)
			})
		}
		var end struct{}
		if err := in.Decode(&end); err != nil {
			return err
		}
		close(stop)
		work.Wait()
		c := created{Done: int(done.Load()), Next: int(number.Load())}
		if err := errors.Join(errs...); err != nil {
			c.Err = err.Error()
		}
		if err := answer(c); err != nil {
			return err
		}
	}
}

// createEvery creates one person after the other over one connection.
func createEvery(every time.Duration, job creator, stop <-chan struct{}, number, done *atomic.Int64) (err error) {
	conn, err := net.Dial("tcp", job.Addr)
	if err != nil {
		return err
	}
	defer closing(&err, conn.Close)
	r := bufio.NewReader(conn)
	due := time.NewTimer(rand.N(every)) // not all at once
	defer due.Stop()
	for began := time.Now(); ; {
		select {
		case <-stop:
			return nil
		case <-due.C:
		}
		n := int(number.Add(1))
		if _, err := conn.Write(numbered(job.Creates[n%len(job.Creates)], n)); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		if !bytes.HasPrefix(body, []byte(okBody)) {
			return fmt.Errorf("a create was answered with %.300s", body)
		}
		done.Add(1)
		began = began.Add(every)
		due.Reset(time.Until(began))
	}
}

// numbered writes a number over every [numberHere].
func numbered(request []byte, n int) []byte {
	return bytes.ReplaceAll(request, []byte(numberHere), fmt.Appendf(nil, "%0*d", len(numberHere), n))
}

// mixedRun is what is measured of reads beside writes, round by round, in µs of
// CPU.
type mixedRun struct {
	dir  string
	next int

	read, gross, net []float64 // of a read: alone; with all that the server did; without the writes
	write            []float64 // of a create without readers
	reads, writes    []float64 // a second, of the mixture
}

// mixed measures P12: pages read while people are created, against pages read
// alone, on the same server. What the creates cost is measured alone, at the same
// pace, and taken off.
func (b *bench) mixed() (err error) {
	dir, err := b.usual(b.medium)
	if err != nil {
		return err
	}
	run := &mixedRun{}
	if run.dir, err = b.copyOf(dir); err != nil {
		return err
	}
	loader, err := start("load")
	if err != nil {
		return err
	}
	defer closing(&err, loader.stop)
	pacer, err := start("pace")
	if err != nil {
		return err
	}
	defer closing(&err, pacer.stop)
	rounds := b.times(5)
	for round := range rounds {
		b.progress("reads while people are created: round %d of %d", round+1, rounds)
		if err := b.mixedRound(loader, pacer, run); err != nil {
			return err
		}
	}
	b.print(line{Case: "P12", What: fmt.Sprintf("a create without readers, %d a second", pace), Unit: "µs", Values: run.write})
	l := against(line{
		Case: "P12", What: fmt.Sprintf("listsimple, pages in turn, while %s a second are created", spread(run.writes)), Unit: "µs", Values: run.net,
		Baseline: "without writers",
		Note:     fmt.Sprintf("the creates taken off; with them %s µs; %s reads a second", spread(run.gross), spread(run.reads)),
	}, run.read, 1.2)
	if median(run.writes) < 0.9*pace {
		l.met(false)
		l.Note += "; the machine is too busy for the pace"
	}
	b.print(l)
	return nil
}

// mixedRound measures the three once, in turns.
func (b *bench) mixedRound(loader, pacer *child, run *mixedRun) (err error) {
	s, err := b.startReal(run.dir)
	if err != nil {
		return err
	}
	defer closing(&err, s.stop)
	var read, mixed result
	var alone, beside rate
	for range turnsInRound {
		r, err := loader.load(b.readers(s))
		if err != nil {
			return err
		}
		read = read.plus(r)

		w, err := pacer.creating(s, run, func() error {
			time.Sleep(b.run)
			return nil
		})
		if err != nil {
			return err
		}
		alone = alone.plus(w)

		w, err = pacer.creating(s, run, func() error {
			r, err = loader.load(b.readers(s))
			return err
		})
		if err != nil {
			return err
		}
		mixed, beside = mixed.plus(r), beside.plus(w)
	}
	// The readers' time is within the creators', who go on a little longer.
	writes := float64(beside.Done) * mixed.Wall.Seconds() / beside.Wall.Seconds()
	run.read = append(run.read, read.cpu())
	run.write = append(run.write, alone.cpu())
	run.gross = append(run.gross, mixed.cpu())
	run.net = append(run.net, mixed.cpu()-alone.cpu()*writes/float64(mixed.Requests))
	run.reads = append(run.reads, float64(mixed.Requests)/mixed.Wall.Seconds())
	run.writes = append(run.writes, writes/mixed.Wall.Seconds())
	return nil
}

// readers are those who read all pages of the big department in turn. Who comes
// into it changes how long they are.
func (b *bench) readers(s *server) job {
	return job{
		Addr: s.Addr, PID: s.pid(), Requests: s.pages(), Streams: 64, Warm: b.warmup, Time: b.run, Changing: true,
	}
}

func (r rate) plus(t rate) rate { return rate{r.Done + t.Done, r.Wall + t.Wall, r.CPU + t.CPU} }

// creating has people created while something else goes on, and tells what the
// server used and did in this time.
func (c *child) creating(s *server, run *mixedRun, meanwhile func() error) (r rate, err error) {
	creates := s.creates()
	// As large a part of the people as are in the big department come into it.
	for i := range creates {
		if i%5 == 0 {
			creates[i] = s.createIn(sample.BigDept)
		}
	}
	began := time.Now()
	before, err := cpuOf(s.pid())
	if err != nil {
		return r, err
	}
	if err := c.tell(creator{Addr: s.Addr, Creates: creates, First: run.next}); err != nil {
		return r, err
	}
	failed := meanwhile()
	if err := c.tell(struct{}{}); err != nil {
		return r, err
	}
	var said created
	if err := c.hear(&said); err != nil {
		return r, err
	}
	after, err := cpuOf(s.pid())
	if err != nil {
		return r, err
	}
	run.next = said.Next
	if said.Err != "" {
		failed = errors.Join(failed, errors.New(said.Err))
	}
	if said.Done == 0 {
		failed = errors.Join(failed, errors.New("nobody was created"))
	}
	return rate{said.Done, time.Since(began), after - before}, failed
}
