package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"rollcall"
	"rollcall/internal/backup"
)

// migrateCommand copies organizations from one database to another.
type migrateCommand struct {
	From string `required:"" placeholder:"URL" help:"The database to read: sqlite:DIR or postgres://…"`
	To   string `required:"" placeholder:"URL" help:"The database to write: sqlite:DIR or postgres://…; it is created where it is missing."`
	Corp string `placeholder:"ID" help:"Copy only this organization."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (migrateCommand) Help() string {
	return `Stop the servers of the database that is read first. Each organization is copied
whole or not at all, with its change log, its sign-ins and its tokens. In the end
both sides are read again and compared. Where it was interrupted run it again:
organizations that are there already, and the same, are left alone.

The key file is not in the database: copy it beside the new one.

Example:
  rollcall migrate --from sqlite:./data --to sqlite:/srv/rollcall`
}

// What became of an organization.
const (
	migrateCopied   = "copied"
	migrateSame     = "same"     // it was there already
	migrateChanging = "changing" // it was copied, and the source went on meanwhile
	migrateMoved    = "moved"    // it was there already, and one side went on since it was copied
	migrateAnother  = "another"  // the target has another organization under the id
)

// migrateResult is one organization, as --json prints it.
type migrateResult struct {
	movedResult
	Result        string `json:"result"`
	TargetVersion uint64 `json:"target_version"`
}

// migration is one run of the command.
type migration struct {
	from, to rollcall.Store
	bar      *progress
	sums     map[string]backup.Sum // of what was copied
	results  []migrateResult
}

// Run carries the command out.
func (c *migrateCommand) Run(ctx context.Context, std streams) error {
	if c.From == c.To {
		return usageError{fmt.Errorf("--from and --to are the same database")}
	}
	from, err := openDatabase(ctx, c.From, false)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer from.Close()
	ids, err := chosen(ctx, from, c.Corp)
	if err != nil {
		return err
	}
	to, err := openDatabase(ctx, c.To, true)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer to.Close()
	m := &migration{from: from, to: to, bar: newProgress(std.err), sums: map[string]backup.Sum{}, results: []migrateResult{}}
	defer m.bar.finish()
	if err := m.copyAll(ctx, ids); err != nil {
		return err
	}
	if err := m.compareAll(ctx); err != nil {
		return err
	}
	m.bar.finish()
	if c.JSON {
		err = printJSON(std.out, m.results)
	} else {
		m.print(std.out)
	}
	return errors.Join(err, m.verdict(std.err))
}

func (m *migration) copyAll(ctx context.Context, ids []string) error {
	source, err := headsOf(ctx, m.from)
	if err != nil {
		return err
	}
	target, err := headsOf(ctx, m.to)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if there, ok := target[id]; ok {
			if err := m.lookAt(ctx, source[id], there); err != nil {
				return err
			}
			continue
		}
		sum, err := backup.Transfer(ctx, m.from, m.to, id, m.bar.moving("Copying"))
		if err != nil {
			return fmt.Errorf("copy organization %s: %w", id, err)
		}
		m.add(sum, migrateCopied, sum.Head.Version)
	}
	return nil
}

func headsOf(ctx context.Context, store rollcall.Store) (map[string]rollcall.Head, error) {
	heads, err := store.Heads(ctx)
	m := map[string]rollcall.Head{}
	for _, h := range heads {
		m[h.CorpID] = h
	}
	return m, err
}

func (m *migration) add(s backup.Sum, result string, there uint64) {
	m.results = append(m.results, migrateResult{newMoved(s.Head, s.Counts), result, there})
	m.sums[s.Head.CorpID] = s
}

// lookAt says what an organization is that is there already.
func (m *migration) lookAt(ctx context.Context, here, there rollcall.Head) error {
	id := here.CorpID
	s, err := backup.SumOf(ctx, m.from, id, m.bar.moving("Comparing"))
	if err != nil {
		return err
	}
	if s.Head == there {
		t, err := backup.SumOf(ctx, m.to, id, m.bar.moving("Comparing"))
		if err != nil {
			return err
		}
		if _, differ := s.Differ(t); !differ && s.Head == t.Head {
			m.add(s, migrateSame, there.Version)
			return nil
		}
	}
	same, err := backup.SameHistory(ctx, m.from, m.to, id, min(s.Head.Version, there.Version))
	if err != nil {
		return err
	}
	m.add(s, map[bool]string{true: migrateMoved, false: migrateAnother}[same], there.Version)
	return nil
}

// compareAll reads what was copied again, on both sides.
func (m *migration) compareAll(ctx context.Context) error {
	for i := range m.results {
		r := &m.results[i]
		if r.Result != migrateCopied {
			continue
		}
		want := m.sums[r.CorpID]
		if err := verify(ctx, m.to, want, m.bar); err != nil {
			return err
		}
		now, err := backup.SumOf(ctx, m.from, r.CorpID, m.bar.moving("Comparing"))
		if err != nil {
			return err
		}
		if _, differ := now.Differ(want); differ || now.Head != want.Head {
			r.movedResult, r.Result = newMoved(now.Head, now.Counts), migrateChanging
		}
	}
	return nil
}

func (m *migration) print(w io.Writer) {
	for _, r := range m.results {
		switch r.Result {
		case migrateCopied:
			fmt.Fprintf(w, "Copied %s. Both sides are the same.\n", r.movedResult)
		case migrateSame:
			fmt.Fprintf(w, "There already, and the same: %s.\n", r.movedResult)
		}
	}
}

// verdict says what is to be done, and is the error of what was not.
func (m *migration) verdict(notes io.Writer) error {
	refused, changing := 0, 0
	for _, r := range m.results {
		switch r.Result {
		case migrateChanging:
			changing++
			fmt.Fprintf(notes, "Organization %s went on while it was copied: the target has it at version %d, the source is at %d or has other sign-ins or tokens."+
				" Stop the servers of the source, and copy into a new database.\n", r.CorpID, r.TargetVersion, r.Version)
		case migrateMoved:
			refused++
			fmt.Fprintf(notes, "Organization %s is at the target already, at version %d, and one side went on since it was copied: the source is at %d."+
				" It was left alone. Stop the servers of both, and copy into a new database.\n", r.CorpID, r.TargetVersion, r.Version)
		case migrateAnother:
			refused++
			fmt.Fprintf(notes, "The target has another organization with the id %s. It was left alone.\n", r.CorpID)
		}
	}
	if len(m.results) > refused {
		fmt.Fprintln(notes, "The key file is not in the database: copy it beside the new one before you serve it.")
	}
	switch {
	case changing > 0:
		return failure{fmt.Errorf("%d organizations went on while they were copied", changing)}
	case refused > 0:
		return rollcall.Invalid("to", "%d organizations were not copied", refused)
	}
	return nil
}
