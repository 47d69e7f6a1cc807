package wire_test

import (
	"flag"
	"os"
	"testing"

	"rollcall/internal/wire"
)

var update = flag.Bool("update", false, "write docs/errors.md anew")

// docs/errors.md is made from the table of error codes.
func TestErrorsDocument(t *testing.T) {
	const path = "../../docs/errors.md"
	want := wire.ErrorsMarkdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/errors.md is not what the table says; make it anew: go test ./internal/wire -run TestErrorsDocument -update")
	}
}
