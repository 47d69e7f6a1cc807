package journal

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"rollcall"
)

// Mark is how far a file was read: enough to go on from there, and to notice
// that it is not the same file any more.
type Mark struct {
	Offset int64    `json:"offset"` // of the unzipped bytes
	Lines  int      `json:"lines"`
	SHA256 string   `json:"sha256"`           // of what was read
	Header []string `json:"header,omitempty"` // of a CSV file
}

// errChanged is told of a file that does not begin any more as it did; immutable.
var errChanged = rollcall.Invalid("resume", "the file is not the one that was read before; to begin anew, remove the file that says how far it was read")

// columns are those that a CSV file of sign-ins may have; immutable.
var columns = []string{"date", "time", "userid", "unionid", "mobile", "email", "source"}

const layoutText = "the columns are date (a day) or time (with its zone), and at least one of userid, unionid, mobile, email; source is not kept"

// maxLine is how long a line of JSON or of a log may be.
const maxLine = 1 << 20

// File reads sign-ins from a CSV file or from JSON lines, zipped or not.
type File struct {
	in     *tracked
	lines  *bufio.Reader // of JSON lines
	csv    *csv.Reader
	header []string
	start  Mark // where this reading began
	offset int64
	line   int // of JSON lines, those read
}

// Line is one line of a file.
type Line struct {
	Number int
	// Wrong says what is wrong with the line itself; empty where Entry is good.
	Wrong string
	Entry Entry
}

// NewFile begins to read, or goes on from a mark.
func NewFile(r io.Reader, from Mark) (*File, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if start, _ := in.Peek(2); string(start) == "\x1f\x8b" {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unzipping: %w", err)
		}
		in = bufio.NewReaderSize(zip, 1<<16)
	}
	f := &File{in: &tracked{r: in, hash: sha256.New()}, start: from, header: from.Header, line: from.Lines}
	if from.Offset == 0 {
		f.start, f.line = Mark{}, 0
		err := f.begin(in)
		return f, err
	}
	if err := f.in.skip(from.Offset); err != nil || from.Offset < 0 || f.in.sum() != from.SHA256 {
		if err == nil || errors.Is(err, io.EOF) {
			err = errChanged
		}
		return nil, err
	}
	f.open(len(f.header) > 0)
	return f, nil
}

// begin finds out what the file is.
func (f *File) begin(in *bufio.Reader) error {
	start, _ := in.Peek(1 << 12)
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\uFEFF")), " \t\r\n")
	switch {
	case len(start) == 0:
		return rollcall.Invalid("file", "it is empty; %s", layoutText)
	case start[0] == '[':
		return rollcall.Invalid("file", "it is a JSON array; each sign-in has to be a line of its own")
	case start[0] == '{':
		f.open(false)
		return nil
	}
	f.open(true)
	record, err := f.csv.Read()
	if err != nil {
		return fmt.Errorf("reading the header: %w", err)
	}
	for _, text := range record {
		name := strings.ToLower(strings.Trim(text, " \uFEFF"))
		if !slices.Contains(columns, name) || slices.Contains(f.header, name) {
			return rollcall.Invalid("file", "%q is not a known column, or is there twice; %s", name, layoutText)
		}
		f.header = append(f.header, name)
	}
	has := func(name string) bool { return slices.Contains(f.header, name) }
	if has("date") == has("time") || !slices.ContainsFunc(columns[2:6], has) {
		return rollcall.Invalid("file", "%s", layoutText)
	}
	return nil
}

func (f *File) open(isCSV bool) {
	if !isCSV {
		f.lines = bufio.NewReaderSize(f.in, maxLine)
		return
	}
	f.csv = csv.NewReader(f.in)
	f.csv.FieldsPerRecord = -1
	f.csv.ReuseRecord = true
}

// Next reads the next line that says something; io.EOF ends the file.
func (f *File) Next(l *Line) error {
	*l = Line{}
	if f.csv != nil {
		return f.nextRow(l)
	}
	for {
		text, err := f.lines.ReadSlice('\n')
		f.offset += int64(len(text))
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			var more []byte
			more, err = f.lines.ReadSlice('\n')
			f.offset += int64(len(more))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d: %w", f.line+1, err)
		}
		if len(text) == 0 {
			return io.EOF
		}
		f.line++
		l.Number = f.line
		if f.line == 1 {
			text = bytes.TrimPrefix(text, []byte("\uFEFF"))
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		rest, scanned := l.Entry.Scan(text)
		if long || scanned != nil || len(bytes.TrimSpace(rest)) > 0 {
			l.Wrong = meanings[Malformed][0]
		}
		return nil
	}
}

func (f *File) nextRow(l *Line) error {
	record, err := f.csv.Read()
	f.offset = f.csv.InputOffset()
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken):
		l.Number, l.Wrong = f.start.Lines+broken.StartLine, "its quotes do not fit together"
		return nil
	case err != nil:
		return err
	}
	number, _ := f.csv.FieldPos(0)
	l.Number = f.start.Lines + number
	if len(record) != len(f.header) {
		l.Wrong = fmt.Sprintf("the number of fields is %d, that of the header is %d", len(record), len(f.header))
		return nil
	}
	for i, name := range f.header {
		if name != "date" {
			if to := l.Entry.field(name); to != nil {
				*to = []byte(record[i])
			}
			continue
		}
		text := strings.TrimSpace(record[i])
		if len(text) == len("2006-01-02") && text[4] == '-' && text[7] == '-' {
			text = text[:4] + text[5:7] + text[8:]
		}
		if l.Entry.Day, err = rollcall.ParseDay(text); err != nil {
			l.Wrong = "the date is not one of the calendar (20260820, 2026-08-20)"
		}
	}
	return nil
}

// Mark tells how far the file was read.
func (f *File) Mark() Mark {
	f.in.advance(f.start.Offset + f.offset)
	return Mark{Offset: f.in.done, Lines: f.in.newlines, SHA256: f.in.sum(), Header: f.header}
}

// Read tells how many bytes were read from the file so far, unzipped.
func (f *File) Read() int64 { return f.start.Offset + f.offset }

// tracked hashes what was taken from a reader up to a point, although readers
// before it have read ahead.
type tracked struct {
	r        io.Reader
	ahead    []byte // read, and not hashed yet
	done     int64
	newlines int
	hash     hash.Hash
}

// Read implements [io.Reader].
func (t *tracked) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	t.ahead = append(t.ahead, b[:n]...)
	return n, err
}

// advance hashes up to an offset.
func (t *tracked) advance(to int64) {
	n := to - t.done
	t.hash.Write(t.ahead[:n])
	t.newlines += bytes.Count(t.ahead[:n], []byte("\n"))
	t.ahead, t.done = slices.Delete(t.ahead, 0, int(n)), to
}

// skip reads up to an offset.
func (t *tracked) skip(to int64) error {
	b := make([]byte, 1<<16)
	for t.done < to {
		n, err := io.ReadFull(t, b[:min(int64(len(b)), to-t.done)])
		if n == 0 {
			return err
		}
		t.advance(t.done + int64(n))
	}
	return nil
}

func (t *tracked) sum() string { return hex.EncodeToString(t.hash.Sum(nil)) }
