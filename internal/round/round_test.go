package round_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rollcall/internal/round"
)

func TestWhoAsksGetsARunThatBeganAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var world atomic.Int64
		runs := 0
		r := round.New(100*time.Millisecond, func() error {
			runs++
			seen := world.Load()
			time.Sleep(30 * time.Millisecond) // of the bubble's clock
			if seen != world.Load() {
				return errors.New("it is not the newest")
			}
			return nil
		})
		if err := r.Do(t.Context()); err != nil || runs != 1 {
			t.Fatalf("%d runs: %v", runs, err)
		}
		began := time.Now()
		first := r.Ask() // which waits until 100 ms after the first began
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if err := r.Do(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if err := first(t.Context()); err != nil || runs != 2 || time.Since(began) != 100*time.Millisecond {
			t.Fatalf("%d runs after %s: %v", runs, time.Since(began), err)
		}
		// What happens during a run is seen by the next.
		time.Sleep(time.Second)
		early := r.Ask()
		synctest.Wait()
		world.Add(1)
		late := r.Ask()
		if err := early(t.Context()); err == nil {
			t.Error("the run under way saw what came later")
		}
		if err := late(t.Context()); err != nil || runs != 4 {
			t.Errorf("%d runs: %v", runs, err)
		}
	})
}

func TestRunsBeginNoCloserThanTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var began []time.Time
		r := round.New(100*time.Millisecond, func() error {
			began = append(began, time.Now())
			return nil
		})
		for len(began) < 10 {
			if err := r.Do(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for i := range began[1:] {
			if d := began[i+1].Sub(began[i]); d != 100*time.Millisecond {
				t.Errorf("run %d came %s after the one before", i+1, d)
			}
		}
	})
}

func TestWhoLeavesDoesNotStopTheWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		broken := errors.New("broken")
		r := round.New(0, func() error {
			time.Sleep(time.Minute)
			ended.Store(true)
			return broken
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stays := r.Ask()
		if err := r.Do(ctx); !errors.Is(err, context.DeadlineExceeded) || ended.Load() {
			t.Errorf("%v; it has ended: %v", err, ended.Load())
		}
		if err := stays(t.Context()); !errors.Is(err, broken) || !ended.Load() {
			t.Errorf("%v; it has ended: %v", err, ended.Load())
		}
		time.Sleep(time.Hour) // the run that was asked for comes all the same
	})
}
