package sqlite

import (
	"context"
	"errors"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

// largeTx is how many changes make a transaction so large that it fills the
// writer's cache, which is worth giving back to the system.
const largeTx = 10_000

// tx is a [rollcall.Tx]. It holds the store's turn to write until it is over.
type tx struct {
	store *Store
	conn  *sqlite.Conn
	head  rollcall.Head

	changes int64 // appended so far
	signIns bool  // whether a chunk was put
	log     log

	// failed is the first error of a write. What was written then is not whole,
	// and SQLite may have rolled back: nothing but Rollback is possible.
	failed error
	over   bool
}

// Begin implements [rollcall.Store]. Only the waiting ends with ctx; the
// transaction itself does not.
func (s *Store) Begin(ctx context.Context, corpID string) (rollcall.Tx, error) {
	t, err := s.begin(ctx, corpID)
	if err != nil {
		return nil, fmt.Errorf("begin a transaction on %q: %w", corpID, err)
	}
	return t, nil
}

func (s *Store) begin(ctx context.Context, corpID string) (*tx, error) {
	conn, err := s.write(ctx)
	if err != nil {
		return nil, err
	}
	head, err := headOf(conn, corpID)
	if err != nil {
		s.endWrite(conn)
		return nil, err
	}
	return &tx{store: s, conn: conn, head: head}, nil
}

// usable tells whether the transaction can go on.
func (t *tx) usable() error {
	if t.over {
		return fmt.Errorf("the transaction is %w", rollcall.ErrClosed)
	}
	if t.failed != nil {
		return fmt.Errorf("the transaction failed before: %w", t.failed)
	}
	return nil
}

// fail remembers the first error.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// Head implements [rollcall.Tx].
func (t *tx) Head() rollcall.Head { return t.head }

// Changes implements [rollcall.Tx].
func (t *tx) Changes(after uint64, fn func(rollcall.Change) error) error {
	err := t.usable()
	if err == nil {
		err = readChanges(t.conn, t.head.CorpID, after, fn)
	}
	if err != nil {
		return fmt.Errorf("read the changes of %q after version %d: %w", t.head.CorpID, after, err)
	}
	return nil
}

// Append implements [rollcall.Tx].
func (t *tx) Append(changes []rollcall.Change) error {
	if err := t.usable(); err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		at := place{corpID: t.head.CorpID, version: int64(t.head.Version + 1), seq: t.changes}
		if err := t.append(at, c); err != nil {
			return t.fail(fmt.Errorf("%s in %q (change %d of version %d): %w", c.Kind, at.corpID, at.seq, at.version, err))
		}
		t.changes++
	}
	at := place{corpID: t.head.CorpID, version: int64(t.head.Version + 1)}
	if err := t.log.flush(t.conn, at.corpID); err != nil {
		return t.fail(fmt.Errorf("write the log of version %d of %q: %w", at.version, at.corpID, err))
	}
	return nil
}

func (t *tx) append(at place, c *rollcall.Change) error {
	row, ok := effectOf(c.Kind)
	if !ok {
		return errors.New("there is no such kind of change")
	}
	if !row.given(&c.Payload) {
		return errors.New("its value is missing")
	}
	if c.Kind == rollcall.UserErased { // which goes through the log
		if err := t.log.flush(t.conn, at.corpID); err != nil {
			return err
		}
	}
	if err := row.apply(carrier{t.conn, at}, c); err != nil {
		if isTaken(err) {
			return conflict(row.param, "%s", row.taken)
		}
		return err
	}
	return t.log.write(t.conn, at, c, row.person, row.dept)
}

// Commit implements [rollcall.Tx].
func (t *tx) Commit(batch string) (rollcall.Head, error) {
	if err := t.usable(); err != nil {
		t.Rollback()
		return rollcall.Head{}, err
	}
	defer t.Rollback() // drops what failed to commit
	head := t.head
	if t.changes == 0 && !t.signIns {
		return head, nil
	}
	if t.changes > 0 {
		head.Version++
	}
	if t.signIns {
		head.Feed++
	}
	head.Batch = batch
	if err := t.commit(head); err != nil {
		return rollcall.Head{}, fmt.Errorf("commit to %q: %w", head.CorpID, err)
	}
	return head, nil
}

func (t *tx) commit(head rollcall.Head) error {
	q := prepare(t.conn, updateHead)
	q.text(head.CorpID).int(int64(head.Version)).int(int64(head.Feed)).text(head.Batch)
	if rows, err := q.run(); err != nil {
		return err
	} else if rows != 1 {
		return rollcall.ErrNoCorp
	}
	if err := remember(t.conn, head); err != nil {
		return err
	}
	return execute(t.conn, "COMMIT")
}

// Rollback implements [rollcall.Tx].
func (t *tx) Rollback() {
	if t.over {
		return
	}
	t.over = true
	rollback(t.conn)
	if t.changes > largeTx {
		_ = execute(t.conn, "PRAGMA shrink_memory") // fails only where nothing is lost by it
	}
	t.store.endWrite(t.conn)
}
