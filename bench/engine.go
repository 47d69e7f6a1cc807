package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rollcall"
	"rollcall/internal/backup"
	"rollcall/internal/store/pgtest"
	engine "rollcall/internal/store/postgres"
	"rollcall/internal/store/sqlite"

	"github.com/jackc/pgx/v5"
)

// engineName is how the engine is called in what is printed.
func (b *bench) engineName() string {
	if b.postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// urlPath is the file that names the database of a directory, where it is not in
// the directory itself.
func urlPath(dir string) string { return filepath.Join(dir, "database") }

// openStore opens the database of a directory.
func openStore(ctx context.Context, dir string) (rollcall.Store, error) {
	url, err := os.ReadFile(urlPath(dir))
	switch {
	case err == nil:
		return engine.Open(ctx, string(url), engine.Options{})
	case errors.Is(err, os.ErrNotExist):
		return sqlite.Open(ctx, dir, sqlite.Options{})
	}
	return nil, err
}

// newDatabase makes an empty database in a durable PostgreSQL, which starts with
// the first one.
func (b *bench) newDatabase() (url string, err error) {
	if b.engine == nil {
		conf := []string{"shared_buffers = '512MB'", "max_wal_size = '4GB'"}
		if b.engine, err = pgtest.New(pgtest.Options{Durable: true, Conf: conf}); err != nil {
			return "", err
		}
	}
	b.databases++
	name := fmt.Sprint("bench", b.databases)
	_, err = b.engine.Query("postgres", "CREATE DATABASE "+name)
	return b.engine.URL(name), err
}

// inEngine returns the directory of an organization in the engine that is
// measured: the one that is given, or one whose database is in PostgreSQL.
func (b *bench) inEngine(dir string) (_ string, err error) {
	if !b.postgres {
		return dir, nil
	}
	to, err := os.MkdirTemp(b.temp, "postgres-")
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(keyPath(dir))
	if err != nil {
		return "", err
	}
	url, err := b.newDatabase()
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(keyPath(to), key, 0o600), os.WriteFile(urlPath(to), []byte(url), 0o600)); err != nil {
		return "", err
	}
	b.progress("copying %s to PostgreSQL", filepath.Base(dir))
	ctx := context.Background()
	from, err := sqlite.Open(ctx, dir, sqlite.Options{})
	if err != nil {
		return "", err
	}
	defer closing(&err, from.Close)
	target, err := engine.Open(ctx, url, engine.Options{Create: true})
	if err != nil {
		return "", err
	}
	defer closing(&err, target.Close)
	_, err = backup.Transfer(ctx, from, target, corp("").ID, func(string, backup.Counts) {})
	return to, err
}

// toWrite returns an organization for those who change it.
func (b *bench) toWrite(dir string) (string, error) {
	if b.postgres {
		return b.inEngine(dir)
	}
	return b.copyOf(dir)
}

// pgBareTables are what a program would make that keeps departments, people and
// memberships and nothing else.
const pgBareTables = `
CREATE TABLE bare_departments (dept_id bigint PRIMARY KEY, parent_id bigint NOT NULL, name text NOT NULL);
CREATE TABLE bare_users (
	ordinal bigint PRIMARY KEY, userid text NOT NULL UNIQUE, name text NOT NULL, mobile text NOT NULL,
	email text NOT NULL, title text NOT NULL, job_number text NOT NULL
);
CREATE TABLE bare_memberships (
	ordinal bigint NOT NULL, dept_id bigint NOT NULL, leader boolean NOT NULL, entered_at bigint NOT NULL,
	PRIMARY KEY (ordinal, dept_id)
);`

// bareCopy is the baseline of the import into PostgreSQL: one transaction that
// copies as many rows into plain tables.
func bareCopy(args []string) (err error) {
	f := flag.NewFlagSet("barecopy", flag.ContinueOnError)
	url := f.String("url", "", "URL of the database")
	departments := f.String("departments", "", "CSV file of departments")
	users := f.String("users", "", "CSV file of people")
	if err := f.Parse(args); err != nil {
		return err
	}
	depts, err := bareDepts(*departments)
	if err != nil {
		return err
	}
	file, err := os.Open(*users)
	if err != nil {
		return err
	}
	defer closing(&err, file.Close)
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, *url)
	if err != nil {
		return err
	}
	defer closing(&err, func() error { return conn.Close(ctx) })
	people, members, err := bareRows(file)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, pgBareTables); err != nil {
			return err
		}
		_, err0 := tx.CopyFrom(ctx, pgx.Identifier{"bare_departments"}, []string{"dept_id", "parent_id", "name"}, pgx.CopyFromRows(depts))
		_, err1 := tx.CopyFrom(ctx, pgx.Identifier{"bare_users"},
			[]string{"ordinal", "userid", "name", "mobile", "email", "title", "job_number"}, pgx.CopyFromRows(people))
		_, err2 := tx.CopyFrom(ctx, pgx.Identifier{"bare_memberships"},
			[]string{"ordinal", "dept_id", "leader", "entered_at"}, pgx.CopyFromRows(members))
		return errors.Join(err0, err1, err2)
	})
}

// bareRows reads the rows of people and memberships.
func bareRows(file io.Reader) (people, members [][]any, err error) {
	r := csv.NewReader(file)
	if _, err := r.Read(); err != nil {
		return nil, nil, err
	}
	for ordinal := int64(0); ; ordinal++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return people, members, nil
		}
		if err != nil {
			return nil, nil, err
		}
		people = append(people, []any{ordinal, row[0], row[1], row[4], row[5], row[6], row[7]})
		leads, entered := ";"+row[3]+";", strings.Split(row[8], ";")
		for i, id := range strings.Split(row[2], ";") {
			dept, err1 := strconv.ParseInt(id, 10, 64)
			at, err2 := time.Parse(time.RFC3339, entered[i])
			if err := errors.Join(err1, err2); err != nil {
				return nil, nil, err
			}
			members = append(members, []any{ordinal, dept, strings.Contains(leads, ";"+id+";"), at.UnixMilli()})
		}
	}
}
