package node_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"rollcall"
	"rollcall/internal/node"
)

// watched is a node in a bubble of time, with a stopwatch.
type watched struct {
	*node.Node
	*world
	t    *testing.T
	skip time.Duration // how long the process was stopped
}

func watch(t *testing.T, opt node.Options, corpIDs ...string) *watched {
	t.Helper()
	w := &watched{world: newWorld(t, corpIDs...), t: t}
	began := time.Now()
	opt.Elapsed = func() time.Duration { return time.Since(began) + w.skip }
	w.Node = w.open(opt)
	return w
}

// ask asks as a request does, and returns how long it waited.
func (w *watched) ask(corpID string) (took, stale time.Duration, err error) {
	w.t.Helper()
	o, ok := w.Org(corpID)
	if !ok {
		w.t.Fatalf("%s is not held", corpID)
	}
	began := time.Now()
	stale, err = o.Fresh(w.t.Context())
	return time.Since(began), stale, err
}

func TestAStoppedProcessConfirmsBeforeItAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, node.Options{MaxStaleness: time.Minute}, "a")
		asked := 0
		w.ours.set(func() error { asked++; return nil }, nil)
		w.join("a")
		if took, stale, err := w.ask("a"); took != 0 || stale != 0 || err != nil || asked != 0 {
			t.Errorf("just confirmed: %s, %s, %v, asked %d times", took, stale, err, asked)
		}
		if people(w.Node) != "a 0/0" {
			t.Error(people(w.Node))
		}
		w.skip += time.Hour
		if _, stale, err := w.ask("a"); stale != 0 || err != nil {
			t.Errorf("after an hour: %s, %v", stale, err)
		}
		if got := people(w.Node); got != "a 1/1" {
			t.Errorf("after an hour: %s", got)
		}
		if asked == 0 || w.Age() > time.Second {
			t.Errorf("asked %d times, confirmed %s ago", asked, w.Age())
		}
	})
}

func TestReadsGoOnWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]bool{"it refuses": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const limit = time.Minute
				w := watch(t, node.Options{MaxStaleness: limit}, "a")
				back := make(chan struct{})
				w.ours.set(func() error {
					if hang {
						<-back
						return nil
					}
					return errors.New("refused")
				}, nil)
				time.Sleep(2 * time.Second)
				if took, stale, err := w.ask("a"); err != nil || stale < 2*time.Second || hang && took != time.Second || !hang && took != 0 {
					t.Errorf("the first: waited %s, %s old, %v", took, stale, err)
				}
				for range 5 {
					if took, stale, err := w.ask("a"); err != nil || stale < 2*time.Second || took != 0 {
						t.Errorf("the next: waited %s, %s old, %v", took, stale, err)
					}
				}
				time.Sleep(limit)
				if took, _, err := w.ask("a"); rollcall.KindOf(err) != rollcall.KindBusy || took != 0 {
					t.Errorf("after the limit: waited %s, %v", took, err)
				}
				w.join("a")
				w.ours.set(nil, nil)
				close(back)
				if err := w.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took, stale, err := w.ask("a"); err != nil || stale != 0 || took != 0 || people(w.Node) != "a 1/1" {
					t.Errorf("when it is back: waited %s, %s old, %v, %s", took, stale, err, people(w.Node))
				}
				time.Sleep(time.Minute) // what was begun comes to its end
			})
		})
	}
}

// One organization that cannot be caught up is stale alone.
func TestAnOrganizationThatCannotBeCaughtUpIsStaleAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, node.Options{MaxStaleness: time.Minute}, "a", "b")
		w.join("a")
		w.ours.set(nil, func(corpID string) error { return errors.New("broken") })
		time.Sleep(2 * time.Second)
		if _, stale, err := w.ask("a"); stale < 2*time.Second || err != nil {
			t.Errorf("a: %s, %v", stale, err)
		}
		if _, stale, err := w.ask("b"); stale != 0 || err != nil {
			t.Errorf("b: %s, %v", stale, err)
		}
		if took, stale, _ := w.ask("a"); stale < 2*time.Second || took != 0 {
			t.Errorf("a again: %s, waited %s", stale, took)
		}
		w.ours.set(nil, nil)
		if err := w.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, stale, err := w.ask("a"); stale != 0 || err != nil {
			t.Errorf("a, healed: %s, %v", stale, err)
		}
		time.Sleep(time.Minute)
	})
}

func TestAVersionIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, node.Options{MaxStaleness: time.Minute}, "a")
		o, _ := w.Org("a")
		wait := func(version uint64) (time.Duration, error) {
			began := time.Now()
			err := o.Await(t.Context(), version)
			return time.Since(began), err
		}
		w.join("a")
		if _, err := wait(1); err != nil || o.Current().Version() != 1 || o.VersionHeader()[0] != "1" {
			t.Errorf("version 1: %v, it is %d", err, o.Current().Version())
		}
		if took, err := wait(0); err != nil || took != 0 {
			t.Errorf("any version: %s, %v", took, err)
		}
		if took, err := wait(2); !errors.Is(err, rollcall.ErrNotYet) || took != time.Second {
			t.Errorf("a version that is not there: %s, %v", took, err)
		}
		go func() {
			time.Sleep(500 * time.Millisecond)
			w.join("a")
		}()
		if took, err := wait(2); err != nil || took > 600*time.Millisecond {
			t.Errorf("a version that comes: %s, %v", took, err)
		}
		// Known to be away it is not waited for.
		w.ours.set(func() error { return errors.New("down") }, nil)
		if err := w.CatchUp(t.Context()); err == nil {
			t.Error("it is not down")
		}
		if took, err := wait(3); !errors.Is(err, rollcall.ErrNotYet) || rollcall.KindOf(err) != rollcall.KindBusy || took != 0 {
			t.Errorf("while the store is away: %s, %v", took, err)
		}
		time.Sleep(time.Minute)
	})
}

// Those who wait share one question, and a client that closes its side is
// answered like the others.
func TestThoseWhoWaitShareOneQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, node.Options{MaxStaleness: time.Minute}, "a")
		asked := 0
		w.ours.set(func() error {
			asked++
			time.Sleep(300 * time.Millisecond)
			return nil
		}, nil)
		time.Sleep(5 * time.Second)
		o, _ := w.Org("a")
		gone, cancel := context.WithCancel(t.Context())
		answers := make(chan error)
		go func() { _, err := o.Fresh(gone); answers <- err }()
		for range 100 {
			go func() {
				stale, err := o.Fresh(t.Context())
				if stale != 0 {
					err = errors.New("stale")
				}
				answers <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range 101 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		if asked > 2 {
			t.Errorf("asked %d times", asked)
		}
		time.Sleep(time.Minute)
	})
}
