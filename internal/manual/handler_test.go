package manual_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"rollcall/internal/manual"
)

const openapi = `{"openapi":"3.1.1"}`

// ask sends a request to a handler whose other paths are a teapot.
func ask(t testing.TB, method, path string, header ...string) (*http.Response, string) {
	t.Helper()
	teapot := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	manual.Handler(teapot, []byte(openapi)).ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(b)
}

func TestWhatIsShownAndWhatIsHandedOn(t *testing.T) {
	for _, tt := range []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/openapi.json", 200, "application/json"},
		{"HEAD", "/openapi.json", 200, "application/json"},
		{"GET", "/openapi.json?x=1", 200, "application/json"},
		{"POST", "/openapi.json", 405, "text/plain; charset=utf-8"},
		{"GET", "/docs", 200, "text/html; charset=utf-8"},
		{"HEAD", "/docs", 200, "text/html; charset=utf-8"},
		{"DELETE", "/docs", 405, "text/plain; charset=utf-8"},
		{"GET", "/docs/", 301, "text/html; charset=utf-8"},
		{"GET", "/docs/page.html", 418, ""},
		{"GET", "/gettoken", 418, ""},
		{"POST", "/topapi/user/count", 418, ""},
		{"GET", "/", 418, ""},
	} {
		r, body := ask(t, tt.method, tt.path)
		if r.StatusCode != tt.status || r.Header.Get("Content-Type") != tt.contentType {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, r.StatusCode, r.Header.Get("Content-Type"))
		}
		if (tt.method == "HEAD") != (body == "") && tt.status == 200 {
			t.Errorf("%s %s: a body of %d bytes", tt.method, tt.path, len(body))
		}
	}
	if _, body := ask(t, "GET", "/openapi.json"); body != openapi {
		t.Errorf("the document is %s", body)
	}
	if r, _ := ask(t, "GET", "/docs/"); r.Header.Get("Location") != "/docs" {
		t.Errorf("/docs/ leads to %s", r.Header.Get("Location"))
	}
}

// A browser keeps what it got, and asks each time whether it is still the same.
func TestShownAgainOnlyWhenChanged(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/docs"} {
		r, _ := ask(t, "GET", path)
		tag := r.Header.Get("Etag")
		if tag == "" || r.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: the tag %q, %s", path, tag, r.Header.Get("Cache-Control"))
		}
		if r, body := ask(t, "GET", path, "If-None-Match", tag); r.StatusCode != http.StatusNotModified || body != "" {
			t.Errorf("%s: %d with the tag that it has", path, r.StatusCode)
		}
		if r, _ := ask(t, "GET", path, "If-None-Match", `"other"`); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d with another tag", path, r.StatusCode)
		}
	}
}

// The policy of the page lets its own style and script in and nothing else, and
// the page needs nothing else.
func TestPolicyOfThePage(t *testing.T) {
	r, page := ask(t, "GET", "/docs")
	got := r.Header.Get("Content-Security-Policy")
	hash := func(element string) string {
		m := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(m) != 1 {
			t.Fatalf("%d times %s", len(m), element)
		}
		sum := sha256.Sum256([]byte(m[0][1]))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want := fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; connect-src 'self'; img-src data:; base-uri 'none'; "+
		"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'", hash("style"), hash("script"))
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, foreign := range []string{"http://", "https://", "//cdn", "@import", "url(", "style=", "innerHTML", "localStorage", "sessionStorage", "document.cookie"} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %s", foreign)
		}
	}
	if n := len(regexp.MustCompile(`\son[a-z]+=`).FindAllString(page, -1)); n != 0 {
		t.Errorf("the page has %d handlers in attributes", n)
	}
}
