package backup

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

var update = flag.Bool("update", false, "write the files of a format that has none yet")

// golden returns the content of a file of testdata, which is never written anew:
// what a format was stays what it was.
func golden(t *testing.T, name string, now func() []byte) []byte {
	t.Helper()
	path := "testdata/" + name
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *update {
		b = now()
		err = os.WriteFile(path, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A backup that an earlier version wrote is read, and gives the organization that
// it was made of. The files of format 1 were written by the first version that had
// backups.
func TestOlderFormatsAreRead(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	eventful(t, s, "acme")
	if err := s.CreateCorp(t.Context(), rollcall.Corp{ID: "empty", Name: "Empty", CreatedAt: day, Settings: rollcall.DefaultSettings()}); err != nil {
		t.Fatal(err)
	}
	for format := 1; format <= Format; format++ {
		f, err := open(golden(t, fmt.Sprintf("format-%d.backup", format), func() []byte { return written(t, s, "acme", "empty") }))
		if err != nil {
			t.Fatal(err)
		}
		if f.Format != format || len(f.Organizations) != 2 {
			t.Errorf("format %d: %+v", format, f.Contents)
		}
		var text strings.Builder
		for _, section := range f.Organizations {
			lines, head := linesOf(t, f, section.CorpID)
			fmt.Fprintf(&text, "%+v\n%s", head, strings.Join(lines[:], ""))
			to := newStore(t)
			sum, err := Transfer(t.Context(), f, to, section.CorpID, nil)
			if err != nil || sumOf(t, to, section.CorpID) != sum || sum.Counts != section.Counts {
				t.Errorf("format %d: %+v, %v", format, sum, err)
			}
		}
		want := golden(t, fmt.Sprintf("format-%d.jsonl", format), func() []byte { return []byte(text.String()) })
		if text.String() != string(want) {
			t.Errorf("format %d is read as\n%s\nand not as\n%s", format, text.String(), want)
		}
	}
}

// Every name in a record is the format: whoever adds one, takes one away or gives
// one another type raises Format, so that an older program says what it needs.
// The files of the formats before stay.
func TestTheNumberGoesUpWithTheNames(t *testing.T) {
	t.Parallel()
	var now []string
	names(reflect.TypeFor[record](), "", &now)
	names(reflect.TypeFor[Contents](), "contents", &now)
	text := strings.Join(now, "\n") + "\n"
	want := golden(t, fmt.Sprintf("format-%d.names", Format), func() []byte { return []byte(text) })
	if text == string(want) {
		return
	}
	was := strings.Split(string(want), "\n")
	for _, n := range now {
		if !slices.Contains(was, n) {
			t.Errorf("new: %s", n)
		}
	}
	for _, n := range was {
		if !slices.Contains(now, n) && n != "" {
			t.Errorf("gone: %s", n)
		}
	}
	t.Errorf("records have other names than those of format %d: raise Format, describe it in docs/backup-format.md and run this test with -update", Format)
}

// names lists the paths of all values within a type, with what they are.
func names(t reflect.Type, path string, list *[]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		t = t.Elem()
	}
	// A network is written as text.
	if t.Kind() != reflect.Struct || t.PkgPath() == "net/netip" {
		*list = append(*list, path+" "+t.Kind().String())
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case f.Anonymous && name == "":
			names(f.Type, path, list)
			continue
		case name == "":
			name = f.Name
		}
		names(f.Type, strings.TrimPrefix(path+"."+name, "."), list)
	}
}
