package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall"
)

// How long resolve waits before it asks again.
const (
	firstAgain = 50 * time.Millisecond
	lastAgain  = time.Second
)

// resolve finds out whether a batch is there whose commit failed, as when the
// connection broke. It asks for as long as the store is away: nobody is answered
// before it is known. Those who wait in the pool meanwhile are told that it is
// busy when they have waited long enough.
//
// The caller holds writing, which is given back meanwhile, so that a follower may
// take over what was committed, this batch among it.
func (c *Corp) resolve(batch string, cause error) (rollcall.Head, error) {
	c.writing.Unlock()
	defer c.writing.Lock()
	for wait := firstAgain; ; wait = min(2*wait, lastAgain) {
		head, ok, err := c.committed(batch)
		switch {
		case err == nil && ok:
			return head, nil
		case err == nil:
			return rollcall.Head{}, busy("the change could not be committed", cause)
		case errors.Is(err, rollcall.ErrClosed): // it will not open again
			return rollcall.Head{}, unresolved(cause, err)
		}
		again := time.NewTimer(wait)
		select {
		case <-again.C:
		case <-c.opt.Done:
			again.Stop()
			return rollcall.Head{}, unresolved(cause, err)
		}
	}
}

// committed asks once. The transaction begins when the one that is asked about
// has come to its end, wherever it is.
func (c *Corp) committed(batch string) (rollcall.Head, bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if c.opt.Done != nil {
		ended := make(chan struct{})
		defer close(ended)
		go func() {
			select {
			case <-c.opt.Done:
				cancel()
			case <-ended:
			}
		}()
	}
	tx, err := c.opt.Store.Begin(ctx, c.id)
	if err != nil {
		return rollcall.Head{}, false, err
	}
	defer tx.Rollback()
	return tx.Committed(batch)
}

func unresolved(cause, err error) error {
	return fmt.Errorf("it is not known whether the change was committed: %w", errors.Join(cause, err))
}
