package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestHostileClients has clients that do not keep to HTTP, to the limits or to
// any pace. Each of them gets an answer or a closed connection, every answer of
// ours is JSON, and others are answered meanwhile. At the end nothing is left.
func TestHostileClients(t *testing.T) {
	w, apps := fixture(t, setups["plain"])
	before := runtime.NumGoroutine()
	w.serve(nil)
	h := &hostile{w: w, addr: w.addr, token: w.token(apps[0])}
	for _, x := range []struct {
		name string
		test func(*hostile, *testing.T)
	}{
		{"no HTTP", (*hostile).noHTTP},
		{"lengths", (*hostile).lengths},
		{"chunks", (*hostile).chunks},
		{"big bodies", (*hostile).bigBodies},
		{"nesting", (*hostile).nesting},
		{"big heads", (*hostile).bigHeads},
		{"many parameters", (*hostile).manyParameters},
		{"odd bytes", (*hostile).oddBytes},
		{"expect", (*hostile).expect},
		{"half closed", (*hostile).halfClosed},
		{"pipelined", (*hostile).pipelined},
		{"slow", (*hostile).slow},
		{"deaf", (*hostile).deaf},
		{"idle", (*hostile).idle},
	} {
		t.Run(x.name, func(t *testing.T) { x.test(h, t) })
		if n := await(0, w.service.InFlight); n != 0 {
			t.Errorf("%s: %d calls are in flight", x.name, n)
		}
	}
	w.close()
	if n := await(before, runtime.NumGoroutine); n > before {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%s", n, before, stacks[:runtime.Stack(stacks, true)])
	}
}

// await asks for a number until it is no more than wanted, and returns it.
func await(want int, ask func() int) int {
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		if n := ask(); n <= want || time.Now().After(deadline) {
			return n
		}
	}
}

type hostile struct {
	w           *world
	addr, token string
}

// sane makes a good call on a connection of its own. Where limits are short a
// slow machine may exceed them: then it is made again.
func (h *hostile) sane(t *testing.T, addr string) {
	t.Helper()
	request := "GET /topapi/user/count?only_active=false&access_token=" + h.token + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for deadline := time.Now().Add(patience); ; {
		replies, err := h.converse(addr, request, false)
		if err == nil && len(replies) == 1 && strings.HasPrefix(replies[0].body, `{"errcode":0,"errmsg":"ok","result":{"count":16}`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("others get %v, %v", replies, err)
		}
	}
}

// converse sends bytes, maybe says that there are no more, and reads the
// replies until the server closes the connection.
func (h *hostile) converse(addr, request string, end bool) ([]reply, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	sent := make(chan struct{})
	go func() { // the server may answer before it has everything
		defer close(sent)
		if _, err := io.WriteString(conn, request); err == nil && end {
			conn.(*net.TCPConn).CloseWrite()
		}
	}()
	replies, err := readAll(bufio.NewReader(conn))
	conn.Close()
	<-sent
	return replies, err
}

