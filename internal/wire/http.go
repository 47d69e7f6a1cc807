package wire

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// handler adapts a [Service] to net/http. Another engine takes another such
// file and nothing else.
type handler struct {
	service *Service
	types   [3][]string // header values by family
	// lengths are header values for replies of ordinary size, made when first
	// needed.
	lengths [8 << 10]atomic.Pointer[[1]string]
}

// Handler returns the service for net/http. It takes any method, path and Host
// (contract D12), and always answers with a Content-Length.
func Handler(s *Service) http.Handler {
	h := &handler{service: s}
	for _, f := range []Family{TOP, Classic, OAuth} {
		h.types[f] = []string{f.ContentType()}
	}
	return h
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := Request{
		Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, RemoteAddr: r.RemoteAddr,
		Length: r.ContentLength,
	}
	if r.Body != nil && r.Body != http.NoBody {
		req.Body = r.Body
	}
	req.Forwarded = r.Header["X-Forwarded-For"]
	if v, ok := MinVersion(r.Header); v > 0 || !ok {
		req.MinVersion, req.NoMinVersion = v, !ok
	}
	if v := r.Header["Content-Type"]; len(v) > 0 {
		req.ContentType = v[0]
	}
	answer, err := h.service.Answer(r.Context(), req)
	if err != nil {
		panic(http.ErrAbortHandler) // closes the connection
	}
	body := answer.Body()
	header := w.Header()
	header["Content-Type"] = h.types[answer.Family()]
	header["Content-Length"] = h.length(len(body))
	if v := answer.Version(); v != nil {
		header[HeaderVersion] = v
	}
	if v := answer.Staleness(); v != nil {
		header[HeaderStaleness] = v
	}
	if status := answer.Status(); status != http.StatusOK {
		w.WriteHeader(status)
	}
	if len(body) > bufferSize/2 { // less comes in one piece anyway
		expect(r.Context(), len(body))
	}
	if _, err := w.Write(body); err != nil { // the client has gone
		answer.Abandon()
		return
	}
	answer.Release()
}

// length returns a header value. These are shared between replies, which is
// sound because nothing writes into header values.
func (h *handler) length(n int) []string {
	if n >= len(h.lengths) {
		return []string{strconv.Itoa(n)}
	}
	v := h.lengths[n].Load()
	if v == nil {
		v = &[1]string{strconv.Itoa(n)}
		h.lengths[n].Store(v)
	}
	return v[:]
}
