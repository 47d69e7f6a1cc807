package postgres

import (
	"encoding/binary"
	"fmt"
	"strings"

	"rollcall"

	"github.com/jackc/pgx/v5/pgtype"
)

// A table is where whole rows go: its name and its columns, of which each is a
// text (t), a bigint (i), a boolean (b) or bytes (y).
type table struct {
	name    string
	columns string // separated by ", "
	types   string // a letter for each
}

// arrayTypes returns the types of lists of the columns and of one of their
// values.
func arrayTypes(letter byte) (list, element uint32) {
	switch letter {
	case 'i':
		return pgtype.Int8ArrayOID, pgtype.Int8OID
	case 'b':
		return pgtype.BoolArrayOID, pgtype.BoolOID
	case 'y':
		return pgtype.ByteaArrayOID, pgtype.ByteaOID
	}
	return pgtype.TextArrayOID, pgtype.TextOID
}

// A rowSet collects rows for a table, in the form in which COPY takes them.
// Values are given in the order of the columns.
type rowSet struct {
	table
	n, total int // rows now, and those of the past as well where somebody counts
	buf      []byte
}

// row begins one.
func (s *rowSet) row() *rowSet {
	s.n++
	s.buf = binary.BigEndian.AppendUint16(s.buf, uint16(len(s.types)))
	return s
}

// sized writes the length of a value once it is there; at is where its length
// belongs.
func (s *rowSet) sized(at int) *rowSet {
	binary.BigEndian.PutUint32(s.buf[at:], uint32(len(s.buf)-at-4))
	return s
}

func (s *rowSet) length(n int) int {
	s.buf = binary.BigEndian.AppendUint32(s.buf, uint32(n))
	return len(s.buf) - 4
}

func (s *rowSet) text(v string) *rowSet {
	at := s.length(0)
	s.buf = appendText(s.buf, v)
	return s.sized(at)
}

func (s *rowSet) int(v int64) *rowSet {
	s.length(8)
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(v))
	return s
}

func (s *rowSet) flag(v bool) *rowSet {
	s.length(1)
	s.buf = appendFlag(s.buf, v)
	return s
}

func (s *rowSet) blob(v []byte) *rowSet {
	s.length(len(v))
	s.buf = append(s.buf, v...)
	return s
}

func (s *rowSet) null() *rowSet {
	s.buf = binary.BigEndian.AppendUint32(s.buf, ^uint32(0))
	return s
}

// intOrNull gives a number, or NULL where it does not apply.
func (s *rowSet) intOrNull(v int64, applies bool) *rowSet {
	if applies {
		return s.int(v)
	}
	return s.null()
}

// end gives an end, which is NULL while there is none.
func (s *rowSet) end(at rollcall.Instant) *rowSet { return s.intOrNull(int64(at), at != rollcall.Open) }

func (s *rowSet) reset() { s.n, s.buf = 0, s.buf[:0] }

// unnest returns what gives the rows to a statement as one list for each column,
// as $1 and so on, and adds these lists to q.
func (s *rowSet) unnest(q *query) string {
	lists := make([]array, len(s.types))
	for rest := s.buf; len(rest) > 0; {
		rest = rest[2:]
		for i := range lists {
			n := int32(binary.BigEndian.Uint32(rest))
			if rest = rest[4:]; n < 0 {
				lists[i].null()
				continue
			}
			lists[i].field(rest[:n])
			rest = rest[n:]
		}
	}
	names := make([]string, len(lists))
	for i := range lists {
		list, element := arrayTypes(s.types[i])
		lists[i].oid = element
		at := len(q.buf)
		q.buf = lists[i].appendTo(q.buf)
		q.add(list, at)
		names[i] = fmt.Sprintf("$%d", len(q.values))
	}
	return "unnest(" + strings.Join(names, ", ") + ")"
}

// copyHeader begins what COPY takes in the binary form, and copyEnd ends it.
const (
	copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	copyEnd    = "\xff\xff"
)

// copied returns the step that writes the rows, which are in the set no longer. The
// next ones go into another buffer, which may be nil.
func (s *rowSet) copied(next []byte) step {
	rows, name, n := s.buf, s.name, int64(s.n)
	s.n, s.buf = 0, next
	return step{
		query: statement("COPY " + name + " (" + s.columns + ") FROM STDIN (FORMAT binary)"), rows: rows,
		check: func(touched int64, err error) error {
			if err == nil && touched != n {
				err = fmt.Errorf("%d of %d rows of %s were written", touched, n, name)
			}
			return err
		},
	}
}
