package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

// dataFlags are taken by every command that works on a data directory.
type dataFlags struct {
	Data string `required:"" placeholder:"DIR" env:"ROLLCALL_DATA" help:"Directory of the database and the key file."`
	Corp string `placeholder:"ID" help:"Id of the organization, where the directory holds several."`
}

func keyPath(dir string) string { return filepath.Join(dir, "key") }

// store opens the database of an existing data directory.
func (f dataFlags) store(ctx context.Context) (*sqlite.Store, error) {
	return sqlite.Open(ctx, f.Data, sqlite.Options{})
}

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
		return "", rollcall.Invalid("data", "there is no organization in %s; create one with: rollcall init --data %s --name NAME", f.Data, f.Data)
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
func (f dataFlags) openStore(ctx context.Context) (*sqlite.Store, *node.Org, error) {
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

// key reads the key file of the data directory.
func (f dataFlags) key() (access.Key, error) { return loadKey(f.Data) }

// loadKey reads the key file. What is wrong with it is a fault of the machine:
// nobody gave it as input.
func loadKey(dir string) (access.Key, error) {
	key, err := access.LoadKey(keyPath(dir))
	if err != nil {
		return key, failure{err}
	}
	return key, nil
}

// initCommand creates an organization.
type initCommand struct {
	Data     string `required:"" placeholder:"DIR" env:"ROLLCALL_DATA" help:"Directory for the database and the key file; it is created where it is missing."`
	Name     string `required:"" help:"Name of the organization."`
	Timezone string `default:"Asia/Shanghai" help:"Time zone in which days are counted, such as Europe/Berlin."`
	CorpID   string `name:"corp-id" placeholder:"ID" help:"Id of the organization; a new one is made up without it."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (initCommand) Help() string {
	return "In a directory that holds organizations already, one more is added.\n\nExample:\n  rollcall init --data ./data --name \"Example Ltd.\""
}

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
	store, err := sqlite.Open(ctx, c.Data, sqlite.Options{Create: true})
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
		_, err = access.CreateKey(keyPath(c.Data))
	} else {
		// A new key in the place of a lost one would shut every app out.
		_, err = loadKey(c.Data)
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
	fmt.Fprintf(std.out, "Created organization %s (%s), days in %s, in %s.\n", corp.ID, corp.Name, corp.Timezone, c.Data)
	return nil
}
