//go:build cluster

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/activity"
	"rollcall/internal/sample"
	"rollcall/internal/store/pgtest"
)

var (
	manyOrgs  = flag.Int("many.orgs", 1000, "organizations of TestClusterManyOrganizations")
	manyAsked = flag.Int("many.asked", 200, "how many of them are asked for")
	manyLimit = flag.Int64("many.limit", 64, "memory limit of the node, in MiB")
)

const (
	// manyPeople is about how many people each organization has.
	manyPeople = 1000
	// manyClients ask at the same time.
	manyClients = 16
	// manyBeside is what the process may take beside the organizations, in MiB,
	// and in relation to them: requests, and garbage that was not collected yet.
	manyBeside, manyGarbage = 128, 4.0 / 3
)

// TestClusterManyOrganizations makes many organizations in one database and asks a
// node that may not hold them all for some of them, in no order: each answers
// with its own people, and the memory stays within its limit. How long the first
// answer of one takes that has to be loaded is told, not judged.
func TestClusterManyOrganizations(t *testing.T) {
	w := newManyWorld(t)
	rng := rand.New(rand.NewPCG(1, 1))
	asked := rng.Perm(*manyOrgs)[:min(*manyAsked, *manyOrgs)]

	// The first node gives tokens: each is the first answer about an organization.
	// The second one has not seen any and is asked with these tokens.
	first := w.serve()
	tokens := map[int]string{}
	var giving, counting []time.Duration
	for _, n := range asked {
		began := time.Now()
		r := first.gettoken(w.apps[n])
		giving = append(giving, time.Since(began))
		if r.Errcode != 0 {
			t.Fatalf("organization %d gives no token: %+v", n, r)
		}
		tokens[n] = r.Token
	}
	w.within(first)
	first.stop()
	second := w.serve()
	rng.Shuffle(len(asked), func(i, j int) { asked[i], asked[j] = asked[j], asked[i] })
	for _, n := range asked {
		began := time.Now()
		people := second.count(tokens[n])
		counting = append(counting, time.Since(began))
		if people != w.people(n) {
			t.Errorf("organization %d counts %d people, not %d", n, people, w.people(n))
		}
	}
	if loads := second.metric("rollcall_org_loads_total"); int(loads) < len(asked) {
		t.Errorf("%v loads for %d organizations: some were not cold", loads, len(asked))
	}
	t.Logf("first answer of a cold organization: a token %s; a count %s", spread(giving), spread(counting))

	// Many at once, each organization again and again.
	var next atomic.Int64
	took := make([]time.Duration, 4*len(asked))
	var clients sync.WaitGroup
	for range manyClients {
		clients.Go(func() {
			for !t.Failed() {
				i := int(next.Add(1)) - 1
				if i >= len(took) {
					return
				}
				n := asked[i*7919%len(asked)]
				began := time.Now()
				err := w.read(second, n, tokens[n])
				if took[i] = time.Since(began); err != nil {
					t.Errorf("organization %d: %v", n, err)
				}
			}
		})
	}
	clients.Wait()
	t.Logf("a count and a page, %d clients: %s", manyClients, spread(took))
	w.within(second)
	second.stop()
}

// manyWorld is a database with many organizations.
type manyWorld struct {
	t        *testing.T
	dir, url string
	apps     []appSecret
}

func newManyWorld(t *testing.T) *manyWorld {
	w := &manyWorld{t: t, dir: t.TempDir(), apps: make([]appSecret, *manyOrgs)}
	w.url = pgtest.Start(t, pgtest.Options{}).URL("postgres")
	key, err := access.CreateKey(keyPath(w.dir))
	if err != nil {
		t.Fatal(err)
	}
	store, err := openDatabase(t.Context(), w.url, true)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	began := time.Now()
	var next atomic.Int64
	var makers sync.WaitGroup
	for range 4 {
		makers.Go(func() {
			for n := int(next.Add(1)) - 1; n < *manyOrgs && !t.Failed(); n = int(next.Add(1)) - 1 {
				if err := w.make(store, key, n); err != nil {
					t.Errorf("making organization %d: %v", n, err)
				}
			}
		})
	}
	makers.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%d organizations of about %d people were made in %s", *manyOrgs, manyPeople, time.Since(began).Round(time.Millisecond))
	return w
}

func manyID(n int) string { return "many" + strconv.Itoa(n) }

// people is how many an organization has: not two neighbours have as many.
func (w *manyWorld) people(n int) int { return manyPeople - 50 + n%101 }

func (w *manyWorld) sample(n int) *sample.Generated {
	opt := sample.Defaults(w.people(n))
	opt.Seed = uint64(n + 1)
	return sample.Generate(opt)
}

