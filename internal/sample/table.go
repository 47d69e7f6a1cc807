package sample

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"rollcall"
)

// WriteDepartments writes the departments, the root first, as a CSV file.
func (g *Generated) WriteDepartments(w io.Writer) error {
	t := csv.NewWriter(w)
	rows := [][]string{
		{"dept_id", "parent_id", "name", "source_identifier", "brief"},
		{"1", "", g.Name(), "org-1", ""},
	}
	for d := range g.Depts() {
		rows = append(rows, []string{id(d.ID), id(d.ParentID), d.Name, d.SourceIdentifier, d.Brief})
	}
	return t.WriteAll(rows)
}

// WriteUsers writes the people with their memberships as a CSV file.
func (g *Generated) WriteUsers(w io.Writer) error {
	t := csv.NewWriter(w)
	err := t.Write([]string{
		"userid", "name", "dept_id_list", "leader_in_dept", "mobile", "email", "title", "job_number", "entered",
	})
	for u := range g.Users() {
		if err != nil {
			return err
		}
		var depts, leads, entered []string
		for _, m := range u.Memberships {
			depts = append(depts, id(m.DeptID))
			entered = append(entered, m.Entered.Time().Format(time.RFC3339))
			if m.Leader {
				leads = append(leads, id(m.DeptID))
			}
		}
		err = t.Write([]string{
			u.UserID, u.Name, strings.Join(depts, ";"), strings.Join(leads, ";"),
			u.Mobile, u.Email, u.Title, u.JobNumber, strings.Join(entered, ";"),
		})
	}
	t.Flush()
	return t.Error()
}

// WriteSignIns writes the sign-ins as a CSV file.
func (g *Generated) WriteSignIns(w io.Writer) error {
	userids := make([]string, 0, g.opt.People)
	for u := range g.Users() {
		userids = append(userids, u.UserID)
	}
	t := csv.NewWriter(w)
	if err := t.Write([]string{"date", "userid"}); err != nil {
		return err
	}
	row := make([]string, 2)
	for today, list := range g.SignIns() {
		row[0] = today.String()
		for _, o := range list {
			row[1] = userids[o]
			if err := t.Write(row); err != nil {
				return err
			}
		}
	}
	t.Flush()
	return t.Error()
}

func id(d rollcall.DeptID) string { return strconv.FormatInt(int64(d), 10) }
