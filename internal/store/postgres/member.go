package postgres

import (
	"cmp"
	"fmt"
	"slices"

	"rollcall"
)

func memberTable() table {
	return table{
		"memberships",
		"corp, ordinal, dept_id, sort_order, entered_at, modified_at, ordered, leader, is_main, title, work_place",
		"iiiiiibbbtt",
	}
}

const (
	// The lists come after the organization.
	selectMembers = `
SELECT x.ordinal, x.dept_id FROM %[2]s AS m (%[1]s)
JOIN memberships x ON x.corp = $1 AND x.ordinal = m.ordinal AND x.dept_id = m.dept_id`

	// Somebody who left, or a department that is deleted, makes no row; neither
	// does a membership that is there.
	insertMembers = `
INSERT INTO memberships (%[1]s)
SELECT m.* FROM %[2]s AS m (%[1]s)
JOIN users u ON u.corp = $1 AND u.ordinal = m.ordinal AND u.left_at IS NULL
JOIN departments d ON d.corp = $1 AND d.dept_id = m.dept_id AND d.deleted_at IS NULL
ON CONFLICT DO NOTHING RETURNING ordinal, dept_id`

	updateMember = `
UPDATE memberships SET sort_order = coalesce($4, sort_order), ordered = coalesce($5, ordered),
	leader = coalesce($6, leader), title = coalesce($7, title), entered_at = coalesce($8, entered_at), modified_at = $9,
	is_main = coalesce($10, is_main), work_place = coalesce($11, work_place)
WHERE corp = $1 AND ordinal = $2 AND dept_id = $3`

	endMember = `
INSERT INTO membership_history (corp, version, seq, ordinal, dept_id, entered_at, left_at)
SELECT corp, $2, $3, ordinal, dept_id, entered_at, $6
FROM memberships WHERE corp = $1 AND ordinal = $4 AND dept_id = $5`

	deleteMember = `DELETE FROM memberships WHERE corp = $1 AND ordinal = $2 AND dept_id = $3`
)

const noSuchPair = "nobody with ordinal %d is present, or there is no department %d"

// addMember adds a row. Somebody who is new since the last statement is in no
// department yet.
func (w *writer) addMember(c *rollcall.Change) error {
	if int64(c.Ordinal) > w.t.largest {
		return fmt.Errorf(noSuchPair, c.Ordinal, c.DeptID)
	}
	rows, at := &w.others, &w.othersAt
	if w.isFresh(c.Ordinal) {
		if w.t.depts != nil && !w.t.depts[c.DeptID] {
			return fmt.Errorf(noSuchPair, c.Ordinal, c.DeptID)
		}
		rows, at = &w.fresh, &w.freshAt
	}
	*at = append(*at, entry{w.seq, c})
	memberRow(rows, w.t.corp, c.Ordinal, c.DeptID, c.Member)
	return nil
}

func memberRow(rows *rowSet, corp int64, o rollcall.Ordinal, d rollcall.DeptID, m *rollcall.Membership) {
	s := rows.row().int(corp).int(int64(o)).int(int64(d)).int(m.Order).int(int64(m.Entered)).int(int64(m.Modified))
	s.flag(m.Ordered).flag(m.Leader).flag(m.Main).text(m.Title).text(m.WorkPlace)
}

// isFresh tells whether somebody is among the rows of new people.
func (w *writer) isFresh(o rollcall.Ordinal) bool {
	if n := len(w.userAt); n > 0 && w.userAt[n-1].change.Ordinal == o { // as in an import
		return true
	}
	_, ok := slices.BinarySearchFunc(w.userAt, o, func(e entry, o rollcall.Ordinal) int { return cmp.Compare(e.change.Ordinal, o) })
	return ok
}

// A pair is a person in a department.
type pair struct {
	ordinal rollcall.Ordinal
	dept    rollcall.DeptID
}

func pairOf(c *rollcall.Change) pair { return pair{c.Ordinal, c.DeptID} }

// insertMembers inserts rows. Which of them were there already is asked before:
// afterwards it cannot be told from those of people or departments that are not.
func (w *writer) insertMembers(rows rowSet, at []entry) []step {
	there := map[pair]bool{}
	before, insert := w.on(""), w.on("")
	before.sql = fmt.Sprintf(selectMembers, rows.columns, rows.unnest(&before))
	insert.sql = fmt.Sprintf(insertMembers, rows.columns, rows.unnest(&insert))
	var written []pair
	return []step{{
		query: before,
		each: func(r row) error {
			there[pair{rollcall.Ordinal(r.int(0)), rollcall.DeptID(r.int(1))}] = true
			return nil
		},
	}, {
		query: insert,
		each: func(r row) error {
			written = append(written, pair{rollcall.Ordinal(r.int(0)), rollcall.DeptID(r.int(1))})
			return nil
		},
		check: func(_ int64, err error) error {
			if err != nil {
				return err
			}
			for _, p := range written { // of the same pair twice, the second one is
				there[p] = true
			}
			e, missing := absent(at, pairOf, written)
			switch {
			case !missing:
				return nil
			case there[pairOf(e.change)]:
				is, _ := effectOf(e.change.Kind)
				return w.fault(e, conflict(is.param, "%s", is.taken))
			}
			return w.fault(e, fmt.Errorf(noSuchPair, e.change.Ordinal, e.change.DeptID))
		},
	}}
}

func (w *writer) updateMember(c *rollcall.Change) error {
	m := c.MemberUpdate
	q := w.on(updateMember)
	q.int(int64(c.Ordinal)).int(int64(c.DeptID))
	given(&q, m.Order).givenFlag(m.Ordered).givenFlag(m.Leader).givenText(m.Title)
	given(&q, m.Entered).int(int64(c.At)).givenFlag(m.Main).givenText(m.WorkPlace)
	return w.one(q, noMember, c.Ordinal, c.DeptID)
}

func (w *writer) removeMember(c *rollcall.Change) error {
	q := w.ending(endMember)
	q.int(int64(c.Ordinal)).int(int64(c.DeptID)).int(int64(c.At))
	if err := w.one(q, noMember, c.Ordinal, c.DeptID); err != nil {
		return err
	}
	q = w.on(deleteMember)
	q.int(int64(c.Ordinal)).int(int64(c.DeptID))
	return w.one(q, noMember, c.Ordinal, c.DeptID)
}
