package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// exchange sends bytes to a server and returns the head and the body of what
// comes back until the connection ends.
func exchange(t *testing.T, addr, request string) (head, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ = strings.Cut(string(b), "\r\n\r\n")
	return head, body
}

func TestHTTP(t *testing.T) {
	ep := testEndpoints()[1]
	ep.Serve = func(c *Call) error {
		c.Result().String(strings.Repeat("x", int(c.Int(0))))
		return nil
	}
	endpoints := testEndpoints()
	endpoints[1] = ep
	s := newService(t, testConfig(endpoints...))
	server := httptest.NewServer(Handler(s))
	defer server.Close()
	addr := server.Listener.Addr().String()

	const ok = `{"errcode":0,"errmsg":"ok","result":"`
	for _, n := range []int{1, 2, 1, 2047, 4600, 8300, 100_000} {
		for _, headers := range []string{"", "Accept: text/xml,text/javascript\r\nAccept-Encoding: gzip\r\n"} {
			head, body := exchange(t, addr, fmt.Sprintf("POST /topapi/user/listid?dept_id=%d&access_token=%s HTTP/1.1\r\n"+
				"Host: what.ever\r\nConnection: close\r\n%s\r\n", n, goodToken, headers))
			want := ok + strings.Repeat("x", n) + `","request_id":"x4p6arvi0fzj"}`
			if body != want {
				t.Errorf("%d: got %.100s", n, body)
			}
			for _, line := range []string{"HTTP/1.1 200 OK\r\n", "Content-Type: application/json;charset=UTF-8", fmt.Sprint("Content-Length: ", len(want))} {
				if !strings.Contains(head, line) {
					t.Errorf("%d: no %s in\n%s", n, line, head)
				}
			}
			if strings.Contains(head, "Encoding") {
				t.Errorf("%d: encoded:\n%s", n, head)
			}
		}
	}

	for _, tt := range []struct{ request, head, body string }{
		{"GET / HTTP/1.1", "application/json\r\n", `{"errcode":404,"errmsg":"The requested URI does not exist"}`},
		{"GET /gettoken?appkey=a HTTP/1.1", "application/json\r\n", `{"appkey":"a"}`},
		{"HEAD /topapi/user/listid HTTP/1.1", "Content-Length: 78\r\nContent-Type: application/json;charset=UTF-8", ""},
		{"OPTIONS /gettoken HTTP/1.1", "HTTP/1.1 200 OK", `{"errcode":43002,"errmsg":"POST request required"}`},
		{"BREW /gettoken HTTP/1.1", "HTTP/1.1 200 OK", `{"errcode":43002,"errmsg":"POST request required"}`},
		{"GET http://other.host/gettoken?appkey=b HTTP/1.1", "HTTP/1.1 200 OK", `{"appkey":"b"}`},
		{
			"POST /topapi/user/count HTTP/1.1\r\nAuthorization: Bearer " + goodToken + "\r\nx-acs-dingtalk-access-token: " + goodToken, "HTTP/1.1 200 OK",
			`{"errcode":88,"sub_code":"40000","sub_msg":"access_token is blank","errmsg":"ding talk error[subcode=40000,submsg=access_token is blank]","request_id":"x4p6arvi0fzj"}`,
		},
	} {
		head, body := exchange(t, addr, tt.request+"\r\nHost: x\r\nConnection: close\r\n\r\n")
		if !strings.Contains(head, tt.head) || body != tt.body {
			t.Errorf("%s: got\n%s\n\n%s", tt.request, head, body)
		}
	}
}

func TestHTTPChunkedBody(t *testing.T) {
	server := httptest.NewServer(Handler(newService(t, testConfig())))
	defer server.Close()
	_, body := exchange(t, server.Listener.Addr().String(), "POST /topapi/user/listid?access_token="+goodToken+" HTTP/1.1\r\n"+
		"Host: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"dep\r\n9\r\nt_id\":12}\r\n0\r\n\r\n")
	if want := okResult + `{"dept_id":12},"request_id":"x4p6arvi0fzj"}`; body != want {
		t.Errorf("got %s, want %s", body, want)
	}
}

func TestHTTPKeepsTheConnection(t *testing.T) {
	server := httptest.NewServer(Handler(newService(t, testConfig())))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	for i := range 3 {
		body := fmt.Sprintf("access_token=%s&dept_id=%d", goodToken, i+1)
		fmt.Fprintf(conn, "POST /topapi/user/listid HTTP/1.1\r\nHost: x\r\nContent-Type:%s\r\nContent-Length:%d\r\n\r\n%s", formType, len(body), body)
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		if want := fmt.Sprintf(`%s{"dept_id":%d},"request_id":"x4p6arvi0fzj"}`, okResult, i+1); string(got) != want || resp.Close {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestHTTPBrokenBody: a body that breaks off gets no answer.
func TestHTTPBrokenBody(t *testing.T) {
	s := newService(t, testConfig())
	server := httptest.NewServer(Handler(s))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST /topapi/user/listid HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\naccess_token=")
	conn.(*net.TCPConn).CloseWrite()
	if b, _ := io.ReadAll(conn); len(b) != 0 {
		t.Errorf("got %s", b)
	}
	if n := s.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}

// gone is a client that takes nothing any more.
type gone struct{ http.ResponseWriter }

func (gone) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestHTTPClientGone(t *testing.T) {
	s := newService(t, testConfig())
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/gettoken", nil)
	Handler(s).ServeHTTP(gone{httptest.NewRecorder()}, r)
	if n := s.InFlight(); n != 0 {
		t.Errorf("%d calls are in flight", n)
	}
}
