package postgres

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"rollcall"
	"rollcall/internal/store/pack"

	"github.com/klauspost/compress/s2"
)

const (
	// manyChanged is the kind of a row of the log that holds several changes of one
	// transaction, one after the other, by the same. It is about the people from its
	// ordinal to its last_ordinal, and perhaps not about each of them.
	manyChanged rollcall.Kind = "many"

	// logRow is how long the list of such a row may be, in bytes. Packed it takes a
	// quarter, and fits a page of PostgreSQL.
	logRow = 28 << 10
)

// logged is one change of a row that holds several. Its version, its time and who
// made it are those of the row.
type logged struct {
	Kind    rollcall.Kind    `json:"kind"`
	Ordinal rollcall.Ordinal `json:"ordinal,omitempty"`
	DeptID  rollcall.DeptID  `json:"dept_id,omitempty"`
	rollcall.Payload
}

// A journal makes rows of the log. Changes about people and departments go several
// to a row, as a packed list, which costs PostgreSQL less than a tenth of what a row for
// each does; those of the organization and its apps have rows of their own. finish ends
// the last row.
type journal struct {
	rows rowSet

	// The row that is being filled; there is none where the list is empty.
	list          []byte // a JSON list, without its end
	packed        []byte // room for it when it is packed
	version       uint64
	seq           int64 // of the first change
	at            rollcall.Instant
	by            string
	first, last   rollcall.Ordinal
	aboutSomebody bool
}

func newJournal() *journal { return &journal{rows: rowSet{table: changeTable()}} }

// size is how many bytes are waiting.
func (j *journal) size() int { return len(j.rows.buf) + len(j.list) }

// add adds a change at its place in the log. JSON has no NUL and is in UTF-8
// whatever the texts in it are.
func (j *journal) add(corp int64, version uint64, seq int64, c *rollcall.Change, is effect) error {
	if !is.person && !is.dept {
		j.finish(corp)
		payload, err := pack.AppendPayload(nil, &c.Payload)
		if err != nil {
			return fmt.Errorf("encode the payload: %w", err)
		}
		s := j.rows.row().int(corp).int(int64(version)).int(seq).null().null().null()
		s.int(int64(c.At)).text(string(c.Kind)).text(c.By).blob(payload).null()
		return nil
	}
	if len(j.list) >= logRow || version != j.version || c.At != j.at || c.By != j.by {
		j.finish(corp)
	}
	if len(j.list) == 0 {
		j.version, j.seq, j.at, j.by, j.aboutSomebody = version, seq, c.At, c.By, false
		j.list = append(j.list, '[')
	} else {
		j.list = append(j.list, ',')
	}
	if is.person {
		if !j.aboutSomebody {
			j.first, j.last, j.aboutSomebody = c.Ordinal, c.Ordinal, true
		}
		j.first, j.last = min(j.first, c.Ordinal), max(j.last, c.Ordinal)
	}
	var err error
	if j.list, err = appendLogged(j.list, c.Kind, c.Ordinal, c.DeptID, &c.Payload); err != nil {
		return fmt.Errorf("encode the payload: %w", err)
	}
	return nil
}

// appendLogged appends a change as JSON, as logged has it.
func appendLogged(to []byte, kind rollcall.Kind, o rollcall.Ordinal, d rollcall.DeptID, p *rollcall.Payload) ([]byte, error) {
	to = append(append(append(to, `{"kind":"`...), kind...), '"')
	if o != 0 {
		to = strconv.AppendUint(append(to, `,"ordinal":`...), uint64(o), 10)
	}
	if d != 0 {
		to = strconv.AppendInt(append(to, `,"dept_id":`...), int64(d), 10)
	}
	to = append(to, ',')
	at := len(to)
	to, err := pack.AppendPayload(to, p)
	if err != nil {
		return to, err
	}
	// The members of the payload follow those above in the same object.
	if to[at+1] == '}' {
		return append(to[:at-1], '}'), nil
	}
	return append(to[:at], to[at+1:]...), nil
}

// packed returns the packed list of several changes: JSON in the block format of
// Snappy.
func packed(list []logged) ([]byte, error) {
	var to []byte
	for i := range list {
		to = append(to, "[,"[min(i, 1)])
		m := &list[i]
		var err error
		if to, err = appendLogged(to, m.Kind, m.Ordinal, m.DeptID, &m.Payload); err != nil {
			return nil, err
		}
	}
	return s2.EncodeSnappy(nil, append(to, ']')), nil
}

// mostUnpacked is how long a list may be that is believed: damaged bytes may speak of
// gigabytes.
const mostUnpacked = 256 << 20

// unpacked is the opposite.
func unpacked(b []byte) (list []logged, err error) {
	if n, err := s2.DecodedLen(b); err != nil || n > mostUnpacked {
		return nil, fmt.Errorf("the packed list is damaged: %d bytes, %w", n, cmp.Or(err, s2.ErrTooLarge))
	}
	if b, err = s2.Decode(nil, b); err == nil {
		err = json.Unmarshal(b, &list)
	}
	return list, err
}

// finish ends the row that is being filled.
func (j *journal) finish(corp int64) {
	if len(j.list) == 0 {
		return
	}
	s := j.rows.row().int(corp).int(int64(j.version)).int(j.seq)
	s.intOrNull(int64(j.first), j.aboutSomebody).intOrNull(int64(j.last), j.aboutSomebody).null()
	j.list = append(j.list, ']')
	j.packed = s2.EncodeSnappy(j.packed[:cap(j.packed)], j.list)
	s.int(int64(j.at)).text(string(manyChanged)).text(j.by).text("").blob(j.packed)
	j.list = j.list[:0]
}
