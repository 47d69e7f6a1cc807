package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"rollcall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// oldest is the oldest server that is used, as server_version_num.
	oldest = 140000

	// versionTable has the migrations that were applied. Its name marks the tables
	// as ours.
	versionTable = "rollcall_schema"

	// lockTable is empty; whoever creates or migrates the tables locks it.
	lockTable = "rollcall_migration"
)

const (
	selectServer = `
SELECT current_setting('server_version_num')::bigint, current_setting('server_version'), current_setting('server_encoding'),
	to_regclass($1) IS NOT NULL`

	selectSchema = `SELECT coalesce(max(version_id), 0) FROM ` + versionTable + ` WHERE is_applied`
)

// prepare refuses what cannot be used and brings the tables up to date.
func prepare(ctx context.Context, config *pgxpool.Config, create bool) error {
	known, err := newest(migrations)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is open on it
	has, err := schema(ctx, link{conn: conn.PgConn()})
	switch {
	case err != nil:
		return err
	case has > known:
		return fmt.Errorf("%w: its schema is number %d, this program knows up to %d", rollcall.ErrNewerSchema, has, known)
	case has == known:
		return nil
	case has == 0 && !create:
		return fmt.Errorf("%w in it (create it with: rollcall init --database postgres://… --name NAME)", rollcall.ErrNoDatabase)
	}
	return migrate(ctx, config, migrations)
}

// schema returns the number of the last migration that the database has, 0 where
// it has no tables of ours.
func schema(ctx context.Context, l link) (has int64, err error) {
	there := false
	q := statement(selectServer)
	q.text(versionTable)
	err = l.each(ctx, q, func(r row) error {
		there = r.flag(3)
		return usable(r.int(0), r.text(1), r.text(2))
	})
	if err != nil || !there {
		return 0, err
	}
	err = l.each(ctx, statement(selectSchema), func(r row) error {
		has = r.int(0)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read the number of its schema: %w", err)
	}
	return has, nil
}

// usable refuses a server that is too old or keeps text in another encoding.
func usable(number int64, version, encoding string) error {
	switch {
	case number < oldest:
		return fmt.Errorf("the server is PostgreSQL %s; %d is the oldest to use", version, oldest/10_000)
	case encoding != "UTF8":
		return fmt.Errorf("its encoding is %s; create it with: createdb --encoding=UTF8 --template=template0", encoding)
	}
	return nil
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

// migrate applies the missing migrations, each in a transaction of its own. A
// lock keeps other nodes out: goose looks for what is missing before it begins a
// transaction.
func migrate(ctx context.Context, config *pgxpool.Config, files fs.FS) (err error) {
	unlock, err := lock(ctx, config)
	if err != nil {
		return fmt.Errorf("wait for another node to create or migrate the tables: %w", err)
	}
	defer unlock()
	db := stdlib.OpenDB(*config.ConnConfig.Copy())
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder,
		goose.WithDisableGlobalRegistry(true), goose.WithTableName(versionTable))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the tables: %w", err)
	}
	return nil
}

// lock waits until no other node creates or migrates the tables. It is the lock
// on a table, in a transaction that stays open: it needs no session of its own
// and ends with the connection.
func lock(ctx context.Context, config *pgxpool.Config) (unlock func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig.Copy())
	if err != nil {
		return nil, err
	}
	unlock = func() { _ = conn.Close(context.WithoutCancel(ctx)) }
	l := link{conn: conn.PgConn()}
	for {
		// Two that create the same table at once do not wait for each other in good
		// order: one of them gets an error (a key is taken, the table is there, or the
		// type of its rows is), and finds the table there.
		_, err = l.run(ctx, statement(`CREATE TABLE IF NOT EXISTS `+lockTable+` ()`))
		if code := codeOf(err); code != "23505" && code != "42P07" && code != "42710" {
			break
		}
		if !sleep(ctx, 10*time.Millisecond) {
			err = ctx.Err()
			break
		}
	}
	if err == nil {
		err = l.all(ctx, []step{
			{query: statement(`BEGIN`)},
			{query: statement(`SET LOCAL idle_in_transaction_session_timeout = 0`)},
			{query: statement(`LOCK TABLE ` + lockTable + ` IN ACCESS EXCLUSIVE MODE`)},
		})
	}
	if err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}
