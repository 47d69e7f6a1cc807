package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/store/postgres"
	"rollcall/internal/store/sqlite"
)

// databaseFlags say where the database and the key file are.
type databaseFlags struct {
	Data         string `placeholder:"DIR" env:"ROLLCALL_DATA" help:"Directory of the database and the key file."`
	Database     string `placeholder:"URL" env:"ROLLCALL_DATABASE" help:"The database, where it is not in --data: sqlite:DIR or postgres://USER@HOST/NAME."`
	DatabaseFile string `placeholder:"FILE" env:"ROLLCALL_DATABASE_FILE" help:"File that holds the URL of the database, such as one with a password."`
	KeyFile      string `placeholder:"FILE" env:"ROLLCALL_KEY_FILE" help:"The key file, where it is not the file key in --data."`
}

const sqliteScheme = "sqlite:"

// needed refuses a command line that names no database.
func (f databaseFlags) needed() error {
	if !f.given() {
		return errors.New("missing flags: --data=DIR or --database=URL")
	}
	return nil
}

func (f databaseFlags) given() bool { return f.Data+f.Database+f.DatabaseFile != "" }

// givenByHand tells whether a database is named that the environment does not name.
func (f databaseFlags) givenByHand() bool {
	return f.Data != os.Getenv("ROLLCALL_DATA") || f.Database != os.Getenv("ROLLCALL_DATABASE") ||
		f.DatabaseFile != os.Getenv("ROLLCALL_DATABASE_FILE")
}

// url returns the URL of the database.
func (f databaseFlags) url() (string, error) {
	switch {
	case f.Database != "" && f.DatabaseFile != "":
		return "", usageError{errors.New("--database and --database-file can't be used together")}
	case f.Database != "":
		return f.Database, nil
	case f.DatabaseFile != "":
		b, err := os.ReadFile(f.DatabaseFile)
		if err != nil {
			return "", fmt.Errorf("--database-file: %w", err)
		}
		return strings.TrimSpace(string(b)), nil
	case f.Data != "":
		return sqliteScheme + f.Data, nil
	}
	return "", usageError{f.needed()}
}

// database opens the database; where create says so, one that is missing is made.
func (f databaseFlags) database(ctx context.Context, create bool) (rollcall.Store, error) {
	url, err := f.url()
	if err != nil {
		return nil, err
	}
	return openDatabase(ctx, url, create)
}

// inDirectory returns the directory of a database that is in one.
func (f databaseFlags) inDirectory() (dir string, ok bool) {
	url, err := f.url()
	if dir, ok = strings.CutPrefix(url, sqliteScheme); !ok || err != nil {
		return "", false
	}
	return dir, true
}

// place names the database for people. A URL may hold a password.
func (f databaseFlags) place() string {
	if dir, ok := f.inDirectory(); ok {
		return dir
	}
	return "the PostgreSQL database"
}

// flags returns how the database was named, for a command line to copy.
func (f databaseFlags) flags() string {
	var flags []string
	if f.Data != "" {
		flags = append(flags, "--data "+f.Data)
	}
	switch {
	case f.DatabaseFile != "":
		flags = append(flags, "--database-file "+f.DatabaseFile)
	case strings.HasPrefix(f.Database, sqliteScheme):
		flags = append(flags, "--database "+f.Database)
	case f.Database != "":
		flags = append(flags, "--database postgres://…")
	}
	return strings.Join(flags, " ")
}

// keyPath returns where the key file is.
func (f databaseFlags) keyPath() (string, error) {
	if f.KeyFile != "" {
		return f.KeyFile, nil
	}
	dir := f.Data
	if dir == "" {
		dir, _ = f.inDirectory()
	}
	if dir == "" {
		return "", usageError{errors.New("name the key file with --key-file, or its directory with --data")}
	}
	return keyPath(dir), nil
}

func keyPath(dir string) string { return filepath.Join(dir, "key") }

// key reads the key file. What is wrong with it is a fault of the machine: nobody
// gave it as input.
func (f databaseFlags) key() (access.Key, error) {
	path, err := f.keyPath()
	if err != nil {
		return access.Key{}, err
	}
	key, err := access.LoadKey(path)
	if err != nil {
		return key, failure{err}
	}
	return key, nil
}

// openDatabase opens the database at a URL, sqlite:DIR or postgres://…; where
// create says so, one that is missing is made, of PostgreSQL its tables. No error
// shows the URL: it may hold a password.
func openDatabase(ctx context.Context, url string, create bool) (rollcall.Store, error) {
	if dir, ok := strings.CutPrefix(url, sqliteScheme); ok && dir != "" {
		return sqlite.Open(ctx, dir, sqlite.Options{Create: create})
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return postgres.Open(ctx, url, postgres.Options{Create: create})
	}
	return nil, usageError{errors.New("the URL of a database is sqlite:DIR or postgres://USER@HOST/NAME")}
}
