package postgres

import (
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"rollcall"
)

// A query is a statement that is given its parameters in their order. It goes
// to the server as an unnamed statement with typed, binary parameters: nothing
// of it outlives it, so that it works through a pool of connections that hands
// them out by the transaction, and nothing has to be asked before.
type query struct {
	sql    string
	values [][]byte // nil is NULL
	types  []uint32
	buf    []byte // what the values are slices of
}

func statement(sql string) query { return query{sql: sql} }

// add takes over what was appended to buf from one place on.
func (q *query) add(oid uint32, from int) *query {
	if q.buf == nil {
		q.buf = []byte{} // nothing is not NULL
	}
	q.values = append(q.values, q.buf[from:len(q.buf):len(q.buf)])
	q.types = append(q.types, oid)
	return q
}

func (q *query) null(oid uint32) *query {
	q.values, q.types = append(q.values, nil), append(q.types, oid)
	return q
}

func (q *query) text(s string) *query {
	at := len(q.buf)
	q.buf = appendText(q.buf, s)
	return q.add(pgtype.TextOID, at)
}

func (q *query) int(v int64) *query {
	at := len(q.buf)
	q.buf = binary.BigEndian.AppendUint64(q.buf, uint64(v))
	return q.add(pgtype.Int8OID, at)
}

func (q *query) flag(b bool) *query {
	at := len(q.buf)
	q.buf = appendFlag(q.buf, b)
	return q.add(pgtype.BoolOID, at)
}

func (q *query) blob(b []byte) *query {
	at := len(q.buf)
	q.buf = append(q.buf, b...)
	return q.add(pgtype.ByteaOID, at)
}

// ints gives a list of numbers.
func (q *query) ints(list []int64) *query {
	a := array{oid: pgtype.Int8OID}
	for _, n := range list {
		a.field(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	at := len(q.buf)
	q.buf = a.appendTo(q.buf)
	return q.add(pgtype.Int8ArrayOID, at)
}

// The given methods give a value or, for nil, NULL; the statements take
// coalesce(NULL, column) to mean that the column stays.

func (q *query) givenText(p *string) *query {
	if p == nil {
		return q.null(pgtype.TextOID)
	}
	return q.text(*p)
}

func (q *query) givenFlag(p *bool) *query {
	if p == nil {
		return q.null(pgtype.BoolOID)
	}
	return q.flag(*p)
}

func given[T ~int64](q *query, p *T) *query {
	if p == nil {
		return q.null(pgtype.Int8OID)
	}
	return q.int(int64(*p))
}

func appendFlag(to []byte, b bool) []byte {
	if b {
		return append(to, 1)
	}
	return append(to, 0)
}

// A row is what the server returns: every number is a bigint, and everything is
// in the binary form. Its bytes are gone after the next row.
type row [][]byte

func (r row) null(i int) bool { return r[i] == nil }

// int returns a number; NULL is 0.
func (r row) int(i int) int64 {
	if len(r[i]) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(r[i]))
}

func (r row) flag(i int) bool { return len(r[i]) == 1 && r[i][0] == 1 }

func (r row) text(i int) string { return fromStored(r[i]) }

// blob returns a copy, never nil.
func (r row) blob(i int) []byte { return append(make([]byte, 0, len(r[i])), r[i]...) }

func (r row) instant(i int) rollcall.Instant { return rollcall.Instant(r.int(i)) }

// end reads an end, which is NULL while there is none.
func (r row) end(i int) rollcall.Instant {
	if r.null(i) {
		return rollcall.Open
	}
	return r.instant(i)
}

// texts reads the texts of a row into one string, so that a row costs one
// allocation.
type texts struct {
	bytes []byte
	ends  []int
}

// read sets the targets to the columns from first on.
func (t *texts) read(r row, first int, targets ...*string) {
	t.bytes, t.ends = t.bytes[:0], t.ends[:0]
	for i := range targets {
		t.bytes = appendStored(t.bytes, r[first+i])
		t.ends = append(t.ends, len(t.bytes))
	}
	all, start := string(t.bytes), 0
	for i, target := range targets {
		*target = all[start:t.ends[i]]
		start = t.ends[i]
	}
}

// An array is a list of values as one parameter, in the binary form.
type array struct {
	oid   uint32 // of an element
	n     int
	nulls bool
	buf   []byte // the elements, each with its length
}

func (a *array) field(b []byte) {
	a.n++
	a.buf = binary.BigEndian.AppendUint32(a.buf, uint32(len(b)))
	a.buf = append(a.buf, b...)
}

func (a *array) null() {
	a.n++
	a.nulls = true
	a.buf = binary.BigEndian.AppendUint32(a.buf, ^uint32(0))
}

func (a *array) appendTo(to []byte) []byte {
	if a.n == 0 { // no dimensions
		to = binary.BigEndian.AppendUint32(to, 0)
		to = binary.BigEndian.AppendUint32(to, 0)
		return binary.BigEndian.AppendUint32(to, a.oid)
	}
	to = slices.Grow(to, 20+len(a.buf))
	to = binary.BigEndian.AppendUint32(to, 1)
	nulls := uint32(0)
	if a.nulls {
		nulls = 1
	}
	to = binary.BigEndian.AppendUint32(to, nulls)
	to = binary.BigEndian.AppendUint32(to, a.oid)
	to = binary.BigEndian.AppendUint32(to, uint32(a.n))
	to = binary.BigEndian.AppendUint32(to, 1) // the lower bound
	return append(to, a.buf...)
}
