package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what is to happen soon. Nothing is said
// by it about how long things take.
const patience = 30 * time.Second

// finished is a command that has ended.
type finished struct {
	code           int
	stdout, stderr string
}

// command is a rollcall process; the binary is the test's own (see TestMain).
func command(args ...string) *exec.Cmd { return exec.Command("rollcall", args...) }

// run runs a command to its end.
func runCommand(t *testing.T, args ...string) finished {
	t.Helper()
	cmd := command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return finished{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// do runs a command that has to succeed and returns its standard output.
func do(t *testing.T, args ...string) string {
	t.Helper()
	f := runCommand(t, args...)
	if f.code != exitDone {
		t.Fatalf("rollcall %s: exit code %d\n%s%s", strings.Join(args, " "), f.code, f.stdout, f.stderr)
	}
	return f.stdout
}

// doJSON is do for a command that prints JSON.
func doJSON[T any](t *testing.T, args ...string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(do(t, append(args, "--json")...)), &v); err != nil {
		t.Fatalf("rollcall %s: %v", strings.Join(args, " "), err)
	}
	return v
}

// write makes a file and returns its path.
func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually asks again and again until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !ask() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("it did not happen that %s", what)
		}
	}
}

// liveServer is a rollcall serve process.
type liveServer struct {
	t            *testing.T
	cmd          *exec.Cmd
	calls, admin string // addresses
	client       *http.Client

	mu    sync.Mutex
	lines []string      // of standard error
	grown chan struct{} // closed when there is one more

	stdout string // the path of a file with what went there
	ended  chan struct{}
	err    error // of Wait, once ended is closed
}

// serve starts a server on free ports and waits until it is ready. It is killed
// at the end of the test, if it runs still.
func serve(t *testing.T, dir string, flags ...string) *liveServer {
	t.Helper()
	s := startServer(t, append([]string{
		"--data", dir, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--log-format", "json", "--log-level", "debug",
	}, flags...)...)
	ready := s.waitLog("ready")
	s.calls, s.admin = fmt.Sprint(ready["listen"]), fmt.Sprint(ready["admin"])
	return s
}

func startServer(t *testing.T, flags ...string) *liveServer {
	t.Helper()
	s := &liveServer{
		t: t, cmd: command(append([]string{"serve"}, flags...)...),
		client: &http.Client{Transport: &http.Transport{}, Timeout: patience},
		grown:  make(chan struct{}), ended: make(chan struct{}),
	}
	s.stdout = filepath.Join(t.TempDir(), "stdout")
	stdout, err := os.Create(s.stdout)
	if err != nil {
		t.Fatal(err)
	}
	defer stdout.Close() // the process has its own
	s.cmd.Stdout = stdout
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.read(pipe)
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		s.kill()
		s.client.CloseIdleConnections()
		if t.Failed() {
			t.Logf("log of the server:\n%s", s.log())
		}
	})
	return s
}

func (s *liveServer) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.lines = append(s.lines, lines.Text())
		close(s.grown)
		s.grown = make(chan struct{})
		s.mu.Unlock()
	}
}

// log returns what went to standard error so far.
func (s *liveServer) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// stdoutSoFar returns what went to standard output so far.
func (s *liveServer) stdoutSoFar() string {
	s.t.Helper()
	b, err := os.ReadFile(s.stdout)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// waitLog waits for a line with a message and returns the line.
func (s *liveServer) waitLog(message string) map[string]any {
	s.t.Helper()
	limit := time.After(patience)
	for seen := 0; ; {
		s.mu.Lock()
		lines, grown := s.lines[seen:], s.grown
		s.mu.Unlock()
		for _, text := range lines {
			seen++
			var line map[string]any
			if json.Unmarshal([]byte(text), &line) == nil && line["msg"] == message {
				return line
			}
		}
		select {
		case <-grown:
		case <-s.ended:
			s.t.Fatalf("the server ended before it said %q: %v\n%s", message, s.err, s.log())
		case <-limit:
			s.t.Fatalf("the server did not say %q", message)
		}
	}
}

// kill ends the process at once.
func (s *liveServer) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// signal sends a signal.
func (s *liveServer) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the end of the process and returns the exit code.
func (s *liveServer) wait() int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("the server does not end")
	}
	return s.cmd.ProcessState.ExitCode()
}

// stop ends the server as an operator does.
func (s *liveServer) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		s.t.Errorf("the server ended with the exit code %d\n%s", code, s.log())
	}
}

// reply is an answer of the server, of either family.
type reply struct {
	Errcode   int            `json:"errcode"`
	Errmsg    string         `json:"errmsg"`
	SubCode   string         `json:"sub_code"`
	Token     string         `json:"access_token"`
	ExpiresIn int            `json:"expires_in"`
	Result    map[string]any `json:"result"`
}

// post makes a call with a form as the body.
func (s *liveServer) post(path string, params url.Values) (reply, error) {
	resp, err := s.client.PostForm("http://"+s.calls+path, params)
	if err != nil {
		return reply{}, err
	}
	return readReply(resp)
}

func readReply(resp *http.Response) (reply, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	var r reply
	if err := json.Unmarshal(body, &r); err != nil || resp.StatusCode != http.StatusOK {
		return r, fmt.Errorf("status %d, %w: %s", resp.StatusCode, err, body)
	}
	return r, nil
}

// call is post for a server that has to answer.
func (s *liveServer) call(path string, params ...string) reply {
	s.t.Helper()
	r, err := s.post(path, form(params...))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// form makes parameters of names and values in turn.
func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// gettoken asks for a token.
func (s *liveServer) gettoken(app appSecret) reply {
	s.t.Helper()
	return s.call("/gettoken", "appkey", app.Appkey, "appsecret", app.Appsecret)
}

// token is gettoken that has to succeed. An app that another process made a
// moment ago is waited for.
func (s *liveServer) token(app appSecret) string {
	s.t.Helper()
	var r reply
	eventually(s.t, "the app gets a token", func() bool {
		r = s.gettoken(app)
		return r.Errcode == 0
	})
	return r.Token
}

// get reads a page of the admin listener.
func (s *liveServer) get(path string) (status int, body string) {
	s.t.Helper()
	resp, err := s.client.Get("http://" + s.admin + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
