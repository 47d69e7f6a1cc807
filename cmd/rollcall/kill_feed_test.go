//go:build kill

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// feedPeople is how many people sign in while processes are killed.
const feedPeople = 3000

// feedWorld is an organization that is fed, with what is known of its sign-ins.
type feedWorld struct {
	t    *testing.T
	rng  *rand.Rand
	dir  string
	sent map[string]bool // "day,userid" of all that was ever tried
	kept map[string]bool // of those, what was acknowledged
}

func newFeedWorld(t *testing.T) *feedWorld {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags=kill -run %s ./cmd/rollcall -kill.rounds=%d -kill.seed=%d", t.Name(), *killRounds, seed)
	w := &feedWorld{t: t, rng: rand.New(rand.NewPCG(seed, seed)), sent: map[string]bool{}, kept: map[string]bool{}}
	w.dir = filepath.Join(t.TempDir(), "data")
	var users, closed strings.Builder
	users.WriteString("userid,name\n")
	closed.WriteString("date,userid\n")
	for i := range feedPeople {
		fmt.Fprintf(&users, "p%04d,Person %d\n", i, i)
		if i%3 == 0 {
			row := fmt.Sprintf("%s,p%04d", w.day(-5), i)
			fmt.Fprintln(&closed, row)
			w.sent[row], w.kept[row] = true, true
		}
	}
	files := t.TempDir()
	do(t, "init", "--data", w.dir, "--name", "Fed", "--timezone", "UTC")
	do(t, "import", "--data", w.dir, "--yes", "--users", write(t, files, "users.csv", users.String()), "--signins", write(t, files, "signins.csv", closed.String()))
	return w
}

// day is a day before or after today. Today's and yesterday's are open or may
// be; the test does not care.
func (w *feedWorld) day(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format("20060102") }

// verify holds the exported sign-ins against what is known: everything that was
// acknowledged is there, nothing that was never sent, each once.
func (w *feedWorld) verify() {
	w.t.Helper()
	do(w.t, "check", "--data", w.dir)
	rows := strings.Split(strings.TrimSpace(exportedSignIns(w.t, w.dir)), "\n")[1:]
	seen := map[string]bool{}
	for _, row := range rows {
		if seen[row] || !w.sent[row] {
			w.t.Errorf("%s is there (twice: %v, sent: %v)", row, seen[row], w.sent[row])
		}
		seen[row] = true
	}
	for row := range w.kept {
		if !seen[row] {
			w.t.Errorf("%s was acknowledged and is not there", row)
		}
	}
}

// feeder sends batches until the server dies.
type feeder struct {
	sent, kept []string
	batches    int
}

func (f *feeder) run(s *liveServer, token string, rng *rand.Rand, now time.Time, closed string) error {
	for {
		today := now
		if closed == "" { // it may add to closed days; that of the test is left alone
			today = now.AddDate(0, 0, -6-rng.IntN(30))
		}
		var body bytes.Buffer
		var rows []string
		for range 1 + rng.IntN(20) {
			row := fmt.Sprintf("%s,p%04d", today.Format("20060102"), rng.IntN(feedPeople))
			rows = append(rows, row)
			fmt.Fprintf(&body, "{\"userid\":%q,\"time\":%d}\n", row[9:], today.UnixMilli())
		}
		refused := 0
		if closed != "" { // takes nothing, whatever happens
			refused = 1
			fmt.Fprintf(&body, "{\"userid\":\"p%04d\",\"time\":\"%s-%s-%sT12:00:00Z\"}\n", rng.IntN(feedPeople), closed[:4], closed[4:6], closed[6:])
		}
		f.sent = append(f.sent, rows...)
		req, err := http.NewRequest("POST", "http://"+s.calls+"/rollcall/v1/signins", &body)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := s.client.Do(req)
		if err != nil {
			return nil //nolint:nilerr // it is dead, as it should be
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil //nolint:nilerr // it died while it answered
		}
		var reply struct {
			Accepted int
			Refused  int `json:"rejected_count"`
		}
		if err := json.Unmarshal(text, &reply); err != nil || resp.StatusCode != 200 || reply.Accepted != len(rows) || reply.Refused != refused {
			return fmt.Errorf("status %d, %d rows: %s", resp.StatusCode, len(rows), text)
		}
		f.kept = append(f.kept, rows...)
		f.batches++
	}
}

