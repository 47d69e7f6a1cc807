package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/activity"
	"rollcall/internal/sample"
	"rollcall/internal/store/sqlite"
)

func keyPath(dir string) string { return filepath.Join(dir, "key") }

func lastDay() rollcall.Day { return sample.Defaults(1000).Last }

// crowded is an organization in which everyone is in one department, and which
// has departments of about ten people.
func crowded(people int) sample.Options {
	opt := sample.Defaults(people)
	opt.BigDepartment, opt.Departments, opt.Days = people, max(3, people/100), 0
	return opt
}

// org returns the directory of an organization and makes it where it is not
// there yet. The name of the directory changes with the tables and with the
// samples.
func (b *bench) org(kind string, opt sample.Options) (string, error) {
	made := sha256.New()
	for _, pattern := range []string{"internal/store/sqlite/migrations/*.sql", "internal/sample/*.go", "bench/org.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			return "", fmt.Errorf("there is no %s: %w", pattern, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return "", err
			}
			made.Write(text)
		}
	}
	fmt.Fprintf(made, "%+v", opt)
	dir := filepath.Join(b.cache, fmt.Sprintf("%s-%d-%x", kind, opt.People, made.Sum(nil)[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	old, err := filepath.Glob(filepath.Join(b.cache, fmt.Sprintf("%s-%d-*", kind, opt.People)))
	if err != nil {
		return "", err
	}
	for _, dir := range old {
		if err := os.RemoveAll(dir); err != nil {
			return "", err
		}
	}
	b.progress("making an organization of %d people", opt.People)
	began := time.Now()
	text, err := json.Marshal(opt)
	if err != nil {
		return "", err
	}
	fresh := filepath.Join(b.temp, "org")
	defer os.RemoveAll(fresh)
	var size int64
	if err := ask(&size, "build", "-data", fresh, "-options", string(text)); err != nil {
		return "", err
	}
	b.progress("that took %s and %d MB", time.Since(began).Round(time.Second), size>>20)
	return dir, os.Rename(fresh, dir)
}

// usual is an organization of the default kind.
func (b *bench) usual(people int) (string, error) { return b.org("usual", sample.Defaults(people)) }

// copyOf copies an organization for those who change it.
func (b *bench) copyOf(dir string) (string, error) {
	to, err := os.MkdirTemp(b.temp, "copy-")
	if err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", err
	}
	// cp shares the blocks where the file system can.
	out, err := exec.Command("cp", append(append([]string{"--reflink=auto", "-p"}, files...), to)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("copying %s: %w\n%s", dir, err, out)
	}
	return to, nil
}

// build makes the database of an organization, through the store.
func build(args []string) error {
	f := flag.NewFlagSet("build", flag.ContinueOnError)
	dir := f.String("data", "", "directory")
	options := f.String("options", "", "JSON")
	if err := f.Parse(args); err != nil {
		return err
	}
	var opt sample.Options
	if err := json.Unmarshal([]byte(*options), &opt); err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return err
	}
	key, err := access.CreateKey(keyPath(*dir))
	if err != nil {
		return err
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, *dir, sqlite.Options{Create: true})
	if err != nil {
		return err
	}
	if err := errors.Join(fill(ctx, store, key, sample.Generate(opt)), store.Close()); err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(*dir, "rollcall.db"))
	if err != nil {
		return err
	}
	return answer(info.Size())
}

// perVersion is how many changes are committed at once: everything in one
// transaction would need as much space again.
const perVersion = 200_000

// fill writes an organization into an empty store.
func fill(ctx context.Context, store rollcall.Store, key access.Key, g *sample.Generated) error {
	c := corp(g.Name())
	if err := store.CreateCorp(ctx, c); err != nil {
		return err
	}
	list := make([]rollcall.Change, 0, perVersion)
	commit := func() error {
		tx, err := store.Begin(ctx, c.ID)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := tx.Append(list); err != nil {
			return err
		}
		list = list[:0]
		_, err = tx.Commit("build")
		return err
	}
	for change := range g.Changes() {
		change.At, change.By = c.CreatedAt, "bench"
		if list = append(list, change); len(list) == perVersion {
			if err := commit(); err != nil {
				return err
			}
		}
	}
	list = append(list, rollcall.Change{
		Kind: rollcall.AppCreated, At: c.CreatedAt, By: "bench", Payload: rollcall.Payload{App: app(key)},
	})
	if err := commit(); err != nil {
		return err
	}
	for day, signed := range g.SignIns() {
		tx, err := store.Begin(ctx, c.ID)
		if err != nil {
			return err
		}
		_, err = activity.Record(tx, map[rollcall.Day][]rollcall.Ordinal{day: signed})
		if err == nil {
			_, err = tx.Commit("build")
		}
		tx.Rollback()
		if err != nil {
			return err
		}
	}
	return nil
}

// app is one that may call everything.
func app(key access.Key) *rollcall.App {
	c := credentials()
	return &rollcall.App{
		Appkey: c.Appkey, Name: "bench", Type: rollcall.Internal, Permissions: slices.Clone(rollcall.Permissions()),
		SecretGeneration: 1, SecretHash: key.HashSecret(corp("").ID, c.Appkey, c.Appsecret), CreatedAt: rollcall.At(now()),
	}
}

// writeFile writes a file with a function.
func writeFile(path string, content func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = content(f)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
