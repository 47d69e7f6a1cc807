package directory

import "rollcall"

// aheadLen is how many changes are written while those after them are still being
// decided. Few are written together at the end.
const aheadLen = 8_192

// ahead writes the changes of a transaction, in order. Many are handed to the store
// while the rest is being decided: an import then keeps the database busy from the
// start. What is handed over cannot be taken back but by rolling back.
type ahead struct {
	tx     rollcall.Tx
	handed int // how many of the changes so far
	work   chan []rollcall.Change
	done   chan struct{}
	err    error
}

// decided is told the changes that are decided so far, and hands over those that
// are many.
func (a *ahead) decided(changes []rollcall.Change) {
	if len(changes)-a.handed >= aheadLen {
		a.hand(changes)
	}
}

func (a *ahead) hand(changes []rollcall.Change) {
	if a.work == nil {
		a.work, a.done = make(chan []rollcall.Change, 1_000), make(chan struct{})
		go func() {
			defer close(a.done)
			for part := range a.work {
				if a.err == nil {
					a.err = a.tx.Append(part)
				}
			}
		}()
	}
	a.work <- changes[a.handed:]
	a.handed = len(changes)
}

// finish writes what is left of all changes and returns when everything is
// written.
func (a *ahead) finish(changes []rollcall.Change) error {
	switch {
	case len(changes) == a.handed:
	case a.work == nil:
		return a.tx.Append(changes)
	default:
		a.hand(changes)
	}
	return a.stop()
}

// stop waits until what was handed over is written.
func (a *ahead) stop() error {
	if a.work != nil {
		close(a.work)
		<-a.done
		a.work = nil
	}
	return a.err
}
