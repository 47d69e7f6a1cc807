//go:build conformance

package conformance

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The organization that every client meets. What the programs expect of it is
// in testdata, and in README.md in words.
const (
	corpID = "dingconformance"
	now    = "2026-08-21T10:00:00+08:00"
)

// apps are the apps of the organization, by the name that the programs know
// them under, with the flags that make them.
var apps = map[string][]string{
	// May do everything.
	"full": everything,
	// May count people and no more.
	"reader": {"--permission", "qyapi_get_member"},
	// May do everything, within department 2 and below.
	"scoped": append([]string{"--scope-dept", "2"}, everything...),
	// May do everything that an app of another company may.
	"partner": append([]string{"--type", "third_party", "--any-ticket"}, everything...),
}

var everything = []string{"--permission", "qyapi_base,isvapi_base,qyapi_get_member,qyapi_get_department_member," +
	"qyapi_get_member_by_mobile,qyapi_get_department_list,qyapi_manage_addresslist,qyapi_liveness_base,fieldMobile,fieldEmail"}

// appkey and secret are those of an app.
func appkey(app string) string { return "ding" + app }
func secret(app string) string { return "conformance-secret-of-" + app }

// A workshop is where the clients are brought together and run.
type workshop struct {
	root   string // of the repository
	here   string // the directory of this test
	store  string // where what is fetched is kept, bin/conformance
	binary string // the server
	data   string // the directory of the organization as it is at first
}

// newWorkshop builds the server and makes the organization.
func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Dir(here)
	w := &workshop{
		root: root, here: here,
		store:  filepath.Join(root, "bin", "conformance"),
		binary: filepath.Join(t.TempDir(), "rollcall"),
		data:   filepath.Join(t.TempDir(), "data"),
	}
	if err := os.MkdirAll(w.store, 0o755); err != nil {
		t.Fatal(err)
	}
	// A module of its own: whatever is fetched is nothing that go vet ./... and
	// the like should look at.
	if err := os.WriteFile(filepath.Join(w.store, "go.mod"), []byte("module fetched\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", w.binary, "./cmd/rollcall")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w.rollcall(t, "init", "--data", w.data, "--name", "Conformance Ltd.", "--corp-id", corpID)
	w.rollcall(t, "import", "--data", w.data, "--yes", "--departments", "testdata/departments.csv",
		"--users", "testdata/users.csv", "--signins", "testdata/signins.csv")
	for name, flags := range apps {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(secret(name)), 0o600); err != nil {
			t.Fatal(err)
		}
		w.rollcall(t, append([]string{
			"app", "create", "--data", w.data, "--name", name, "--appkey", appkey(name), "--appsecret-file", file,
		}, flags...)...)
	}
	return w
}

// rollcall runs a command that has to succeed.
func (w *workshop) rollcall(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(w.binary, args...).CombinedOutput(); err != nil {
		t.Fatalf("rollcall %q: %v\n%s", args, err, out)
	}
}

// A server is a rollcall serve process with a copy of the organization.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	dir   string
	calls string        // its address
	ended chan struct{} // closed when the process is gone
	err   error         // of the process, once it has ended
}

// serve starts a server on free ports and waits until it is ready. It goes with
// the test.
func (w *workshop) serve(t *testing.T, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dir: t.TempDir(), ended: make(chan struct{})}
	copyDir(t, w.data, s.dir)
	s.cmd = exec.Command(w.binary, append([]string{
		"serve", "--data", s.dir, "--log-format", "json", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
	}, flags...)...)
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		log := bufio.NewScanner(pipe)
		for log.Scan() {
			var line struct{ Msg, Level, Listen string }
			if json.Unmarshal(log.Bytes(), &line) != nil {
				t.Logf("server: %s", log.Text())
				continue
			}
			if line.Msg == "ready" {
				ready <- line.Listen
			}
			if line.Level == "ERROR" {
				t.Errorf("the server logs a fault of its own: %s", log.Text())
			}
		}
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
	})
	select {
	case s.calls = <-ready:
	case <-s.ended:
		t.Fatalf("the server ended before it was ready: %v", s.err)
	case <-time.After(time.Minute):
		t.Fatal("the server does not get ready")
	}
	return s
}

// end ends the server as an operator does, and looks at what it leaves behind.
func (w *workshop) end(s *server) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		s.t.Fatal("the server does not end")
	}
	if s.err != nil {
		s.t.Errorf("the server ended badly: %v", s.err)
	}
	w.rollcall(s.t, "check", "--data", s.dir)
}

// environment is how the programs come to know the apps and the organization.
func environment() []string {
	env := []string{"CONFORMANCE_CORPID=" + corpID}
	for name := range apps {
		prefix := "CONFORMANCE_" + strings.ToUpper(name)
		env = append(env, prefix+"_APPKEY="+appkey(name), prefix+"_APPSECRET="+secret(name))
	}
	return env
}
