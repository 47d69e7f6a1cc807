package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
)

// activityCommand answers questions about the sign-ins of a range of days.
type activityCommand struct {
	dataFlags
	listFlags
	Question  string  `arg:"" enum:"absent,seen,last,count,never,trend" help:"absent, seen, last, count, never or trend."`
	From      string  `placeholder:"yyyyMMdd" help:"First day of the range (default: 29 days before the last)."`
	To        string  `placeholder:"yyyyMMdd" help:"Last day of the range (default: today)."`
	Days      int     `placeholder:"N" help:"Take the last N days up to the last day, instead of --from."`
	Dept      []int64 `placeholder:"ID" help:"Only people who were in this department on the last day; give the flag again for more."`
	Recursive bool    `help:"Include the departments below."`
}

// Help is shown by --help.
func (activityCommand) Help() string {
	return `Questions:
  absent  who did not sign in on any day of the range
  seen    who signed in on at least one of them
  last    everyone, with the last day with a sign-in
  count   everyone, with the number of days with a sign-in
  never   whose account was never activated
  trend   for each day how many belonged and how many of them signed in

Examples:
  rollcall activity --data ./data absent --days 30
  rollcall activity --data ./data trend --from 20260801 --to 20260831 --dept 2 --recursive --csv`
}

// activityRow is a person in an answer.
type activityRow struct {
	UserID     string `json:"userid"`
	Name       string `json:"name"`
	Active     bool   `json:"active"`
	LastSignIn string `json:"last_sign_in,omitempty"`
	Days       int    `json:"days"`
}

// trendRow is one day of a trend.
type trendRow struct {
	Day      string `json:"day"`
	Members  int    `json:"members"`
	SignedIn int    `json:"signed_in"`
}

// Run carries the command out.
func (c *activityCommand) Run(ctx context.Context, std streams) error {
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	r := org.Current()
	q, err := c.question(r)
	if err != nil {
		return err
	}
	if c.Question == "trend" {
		list, rows := []trendRow{}, [][]string{}
		for _, p := range org.Activity.Trend(r, q) {
			list = append(list, trendRow{p.Day.String(), p.Members, p.Signed})
			rows = append(rows, []string{p.Day.String(), strconv.Itoa(p.Members), strconv.Itoa(p.Signed)})
		}
		return c.print(std.out, list, []string{"day", "members", "signed_in"}, rows)
	}
	q.Kind = activity.Kind(c.Question)
	reply := org.Activity.Ask(r, q)
	list, rows, tally := []activityRow{}, [][]string{}, reply.Tally()
	for _, o := range reply.People.Append(nil, 0, reply.People.Count()) {
		u := r.User(rollcall.Ordinal(o))
		row := activityRow{UserID: u.UserID, Name: u.Name, Active: u.Active}
		var last rollcall.Day
		if last, row.Days = tally.Of(u.Ordinal); last != 0 {
			row.LastSignIn = last.String()
		}
		list = append(list, row)
		rows = append(rows, []string{row.UserID, row.Name, strconv.FormatBool(row.Active), row.LastSignIn, strconv.Itoa(row.Days)})
	}
	return c.print(std.out, list, []string{"userid", "name", "active", "last_sign_in", "days"}, rows)
}

func (c *activityCommand) question(r *directory.Root) (q activity.Question, err error) {
	for _, p := range []struct {
		flag, text string
		to         *rollcall.Day
	}{{"--from", c.From, &q.From}, {"--to", c.To, &q.To}} {
		if p.text == "" {
			continue
		}
		if *p.to, err = rollcall.ParseDay(p.text); err != nil {
			return q, usageError{fmt.Errorf("%s: %w", p.flag, err)}
		}
	}
	switch {
	case c.Days < 0:
		return q, usageError{fmt.Errorf("--days: %d is less than 1", c.Days)}
	case c.Days > 0 && c.From != "":
		return q, usageError{fmt.Errorf("--days and --from exclude each other")}
	}
	for _, id := range c.Dept {
		if _, ever := r.DeptEver(rollcall.DeptID(id)); !ever {
			return q, rollcall.Invalid("dept", "there is no department %d", id)
		}
		q.Depts = append(q.Depts, rollcall.DeptID(id))
	}
	q.Subtrees = c.Recursive
	err = q.Bounds(r, time.Now(), c.Days)
	return q, err
}
