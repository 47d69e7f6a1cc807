package intake

import (
	"encoding/csv"
	"errors"
	"unicode/utf8"
)

// ahead reads records of CSV while those before them are looked at: both take
// about as long, and there is mostly a processor that has nothing to do.
type ahead struct {
	full chan *batch
	free chan *batch
	stop chan struct{}
	now  *batch // of which records are given out
	at   int    // in now.ends
}

// batch is some records, one behind the other.
type batch struct {
	fields []string
	lines  []int // on which the fields begin
	ends   []recordEnd
}

// recordEnd tells where a record ends, and how. One that could not be read has
// an error and no fields.
type recordEnd struct {
	field  int   // in the fields of the batch
	offset int64 // in the file
	valid  bool  // all fields are UTF-8
	err    error
}

// batchSize is the number of records in a batch.
const batchSize = 256

// readAhead begins to read. Nobody else may use in until the end.
func readAhead(in *csv.Reader) *ahead {
	const batches = 3 // one being filled, one being looked at, one in between
	a := &ahead{
		full: make(chan *batch, batches), free: make(chan *batch, batches), stop: make(chan struct{}),
		now: &batch{},
	}
	for range batches - 1 {
		a.free <- &batch{}
	}
	go a.read(in)
	return a
}

// read fills batches until nothing comes any more.
func (a *ahead) read(in *csv.Reader) {
	defer close(a.full)
	for more := true; more; {
		select {
		case <-a.stop:
			return
		case b := <-a.free:
			more = b.fill(in)
			a.full <- b
		}
	}
}

// fill replaces the records of the batch; false says that these are the last.
func (b *batch) fill(in *csv.Reader) (more bool) {
	b.fields, b.lines, b.ends = b.fields[:0], b.lines[:0], b.ends[:0]
	for range batchSize {
		record, err := in.Read()
		valid := err == nil
		if err == nil {
			b.fields = append(b.fields, record...)
			for i, field := range record {
				line, _ := in.FieldPos(i)
				b.lines = append(b.lines, line)
				valid = valid && utf8.ValidString(field)
			}
		}
		b.ends = append(b.ends, recordEnd{field: len(b.fields), offset: in.InputOffset(), valid: valid, err: err})
		if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return false
		}
	}
	return true
}

// next returns the next record, the lines on which its fields begin and its end;
// the record and the lines may be looked at until next is called again. After an
// error that is not a [csv.ParseError] there are no more.
func (a *ahead) next() (record []string, lines []int, end recordEnd) {
	if a.at == len(a.now.ends) {
		a.free <- a.now
		a.now, a.at = <-a.full, 0
	}
	b, from := a.now, 0
	if a.at > 0 {
		from = b.ends[a.at-1].field
	}
	end = b.ends[a.at]
	a.at++
	return b.fields[from:end.field], b.lines[from:end.field], end
}

// close stops the reading and waits until it has.
func (a *ahead) close() {
	close(a.stop)
	for range a.full { // what was read in vain
	}
}
