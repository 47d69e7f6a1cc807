package postgres

import (
	"crypto/sha256"
	"encoding/binary"
)

// corpKey returns the number by which the rows of an organization know it: the
// first 8 bytes of the SHA-256 of its corp id, as stored. It follows from the id,
// so that nobody has to give numbers out or to look them up. Keys are in every row
// and every index, where a number takes a fifth of the room of a corp id of 36
// characters. The heads have the id too: should two ids ever have the same number, the
// second one cannot be created.
func corpKey(corpID string) int64 {
	sum := sha256.Sum256(appendText(nil, corpID))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// corp gives a statement the key of an organization.
func (q *query) corp(corpID string) *query { return q.int(corpKey(corpID)) }

// corps gives it a list of keys.
func (q *query) corps(corpIDs []string) *query {
	keys := make([]int64, len(corpIDs))
	for i, id := range corpIDs {
		keys[i] = corpKey(id)
	}
	return q.ints(keys)
}
