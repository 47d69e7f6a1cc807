//go:build kill

package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/intake"
)

var (
	killRounds = flag.Int("kill.rounds", 50, "rounds of the kill test")
	killSeed   = flag.Uint64("kill.seed", 0, "seed of the kill test; 0 takes one from the clock")
)

// TestKill lets an import, app commands and calls work beside each other and
// kills some of the processes at random moments. Whatever was acknowledged has
// to be there afterwards, and whatever was not is there whole or not at all.
func TestKill(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("go test -tags=kill -run TestKill ./cmd/rollcall -kill.rounds=%d -kill.seed=%d", *killRounds, seed)
	w := newKillWorld(t, rand.New(rand.NewPCG(seed, seed)))
	for round := 1; round <= *killRounds && !t.Failed(); round++ {
		w.play(round)
	}
	t.Logf("%d rounds: %s", *killRounds, w.tally)
	if *killRounds >= 50 {
		for _, what := range []string{"import acknowledged", "import killed, nothing of it there", "app command killed", "server killed"} {
			if w.tally[what] == 0 {
				t.Errorf("the test shows little: never %s", what)
			}
		}
	}
}

// killPeople is how many people the organization has in every round.
const killPeople = 2000

// generation is the organization as one import makes it: the files that an
// export writes of it, byte for byte.
type generation struct {
	round int
	days  []int // rounds of which there are sign-ins
	files map[string]string
}

// after makes the next generation: everyone gets another name, some other
// leaders, one person comes to stay, one for this generation only, and there
// are sign-ins on one more day.
func (g generation) after(round int) generation {
	next := generation{round: round, days: append(slices.Clone(g.days), round)}
	var depts, users, signIns strings.Builder
	depts.WriteString("dept_id,parent_id,name,source_identifier,brief\n")
	fmt.Fprintf(&depts, "1,,Kill %d,,generation %d\n", round, round)
	for d := 2; d < 30; d++ {
		fmt.Fprintf(&depts, "%d,%d,Department %d of %d,,\n", d, d/2, d, round)
	}
	users.WriteString("userid,name,dept_id_list,leader_in_dept\n")
	for i := range killPeople {
		a, b, leads := 1+i%29, 0, ""
		if i%10 == 0 {
			b = a + 1
		}
		list := fmt.Sprint(a)
		if b > 0 && b < 30 {
			list += fmt.Sprintf(";%d", b)
		}
		if (i+round)%3 == 0 {
			leads = fmt.Sprint(a)
		}
		fmt.Fprintf(&users, "p%04d,Person %d of %d,%s,%s\n", i, i, round, list, leads)
	}
	for _, k := range next.days {
		fmt.Fprintf(&users, "stays%d,Stays %d of %d,1,\n", k, k, round)
	}
	fmt.Fprintf(&users, "goes%d,Goes of %d,2,\n", round, round)
	signIns.WriteString("date,userid\n")
	for _, k := range next.days {
		day := time.Date(2020, 1, 1+k, 0, 0, 0, 0, time.UTC).Format("20060102")
		for i := k % 7; i < killPeople; i += 7 {
			fmt.Fprintf(&signIns, "%s,p%04d\n", day, i)
		}
	}
	next.files = map[string]string{
		intake.DepartmentsFile: depts.String(), intake.UsersFile: users.String(), intake.SignInsFile: signIns.String(),
	}
	return next
}

func (g generation) people() int { return killPeople + len(g.days) + 1 }

// killApp is an app as far as it is known.
type killApp struct {
	key, secret string
	token       string // the last one that was acknowledged, or empty
}

func (a killApp) credentials() appSecret { return appSecret{Appkey: a.key, Appsecret: a.secret} }

// appOp is one app command.
type appOp struct {
	kind  string // create, rotate-secret, delete
	app   killApp
	fresh string // the secret that the command sets
	acked bool
}

type killWorld struct {
	t      *testing.T
	rng    *rand.Rand
	dir    string
	files  string
	server *liveServer

	now     generation
	version uint64
	apps    map[string]killApp
	made    int // apps so far
	tally   tally

	importTakes, appTakes time.Duration // undisturbed
}

