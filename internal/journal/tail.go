package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Position is how far one file of a log was read.
type Position struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	Offset int64  `json:"offset"`
	// Mark is a hash of the bytes before Offset: a file that was cut off and has
	// grown again, and one that took the number of another, do not have it.
	Mark string `json:"mark"`
}

// TailState is how far a log was read, with the files that it was before it was
// rotated.
type TailState struct {
	Started bool       `json:"started"`
	Files   []Position `json:"files"`
}

// Tail reads the lines of a log that goes on growing. The log is rotated by
// renaming, or by copying and truncating: beside the file itself, those that
// have its name with something behind it are read to their ends, so that nothing
// is lost however long nobody looked. A line is read when its end is there.
//
// A log that was never read before is read from its beginning, without the files
// that it was before.
type Tail struct {
	path   string
	except string
	state  TailState
	open   *os.File // the file itself, in case that it is removed before its end was read
}

// markSize is of how many bytes a mark is.
const markSize = 256

// NewTail goes on from a state. The caller calls Close.
// except is a file that is no log whatever its name is.
func NewTail(path, except string, from TailState) *Tail {
	return &Tail{path: filepath.Clean(path), except: filepath.Clean(except), state: TailState{from.Started, slices.Clone(from.Files)}}
}

// Close gives back what Tail holds.
func (t *Tail) Close() {
	if t.open != nil {
		t.open.Close() //nolint:errcheck // it was read only
		t.open = nil
	}
}

// State tells how far the log was read.
func (t *Tail) State() TailState {
	return TailState{t.state.Started, slices.Clone(t.state.Files)}
}

// Poll hands the lines that are new to fn, up to a limit, and says whether there
// may be more. The bytes are good until fn returns.
func (t *Tail) Poll(limit int, fn func(line []byte)) (more bool, err error) {
	names, err := t.names()
	if err != nil {
		return false, err
	}
	left, seen := limit, map[[2]uint64]bool{}
	for _, name := range names {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it got another name just now
		}
		if err != nil {
			return false, fmt.Errorf("reading the log: %w", err)
		}
		id, err := t.follow(f, name, &left, fn)
		seen[id] = true
		if name == t.path {
			f, t.open = t.open, f
			if f != nil && err == nil {
				err = t.finish(f, seen, fn)
			}
		}
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			return false, err
		}
		if left == 0 {
			return true, nil
		}
	}
	if t.open != nil { // it may have no name while the next one is not there yet
		if err := t.finish(t.open, seen, fn); err != nil {
			return false, err
		}
	}
	t.state.Started = true
	t.state.Files = slices.DeleteFunc(t.state.Files, func(p Position) bool { return !seen[[2]uint64{p.Device, p.Inode}] })
	return false, nil
}

// finish reads the rest of the file that was the log when it was last looked at,
// where it has no name any more.
func (t *Tail) finish(f *os.File, seen map[[2]uint64]bool, fn func([]byte)) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading the log that was removed: %w", err)
	}
	device, inode := identity(info)
	if id := [2]uint64{device, inode}; !seen[id] && t.place(device, inode) >= 0 {
		all := -1
		seen[id] = true
		_, err = t.follow(f, t.path, &all, fn)
	}
	return err
}

// names lists the files of the log, the oldest first and the log itself last.
func (t *Tail) names() ([]string, error) {
	dir, base := filepath.Split(t.path)
	entries, err := os.ReadDir(filepath.Clean(dir + "."))
	if err != nil {
		return nil, fmt.Errorf("looking for the files of the log: %w", err)
	}
	type file struct {
		name string
		info fs.FileInfo
	}
	var files []file
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), base)
		if !ok || filepath.Join(dir, e.Name()) == t.except || rest != "" && (!strings.ContainsAny(rest[:1], ".-_") || zipped(rest)) {
			continue
		}
		// A symbolic link is looked through.
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.Mode().IsRegular() {
			files = append(files, file{dir + e.Name(), info})
		}
	}
	slices.SortStableFunc(files, func(a, b file) int {
		if last := map[bool]int{true: 1}; a.name == t.path || b.name == t.path {
			return last[a.name == t.path] - last[b.name == t.path]
		}
		return a.info.ModTime().Compare(b.info.ModTime())
	})
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	return names, nil
}

