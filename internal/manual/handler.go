package manual

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// Where the document and the page are.
const (
	DocumentPath = "/openapi.json"
	PagePath     = "/docs"
)

//go:embed page.html
var page string

// Handler shows the document and the page to everybody, and hands all other
// paths to next.
func Handler(next http.Handler, document []byte) http.Handler {
	doc := newFile("application/json", document)
	html := newFile("text/html; charset=utf-8", []byte(page))
	html.policy = policy(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case DocumentPath:
			doc.ServeHTTP(w, r)
		case PagePath:
			html.ServeHTTP(w, r)
		case PagePath + "/":
			http.Redirect(w, r, PagePath, http.StatusMovedPermanently)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// file is shown as it is, for as long as the program runs.
type file struct {
	contentType string
	body        []byte
	tag         string
	policy      string // Content-Security-Policy, if any
}

func newFile(contentType string, body []byte) *file {
	sum := sha256.Sum256(body)
	return &file{contentType: contentType, body: body, tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP implements [http.Handler].
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
		return
	}
	h.Set("Content-Type", f.contentType)
	h.Set("Etag", f.tag)
	h.Set("Cache-Control", "no-cache") // kept, but asked about each time
	h.Set("X-Content-Type-Options", "nosniff")
	if f.policy != "" {
		h.Set("Content-Security-Policy", f.policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// policy allows a page its own style and script and calls to its own server,
// and nothing else.
func policy(html string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"style-src " + hashOf(html, "style"),
		"script-src " + hashOf(html, "script"),
		"connect-src 'self'",
		"img-src data:", // the icon, which is nothing
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

// hashOf returns what a policy knows the content of an element by.
func hashOf(html, element string) string {
	_, rest, _ := strings.Cut(html, "<"+element+">")
	content, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
