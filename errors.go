package rollcall

import "errors"

// ErrorKind says what sort of failure an [Error] is. There are few of them on
// purpose: callers decide by kind, people read the detail.
type ErrorKind uint8

// The kinds of errors.
const (
	KindInternal  ErrorKind = iota // a fault of ours or of the machine
	KindMissing                    // a required parameter was not given
	KindMalformed                  // a value does not have the form of its type
	KindInvalid                    // a value has the form but is not allowed
	KindNotFound                   // what is named does not exist
	KindConflict                   // it exists already, or two things exclude each other
	KindDenied                     // the app may not do or see this
	KindBusy                       // cannot be done just now; trying again may help
)

// Error is a failure that a caller can decide on.
type Error struct {
	Kind   ErrorKind
	Param  string // the parameter or column that it is about; may be empty
	Detail string // one sentence without a final stop
	Err    error  // what was behind it; may be nil
}

// Error returns the text for people.
func (e *Error) Error() string {
	s := e.Detail
	if e.Param != "" {
		s = e.Param + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what was behind the error.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first [Error] in err's chain; an error without
// one is [KindInternal].
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// Errors that callers compare with errors.Is.
var (
	// ErrNoDatabase is returned where a database is expected and there is none.
	ErrNoDatabase = errors.New("there is no Rollcall database")
	// ErrNewerSchema is returned for a database that a newer program wrote.
	ErrNewerSchema = errors.New("the database was written by a newer version of Rollcall")
	// ErrNoCorp is returned for an organization that does not exist.
	ErrNoCorp = errors.New("there is no such organization")
	// ErrCorpExists is returned when an organization's id is taken.
	ErrCorpExists = errors.New("an organization with this id exists already")
	// ErrNotYet is returned where a version was asked for that has not come to
	// this node yet.
	ErrNotYet = errors.New("the version is not here yet")
	// ErrClosed is returned by what has been closed.
	ErrClosed = errors.New("closed")
)
