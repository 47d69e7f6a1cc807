package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestByteSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]byteSize{
		"0": 0, "17": 17, "17B": 17, "2K": 2 << 10, "2KiB": 2 << 10, "512MiB": 512 << 20, "3M": 3 << 20, "2GiB": 2 << 30, "1G": 1 << 30,
	} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1.5G", "1T", "1MB", "1iB", "1KM", "9999999999GiB", "1 MiB"} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestSizeOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	five, seven := filepath.Join(dir, "five"), filepath.Join(dir, "seven")
	for path, text := range map[string]string{five: "12345", seven: "1234567"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		want  int64
		paths []string
	}{
		{0, nil},
		{0, []string{"", filepath.Join(dir, "none")}},
		{12, []string{five, "", seven}},
		{math.MaxInt64, []string{five, dir}}, // no file, as a pipe is none
	} {
		if got := sizeOf(c.paths...); got != c.want {
			t.Errorf("%v: %d, not %d", c.paths, got, c.want)
		}
	}
}
