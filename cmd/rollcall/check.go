package main

import (
	"context"
	"fmt"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
)

// checkCommand compares the store with the read model.
type checkCommand struct {
	dataFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (checkCommand) Help() string {
	return `It checks the database file, loads every organization, computes every list anew
and compares, replays the change log from its beginning and compares again, and
reads all sign-ins. It may run beside a server.`
}

// checked is what was verified of one organization.
type checked struct {
	CorpID string `json:"corp_id"`
	directory.Verified
	SignInDays int `json:"sign_in_days"`
	SignIns    int `json:"sign_ins"`
}

// Run carries the command out.
func (c *checkCommand) Run(ctx context.Context, std streams) error {
	store, err := c.store(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.IntegrityCheck(ctx); err != nil {
		return fmt.Errorf("the database file: %w", err)
	}
	heads, err := store.Heads(ctx)
	if err != nil {
		return err
	}
	if c.Corp != "" {
		if _, err := c.choose(ctx, store); err != nil {
			return err
		}
	}
	results := []checked{}
	for _, h := range heads {
		if c.Corp != "" && h.CorpID != c.Corp {
			continue
		}
		r, err := checkCorp(ctx, store, h.CorpID)
		if err != nil {
			return fmt.Errorf("organization %s: %w", h.CorpID, err)
		}
		results = append(results, r)
	}
	if c.JSON {
		return printJSON(std.out, results)
	}
	fmt.Fprintln(std.out, "The database file is sound.")
	for _, r := range results {
		fmt.Fprintf(std.out, "Organization %s at version %d agrees with itself: %d people (%d present), %d departments, %d memberships,\n",
			r.CorpID, r.Version, r.People, r.Present, r.Departments, r.Memberships)
		fmt.Fprintf(std.out, "  %d lists computed anew, %d changes replayed, %d sign-ins on %d days.\n", r.Lists, r.Changes, r.SignIns, r.SignInDays)
	}
	return nil
}

func checkCorp(ctx context.Context, store rollcall.Store, corpID string) (checked, error) {
	v, err := directory.CheckStore(ctx, corpID, options(store, time.Now))
	r := checked{CorpID: corpID, Verified: v}
	if err != nil {
		return r, err
	}
	register, err := activity.Open(ctx, store, corpID)
	if err != nil {
		return r, err
	}
	for _, day := range register.Days() {
		r.SignInDays++
		for o := range register.SignedIn(day).All() {
			if int(o) >= r.People {
				return r, fmt.Errorf("a sign-in on %s belongs to the ordinal %d, which nobody has", day, o)
			}
			r.SignIns++
		}
	}
	return r, nil
}

// versionCommand prints the version.
type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run carries the command out.
func (c *versionCommand) Run(std streams) error {
	if c.JSON {
		return printJSON(std.out, map[string]string{"version": version})
	}
	_, err := fmt.Fprintln(std.out, "rollcall", version)
	return err
}