// make writes an organization, with its log, 31 days of sign-ins and an app.
func (w *manyWorld) make(store rollcall.Store, key access.Key, n int) error {
	ctx, g := w.t.Context(), w.sample(n)
	corp := rollcall.Corp{ID: manyID(n), Name: g.Name(), Settings: rollcall.DefaultSettings(), CreatedAt: rollcall.At(time.Now())}
	if err := store.CreateCorp(ctx, corp); err != nil {
		return err
	}
	secret := access.NewSecret()
	app := &rollcall.App{
		Appkey: access.NewAppkey(corp.ID), Name: "many", Type: rollcall.Internal, Permissions: slices.Clone(rollcall.Permissions()),
		SecretGeneration: 1, CreatedAt: corp.CreatedAt,
	}
	key.SetSecret(corp.ID, app, secret)
	w.apps[n] = appSecret{Appkey: app.Appkey, Appsecret: secret}
	var changes []rollcall.Change
	for c := range g.Changes() {
		changes = append(changes, c)
	}
	changes = append(changes, rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: app}})
	for i := range changes {
		changes[i].At, changes[i].By = corp.CreatedAt, "many"
	}
	days := map[rollcall.Day][]rollcall.Ordinal{}
	for day, signed := range g.SignIns() {
		days[day] = slices.Clone(signed)
	}
	tx, err := store.Begin(ctx, corp.ID)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := tx.Append(changes); err != nil {
		return err
	}
	if _, err := activity.Record(tx, days); err != nil {
		return err
	}
	_, err = tx.Commit("many")
	return err
}

// serve starts a node that holds nothing yet.
func (w *manyWorld) serve() *liveServer {
	w.t.Helper()
	s := serve(w.t, w.dir, "--database", w.url, "--log-level", "info", "--memory-limit", fmt.Sprintf("%dMiB", *manyLimit))
	if held, known := s.metric("rollcall_orgs_held"), s.metric("rollcall_orgs_known"); held != 0 || int(known) != *manyOrgs {
		w.t.Fatalf("%v of %v organizations are held", held, known)
	}
	return s
}

// read holds the count and a page of an organization against what it was made of.
func (w *manyWorld) read(s *liveServer, n int, token string) error {
	r, err := s.post("/topapi/user/count", form("access_token", token, "only_active", "false"))
	if err != nil || r.Result["count"] != float64(w.people(n)) {
		return fmt.Errorf("it counts %+v, not %d: %w", r, w.people(n), err)
	}
	r, err = s.post("/topapi/user/listsimple", form("access_token", token, "dept_id", fmt.Sprint(sample.BigDept), "cursor", "0", "size", "100"))
	list, ok := r.Result["list"].([]any)
	if err != nil || !ok {
		return fmt.Errorf("a page: %+v, %w", r, err)
	}
	names, g := map[string]string{}, w.sample(n)
	for u := range g.Users() {
		if slices.ContainsFunc(u.Memberships, func(m rollcall.Membership) bool { return m.DeptID == sample.BigDept }) {
			names[u.UserID] = u.Name
		}
	}
	if len(list) != min(100, len(names)) {
		return fmt.Errorf("a page shows %d people of %d", len(list), len(names))
	}
	for _, x := range list {
		u, _ := x.(map[string]any)
		id, _ := u["userid"].(string)
		if name, there := names[id]; !there || name != u["name"] {
			return fmt.Errorf("a page shows %v; in the department is %q", u, name)
		}
		delete(names, id) // once
	}
	return nil
}

// within holds the memory of a node against the limit.
func (w *manyWorld) within(s *liveServer) {
	t := w.t
	t.Helper()
	peak, err := residentPeak(s.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	held, known, left := s.metric("rollcall_orgs_held"), s.metric("rollcall_orgs_known"), s.metric("rollcall_org_evictions_total")
	counted := s.metric("rollcall_orgs_held_bytes")
	t.Logf("memory: limit %d MiB, counted %.0f MiB in %v of %v organizations (%.0f KiB each), %v have left; resident %d MiB at most",
		*manyLimit, counted/(1<<20), held, known, counted/held/1024, left, peak>>20)
	if counted > float64(*manyLimit<<20) {
		t.Errorf("the organizations take %.0f MiB", counted/(1<<20))
	}
	if most := int64(manyGarbage*float64(*manyLimit)) + manyBeside; peak>>20 > most {
		t.Errorf("the process took %d MiB, more than %d MiB", peak>>20, most)
	}
	if left == 0 {
		t.Error("none has left: the limit is too large to show anything")
	}
}

// residentPeak returns the most that a process had in memory, in bytes.
func residentPeak(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, ok := bytes.Cut(status, []byte("VmHWM:"))
	if f := bytes.Fields(after); ok && len(f) > 0 {
		kb, err := strconv.ParseInt(string(f[0]), 10, 64)
		return kb << 10, err
	}
	return 0, errors.New("the process has no VmHWM")
}

// spread is the median, the 99th percentile and the largest, in words.
func spread(times []time.Duration) string {
	s := slices.Sorted(slices.Values(times))
	at := func(q float64) time.Duration { return s[int(q*float64(len(s)-1))].Round(10 * time.Microsecond) }
	return fmt.Sprintf("median %s, p99 %s, most %s", at(0.5), at(0.99), at(1))
}
