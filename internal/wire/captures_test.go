package wire

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorded is one request of testdata/captures.
type recorded struct {
	name string // file and number
	raw  string // as it goes over the wire
	body string
}

func readCaptures(t testing.TB) []recorded {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	var all []recorded
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		client := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, part := range strings.Split(string(b), "=== request #")[1:] {
			number, rest, _ := strings.Cut(part, " ===\n")
			head, body, _ := strings.Cut(rest, "\n\n")
			body = strings.TrimSpace(body)
			all = append(all, recorded{
				client + " #" + number, strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n" + body, body,
			})
		}
	}
	return all
}

// TestRequestsOfRealClients replays what unmodified clients sent.
func TestRequestsOfRealClients(t *testing.T) {
	b, err := os.ReadFile("testdata/captures/expected.golden")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(b)), "\n")
	cfg := testConfig()
	clear(cfg.Authority.(*authority).apps)
	cfg.Authority.(*authority).apps[goodToken] = testAuthority().apps[goodToken]
	h := Handler(newService(t, cfg))
	requests := readCaptures(t)
	if len(requests) != len(want) {
		t.Fatalf("%d requests, %d expected", len(requests), len(want))
	}
	for i, rec := range requests {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(rec.raw)))
		if err != nil {
			t.Fatalf("%s: %v", rec.name, err)
		}
		if r.ContentLength != int64(len(rec.body)) {
			t.Errorf("%s: Content-Length %d, the body has %d", rec.name, r.ContentLength, len(rec.body))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := fmt.Sprintf("%s %s %s %s", rec.name, r.Method, r.URL.Path, outcome(w.Body.String()))
		if got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}
