package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"rollcall/internal/sample"

	"rollcall/internal/store/pgtest"
)

// bench is one run.
type bench struct {
	settings
	temp     string
	remove   []string // at the end, like temp
	profiles int      // written so far
	lines    []line

	engine    *pgtest.Server // with -postgres, once it is needed
	databases int            // made there so far

	warmup time.Duration

	small, medium, most int // people
}

func newBench(s settings) (*bench, error) {
	b := &bench{settings: s, warmup: s.run / 10, small: 1000, medium: 100_000, most: 1_000_000}
	if s.quick {
		b.small, b.medium, b.most = 500, 5000, 20_000
		b.run, b.warmup = 150*time.Millisecond, 20*time.Millisecond
	}
	for _, dir := range []string{s.cache, s.profile} {
		if dir != "" {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, err
			}
		}
	}
	// Copies of databases go beside the databases, not on another disk.
	var err error
	b.temp, err = os.MkdirTemp(s.cache, "run-")
	return b, err
}

func (b *bench) wants(name string) bool { return len(b.only) == 0 || slices.Contains(b.only, name) }

// times returns how many rounds there are where nobody says.
func (b *bench) times(usual int) int {
	switch {
	case b.rounds > 0:
		return b.rounds
	case b.quick:
		return 2
	}
	return usual
}

func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// job is load to be made.
type job struct {
	Addr       string
	PID        int // of the server
	Database   int // the process of its database, where it has one
	Requests   [][]byte
	Streams    int
	Warm, Time time.Duration
	// Numbered writes a running number, from First on, over every [numberHere]
	// in a request.
	Numbered bool
	First    int
	// Changing says that replies to one request may differ in length.
	Changing bool
}

// numberHere is where a running number goes.
const numberHere = "#########"

// result is what came of it.
type result struct {
	Requests int
	Wall     time.Duration
	CPU      time.Duration // of the server, and of its database
	P99      time.Duration
	Next     int // the last running number
	Err      string
}

func (r result) cpu() float64 { return float64(r.CPU) / float64(r.Requests) / 1000 } // µs

// contender is one of those who take turns.
type contender struct {
	key      string
	server   *server
	requests [][]byte
}

// results are those of each contender, round by round.
type results map[string][]result

// turns lets the contenders of a round take their turns, forwards and backwards
// by turns, and adds what came of it to all.
func (b *bench) turns(loader *child, round int, list []contender, all results) error {
	sums := make(map[string]result, len(list))
	for turn := range turnsInRound {
		order := slices.Clone(list)
		if (round+turn)%2 == 1 {
			slices.Reverse(order)
		}
		for _, c := range order {
			r, err := loader.load(job{
				Addr: c.server.Addr, PID: c.server.pid(), Requests: c.requests, Streams: 64,
				Warm: b.warmup, Time: b.run / turnsInRound,
			})
			if err != nil {
				return fmt.Errorf("%s: %w", c.key, err)
			}
			sums[c.key] = sums[c.key].plus(r)
		}
	}
	for key, r := range sums {
		all[key] = append(all[key], r)
	}
	return nil
}

// turnsInRound is how many turns each contender has in a round: what else runs
// on the machine then meets all of them.
const turnsInRound = 3

// plus adds the result of another turn. Of the latencies it keeps the mean.
func (r result) plus(t result) result {
	return result{Requests: r.Requests + t.Requests, Wall: r.Wall + t.Wall, CPU: r.CPU + t.CPU, P99: r.P99 + t.P99/turnsInRound}
}

// figures takes one number out of each result.
func (all results) figures(key string, of func(result) float64) []float64 {
	list := make([]float64, len(all[key]))
	for i, r := range all[key] {
		list[i] = of(r)
	}
	return list
}

func (all results) cpu(key string) []float64 { return all.figures(key, result.cpu) }

// p99 is the median of the rounds, in words.
func (all results) p99(key string) string {
	ms := median(all.figures(key, func(r result) float64 { return r.P99.Seconds() * 1000 }))
	return fmt.Sprintf("%.2f ms", ms)
}

// okBody is how the reply to a call that succeeds begins.
const okBody = `{"errcode":0,`

// request makes the bytes of a call.
func request(path, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: rollcall.example\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(form), form)
}

// call is a path and the form without the token.
type call struct{ path, form string }

func (s *server) request(c call) []byte { return request(c.path, "access_token="+s.Token+"&"+c.form) }

// page makes a call for a page once and returns the body, which must show 100
// people: a page that is short by mistake would look cheap.
func (s *server) page(c call) ([]byte, error) {
	body, err := s.reply(c)
	_, list, _ := bytes.Cut(body, []byte(`"list":[`))
	list, _, _ = bytes.Cut(list, []byte("]"))
	n := bytes.Count(list, []byte(`"userid":`)) // in a list of cards
	if n == 0 && len(list) > 0 {
		n = bytes.Count(list, []byte(",")) + 1 // in a list of userids
	}
	if err == nil && n != 100 {
		err = fmt.Errorf("%s %s: the page shows %d people", c.path, c.form, n)
	}
	return body, err
}

// reply makes a call once and returns the body.
func (s *server) reply(c call) ([]byte, error) {
	r, err := http.Post("http://"+s.Addr+c.path, "application/x-www-form-urlencoded",
		strings.NewReader("access_token="+s.Token+"&"+c.form))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err == nil && !strings.HasPrefix(string(body), `{"errcode":0,`) {
		err = fmt.Errorf("%s %s: %.300s", c.path, c.form, body)
	}
	return body, err
}

func countCall() call { return call{"/topapi/user/count", "only_active=false"} }

func listCall() call {
	return call{"/topapi/user/listid", fmt.Sprintf("dept_id=%d", sample.BigDept)}
}

// pageCall is a page of the big department.
func pageCall(cursor int) call {
	return call{"/topapi/user/listsimple", fmt.Sprintf(
		"dept_id=%d&cursor=%d&size=100&order_field=custom&contain_access_limit=false&language=zh_CN", sample.BigDept, cursor)}
}

// pages are all whole pages of the big department, in turn.
func (s *server) pages() [][]byte {
	var list [][]byte
	for at := 0; at+100 <= s.Big; at += 100 {
		list = append(list, s.request(pageCall(at)))
	}
	return list
}

// inactiveCall is a page of who did not sign in.
func inactiveCall(offset int, depts string) call {
	form := fmt.Sprintf("is_active=false&offset=%d&size=100&query_date=%s", offset, lastDay())
	if depts != "" {
		form += "&dept_ids=" + depts
	}
	return call{"/topapi/inactive/user/v2/get", form}
}

// inactivePages are its pages up to an offset, in turn.
func (s *server) inactivePages(last int, depts string) [][]byte {
	var list [][]byte
	for at := 0; at <= last; at += 100 {
		list = append(list, s.request(inactiveCall(at, depts)))
	}
	return list
}
