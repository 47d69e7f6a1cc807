package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	selectHeads = `SELECT corp_id, version, feed, batch FROM heads ORDER BY corp_id`

	selectHead = `SELECT version, feed, batch FROM heads WHERE corp_id = ?1`

	updateHead = `UPDATE heads SET version = ?2, feed = ?3, batch = ?4 WHERE corp_id = ?1`

	insertHead = `INSERT INTO heads (corp_id, version, feed, batch) VALUES (?1, 0, 0, '')`

	insertCorp = `
INSERT INTO corps (corp_id, name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, sandbox)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`

	insertRoot = `
INSERT INTO departments (corp_id, dept_id, parent_id, name, name_en, sort_order,
	source_identifier, brief, since, created_at, modified_at)
VALUES (?1, ?2, NULL, ?3, '', 0, '', '', ?4, ?5, ?5)`
)

// A headCache remembers the heads. Its connection never writes: data_version
// counts the commits of all connections but the one that asks.
type headCache struct {
	conn    *sqlite.Conn
	version int64 // the data_version before heads was read
	heads   []rollcall.Head
	valid   bool
}

// Heads implements [rollcall.Store].
func (s *Store) Heads(ctx context.Context, only ...string) ([]rollcall.Head, error) {
	heads, err := s.cachedHeads(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the heads: %w", err)
	}
	if len(only) == 0 {
		return slices.Clone(heads), nil
	}
	some := make([]rollcall.Head, 0, len(only))
	for _, id := range slices.Compact(slices.Sorted(slices.Values(only))) {
		i, ok := slices.BinarySearchFunc(heads, id, func(h rollcall.Head, id string) int { return strings.Compare(h.CorpID, id) })
		if ok {
			some = append(some, heads[i])
		}
	}
	return some, nil
}

func (s *Store) cachedHeads(ctx context.Context) ([]rollcall.Head, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.inside.Done()
	var cache *headCache
	select {
	case cache = <-s.heads:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { s.heads <- cache }()
	return cache.get()
}

func (c *headCache) get() ([]rollcall.Head, error) {
	var version int64
	q := prepare(c.conn, "PRAGMA data_version")
	err := q.each(func(stmt *sqlite.Stmt) error {
		version = stmt.ColumnInt64(0)
		return nil
	})
	if err != nil || c.valid && c.version == version {
		return c.heads, err
	}
	// What is committed between the two statements moves data_version again,
	// and the next call reads again.
	c.valid, c.heads = false, nil
	q = prepare(c.conn, selectHeads)
	err = q.each(func(stmt *sqlite.Stmt) error {
		c.heads = append(c.heads, rollcall.Head{
			CorpID:  stmt.ColumnText(0),
			Version: uint64(stmt.ColumnInt64(1)),
			Feed:    uint64(stmt.ColumnInt64(2)),
			Batch:   stmt.ColumnText(3),
		})
		return nil
	})
	c.version, c.valid = version, err == nil
	return c.heads, err
}

// headOf reads the head of one organization.
func headOf(conn *sqlite.Conn, corpID string) (rollcall.Head, error) {
	var h rollcall.Head
	q := prepare(conn, selectHead)
	q.text(corpID)
	err := q.each(func(stmt *sqlite.Stmt) error {
		h = rollcall.Head{
			CorpID:  corpID,
			Version: uint64(stmt.ColumnInt64(0)),
			Feed:    uint64(stmt.ColumnInt64(1)),
			Batch:   stmt.ColumnText(2),
		}
		return nil
	})
	if err == nil && h.CorpID == "" {
		err = rollcall.ErrNoCorp
	}
	return h, err
}

// CreateCorp implements [rollcall.Store].
func (s *Store) CreateCorp(ctx context.Context, c rollcall.Corp) error {
	if err := s.createCorp(ctx, c); err != nil {
		return fmt.Errorf("create organization %q: %w", c.ID, err)
	}
	return nil
}

func (s *Store) createCorp(ctx context.Context, c rollcall.Corp) error {
	if c.ID == "" {
		return errors.New("it has no id")
	}
	conn, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer s.endWrite(conn)

	q := prepare(conn, insertCorp)
	q.text(c.ID).text(c.Name).text(string(c.ErrmsgLanguage)).text(c.Timezone)
	q.int(int64(c.ClosingHour)).flag(c.Subdepartments).int(int64(c.CreatedAt)).int(int64(c.RetentionDays)).flag(c.Sandbox)
	if _, err := q.run(); isTaken(err) {
		return rollcall.ErrCorpExists
	} else if err != nil {
		return err
	}
	q = prepare(conn, insertHead)
	q.text(c.ID)
	if _, err := q.run(); err != nil {
		return err
	}
	q = prepare(conn, insertRoot)
	q.text(c.ID).int(int64(rollcall.RootDept)).text(c.Name).int(int64(rollcall.Beginning)).int(int64(c.CreatedAt))
	if _, err := q.run(); err != nil {
		return err
	}
	return execute(conn, "COMMIT")
}

// isTaken tells whether a statement failed because a key is taken.
func isTaken(err error) bool {
	code := sqlite.ErrCode(err)
	return code == sqlite.ResultConstraintPrimaryKey || code == sqlite.ResultConstraintUnique
}

// isOrphan tells whether a statement failed because what it points to is not
// there.
func isOrphan(err error) bool { return sqlite.ErrCode(err) == sqlite.ResultConstraintForeignKey }