// zipped tells a compressed file by its name.
func zipped(name string) bool {
	return slices.Contains([]string{".gz", ".bz2", ".xz", ".zst", ".zip", ".lz4"}, filepath.Ext(name))
}

// follow reads what is new in one file. left counts down; below 0 there is no
// limit.
func (t *Tail) follow(f *os.File, name string, left *int, fn func([]byte)) (id [2]uint64, err error) {
	info, err := f.Stat()
	if err != nil {
		return id, fmt.Errorf("reading the log: %w", err)
	}
	p, last, err := t.find(f, info)
	if err != nil {
		return id, err
	}
	id = [2]uint64{p.Device, p.Inode}
	if !t.state.Started && name != t.path {
		if p, last, err = endOf(f, info, p); err != nil {
			return id, err
		}
	}
	in := bufio.NewReaderSize(io.NewSectionReader(f, p.Offset, max(info.Size()-p.Offset, 0)), 1<<16)
	var long []byte // a line that is longer than the buffer
	for *left != 0 {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = append(long, text...)
			continue
		}
		if errors.Is(err, io.EOF) {
			break // what is there of the last line is read when its end is
		}
		if err != nil {
			return id, fmt.Errorf("reading the log: %w", err)
		}
		if long != nil {
			long = append(long, text...)
			text = long
		}
		p.Offset += int64(len(text))
		last = append(last, text[max(0, len(text)-markSize):]...)
		last = last[max(0, len(last)-markSize):]
		if len(text) <= maxLine {
			fn(bytes.TrimRight(text, "\r\n"))
		}
		long = nil
		*left--
	}
	p.Mark = markOf(last)
	if i := t.place(p.Device, p.Inode); i >= 0 {
		t.state.Files[i] = p
	} else {
		t.state.Files = append(t.state.Files, p)
	}
	return id, nil
}

func (t *Tail) place(device, inode uint64) int {
	return slices.IndexFunc(t.state.Files, func(p Position) bool { return p.Device == device && p.Inode == inode })
}

// find tells how far a file was read, with the bytes that its mark is of: as
// itself, or as the file of which it is a copy.
func (t *Tail) find(f *os.File, info fs.FileInfo) (Position, []byte, error) {
	p := Position{}
	p.Device, p.Inode = identity(info)
	known := slices.Clone(t.state.Files)
	slices.SortStableFunc(known, func(a, b Position) int { return int(min(max(b.Offset-a.Offset, -1), 1)) })
	if i := t.place(p.Device, p.Inode); i >= 0 {
		known = slices.Insert(known, 0, t.state.Files[i])
	}
	for _, k := range known {
		if k.Offset <= 0 || k.Offset > info.Size() {
			continue
		}
		last := make([]byte, min(k.Offset, markSize))
		if _, err := f.ReadAt(last, k.Offset-int64(len(last))); err != nil {
			if errors.Is(err, io.EOF) {
				continue // it was truncated just now
			}
			return p, nil, fmt.Errorf("reading the log: %w", err)
		}
		if markOf(last) == k.Mark {
			p.Offset = k.Offset
			return p, last, nil
		}
	}
	return p, nil, nil
}

// endOf is the position behind the last whole line.
func endOf(f *os.File, info fs.FileInfo, p Position) (Position, []byte, error) {
	p.Offset = 0
	block := make([]byte, 1<<16)
	for end := info.Size(); end > 0 && p.Offset == 0; {
		n := min(end, int64(len(block)))
		if _, err := f.ReadAt(block[:n], end-n); err != nil {
			return p, nil, fmt.Errorf("reading the log: %w", err)
		}
		if i := bytes.LastIndexByte(block[:n], '\n'); i >= 0 {
			p.Offset = end - n + int64(i) + 1
		}
		end -= n
	}
	last := make([]byte, min(p.Offset, markSize))
	if _, err := f.ReadAt(last, p.Offset-int64(len(last))); err != nil {
		return p, nil, fmt.Errorf("reading the log: %w", err)
	}
	return p, last, nil
}

func markOf(last []byte) string {
	if len(last) == 0 {
		return ""
	}
	sum := sha256.Sum256(last)
	return hex.EncodeToString(sum[:16])
}
