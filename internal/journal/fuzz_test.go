package journal_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"rollcall/internal/journal"
)

// told is what an entry says, as text.
func told(e *journal.Entry) string {
	return fmt.Sprintf("%q %q %q %q %q %d %v %q", e.UserID, e.UnionID, e.Mobile, e.Email, e.Time, e.Day, e.Cloud, e.Subject)
}

// readFile reads some lines of a file, all where limit is negative, and tells
// how far it went.
func readFile(t *testing.T, b []byte, from journal.Mark, limit int) (lines []string, mark journal.Mark, err error) {
	t.Helper()
	f, err := journal.NewFile(bytes.NewReader(b), from)
	if err != nil {
		return nil, journal.Mark{}, err
	}
	for ; limit != 0; limit-- {
		var l journal.Line
		if err = f.Next(&l); err != nil {
			break
		}
		if len(lines) > len(b) {
			t.Fatalf("%d bytes have more lines than that", len(b))
		}
		lines = append(lines, fmt.Sprint(l.Number, " ", l.Wrong, " ", told(&l.Entry)))
	}
	return lines, f.Mark(), err
}

// FuzzFile: a file is read to its end, zipped as well as not, and who stops
// anywhere and goes on from the mark reads the same lines.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"date,userid\n20260820,a\n2026-08-21,b\n2026,c\n,\nx\n",
		"\uFEFFTIME,Email,source\r\n2026-08-20T09:00:00+08:00,\"a@\"\"x\",s\r\n1,b@x,\r\n",
		"time,userid\n\"1\n2\",a\n\"x\"y,b\n3,c\n\n4,d",
		"\uFEFF{\"userid\":\"a\",\"time\":\"2026-08-20T09:00:00+08:00\"}\n\n [1]\n{\"mobile\":\"1\"} x\r\n{\"email\":",
		`{"specversion":"1.0","subject":"s","time":"1","data":{"userid":"a\u00e9","time":2}}`,
		"\x1f\x8b", "[{}]", "date,time\n", "userid,userid\n", " \n",
	} {
		f.Add([]byte(text), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, stop uint8) {
		all, _, end := readFile(t, b, journal.Mark{}, -1)
		if end == nil {
			t.Fatal("a file does not end")
		}
		some, mark, err := readFile(t, b, journal.Mark{}, int(stop))
		if !slices.Equal(some, all[:min(len(all), int(stop))]) {
			t.Fatalf("it begins with %q and with %q", some, all)
		}
		if err != nil || mark.Offset == 0 {
			return
		}
		rest, _, err := readFile(t, b, mark, -1)
		if !errors.Is(err, io.EOF) && errors.Is(end, io.EOF) || !slices.Equal(rest, all[len(some):]) {
			t.Fatalf("from %+v on there is %q, %v, and not %q, %v", mark, rest, err, all[len(some):], end)
		}
		var zipped bytes.Buffer
		zip := gzip.NewWriter(&zipped)
		_, _ = zip.Write(b)
		_ = zip.Close()
		if lines, _, err := readFile(t, zipped.Bytes(), journal.Mark{}, -1); errors.Is(end, io.EOF) && (!slices.Equal(lines, all) || !errors.Is(err, io.EOF)) {
			t.Fatalf("zipped there is %q, %v", lines, err)
		}
	})
}

