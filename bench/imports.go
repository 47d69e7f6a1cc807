package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/sample"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// imports measures P11: the command import against a bare transaction with the
// same rows, both from the start of the process to its end.
func (b *bench) imports() error {
	program := filepath.Join(b.temp, "rollcall")
	if out, err := exec.Command("go", "build", "-o", program, "./cmd/rollcall").CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w\n%s", err, out)
	}
	g := sample.Generate(sample.Defaults(b.medium))
	depts, users := filepath.Join(b.temp, "departments.csv"), filepath.Join(b.temp, "users.csv")
	for path, content := range map[string]func(io.Writer) error{depts: g.WriteDepartments, users: g.WriteUsers} {
		if err := writeFile(path, content); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ours, base []float64
	rounds := b.times(3)
	for round := range rounds {
		b.progress("import of %d people: round %d of %d", b.medium, round+1, rounds)
		dir := filepath.Join(b.temp, "import-"+strconv.Itoa(round))
		database, bare := []string{"--data", dir}, []string{"bareimport", "-db", filepath.Join(dir, "bare.db")}
		if b.postgres {
			url, err := b.newDatabase()
			if err != nil {
				return err
			}
			database, bare = append(database, "--database", url), []string{"barecopy", "-url", url}
		}
		if _, err := timed(program, append([]string{"init", "--name", g.Name()}, database...)...); err != nil {
			return err
		}
		one := func() error {
			t, err := timed(program, append([]string{"import", "--departments", depts, "--users", users, "--yes"}, database...)...)
			ours = append(ours, t.Seconds())
			return err
		}
		other := func() error {
			t, err := timed(self, append(bare, "-departments", depts, "-users", users)...)
			base = append(base, t.Seconds())
			return err
		}
		if round%2 == 1 {
			one, other = other, one
		}
		if err := errors.Join(one(), other()); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	b.print(against(line{
		Case: "P11", What: fmt.Sprintf("import of %d people from CSV, %s", b.medium, b.engineName()), Unit: "s", Values: ours,
		Baseline: "bare transaction",
	}, base, 2))
	return nil
}

// timed runs a program and returns how long it took.
func timed(program string, args ...string) (time.Duration, error) {
	cmd := exec.Command(program, args...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return took, fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), args[0], err, out)
	}
	return took, nil
}

// bareTables are what a program would make that keeps departments, people and
// memberships and nothing else.
const bareTables = `
PRAGMA journal_mode=wal;
PRAGMA synchronous=full;
PRAGMA cache_size=-128000;
CREATE TABLE departments (dept_id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER NOT NULL, name TEXT NOT NULL);
CREATE TABLE users (
	ordinal INTEGER NOT NULL PRIMARY KEY, userid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, mobile TEXT NOT NULL,
	email TEXT NOT NULL, title TEXT NOT NULL, job_number TEXT NOT NULL
);
CREATE TABLE memberships (
	ordinal INTEGER NOT NULL, dept_id INTEGER NOT NULL, leader INTEGER NOT NULL, entered_at INTEGER NOT NULL,
	PRIMARY KEY (ordinal, dept_id)
) WITHOUT ROWID;
`

func makeBareTables(conn *sqlite.Conn) error {
	for sql := range strings.SplitSeq(bareTables, ";") {
		if sql = strings.TrimSpace(sql); sql == "" {
			continue
		}
		if err := sqlitex.ExecuteTransient(conn, sql, nil); err != nil {
			return err
		}
	}
	return nil
}

// bareImport is the baseline of P11: the rows of the files in one transaction,
// with the driver and the durability of the store, and no check at all.
func bareImport(args []string) (err error) {
	f := flag.NewFlagSet("bareimport", flag.ContinueOnError)
	db := f.String("db", "", "file to make")
	departments := f.String("departments", "", "CSV file of departments")
	users := f.String("users", "", "CSV file of people")
	if err := f.Parse(args); err != nil {
		return err
	}
	depts, err := bareDepts(*departments)
	if err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(*db, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer closing(&err, conn.Close)
	if err := makeBareTables(conn); err != nil {
		return err
	}
	file, err := os.Open(*users)
	if err != nil {
		return err
	}
	defer closing(&err, file.Close)
	if err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	if err := errors.Join(insertDepts(conn, depts), insertRows(conn, file)); err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(conn, "COMMIT", nil)
}

// bareDepts reads the rows of departments: dept_id, parent_id and name. The root has
// no parent.
func bareDepts(path string) (depts [][]any, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer closing(&err, file.Close)
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, row := range rows[1:] {
		var ids [2]int64
		for i := range ids {
			if row[i] == "" {
				continue
			}
			if ids[i], err = strconv.ParseInt(row[i], 10, 64); err != nil {
				return nil, err
			}
		}
		depts = append(depts, []any{ids[0], ids[1], row[2]})
	}
	return depts, nil
}

func insertDepts(conn *sqlite.Conn, depts [][]any) error {
	dept, err := conn.Prepare("INSERT INTO departments VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	for _, row := range depts {
		dept.BindInt64(1, row[0].(int64))
		dept.BindInt64(2, row[1].(int64))
		dept.BindText(3, row[2].(string))
		if _, err := dept.Step(); err != nil {
			return err
		}
		if err := dept.Reset(); err != nil {
			return err
		}
	}
	return nil
}

func insertRows(conn *sqlite.Conn, file io.Reader) error {
	r := csv.NewReader(file)
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return err
	}
	user, err := conn.Prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	member, err := conn.Prepare("INSERT INTO memberships VALUES (?, ?, ?, ?)")
	if err != nil {
		return err
	}
	step := func(s *sqlite.Stmt) error {
		if _, err := s.Step(); err != nil {
			return err
		}
		return s.Reset()
	}
	for ordinal := int64(0); ; ordinal++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		user.BindInt64(1, ordinal)
		for i, column := range []int{0, 1, 4, 5, 6, 7} {
			user.BindText(i+2, row[column])
		}
		if err := step(user); err != nil {
			return err
		}
		leads, entered := ";"+row[3]+";", strings.Split(row[8], ";")
		for i, id := range strings.Split(row[2], ";") {
			dept, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				return err
			}
			at, err := time.Parse(time.RFC3339, entered[i])
			if err != nil {
				return err
			}
			member.BindInt64(1, ordinal)
			member.BindInt64(2, dept)
			member.BindBool(3, strings.Contains(leads, ";"+id+";"))
			member.BindInt64(4, at.UnixMilli())
			if err := step(member); err != nil {
				return err
			}
		}
	}
}
