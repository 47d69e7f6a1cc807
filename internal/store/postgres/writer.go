package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"rollcall"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// manyChanges is how many make it worth to read the departments first, with
	// which new ones and new members can be checked here.
	manyChanges = 500

	// What waits to be sent is sent when it is this much.
	mostSteps = 1_000
	mostBytes = 4 << 20
	mostRows  = 8_000
)

// An entry is a change with its place in the log.
type entry struct {
	seq    int64
	change *rollcall.Change
}

// A writer carries out the changes of a transaction. Statements are collected and
// sent together. What only adds rows (people who are new, their memberships, new
// departments) is collected as rows: of several such changes in a row, each table
// gets one COPY, which costs the server half of an INSERT even for a few rows.
type writer struct {
	t   *tx
	ctx context.Context

	seq int64 // of the change that is being carried out
	c   *rollcall.Change
	row effect

	steps  []step
	sent   chan error // how what is being sent ends; nil while nothing is
	going  []step     // what is being sent
	spare  [][]byte   // the buffers of rows that were sent
	failed error      // of what was sent

	// The rows since the last step. Of the members, fresh ones are new people,
	// who can be in no department yet.
	depts, users, fresh, others       rowSet
	deptAt, userAt, freshAt, othersAt []entry
	log                               *journal
}

func newWriter(t *tx) *writer {
	return &writer{
		t: t, depts: rowSet{table: deptTable()}, users: rowSet{table: userTable()},
		fresh: rowSet{table: memberTable()}, others: rowSet{table: memberTable()}, log: newJournal(),
	}
}

// write carries changes out. While some of many are on their way, those behind
// them are made ready.
func (w *writer) write(ctx context.Context, changes []rollcall.Change) error {
	w.ctx = ctx
	err := w.writeAll(changes)
	// What is on its way came before the change that went wrong, and was first.
	if before := w.flush(); before != nil {
		return before
	}
	return err
}

