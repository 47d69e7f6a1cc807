package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/node"
)

// deptCommand shows and changes departments.
type deptCommand struct {
	List   deptListCommand   `cmd:"" help:"List the departments."`
	Get    deptGetCommand    `cmd:"" help:"Show one department in full."`
	Create deptCreateCommand `cmd:"" help:"Create a department."`
	Update deptUpdateCommand `cmd:"" help:"Change a department."`
	Delete deptDeleteCommand `cmd:"" help:"Delete a department in which and below which there is nothing."`
}

type deptListCommand struct {
	dataFlags
	listFlags
}

// deptRow is a department as it is listed.
type deptRow struct {
	DeptID           rollcall.DeptID `json:"dept_id"`
	ParentID         rollcall.DeptID `json:"parent_id"` // 0 for the root
	Name             string          `json:"name"`
	NameEN           string          `json:"name_en"`
	SourceIdentifier string          `json:"source_identifier"`
	Members          int             `json:"owning_member_count"`
	Subtree          int             `json:"member_count"`
}

func newDeptRow(r *directory.Root, d *rollcall.Dept) deptRow {
	direct, all := r.MemberCount(d.ID)
	return deptRow{d.ID, d.ParentID, d.Name, d.NameEN, d.SourceIdentifier, direct, all}
}

// Run carries the command out.
func (c *deptListCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	list, rows := []deptRow{}, [][]string{}
	for d := range r.Depts() {
		list = append(list, newDeptRow(r, d))
	}
	slices.SortFunc(list, func(a, b deptRow) int { return cmp.Compare(a.DeptID, b.DeptID) })
	for _, d := range list {
		parent := ""
		if d.ParentID != 0 {
			parent = strconv.FormatInt(int64(d.ParentID), 10)
		}
		rows = append(rows, []string{
			strconv.FormatInt(int64(d.DeptID), 10), parent, d.Name, d.NameEN, d.SourceIdentifier,
			strconv.Itoa(d.Members), strconv.Itoa(d.Subtree),
		})
	}
	return c.print(std.out, list,
		[]string{"dept_id", "parent_id", "name", "name_en", "source_identifier", "owning_member_count", "member_count"}, rows)
}

// userCommand shows and changes people.
type userCommand struct {
	List   userListCommand   `cmd:"" help:"List the people, or those of one department."`
	Get    userGetCommand    `cmd:"" help:"Show one person in full."`
	Create userCreateCommand `cmd:"" help:"Let a person come in."`
	Update userUpdateCommand `cmd:"" help:"Change a person."`
	Delete userDeleteCommand `cmd:"" help:"Let people leave."`
	Erase  userEraseCommand  `cmd:"" help:"Take the values of somebody who has left away for good."`
}

type userListCommand struct {
	dataFlags
	listFlags
	Dept      *int64 `placeholder:"ID" help:"Only the members of this department."`
	Recursive bool   `help:"With --dept: those of the departments below it too."`
}

// userRow is a person as listed.
type userRow struct {
	UserID        string            `json:"userid"`
	Name          string            `json:"name"`
	NameEN        string            `json:"name_en"`
	Active        bool              `json:"active"`
	AccessLimited bool              `json:"access_limited"`
	DeptIDs       []rollcall.DeptID `json:"dept_id_list"`
	Joined        string            `json:"joined"` // empty: since before the first recorded day
}

// Run carries the command out.
func (c *userListCommand) Run(ctx context.Context, std streams) error {
	if c.Recursive && c.Dept == nil {
		return usageError{fmt.Errorf("--recursive goes with --dept")}
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	ordinals, err := c.chosen(r)
	if err != nil {
		return err
	}
	list, rows := make([]userRow, 0, len(ordinals)), [][]string{}
	for _, o := range ordinals {
		u := r.User(rollcall.Ordinal(o))
		row := userRow{UserID: u.UserID, Name: u.Name, NameEN: u.NameEN, Active: u.Active, AccessLimited: u.AccessLimited, DeptIDs: []rollcall.DeptID{}}
		var ids []string
		for _, m := range u.Memberships {
			row.DeptIDs = append(row.DeptIDs, m.DeptID)
			ids = append(ids, strconv.FormatInt(int64(m.DeptID), 10))
		}
		if u.Stay.From != rollcall.Beginning {
			row.Joined = u.Stay.From.Time().In(r.Location()).Format(time.RFC3339)
		}
		list = append(list, row)
		rows = append(rows, []string{
			row.UserID, row.Name, row.NameEN, strconv.FormatBool(row.Active), strconv.FormatBool(row.AccessLimited),
			strings.Join(ids, ";"), row.Joined,
		})
	}
	return c.print(std.out, list, []string{"userid", "name", "name_en", "active", "access_limited", "dept_id_list", "joined"}, rows)
}

// chosen returns the ordinals to list: a department's members in its order,
// everyone else by ordinal.
func (c *userListCommand) chosen(r *directory.Root) ([]uint32, error) {
	if c.Dept == nil {
		var all []uint32
		for u := range r.Users() {
			if u.Present() {
				all = append(all, uint32(u.Ordinal))
			}
		}
		return all, nil
	}
	id := rollcall.DeptID(*c.Dept)
	m, ok := r.Members(id, rollcall.OrderCustom, rollcall.Chinese, true)
	if !ok {
		return nil, rollcall.Invalid("dept", "there is no department %d", id)
	}
	if !c.Recursive {
		return m.Append(nil, 0, m.Len()), nil
	}
	return slices.Collect(r.SubtreeMembers(id).All()), nil
}

// inactiveCommand shows who did not sign in on a day.
type inactiveCommand struct {
	dataFlags
	listFlags
	Date   string  `required:"" placeholder:"yyyyMMdd" help:"The day; any day that is closed, however long ago."`
	Dept   []int64 `placeholder:"ID" help:"Only people who were in this department on the day; give the flag again for more."`
	Active bool    `help:"Show who did sign in instead."`
}

// inactiveRow is a person who did not sign in.
type inactiveRow struct {
	UserID string `json:"userid"`
	Name   string `json:"name"`
}

// Run carries the command out.
func (c *inactiveCommand) Run(ctx context.Context, std streams) error {
	day, err := rollcall.ParseDay(c.Date)
	if err != nil {
		return usageError{fmt.Errorf("--date: %w", err)}
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	list, err := c.answer(org, day)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for _, p := range list {
		rows = append(rows, []string{p.UserID, p.Name})
	}
	return c.print(std.out, list, []string{"userid", "name"}, rows)
}

func (c *inactiveCommand) answer(org *node.Org, day rollcall.Day) ([]inactiveRow, error) {
	r := org.Current()
	set := r.Corp().Settings
	if last := r.Calendar().LastClosed(time.Now()); day > last {
		return nil, rollcall.Invalid("date", "the last day that is closed is %s", last)
	}
	q := activity.Query{Day: day, Active: c.Active, Subtrees: set.Subdepartments}
	for _, id := range c.Dept {
		if _, ever := r.DeptEver(rollcall.DeptID(id)); !ever {
			return nil, rollcall.Invalid("dept", "there is no department %d", id)
		}
		q.Depts = append(q.Depts, rollcall.DeptID(id))
	}
	answer := org.Activity.Answer(r, q)
	list := make([]inactiveRow, 0, answer.Count())
	for _, o := range answer.Append(nil, 0, answer.Count()) {
		u := r.User(rollcall.Ordinal(o))
		list = append(list, inactiveRow{u.UserID, u.Name})
	}
	return list, nil
}
