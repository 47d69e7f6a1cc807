package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/sample"
)

// feedBatch is how many sign-ins are sent at once.
const feedBatch = 10_000

// feeding is what the live feed costs, for each sign-in.
type feeding struct{ cpu, perSecond []float64 }

// feed measures P10: sign-ins over HTTP, durable and visible when answered.
func (b *bench) feed() error {
	dir, err := b.usual(b.most)
	if err != nil {
		return err
	}
	userids := b.userids()
	var parts [3]feeding
	rounds := b.times(3)
	for round := range rounds {
		b.progress("feeding %d people: round %d of %d", b.most, round+1, rounds)
		if err := b.feedRound(dir, userids, &parts); err != nil {
			return err
		}
	}
	for i, what := range []string{"nobody of them had signed in that day", "all of them had", "the first ones of their accounts"} {
		b.print(atMost(line{
			Case: "P10", What: fmt.Sprintf("a sign-in, batches of %d, %s", feedBatch, what), Unit: "µs", Values: parts[i].cpu,
			Note: fmt.Sprintf("%s a second, one batch after another", spread(parts[i].perSecond)),
		}, 1e6/300_000))
	}
	return nil
}

// userids lists those whose accounts are in use and those whose are not yet.
func (b *bench) userids() (list [2][]string) {
	for change := range sample.Generate(sample.Defaults(b.most)).Changes() {
		if change.Kind == rollcall.UserJoined {
			u, i := change.Payload.User, 0
			if !u.Active {
				i = 1
			}
			list[i] = append(list[i], u.UserID)
		}
	}
	return list
}

// bodies are the batches of a sign-in of each, of today and in any order.
func bodies(userids []string) (list [][]byte) {
	for i, at := range rand.Perm(len(userids)) {
		if i%feedBatch == 0 {
			list = append(list, make([]byte, 0, feedBatch*80))
		}
		last := &list[len(list)-1]
		*last = fmt.Appendf(*last, "{\"userid\":%q,\"time\":\"2026-08-20T09:%02d:%02d+08:00\",\"source\":\"bench\"}\n", userids[at], i/60%60, i%60)
	}
	return list
}

// feedRound sends everybody's sign-in of today, and some of them again.
func (b *bench) feedRound(dir string, userids [2][]string, parts *[3]feeding) (err error) {
	if dir, err = b.copyOf(dir); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := b.startReal(dir)
	if err != nil {
		return err
	}
	defer closing(&err, s.stop)
	used := bodies(userids[0])
	for i, list := range [][][]byte{used, used, bodies(userids[1])} {
		before, err := cpuOf(s.pid())
		if err != nil {
			return err
		}
		began, n := time.Now(), 0
		for _, body := range list {
			k, err := s.send(body)
			if err != nil {
				return err
			}
			n += k
		}
		wall := time.Since(began)
		after, err := cpuOf(s.pid())
		if err != nil {
			return err
		}
		if want := len(userids[i/2]); n != want || n == 0 {
			return fmt.Errorf("%d of %d sign-ins were taken", n, want)
		}
		parts[i].cpu = append(parts[i].cpu, float64((after-before).Nanoseconds())/1000/float64(n))
		parts[i].perSecond = append(parts[i].perSecond, float64(n)/wall.Seconds())
	}
	return nil
}

// send sends one batch and returns how many sign-ins were taken.
func (s *server) send(body []byte) (int, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+s.Addr+"/rollcall/v1/signins", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	text, err := s.own(req)
	if err != nil {
		return 0, err
	}
	var reply struct{ Accepted int }
	if err := json.Unmarshal(text, &reply); err != nil {
		return 0, fmt.Errorf("the reply to a batch: %w", err)
	}
	return reply.Accepted, nil
}

// own makes one of our own calls.
func (s *server) own(req *http.Request) ([]byte, error) {
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %.200s", req.URL.Path, resp.StatusCode, text)
	}
	return text, err
}

// keptDays is for how many days there are sign-ins where questions are asked.
const keptDays = 400

// questions measures the questions of /rollcall/v1/activity about everybody and
// all days that are kept.
func (b *bench) questions() error {
	opt := sample.Defaults(b.most)
	opt.Days = keptDays
	dir, err := b.org("kept", opt)
	if err != nil {
		return err
	}
	kinds := []string{"absent", "seen", "last", "count", "never", "trend"}
	page, whole := map[string]*answered{}, map[string]*answered{}
	for _, kind := range kinds {
		page[kind], whole[kind] = &answered{}, &answered{}
	}
	var before, after []float64
	rounds := b.times(3)
	for round := range rounds {
		b.progress("questions about %d days: round %d of %d", keptDays, round+1, rounds)
		x, y, err := b.questionRound(dir, kinds, page, whole)
		if err != nil {
			return err
		}
		before, after = append(before, x), append(after, y)
	}
	for _, kind := range kinds {
		b.print(atMost(line{
			Case: "activity", What: fmt.Sprintf("%s, %d days, page of 100, first call", kind, keptDays), Unit: "ms", Values: page[kind].wall,
			Note: page[kind].note(),
		}, 100))
		b.print(atMost(line{
			Case: "activity", What: kind + ", everything as CSV", Unit: "ms", Values: whole[kind].wall, Note: whole[kind].note(),
		}, 2000))
	}
	b.print(line{
		Case: "activity", What: fmt.Sprintf("memory with %d days, before the questions", keptDays), Unit: "MB", Values: before,
		Note: fmt.Sprintf("after them %s MB", spread(after)),
	})
	return nil
}

// answered is how long a question took, and what it cost the server, in
// milliseconds.
type answered struct{ wall, cpu []float64 }

func (a *answered) note() string { return fmt.Sprintf("CPU of the server %s ms", spread(a.cpu)) }

// questionRound asks everything of a new server, and returns the megabytes that
// it holds before and afterwards.
func (b *bench) questionRound(dir string, kinds []string, page, whole map[string]*answered) (before, after float64, err error) {
	s, err := b.startReal(dir)
	if err != nil {
		return 0, 0, err
	}
	defer closing(&err, s.stop)
	now, _, err := memoryOf(s.pid())
	if err != nil {
		return 0, 0, err
	}
	before = float64(now) / (1 << 20)
	for i, kind := range kinds {
		// Each kind has a range of its own: what one asks is no help to the next.
		query := kind + "?days=" + strconv.Itoa(keptDays-i)
		if err := s.question(query, page[kind]); err != nil {
			return 0, 0, err
		}
		if err := s.question(query+"&format=csv", whole[kind]); err != nil {
			return 0, 0, err
		}
	}
	now, _, err = memoryOf(s.pid())
	return before, float64(now) / (1 << 20), err
}

// question asks once.
func (s *server) question(query string, to *answered) error {
	req, err := http.NewRequest(http.MethodGet, "http://"+s.Addr+"/rollcall/v1/activity/"+query, nil)
	if err != nil {
		return err
	}
	cpu, err := cpuOf(s.pid())
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := s.own(req); err != nil {
		return err
	}
	to.wall = append(to.wall, time.Since(began).Seconds()*1000)
	spent, err := cpuOf(s.pid())
	to.cpu = append(to.cpu, (spent-cpu).Seconds()*1000)
	return err
}