// readAll reads replies until the connection is closed. An error says that it
// was not, or that something came that is no reply.
func readAll(r *bufio.Reader) (replies []reply, err error) {
	for {
		if more, err := comes(r); !more {
			return replies, err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return replies, fmt.Errorf("no reply: %w", err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil && (resp.StatusCode == http.StatusOK || errors.Is(err, os.ErrDeadlineExceeded)) {
			return replies, err
		}
		replies = append(replies, reply{resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header, resp.Close, string(body)})
	}
}

// comes waits for another byte. There is none once the connection is closed, one
// way or another; the error says that it is not.
func comes(r *bufio.Reader) (bool, error) {
	_, err := r.Peek(1)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return false, err
	}
	return err == nil, nil
}

// expectOne sends a request that must get one reply, and returns its body.
func (h *hostile) expectOne(t *testing.T, request string) string {
	t.Helper()
	replies, err := h.converse(h.addr, request, true)
	if err != nil || len(replies) != 1 || replies[0].status != http.StatusOK {
		t.Errorf("%.200q: got %d replies %.300v, %v", request, len(replies), replies, err)
		return ""
	}
	if _, err := replies[0].open(); err != nil {
		t.Errorf("%.200q: %v", request, err)
	}
	return replies[0].body
}

// wantOne is expectOne with the beginning of the body that must come.
func (h *hostile) wantOne(t *testing.T, request, want string) {
	t.Helper()
	if got := h.expectOne(t, request); !strings.HasPrefix(got, want) {
		t.Errorf("%.200q: got %.300s, want %s", request, got, want)
	}
}

// refused sends what is no request, or not one all the way. net/http refuses it
// in its own words, or the connection is closed; what is answered by us is JSON.
func (h *hostile) refused(t *testing.T, request string) {
	t.Helper()
	replies, err := h.converse(h.addr, request, true)
	if err != nil {
		t.Errorf("%.200q: %.300v, %v", request, replies, err)
	}
	for i, r := range replies {
		switch {
		case r.status == http.StatusOK:
			if _, err := r.open(); err != nil {
				t.Errorf("%.200q: %v", request, err)
			}
		case r.status < 400 || r.status > 599 || !r.closed || i < len(replies)-1:
			t.Errorf("%.200q: got %d, closed %t, as reply %d of %d", request, r.status, r.closed, i+1, len(replies))
		}
	}
	if len(replies) > 0 && replies[len(replies)-1].status == http.StatusOK {
		t.Errorf("%.200q: answered as if nothing was wrong: %s", request, replies[len(replies)-1].body)
	}
}

const (
	okCount     = `{"errcode":0,"errmsg":"ok","result":{"count":16}`
	okList      = `{"errcode":0,"errmsg":"ok","result":{"userid_list":["bob"]}`
	badFormat   = `{"errcode":400002,"errmsg":"Invalid parameter format: `
	badTokenTOP = `{"errcode":88,"sub_code":"40014"`
)

// request makes a request for the members of department 4 with a body. Length
// counts where it is not negative.
func (h *hostile) request(headers, body string, length int) string {
	if length < 0 {
		length = len(body)
	}
	return fmt.Sprintf("POST /topapi/user/listid?access_token=%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", h.token, headers, length, body)
}

// next is a request behind another one.
func (h *hostile) next() string {
	return "GET /topapi/user/count?only_active=0&access_token=" + h.token + " HTTP/1.1\r\nHost: x\r\n\r\n"
}

func (h *hostile) noHTTP(t *testing.T) {
	for _, request := range []string{
		"\r\n\r\n\r\n\r\n\r\n\r\n",
		"\x00\x00\x00\x00\r\n\r\n",
		"hello\r\n\r\n",
		"GET\r\n\r\n",
		"GET /gettoken\r\n\r\n", // HTTP/0.9
		"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET gettoken HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /gettoken HTTP/3.7\r\nHost: x\r\n\r\n",
		"GET /gettoken HTTP/1.1 \r\nHost: x\r\n\r\n",
		"GET /gettoken HTP/1.1\r\nHost: x\r\n\r\n",
		"GET /get token HTTP/1.1\r\nHost: x\r\n\r\n",
		"G\x00T /gettoken HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\n\r\n", // no Host
		"GET /gettoken HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\nHost: x y\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\nHost: x\r\n: no name\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\nHost: x\r\nBlank : in name\r\n\r\n",
		"GET /gettoken HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
		"GET /gettoken%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%GG/topapi HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"\r\n\r\nGET /gettoken HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 500), // TLS
		"*1\r\n$4\r\nPING\r\n",
		"\x80\x80\x80\x80 /gettoken HTTP/1.1\r\nHost: x\r\n\r\n",
		"CONNECT x:443 HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		h.refused(t, request)
	}
	h.wantOne(t, "GET /gettoken HTTP/1.0\r\n\r\n", `{"errcode":40035`)
	h.wantOne(t, "GET /gettoken HTTP/1.1\nHost: x\n\n", `{"errcode":40035`)
	h.wantOne(t, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", `{"errcode":404`)
	h.wantOne(t, "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", `{"errcode":404`)
	h.sane(t, h.addr)
}

func (h *hostile) lengths(t *testing.T) {
	const body = `{"dept_id":4}`
	one := func(headers string) string {
		return "POST /topapi/user/listid?access_token=" + h.token + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body
	}
	h.wantOne(t, one("Content-Length: 13\r\nContent-Length: 13\r\n"), okList)
	h.wantOne(t, one("Content-Length: 0013\r\n"), okList)
	for _, headers := range []string{
		"Content-Length: 13\r\nContent-Length: 12\r\n",
		"Content-Length: -13\r\n",
		"Content-Length: +13\r\n",
		"Content-Length: 13, 14\r\n",
		"Content-Length: x\r\n",
		"Content-Length: 1e1\r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Content-Length: 14\r\n", // and no more comes
		"Content-Length: 1048576\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"Transfer-Encoding: identity\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 13\r\n",
		"Transfer-Encoding: chunked\r\n",
	} {
		h.refused(t, one(headers))
	}

	// What is behind a body that is said to be shorter is another request.
	replies, err := h.converse(h.addr, one("Content-Length: 12\r\n")+"\r\n\r\n", true)
	if err != nil || len(replies) != 2 || !strings.HasPrefix(replies[0].body, badFormat) || replies[1].status != http.StatusBadRequest {
		t.Errorf("said to be shorter: %v, %v", replies, err)
	}
	replies, err = h.converse(h.addr, h.request("", body+h.next(), len(body)), true)
	if err != nil || len(replies) != 2 || !strings.HasPrefix(replies[0].body, okList) || !strings.HasPrefix(replies[1].body, okCount) {
		t.Errorf("another request behind: %v, %v", replies, err)
	}
	// A body that is said to be longer takes what comes next.
	h.wantOne(t, h.request("", body+h.next(), len(body)+len(h.next())), badFormat)
	h.sane(t, h.addr)
}

func (h *hostile) chunks(t *testing.T) {
	chunked := func(body string) string {
		return "POST /topapi/user/listid?access_token=" + h.token + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body
	}
	const good = "7\r\n{\"dept_\r\n6\r\nid\":4}\r\n"
	for _, body := range []string{
		good + "0\r\n\r\n",
		good + "0\r\nTrailer: x\r\ndept_id: 5\r\n\r\n",
		"7;ext=\"1\"\r\n{\"dept_\r\n06 \r\nid\":4}\r\n000\r\n\r\n",
		"D\r\n{\"dept_id\":4}\r\n0\r\n\r\n",
	} {
		h.wantOne(t, chunked(body), okList)
	}
	bytewise := ""
	for _, c := range `access_token=wrong&dept_id=4` {
		bytewise += fmt.Sprintf("1\r\n%c\r\n", c)
	}
	h.wantOne(t, chunked(bytewise+"0\r\n\r\n"), badTokenTOP)
	for _, body := range []string{
		"", good, good + "0", good + "1\r\n", "x\r\n", "-1\r\n{}\r\n0\r\n\r\n", "7\r\n{\"dept_id\":4}\r\n0\r\n\r\n",
		"0x2\r\n{}\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFF\r\n{}", "10000000000000000\r\n{}", ";\r\n{}\r\n0\r\n\r\n",
		strings.Repeat("0", 1<<16) + "\r\n\r\n",
	} {
		h.refused(t, chunked(body))
	}
	mib := strings.Repeat(fmt.Sprintf("10000\r\n%s\r\n", strings.Repeat(" ", 1<<16)), 15)
	last := func(n int) string {
		return fmt.Sprintf("%x\r\n{\"dept_id\":4}%s\r\n0\r\n\r\n", n, strings.Repeat(" ", n-13))
	}
	h.wantOne(t, chunked(mib+last(1<<16)), okList)
	h.wantOne(t, chunked(mib+last(1<<16+1)), badFormat+"larger than 1 MiB")
	h.wantOne(t, chunked(strings.Repeat(mib, 8)+last(100)), badFormat+"larger than 1 MiB")
	h.sane(t, h.addr)
}

func (h *hostile) bigBodies(t *testing.T) {
	fill := func(n int) string { return "dept_id=4&x=" + strings.Repeat("x", n-len("dept_id=4&x=")) }
	object := func(n int) string {
		return `{"dept_id":4,"x":"` + strings.Repeat("x", n-len(`{"dept_id":4,"x":""}`)) + `"}`
	}
	h.wantOne(t, h.request("", fill(1<<20), -1), okList)
	h.wantOne(t, h.request("", object(1<<20), -1), okList)
	h.wantOne(t, h.request("", strings.Repeat(" ", 1<<20-13)+`{"dept_id":4}`, -1), okList)
	for _, n := range []int{1<<20 + 1, 1<<20 + 100, 2 << 20, 16 << 20} {
		h.wantOne(t, h.request("", fill(n), -1), badFormat+"larger than 1 MiB")
	}
	// What is only said to come is answered before it does.
	conn := dial(t, h.addr)
	fmt.Fprint(conn, h.request("", "", 1<<40))
	if r, err := conn.receive("POST"); err != nil || !strings.HasPrefix(r.body, badFormat+"larger than 1 MiB") || !r.closed {
		t.Errorf("got %v, %v", r, err)
	}
	// Refused without the token, as a token in it was not read.
	body := fill(1<<20) + "&access_token=" + h.token
	h.wantOne(t, fmt.Sprintf("POST /topapi/user/listid HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body), `{"errcode":88,"sub_code":"40000"`)
	h.sane(t, h.addr)
}

func (h *hostile) nesting(t *testing.T) {
	nested := func(open, end string, depth int) string { // the object around it counts
		return `{"dept_id":4,"x":` + strings.Repeat(open, depth-1) + strings.Repeat(end, depth-1) + `}`
	}
	h.wantOne(t, h.request("", nested("[", "]", 32), -1), okList)
	h.wantOne(t, h.request("", nested("[", "]", 33), -1), badFormat+"nested deeper than 32")
	h.wantOne(t, h.request("", nested("[", "]", 500_000), -1), badFormat+"nested deeper than 32")
	h.wantOne(t, h.request("", `{"dept_id":4,"x":`+strings.Repeat(`{"a":`, 30)+"{}"+strings.Repeat("}", 31), -1), okList)
	h.wantOne(t, h.request("", `{"dept_id":4,"x":`+strings.Repeat(`{"a":`, 31)+"{}"+strings.Repeat("}", 32), -1), badFormat+"nested deeper than 32")
	h.wantOne(t, h.request("", strings.Repeat(`{"a":`, 200_000), -1), badFormat+"nested deeper than 32")
	h.wantOne(t, h.request("Content-Type: application/json\r\n", strings.Repeat("[", 1<<20), -1), badFormat)
	h.wantOne(t, h.request("", `{"dept_id":[`+strings.Repeat("4,", 500_000)+`4]}`, -1), `{"errcode":400002,"errmsg":"Invalid parameter: dept_id"`)
	h.sane(t, h.addr)
}

func (h *hostile) bigHeads(t *testing.T) {
	get := func(target, headers string) string {
		return "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n"
	}
	const count = "/topapi/user/count?only_active=0&access_token="
	h.wantOne(t, get(count+h.token+"&x="+strings.Repeat("x", 60_000), ""), okCount)
	h.wantOne(t, get(count+h.token, "X: "+strings.Repeat("x", 60_000)+"\r\n"), okCount)
	h.wantOne(t, get(count+h.token, strings.Repeat("X: x\r\n", 10_000)), okCount)
	h.wantOne(t, get("/topapi/"+strings.Repeat("a/", 30_000), ""), `{"errcode":22`)
	h.wantOne(t, get("/"+strings.Repeat("a/", 30_000), ""), `{"errcode":404`)
	if got := h.expectOne(t, get("/topapi/"+strings.Repeat("a/", 30_000), "")); len(got) > 1000 {
		t.Errorf("a long path gets %d bytes", len(got))
	}
	for _, request := range []string{
		get(count+h.token+"&x="+strings.Repeat("x", 200_000), ""),
		get(count+h.token, "X: "+strings.Repeat("x", 200_000)+"\r\n"),
		get(count+h.token, strings.Repeat("X: x\r\n", 50_000)),
		strings.Repeat("G", 200_000),
	} {
		h.refused(t, request)
	}
	h.sane(t, h.addr)
}

func (h *hostile) manyParameters(t *testing.T) {
	h.wantOne(t, h.request("", strings.Repeat("&", 1<<20-9)+"dept_id=4", -1), okList)
	h.wantOne(t, h.request("", strings.Repeat("x&", 500_000)+"dept_id=4", -1), okList)
	h.wantOne(t, h.request("", strings.Repeat("dept_id=5&", 100_000)+"dept_id=4", -1), okList)
	h.wantOne(t, h.request("", strings.Repeat("%61=%62&", 100_000)+"dept_id=4", -1), okList)
	h.wantOne(t, h.request("", "{"+strings.Repeat(`"dept_id":5,`, 80_000)+`"dept_id":4}`, -1), okList)
	h.wantOne(t, h.request("", "{"+strings.Repeat(`"\u0061":"\u0062",`, 50_000)+`"dept_id":4}`, -1), okList)
	query := strings.Repeat("access_token=wrong&", 3000)
	h.wantOne(t, "GET /topapi/user/listid?"+query+"access_token="+h.token+"&dept_id=4 HTTP/1.1\r\nHost: x\r\n\r\n", okList)
	h.sane(t, h.addr)
}

func (h *hostile) oddBytes(t *testing.T) {
	var all strings.Builder
	for c := 1; c < 256; c++ { // 0 and line ends would end the request
		if c != ' ' && c != '\r' && c != '\n' && c != '?' && c != '%' && c != '#' && (c > ' ' && c != 0x7f) {
			all.WriteByte(byte(c))
		}
	}
	h.wantOne(t, "GET /topapi/"+all.String()+" HTTP/1.1\r\nHost: x\r\n\r\n", `{"errcode":22`)
	h.wantOne(t, "GET /"+all.String()+" HTTP/1.1\r\nHost: x\r\n\r\n", `{"errcode":404`)
	h.wantOne(t, "GET /topapi/\xff\xfe/\xc0\x80 HTTP/1.1\r\nHost: x\r\n\r\n", "{\"errcode\":22,\"sub_msg\":\"Invalid ApiName, ApiName = dingtalk.oapi.\uFFFD\uFFFD.\uFFFD\uFFFD\"")
	h.wantOne(t, "GET /topapi/%ff%00%1f%e2%80%a8 HTTP/1.1\r\nHost: x\r\n\r\n", `{"errcode":22`)
	h.wantOne(t, "GET /topapi/user/count?only_active=0&access_token="+h.token+"&"+all.String()+" HTTP/1.1\r\nHost: x\r\n\r\n", okCount)
	h.wantOne(t, "GET /topapi/user/count?only_active="+all.String()+"&access_token="+h.token+" HTTP/1.1\r\nHost: x\r\n\r\n", `{"errcode":40035`)
	h.wantOne(t, h.request("Content-Type: \xff\xfe\r\nX: \xff\r\n", `{"dept_id":4}`, -1), okList)
	for c := range 256 { // any first byte of a body
		h.expectOne(t, h.request("Content-Type: application/json\r\n", string([]byte{byte(c)})+`"dept_id":4}`, -1))
	}
	// Cut anywhere, a body is JSON that is broken.
	const body = `{"dept_id":"\u0034","x":["é",{"y":-1.5e+3}],"z":null}`
	for n := 1; n < len(body); n++ {
		h.wantOne(t, h.request("", body[:n], -1), badFormat+"a JSON object was expected")
	}
	h.sane(t, h.addr)
}

func (h *hostile) expect(t *testing.T) {
	const body = "dept_id=4"
	conn := dial(t, h.addr)
	fmt.Fprint(conn, h.request("Expect: 100-continue\r\n", "", len(body)))
	if r, err := conn.receive("POST"); err != nil || r.status != http.StatusContinue {
		t.Fatalf("got %v, %v", r, err)
	}
	io.WriteString(conn, body)
	if r, err := conn.receive("POST"); err != nil || !strings.HasPrefix(r.body, okList) {
		t.Errorf("got %v, %v", r, err)
	}
	// Nobody waits for a body that is not wanted.
	for _, request := range []string{
		h.request("Expect: 100-continue\r\n", "", 1<<20+1),
		strings.Replace(h.request("Expect: 100-continue\r\n", "", 9), "POST", "PUT", 1),
		strings.Replace(h.request("Expect: 100-continue\r\n", "", 9), "user/listid", "user/nothing", 1),
	} {
		conn := dial(t, h.addr)
		io.WriteString(conn, request)
		r, err := conn.receive("POST")
		if err == nil {
			_, err = r.open()
		}
		if err != nil || r.status != http.StatusOK {
			t.Errorf("%.60q: got %v, %v", request, r, err)
		}
	}
	h.refused(t, h.request("Expect: the-impossible\r\n", body, -1))
	h.sane(t, h.addr)
}

func (h *hostile) halfClosed(t *testing.T) {
	whole := h.request("", "dept_id=4", -1)
	h.wantOne(t, whole, okList) // which says that nothing more comes
	for range 20 {              // also where the storage has to be asked first
		h.w.skipped.Add(int64(10 * time.Second))
		h.wantOne(t, whole, okList)
	}
	for n := range len(whole) { // and so it does too early
		replies, err := h.converse(h.addr, whole[:n], true)
		if err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		for _, r := range replies {
			if r.status != http.StatusBadRequest {
				t.Errorf("%d bytes: got %d %s", n, r.status, r.body)
			}
		}
	}
	// Clients that vanish, with and without a word.
	for n := 1; n < len(whole); n += 10 {
		for _, linger := range []int{0, -1} {
			conn := dial(t, h.addr)
			if err := conn.SetLinger(linger); err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, whole[:n])
			conn.Close()
		}
	}
	h.sane(t, h.addr)
}

func (h *hostile) pipelined(t *testing.T) {
	var requests, want []string
	for i := range 300 {
		switch i % 4 {
		case 0:
			requests = append(requests, h.request("", "dept_id=4", -1))
			want = append(want, okList)
		case 1:
			requests = append(requests, h.request("", fmt.Sprintf(`{"dept_id":%d}`, 1000+i), -1))
			want = append(want, `{"errcode":60003`)
		case 2:
			requests = append(requests, fmt.Sprintf("GET /topapi/p%d HTTP/1.1\r\nHost: x\r\n\r\n", i))
			want = append(want, fmt.Sprintf(`{"errcode":22,"sub_msg":"Invalid ApiName, ApiName = dingtalk.oapi.p%d"`, i))
		default:
			requests = append(requests, h.next())
			want = append(want, okCount)
		}
	}
	replies, err := h.converse(h.addr, strings.Join(requests, ""), true)
	if err != nil || len(replies) != len(want) {
		t.Fatalf("%d replies, want %d: %v", len(replies), len(want), err)
	}
	for i, r := range replies {
		if !strings.HasPrefix(r.body, want[i]) {
			t.Errorf("reply %d: got %s, want %s", i, r.body, want[i])
		}
	}
	h.sane(t, h.addr)
}