func newKillWorld(t *testing.T, rng *rand.Rand) *killWorld {
	w := &killWorld{
		t: t, rng: rng, dir: filepath.Join(t.TempDir(), "data"), files: t.TempDir(),
		apps: map[string]killApp{}, tally: tally{},
	}
	do(t, "init", "--data", w.dir, "--name", "Kill", "--timezone", "UTC")
	do(t, "settings", "--data", w.dir, "activity.retention_days", "0") // the days are long ago
	// Undisturbed at first: it shows that the files come out as they went in,
	// and how long the commands take.
	for round := range 2 {
		next := w.now.after(round)
		began := time.Now()
		do(t, append(w.importArgs(next), "--yes")...)
		w.importTakes = time.Since(began)
		if got := w.export(); !maps.Equal(got, next.files) {
			t.Fatalf("the export is not what was imported:\n%.500s\nwanted\n%.500s", got[intake.UsersFile], next.files[intake.UsersFile])
		}
		w.now = next
	}
	for range 4 {
		op := w.newCreate()
		began := time.Now()
		do(t, w.opArgs(&op)...)
		w.appTakes = time.Since(began)
		w.apps[op.app.key] = op.app
	}
	w.version = w.check().Version
	w.start()
	t.Logf("an import takes %s, an app command %s", w.importTakes.Round(time.Millisecond), w.appTakes.Round(time.Millisecond))
	return w
}

func (w *killWorld) start() { w.server = serve(w.t, w.dir, "--log-level", "info") }

func (w *killWorld) importArgs(g generation) []string {
	args := []string{"import", "--data", w.dir, "--replace", "--json"}
	for name, flag := range map[string]string{
		intake.DepartmentsFile: "--departments", intake.UsersFile: "--users", intake.SignInsFile: "--signins",
	} {
		args = append(args, flag, write(w.t, w.files, name, g.files[name]))
	}
	return args
}

func (w *killWorld) newSecret() string { return fmt.Sprintf("secret-%016x", w.rng.Uint64()) }

func (w *killWorld) newCreate() appOp {
	w.made++
	a := killApp{key: fmt.Sprintf("kill.%d", w.made), secret: w.newSecret()}
	return appOp{kind: "create", app: a, fresh: a.secret}
}

// opArgs is the command line of an app command. Secrets are chosen here, so
// that they are known also where the command could not say them any more.
func (w *killWorld) opArgs(op *appOp) []string {
	args := []string{"app", op.kind, "--data", w.dir}
	if op.kind != "delete" {
		args = append(args, "--json", "--appsecret-file", write(w.t, w.files, op.app.key+"."+op.kind, op.fresh))
	}
	if op.kind == "create" {
		return append(args, "--name", "kill", "--appkey", op.app.key, "--permission", "qyapi_get_member,qyapi_get_department_member")
	}
	return append(args, op.app.key)
}

// check runs rollcall check, which has to pass.
func (w *killWorld) check() checked {
	w.t.Helper()
	return doJSON[[]checked](w.t, "check", "--data", w.dir)[0]
}

// export returns the files of an export.
func (w *killWorld) export() map[string]string {
	w.t.Helper()
	out := filepath.Join(w.files, "export")
	do(w.t, "export", "--data", w.dir, "--out", out)
	files := map[string]string{}
	for _, name := range []string{intake.DepartmentsFile, intake.UsersFile, intake.SignInsFile} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			w.t.Fatal(err)
		}
		files[name] = string(b)
	}
	return files
}

// doomed is a command that may be killed.
type doomed struct {
	cmd       *exec.Cmd
	out, errs bytes.Buffer
	acked     bool
}

// finish runs a command to its end, or to the random moment. It is acknowledged
// when it has said everything and its exit code is 0.
func finish(t *testing.T, args []string, kill bool, delay time.Duration) *doomed {
	d := &doomed{cmd: command(args...)}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.errs
	if err := d.cmd.Start(); err != nil {
		t.Error(err)
		return d
	}
	if kill {
		time.Sleep(delay) // the random moment
		_ = d.cmd.Process.Kill()
	}
	err := d.cmd.Wait()
	d.acked = err == nil
	if !kill && err != nil {
		t.Errorf("rollcall %s: %v\n%s", strings.Join(args, " "), err, d.errs.String())
	}
	if strings.Contains(d.errs.String(), "DATA RACE") {
		t.Errorf("rollcall %s:\n%s", strings.Join(args, " "), d.errs.String())
	}
	return d
}

