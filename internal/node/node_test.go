package node_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// hooked is a store that does what a test wants before it answers.
type hooked struct {
	rollcall.Store
	mu      sync.Mutex
	heads   func() error
	changes func(corpID string) error
	load    func(corpID string) error // set while nobody asks
}

func (h *hooked) set(heads func() error, changes func(string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heads, h.changes = heads, changes
}

func (h *hooked) Heads(ctx context.Context, only ...string) ([]rollcall.Head, error) {
	h.mu.Lock()
	hook := h.heads
	h.mu.Unlock()
	if hook != nil {
		if err := hook(); err != nil {
			return nil, err
		}
	}
	return h.Store.Heads(ctx, only...)
}

func (h *hooked) Load(ctx context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	if h.load != nil {
		if err := h.load(corpID); err != nil {
			return rollcall.Head{}, err
		}
	}
	return h.Store.Load(ctx, corpID, to)
}

func (h *hooked) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	h.mu.Lock()
	hook := h.changes
	h.mu.Unlock()
	if hook != nil {
		if err := hook(corpID); err != nil {
			return rollcall.Head{}, err
		}
	}
	return h.Store.Changes(ctx, corpID, after, fn)
}

// world is a database as two processes see it: ours, and the one that writes.
type world struct {
	t      *testing.T
	ours   *hooked
	others *sqlite.Store
	keyer  *pinyin.Keyer
}

func newWorld(t *testing.T, corpIDs ...string) *world {
	t.Helper()
	dir := t.TempDir()
	open := func() *sqlite.Store {
		s, err := sqlite.Open(t.Context(), dir, sqlite.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	w := &world{t: t, ours: &hooked{Store: open()}, others: open(), keyer: pinyin.New()}
	for _, id := range corpIDs {
		w.create(id)
	}
	return w
}

func (w *world) create(corpID string) {
	w.t.Helper()
	err := w.others.CreateCorp(w.t.Context(), rollcall.Corp{ID: corpID, Name: corpID, Settings: rollcall.DefaultSettings()})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) options(s rollcall.Store) directory.Options {
	return directory.Options{Store: s, Encoder: api.Card{}, Keyer: w.keyer, Clock: func() time.Time { return start }}
}

func (w *world) open(opt node.Options) *node.Node {
	w.t.Helper()
	opt.Options = w.options(w.ours)
	n, err := node.Open(w.t.Context(), opt)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(n.Close)
	return n
}

// join lets one more person come, who signs in at once, in another process.
func (w *world) join(corpID string) {
	w.t.Helper()
	org, err := node.OpenOrg(w.t.Context(), corpID, w.options(w.others))
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = org.Do(w.t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
		o := s.NextOrdinal()
		u := &rollcall.User{UserID: fmt.Sprintf("u%d", o), Name: "X", Stay: rollcall.Stay{To: rollcall.Open}}
		return directory.Batch{
			Changes: []rollcall.Change{{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: u}}},
			InTx: func(tx rollcall.Tx) error {
				_, err := activity.Record(tx, map[rollcall.Day][]rollcall.Ordinal{20260301: {o}})
				return err
			},
		}, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// people tells what a node shows: for each organization the number of people
// and of sign-ins.
func people(n *node.Node) string {
	var text []string
	for _, o := range n.Orgs() {
		text = append(text, fmt.Sprintf("%s %d/%d", o.ID(), o.Current().Count(false), o.Activity.SignedIn(20260301).Count()))
	}
	return strings.Join(text, ", ")
}

func TestNodeTakesOverWhatOthersCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "b", "a")
	w.join("a")
	var mu sync.Mutex
	var opened []string
	var changed atomic.Int64
	n := w.open(node.Options{
		Opened: func(_ context.Context, o *node.Org) error {
			mu.Lock()
			defer mu.Unlock()
			opened = append(opened, o.ID())
			return nil
		},
		Changed: func(*node.Node) { changed.Add(1) },
	})
	if got := people(n); got != "a 1/1, b 0/0" {
		t.Errorf("at first: %s", got)
	}
	w.join("a")
	w.join("b")
	w.create("c")
	w.join("c")
	if got := people(n); got != "a 1/1, b 0/0" {
		t.Errorf("before catching up: %s", got)
	}
	before := changed.Load()
	for range 2 { // the second time there is nothing to do
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := people(n); got != "a 2/2, b 1/1, c 1/1" {
			t.Errorf("after catching up: %s", got)
		}
	}
	if got := changed.Load() - before; got != 3 {
		t.Errorf("Changed was called %d times, not once for each", got)
	}
	slices.Sort(opened)
	if got := strings.Join(opened, " "); got != "a b c" {
		t.Errorf("opened: %s", got)
	}
	if o, ok := n.Org("c"); !ok || o.ID() != "c" {
		t.Error("the new organization is not found by its id")
	}
	if _, ok := n.Org("d"); ok {
		t.Error("an organization is found that there is not")
	}
}

func TestNodeServesOnlyOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	n := w.open(node.Options{Only: "b"})
	w.create("c")
	w.join("a")
	w.join("b")
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := people(n); got != "b 1/1" {
		t.Error(got)
	}
}