// TestKillFeed kills the server while it is fed, again and again. No sign-in that
// was acknowledged is lost, none comes that nobody sent, and a closed day stays
// as it is.
func TestKillFeed(t *testing.T) {
	w := newFeedWorld(t)
	create := func(permissions string) appSecret {
		return doJSON[appSecret](t, "app", "create", "--data", w.dir, "--name", "feeder", "--permission", permissions)
	}
	app, backfill := create("rollcall_signin_write"), create("rollcall_signin_write,rollcall_signin_backfill")
	batches, days := 0, 0
	for round := 1; round <= *killRounds && !t.Failed(); round++ {
		server := serve(t, w.dir, "--log-level", "info")
		token, closed := server.gettoken(backfill).Token, ""
		today := time.Now().Add(-time.Minute)
		feeders := make([]feeder, 3)
		var work sync.WaitGroup
		for i := range feeders {
			token, closed := token, closed
			if i == 2 {
				token, closed = server.gettoken(app).Token, w.day(-5)
			}
			rng := rand.New(rand.NewPCG(w.rng.Uint64(), uint64(i)))
			work.Go(func() {
				if err := feeders[i].run(server, token, rng, today, closed); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Duration(w.rng.Int64N(int64(120 * time.Millisecond)))) // the random moment
		server.kill()
		work.Wait()
		for _, f := range feeders {
			batches += f.batches
			for _, row := range f.sent {
				w.sent[row] = true
			}
			for _, row := range f.kept {
				w.kept[row] = true
			}
		}
		if round%10 == 0 || round == *killRounds {
			w.verify()
			days++
		}
	}
	if batches < *killRounds {
		t.Errorf("the test shows little: %d batches were acknowledged", batches)
	}
	t.Logf("%d batches acknowledged, %d sign-ins there, verified %d times", batches, len(w.kept), days)
}

// TestKillFollow kills who follows a log at random moments, while it is written
// and rotated. In the end every sign-in of it is there.
func TestKillFollow(t *testing.T) {
	w := newFeedWorld(t)
	logs := t.TempDir()
	path := filepath.Join(logs, "sso.log")
	args := []string{
		"signin", "follow", "--data", w.dir, "--file", path, "--state", filepath.Join(logs, "state"),
		"--time-layout", "unix", "--pattern", `^(?P<time>\d+) (?P<userid>p\d+)$`,
	}
	appendTo(t, path, "")
	do(t, append(args, "--once")...) // a log that was never followed is not looked for under other names
	rounds, rotated := *killRounds/2+1, 0
	for range rounds {
		d := &doomed{cmd: command(args...)}
		d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.errs
		if err := d.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		deadline := time.Duration(w.rng.Int64N(int64(400 * time.Millisecond)))
		for range 5 {
			appendTo(t, path, w.logLines())
			if w.rng.IntN(4) == 0 {
				rotated++
				w.rotate(path, rotated)
			}
			time.Sleep(deadline / 5) // up to the random moment
		}
		_ = d.cmd.Process.Kill()
		_ = d.cmd.Wait()
		if strings.Contains(d.errs.String(), "level=ERROR") || strings.Contains(d.errs.String(), "DATA RACE") {
			t.Fatal(d.errs.String())
		}
	}
	said := do(t, append(args, "--once")...)
	w.kept = w.sent
	w.verify()
	if again := do(t, append(args, "--once")...); !strings.HasPrefix(again, "0 lines read") {
		t.Errorf("the log is read again: %s", again)
	}
	t.Logf("%d sign-ins, %d rotations; the last run: %s", len(w.sent), rotated, said)
}

// logLines is what a log says next, of one of the last thirty days.
func (w *feedWorld) logLines() string {
	var text strings.Builder
	for range 1 + w.rng.IntN(200) {
		at := time.Now().UTC().AddDate(0, 0, -1-w.rng.IntN(30))
		row := fmt.Sprintf("%s,p%04d", at.Format("20060102"), w.rng.IntN(feedPeople))
		w.sent[row] = true
		fmt.Fprintf(&text, "%d %s\n", at.Unix(), row[9:])
	}
	return text.String()
}

// rotate gives the log another name, or copies and truncates it; in this process
// nothing is written between the two.
func (w *feedWorld) rotate(path string, n int) {
	old := fmt.Sprintf("%s.%d", path, n)
	if w.rng.IntN(2) == 0 {
		if err := os.Rename(path, old); err != nil {
			w.t.Fatal(err)
		}
		appendTo(w.t, path, "")
		return
	}
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(old, b, 0o600)
	}
	if err == nil {
		err = os.Truncate(path, 0)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}
