package postgres

import (
	"context"
	"fmt"
	"slices"

	"rollcall"
	"rollcall/internal/store/pack"

	"github.com/jackc/pgx/v5/pgtype"
)

func deptTable() table {
	return table{
		"departments",
		"corp, dept_id, parent_id, name, name_en, sort_order, source_identifier, brief, since, created_at, modified_at, deleted_at, options",
		"iiittittiiiit",
	}
}

const (
	selectAlive = `SELECT dept_id, deleted_at IS NULL FROM departments WHERE corp = $1`

	selectAmong = `SELECT dept_id FROM departments WHERE corp = $1 AND dept_id = ANY($2) AND deleted_at IS NULL`

	// The time ends at $5, or with the deletion where $5 is NULL.
	endParent = `
INSERT INTO department_history (corp, version, seq, dept_id, parent_id, since, until)
SELECT corp, $2, $3, dept_id, parent_id, since, coalesce(deleted_at, $5)
FROM departments WHERE corp = $1 AND dept_id = $4 AND (deleted_at IS NULL) = ($5 IS NOT NULL)`

	// What is created was deleted before where endParent found it: then it is
	// revived, and else inserted. A parent that is deleted or not there makes no
	// row.
	ofDept = `
WHERE h.corp = $1
	AND ($5 = 0 OR EXISTS (SELECT FROM departments p WHERE p.corp = h.corp AND p.dept_id = $5 AND p.deleted_at IS NULL))
	AND `
	wasDeleted = `EXISTS (SELECT FROM department_history x WHERE x.corp = h.corp AND x.version = $2 AND x.seq = $3)`

	reviveDept = `
UPDATE departments d SET parent_id = nullif($5, 0), name = $6, name_en = $7, sort_order = $8, source_identifier = $9,
	brief = $10, since = $11, created_at = $12, modified_at = $12, options = $13, deleted_at = NULL
FROM heads h` + ofDept + wasDeleted + ` AND d.corp = h.corp AND d.dept_id = $4`

	insertDept = `
INSERT INTO departments (corp, dept_id, parent_id, name, name_en, sort_order,
	source_identifier, brief, since, created_at, modified_at, options)
SELECT h.corp, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $12, $13
FROM heads h` + ofDept + `NOT ` + wasDeleted

	updateDept = `
UPDATE departments d SET parent_id = coalesce($3, parent_id), since = CASE WHEN $3 IS NULL THEN since ELSE $9 END,
	name = coalesce($4, name), name_en = coalesce($5, name_en), sort_order = coalesce($6, sort_order),
	source_identifier = coalesce($7, source_identifier), brief = coalesce($8, brief), modified_at = $9,
	options = coalesce($10, options)
WHERE corp = $1 AND dept_id = $2 AND deleted_at IS NULL
	AND ($3 IS NULL OR EXISTS (SELECT FROM departments p WHERE p.corp = d.corp AND p.dept_id = $3 AND p.deleted_at IS NULL))`

	deleteDept = `
UPDATE departments SET deleted_at = $3, modified_at = $3 WHERE corp = $1 AND dept_id = $2 AND deleted_at IS NULL`
)

// readDepts reads which departments there are, and which of them are not
// deleted.
func (t *tx) readDepts(ctx context.Context) error {
	depts := map[rollcall.DeptID]bool{}
	q := statement(selectAlive)
	q.int(t.corp)
	err := t.link.each(ctx, q, func(r row) error {
		depts[rollcall.DeptID(r.int(0))] = r.flag(1)
		return nil
	})
	if err == nil {
		t.depts = depts
	}
	return err
}

// noteDept keeps what is known of the departments true.
func (t *tx) noteDept(d rollcall.DeptID, alive bool) {
	if t.depts != nil {
		t.depts[d] = alive
	}
}