// play is one round.
func (w *killWorld) play(round int) {
	t := w.t
	next := w.now.after(round + 1) // 0 and 1 were undisturbed
	ops := w.chooseOps()
	victims := 1 + w.rng.IntN(7) // a set of: server, import, an app command
	killServer, killImport, killApp := victims&1 != 0, victims&2 != 0, victims&4 != 0
	moment := func(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }
	serverAt, importAt, appAt, victim := moment(w.importTakes), moment(w.importTakes), moment(w.appTakes), w.rng.IntN(len(ops))
	story := fmt.Sprintf("round %d", round)
	if killServer {
		story += fmt.Sprintf(", server after %s", serverAt)
	}
	if killImport {
		story += fmt.Sprintf(", import after %s", importAt)
	}
	if killApp {
		story += fmt.Sprintf(", app %s after %s", ops[victim].kind, appAt)
	}
	defer func() {
		if t.Failed() {
			t.Logf("in %s", story)
		}
	}()

	var work, calling sync.WaitGroup
	callersEnd := make(chan struct{})
	calling.Go(func() { w.callUntil(callersEnd, killServer, ops, next) })
	var imported *doomed
	args := w.importArgs(next)
	work.Go(func() { imported = finish(t, args, killImport, importAt) })
	opArgs := make([][]string, len(ops))
	for i := range ops {
		opArgs[i] = w.opArgs(&ops[i])
	}
	work.Go(func() {
		for i := range ops {
			d := finish(t, opArgs[i], killApp && i == victim, appAt)
			ops[i].acked = d.acked
			var said appSecret
			if d.acked && ops[i].kind != "delete" && (json.Unmarshal(d.out.Bytes(), &said) != nil || said.Appsecret != ops[i].fresh) {
				t.Errorf("app %s says %q", ops[i].kind, d.out.String())
			}
		}
	})
	if killServer {
		time.Sleep(serverAt) // the random moment
		w.server.kill()
	}
	work.Wait()
	close(callersEnd)
	calling.Wait()
	if strings.Contains(w.server.log(), "DATA RACE") {
		t.Errorf("the server:\n%s", w.server.log())
	}
	if killServer {
		w.tally["server killed"]++
		w.start()
	}
	if t.Failed() {
		return
	}
	w.verify(next, imported, ops)
	if killApp {
		w.tally["app command killed"]++
	}
}

// chooseOps chooses app commands, each about another app.
func (w *killWorld) chooseOps() (ops []appOp) {
	keys := slices.Sorted(maps.Keys(w.apps))
	w.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for range 1 + w.rng.IntN(3) {
		switch what := w.rng.IntN(5); {
		case what < 2 || len(keys) < 3: // two apps at least are left alone
			ops = append(ops, w.newCreate())
		case what < 4:
			ops = append(ops, appOp{kind: "rotate-secret", app: w.apps[keys[0]], fresh: w.newSecret()})
			keys = keys[1:]
		default:
			ops = append(ops, appOp{kind: "delete", app: w.apps[keys[0]]})
			keys = keys[1:]
		}
	}
	return ops
}

// callUntil asks for tokens and reads, with the apps that are left alone. What
// is read is of one generation, the old one or the next.
func (w *killWorld) callUntil(end <-chan struct{}, mayDie bool, ops []appOp, next generation) {
	var alone []string
	for key := range w.apps {
		if !slices.ContainsFunc(ops, func(op appOp) bool { return op.app.key == key }) {
			alone = append(alone, key)
		}
	}
	for i := 0; ; i++ {
		select {
		case <-end:
			return
		default:
		}
		a := w.apps[alone[i%len(alone)]]
		r, err := w.server.post("/gettoken", form("appkey", a.key, "appsecret", a.secret))
		if err != nil && mayDie {
			return
		}
		if err != nil || r.Errcode != 0 || r.Token == "" {
			w.t.Errorf("gettoken: %+v, %v", r, err)
			return
		}
		if a.token != "" && a.token != r.Token {
			w.t.Error("an app gets another token while it has one")
			return
		}
		a.token = r.Token
		w.apps[a.key] = a
		if err := w.read(a.token, w.now, next); err != nil {
			if !mayDie {
				w.t.Error(err)
			}
			return
		}
	}
}

var ofGeneration = regexp.MustCompile(` of (\d+)$`)

// read reads a page of people, which has to be of one of the generations.
func (w *killWorld) read(token string, allowed ...generation) error {
	r, err := w.server.post("/topapi/user/listsimple", form("access_token", token, "dept_id", "2", "cursor", "0", "size", "100"))
	if err != nil {
		return err
	}
	list, ok := r.Result["list"].([]any)
	if !ok || len(list) == 0 {
		return fmt.Errorf("listsimple: %+v", r)
	}
	of := map[string]bool{}
	for _, x := range list {
		name := x.(map[string]any)["name"].(string)
		of[ofGeneration.FindStringSubmatch(name)[1]] = true
	}
	for _, g := range allowed {
		if len(of) == 1 && of[fmt.Sprint(g.round)] {
			return nil
		}
	}
	return fmt.Errorf("a page has people of the generations %v", of)
}

