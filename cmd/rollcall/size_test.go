package main

import "testing"

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
