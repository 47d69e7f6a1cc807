//go:build unix

package intake_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"rollcall/internal/intake"
)

// A file is read ahead of the rows that are looked at: whoever has seen enough
// does not wait for what has not been written.
func TestReadEndsBeforeAPipeDoes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		pipe, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer pipe.Close()
		w := bufio.NewWriter(pipe)
		fmt.Fprintln(w, "userid,name")
		for i := range 10_300 { // a batch more than there may be problems
			fmt.Fprintf(w, "u%d,\n", i)
		}
		_ = w.Flush() // it fails where Read is through before
		<-over
	}()
	_, problems, err := intake.Read(t.Context(), intake.Files{Users: path}, nil)
	close(over)
	if err != nil || len(problems) != 10_000 {
		t.Errorf("there are %d problems, and the error is %v", len(problems), err)
	}
}
