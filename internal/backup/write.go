package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"rollcall"
)

// Format is the number of the format that is written. It goes up when a name in a
// record is new, gone or means something else. Older ones are read for ever.
const Format = 1

// The first line of a file is the magic and the number of the format; the last
// one says where the contents are and what the hash of all bytes before the hash
// itself is. Both are plain text, the rest is compressed.
const (
	magic      = "rollcall backup "
	trailer    = "contents %020d sha256 "
	trailerLen = len("contents ") + 20 + len(" sha256 ")
	lastLen    = trailerLen + 2*sha256.Size + 1
)

// Contents says what is in a file.
type Contents struct {
	Program string           `json:"program"` // the version of Rollcall that wrote it
	MadeAt  rollcall.Instant `json:"made_at"`
	// Organizations are in the order in which they were written.
	Organizations []Section `json:"organizations"`
}

// Section is one organization in a file.
type Section struct {
	CorpID  string      `json:"corp_id"`
	Version uint64      `json:"version"`
	Feed    uint64      `json:"feed"`
	Batch   string      `json:"batch"`
	Counts  Counts      `json:"counts"`
	Parts   []PartPlace `json:"parts"`
}

// Head returns the head at which the organization was written.
func (s *Section) Head() rollcall.Head {
	return rollcall.Head{CorpID: s.CorpID, Version: s.Version, Feed: s.Feed, Batch: s.Batch}
}

// PartPlace is where one part of an organization is.
type PartPlace struct {
	Name    string `json:"name"`
	Offset  int64  `json:"offset"` // from the first byte of the file
	Length  int64  `json:"length"` // compressed
	Records int    `json:"records"`
	SHA256  string `json:"sha256"` // of the lines, not compressed
}

// Writer writes a backup as a stream.
type Writer struct {
	out      *bufio.Writer
	hash     hash.Hash
	at       int64 // bytes written so far
	contents Contents
	err      error
}

// NewWriter begins a file. program is the version of the program, and madeAt the
// present.
func NewWriter(w io.Writer, program string, madeAt rollcall.Instant) *Writer {
	b := &Writer{hash: sha256.New(), contents: Contents{Program: program, MadeAt: madeAt, Organizations: []Section{}}}
	b.out = bufio.NewWriterSize(w, 1<<18)
	_, b.err = fmt.Fprintf(b, "%s%d\n", magic, Format)
	return b
}

// Write takes what goes to the file, for those below it.
func (b *Writer) Write(p []byte) (int, error) {
	b.hash.Write(p)
	n, err := b.out.Write(p)
	b.at += int64(n)
	return n, err
}

// Organization writes one, as it is at one moment, and returns what was written.
// After an error the file is of no use.
func (b *Writer) Organization(ctx context.Context, from Source, corpID string, tell Progress) (Section, error) {
	if b.err != nil {
		return Section{}, b.err
	}
	s, err := b.organization(ctx, from, corpID, tell)
	if err != nil {
		b.err = fmt.Errorf("back up organization %s: %w", corpID, err)
	}
	return s, b.err
}

func (b *Writer) organization(ctx context.Context, from Source, corpID string, tell Progress) (Section, error) {
	w := partWriter{to: b, now: -1}
	lines := newSummer(w.line)
	g := newGuard(ctx, corpID, tell)
	head, err := from.Dump(ctx, corpID, tee{g, lines})
	if err == nil {
		err = errors.Join(w.reach(parts), g.end(head))
	}
	if err != nil {
		return Section{}, err
	}
	if tell != nil {
		tell(corpID, g.Counts)
	}
	sum := lines.sum(head, g.Counts)
	for p := range parts {
		w.places[p].Records, w.places[p].SHA256 = lines.lines[p], sum.Hashes[p]
	}
	section := Section{CorpID: head.CorpID, Version: head.Version, Feed: head.Feed, Batch: head.Batch, Counts: g.Counts, Parts: w.places}
	b.contents.Organizations = append(b.contents.Organizations, section)
	return section, nil
}

// partWriter writes the parts of an organization, each compressed by itself.
type partWriter struct {
	to     *Writer
	zip    *gzip.Writer
	now    Part
	places []PartPlace
}

func (w *partWriter) line(p Part, line []byte) error {
	if p != w.now {
		if err := w.reach(p); err != nil {
			return err
		}
	}
	_, err := w.zip.Write(line)
	return err
}

// reach ends parts and begins others, so that the part p is the present one.
func (w *partWriter) reach(p Part) error {
	for w.now < p {
		if w.zip != nil {
			if err := w.zip.Close(); err != nil {
				return err
			}
			last := &w.places[len(w.places)-1]
			last.Length = w.to.at - last.Offset
		}
		w.now++
		if w.now < parts {
			w.places = append(w.places, PartPlace{Name: w.now.String(), Offset: w.to.at})
			w.zip = newZip(w.to)
		}
	}
	return nil
}

// newZip compresses fast: the lines are made faster than they would be pressed
// hardest, and are a tenth of their size even so.
func newZip(w io.Writer) *gzip.Writer {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		panic("backup: there is no such level: " + err.Error())
	}
	return z
}

// Written is what a file became.
type Written struct {
	Contents
	Bytes  int64
	SHA256 string // as the last line has it
}

// Close writes the contents and the last line. It does not close what is below it.
func (b *Writer) Close() (Written, error) {
	if b.err == nil {
		b.err = b.close()
	}
	return Written{b.contents, b.at + int64(lastLen-trailerLen), hex.EncodeToString(b.hash.Sum(nil))}, b.err
}

func (b *Writer) close() error {
	at := b.at
	z := newZip(b)
	if err := errors.Join(json.NewEncoder(z).Encode(&b.contents), z.Close()); err != nil {
		return fmt.Errorf("write the contents: %w", err)
	}
	if _, err := fmt.Fprintf(b, trailer, at); err != nil {
		return err
	}
	sum := b.hash.Sum(nil)
	_, err := fmt.Fprintf(b.out, "%x\n", sum)
	return errors.Join(err, b.out.Flush())
}

// Create writes a file that only its owner can read. It has its name once it is
// complete and durable; a file of the name before stays until then.
func Create(path string, fill func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // has mode 0600
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is there only after a failure
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
