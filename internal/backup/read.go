package backup

import (
	"bufio"
	"bytes"
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
	"strconv"
	"strings"

	"rollcall"
)

const (
	// maxLine is how long a record may be. The longest that are written are those
	// of people and departments with all their values, some 100 KiB.
	maxLine = 16 << 20
	// maxContents is how long the contents may be: room for 200,000 organizations.
	maxContents = 256 << 20
)

// File is a backup that is read. Its methods answer as those of a store do. It may
// be read by several at the same time.
type File struct {
	Contents
	Format int
	SHA256 string // of all bytes before it, as the last line has it

	r  io.ReaderAt
	of map[string]*Section
}

// OpenFile opens the backup at a path; the caller closes it.
func OpenFile(path string) (*File, func() error, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open the backup: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = wrong("%s is not a file", path)
	}
	var b *File
	if err == nil {
		b, err = Open(f, info.Size())
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the backup %s: %w", path, err), f.Close())
	}
	return b, f.Close, nil
}

// Open reads the contents of a backup, after all of its bytes: what is cut off or
// has another bit is refused. What is wrong with it is an error of kind
// [rollcall.KindInvalid].
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, of: map[string]*Section{}}
	start, err := f.readFirst(size)
	if err != nil {
		return nil, err
	}
	end, err := f.readLast(start, size)
	if err != nil {
		return nil, err
	}
	contents, limit := end[0], end[1]
	if err := f.readContents(contents, limit); err != nil {
		return nil, err
	}
	for i := range f.Organizations {
		s := &f.Organizations[i]
		if s.CorpID == "" || f.of[s.CorpID] != nil {
			return nil, damaged("organization %q is in it twice", s.CorpID)
		}
		if err := s.check(start, contents); err != nil {
			return nil, err
		}
		f.of[s.CorpID] = s
	}
	return f, nil
}

// damaged is the error of a file that nobody wrote like this.
func damaged(format string, args ...any) error {
	return wrong("the backup is damaged: %s", fmt.Sprintf(format, args...))
}

// readFirst reads the first line and returns where it ends.
func (f *File) readFirst(size int64) (int64, error) {
	head := make([]byte, min(size, int64(len(magic)+12)))
	if _, err := f.r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	line, _, ok := strings.Cut(string(head), "\n")
	number, isOurs := strings.CutPrefix(line, magic)
	if !ok || !isOurs {
		return 0, wrong("it is not a backup of Rollcall")
	}
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1 || strconv.Itoa(n) != number:
		return 0, damaged("its first line is %q", line)
	case n > Format:
		return 0, wrong("it has the format %d, and this version of Rollcall reads formats up to %d: use a newer version", n, Format)
	}
	f.Format = n
	return int64(len(line) + 1), nil
}

// readLast reads the last line and everything before it, and returns where the
// contents begin and end.
func (f *File) readLast(start, size int64) (contents [2]int64, err error) {
	if size < start+int64(lastLen) {
		return contents, damaged("it is cut off")
	}
	last := make([]byte, lastLen)
	if _, err := f.r.ReadAt(last, size-int64(lastLen)); err != nil {
		return contents, err
	}
	var at int64
	_, err = fmt.Sscanf(string(last[:trailerLen]), trailer, &at)
	if err != nil || fmt.Sprintf(trailer, at) != string(last[:trailerLen]) {
		return contents, damaged("it is cut off: its last line is missing")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f.r, 0, size-int64(lastLen)+int64(trailerLen))); err != nil {
		return contents, err
	}
	f.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if want := string(last[trailerLen:]); want != f.SHA256+"\n" {
		return contents, damaged("its checksum is not that of its bytes")
	}
	if end := size - int64(lastLen); at < start || at > end {
		return contents, damaged("its contents are outside of it")
	}
	return [2]int64{at, size - int64(lastLen)}, nil
}

func (f *File) readContents(at, end int64) error {
	z, err := gzip.NewReader(io.NewSectionReader(f.r, at, end-at))
	if err != nil {
		return damaged("its contents: %s", err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxContents+1))
	if err != nil {
		return damaged("its contents: %s", err)
	}
	if len(text) > maxContents {
		return damaged("its contents have more than %d bytes", maxContents)
	}
	if err := decode(text, &f.Contents); err != nil {
		return fmt.Errorf("its contents: %w", err)
	}
	return nil
}

// check says whether the parts are those that there have to be, between two
// places of the file.
func (s *Section) check(start, end int64) error {
	if len(s.Parts) != int(parts) {
		return damaged("organization %s has %d parts", s.CorpID, len(s.Parts))
	}
	for i, p := range s.Parts {
		if p.Name != Part(i).String() || p.Offset < start || p.Length < 0 || p.Length > end-start || p.Offset > end-p.Length {
			return damaged("part %q of organization %s is not where it should be", p.Name, s.CorpID)
		}
	}
	return nil
}

