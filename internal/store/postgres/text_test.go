package postgres

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTextsComeBackByteForByte(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom([]byte("a0\x00\x1a\xff\xc3\xa9\xe7\x8e\x8b\xed\xa0\x80f"))).Draw(rt, "text"))
		stored := appendText(nil, s)
		if !utf8.Valid(stored) || strings.ContainsRune(string(stored), 0) {
			rt.Errorf("%q is stored as %q, which the server does not take", s, stored)
		}
		if got := fromStored(stored); got != s {
			rt.Errorf("%q comes back as %q", s, got)
		}
		if got := string(appendStored([]byte("before"), stored)); got != "before"+s {
			rt.Errorf("%q comes back as %q", "before"+s, got)
		}
		if !strings.ContainsAny(s, "\x00\x1a") && utf8.ValidString(s) && string(stored) != s {
			rt.Errorf("%q is stored as %q without need", s, stored)
		}
	})
}

func TestStoredFormsAreTheSameForTheSameTextOnly(t *testing.T) {
	var stored []string
	for _, s := range []string{"", "\x00", "\x1a", "\x1a00", "00", "\xff", "\x1aff", "ÿ", "\ufffd", "a\xff", "\xc3", "\xc3\xa9"} {
		stored = append(stored, string(appendText(nil, s)))
	}
	slices.Sort(stored)
	if n := len(slices.Compact(slices.Clone(stored))); n != len(stored) {
		t.Errorf("of %q only %d are different", stored, n)
	}
}
