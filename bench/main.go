// Command bench measures Rollcall against what it could cost at best: a bare
// net/http handler that returns as many bytes, a bare transaction, the same
// call in a small organization. All contenders run in one run, in turn, and
// what counts is the ratio between them; absolute figures are those of the
// machine.
//
// CPU per request is user and system time of the server process, which runs
// alone in its process; another process makes the load. It needs Linux.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// commands are the parts that run in processes of their own; this program
// starts itself with one of these names. The table is immutable.
var commands = map[string]func(args []string) error{
	"serve":      serve,
	"bare":       serveBare,
	"load":       load,
	"pace":       createAtPace,
	"build":      build,
	"firstday":   firstDay,
	"write":      writeRate,
	"bareinsert": bareInsert,
	"bareimport": bareImport,
	"barecopy":   bareCopy,
	"joinleave":  joinLeave,
}

// cases are what can be asked for with -only. The list is immutable.
var cases = []string{"P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11", "P12", "P13", "rate", "activity", "nodes"}

// settings are what the command line says.
type settings struct {
	only     []string
	rounds   int
	run      time.Duration // of load, once
	quick    bool
	json     string
	cache    string
	profile  string
	postgres bool
}

func main() {
	err := run(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](args[1:])
	}
	s, err := parse(args)
	if err != nil {
		return err
	}
	if runtime.GOOS != "linux" {
		return errors.New("it measures with /proc and epoll and needs Linux")
	}
	if mod, err := os.ReadFile("go.mod"); err != nil || !strings.HasPrefix(string(mod), "module rollcall\n") {
		return errors.New("run it in the root of the repository: go run ./bench")
	}
	return measure(s)
}

type usageError struct{ error }

const usage = `Usage: go run ./bench [flags]

Measures Rollcall against baselines of the same run and prints one line for
each figure: the median, the smallest and the largest of all rounds, the
baseline, the ratio, the goal and whether it is met. The first run makes
organizations of up to 1,000,000 people and keeps them; that takes minutes.

Cases:
  P1    listsimple, page of 100, against a bare net/http handler
  P2    its last page against its first
  P3    it in an organization of 1,000,000 against one of 1,000
  P4    user/count against a bare net/http handler
  P5    listid of 20,000 against a bare net/http handler
  P6    page of 100 of who did not sign in, among 1,000,000 people
  P7    memory of 1,000,000 people
  P8    time from the start to the first answer with them
  P9    people created over HTTP by 64 writers, against PostgreSQL and slapd
  P10   sign-ins over HTTP, durable and visible, batches of 10,000
  P11   import of 100,000 people against a bare transaction
  P12   P1 while 1,000 people a second are created on the same server
  P13   joining and leaving a department of 1,000,000 against one of 10
  rate  durable changes a second through the write path
  nodes  reads of one, two and three nodes on one PostgreSQL
  activity  questions about 400 days of sign-ins (makes an organization of its own)

Flags:
`

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(os.Stdout)
	f.Usage = func() {
		fmt.Fprint(f.Output(), usage)
		f.PrintDefaults()
	}
	only := f.String("only", "", "measure these `cases` only, such as P1,P4")
	f.IntVar(&s.rounds, "rounds", 0, "measure each contender this many times (default 10 for the calls, 3 for the rest)")
	f.DurationVar(&s.run, "time", 1500*time.Millisecond, "how long to make load in each round")
	f.BoolVar(&s.quick, "quick", false, "small organizations and two short rounds: shows that it runs, measures nothing")
	f.StringVar(&s.json, "json", "", "write all figures to this `file` too")
	f.StringVar(&s.cache, "cache", filepath.Join(os.TempDir(), "rollcall-bench"), "keep the organizations in this `directory`")
	f.StringVar(&s.profile, "cpuprofile", "", "write CPU profiles of the servers to this `directory`")
	f.BoolVar(&s.postgres, "postgres", false, "keep the organizations of P3, P6 to P9 and P11 in PostgreSQL, which is started for it")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, usageError{err}
	}
	if f.NArg() > 0 {
		return s, usageError{fmt.Errorf("%q is not a flag; try --help", f.Arg(0))}
	}
	if s.rounds < 0 || s.run <= 0 {
		return s, usageError{errors.New("-rounds and -time must be positive")}
	}
	for name := range strings.SplitSeq(*only, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		i := slices.IndexFunc(cases, func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 {
			return s, usageError{fmt.Errorf("there is no case %q; there are %s", name, strings.Join(cases, ", "))}
		}
		s.only = append(s.only, cases[i])
	}
	return s, nil
}

// measure runs all cases that are asked for.
func measure(s settings) error {
	b, err := newBench(s)
	if err != nil {
		return err
	}
	// Stopped, it takes its processes and copies along.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	clean := func() {
		for _, dir := range append(b.remove, b.temp) {
			os.RemoveAll(dir)
		}
		if b.engine != nil {
			_ = b.engine.Remove()
		}
	}
	go func() {
		<-stop
		clean()
		os.Exit(1) // the children end with their standard input, or with this process
	}()
	defer clean()
	b.printHead()
	var failed []error
	for _, stage := range []struct {
		cases []string
		run   func() error
	}{
		{[]string{"P1", "P2", "P4", "P5"}, b.calls},
		{[]string{"P3", "P6", "P7", "P8"}, b.large},
		{[]string{"P6"}, b.firstDay},
		{[]string{"P9"}, b.durable},
		{[]string{"P10"}, b.feed},
		{[]string{"P11"}, b.imports},
		{[]string{"P12"}, b.mixed},
		{[]string{"P13"}, b.joinLeave},
		{[]string{"rate"}, b.rates},
		{[]string{"activity"}, b.questions},
		{[]string{"nodes"}, b.nodes},
	} {
		if !slices.ContainsFunc(stage.cases, b.wants) {
			continue
		}
		if err := stage.run(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", strings.Join(stage.cases, ", "), err))
			b.progress("%v", failed[len(failed)-1])
		}
	}
	return errors.Join(append(failed, b.finish())...)
}