func (w *writer) createDept(c *rollcall.Change) error {
	d := c.Dept
	options, err := pack.Options(d.Options)
	if err != nil {
		return err
	}
	_, known := w.t.depts[c.DeptID]
	if w.t.depts != nil && !known {
		return w.newDept(c, options)
	}
	w.t.noteDept(c.DeptID, true)
	q := w.ending(endParent)
	q.int(int64(c.DeptID)).null(pgtype.Int8OID)
	if err := w.do(q, nil); err != nil {
		return err
	}
	made := int64(0)
	for _, sql := range []string{reviveDept, insertDept} {
		q := w.ending(sql)
		q.int(int64(c.DeptID)).int(int64(d.ParentID)).text(d.Name).text(d.NameEN).int(d.Order)
		q.text(d.SourceIdentifier).text(d.Brief).int(int64(d.Since)).int(int64(c.At)).text(options)
		err := w.do(q, func(touched int64) error {
			if made += touched; made == 0 && sql == insertDept {
				return fmt.Errorf("there is no department %d to be its parent", d.ParentID)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newDept adds the row of a department whose id nobody had before.
func (w *writer) newDept(c *rollcall.Change, options string) error {
	d := c.Dept
	if d.ParentID != 0 && !w.t.depts[d.ParentID] {
		return fmt.Errorf("there is no department %d to be its parent", d.ParentID)
	}
	w.t.noteDept(c.DeptID, true)
	w.deptAt = append(w.deptAt, entry{w.seq, c})
	s := w.depts.row().int(w.t.corp).int(int64(c.DeptID)).intOrNull(int64(d.ParentID), d.ParentID != 0).text(d.Name).text(d.NameEN)
	s.int(d.Order).text(d.SourceIdentifier).text(d.Brief).int(int64(d.Since)).int(int64(c.At)).int(int64(c.At)).null().text(options)
	return nil
}

// requireDepts asks whether the departments are there to which rows of memberships
// belong.
func (w *writer) requireDepts(rows []entry) step {
	wanted := map[rollcall.DeptID]bool{}
	var ids []int64
	for _, e := range rows {
		if !wanted[e.change.DeptID] {
			wanted[e.change.DeptID] = true
			ids = append(ids, int64(e.change.DeptID))
		}
	}
	q := w.on(selectAmong)
	q.ints(ids)
	return step{
		query: q,
		each: func(r row) error {
			delete(wanted, rollcall.DeptID(r.int(0)))
			return nil
		},
		check: func(_ int64, err error) error {
			if err != nil || len(wanted) == 0 {
				return err
			}
			e := rows[slices.IndexFunc(rows, func(e entry) bool { return wanted[e.change.DeptID] })]
			return w.fault(e, fmt.Errorf(noSuchPair, e.change.Ordinal, e.change.DeptID))
		},
	}
}

func (w *writer) updateDept(c *rollcall.Change) error {
	u := c.DeptUpdate
	if u.ParentID != nil {
		q := w.ending(endParent)
		q.int(int64(c.DeptID)).int(int64(c.At))
		if err := w.one(q, noDept, c.DeptID); err != nil {
			return err
		}
	}
	q := w.on(updateDept)
	q.int(int64(c.DeptID))
	given(&q, u.ParentID).givenText(u.Name).givenText(u.NameEN)
	given(&q, u.Order).givenText(u.SourceIdentifier).givenText(u.Brief).int(int64(c.At))
	if u.Options != nil {
		options, err := pack.Options(u.Options)
		if err != nil {
			return err
		}
		q.text(options)
	} else {
		q.null(pgtype.TextOID)
	}
	return w.one(q, noDept+", or not the one to be its parent", c.DeptID)
}

// deleteDept keeps the row. It holds the time under the last parent, which goes
// into the history if the department is revived.
func (w *writer) deleteDept(c *rollcall.Change) error {
	w.t.noteDept(c.DeptID, false)
	q := w.on(deleteDept)
	q.int(int64(c.DeptID)).int(int64(c.At))
	return w.one(q, noDept, c.DeptID)
}
