package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rollcall"
)

// From a store to a file and to another store: everything is the same, and the
// file tells what the store told.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	a, b, c := newStore(t), newStore(t), newStore(t)
	for _, id := range []string{"acme", "Beta", "empty"} {
		if id == "empty" {
			if err := a.CreateCorp(t.Context(), rollcall.Corp{ID: id, Name: "Empty", Settings: rollcall.DefaultSettings()}); err != nil {
				t.Fatal(err)
			}
			continue
		}
		eventful(t, a, id)
	}
	ids := []string{"acme", "empty", "Beta"}
	f, err := open(written(t, a, ids...))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Organizations) != 3 || f.Format != Format || f.Program != "test" || f.MadeAt != day {
		t.Errorf("the contents are %+v", f.Contents)
	}
	for i, id := range ids {
		want, head := linesOf(t, a, id)
		got, h := linesOf(t, f, id)
		if got != want || h != head || f.Organizations[i].CorpID != id {
			t.Errorf("the file has\n%s\nand not\n%s", got, want)
		}
		sum, err := Transfer(t.Context(), f, b, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		if sum != sumOf(t, a, id) || sum != sumOf(t, b, id) || sum.Counts != f.Organizations[i].Counts {
			t.Errorf("%s: the sum is %+v, of what was restored %+v", id, sum, sumOf(t, b, id))
		}
		if _, err := Transfer(t.Context(), f, b, id, nil); !errors.Is(err, rollcall.ErrCorpExists) {
			t.Errorf("once more: %v, not ErrCorpExists", err)
		}
		if _, err := Transfer(t.Context(), b, c, id, nil); err != nil {
			t.Fatal(err)
		}
		if sumOf(t, c, id) != sum {
			t.Errorf("%s: from store to store it is another one", id)
		}
	}
	want := Counts{Departments: 5, People: 3, Memberships: 2, Apps: 2, Changes: 30, Days: 2, Tokens: 2}
	if got := sumOf(t, c, "acme").Counts; got != want {
		t.Errorf("the counts are %+v, not %+v", got, want)
	}
	if _, err := f.Dump(t.Context(), "nobody", newSummer(nil)); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("an organization that is not in it: %v", err)
	}
}

// A backup reads like a store.
func TestReadsLikeAStore(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	eventful(t, s, "acme")
	f, err := open(written(t, s, "acme"))
	if err != nil {
		t.Fatal(err)
	}
	type reader interface {
		Load(context.Context, string, rollcall.Snapshot) (rollcall.Head, error)
		changer
		SignInChunks(context.Context, string, uint64, func(rollcall.Day, uint32, []byte) error) (rollcall.Head, error)
	}
	read := func(from reader, version, feed uint64) (text []string) {
		l := newSummer(func(p Part, line []byte) error { text = append(text, string(line)); return nil })
		h1, err1 := from.Load(t.Context(), "acme", l)
		h2, err2 := from.Changes(t.Context(), "acme", version, func(c rollcall.Change) error { return l.Change(&c) })
		h3, err3 := from.SignInChunks(t.Context(), "acme", feed, l.SignInChunk)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		return append(text, fmt.Sprint(h1, h2, h3))
	}
	for _, after := range [][2]uint64{{0, 0}, {2, 0}, {6, 2}, {9, 9}} {
		if want, got := read(s, after[0], after[1]), read(f, after[0], after[1]); !reflect.DeepEqual(got, want) {
			t.Errorf("after %d the file tells\n%s\nand not\n%s", after, got, want)
		}
	}
	enough := errors.New("enough")
	if _, err := f.Changes(t.Context(), "acme", 0, func(rollcall.Change) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("the error of a callback: %v", err)
	}
}

// Whatever bit of a backup is another one, and wherever it is cut off, it is
// refused, as input that is wrong.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	eventful(t, s, "acme")
	good := written(t, s, "acme")
	refused := func(what string, b []byte) {
		t.Helper()
		f, err := open(b)
		if err == nil {
			t.Fatalf("%s: it was opened: %+v", what, f.Contents)
		}
		if rollcall.KindOf(err) != rollcall.KindInvalid {
			t.Fatalf("%s: %v", what, err)
		}
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 1 << (i % 8)
		refused(fmt.Sprintf("byte %d of %d", i, len(good)), b)
		refused(fmt.Sprintf("%d bytes of %d", i, len(good)), good[:i])
	}
	refused("a byte more", append(bytes.Clone(good), '\n'))
	refused("twice", append(bytes.Clone(good), good...))
	refused("another file", []byte("userid,name\nann,Ann\n"))
}

