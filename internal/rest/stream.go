package rest

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"

	"rollcall/internal/wire"
)

const (
	// streamChunk is how much of a stream is written at a time.
	streamChunk = 64 << 10
	// chunkTimeout is how long a client may take for one of them.
	chunkTimeout = 60 * time.Second
)

// stream writes lines. Its first error is kept and ends everything.
type stream struct {
	wire.Buffer
	out     io.Writer
	zip     *gzip.Writer
	control *http.ResponseController
	now     func() time.Time
	err     error
}

// lines begins a reply of JSON lines.
func (s *Server) lines(c *call) *stream { return s.stream(c, "application/x-ndjson") }

// stream begins a reply that is written line by line, zipped where the client
// takes that.
func (s *Server) stream(c *call, contentType string) *stream {
	h := c.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Vary", "Accept-Encoding")
	t := &stream{out: c.w, control: http.NewResponseController(c.w), now: s.cfg.Wall}
	if acceptsGzip(c.r) {
		h.Set("Content-Encoding", "gzip")
		t.zip, _ = gzip.NewWriterLevel(c.w, gzip.BestSpeed) // a level that there is
		t.out = t.zip
	}
	return t
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(coding, "gzip") && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}

// end finishes a line, and reports false when writing on is of no use.
func (t *stream) end() bool {
	t.Raw("\n")
	if len(t.Buffer) >= streamChunk {
		t.flush()
	}
	return t.err == nil
}

func (t *stream) flush() {
	if t.err == nil && len(t.Buffer) > 0 {
		// A reply may take long, as long as the client takes some of it now and
		// then.
		_ = t.control.SetWriteDeadline(t.now().Add(chunkTimeout))
		_, t.err = t.out.Write(t.Buffer)
	}
	t.Buffer = t.Buffer[:0]
}

// close writes what is left. A client that has gone is nobody's failure.
func (t *stream) close() {
	t.flush()
	if t.zip != nil && t.err == nil {
		t.err = t.zip.Close()
	}
}