// verify holds the directory, and the server, against what was acknowledged.
func (w *killWorld) verify(next generation, imported *doomed, ops []appOp) {
	t := w.t
	state := w.check()

	// The import, whole or not at all.
	moved := uint64(0)
	switch got := w.export(); {
	case maps.Equal(got, next.files):
		w.now, moved = next, 1
		if imported.acked {
			w.tally["import acknowledged"]++
		} else {
			w.tally["import killed, all of it there"]++
		}
	case !maps.Equal(got, w.now.files):
		t.Fatalf("the export is neither what was before nor what the import brought:\n%.300s", got[intake.UsersFile])
	case imported.acked:
		t.Fatalf("an acknowledged import is not there: %s", imported.out.String())
	default:
		w.tally["import killed, nothing of it there"]++
	}
	if state.Present != w.now.people() {
		t.Fatalf("%d people, not %d", state.Present, w.now.people())
	}

	// A server that went on running has to come by what the others did; one that
	// was started has everything.
	want := fmt.Sprintf("{corp_id=%q} %d\n", state.CorpID, state.Version)
	eventually(t, "the server shows the newest version", func() bool {
		_, metrics := w.server.get("/metrics")
		return strings.Contains(metrics, "rollcall_org_version"+want)
	})

	listed := map[string]bool{}
	for _, a := range doJSON[[]appRow](t, "app", "list", "--data", w.dir) {
		listed[a.Appkey] = true
	}
	for _, op := range ops {
		moved += w.settle(op, listed[op.app.key])
	}
	if state.Version != w.version+moved {
		t.Errorf("the version went from %d to %d; %d changes are there", w.version, state.Version, moved)
	}
	w.version = state.Version
	if len(listed) != len(w.apps) {
		t.Errorf("%d apps are listed, %d are known", len(listed), len(w.apps))
	}

	// Every acknowledged token opens, and every app gets a token.
	for key, a := range w.apps {
		if a.token != "" {
			if err := w.read(a.token, w.now); err != nil {
				t.Errorf("the acknowledged token of %s: %v", key, err)
			}
		}
		r := w.server.gettoken(a.credentials())
		if r.Errcode != 0 || a.token != "" && r.Token != a.token {
			t.Errorf("%s, which had the token %q, gets %+v", key, a.token, r)
		}
		a.token = r.Token
		w.apps[key] = a
	}
}

// settle finds out what became of an app command and returns how many versions
// it made.
func (w *killWorld) settle(op appOp, listed bool) uint64 {
	works := func(secret string) bool {
		switch r := w.server.gettoken(appSecret{Appkey: op.app.key, Appsecret: secret}); r.Errcode {
		case 0:
			return true
		case 40096:
			return false
		default:
			w.t.Errorf("gettoken: %+v", r)
			return false
		}
	}
	opens := func() bool { return op.app.token != "" && w.read(op.app.token, w.now) == nil }
	fail := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("app %s %s (acknowledged: %v): %s", op.kind, op.app.key, op.acked, fmt.Sprintf(format, args...))
	}
	happened := false
	switch op.kind {
	case "create":
		happened = listed
		if works(op.fresh) != listed {
			fail("it is listed: %v, and its secret works: %v", listed, !listed)
		}
		if listed {
			w.apps[op.app.key] = op.app
		}
	case "delete":
		happened = !listed
		if opens() != (listed && op.app.token != "") || works(op.app.secret) != listed {
			fail("it is listed: %v, its token opens: %v", listed, opens())
		}
		if happened {
			delete(w.apps, op.app.key)
		}
	case "rotate-secret":
		stillOpen := opens() // before anything gives it a new token
		happened = works(op.fresh)
		if works(op.app.secret) == happened {
			fail("the new secret works: %v, and so does the old one: %v", happened, happened)
		}
		if stillOpen != (!happened && op.app.token != "") {
			fail("the new secret works: %v, the old token opens: %v", happened, stillOpen)
		}
		if happened {
			op.app.secret, op.app.token = op.fresh, ""
			w.apps[op.app.key] = op.app
		}
	}
	outcome := "killed, not there"
	if happened {
		outcome = "killed, there"
	}
	if op.acked {
		outcome = "acknowledged"
	}
	w.tally["app "+op.kind+" "+outcome]++
	if op.acked && !happened {
		fail("it is not there")
	}
	if happened {
		return 1
	}
	return 0
}