func (w *writer) writeAll(changes []rollcall.Change) error {
	if len(changes) >= manyChanges && w.t.depts == nil {
		if err := w.t.readDepts(w.ctx); err != nil {
			return err
		}
	}
	for i := range changes {
		w.c, w.seq = &changes[i], w.t.changes
		if err := w.change(); err != nil {
			return w.fault(entry{w.seq, w.c}, err)
		}
		w.t.changes++
		if err := w.sendIfLarge(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) change() error {
	var ok bool
	if w.row, ok = effectOf(w.c.Kind); !ok {
		return errors.New("there is no such kind of change")
	}
	if !w.row.given(&w.c.Payload) {
		return errors.New("its value is missing")
	}
	if err := w.row.apply(w, w.c); err != nil {
		return err
	}
	return w.log.add(w.t.corp, w.t.head.Version+1, w.seq, w.c, w.row)
}

// fault says which change an error is about.
func (w *writer) fault(e entry, err error) error {
	return fmt.Errorf("%s in %q (change %d of version %d): %w", e.change.Kind, w.t.head.CorpID, e.seq, w.t.head.Version+1, err)
}

// on begins a statement about one row; its first parameter is the organization.
func (w *writer) on(sql string) query {
	q := statement(sql)
	q.int(w.t.corp)
	return q
}

// ending begins a statement that writes a history row, or asks for one: its
// first parameters are the place of the change.
func (w *writer) ending(sql string) query {
	q := w.on(sql)
	q.int(int64(w.t.head.Version + 1)).int(w.seq)
	return q
}

// do adds a statement after all that came before. check judges how many rows it
// touched.
func (w *writer) do(q query, check func(touched int64) error) error {
	w.settle()
	at, row := entry{w.seq, w.c}, w.row
	w.steps = append(w.steps, step{query: q, check: func(touched int64, err error) error {
		switch {
		case isTaken(err):
			err = conflict(row.param, "%s", row.taken)
		case err == nil && check != nil:
			err = check(touched)
		}
		if err != nil {
			return w.fault(at, err)
		}
		return nil
	}})
	return nil
}

// one adds a statement that has to touch exactly one row; the rest says why it
// may not have.
func (w *writer) one(q query, reason string, args ...any) error {
	return w.do(q, func(touched int64) error {
		if touched != 1 {
			return fmt.Errorf(reason, args...)
		}
		return nil
	})
}

func conflict(param, detail string, args ...any) error {
	return &rollcall.Error{Kind: rollcall.KindConflict, Param: param, Detail: fmt.Sprintf(detail, args...)}
}

func (w *writer) sendIfLarge() error {
	rows := w.depts.n + w.users.n + w.fresh.n + w.others.n
	size := len(w.depts.buf) + len(w.users.buf) + len(w.fresh.buf) + len(w.others.buf) + w.log.size()
	if len(w.steps) >= mostSteps || rows >= mostRows || size >= mostBytes {
		return w.send()
	}
	return nil
}

// flush sends everything and waits for how it ends.
func (w *writer) flush() error {
	if err := w.send(); err != nil {
		return err
	}
	return w.wait()
}

// send begins to send everything, when what was sent before has ended.
func (w *writer) send() error {
	w.settle()
	w.log.finish(w.t.corp)
	if w.log.rows.n > 0 {
		w.steps = append(w.steps, w.log.rows.copied(w.buffer()))
	}
	if err := w.wait(); err != nil || len(w.steps) == 0 {
		return err
	}
	steps, sent := w.steps, make(chan error, 1)
	w.steps, w.sent, w.going = nil, sent, steps
	go func() { sent <- w.t.link.all(w.ctx, steps) }()
	return nil
}

// wait waits until what is being sent has ended.
func (w *writer) wait() error {
	if w.sent != nil {
		w.failed = <-w.sent
		w.sent = nil
		for i := range w.going {
			if rows := w.going[i].rows; rows != nil {
				w.spare = append(w.spare, rows[:0])
			}
		}
		w.going = nil
	}
	return w.failed
}

// buffer returns a buffer for rows that is free, or nil.
func (w *writer) buffer() (b []byte) {
	if n := len(w.spare); n > 0 {
		b, w.spare = w.spare[n-1], w.spare[:n-1]
	}
	return b
}

// settle turns the rows into statements.
func (w *writer) settle() {
	if w.depts.n > 0 {
		w.copyRows(&w.depts, &w.deptAt)
	}
	if w.users.n > 0 {
		w.copyRows(&w.users, &w.userAt)
	}
	if w.fresh.n > 0 {
		if w.t.depts == nil {
			w.steps = append(w.steps, w.requireDepts(w.freshAt))
		}
		w.copyRows(&w.fresh, &w.freshAt)
	}
	if w.others.n > 0 {
		w.steps = append(w.steps, w.insertMembers(w.others, w.othersAt)...)
		w.others.reset()
		w.othersAt = nil
	}
}

// copyRows adds a COPY of rows.
func (w *writer) copyRows(rows *rowSet, of *[]entry) {
	at := *of
	*of = nil
	s := rows.copied(w.buffer())
	complete := s.check
	s.check = func(touched int64, err error) error {
		if err != nil {
			return w.copyFault(at, err)
		}
		return complete(touched, nil)
	}
	w.steps = append(w.steps, s)
}

var copyLine = regexp.MustCompile(`\b[0-9]+$`)

// copyFault says which row COPY could not write: the server tells its number.
func (w *writer) copyFault(rows []entry, err error) error {
	var of *pgconn.PgError
	if !isTaken(err) || !errors.As(err, &of) {
		return err
	}
	n, wrong := strconv.Atoi(copyLine.FindString(of.Where))
	if wrong != nil || n < 1 || n > len(rows) {
		return conflict("", "a key is taken: %s", of.TableName)
	}
	e := rows[n-1]
	row, _ := effectOf(e.change.Kind)
	return w.fault(e, conflict(row.param, "%s", row.taken))
}

// absent returns the first of several rows of which an INSERT that passes over
// those that are there already did not tell that it wrote it.
func absent[K comparable](rows []entry, key func(*rollcall.Change) K, written []K) (entry, bool) {
	if len(written) == len(rows) {
		return entry{}, false
	}
	there := map[K]int{}
	for _, k := range written {
		there[k]++
	}
	for _, e := range rows {
		k := key(e.change)
		if there[k] == 0 {
			return e, true
		}
		there[k]--
	}
	return entry{}, false
}
