package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"rollcall/internal/api"
	"rollcall/internal/directory"
)

// recorder makes calls and writes down when they began, what they were, when
// they ended and how.
type recorder struct {
	t      testing.TB
	base   string
	token  string
	client *http.Client
	began  time.Time
	last   atomic.Int64 // the largest id of a department that a client has seen

	mu      sync.Mutex
	history []porcupine.Operation
}

func userID(n int) string { return fmt.Sprintf("person%d", n) }
func name(n int) string   { return fmt.Sprintf("Name %d", n) }
func mobile(n int) string { return fmt.Sprintf("1390000%04d", n) }

// request makes the path and the body of a call.
func (a asked) request() (path string, body map[string]any) {
	switch a.verb {
	case createsUser:
		return "/topapi/v2/user/create", map[string]any{"userid": userID(a.user), "name": name(a.name), "mobile": mobile(a.mobile), "dept_id_list": fmt.Sprint(a.given)}
	case renamesUser:
		return "/topapi/v2/user/update", map[string]any{"userid": userID(a.user), "name": name(a.name)}
	case dialsUser:
		return "/topapi/v2/user/update", map[string]any{"userid": userID(a.user), "mobile": mobile(a.mobile)}
	case movesUser:
		return "/topapi/v2/user/update", map[string]any{"userid": userID(a.user), "dept_id_list": fmt.Sprint(a.given)}
	case deletesUser:
		return "/topapi/v2/user/delete", map[string]any{"userid": userID(a.user)}
	case readsUser:
		return "/topapi/v2/user/get", map[string]any{"userid": userID(a.user)}
	case createsDept:
		return "/topapi/v2/department/create", map[string]any{"name": name(a.name), "parent_id": a.parent}
	case renamesDept:
		return "/topapi/v2/department/update", map[string]any{"dept_id": a.dept, "name": name(a.name)}
	case movesDept:
		return "/topapi/v2/department/update", map[string]any{"dept_id": a.dept, "parent_id": a.parent}
	case deletesDept:
		return "/topapi/v2/department/delete", map[string]any{"dept_id": a.dept}
	case readsDept:
		return "/topapi/v2/department/get", map[string]any{"dept_id": a.dept}
	default:
		return "/topapi/user/listid", map[string]any{"dept_id": a.dept}
	}
}

// call makes a call and records it. Without an answer it may happen at any time
// from then on.
func (r *recorder) call(ctx context.Context, client int, a asked) {
	op := porcupine.Operation{ClientId: client, Input: a, Call: time.Since(r.began).Nanoseconds()}
	out, err := r.ask(ctx, a)
	op.Return = time.Since(r.began).Nanoseconds()
	if err != nil && ctx.Err() == nil {
		r.t.Errorf("%s: %v", a.verb, err)
	}
	if out.unknown = err != nil || out.code == -1; out.unknown {
		op.Return = math.MaxInt64
	}
	op.Output = out
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, op)
}

func (r *recorder) ask(ctx context.Context, a asked) (out answered, err error) {
	path, params := a.request()
	body, err := json.Marshal(params)
	if err != nil {
		return out, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.base+path+"?access_token="+r.token, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return out, err
	}
	e, err := reply{body: string(text)}.open()
	if err != nil || e.Errcode != 0 {
		return answered{code: e.Errcode}, err
	}
	err = r.read(a, e.Result, &out)
	return out, err
}

// read turns a result into what the model speaks of.
func (r *recorder) read(a asked, result json.RawMessage, out *answered) error {
	number := func(s, format string) (n int) {
		if _, err := fmt.Sscanf(s, format, &n); err != nil {
			r.t.Errorf("%s: %q: %v", a.verb, s, err)
		}
		return n
	}
	var v struct {
		Name, Mobile string
		DeptIDs      []int    `json:"dept_id_list"`
		ID           int      `json:"dept_id"`
		ParentID     int      `json:"parent_id"`
		UserIDs      []string `json:"userid_list"`
	}
	if len(result) > 0 {
		if err := json.Unmarshal(result, &v); err != nil {
			return err
		}
	}
	switch a.verb {
	case createsDept:
		out.id = v.ID
		for seen := r.last.Load(); seen < int64(v.ID) && !r.last.CompareAndSwap(seen, int64(v.ID)); seen = r.last.Load() {
		}
	case readsUser:
		if len(v.DeptIDs) != 1 {
			return fmt.Errorf("the person is in the departments %v", v.DeptIDs)
		}
		out.user = serialUser{true, number(v.Name, "Name %d"), number(strings.TrimPrefix(v.Mobile, "1390000"), "%d"), v.DeptIDs[0]}
	case readsDept:
		out.dept = serialDept{true, number(v.Name, "Name %d"), v.ParentID}
	case readsList:
		for _, id := range v.UserIDs {
			out.members[number(id, "person%d")] = true
		}
	}
	return nil
}

