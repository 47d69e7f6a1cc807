package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall/internal/access"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// copyKey brings the key file of a data directory to another one.
func copyKey(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(keyPath(from))
	if err == nil {
		err = os.WriteFile(keyPath(to), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// bulk reads the whole organization from a server, as one text.
func (s *liveServer) bulk(token string) string {
	s.t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"departments", "users", "changes?since=0", "activity/seen?from=20260101&to=20260820&size=1000", "activity/trend?from=20260701&to=20260820",
	} {
		req, err := http.NewRequest(http.MethodGet, "http://"+s.calls+"/rollcall/v1/"+path, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := s.client.Do(req)
		if err != nil {
			s.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			s.t.Fatalf("%s: status %d, %v: %s", path, resp.StatusCode, err, body)
		}
		fmt.Fprintf(&all, "%s\n%s\n", path, body)
	}
	return all.String()
}

// A real organization through a backup: a server answers the same to the byte, to
// the token that was given before. Migrations are tried between the engines.
func TestMovedOrganizationAnswersTheSame(t *testing.T) {
	t.Parallel()
	dir := kubernetesWorld(t)
	do(t, "import", "--data", dir, "--yes", "--signins", kubernetesFiles+"signins.csv")
	app := doJSON[appSecret](t, "app", "create", "--data", dir, "--name", "x",
		"--permission", "rollcall_contacts_read", "--permission", "rollcall_activity_read", "--permission", "fieldMobile", "--permission", "fieldEmail")
	server := serve(t, dir)
	token := server.token(app)
	want := server.bulk(token)
	if strings.Count(want, "\n") < 3000 {
		t.Fatalf("the organization has only %d lines", strings.Count(want, "\n"))
	}

	file := filepath.Join(t.TempDir(), "k.backup")
	do(t, "backup", "--data", dir, "--out", file) // beside the server
	server.stop()
	restored := filepath.Join(t.TempDir(), "restored")
	do(t, "restore", "--data", restored, "--in", file)
	copyKey(t, dir, restored)
	s := serve(t, restored)
	if s.bulk(token) != want {
		t.Error("it answers otherwise")
	}
	if again := s.token(app); again != token {
		t.Error("it gives another token")
	}
	s.stop()

	// Another key file is noticed where there are tokens.
	other := filepath.Join(t.TempDir(), "other")
	do(t, "init", "--data", other, "--name", "Other")
	f := runCommand(t, "restore", "--data", other, "--in", file)
	if f.code != exitDone || !strings.Contains(f.stderr, "is not the key file that organization") {
		t.Errorf("exit code %d: %s", f.code, f.stderr)
	}
	if _, err := access.LoadKey(keyPath(other)); err != nil {
		t.Error(err)
	}
}

// smallWorld is an organization of some people, with an app that may change it.
func smallWorld(t *testing.T) (dir string, app appSecret) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	do(t, "init", "--data", dir, "--name", "Small", "--corp-id", "small")
	var users strings.Builder
	users.WriteString("userid,name\n")
	for i := range 200 {
		fmt.Fprintf(&users, "p%04d,Person %d\n", i, i)
	}
	do(t, "import", "--data", dir, "--yes", "--users", write(t, t.TempDir(), "users.csv", users.String()))
	return dir, doJSON[appSecret](t, "app", "create", "--data", dir, "--name", "x", "--permission", "qyapi_manage_addresslist",
		"--permission", "qyapi_base", "--permission", "rollcall_signin_write")
}

// busyWriter lets people come in over HTTP, each with a sign-in, and some leave,
// until it is told to stop.
type busyWriter struct {
	server *liveServer
	token  string
	acked  atomic.Int64 // people 0 to acked-1 are in for certain
	sent   atomic.Int64
}

func (w *busyWriter) run(stop <-chan struct{}) error {
	for i := int64(0); ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		w.sent.Store(i + 1)
		id := fmt.Sprintf("w%05d", i)
		r, err := w.server.post("/topapi/v2/user/create", form("access_token", w.token, "userid", id, "name", "W "+id, "dept_id_list", "1", "mobile", fmt.Sprint(13_900_000_000+i)))
		if err != nil || r.Errcode != 0 {
			return fmt.Errorf("create: %+v, %w", r, err)
		}
		w.acked.Store(i + 1)
		req, err := http.NewRequest(http.MethodPost, "http://"+w.server.calls+"/rollcall/v1/signins",
			strings.NewReader(fmt.Sprintf("{\"userid\":%q,\"time\":%d}\n", id, time.Now().UnixMilli())))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+w.token)
		resp, err := w.server.client.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if i%5 == 4 {
			if r, err = w.server.post("/topapi/v2/user/delete", form("access_token", w.token, "userid", fmt.Sprintf("w%05d", i-2))); err != nil || r.Errcode != 0 {
				return fmt.Errorf("delete: %+v, %w", r, err)
			}
		}
	}
}

