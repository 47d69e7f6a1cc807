package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/store/pack"

	"github.com/jackc/pgx/v5/pgtype"
)

const (
	selectHeads = `SELECT corp_id, version, feed, batch FROM heads`

	selectSomeHeads = selectHeads + ` WHERE corp = ANY ($1)`

	selectHead = selectHeads + ` WHERE corp = $1`

	updateHead = `UPDATE heads SET version = $2, feed = $3, batch = $4 WHERE corp = $1`

	insertHead = `INSERT INTO heads (corp, corp_id, version, feed, batch) VALUES ($1, $2, $3, $4, $5)`

	insertCorp = `
INSERT INTO corps (corp, corp_id, name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, sandbox, eras)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	insertRoot = `
INSERT INTO departments (corp, dept_id, parent_id, name, name_en, sort_order,
	source_identifier, brief, since, created_at, modified_at, options)
VALUES ($1, $2, NULL, $3, '', 0, '', '', $4, $5, $5, '')`

	updateCorp = `
UPDATE corps SET name = coalesce($2, name), errmsg_language = coalesce($3, errmsg_language),
	timezone = coalesce($4, timezone), closing_hour = coalesce($5, closing_hour),
	subdepartments = coalesce($6, subdepartments), retention_days = coalesce($7, retention_days), sandbox = coalesce($8, sandbox),
	eras = coalesce($9, eras)
WHERE corp = $1`
)

// headsPatience is how long the heads may take: they are asked for several times
// a second, and whoever asks wants to know when there is no answer.
const headsPatience = 5 * time.Second

// Heads implements [rollcall.Store].
func (s *Store) Heads(ctx context.Context, only ...string) ([]rollcall.Head, error) {
	heads, err := s.heads(ctx, only)
	if err != nil {
		return nil, fmt.Errorf("read the heads: %w", err)
	}
	return heads, nil
}

func (s *Store) heads(ctx context.Context, only []string) ([]rollcall.Head, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.inside.Done()
	ctx, cancel := context.WithTimeout(ctx, headsPatience)
	defer cancel()
	q := statement(selectHeads)
	if len(only) > 0 {
		q = statement(selectSomeHeads)
		q.corps(only)
	}
	for try, pause := 1, readPause; ; try, pause = try+1, 2*pause {
		heads, err := s.headsOnce(ctx, q)
		if err == nil || try == readTries || !again(err) || !sleep(ctx, pause) {
			return heads, ended(ctx, err)
		}
	}
}

// headsOnce asks outside of a transaction: one statement sees one state.
func (s *Store) headsOnce(ctx context.Context, q query) ([]rollcall.Head, error) {
	l, err := take(ctx, s.reads)
	if err != nil {
		return nil, err
	}
	heads := []rollcall.Head{}
	err = l.each(ctx, q, func(r row) error {
		heads = append(heads, head(r))
		return nil
	})
	s.giveBack(l, err)
	if err != nil {
		return nil, err
	}
	// Stored forms do not sort as the texts do.
	slices.SortFunc(heads, func(a, b rollcall.Head) int { return strings.Compare(a.CorpID, b.CorpID) })
	return heads, nil
}

func head(r row) rollcall.Head {
	return rollcall.Head{CorpID: r.text(0), Version: uint64(r.int(1)), Feed: uint64(r.int(2)), Batch: r.text(3)}
}

// headOf reads the head of one organization.
func headOf(ctx context.Context, l link, corpID string) (h rollcall.Head, err error) {
	q := statement(selectHead)
	q.corp(corpID)
	found := false
	err = l.each(ctx, q, func(r row) error {
		h, found = head(r), true
		return nil
	})
	if err == nil && (!found || h.CorpID != corpID) {
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
	c.Eras = nil
	corp, err := newCorp(&c)
	if err != nil {
		return err
	}
	first := newHead(rollcall.Head{CorpID: c.ID})
	root := statement(insertRoot)
	root.corp(c.ID).int(int64(rollcall.RootDept)).text(c.Name).int(int64(rollcall.Beginning)).int(int64(c.CreatedAt))
	if err := s.enter(); err != nil {
		return err
	}
	defer s.inside.Done()
	ctx, cancel := s.until(ctx)
	defer cancel()
	return s.inWrite(ctx, nil, func(ctx context.Context, l link) ([]step, error) {
		err := l.all(ctx, []step{{query: corp}, {query: first}, {query: root}})
		if isTaken(err) {
			err = rollcall.ErrCorpExists
		}
		return nil, err
	})
}

// newCorp returns the statement that inserts an organization.
func newCorp(c *rollcall.Corp) (query, error) {
	eras, err := pack.Eras(c.Eras)
	q := statement(insertCorp)
	q.corp(c.ID).text(c.ID).text(c.Name).text(string(c.ErrmsgLanguage)).text(c.Timezone).int(int64(c.ClosingHour)).flag(c.Subdepartments)
	q.int(int64(c.CreatedAt)).int(int64(c.RetentionDays)).flag(c.Sandbox).text(eras)
	return q, err
}

// newHead returns the statement that inserts a head.
func newHead(h rollcall.Head) query {
	q := statement(insertHead)
	q.corp(h.CorpID).text(h.CorpID).int(int64(h.Version)).int(int64(h.Feed)).text(h.Batch)
	return q
}

func (w *writer) updateCorp(c *rollcall.Change) error {
	q := w.on(updateCorp)
	q.givenText(c.Corp.Name)
	if s := c.Corp.Settings; s != nil {
		q.text(string(s.ErrmsgLanguage)).text(s.Timezone).int(int64(s.ClosingHour)).flag(s.Subdepartments).int(int64(s.RetentionDays)).flag(s.Sandbox)
	} else {
		q.null(pgtype.TextOID).null(pgtype.TextOID).null(pgtype.Int8OID).null(pgtype.BoolOID).null(pgtype.Int8OID).null(pgtype.BoolOID)
	}
	if c.Corp.Eras != nil {
		eras, err := pack.Eras(*c.Corp.Eras)
		if err != nil {
			return err
		}
		q.text(eras)
	} else {
		q.null(pgtype.TextOID)
	}
	return w.one(q, "there is no such organization")
}
