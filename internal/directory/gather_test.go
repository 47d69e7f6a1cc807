package directory_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

// slow is a store in whose transactions nothing is kept and every commit takes a
// while. It notes how many changes each has.
type slow struct {
	rollcall.Store
	takes time.Duration
	head  rollcall.Head
	sizes []int
}

func (s *slow) Begin(context.Context, string) (rollcall.Tx, error) {
	return &slowTx{s: s}, nil
}

type slowTx struct {
	rollcall.Tx
	s *slow
	n int
}

func (t *slowTx) Head() rollcall.Head { return t.s.head }

func (t *slowTx) Append(changes []rollcall.Change) error {
	t.n = len(changes)
	return nil
}

func (t *slowTx) Commit(batch string) (rollcall.Head, error) {
	time.Sleep(t.s.takes) // of the bubble's time
	t.s.head.Version, t.s.head.Batch = t.s.head.Version+1, batch
	t.s.sizes = append(t.s.sizes, t.n)
	return t.s.head, nil
}

func (t *slowTx) Rollback() {}

// openSlow opens an organization whose commits take a while, by the time of the
// bubble that it is used in.
func openSlow(t *testing.T, takes time.Duration) (*directory.Corp, *slow) {
	w := newWorld(t)
	id := w.newCorp(t).Corp.ID
	s := &slow{Store: w.store, takes: takes, head: rollcall.Head{CorpID: id}}
	opt := w.options(s)
	opt.Clock = time.Now
	return openWith(t, id, opt), s
}

// writeOne lets somebody join.
func writeOne(t *testing.T, corp *directory.Corp) {
	_, err := corp.Do(t.Context(), "test", func(s *directory.State) (directory.Batch, error) {
		o := s.NextOrdinal()
		return directory.Batch{Changes: []rollcall.Change{joined(o, fmt.Sprint("p", o), "Anna")}}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWritersWhoComeAgainShareTheNextTransaction(t *testing.T) {
	t.Parallel()
	corp, s := openSlow(t, 5*time.Millisecond)
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				for range 10 {
					writeOne(t, corp)
				}
			})
		}
		work.Wait()
	})
	// The first transaction begins with whoever comes first, the last one has
	// those who are left; from the second on all are known.
	for _, n := range s.sizes[2 : len(s.sizes)-1] {
		if n != 8 {
			t.Fatalf("the transactions have %d changes", s.sizes)
		}
	}
}

func TestALoneWriterDoesNotWait(t *testing.T) {
	t.Parallel()
	corp, s := openSlow(t, 5*time.Millisecond)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		for range 10 {
			writeOne(t, corp)
		}
		if took := time.Since(began); len(s.sizes) != 10 || took != 50*time.Millisecond {
			t.Errorf("%d transactions took %s", len(s.sizes), took)
		}
	})
}

func TestOthersAreWaitedForOnceAndNotForLong(t *testing.T) {
	t.Parallel()
	const takes = 20 * time.Millisecond
	corp, _ := openSlow(t, takes)
	synctest.Test(t, func(t *testing.T) {
		go writeOne(t, corp)
		synctest.Wait()
		go writeOne(t, corp) // while the first is being committed
		synctest.Wait()
		writeOne(t, corp) // with the second
		time.Sleep(time.Hour)
		for i, want := range []time.Duration{directory.MaxGather + takes, takes} {
			began := time.Now()
			writeOne(t, corp)
			if took := time.Since(began); took != want {
				t.Errorf("write %d took %s, not %s", i, took, want)
			}
		}
	})
}
