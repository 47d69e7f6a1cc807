package wire

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The hot call: listsimple with a page of 100 people, whose fragments have been
// encoded before.

const hotPath = "/topapi/user/listsimple"

var hotRequests = []struct{ name, contentType, query, body string }{
	{
		"form", formType, "",
		"access_token=" + goodToken + "&contain_access_limit=false&cursor=0&dept_id=1&language=zh_CN&order_field=modify_desc&size=100",
	},
	{
		"json", jsonType, "access_token=" + goodToken,
		`{"cursor":"0","contain_access_limit":"false","size":"100","order_field":"modify_desc","language":"zh_CN","dept_id":"1"}`,
	},
	{
		"query", "", "access_token=" + goodToken + "&contain_access_limit=false&cursor=0&dept_id=1&language=zh_CN&order_field=modify_desc&size=100",
		"",
	},
}

func hotService(b testing.TB) *Service {
	var fragments [100][]byte
	for i := range fragments {
		fragments[i] = []byte(`{"name":"王小` + strconv.Itoa(i%10) + `","userid":"manager` + strconv.Itoa(1000+i) + `"}`)
	}
	endpoints := testEndpoints()
	ep := endpoints[2]
	ep.Serve = func(c *Call) error {
		page := fragments[:c.Int(2)]
		out := c.Result().Raw(`{"has_more":true,"list":[`)
		for i, f := range page {
			if i > 0 {
				out.Raw(",")
			}
			out.Bytes(f)
		}
		out.Raw(`],"next_cursor":`).Int(c.Int(1) + c.Int(2)).Raw("}")
		return nil
	}
	cfg := testConfig(endpoints...)
	cfg.ID, cfg.Now = nil, time.Now
	return newService(b, cfg)
}

// BenchmarkService is the whole of a call without HTTP.
func BenchmarkService(b *testing.B) {
	s := hotService(b)
	for _, req := range hotRequests {
		b.Run(req.name, func(b *testing.B) {
			body := strings.NewReader(req.body)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				body.Reset(req.body)
				a, err := s.Answer(context.Background(), Request{
					Method: "POST", Path: hotPath, RawQuery: req.query, ContentType: req.contentType,
					Body: body, Length: int64(len(req.body)),
				})
				if err != nil {
					b.Fatal(err)
				}
				n = len(a.Body())
				a.Release()
			}
			if n < 3000 {
				b.Fatalf("the reply has %d bytes", n)
			}
			b.ReportMetric(float64(n), "bytes/reply")
		})
	}
}

// blackHole is a client that takes everything.
type blackHole struct{ header http.Header }

func (w *blackHole) Header() http.Header         { return w.header }
func (w *blackHole) WriteHeader(int)             {}
func (w *blackHole) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkHandler compares what the service costs within net/http with a bare
// handler that writes a constant reply of the same length, and with one that
// uses the parser of net/http.
func BenchmarkHandler(b *testing.B) {
	s := hotService(b)
	reply := []byte(call(b, s, "POST", hotPath, hotRequests[0].contentType, hotRequests[0].body))
	constant := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(reply)))
		w.Write(reply)
	}
	for _, contender := range []struct {
		name string
		http.Handler
	}{
		{"bare", http.HandlerFunc(constant)},
		{"parseform", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ParseForm() == nil {
				constant(w, r)
			}
		})},
		{"wire", Handler(s)},
	} {
		b.Run(contender.name, func(b *testing.B) {
			req := hotRequests[0]
			body := strings.NewReader(req.body)
			w := &blackHole{http.Header{}}
			r := &http.Request{
				Method: "POST", URL: &url.URL{Path: hotPath}, Header: http.Header{"Content-Type": {req.contentType}},
				ContentLength: int64(len(req.body)), Body: io.NopCloser(body),
			}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(req.body)
				clear(w.header)
				r.Form, r.PostForm = nil, nil
				contender.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkAppendString(b *testing.B) {
	for _, s := range []string{"manager1000", "王小明", "分/子公司 \"A\""} {
		b.Run(s, func(b *testing.B) {
			var buf []byte
			for b.Loop() {
				buf = AppendString(buf[:0], s)
			}
			if !bytes.HasPrefix(buf, []byte(`"`)) {
				b.Fatal("no string")
			}
		})
	}
}
