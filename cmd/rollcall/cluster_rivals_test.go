//go:build cluster

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// What is refused, as an errcode.
const (
	errDeptMissing = 60003
	errUserTaken   = 60102
	errUserMissing = 60121
)

const (
	rivalPeople  = 4
	rivalDepts   = 3
	rivalMobiles = 6
)

// rivals are clients that change the same few people and departments at the same
// time, on all nodes. Everything that they are answered is written down.
type rivals struct {
	*witness
	c     *cluster
	token string
	era   int // part of their userids and mobile numbers
	began time.Time
	made  atomic.Int64 // names so far; none is given twice
	depts [rivalDepts]atomic.Int64
	busy  atomic.Int64 // answers that the system is busy
	lost  atomic.Int64 // calls without an answer
	codes sync.Map     // errcode to how often, *atomic.Int64

	history
}

func newRivals(c *cluster, w *witness, token string, era int) *rivals {
	return &rivals{witness: w, c: c, token: token, era: era, began: time.Now()}
}

// rivalCall is a call, what it is about, and the question that it is.
type rivalCall struct {
	keptCall
	key  string
	slot int // of a department
	path string
	body map[string]any
}

func (r *rivals) userid(n int) string { return fmt.Sprintf("era%d.%d", r.era, n) }

func (r *rivals) name() string { return fmt.Sprintf("Name %d of %d", r.made.Add(1), r.era) }

// mobile is one of a few that nobody else uses.
func (r *rivals) mobile(rng *rand.Rand) string {
	return fmt.Sprintf("199%06d%02d", r.era, rng.IntN(rivalMobiles))
}

// place chooses a department that is there, or was.
func (r *rivals) place(rng *rand.Rand) int64 {
	if id := r.depts[rng.IntN(rivalDepts)].Load(); id != 0 && rng.IntN(3) > 0 {
		return id
	}
	return 1
}

// choose chooses the next call.
func (r *rivals) choose(rng *rand.Rand) rivalCall {
	if rng.IntN(5) < 3 {
		verbs := []keptVerb{keptCreate, keptCreate, keptRename, keptDial, keptMove, keptDelete, keptRead, keptRead, keptRead}
		return r.person(rng, verbs[rng.IntN(len(verbs))], r.userid(rng.IntN(rivalPeople)))
	}
	verbs := []keptVerb{keptRename, keptRename, keptMove, keptDelete, keptRead, keptRead}
	return r.dept(rng, verbs[rng.IntN(len(verbs))], rng.IntN(rivalDepts))
}

func (r *rivals) person(rng *rand.Rand, verb keptVerb, userid string) rivalCall {
	c := rivalCall{keptCall: keptCall{verb: verb}, key: "person " + userid, path: "/topapi/v2/user/update", body: map[string]any{"userid": userid}}
	switch verb {
	case keptCreate:
		c.path, c.name, c.mobile, c.place = "/topapi/v2/user/create", r.name(), r.mobile(rng), r.place(rng)
	case keptRename:
		c.name = r.name()
	case keptDial:
		c.mobile = r.mobile(rng)
	case keptMove:
		c.place = r.place(rng)
	case keptDelete:
		c.path = "/topapi/v2/user/delete"
	case keptRead:
		c.path = "/topapi/v2/user/get"
	}
	if c.name != "" {
		c.body["name"] = c.name
	}
	if c.mobile != "" {
		c.body["mobile"] = c.mobile
	}
	if c.place != 0 {
		c.body["dept_id_list"] = fmt.Sprint(c.place)
	}
	return c
}

func (r *rivals) dept(rng *rand.Rand, verb keptVerb, slot int) rivalCall {
	id := r.depts[slot].Load()
	if id == 0 {
		c := rivalCall{keptCall: keptCall{verb: keptCreate, name: r.name(), place: 1}, slot: slot, path: "/topapi/v2/department/create"}
		c.body = map[string]any{"name": c.name, "parent_id": c.place}
		return c
	}
	c := rivalCall{keptCall: keptCall{verb: verb}, key: fmt.Sprint("department ", id), slot: slot, path: "/topapi/v2/department/update", body: map[string]any{"dept_id": id}}
	switch verb {
	case keptRename:
		c.name = r.name()
		c.body["name"] = c.name
	case keptMove:
		c.place = r.place(rng)
		c.body["parent_id"] = c.place
	case keptDelete:
		c.path = "/topapi/v2/department/delete"
	case keptRead:
		c.path = "/topapi/v2/department/get"
	}
	return c
}