// decode reads one value, and refuses what it does not know.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil && len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		err = errors.New("there is something behind it")
	}
	if err == nil {
		return nil
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return wrong("it has the field %s, which this version of Rollcall does not know: use a newer version", field)
	}
	return damaged("%s", err)
}

// Dump implements [Source].
func (f *File) Dump(ctx context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error) {
	s, err := f.section(corpID)
	for p := range parts {
		if err == nil {
			err = f.read(ctx, s, p, func(r *record) error { return r.tell(to) })
		}
	}
	return f.head(s, err)
}

// Load reads an organization as it is, as [rollcall.Store] has it.
func (f *File) Load(ctx context.Context, corpID string, to rollcall.Snapshot) (rollcall.Head, error) {
	s, err := f.section(corpID)
	if err == nil {
		err = f.read(ctx, s, State, func(r *record) error { return r.tell(stateOf{to}) })
	}
	return f.head(s, err)
}

// Changes reads the change log after a version, as [rollcall.Store] has it.
func (f *File) Changes(ctx context.Context, corpID string, after uint64, fn func(rollcall.Change) error) (rollcall.Head, error) {
	s, err := f.section(corpID)
	if err == nil {
		err = f.read(ctx, s, Log, func(r *record) error {
			if r.Change.Version <= after {
				return nil
			}
			return r.tell(logOf{fn: fn})
		})
	}
	return f.head(s, err)
}

// SignInChunks reads all recorded sign-ins where after is before the feed, as
// [rollcall.SignIns] has it.
func (f *File) SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error) {
	s, err := f.section(corpID)
	if err == nil && after < s.Feed {
		err = f.read(ctx, s, SignIns, func(r *record) error { return fn(r.SignIns.Day, r.SignIns.Chunk, r.SignIns.Bits) })
	}
	return f.head(s, err)
}

// Section returns what is written of an organization.
func (f *File) Section(corpID string) (*Section, error) { return f.section(corpID) }

func (f *File) section(corpID string) (*Section, error) {
	if s := f.of[corpID]; s != nil {
		return s, nil
	}
	return nil, rollcall.ErrNoCorp
}

func (f *File) head(s *Section, err error) (rollcall.Head, error) {
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the backup: %w", err)
	}
	return s.Head(), nil
}

// stateOf and logOf are [rollcall.Copy] of those who want one part only. The
// reader sees to it that nothing of another one is told.
type stateOf struct{ rollcall.Snapshot }

func (stateOf) Change(*rollcall.Change) error                  { return errPart }
func (stateOf) SignInChunk(rollcall.Day, uint32, []byte) error { return errPart }
func (stateOf) Token(*rollcall.Token) error                    { return errPart }

type logOf struct {
	stateOf
	fn func(rollcall.Change) error
}

func (l logOf) Change(c *rollcall.Change) error { return l.fn(*c) }

var errPart = errors.New("a record is in the wrong part")

// read reads one part of an organization: every line of it, as many as there have
// to be, with the hash that they have to have.
func (f *File) read(ctx context.Context, s *Section, p Part, fn func(*record) error) error {
	where := s.Parts[p]
	l := lines{hash: sha256.New()}
	z, err := gzip.NewReader(bufio.NewReaderSize(io.NewSectionReader(f.r, where.Offset, where.Length), 1<<16))
	if err != nil {
		return damaged("part %s of organization %s: %s", p, s.CorpID, err)
	}
	l.r = bufio.NewReaderSize(z, 1<<16)
	for n := 1; ; n++ {
		line, err := l.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return damaged("part %s of organization %s, line %d: %s", p, s.CorpID, n, err)
		}
		var r record
		if err = decode(line, &r); err == nil && !r.only(p) {
			err = damaged("it does not belong there")
		}
		if err == nil {
			err = fn(&r)
		}
		if err != nil {
			return fmt.Errorf("part %s of organization %s, line %d: %w", p, s.CorpID, n, err)
		}
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if l.n != where.Records || hex.EncodeToString(l.hash.Sum(nil)) != where.SHA256 {
		return damaged("part %s of organization %s is not the one that was written", p, s.CorpID)
	}
	return nil
}

// lines reads lines that all end with a line feed.
type lines struct {
	r    *bufio.Reader
	hash hash.Hash
	n    int
	long []byte
}

// next returns a line, which is good until the next call.
func (l *lines) next() ([]byte, error) {
	l.long = l.long[:0]
	for {
		piece, err := l.r.ReadSlice('\n')
		l.hash.Write(piece)
		switch {
		case err == nil && len(l.long) == 0:
			l.n++
			return piece, nil
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
			l.long = append(l.long, piece...)
			if err == nil {
				l.n++
				return l.long, nil
			}
			if len(l.long) > maxLine {
				return nil, fmt.Errorf("it has more than %d bytes", maxLine)
			}
		case errors.Is(err, io.EOF) && len(l.long)+len(piece) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