// What cannot be taken in is not served, and is tried again.
func TestRefusedOrganizationIsNotServed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	refuse := errors.New("not this one")
	opt := node.Options{Opened: func(_ context.Context, o *node.Org) error {
		if o.ID() == "b" {
			return refuse
		}
		return nil
	}}
	n := w.open(opt)
	w.create("b")
	if err := n.CatchUp(t.Context()); !errors.Is(err, refuse) || people(n) != "a 0/0" {
		t.Fatalf("%v, %s", err, people(n))
	}
	opt.Options = w.options(w.ours)
	if _, err := node.Open(t.Context(), opt); !errors.Is(err, refuse) {
		t.Fatalf("opening: %v", err)
	}
	refuse = nil
	if err := n.CatchUp(t.Context()); err != nil || people(n) != "a 0/0, b 0/0" {
		t.Errorf("%v, %s", err, people(n))
	}
}

func TestFailingOrganizationHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	n := w.open(node.Options{})
	w.join("a")
	w.join("b")
	broken := errors.New("broken")
	w.ours.set(nil, func(corpID string) error {
		if corpID == "a" {
			return broken
		}
		return nil
	})
	if err := n.CatchUp(t.Context()); !errors.Is(err, broken) || people(n) != "a 0/0, b 1/1" {
		t.Errorf("%v, %s", err, people(n))
	}
	w.ours.set(nil, nil)
	if err := n.CatchUp(t.Context()); err != nil || people(n) != "a 1/1, b 1/1" {
		t.Errorf("%v, %s", err, people(n))
	}
}

// follow follows in the background. What it reports comes out of the channel.
func follow(t *testing.T, n *node.Node) <-chan error {
	t.Helper()
	reports := make(chan error, 100)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Follow(ctx, time.Millisecond, func(err error) { reports <- err })
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		if len(reports) > 0 {
			t.Errorf("one more report: %v", <-reports)
		}
	})
	return reports
}

// receive waits for the next value.
func receive[T any](t *testing.T, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing comes")
	}
	return v
}

func TestFollowReportsBeginningAndEndOfAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	n := w.open(node.Options{})
	down := errors.New("down")
	asked := make(chan struct{})
	w.ours.set(func() error {
		select {
		case asked <- struct{}{}:
		default:
		}
		return down
	}, nil)
	reports := follow(t, n)
	if err := receive(t, reports); !errors.Is(err, down) {
		t.Fatalf("reported: %v", err)
	}
	for range 10 { // it goes on failing, and is not reported again
		receive(t, asked)
	}
	if people(n) != "a 0/0" {
		t.Error("the organization is not served while the store is down")
	}
	w.join("a")
	w.ours.set(nil, nil)
	if err := receive(t, reports); err != nil {
		t.Fatalf("reported: %v", err)
	}
	// The round that reports the end has caught up.
	if got := people(n); got != "a 1/1" {
		t.Error(got)
	}
}

// While one round is at work on an organization that fails, others leave it out:
// that they find nothing wrong does not mean that the failure is over.
func TestRoundThatLeavesOutAnOrganizationReportsNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	n := w.open(node.Options{})
	w.join("a")
	broken := errors.New("broken")
	asked, entered := make(chan struct{}), make(chan struct{})
	answer := make(chan error)
	w.ours.set(func() error {
		select {
		case asked <- struct{}{}:
		default:
		}
		return nil
	}, func(string) error {
		select {
		case entered <- struct{}{}:
			select {
			case err := <-answer:
				return err
			case <-t.Context().Done():
			}
		case <-t.Context().Done():
		}
		return t.Context().Err()
	})
	reports := follow(t, n)
	receive(t, entered)
	answer <- broken
	if err := receive(t, reports); !errors.Is(err, broken) {
		t.Fatalf("reported: %v", err)
	}
	receive(t, entered) // the next round waits for its answer
	for range 10 {      // and others come by meanwhile
		receive(t, asked)
	}
	if len(reports) > 0 {
		t.Fatalf("reported: %v", <-reports)
	}
	w.ours.set(nil, nil)
	answer <- nil
	if err := receive(t, reports); err != nil {
		t.Fatalf("reported: %v", err)
	}
}
