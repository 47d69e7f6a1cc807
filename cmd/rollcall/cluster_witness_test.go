//go:build cluster

package main

import (
	"sort"
	"sync"
	"testing"
	"time"
)

// witness knows which versions of an organization somebody had been told of, and
// when, and holds every answer of every node against that.
type witness struct {
	t *testing.T

	mu    sync.Mutex
	marks []mark // both ascending
}

type mark struct {
	at      time.Time
	version uint64
}

// fresh is how old an answer may be that does not say that it is old.
const fresh = time.Second

// newest returns the largest version that somebody was told of.
func (w *witness) newest() uint64 { return w.by(time.Now()) }

// by returns the largest version that somebody had been told of at a time.
func (w *witness) by(at time.Time) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := sort.Search(len(w.marks), func(i int) bool { return w.marks[i].at.After(at) })
	if n == 0 {
		return 0
	}
	return w.marks[n-1].version
}

// hear takes in an answer: what is older than it may be is a fault. Without the
// header that is a second; with it, what it says. It is rounded down.
func (w *witness) hear(n *clusterNode, q question, a answer) {
	if a.version == 0 || a.code == errBusy {
		return
	}
	oldest := a.sent.Add(-fresh)
	if a.stale > 0 {
		oldest = a.sent.Add(-a.stale - time.Second)
	}
	if least := w.by(oldest); a.version < least {
		w.t.Errorf("node %d answers %s from version %d and says it is %s old; version %d had been told of at %s, and the question was sent at %s",
			n.number, q.path, a.version, a.stale, least, oldest, a.sent)
	}
	if a.version < q.min {
		w.t.Errorf("node %d answers %s from version %d; %d was asked for", n.number, q.path, a.version, q.min)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.marks) == 0 || w.marks[len(w.marks)-1].version < a.version {
		w.marks = append(w.marks, mark{time.Now(), a.version})
	}
}

// revoked is a token that opens nothing since a time.
type revoked struct {
	token string
	since time.Time
}

// hear holds an answer to a call with the token against that. A node may go on
// from what it confirmed within the last second, or within the time that it
// tells.
func (r revoked) hear(t *testing.T, n *clusterNode, a answer) {
	if a.code == errBusy || a.refusedToken() {
		return
	}
	known := fresh
	if a.stale > 0 {
		known = a.stale + time.Second
	}
	if a.sent.After(r.since.Add(known)) {
		t.Errorf("node %d lets a token through (errcode %d, %s old) that was revoked %s before", n.number, a.code, a.stale, a.sent.Sub(r.since))
	}
}