// play makes calls until ctx ends or there were enough. Each client has a node of
// its own and goes to another now and then; what it reads there is no less than
// what it has seen, or no less than what anybody has.
func (r *rivals) play(ctx context.Context, client int, seed uint64, calls int) {
	rng := rand.New(rand.NewPCG(seed, uint64(client)))
	home, own := r.c.nodes[client%len(r.c.nodes)], uint64(0)
	for i := 0; i < calls && ctx.Err() == nil; i++ {
		n, min := home, uint64(0)
		if rng.IntN(3) == 0 {
			n, min = r.c.any(rng), own
		}
		if rng.IntN(2) == 0 {
			min = r.newest()
		}
		own = max(own, r.call(n, client, r.choose(rng), min))
	}
}

// call makes a call, writes down what came of it and returns the version.
func (r *rivals) call(n *clusterNode, client int, c rivalCall, min uint64) (version uint64) {
	if c.verb != keptRead {
		min = 0 // a change is decided on the newest version, whatever the node has
	}
	op := keptOp{Operation: porcupine.Operation{ClientId: client, Input: c.keptCall, Call: time.Since(r.began).Nanoseconds()}}
	newest := r.newest()
	q := question{token: r.token, path: c.path, body: c.body, min: min}
	a, err := r.c.ask(r.t.Context(), n, q)
	op.Return, op.version = time.Since(r.began).Nanoseconds(), a.version
	switch {
	case errors.Is(err, errNotSent):
		return 0
	case err != nil:
		r.lost.Add(1)
		if c.verb != keptRead && c.key != "" {
			op.Return, op.Output = math.MaxInt64, keptAnswer{unknown: true}
			r.note(c.key, op)
		}
		return 0
	case a.code == errBusy: // nothing of it happened
		r.busy.Add(1)
		return 0
	}
	r.hear(n, q, a)
	count, _ := r.codes.LoadOrStore(a.code, &atomic.Int64{})
	count.(*atomic.Int64).Add(1)
	out, err := r.read(&c, a)
	if err != nil {
		r.t.Errorf("node %d: %s: %v", n.number, c.path, err)
		return 0
	}
	op.newest, op.Output = a.version >= newest, out
	if c.key != "" {
		r.note(c.key, op)
	}
	return a.version
}

// read turns an answer into what the model speaks of, and keeps the departments
// that are there.
func (r *rivals) read(c *rivalCall, a answer) (out keptAnswer, err error) {
	ofDept := c.path[:len("/topapi/v2/d")] == "/topapi/v2/d"
	switch {
	case a.code == errUserTaken:
		return keptAnswer{taken: true}, nil
	case a.code == errUserMissing || a.code == errDeptMissing && ofDept:
		return keptAnswer{missing: true}, nil
	case a.code >= 60000 && a.code < 61000:
		return keptAnswer{refused: true}, nil
	case a.code != 0:
		return out, fmt.Errorf("%s", a.text)
	}
	var v struct {
		Name, Mobile string
		DeptIDs      []int64 `json:"dept_id_list"`
		ID           int64   `json:"dept_id"`
		ParentID     int64   `json:"parent_id"`
	}
	switch {
	case c.verb == keptDelete && ofDept:
		r.depts[c.slot].CompareAndSwap(deptOf(c.body), 0)
	case c.verb == keptCreate && ofDept:
		if err := a.result(&v); err != nil {
			return out, err
		}
		c.key = fmt.Sprint("department ", v.ID)
		r.depts[c.slot].Store(v.ID)
	case c.verb == keptRead:
		if err := a.result(&v); err != nil {
			return out, err
		}
		out.seen = kept{true, v.Name, v.Mobile, v.ParentID}
		if !ofDept {
			if len(v.DeptIDs) != 1 {
				return out, fmt.Errorf("the person is in the departments %v", v.DeptIDs)
			}
			out.seen.place = v.DeptIDs[0]
		}
	}
	return out, nil
}

func deptOf(body map[string]any) int64 {
	id, _ := body["dept_id"].(int64)
	return id
}

// readAll reads everyone and everything once more, on every node.
func (r *rivals) readAll() {
	rng := rand.New(rand.NewPCG(0, 0))
	for _, n := range r.c.nodes {
		for p := range rivalPeople {
			r.call(n, -n.number, r.person(rng, keptRead, r.userid(p)), r.newest())
		}
		for slot := range r.depts {
			if r.depts[slot].Load() != 0 {
				r.call(n, -n.number, r.dept(rng, keptRead, slot), r.newest())
			}
		}
	}
}

// count is how often there was an errcode.
func (r *rivals) count(code int) int64 {
	if n, ok := r.codes.Load(code); ok {
		return n.(*atomic.Int64).Load()
	}
	return 0
}

// answers tells how often each errcode was answered.
func (r *rivals) answers() string {
	text := fmt.Sprintf("busy %d, no answer %d", r.busy.Load(), r.lost.Load())
	r.codes.Range(func(code, n any) bool {
		text += fmt.Sprintf(", %d: %d", code, n.(*atomic.Int64).Load())
		return true
	})
	return text
}
