package intake_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/intake"
)

func TestReadTellsWhichFileCannotBeRead(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "people.csv")
	for _, f := range []intake.Files{{Departments: missing}, {Users: missing}, {SignIns: missing}} {
		_, _, err := intake.Read(context.Background(), f, nil)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
			t.Errorf("the error is %v", err)
		}
	}
	directory := t.TempDir()
	if _, _, err := intake.Read(context.Background(), intake.Files{Users: directory}, nil); err == nil || !strings.Contains(err.Error(), directory) {
		t.Errorf("the error for a directory is %v", err)
	}
}

func TestReadStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	_, _, err := intake.Read(ctx, kubernetes(), func(stage string, done, total int64) {
		if calls++; stage == "sign-ins" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || calls != 3 {
		t.Errorf("after %d calls the error is %v", calls, err)
	}
}

func TestProgressEndsWithEveryByte(t *testing.T) {
	type call struct {
		stage       string
		done, total int64
	}
	var calls []call
	_, _, err := intake.Read(context.Background(), kubernetes(), func(stage string, done, total int64) {
		if n := len(calls); n > 0 && calls[n-1].stage == stage && calls[n-1].done >= done || done > total {
			t.Errorf("%s: %d of %d after %v", stage, done, total, calls)
		}
		calls = append(calls, call{stage, done, total})
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) > 10 {
		t.Errorf("there are %d calls", len(calls))
	}
	for _, want := range []call{{"departments", 97943, 97943}, {"users", 56586, 56586}, {"sign-ins", 528353, 528353}} {
		if !slices.Contains(calls, want) {
			t.Errorf("%v is missing in %v", want, calls)
		}
	}
}