// any chooses a call. People, names and numbers are few, so that clients get in
// each other's way; departments are among those that were there or may come.
func (r *recorder) any(rng *rand.Rand) asked {
	verbs := []verb{
		createsUser, createsUser, createsUser, renamesUser, dialsUser, dialsUser, movesUser, movesUser, deletesUser, readsUser, readsUser,
		createsDept, createsDept, renamesDept, movesDept, movesDept, deletesDept, deletesDept, readsDept, readsList, readsList,
	}
	dept := func(from int) int {
		newest := int(r.last.Load())
		return from + rng.IntN(min(newest, serialDepts-2)+2-from)
	}
	recent := func() int { return max(2, dept(2)-rng.IntN(2)) }
	return asked{
		verb: verbs[rng.IntN(len(verbs))], user: rng.IntN(serialPeople), name: rng.IntN(3), mobile: rng.IntN(3),
		dept: recent(), parent: dept(1), given: dept(1),
	}
}

// impatient is a context that ends after a moment, in the middle of the call or
// after it.
func impatient(ctx context.Context, rng *rand.Rand) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	turns := rng.IntN(200)
	go func() {
		for range turns {
			runtime.Gosched()
		}
		cancel()
	}()
	return ctx, cancel
}

// A crowd is so many clients with so many calls each. Those who are hasty go away
// once without waiting for the answer.
type crowd struct{ clients, calls, hasty int }

// record lets clients call at the same time, then reads everything.
func (c crowd) record(t *testing.T, corpID string, seed uint64) (*world, []porcupine.Operation) {
	w := newWorld(t, corpID, at(t, plainNow))
	a := everything(corpID+"-everything", "a-secret-of-everything")
	w.add(a)
	w.serve(nil)
	r := &recorder{
		t: t, base: "http://" + w.addr, token: w.token(a), began: time.Now(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: c.clients}, Timeout: patience},
	}
	t.Cleanup(r.client.CloseIdleConnections)
	r.last.Store(1)
	var work sync.WaitGroup
	for n := range c.clients {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			goesAway := rng.IntN(c.calls)
			for i := range c.calls {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if n < c.hasty && i == goesAway {
					ctx, cancel = impatient(ctx, rng)
				}
				r.call(ctx, n, r.any(rng))
				cancel()
			}
		})
	}
	work.Wait()
	// Somebody is there to be read, and a department.
	r.call(t.Context(), 0, asked{verb: createsUser, given: 1})
	r.call(t.Context(), 0, asked{verb: createsDept, parent: 1})
	for i := range serialPeople {
		r.call(t.Context(), 0, asked{verb: readsUser, user: i})
	}
	for id := range int(r.last.Load()) {
		if id > 0 {
			r.call(t.Context(), 0, asked{verb: readsDept, dept: id + 1})
		}
		r.call(t.Context(), 0, asked{verb: readsList, dept: id + 1})
	}
	return w, r.history
}

// explain fails unless some order of the calls explains all answers.
func explain(t *testing.T, history []porcupine.Operation) {
	t.Helper()
	switch porcupine.CheckOperationsTimeout(serialModel(), history, patience) {
	case porcupine.Ok:
	case porcupine.Unknown:
		t.Error("the checker has found neither an order nor that there is none")
	case porcupine.Illegal:
		slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
		for _, op := range history {
			t.Logf("client %d, %d to %d: %+v -> %+v", op.ClientId, op.Call, op.Return, op.Input, op.Output)
		}
		t.Error("no order of the calls explains the answers")
	}
}

// Clients that create, rename, move and delete the same people and departments at
// the same time get answers as if one call had come after the other.
func TestSomeOrderExplainsWhatClientsSee(t *testing.T) {
	t.Parallel()
	first := rand.Uint64()
	for n := range uint64(5) {
		seed := first + n
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			t.Logf("seed %d", seed)
			w, history := crowd{clients: 6, calls: 30, hasty: 6}.record(t, fmt.Sprintf("linear%d", n), seed)
			explain(t, history)
			if _, err := w.org.Current().Verify(); err != nil {
				t.Error(err)
			}
			opt := directory.Options{Store: w.store, Encoder: api.Card{}, Keyer: keyer, Clock: w.clock}
			if _, err := directory.CheckStore(t.Context(), w.org.ID(), opt); err != nil {
				t.Error(err)
			}
			codes := map[int]int{}
			for _, op := range history {
				codes[op.Output.(answered).code]++
			}
			if len(codes) < 6 {
				t.Errorf("the clients hardly met: errcodes %v", codes)
			}
		})
	}
}

// A history that was true until one answer was changed has no order any more. Nobody
// goes away: a call that may have happened at any time makes refusing take for ever.
func TestAChangedAnswerHasNoOrder(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	_, history := crowd{clients: 4, calls: 40}.record(t, "changed", seed)
	changed := map[verb]int{}
	for i, op := range history {
		v, out := op.Input.(asked).verb, op.Output.(answered)
		if out.unknown || out.code != 0 || changed[v] == 2 {
			continue
		}
		switch v {
		case readsUser:
			out.user.name += 100
		case readsDept:
			out.dept.parent += 100
		case createsDept:
			out.id++
		default:
			continue
		}
		changed[v]++
		wrong := slices.Clone(history)
		wrong[i].Output = out
		switch porcupine.CheckOperationsTimeout(serialModel(), wrong, patience) {
		case porcupine.Ok:
			t.Errorf("the checker believes %+v -> %+v", op.Input, out)
		case porcupine.Unknown:
			t.Errorf("the checker does not know of %+v -> %+v", op.Input, out)
		}
	}
	if len(changed) != 3 {
		t.Errorf("of each kind were changed: %v", changed)
	}
}