// FuzzFileMark: whatever a mark says, a file goes on from where it was read to, or
// is refused.
func FuzzFileMark(f *testing.F) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	f.Add([]byte(`{"offset":5,"lines":1,"sha256":""}`))
	f.Add([]byte(`{"offset":-5,"lines":1,"sha256":"` + empty + `"}`))
	f.Add([]byte(`{"offset":0,"lines":-9,"sha256":"","header":["x"]}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		var mark journal.Mark
		if json.Unmarshal(state, &mark) != nil {
			return
		}
		text := []byte("{\"userid\":\"a\"}\n{\"userid\":\"b\"}\n")
		lines, _, err := readFile(t, text, mark, -1)
		if errors.Is(err, io.EOF) && mark.Offset <= 0 && len(lines) != 2 {
			t.Fatalf("from %+v on there is %q", mark, lines)
		}
	})
}

// FuzzEntry: what comes behind an object is left as it is, and an object that is
// written down again says the same.
func FuzzEntry(f *testing.F) {
	for _, text := range []string{
		`{"userid":"a","time":"2026-08-20T09:00:00+08:00","source":"x"} {"userid":"b"}`,
		`{"specversion":"1.0","subject":"s","time":"1","data":{"mobile":"\ud83d\ude00","email":null}}`,
		`{"data":{"data":{}},"specversion":1,"userid":12}`, `{"userid":"\`, `{`, ``, "{\"a\":[[[{}]]]}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var e, again journal.Entry
		before := bytes.Clone(b)
		rest, err := e.Scan(b)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(before, rest) {
			t.Fatalf("%q is what is left of %q", rest, before)
		}
		object := before[:len(before)-len(rest)]
		if _, err := again.Scan(append([]byte(" "), object...)); err != nil || told(&e) != told(&again) {
			t.Fatalf("%q says %s, and then %s, %v", object, told(&e), told(&again), err)
		}
	})
}

// FuzzRule: a line of a log says the same each time, and its time is
// milliseconds or none.
func FuzzRule(f *testing.F) {
	zone := time.FixedZone("UTC+8", 8*60*60)
	var rules []*journal.Rule
	for _, opt := range []journal.RuleOptions{
		{Pattern: `^(?P<time>\w{3} +\d+ [\d:]+) \S+ sshd\[\d+\]: Accepted \w+ for (?P<userid>\S+)`, Layout: "Jan _2 15:04:05", Zone: zone},
		{Pattern: `(?P<mobile>\d+)? (?P<time>\S*)`, Layout: "unix"},
		{Pattern: `(?P<email>\S+@\S+) (?P<time>\S+)`},
		{Paths: map[string]string{"userid": ".details.username", "time": ".time"}, Where: map[string]string{".type": "LOGIN"}, Layout: "unixms"},
	} {
		r, err := journal.NewRule(opt)
		if err != nil {
			f.Fatal(err)
		}
		rules = append(rules, r)
	}
	for _, text := range []string{
		"Aug 20 09:00:00 host sshd[1]: Accepted publickey for wang from ::1", "Feb 29 09:00:00 h sshd[1]: Accepted x for y",
		"13800000000 1780000000.5", " NaN", "a@x 2026-08-20T09:00:00+08:00", "a@x yesterday",
		`{"type":"LOGIN","time":1780000000000,"details":{"username":"wang"}}`, `{"type":"LOGIN","time":1e99,"details":[]}`,
	} {
		f.Add([]byte(text))
	}
	now := time.Date(2026, 8, 20, 12, 0, 0, 0, zone)
	f.Fuzz(func(t *testing.T, line []byte) {
		for i, r := range rules {
			var e, again journal.Entry
			ok := r.Read(line, now, &e)
			if r.Read(bytes.Clone(line), now, &again) != ok || told(&e) != told(&again) {
				t.Fatalf("by rule %d %q says %s, and then %s", i, line, told(&e), told(&again))
			}
			if ok && len(e.Time) > 0 && string(e.Time) != "not a time" {
				if _, err := strconv.ParseInt(string(e.Time), 10, 64); err != nil {
					t.Fatalf("by rule %d the time of %q is %q", i, line, e.Time)
				}
			}
		}
	})
}

// FuzzTail: however a log grows, and wherever its reader is started anew, each
// line is read once its end is there, and once.
func FuzzTail(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n\nc"), uint16(3), uint16(5))
	f.Add([]byte("\r\r\n\x00"), uint16(0), uint16(1))
	f.Add(bytes.Repeat([]byte("0123456789\n"), 60), uint16(301), uint16(302))
	f.Fuzz(func(t *testing.T, log []byte, first, second uint16) {
		cuts := []int{min(int(first), len(log)), min(int(second), len(log)), len(log)}
		slices.Sort(cuts)
		path := filepath.Join(t.TempDir(), "app.log")
		var state journal.TailState
		var got []string
		for _, cut := range cuts {
			if err := os.WriteFile(path, log[:cut], 0o600); err != nil {
				t.Fatal(err)
			}
			tail := journal.NewTail(path, path+".state", state)
			for more := true; more; {
				var err error
				if more, err = tail.Poll(3, func(line []byte) { got = append(got, string(line)) }); err != nil {
					t.Fatal(err)
				}
			}
			text, err := json.Marshal(tail.State())
			if err != nil {
				t.Fatal(err)
			}
			tail.Close()
			state = journal.TailState{}
			if err := json.Unmarshal(text, &state); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{}
		for line := range bytes.Lines(log) {
			if bytes.HasSuffix(line, []byte("\n")) {
				want = append(want, string(bytes.TrimRight(line, "\r\n")))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q cut at %v: %q and not %q", log, cuts, got, want)
		}
	})
}

// FuzzTailState: whatever a state says, a log is read from there or from its
// beginning.
func FuzzTailState(f *testing.F) {
	f.Add([]byte(`{"started":true,"files":[{"device":1,"inode":2,"offset":4,"mark":""}]}`))
	f.Add([]byte(`{"started":true,"files":[{"offset":-1},{"offset":2,"mark":"ca978112ca1bbdcafac231b39a23dc4d"},{"offset":99}]}`))
	f.Add([]byte(`{"files":[null,{"offset":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "app.log")
		if err := errors.Join(os.WriteFile(path, []byte("a\nb\n"), 0o600), os.WriteFile(path+".state", text, 0o600)); err != nil {
			t.Fatal(err)
		}
		var state journal.TailState
		if journal.LoadState(path+".state", &state) != nil {
			return
		}
		tail := journal.NewTail(path, path+".state", state)
		defer tail.Close()
		var got []string
		if _, err := tail.Poll(10, func(line []byte) { got = append(got, string(line)) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, []string{"a", "b"}) && !slices.Equal(got, []string{"b"}) && len(got) > 0 {
			t.Fatalf("from %+v on there is %q", state, got)
		}
	})
}
