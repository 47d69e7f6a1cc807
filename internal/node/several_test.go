package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/node"
	"rollcall/internal/store/sqlite"
)

// mix does random things to an organization on one of several nodes.
type mix struct {
	t    *testing.T
	node *node.Node
	rand *rand.Rand

	newest uint64
}

func (m *mix) org() *node.Org {
	o, ok := m.node.Org("a")
	if !ok {
		m.t.Fatal("it is not held")
	}
	return o
}

// step does one thing, and checks that this node shows it at once.
func (m *mix) step() {
	o, userid := m.org(), fmt.Sprint("u", m.rand.IntN(30))
	name, mobile := fmt.Sprint("name ", m.rand.Int()), fmt.Sprintf("138%08d", m.rand.IntN(40))
	now := rollcall.At(start)
	var intent directory.Intent
	switch m.rand.IntN(5) {
	case 0:
		intent = edit.CreateUser(&userid, now, edit.UserValues{Name: &name, Mobile: &mobile})
	case 1:
		intent = edit.UpdateUser(userid, now, edit.UserValues{Name: &name})
	case 2:
		intent = edit.UpdateUser(userid, now, edit.UserValues{Mobile: &mobile})
	case 3:
		intent = edit.DeleteUser(userid)
	default:
		m.signIn(o, userid)
		return
	}
	out, err := o.Do(context.Background(), "test", intent)
	if err != nil {
		if k := rollcall.KindOf(err); k != rollcall.KindConflict && k != rollcall.KindNotFound {
			m.t.Errorf("%v", err)
		}
		return
	}
	if v := o.Current().Version(); v < out.Version || out.Version < m.newest {
		m.t.Errorf("version %d is shown after %d, and before it %d", v, out.Version, m.newest)
	}
	m.newest = out.Version
}

func (m *mix) signIn(o *node.Org, userid string) {
	u, ok := o.Current().UserByID(userid)
	if !ok {
		return
	}
	batch := []activity.SignIn{{Ordinal: u.Ordinal, At: rollcall.At(start)}}
	out, err := o.Activity.Take(context.Background(), o, batch, func() time.Time { return start }, activity.Terms{})
	if err != nil {
		m.t.Errorf("signing in: %v", err)
		return
	}
	m.newest = max(m.newest, out.Version)
	if out.Reasons[0] == activity.Taken && !o.Activity.SignedIn(20260302).Has(uint32(u.Ordinal)) {
		m.t.Error("a sign-in is not shown")
	}
}

// Signing in again, of which nothing is new, does not hide what another node
// recorded meanwhile.
func TestASignInThatIsKnownHidesNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.join("a")
	n := w.open(node.Options{})
	w.join("a")
	o := n.Orgs()[0]
	now := func() time.Time { return start.AddDate(0, 0, -1) } // the day on which both signed in
	out, err := o.Activity.Take(t.Context(), o, []activity.SignIn{{Ordinal: 0, At: rollcall.At(now())}}, now, activity.Terms{})
	if err != nil || out.Reasons[0] != activity.Taken || out.Fresh != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := people(n); got != "a 2/2" {
		t.Error(got)
	}
}

// bulk is everything that a version says of people.
func bulk(r *directory.Root) (list []rollcall.User) {
	for u := range r.Users() {
		list = append(list, *u)
	}
	return list
}

func TestSeveralNodesOnOneDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	began := time.Now()
	opt := node.Options{Elapsed: func() time.Duration { return time.Since(began) }, MaxStaleness: time.Minute}
	nodes := []*node.Node{w.open(opt)}
	opt.Options = w.options(w.others)
	second, err := node.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	nodes = append(nodes, second)

	ctx, stop := context.WithCancel(t.Context())
	var following, writing sync.WaitGroup
	var all []*mix
	for i, n := range nodes {
		following.Go(func() { n.Follow(ctx, 5*time.Millisecond, func(err error) { t.Errorf("node %d: %v", i, err) }) })
		for k := range 3 {
			m := &mix{t: t, node: n, rand: rand.New(rand.NewPCG(uint64(i), uint64(k)))}
			all = append(all, m)
			writing.Go(func() {
				for range 60 {
					m.step()
				}
			})
		}
	}
	writing.Wait()
	newest := uint64(0)
	for _, m := range all {
		newest = max(newest, m.newest)
	}
	var people [][]rollcall.User
	var days []int
	for _, n := range nodes {
		o, _ := n.Org("a")
		if err := o.Await(t.Context(), newest); err != nil {
			t.Fatal(err)
		}
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := o.Current().Verify(); err != nil || o.Current().Version() != newest {
			t.Errorf("version %d of %d: %v", o.Current().Version(), newest, err)
		}
		people, days = append(people, bulk(o.Current())), append(days, o.Activity.SignedIn(20260302).Count())
	}
	stop()
	following.Wait()
	if d := cmp.Diff(people[0], people[1], cmpopts.EquateEmpty()); d != "" || len(people[0]) == 0 {
		t.Errorf("of %d people the nodes show differently:\n%s", len(people[0]), d)
	}
	if days[0] != days[1] || days[0] == 0 {
		t.Errorf("signed in: %v", days)
	}
	mobiles := map[string]bool{}
	for _, u := range people[0] {
		if u.Present() && u.Mobile != "" {
			if mobiles[u.Mobile] {
				t.Errorf("two people have %s", u.Mobile)
			}
			mobiles[u.Mobile] = true
		}
	}
	if _, err := directory.CheckStore(t.Context(), "a", w.options(w.others)); err != nil {
		t.Error(err)
	}
}

// A commit whose answer is lost, while the other node commits, too.
func TestAnswersThatAreLostAreFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	lost := &losing{Store: w.others, rand: rand.New(rand.NewPCG(1, 2))}
	first := w.open(node.Options{})
	opt := node.Options{Options: w.options(lost)}
	second, err := node.Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	var mu sync.Mutex
	var done []string
	var all sync.WaitGroup
	for i, n := range []*node.Node{first, second} {
		o, _ := n.Org("a")
		all.Go(func() {
			for k := range 25 {
				userid, name := fmt.Sprintf("n%d-%d", i, k), "X"
				mobile := fmt.Sprintf("1380%03d%04d", i, k)
				_, err := o.Do(context.Background(), "test", edit.CreateUser(&userid, rollcall.At(start), edit.UserValues{Name: &name, Mobile: &mobile}))
				switch {
				case err == nil:
					mu.Lock()
					done = append(done, userid)
					mu.Unlock()
				case rollcall.KindOf(err) != rollcall.KindBusy:
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := first.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	var there []string
	o, _ := first.Org("a")
	for _, u := range bulk(o.Current()) {
		there = append(there, u.UserID)
	}
	slices.Sort(done)
	slices.Sort(there)
	// Exactly what was acknowledged is there.
	if d := cmp.Diff(done, there); d != "" || lost.losses == 0 || len(done) == 50 {
		t.Errorf("%d answers were lost, %d done; acknowledged (-) and there (+):\n%s", lost.losses, len(done), d)
	}
}

// losing is a store that loses its answer to every third commit, before or after
// it happens.
type losing struct {
	*sqlite.Store
	rand   *rand.Rand
	losses int
}

func (l *losing) Begin(ctx context.Context, corpID string) (rollcall.Tx, error) {
	tx, err := l.Store.Begin(ctx, corpID)
	if err != nil {
		return nil, err
	}
	return &losingTx{tx, l}, nil
}

type losingTx struct {
	rollcall.Tx
	l *losing
}

func (t *losingTx) Commit(batch string) (rollcall.Head, error) {
	switch t.l.rand.IntN(6) {
	case 0:
		t.l.losses++
		t.Rollback()
		return rollcall.Head{}, errors.New("lost before")
	case 1:
		t.l.losses++
		_, err := t.Tx.Commit(batch)
		return rollcall.Head{}, errors.Join(errors.New("lost after"), err)
	}
	return t.Tx.Commit(batch)
}
