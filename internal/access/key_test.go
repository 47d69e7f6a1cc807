package access

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rollcall"
)

func same(a, b Key) bool { return bytes.Equal(a.secret(), b.secret()) }

func TestAKeyThatWasCreatedIsLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	made, err := CreateKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Fatalf("mode %v, error %v", info.Mode(), err)
	}
	loaded, err := LoadKey(path)
	if err != nil || !same(loaded, made) {
		t.Fatalf("another key came back (error %v)", err)
	}
	again, err := CreateKey(path)
	if err != nil || !same(again, made) {
		t.Fatalf("the second CreateKey made another key (error %v)", err)
	}
	files, _ := os.ReadDir(filepath.Dir(path))
	if len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

func TestAllWhoCreateTheKeyAtOnceGetTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	var wg sync.WaitGroup
	keys := make([]Key, 16)
	for i := range keys {
		wg.Go(func() {
			k, err := CreateKey(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for _, k := range keys {
		if !same(k, keys[0]) {
			t.Fatal("two keys were handed out")
		}
	}
}

func TestBadKeyFiles(t *testing.T) {
	good := strings.Repeat("0a", keySize)
	tests := []struct {
		name, content string
		mode          fs.FileMode
		says          string // empty: the key is good
	}{
		{"plain", good, 0o600, ""},
		{"read-only", good + "\n", 0o400, ""},
		{"blanks and CRLF", " " + good + "\r\n", 0o600, ""},
		{"group can read", good, 0o640, "chmod 600"},
		{"all can read", good, 0o604, "chmod 600"},
		{"group can write", good, 0o620, "chmod 600"},
		{"empty", "", 0o600, "damaged"},
		{"short", good[2:], 0o600, "damaged"},
		{"long", good + "00", 0o600, "damaged"},
		{"very long", strings.Repeat(good, 100), 0o600, "damaged"},
		{"not hex", "zz" + good[2:], 0o600, "damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadKey(path)
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Fatalf("error %v, want one with %q and the path", err, test.says)
			}
			if rollcall.KindOf(err) != rollcall.KindInvalid {
				t.Errorf("kind %d", rollcall.KindOf(err))
			}
			if strings.Contains(err.Error(), "0a0a") || strings.Contains(err.Error(), "zz") {
				t.Error("the error shows the key")
			}
			if _, err := CreateKey(path); err == nil {
				t.Error("CreateKey takes it")
			}
			if now, _ := os.ReadFile(path); string(now) != test.content {
				t.Error("the file was changed")
			}
		})
	}
}

func TestAMissingKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	_, err := LoadKey(path)
	if !errors.Is(err, fs.ErrNotExist) || rollcall.KindOf(err) != rollcall.KindNotFound {
		t.Fatalf("error %v", err)
	}
	for _, word := range []string{path, "tokens", "secrets", "cannot be checked"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	if _, err := CreateKey(filepath.Join(path, "key")); err == nil {
		t.Error("a key was created in a directory that does not exist")
	}
}

func TestAKeyDoesNotShowWhenPrinted(t *testing.T) {
	k := testKey('K')
	r := New(k, newMemory(), nil)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, v := range []any{k, &k, struct{ k Key }{k}, r} {
			s := fmt.Sprintf(format, v)
			for _, leak := range []string{"KKKK", "4b4b", "75 75", "0x4b, 0x4b"} {
				if strings.Contains(s, leak) {
					t.Errorf("%s of %T shows the key: %s", format, v, s)
				}
			}
		}
	}
}

func TestMACInputsAreUnambiguous(t *testing.T) {
	k := testKey(1)
	seen := map[string]string{}
	for _, use := range []purpose{forSecrets, forTokens} {
		for _, parts := range [][]string{
			{},
			{""},
			{"", ""},
			{"a", "b"},
			{"ab"},
			{"ab", ""},
			{"", "ab"},
			{"b", "a"},
			{"a\x00\x00\x00\x00\x00\x00\x00\x01b"},
		} {
			name := fmt.Sprintf("%s %q", use, parts)
			m := string(k.mac(use, parts...))
			if other, taken := seen[m]; taken {
				t.Errorf("%s and %s give the same", name, other)
			}
			seen[m] = name
		}
	}
}
