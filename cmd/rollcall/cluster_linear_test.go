//go:build cluster

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/store/postgres"
)

var clusterSeed = flag.Uint64("cluster.seed", 0, "seed of the tests of several nodes; 0 takes one from the clock")

// clusterRandom returns the seed of a test, which it tells.
func clusterRandom(t *testing.T) (seed uint64, rng *rand.Rand) {
	t.Helper()
	if seed = *clusterSeed; seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags=cluster -run '^%s$' ./cmd/rollcall -cluster.seed=%d", t.Name(), seed)
	return seed, rand.New(rand.NewPCG(seed, seed))
}

// Clients that change the same people and departments on three nodes get answers
// as if one call had come after the other on a single one.
func TestClusterLinearizable(t *testing.T) {
	t.Parallel()
	const clients, rounds, calls = 9, 4, 150
	seed, rng := clusterRandom(t)
	c := newCluster(t, 3)
	token := c.token(c.nodes[0], c.newApp("main"))
	w := &witness{t: t}
	total := 0
	for round := range rounds {
		r := newRivals(c, w, token, round)
		var work sync.WaitGroup
		for client := range clients {
			work.Go(func() { r.play(t.Context(), client, seed+uint64(round), calls) })
		}
		work.Wait()
		r.readAll()
		total += r.explain(t)
		t.Logf("round %d: %s", round, r.answers())
		if r.busy.Load()+r.lost.Load() > 0 {
			t.Errorf("nothing was wrong, but calls were not answered: %s", r.answers())
		}
		for _, code := range []int{0, errUserTaken, errUserMissing, errMobileTaken} {
			if r.count(code) == 0 {
				t.Errorf("the clients hardly met: no errcode %d in %s", code, r.answers())
			}
		}
		for range 20 {
			c.oneOfEach(w, token, rng)
		}
	}
	version, users, _ := c.agree(token, w.newest())
	unique(t, killLines(t, users))
	c.uniqueEver("main", version)
	t.Logf("%d calls explained, up to version %d", total, version)
	c.stop()
}

const errMobileTaken = 60104

// oneOfEach has somebody created on all nodes at once, with one userid and with
// one mobile number: exactly one of them is there in the end.
func (c *cluster) oneOfEach(w *witness, token string, rng *rand.Rand) {
	c.t.Helper()
	n := rng.Uint32()
	userid := func(int) string { return fmt.Sprint("one.", n) }
	another := func(i int) string { return fmt.Sprintf("one.%d.%d", n, i) }
	for _, contest := range []struct {
		userid func(int) string
		mobile func(int) string
		lost   int
	}{
		{userid, func(i int) string { return fmt.Sprintf("1%02d%08d", 70+i, n%100_000_000) }, errUserTaken},
		{another, func(int) string { return fmt.Sprintf("180%08d", n%100_000_000) }, errMobileTaken},
	} {
		answers := make([]answer, len(c.nodes))
		var all sync.WaitGroup
		for i, node := range c.nodes {
			all.Go(func() {
				q := question{token: token, path: "/topapi/v2/user/create", body: map[string]any{
					"userid": contest.userid(i), "name": "One", "mobile": contest.mobile(i), "dept_id_list": "1",
				}}
				a, err := c.ask(c.t.Context(), node, q)
				if err != nil {
					c.t.Error(err)
					return
				}
				w.hear(node, q, a)
				answers[i] = a
			})
		}
		all.Wait()
		won := slices.IndexFunc(answers, func(a answer) bool { return a.code == 0 })
		for i, a := range answers {
			if i != won && a.code != contest.lost {
				c.t.Errorf("node %d has one created: %s; node %d: %s", won+1, answers[max(won, 0)].text, i+1, a.text)
			}
		}
	}
}

// killLines takes a list of everything apart.
func killLines(t *testing.T, text []byte) (lines []killLine) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		var l killLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// logOf reads the log of an organization from a database.
func logOf(t *testing.T, url, corpID string) (log []rollcall.Change) {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it was only read
	_, err = s.Changes(t.Context(), corpID, 0, func(c rollcall.Change) error {
		log = append(log, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// countKinds counts the changes of a log by their kinds.
func countKinds(log []rollcall.Change) map[string]int {
	kinds := map[string]int{}
	for _, c := range log {
		kinds[string(c.Kind)]++
	}
	return kinds
}

// uniqueEver goes through the log of an organization: in no version have two
// people shared a userid or a mobile number.
func (c *cluster) uniqueEver(corpID string, version uint64) {
	c.t.Helper()
	people := map[rollcall.Ordinal]loggedPerson{}
	last, joined := uint64(0), 0
	for _, change := range logOf(c.t, c.url, corpID) {
		if change.Version != last {
			shared(c.t, last, people)
			if change.Version != last+1 {
				c.t.Errorf("the log goes from version %d to %d", last, change.Version)
			}
			last = change.Version
		}
		switch p := people[change.Ordinal]; {
		case change.Kind == rollcall.UserJoined:
			people[change.Ordinal] = loggedPerson{change.User.UserID, change.User.Mobile}
			joined++
		case change.Kind == rollcall.UserUpdated && change.UserUpdate.Mobile != nil:
			people[change.Ordinal] = loggedPerson{p.userid, *change.UserUpdate.Mobile}
		case change.Kind == rollcall.UserLeft:
			delete(people, change.Ordinal)
		}
	}
	shared(c.t, last, people)
	if last != version || joined == 0 {
		c.t.Errorf("the log ends with version %d, not %d; %d came in", last, version, joined)
	}
}

type loggedPerson struct{ userid, mobile string }

// shared reports what two people have that only one may have.
func shared(t *testing.T, version uint64, people map[rollcall.Ordinal]loggedPerson) {
	t.Helper()
	owner := map[string]rollcall.Ordinal{}
	for ordinal, p := range people {
		for _, own := range []string{"userid " + p.userid, "mobile number " + p.mobile} {
			if other, taken := owner[own]; taken {
				t.Errorf("in version %d the people %d and %d have the %s", version, other, ordinal, own)
			}
			owner[own] = ordinal
		}
	}
}

// unique holds a list of everyone against the rule that no two share a userid or
// a mobile number.
func unique(t *testing.T, lines []killLine) {
	t.Helper()
	people := map[rollcall.Ordinal]loggedPerson{}
	for i, l := range lines {
		if l.User != nil {
			people[rollcall.Ordinal(i)] = loggedPerson{l.User.UserID, l.User.Mobile}
		}
	}
	shared(t, lines[0].Version, people)
}
