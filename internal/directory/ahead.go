package directory

import "rollcall"

// aheadLen is how many changes are written while those after them are still being
// decided. Few are written together at the end.
const aheadLen = 2_048

// ahead writes the changes of a transaction, in order. Many are handed to the store
// while the rest is being decided: an import then keeps the database busy from the
// start. What is handed over cannot be taken back but by rolling back.
type ahead struct {
	tx     rollcall.Tx
	handed int                    // how many of the changes so far
	newest chan []rollcall.Change // all of them that the store may have; nil where it has none
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

// hand lets the store have the changes. It gets at once what came while it was busy.
func (a *ahead) hand(changes []rollcall.Change) {
	if a.newest == nil {
		a.newest, a.done = make(chan []rollcall.Change, 1), make(chan struct{})
		go a.write()
	}
	select {
	case <-a.newest: // the store has not taken them yet; these have them too
	default:
	}
	a.newest <- changes
	a.handed = len(changes)
}

func (a *ahead) write() {
	defer close(a.done)
	n := 0
	for all := range a.newest {
		if a.err == nil {
			a.err = a.tx.Append(all[n:])
		}
		n = len(all)
	}
}

// finish writes what is left of all changes and returns when everything is
// written.
func (a *ahead) finish(changes []rollcall.Change) error {
	switch {
	case len(changes) == a.handed:
	case a.newest == nil:
		return a.tx.Append(changes)
	default:
		a.hand(changes)
	}
	return a.stop()
}

// stop waits until what was handed over is written.
func (a *ahead) stop() error {
	if a.newest != nil {
		close(a.newest)
		<-a.done
		a.newest = nil
	}
	return a.err
}
