//go:build !unix

package journal

import (
	"hash/fnv"
	"io/fs"
)

// identity tells files apart by their names where the system shows nothing
// better; a renamed one is found by its mark.
func identity(info fs.FileInfo) (device, inode uint64) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(info.Name())) // it never fails
	return 0, h.Sum64()
}