// What is backed up while a server takes writes is a state that existed: it agrees
// with itself, has everybody who had come in before it began, and nobody without
// those who came before.
func TestBackupBesideWrites(t *testing.T) {
	t.Parallel()
	dir, app := smallWorld(t)
	server := serve(t, dir, "--log-level", "info")
	w := &busyWriter{server: server, token: server.token(app)}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- w.run(stop) }()
	var once sync.Once
	halt := func() { once.Do(func() { close(stop) }) }
	defer halt()

	seen := int64(-1)
	for round := range 2 {
		eventually(t, "more people come in", func() bool { return w.acked.Load() > seen+5 })
		before := w.acked.Load()
		if before > 10 && round%2 == 1 { // somebody who left is erased: that changes the log behind the backup
			do(t, "user", "erase", "--data", dir, "--yes", fmt.Sprintf("w%05d", 5*(round-1)+2))
		}
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.backup", round))
		do(t, "backup", "--data", dir, "--out", file)
		after := w.sent.Load()
		do(t, "check", file)
		copied := filepath.Join(t.TempDir(), fmt.Sprint("copy", round))
		do(t, "restore", "--data", copied, "--in", file)
		last := int64(-1)
		people := map[int64]bool{}
		for _, u := range doJSON[[]userRow](t, "user", "list", "--data", copied) {
			var n int64
			if _, err := fmt.Sscanf(u.UserID, "w%05d", &n); err == nil {
				people[n] = true
				last = max(last, n)
			}
		}
		for n := range last {
			// Every third of five leaves once the last of the five is in.
			if gone := n%5 == 2 && n+2 <= last; !people[n] && !gone {
				t.Errorf("w%05d is missing, and w%05d is there", n, last)
			}
		}
		if last+1 < before || last+1 > after {
			t.Errorf("it has %d people; %d were in when it began, %d when it ended", last+1, before, after)
		}
		seen = w.acked.Load()
	}
	halt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	server.stop()
}

// inTransaction waits until another process has the turn to write in a database; it
// reports false when the process ends before.
func inTransaction(t *testing.T, dir string, ended <-chan struct{}) bool {
	t.Helper()
	conn, err := sqlite.OpenConn(filepath.Join(dir, "rollcall.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetBusyTimeout(0)
	for {
		err := sqlitex.ExecuteTransient(conn, "BEGIN IMMEDIATE", nil)
		switch {
		case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy:
			return true
		case err != nil:
			t.Fatal(err)
		}
		if err := sqlitex.ExecuteTransient(conn, "ROLLBACK", nil); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
			return false
		default:
		}
	}
}

// A restore and a migration that are killed in the middle leave nothing of the
// organization, and can be done again.
func TestKilledWhileMoving(t *testing.T) {
	t.Parallel()
	dir := kubernetesWorld(t) // which takes long enough to be met in the middle
	file := filepath.Join(t.TempDir(), "k.backup")
	do(t, "backup", "--data", dir, "--out", file)
	for name, args := range map[string]func(to string) []string{
		"restore": func(to string) []string { return []string{"restore", "--data", to, "--in", file} },
		"migrate": func(to string) []string {
			return []string{"migrate", "--from", "sqlite:" + dir, "--to", "sqlite:" + to}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 {
				to := filepath.Join(t.TempDir(), "to")
				do(t, "init", "--data", to, "--name", "There", "--corp-id", "there")
				cmd := command(args(to)...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan struct{})
				go func() {
					_ = cmd.Wait() // it may be killed
					close(ended)
				}()
				if inTransaction(t, to, ended) {
					_ = cmd.Process.Kill()
					<-ended
				}
				all := doJSON[[]checked](t, "check", "--data", to) // which is sound, whatever happened
				if len(all) == 2 {
					continue // it was too late
				}
				if len(all) != 1 || all[0].CorpID != "there" {
					t.Fatalf("it left %+v", all)
				}
				do(t, args(to)...) // which compares both
				if f := runCommand(t, args(to)...); name == "migrate" && f.code != exitDone || name == "restore" && f.code != exitRefused {
					t.Errorf("once more: exit code %d, %s", f.code, f.stderr)
				}
				return
			}
			t.Error("it was never killed in the middle: this test shows nothing")
		})
	}
}

// A source that goes on while it is copied is said to.
func TestMigrationBesideWrites(t *testing.T) {
	t.Parallel()
	dir, app := smallWorld(t)
	server := serve(t, dir, "--log-level", "info")
	w := &busyWriter{server: server, token: server.token(app)}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- w.run(stop) }()
	eventually(t, "people come in", func() bool { return w.acked.Load() > 3 })
	var to string
	var f finished
	for range 20 { // of which one is not so fast that nobody comes in meanwhile
		to = filepath.Join(t.TempDir(), "to")
		f = runCommand(t, "migrate", "--from", "sqlite:"+dir, "--to", "sqlite:"+to, "--json")
		if f.code != exitDone {
			break
		}
	}
	if f.code != exitFailed || !strings.Contains(f.stderr, "went on while it was copied") || !strings.Contains(f.stdout, `"changing"`) {
		t.Errorf("exit code %d\n%s%s", f.code, f.stdout, f.stderr)
	}
	do(t, "check", "--data", to) // what is there existed
	f = runCommand(t, "migrate", "--from", "sqlite:"+dir, "--to", "sqlite:"+to, "--json")
	if f.code != exitRefused || !strings.Contains(f.stdout, `"moved"`) {
		t.Errorf("again: exit code %d\n%s%s", f.code, f.stdout, f.stderr)
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	server.stop()
	fresh := filepath.Join(t.TempDir(), "fresh")
	do(t, "migrate", "--from", "sqlite:"+dir, "--to", "sqlite:"+fresh)
}
