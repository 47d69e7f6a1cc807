package ordset

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// ChunkSize is how many ordinals one stored chunk covers.
const ChunkSize = 1 << 16

const chunkWords = ChunkSize / 64

// The first byte of a stored chunk says how the rest is to be read.
const (
	chunkList = 1 // ascending 16-bit numbers
	chunkBits = 2 // 64-bit words, without the zeros at the end
)

// Chunks returns the number of chunks that the set reaches into.
func (s *Set) Chunks() int { return (len(s.words) + chunkWords - 1) / chunkWords }

// AppendChunk appends the stored form of chunk c to dst: a list of 16-bit
// numbers where few are set, else the bits. Numbers are little-endian.
func (s *Set) AppendChunk(dst []byte, c int) []byte {
	lo := min(c*chunkWords, len(s.words))
	words := s.words[lo:min(lo+chunkWords, len(s.words))]
	for len(words) > 0 && words[len(words)-1] == 0 {
		words = words[:len(words)-1]
	}
	n := 0
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	if 2*n < 8*len(words) {
		dst = append(dst, chunkList)
		for i, w := range words {
			for ; w != 0; w &= w - 1 {
				dst = binary.LittleEndian.AppendUint16(dst, uint16(i*64+bits.TrailingZeros64(w)))
			}
		}
		return dst
	}
	dst = append(dst, chunkBits)
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

// OrChunk adds the members of a stored chunk to the set. Bytes that
// AppendChunk cannot have written are an error.
func (s *Set) OrChunk(c int, stored []byte) error {
	if len(stored) == 0 {
		return fmt.Errorf("reading a chunk of sign-ins: it is empty")
	}
	body, base := stored[1:], c*chunkWords
	var width int
	switch stored[0] {
	case chunkList:
		width = 2
	case chunkBits:
		width = 8
	default:
		return fmt.Errorf("reading a chunk of sign-ins: form %d is not known", stored[0])
	}
	if c < 0 || c >= 1<<16 || len(body)%width != 0 || len(body) > ChunkSize/8 {
		return fmt.Errorf("reading a chunk of sign-ins: %d bytes of form %d in chunk %d", len(body), stored[0], c)
	}
	if width == 2 {
		for ; len(body) > 0; body = body[2:] {
			s.Add(uint32(c*ChunkSize) + uint32(binary.LittleEndian.Uint16(body)))
		}
		return nil
	}
	if need := base + len(body)/8; need > len(s.words) {
		s.words = append(s.words, make([]uint64, need-len(s.words))...)
	}
	for i := 0; len(body) > 0; i, body = i+1, body[8:] {
		s.words[base+i] |= binary.LittleEndian.Uint64(body)
	}
	return nil
}
