package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"rollcall"
	"rollcall/internal/backup"
)

// backupCommand writes organizations to a file.
type backupCommand struct {
	dataFlags
	Out  string `required:"" placeholder:"FILE" help:"The file to write; - is standard output. A file of this name is replaced once the new one is complete."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (backupCommand) Help() string {
	return `It may run beside a server: each organization is written as it is at one moment.
Without --corp all of them are written.

THE KEY FILE IS NOT IN THE BACKUP. Without it no appsecret and no token of the
backup is valid. Keep a copy of it, apart from the backups. The backup holds
personal data and is written so that only you can read it.

Example:
  rollcall backup --data ./data --out monday.backup`
}

// backupResult is what --json prints.
type backupResult struct {
	File          string        `json:"file"`
	Bytes         int64         `json:"bytes"`
	SHA256        string        `json:"sha256"`
	Organizations []movedResult `json:"organizations"`
}

// movedResult is one organization that was written, restored or copied.
type movedResult struct {
	CorpID  string `json:"corp_id"`
	Version uint64 `json:"version"`
	Feed    uint64 `json:"feed"`
	backup.Counts
}

func newMoved(h rollcall.Head, c backup.Counts) movedResult {
	return movedResult{h.CorpID, h.Version, h.Feed, c}
}

// String says it in a line.
func (m movedResult) String() string {
	return fmt.Sprintf("organization %s at version %d: %d people, %d departments, %d changes, %d days of sign-ins, %d apps",
		m.CorpID, m.Version, m.People, m.Departments, m.Changes, m.Days, m.Apps)
}

// Run carries the command out.
func (c *backupCommand) Run(ctx context.Context, std streams) error {
	store, err := c.store(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	ids, err := c.all(ctx, store)
	if err != nil {
		return err
	}
	bar := newProgress(std.err)
	defer bar.finish()
	var written backup.Written
	fill := func(w io.Writer) (err error) {
		b := backup.NewWriter(w, version, rollcall.At(time.Now()))
		for _, id := range ids {
			if _, err = b.Organization(ctx, store, id, bar.moving("Reading")); err != nil {
				return err
			}
		}
		written, err = b.Close()
		return err
	}
	report := std.out
	if c.Out == "-" {
		if f, ok := std.out.(*os.File); ok && isTerminal(f) {
			return usageError{fmt.Errorf("a backup is not for a terminal; name a file with --out")}
		}
		report, err = std.err, fill(std.out)
	} else {
		err = backup.Create(c.Out, fill)
	}
	bar.finish()
	if err != nil {
		return err
	}
	return c.tell(report, std.err, written)
}

func (c *backupCommand) tell(out, notes io.Writer, w backup.Written) error {
	r := backupResult{File: c.Out, Bytes: w.Bytes, SHA256: w.SHA256, Organizations: []movedResult{}}
	apps := 0
	for _, s := range w.Organizations {
		r.Organizations = append(r.Organizations, newMoved(s.Head(), s.Counts))
		apps += s.Counts.Apps
	}
	if c.JSON {
		if err := printJSON(out, r); err != nil {
			return err
		}
	} else {
		for _, m := range r.Organizations {
			fmt.Fprintf(out, "Wrote %s.\n", m)
		}
		fmt.Fprintf(out, "%s: %d bytes, SHA-256 %s\n", c.Out, r.Bytes, r.SHA256)
	}
	if apps > 0 {
		fmt.Fprintln(notes, "The key file is NOT in the backup: without it no appsecret and no token is valid. Keep a copy of it elsewhere.")
	}
	return nil
}

// all returns the ids of the organizations that are meant: the chosen one, or
// every one that there is.
func (f dataFlags) all(ctx context.Context, store rollcall.Store) ([]string, error) {
	return chosen(ctx, store, f.Corp)
}

// chosen returns one organization, or all where none is chosen.
func chosen(ctx context.Context, store rollcall.Store, corpID string) ([]string, error) {
	if corpID != "" {
		id, err := dataFlags{Corp: corpID}.choose(ctx, store)
		return []string{id}, err
	}
	heads, err := store.Heads(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, h := range heads {
		ids = append(ids, h.CorpID)
	}
	return ids, nil
}

// moving shows how far reading an organization is.
func (p *progress) moving(verb string) backup.Progress {
	return func(corpID string, c backup.Counts) {
		switch {
		case c.Days > 0:
			p.step(fmt.Sprintf("%s %s: days of sign-ins", verb, corpID), int64(c.Days), 0)
		case c.Changes > 0:
			p.step(fmt.Sprintf("%s %s: changes", verb, corpID), int64(c.Changes), 0)
		default:
			p.step(fmt.Sprintf("%s %s: people", verb, corpID), int64(c.People), 0)
		}
	}
}