// What is in a file with the right checksum may be wrong all the same.
func TestRefusedRecords(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	eventful(t, s, "acme")
	lines, head := linesOf(t, s, "acme")
	if f, err := open(sealed(t, "acme", lines, head)); err != nil || sumOf(t, f, "acme") != sumOf(t, s, "acme") {
		t.Fatalf("the file as it should be: %v", err)
	}
	for _, test := range []struct {
		name      string
		part      Part
		old, with string
		want      string
	}{
		{"a field more", State, `"userid":"ann"`, `"userid":"ann","shoe_size":43`, `it has the field "shoe_size", which this version of Rollcall does not know`},
		{"a record of another kind", State, `{"dept":`, `{"team":`, `it has the field "team"`},
		{"a kind of change", Log, `"kind":"user_join"`, `"kind":"user_clone"`, `a kind of change that this version of Rollcall does not know: "user_clone"`},
		{"not JSON", State, `{"corp"`, `"corp"`, "the backup is damaged"},
		{"half a line", Tokens, "}}\n", "}}", "damaged"},
		{"two in a line", State, `{"app":`, `{}{"app":`, "behind it"},
		{"nothing", State, `{"user":`, "{}\n{\"user\":", "does not belong"},
		{"in the wrong part", SignIns, `{"sign_ins":`, "{\"role_group\":{\"id\":5,\"name\":\"x\"}}\n{\"sign_ins\":", "does not belong"},
		{"two things in one", State, `{"role_group":{"id":101,"name":"g"}}`, `{"role_group":{"id":101,"name":"g"},"role":{"id":1,"group_id":1,"name":"x"}}`, "does not belong"},
		{"a type", State, `"ordinal":0`, `"ordinal":"0"`, "damaged"},
		{"a number too large", State, `"ordinal":1,`, `"ordinal":4294967296,`, "damaged"},
		{"an organization of another id", State, `"corp_id":"acme"`, `"corp_id":"other"`, `"other"`},
		{"the order of departments", State, `"dept_id":3,"parent_id":2`, `"dept_id":2,"parent_id":2`, "department 2 is there twice"},
		{"no root", State, `{"dept":{"dept_id":1,`, `{"dept":{"dept_id":0,`, "root department"},
		{"an ordinal", State, `"ordinal":1,"userid"`, `"ordinal":7,"userid"`, "ordinal 7"},
		{"a version left out", Log, `"version":3`, `"version":4`, "from version"},
		{"the end of the log", Log, `{"change":{"version":6`, `{"change":{"version":5`, "ends at version"},
		{"a day", SignIns, `"day":20260820`, `"day":20260832`, "date"},
		{"the order of days", SignIns, `"day":20260820`, `"day":20260822`, "twice or in the wrong place"},
		{"bits", SignIns, `"bits":"`, `"bits":"AAAA`, "sign-ins"},
		{"no base64", SignIns, `"bits":"`, `"bits":"*`, "damaged"},
	} {
		bad := lines
		bad[test.part] = strings.ReplaceAll(bad[test.part], test.old, test.with)
		if test.name == "half a line" {
			bad[test.part] = strings.TrimSuffix(lines[test.part], "\n")
		}
		if bad == lines {
			t.Errorf("%s: it changes nothing:\n%s", test.name, lines[test.part])
			continue
		}
		f, err := open(sealed(t, "acme", bad, head))
		if err == nil {
			_, err = SumOf(t.Context(), f, "acme", nil)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || rollcall.KindOf(err) != rollcall.KindInvalid {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// Nothing of it reaches a store.
	bad := lines
	bad[Tokens] = strings.ReplaceAll(bad[Tokens], `"key.acme"`, `"no.such"`)
	f, err := open(sealed(t, "acme", bad, head))
	if err != nil {
		t.Fatal(err)
	}
	to := newStore(t)
	if _, err := Transfer(t.Context(), f, to, "acme", nil); err == nil {
		t.Error("a token of no app was restored")
	}
	if heads, err := to.Heads(t.Context()); err != nil || len(heads) > 0 {
		t.Errorf("it left %v, %v", heads, err)
	}
}

func TestNewerFormat(t *testing.T) {
	t.Parallel()
	_, err := open([]byte("rollcall backup 2\nwhatever comes in that one"))
	if err == nil || !strings.Contains(err.Error(), "it has the format 2, and this version of Rollcall reads formats up to 1: use a newer version") {
		t.Errorf("%v", err)
	}
	for _, first := range []string{"rollcall backup 0\n", "rollcall backup 01\n", "rollcall backup x\n", "rollcall backup 1", "rollcall backup 99999999999999999999\n"} {
		if _, err := open([]byte(first)); rollcall.KindOf(err) != rollcall.KindInvalid {
			t.Errorf("%q: %v", first, err)
		}
	}
}

// JSON has no bytes that are not text; what has is refused and not changed.
func TestTextThatIsNot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"\xff": true, "a\xc3": true, `\ufffd`: false, "\ufffd": false, `\` + "\xff": true, `\\` + "\xff": true, `\\\ufffd`: false, "ok": false, `\ufffd` + "\xff": true,
	} {
		err := newSummer(nil).RoleGroup(&rollcall.RoleGroup{ID: 1, Name: text}, false)
		if errors.Is(err, errNotText) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A file has its name when it is complete, is its owner's, and takes the place of
// the one before; a failure leaves that one as it was, and nothing else.
func TestCreate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.backup")
	enough := errors.New("enough")
	for _, step := range []struct {
		text string
		fail error
		want string
	}{{"half", enough, ""}, {"one", nil, "one"}, {"half", enough, "one"}, {"two", nil, "two"}} {
		err := Create(path, func(w io.Writer) error {
			_, err := io.WriteString(w, step.text)
			return errors.Join(err, step.fail)
		})
		if !errors.Is(err, step.fail) {
			t.Errorf("%v, not %v", err, step.fail)
		}
		got, err := os.ReadFile(path)
		if string(got) != step.want || (err == nil) != (step.want != "") {
			t.Errorf("the file has %q, %v; wanted %q", got, err, step.want)
		}
		names, err := os.ReadDir(dir)
		if err != nil || len(names) != min(1, len(step.want)) {
			t.Errorf("there are %v, %v", names, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
	if err := Create(filepath.Join(dir, "no", "a.backup"), func(io.Writer) error { return nil }); err == nil {
		t.Error("a file was written to a directory that is not there")
	}
}

// A copy that ends early leaves nothing, wherever the context ended.
func TestTransferEnds(t *testing.T) {
	t.Parallel()
	from, to := newStore(t), newStore(t)
	eventful(t, from, "acme")
	for i := range rollcall.Ordinal(3000) {
		commit(t, from, "acme", join(3+i, fmt.Sprint("p", i)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Transfer(ctx, from, to, "acme", func(string, Counts) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if heads, err := to.Heads(t.Context()); err != nil || len(heads) > 0 {
		t.Errorf("it left %v, %v", heads, err)
	}
	if _, err := Transfer(t.Context(), from, to, "acme", nil); err != nil || sumOf(t, to, "acme") != sumOf(t, from, "acme") {
		t.Errorf("done again: %v", err)
	}
}

func TestSameHistory(t *testing.T) {
	t.Parallel()
	a, b := newStore(t), newStore(t)
	eventful(t, a, "acme")
	if _, err := Transfer(t.Context(), a, b, "acme", nil); err != nil {
		t.Fatal(err)
	}
	head := commit(t, a, "acme", about(rollcall.MemberRemoved, 0, 2, rollcall.Payload{}), about(rollcall.UserLeft, 0, 0, rollcall.Payload{}))
	commit(t, a, "acme", about(rollcall.UserErased, 0, 0, rollcall.Payload{User: &rollcall.User{UserID: "erased 2"}}))
	for _, test := range []struct {
		version uint64
		want    bool
	}{{0, true}, {3, true}, {head.Version - 1, true}, {head.Version, false}} {
		if got, err := SameHistory(t.Context(), a, b, "acme", test.version); err != nil || got != test.want {
			t.Errorf("up to %d: %v, %v", test.version, got, err)
		}
	}
	commit(t, b, "acme", dept(77, 1))
	if got, err := SameHistory(t.Context(), a, b, "acme", head.Version); err != nil || got {
		t.Errorf("after both went on by themselves: %v, %v", got, err)
	}
	if _, err := SameHistory(t.Context(), a, b, "nobody", 1); !errors.Is(err, rollcall.ErrNoCorp) {
		t.Errorf("of nobody: %v", err)
	}
}
