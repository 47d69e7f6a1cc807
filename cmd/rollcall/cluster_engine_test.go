//go:build cluster

package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/store/pgtest"
)

const databasePassword = "open-sesame-and-more"

// newDatabase makes an empty database on a server of its own, which asks for a
// password, and returns the name of a file with its URL.
func newDatabase(t *testing.T) (file string) {
	t.Helper()
	server := pgtest.Start(t, pgtest.Options{})
	for _, sql := range []string{"CREATE ROLE careful LOGIN PASSWORD '" + databasePassword + "'", "CREATE DATABASE live OWNER careful"} {
		if _, err := server.Query("postgres", sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Allow("careful", "scram-sha-256"); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server.URL("live"))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("careful", databasePassword)
	return write(t, t.TempDir(), "url", u.String()+"\n")
}

// Everything is the same whatever keeps it: the same commands, the same answers.
func TestClusterEnginesAnswerTheSame(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	sqlite := throughItsLife(t, dir, "--data", dir)
	keys := filepath.Join(t.TempDir(), "keys")
	postgres := throughItsLife(t, keys, "--data", keys, "--database-file", newDatabase(t))
	for i, want := range sqlite {
		if postgres[i] != want {
			t.Errorf("answer %d is otherwise:\n%.2000s\nin SQLite:\n%.2000s", i, postgres[i], want)
		}
	}
}

// throughItsLife makes an organization, fills it, serves it, changes it, and
// serves it again. It returns what was answered.
func throughItsLife(t *testing.T, dir string, database ...string) (answers []string) {
	t.Helper()
	with := func(args ...string) []string { return append(args, database...) }
	do(t, with("init", "--name", "Kubernetes", "--corp-id", "kubernetes", "--timezone", "UTC")...)
	do(t, with("settings", "activity.retention_days", "0")...)
	for _, file := range []string{"users.csv", "departments.csv", "signins.csv"} {
		if _, err := os.Stat(kubernetesFiles + file); err != nil {
			t.Fatal(err)
		}
	}
	do(t, with("import", "--yes", "--departments", kubernetesFiles+"departments.csv", "--users", kubernetesFiles+"users.csv",
		"--signins", kubernetesFiles+"signins.csv")...)
	var permissions []string
	for _, p := range rollcall.Permissions() {
		permissions = append(permissions, "--permission", string(p))
	}
	app := doJSON[appSecret](t, with(append([]string{"app", "create", "--name", "x", "--appkey", "engine.test"}, permissions...)...)...)

	s := serve(t, dir, append(database, "--now", "2015-09-03T10:00:00Z")...)
	token := s.token(app)
	ask := func() {
		t.Helper()
		for _, call := range []struct{ path, params string }{
			{"user/count", "only_active=false"},
			{"user/listid", "dept_id=2"},
			{"user/listsimple", "dept_id=1&cursor=0&size=100&order_field=custom&language=zh_CN&contain_access_limit=false"},
			{"inactive/user/v2/get", "is_active=false&offset=0&size=100&query_date=20150831"},
			{"v2/user/get", "userid=newcomer"},
		} {
			answers = append(answers, s.answer("/topapi/"+call.path, token, call.params))
		}
	}
	ask()
	answers = append(answers, s.answer("/topapi/v2/user/create", token, "userid=newcomer&name=新人&mobile=13800000000&dept_id_list=2"),
		s.answer("/topapi/v2/user/create", token, "userid=another&name=X&mobile=13800000000&dept_id_list=2"),
		s.answer("/topapi/v2/user/update", token, "userid=newcomer&title=Baker"),
		s.answer("/topapi/v2/department/create", token, "name=Bakery&parent_id=1"))
	ask()
	logged := s.log()
	s.stop()

	s = serve(t, dir, append(database, "--now", "2015-09-03T10:00:00Z")...)
	if again := s.token(app); again != token {
		t.Error("the token is another one after the restart")
	}
	before := len(answers)
	ask()
	for i := before; i < len(answers); i++ {
		if answers[i] != answers[i-(len(answers)-before)] {
			t.Errorf("after the restart: %.2000s\nbefore: %.2000s", answers[i], answers[i-(len(answers)-before)])
		}
	}
	s.stop()
	if strings.Contains(logged+s.log(), databasePassword) {
		t.Error("the password is in the log")
	}
	answers = append(answers, do(t, with("user", "list", "--csv")...), do(t, with("dept", "list", "--csv")...), do(t, with("check")...))
	for i := range answers { // how long a server had been running when it was asked is another matter
		answers[i] = whileServing.ReplaceAllString(answers[i], "while serving")
	}
	return answers
}

var whileServing = regexp.MustCompile(`2015-09-03T10:[0-9:.]+Z`)

// answer makes a call and returns the reply without what is another one each time.
func (s *liveServer) answer(path, token, params string) string {
	s.t.Helper()
	resp, err := s.client.Post("http://"+s.calls+path+"?access_token="+token, "application/x-www-form-urlencoded", strings.NewReader(params))
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var all map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		s.t.Fatal(err)
	}
	delete(all, "request_id")
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(all); err != nil {
		s.t.Fatal(err)
	}
	return path + " " + text.String()
}

// A real organization goes to PostgreSQL and back, and to PostgreSQL from a
// backup; it answers the same to the byte, to the token that was given before.
func TestClusterEnginesMoveAnOrganization(t *testing.T) {
	t.Parallel()
	dir := kubernetesWorld(t)
	do(t, "import", "--data", dir, "--yes", "--signins", kubernetesFiles+"signins.csv")
	app := doJSON[appSecret](t, "app", "create", "--data", dir, "--name", "x",
		"--permission", "rollcall_contacts_read", "--permission", "rollcall_activity_read", "--permission", "fieldMobile", "--permission", "fieldEmail")
	s := serve(t, dir)
	token := s.token(app)
	want := s.bulk(token)
	s.stop()

	file, backup := newDatabase(t), filepath.Join(t.TempDir(), "k.backup")
	read, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	there, back := strings.TrimSpace(string(read)), filepath.Join(t.TempDir(), "back")
	do(t, "migrate", "--from", "sqlite:"+dir, "--to", there)
	do(t, "migrate", "--from", there, "--to", "sqlite:"+back)
	do(t, "backup", "--database", there, "--out", backup)
	restored := newDatabase(t)
	do(t, "restore", "--database-file", restored, "--key-file", keyPath(dir), "--in", backup)
	copyKey(t, dir, back)
	for what, flags := range map[string][]string{
		"PostgreSQL": {"--database-file", file}, "back in SQLite": {"--database", "sqlite:" + back}, "restored in PostgreSQL": {"--database-file", restored},
	} {
		do(t, append([]string{"check"}, flags...)...)
		s := serve(t, dir, flags...)
		if s.bulk(token) != want {
			t.Errorf("%s answers otherwise", what)
		}
		s.stop()
	}
}
