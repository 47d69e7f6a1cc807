package access

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rollcall"
)

const keySize = 32

// Key is the secret outside the database. It comes from [LoadKey] or
// [CreateKey]; the zero Key is of no use.
type Key struct {
	// A function, since package fmt prints whatever else a struct holds.
	secret func() []byte
}

func newKey(secret []byte) Key { return Key{func() []byte { return secret }} }

// String keeps the key out of logs.
func (Key) String() string { return "(a key)" }

// GoString keeps the key out of logs.
func (k Key) GoString() string { return k.String() }

// LoadKey reads the key from its file, which nobody but its owner may be able
// to read.
func LoadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, &rollcall.Error{
			Kind: rollcall.KindNotFound,
			Detail: fmt.Sprintf("there is no key file %s, and without it the tokens and app secrets of the database"+
				" cannot be checked; put back the file that was made together with the database", path),
			Err: fs.ErrNotExist,
		}
	}
	if err != nil {
		return Key{}, fmt.Errorf("opening the key file: %w", err)
	}
	defer func() { _ = f.Close() }()

	info, err := f.Stat()
	if err != nil {
		return Key{}, fmt.Errorf("looking at the key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return Key{}, rollcall.Invalid("key file", "others can read %s (its mode is %04o); run: chmod 600 %s", path, mode, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return Key{}, fmt.Errorf("reading the key file: %w", err)
	}
	// The error of hex would show a part of the file.
	if secret, err := hex.DecodeString(string(bytes.TrimSpace(text))); err == nil && len(secret) == keySize {
		return newKey(secret), nil
	}
	return Key{}, rollcall.Invalid("key file", "%s is damaged: it does not hold %d hexadecimal digits", path, hex.EncodedLen(keySize))
}

// CreateKey makes a key and its file. Where there is a file already, its key is
// returned and stays as it is: of several processes that create one at the same
// time, all get the same. The key is durable when CreateKey returns.
func CreateKey(path string) (Key, error) {
	if err := writeNewKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("creating the key file: %w", err)
	}
	// The file of another process may not be durable yet either.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return Key{}, fmt.Errorf("creating the key file: %w", err)
	}
	return LoadKey(path)
}

// writeNewKey makes the file appear complete or not at all. A link, unlike a
// rename, never replaces a file that is there; it fails with fs.ErrExist.
func writeNewKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*.tmp") // has mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()

	_, err = fmt.Fprintf(f, "%x\n", randomBytes(keySize))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// purpose keeps the uses of the one key apart.
type purpose string

const (
	forSecrets     purpose = "rollcall app secret 1"
	forSealing     purpose = "rollcall sealed secret 1"
	forTickets     purpose = "rollcall suite ticket 1"
	forTokens      purpose = "rollcall access token 1"
	forCorpTokens  purpose = "rollcall corp token 1"
	forSuiteTokens purpose = "rollcall suite token 1"
)

// mac authenticates parts for a purpose. Each part goes in with its length, so
// that no two lists of parts give the same input.
func (k Key) mac(use purpose, parts ...string) []byte {
	h := hmac.New(sha256.New, k.secret())
	var length [8]byte
	put := func(s string) {
		binary.BigEndian.PutUint64(length[:], uint64(len(s)))
		h.Write(length[:])
		h.Write([]byte(s))
	}
	put(string(use))
	for _, p := range parts {
		put(p)
	}
	return h.Sum(nil)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return b
}
