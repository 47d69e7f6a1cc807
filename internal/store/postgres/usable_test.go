package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestOldServersAreRefused(t *testing.T) {
	for number, good := range map[int64]bool{90600: false, 130013: false, 140000: true, 150012: true, 180001: true} {
		if err := usable(number, "x", "UTF8"); (err == nil) != good {
			t.Errorf("%d: %v", number, err)
		}
	}
}

// What is tried again is what cannot have been done.
func TestWhatIsTriedAgain(t *testing.T) {
	of := func(code string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code}) }
	for _, err := range []error{
		of("40001"), of("40P01"), of("55P03"), of("25006"), of("57P01"), of("57P02"), of("57P03"), of("08006"), of("08P01"), of("53300"), of("25P03"),
		io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: errors.New("reset")}, net.ErrClosed, pgconn.ErrConnClosed,
	} {
		if !again(err) {
			t.Errorf("%v is not tried again", err)
		}
	}
	for _, err := range []error{
		nil, of("23505"), of("23503"), of("42P01"), of("57014"), of("28P01"), of("53100"), of("25P02"),
		context.Canceled, fmt.Errorf("late: %w", context.DeadlineExceeded), errors.New("a callback's"),
	} {
		if again(err) {
			t.Errorf("%v is tried again", err)
		}
	}
}
