package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// checkCommand compares a store, or a backup, with the read model.
type checkCommand struct {
	Backup string `arg:"" optional:"" help:"Backup file to check, in place of a database."`
	databaseFlags
	Corp string `placeholder:"ID" help:"Check only this organization."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (checkCommand) Help() string {
	return `It checks the database, loads every organization, computes every list anew
and compares, replays the change log from its beginning and compares again, and
reads all sign-ins. It may run beside a server.

Of a backup it checks the checksum, every record, and each organization as above.

Example:
  rollcall check --data ./data
  rollcall check monday.backup`
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
	if c.Backup != "" {
		return c.checkBackup(ctx, std)
	}
	data := dataFlags{c.databaseFlags, c.Corp}
	if !c.given() {
		return usageError{fmt.Errorf("missing flags: --data=DIR or --database=URL, or a backup file")}
	}
	store, err := data.store(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if s, ok := store.(interface {
		IntegrityCheck(ctx context.Context) error
	}); ok {
		if err := s.IntegrityCheck(ctx); err != nil {
			return fmt.Errorf("the database: %w", err)
		}
	}
	heads, err := store.Heads(ctx)
	if err != nil {
		return err
	}
	if c.Corp != "" {
		if _, err := data.choose(ctx, store); err != nil {
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
	fmt.Fprintln(std.out, "The database is sound.")
	printChecked(std.out, results)
	return nil
}

func printChecked(w io.Writer, results []checked) {
	for _, r := range results {
		fmt.Fprintf(w, "Organization %s at version %d agrees with itself: %d people (%d present), %d departments, %d memberships,\n",
			r.CorpID, r.Version, r.People, r.Present, r.Departments, r.Memberships)
		fmt.Fprintf(w, "  %d lists computed anew, %d changes replayed, %d sign-ins on %d days.\n", r.Lists, r.Changes, r.SignIns, r.SignInDays)
	}
}

// checkSource is what a check reads: a store or a backup.
type checkSource interface {
	directory.Source
	SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error)
}

func checkCorp(ctx context.Context, from checkSource, corpID string) (checked, error) {
	v, err := directory.Check(ctx, from, corpID, options(nil, time.Now))
	r := checked{CorpID: corpID, Verified: v}
	if err != nil {
		return r, err
	}
	days := map[rollcall.Day]bool{}
	_, err = from.SignInChunks(ctx, corpID, 0, func(d rollcall.Day, chunk uint32, bits []byte) error {
		days[d] = true
		people := ordset.New(0)
		if err := people.OrChunk(0, bits); err != nil {
			return err
		}
		for o := range people.All() {
			if all := int(chunk)*ordset.ChunkSize + int(o); all >= r.People {
				return fmt.Errorf("a sign-in on %s belongs to the ordinal %d, which nobody has", d, all)
			}
			r.SignIns++
		}
		return nil
	})
	r.SignInDays = len(days)
	return r, err
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
