package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/pinyin"
)

// dataFlags are taken by every command that works on a database.
type dataFlags struct {
	databaseFlags
	Corp string `placeholder:"ID" help:"Id of the organization, where the database holds several."`
}

// Validate is called when the command line was read.
func (f *dataFlags) Validate() error { return f.needed() }

// store opens an existing database.
func (f dataFlags) store(ctx context.Context) (rollcall.Store, error) { return f.database(ctx, false) }

// options joins the directory with a store.
func options(store rollcall.Store, clock func() time.Time) directory.Options {
	return directory.Options{Store: store, Encoder: api.Card{}, Keyer: pinyin.New(), Clock: clock}
}

// choose returns the id of the organization that is meant.
func (f dataFlags) choose(ctx context.Context, store rollcall.Store) (string, error) {
	heads, err := store.Heads(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, h := range heads {
		if h.CorpID == f.Corp {
			return f.Corp, nil
		}
		ids = append(ids, h.CorpID)
	}
	switch {
	case f.Corp != "":
		return "", fmt.Errorf("--corp %s: %w; there are: %s", f.Corp, rollcall.ErrNoCorp, strings.Join(ids, ", "))
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) == 0:
		return "", rollcall.Invalid("data", "there is no organization in %s; create one with: rollcall init %s --name NAME", f.place(), f.flags())
	}
	return "", usageError{fmt.Errorf("there are several organizations; choose one with --corp: %s", strings.Join(ids, ", "))}
}

// open opens the store and loads the organization that is meant. The caller
// calls done.
func (f dataFlags) open(ctx context.Context) (org *node.Org, done func(), err error) {
	store, org, err := f.openStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	return org, func() { store.Close() }, nil
}

// openStore is open for those who need the store too, which they close.
func (f dataFlags) openStore(ctx context.Context) (rollcall.Store, *node.Org, error) {
	store, err := f.store(ctx)
	if err != nil {
		return nil, nil, err
	}
	var org *node.Org
	corpID, err := f.choose(ctx, store)
	if err == nil {
		opt := options(store, time.Now)
		opt.Done = ctx.Done() // whoever stops the command does not wait for an answer of a store that is away
		org, err = node.OpenOrg(ctx, corpID, opt)
	}
	if err != nil {
		store.Close()
		return nil, nil, err
	}
	return store, org, nil
}

// initCommand creates an organization.
type initCommand struct {
	databaseFlags
	Name     string `required:"" help:"Name of the organization."`
	Timezone string `default:"Asia/Shanghai" help:"Time zone in which days are counted, such as Europe/Berlin."`
	CorpID   string `name:"corp-id" placeholder:"ID" help:"Id of the organization; a new one is made up without it."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (initCommand) Help() string {
	return `The directory and the key file are created where they are missing, and so are the
tables of the database. In a database that holds organizations already, one more
is added.

Example:
  rollcall init --data ./data --name "Example Ltd."
  rollcall init --database postgres://rollcall@db/rollcall --key-file ./key --name "Example Ltd."`
}

// Validate is called when the command line was read.
func (c *initCommand) Validate() error { return c.needed() }

// Run carries the command out.
func (c *initCommand) Run(ctx context.Context, std streams) error {
	if c.CorpID == "" {
		c.CorpID = access.NewCorpID()
	}
	corp := rollcall.Corp{ID: c.CorpID, Name: c.Name, CreatedAt: rollcall.At(time.Now()), Settings: rollcall.DefaultSettings()}
	corp.Timezone = c.Timezone
	if err := corp.Validate(); err != nil {
		return err
	}
	path, err := c.keyPath()
	if err != nil {
		return err
	}
	store, err := c.database(ctx, true)
	if err != nil {
		return err
	}
	defer store.Close()
	heads, err := store.Heads(ctx)
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		// The key is there before the first organization: without it no app
		// could be made.
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			_, err = access.CreateKey(path)
		}
	} else {
		// A new key in the place of a lost one would shut every app out.
		_, err = access.LoadKey(path)
	}
	if err != nil {
		return failure{err}
	}
	if err := store.CreateCorp(ctx, corp); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, corp)
	}
	fmt.Fprintf(std.out, "Created organization %s (%s), days in %s, in %s.\n", corp.ID, corp.Name, corp.Timezone, c.place())
	return nil
}
