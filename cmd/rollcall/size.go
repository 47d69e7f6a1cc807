package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes on the command line, such as 512MiB.
type byteSize int64

// UnmarshalText reads a whole number of bytes, KiB, MiB or GiB; K, M and G are
// the same.
func (s *byteSize) UnmarshalText(text []byte) error {
	number := strings.TrimRight(string(text), "KMGiB")
	unit, ok := map[string]int64{
		"": 1, "B": 1, "K": 1 << 10, "KiB": 1 << 10, "M": 1 << 20, "MiB": 1 << 20, "G": 1 << 30, "GiB": 1 << 30,
	}[string(text)[len(number):]]
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !ok || n < 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("%q is not a size such as 512MiB or 2GiB", text)
	}
	*s = byteSize(n * unit)
	return nil
}
