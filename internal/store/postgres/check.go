package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// tables are all tables with rows of organizations.
func tables() []string {
	return []string{
		"corps", "heads", "batches", "departments", "department_history", "users", "user_history", "memberships",
		"membership_history", "role_groups", "roles", "role_members", "changes", "apps", "tokens", "signin_days", "signin_chunks",
	}
}

// A reference is what a row of one table points to in another.
// The columns have the same names on both sides, but for a parent.
type reference struct{ from, to, columns string }

// references are all of them, those that are no foreign keys among them.
func references() []reference {
	return []reference{
		{"heads", "corps", "corp"},
		{"departments", "corps", "corp"},
		{"departments", "departments", "corp, parent_id"},
		{"users", "corps", "corp"},
		{"memberships", "users", "corp, ordinal"},
		{"memberships", "departments", "corp, dept_id"},
		{"user_history", "users", "corp, ordinal"},
		{"membership_history", "users", "corp, ordinal"},
		{"membership_history", "departments", "corp, dept_id"},
		{"department_history", "departments", "corp, dept_id"},
		{"roles", "role_groups", "corp, group_id"},
		{"role_members", "users", "corp, ordinal"},
		{"role_members", "roles", "corp, role_id"},
		{"apps", "corps", "corp"},
		{"tokens", "apps", "corp, appkey"},
		{"signin_chunks", "signin_days", "corp, day"},
		{"changes", "corps", "corp"},
	}
}

// IntegrityCheck reads the whole database and reports what is damaged: what
// cannot be read, and rows that point to what is not there.
func (s *Store) IntegrityCheck(ctx context.Context) error {
	err := s.read(ctx, func(ctx context.Context, l link, _ func()) error { return check(ctx, l) })
	if err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	return nil
}

func check(ctx context.Context, l link) error {
	for _, t := range tables() {
		// The whole row as text makes the server read everything, also what is kept
		// beside the row.
		sql := "SELECT coalesce(sum(length(t::text)), 0)::bigint FROM " + t + " t"
		if err := l.each(ctx, statement(sql), func(row) error { return nil }); err != nil {
			return fmt.Errorf("read %s: %w", t, err)
		}
	}
	return checkReferences(ctx, l, nil)
}

// checkReferences reports rows that point to what is not there, of one
// organization or, where it is nil, of all.
func checkReferences(ctx context.Context, l link, only *int64) error {
	var found []error
	for _, r := range references() {
		var same []string
		columns := strings.Split(r.columns, ", ")
		last := columns[len(columns)-1] // it may be NULL
		for _, c := range columns {
			same = append(same, "o."+strings.Replace(c, "parent_id", "dept_id", 1)+" = t."+c)
		}
		q := statement("SELECT count(*) FROM " + r.from + " t WHERE ($1 IS NULL OR t.corp = $1) AND t." + last + " IS NOT NULL AND NOT EXISTS (SELECT FROM " +
			r.to + " o WHERE " + strings.Join(same, " AND ") + ")")
		given(&q, only)
		err := l.each(ctx, q, func(row row) error {
			if n := row.int(0); n > 0 {
				found = append(found, fmt.Errorf("%d rows of %s point to rows of %s that are not there", n, r.from, r.to))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return errors.Join(found...)
}
