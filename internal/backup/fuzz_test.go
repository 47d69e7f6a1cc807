package backup

import (
	"bytes"
	"context"
	"os"
	"testing"

	"rollcall"
)

// FuzzOpen reads bytes as a backup. What is opened can be read to its end, or
// gives an error of its own kind.
func FuzzOpen(f *testing.F) {
	good, err := os.ReadFile("testdata/format-1.backup")
	if err != nil {
		f.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/3] ^= 4
	for _, seed := range [][]byte{good, good[:len(good)/2], good[:len(good)-1], flipped, []byte("rollcall backup 2\n"), []byte("rollcall backup 1\n"), nil} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := open(b)
		if err != nil {
			judge(t, err)
			return
		}
		for _, s := range file.Organizations {
			if _, err := SumOf(context.Background(), file, s.CorpID, nil); err != nil {
				judge(t, err)
			}
		}
	})
}

// FuzzRecords reads lines as the parts of a backup whose checksum is right. What
// is let through can be written again, and is then the same.
func FuzzRecords(f *testing.F) {
	good, err := os.ReadFile("testdata/format-1.backup")
	if err != nil {
		f.Fatal(err)
	}
	file, err := open(good)
	if err != nil {
		f.Fatal(err)
	}
	lines, head := linesOf(f, file, "acme")
	add := func(l [parts]string) { f.Add(l[State], l[Log], l[SignIns], l[Tokens], head.Version, head.Feed) }
	add(lines)
	for p := range parts {
		cut, flipped := lines, lines
		cut[p] = cut[p][:len(cut[p])/2]
		b := []byte(flipped[p])
		b[len(b)/2] ^= 1
		flipped[p] = string(b)
		add(cut)
		add(flipped)
	}
	f.Fuzz(func(t *testing.T, state, log, signIns, tokens string, version, feed uint64) {
		head := rollcall.Head{CorpID: "acme", Version: version, Feed: feed}
		file, err := open(sealed(t, "acme", [parts]string{state, log, signIns, tokens}, head))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := SumOf(context.Background(), file, "acme", nil)
		if err != nil {
			judge(t, err)
			return
		}
		again, err := open(written(t, file, "acme"))
		if err != nil {
			t.Fatal(err)
		}
		if got := sumOf(t, again, "acme"); got != sum {
			t.Errorf("written again it is %+v and not %+v", got, sum)
		}
	})
}

// judge holds that what is wrong with a backup is said to be the backup's fault.
func judge(t *testing.T, err error) {
	t.Helper()
	if rollcall.KindOf(err) != rollcall.KindInvalid {
		t.Errorf("%v", err)
	}
}
