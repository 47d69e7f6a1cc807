package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/backup"
)

// restoreCommand puts organizations of a backup into a database.
type restoreCommand struct {
	dataFlags
	In   string `required:"" placeholder:"FILE" help:"The backup."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (restoreCommand) Help() string {
	return `The backup is checked first. Then each organization is put in whole or not at all,
and what the database has is compared with the backup. Without --corp all of the
backup are put in. Where the database does not exist it is created. An organization
whose id exists already is refused, and then nothing is put in.

THE KEY FILE IS NOT IN THE BACKUP. Put the one of the old database beside the new
one before you serve it: without it no appsecret and no token is valid.

Example:
  rollcall restore --data ./data --in monday.backup
  cp /safe/place/key ./data/key`
}

// restoreResult is what --json prints.
type restoreResult struct {
	MadeAt        string        `json:"made_at"`
	Organizations []movedResult `json:"organizations"`
}

// Run carries the command out.
func (c *restoreCommand) Run(ctx context.Context, std streams) error {
	file, done, err := backup.OpenFile(c.In)
	if err != nil {
		return err
	}
	defer done() //nolint:errcheck // it was only read
	ids, err := c.of(file)
	if err != nil {
		return err
	}
	bar := newProgress(std.err)
	defer bar.finish()
	sums := map[string]backup.Sum{}
	for _, id := range ids {
		if sums[id], err = backup.SumOf(ctx, file, id, bar.moving("Checking")); err != nil {
			return err
		}
	}
	store, err := c.database(ctx, true)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := refuseTaken(ctx, store, ids); err != nil {
		return err
	}
	r := restoreResult{MadeAt: file.MadeAt.Time().Format(time.RFC3339), Organizations: []movedResult{}}
	for _, id := range ids {
		if _, err := backup.Transfer(ctx, file, store, id, bar.moving("Restoring")); err != nil {
			return err
		}
		if err := verify(ctx, store, sums[id], bar); err != nil {
			return err
		}
		r.Organizations = append(r.Organizations, newMoved(sums[id].Head, sums[id].Counts))
	}
	bar.finish()
	if c.JSON {
		err = printJSON(std.out, r)
	} else {
		for _, m := range r.Organizations {
			fmt.Fprintf(std.out, "Restored %s.\n", m)
		}
	}
	return errors.Join(err, c.lookAfterKey(ctx, std.err, store, r.Organizations))
}

// of returns the organizations of a backup that are meant.
func (c *restoreCommand) of(file *backup.File) ([]string, error) {
	var ids []string
	for _, s := range file.Organizations {
		if c.Corp == "" || s.CorpID == c.Corp {
			ids = append(ids, s.CorpID)
		}
	}
	if c.Corp != "" && len(ids) == 0 {
		return nil, fmt.Errorf("--corp %s: %w in the backup", c.Corp, rollcall.ErrNoCorp)
	}
	return ids, nil
}

// refuseTaken looks before anything is written whether all of it can be.
func refuseTaken(ctx context.Context, store rollcall.Store, ids []string) error {
	heads, err := store.Heads(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, h := range heads {
		there[h.CorpID] = true
	}
	var taken []string
	for _, id := range ids {
		if there[id] {
			taken = append(taken, id)
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return fmt.Errorf("nothing was restored: %s: %w; choose another database, or others with --corp", strings.Join(taken, ", "), rollcall.ErrCorpExists)
}

// verify compares what a store has with what was put in.
func verify(ctx context.Context, store rollcall.Store, want backup.Sum, bar *progress) error {
	got, err := backup.SumOf(ctx, store, want.Head.CorpID, bar.moving("Comparing"))
	if err != nil {
		return err
	}
	if part, differ := got.Differ(want); differ || got.Head != want.Head {
		return failure{fmt.Errorf("organization %s is not in the database as it was put in: its %s differs", want.Head.CorpID, part)}
	}
	return nil
}

// lookAfterKey says what has to be done about the key file. A database that has
// none gets one only where no app needs the old one.
func (f dataFlags) lookAfterKey(ctx context.Context, notes io.Writer, store rollcall.Store, moved []movedResult) error {
	apps := 0
	for _, m := range moved {
		apps += m.Apps
	}
	path, err := f.keyPath()
	if err != nil {
		return err
	}
	key, err := access.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if apps == 0 {
			_, err = access.CreateKey(path)
			return err
		}
		fmt.Fprintf(notes, "Put the key file of the old database at %s before you serve this one: without it no appsecret and no token is valid.\n", path)
		return nil
	}
	if err != nil {
		return failure{err}
	}
	for _, m := range moved {
		tokens, err := store.LoadTokens(ctx, m.CorpID)
		if err != nil {
			return err
		}
		for i := range tokens {
			if !key.Fits(m.CorpID, &tokens[i]) {
				fmt.Fprintf(notes, "Warning: %s is not the key file that organization %s had: its appsecrets and tokens are not valid with it.\n", path, m.CorpID)
				break
			}
		}
	}
	return nil
}
