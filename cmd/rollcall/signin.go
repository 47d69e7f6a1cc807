package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/journal"
	"rollcall/internal/node"
)

// signInCommand brings sign-ins in.
type signInCommand struct {
	Import signInImportCommand `cmd:"" help:"Record the sign-ins of files, CSV or JSON lines."`
	Follow signInFollowCommand `cmd:"" help:"Record the sign-ins that a log tells of, as it grows."`
}

// signInBatch is how many sign-ins share a transaction.
const signInBatch = 10_000

// maxRejectedTold is how many rejected lines are told one by one.
const maxRejectedTold = 10_000

// errRejected is input of which a part was refused; which part was printed.
var errRejected = errors.New("some lines were rejected; the sign-ins of the others are recorded")

// signInImportCommand imports files of sign-ins.
type signInImportCommand struct {
	dataFlags
	Files       []string `arg:"" name:"file" help:"CSV file or JSON lines, also zipped (gzip); - is standard input."`
	Resume      string   `placeholder:"FILE" help:"Keep in this file how far the import came, and go on from there."`
	MaxRejected *int     `placeholder:"N" help:"Stop when more lines than this were rejected (default: never)."`
	JSON        bool     `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (signInImportCommand) Help() string {
	return `CSV has the columns date (a day) or time (with its zone), and userid, unionid,
mobile or email. JSON lines are those of POST /rollcall/v1/signins. A bad line is
reported and the others are recorded; then the exit code is 3. Repeating an
import changes nothing.

Examples:
  rollcall signin import --data ./data --resume import.state vpn.csv.gz
  zcat old/*.gz | rollcall signin import --data ./data -`
}

// signInProblem is a line that was rejected.
type signInProblem struct {
	File    string          `json:"file"`
	Line    int             `json:"line"`
	Code    activity.Reason `json:"code"`
	Message string          `json:"message"`
}

// signInResult is what --json prints.
type signInResult struct {
	Received int             `json:"received"`
	Accepted int             `json:"accepted"`
	Fresh    int             `json:"fresh"`
	Refused  int             `json:"rejected_count"`
	Rejected []signInProblem `json:"rejected"`
}

// signInImport is an import at work.
type signInImport struct {
	*signInImportCommand
	std    streams
	org    *node.Org
	bar    *progress
	result signInResult
	marks  map[string]journal.Mark // by the name of the file, as it was given

	batch []activity.SignIn
	lines []int
}

// Run carries the command out.
func (c *signInImportCommand) Run(ctx context.Context, std streams) error {
	if c.MaxRejected != nil && *c.MaxRejected < 0 {
		return usageError{fmt.Errorf("--max-rejected: %d is less than 0", *c.MaxRejected)}
	}
	org, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	job := &signInImport{
		signInImportCommand: c, std: std, org: org, bar: newProgress(std.err), marks: map[string]journal.Mark{},
		result: signInResult{Rejected: []signInProblem{}},
	}
	if c.Resume != "" {
		if err := journal.LoadState(c.Resume, &job.marks); err != nil {
			return err
		}
	}
	for _, name := range c.Files {
		if err = job.file(ctx, name); err != nil {
			break
		}
	}
	job.bar.finish()
	r := job.result
	if c.JSON {
		err = errors.Join(err, printJSON(std.out, r))
	} else {
		fmt.Fprintf(std.out, "%d sign-ins read, %d accepted, of which %d are new; %d lines rejected.\n", r.Received, r.Accepted, r.Fresh, r.Refused)
	}
	if err == nil && r.Refused > 0 {
		err = errRejected
	}
	return err
}

// file imports one file.
func (j *signInImport) file(ctx context.Context, name string) (err error) {
	in, size := io.Reader(j.std.in), int64(0)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading sign-ins: %w", err)
		}
		defer file.Close() //nolint:errcheck // it was only read
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		in = file
	}
	counted := &countingReader{r: in}
	f, err := journal.NewFile(counted, j.marks[name])
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var line journal.Line
	root := j.org.Current()
	for {
		err := f.Next(&line)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", name, errors.Join(err, j.commit(ctx, name, f)))
		}
		if err == nil {
			j.result.Received++
			x, reason := activity.SignIn{}, journal.Malformed
			if line.Wrong == "" {
				x, reason = line.Entry.SignIn(root)
			}
			if reason == activity.Taken {
				j.batch, j.lines = append(j.batch, x), append(j.lines, line.Number)
			} else {
				j.reject(name, line.Number, reason, line.Wrong)
			}
		}
		if len(j.batch) < signInBatch && err == nil && !j.tooMany() {
			continue
		}
		if e := j.commit(ctx, name, f); e != nil {
			return fmt.Errorf("%s: %w", name, e)
		}
		j.bar.step(name, counted.n, size)
		switch {
		case j.tooMany():
			return fmt.Errorf("%s: stopped after line %d: %w", name, line.Number, errRejected)
		case err != nil:
			return nil
		}
		root = j.org.Current() // others may have changed it
	}
}

func (j *signInImport) tooMany() bool {
	return j.MaxRejected != nil && j.result.Refused > *j.MaxRejected
}

// commit records the batch, and then how far the file was read.
func (j *signInImport) commit(ctx context.Context, name string, f *journal.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(j.batch) > 0 {
		out, err := j.org.Activity.Take(ctx, j.org.Corp, j.batch, time.Now, operator)
		if err != nil {
			return err
		}
		j.result.Fresh += out.Fresh
		for i, reason := range out.Reasons {
			if reason == activity.Taken {
				j.result.Accepted++
				continue
			}
			j.reject(name, j.lines[i], reason, "")
		}
		j.batch, j.lines = j.batch[:0], j.lines[:0]
	}
	if j.Resume == "" {
		return nil
	}
	j.marks[name] = f.Mark()
	return journal.SaveState(j.Resume, j.marks)
}

// operator are the terms of who works on the data directory: the days are theirs.
var operator = activity.Terms{Backfill: true, By: "signin"}

func (j *signInImport) reject(name string, line int, reason activity.Reason, wrong string) {
	if j.result.Refused++; j.result.Refused > maxRejectedTold {
		return
	}
	if wrong == "" {
		wrong = journal.Meaning(reason, rollcall.English)
	}
	if j.JSON {
		j.result.Rejected = append(j.result.Rejected, signInProblem{name, line, reason, wrong})
		return
	}
	j.bar.finish()
	fmt.Fprintf(j.std.err, "%s:%d: %s\n", name, line, wrong)
}

// countingReader counts the bytes that are read, zipped as they are.
type countingReader struct {
	r io.Reader
	n int64
}

// Read implements [io.Reader].
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	return n, err
}
