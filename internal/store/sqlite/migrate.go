package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"rollcall"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	"zombiezen.com/go/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// oldestLibrary is the first SQLite without the fault that loses commits
	// when the write-ahead log is reset (3.51.3).
	oldestLibrary = 3_051_003
	// applicationID marks the file as ours, "Roll".
	applicationID = "1383033964"
)

// checkLibrary refuses a SQLite that loses commits; number is in the form of
// sqlite.VersionNumber.
func checkLibrary(number int) error {
	if number >= oldestLibrary {
		return nil
	}
	version := func(n int) string { return fmt.Sprintf("%d.%d.%d", n/1_000_000, n/1000%1000, n%1000) }
	return fmt.Errorf("the program was built with SQLite %s, which can lose commits; %s is the oldest to use",
		version(number), version(oldestLibrary))
}

// checkFile refuses what SQLite would take for a new database.
func checkFile(dir, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s (create it with: rollcall init --data %s --name NAME)", rollcall.ErrNoDatabase, path, dir)
	case err != nil:
		return fmt.Errorf("open the database: %w", err)
	case info.IsDir():
		return fmt.Errorf("open the database: %s is a directory", path)
	case info.Size() == 0:
		return fmt.Errorf("open the database: %s is empty; it was cut off, restore it from a backup", path)
	}
	return nil
}

// create makes a database where there is none. It is built under another name
// and takes its place when it is complete, so that nobody ever meets half of
// one.
func create(ctx context.Context, dir string) error {
	path := filepath.Join(dir, fileName)
	if exists(path) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	if exists(path) {
		return nil // another process was faster
	}

	fresh := path + ".new"
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} { // of an attempt that was killed
		if err := os.Remove(fresh + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := migrate(ctx, fresh, migrations); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(dir)))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// syncDir makes the entries of a directory survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// upgrade applies the migrations that the database in dir does not have yet.
func upgrade(ctx context.Context, dir string, files fs.FS) error {
	path := filepath.Join(dir, fileName)
	known, err := newest(files)
	if err != nil {
		return err
	}
	switch has, err := schemaVersion(path); {
	case err != nil:
		return err
	case has > known:
		return fmt.Errorf("%w: its schema is number %d, this program knows up to %d", rollcall.ErrNewerSchema, has, known)
	case has == known:
		return nil
	}
	unlock, err := lock(ctx, dir)
	if err != nil {
		return err
	}
	defer unlock()
	return migrate(ctx, path, files) // nothing, where another process was faster
}

// newest returns the number of the last migration.
func newest(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	last := int64(0)
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		last = max(last, n)
	}
	return last, nil
}

// schemaVersion returns the number of the last migration that the database
// has.
func schemaVersion(path string) (int64, error) {
	// Not prepared like the others: that would turn a file that is not ours
	// into one with a write-ahead log.
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // it only read
	conn.SetBusyTimeout(busyTimeout)
	id, err := pragma(conn, "application_id")
	if err != nil {
		return 0, err
	}
	if id != applicationID {
		return 0, fmt.Errorf("it is not a Rollcall database (application_id %s)", id)
	}
	version := int64(-1)
	q := prepare(conn, "SELECT max(version_id) FROM goose_db_version WHERE is_applied = 1")
	err = q.each(func(stmt *sqlite.Stmt) error {
		version = stmt.ColumnInt64(0)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read the number of its schema: %w", err)
	}
	return version, nil
}

// migrate applies the missing migrations, each in a transaction of its own.
// The caller holds the lock: goose alone could apply one twice.
func migrate(ctx context.Context, path string, files fs.FS) (err error) {
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_pragma": {
			"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
			"journal_mode(wal)", "synchronous(full)", "foreign_keys(on)",
		},
		"_txlock": {"immediate"},
	}.Encode()}
	connector, err := driver.NewConnector(dsn.String())
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()

	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the tables: %w", err)
	}
	return nil
}

// lock keeps other processes from creating or migrating the database in dir. A
// SQLite file of its own serves as the lock: it works the same on every system
// and a killed process leaves it open.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, "rollcall.lock")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err == nil {
		err = os.Chmod(path, 0o600)
		if err == nil {
			err = beginWrite(ctx, conn, "BEGIN EXCLUSIVE", nil)
		}
		if err == nil {
			return func() { _ = conn.Close() }, nil
		}
		_ = conn.Close()
	}
	return nil, fmt.Errorf("wait for another process to create or migrate the database: %w", err)
}
