package directory_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"

	"pgregory.net/rapid"
)

// An era is a version that was kept, with what it showed when it was new.
type era struct {
	root  *directory.Root
	model *modeltest.Model
}

// check is also about people who were not there yet.
func (e era) check(t *rapid.T, page int, seen modeltest.Seen) {
	t.Helper()
	agree(t, e.root, e.model, page)
	agreeFound(t, e.root, e.model, seen)
}

// Whatever happens to an organization: every version shows what the naive model
// shows, for ever, in memory as after loading.
func TestEveryVersionShowsWhatTheModelShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pages := []int{1, 7, 100}
	rapid.Check(t, func(t *rapid.T) {
		pick := picker(t)
		w.clock.Set(start)
		corp, model := w.solo(t)
		ops := modeltest.Operations{Pick: pick, People: 30, NoCrowds: true}
		if pick(8) == 0 { // beyond what one block of people holds
			ops = modeltest.Operations{Pick: pick, People: 150}
		}
		eras := []era{{corp.Current(), model.Clone()}}
		for range 1 + pick(20) {
			w.clock.Advance([]time.Duration{0, time.Millisecond, time.Hour, 25 * time.Hour, -time.Hour}[pick(5)])
			changes := ops.Transaction(model, rollcall.At(w.clock.Now()))
			if len(changes) == 0 {
				continue
			}
			logChanges(t, changes)
			do(t, corp, model, changes...)
			root := corp.Current()
			agree(t, root, model, pages[pick(len(pages))])
			checkOffsets(t, root, pick)
			for range 5 {
				instants := model.Instants()
				agreeAt(t, root, model, instants[pick(len(instants))])
			}
			agreeTimeline(t, root, model, pick)
			eras[pick(len(eras))].check(t, pages[pick(len(pages))], model.Seen)
			eras = append(eras, era{root, model.Clone()})
			checkBelongingSame(t, root, model, eras[pick(len(eras))])
			if pick(4) == 0 {
				sameAfresh(t, w, root)
			}
		}
		root := corp.Current()
		for _, e := range eras {
			e.check(t, 7, model.Seen)
		}
		for range 20 {
			instants := model.Instants()
			agreeAt(t, root, model, instants[pick(len(instants))])
		}
		for range 10 {
			agreeTimeline(t, root, model, pick)
		}
		sameAfresh(t, w, root)
	})
}

// picker chooses one of n, bit by bit: rapid's own numbers are mostly small.
func picker(t *rapid.T) func(n int) int {
	return func(n int) int {
		v := 0
		for bits := n - 1; bits > 0; bits >>= 1 {
			v <<= 1
			if rapid.Bool().Draw(t, "bit") {
				v++
			}
		}
		return v % n
	}
}

func logChanges(t *rapid.T, changes []rollcall.Change) {
	for i := range changes {
		c := &changes[i]
		values, _ := json.Marshal(c.Payload)
		t.Logf("%d %s person %d dept %d %s", c.At, c.Kind, c.Ordinal, c.DeptID, values)
	}
}

// checkOffsets reads a list from anywhere, also beyond its end.
func checkOffsets(t *rapid.T, r *directory.Root, pick func(int) int) {
	t.Helper()
	for d := range r.Depts() {
		order := rollcall.Orders()[pick(len(rollcall.Orders()))]
		members, ok := r.Members(d.ID, order, rollcall.English, pick(2) == 1)
		if !ok {
			t.Fatalf("department %d has no list", d.ID)
		}
		all := members.Append(nil, 0, members.Len())
		if len(all) != members.Len() {
			t.Fatalf("department %d %s: %d of %d members", d.ID, order, len(all), members.Len())
		}
		offset, n := pick(len(all)+2), pick(101)
		got := members.Append([]uint32{99}, offset, n)
		from := min(offset, len(all))
		want := append([]uint32{99}, all[from:min(from+n, len(all))]...)
		if !slices.Equal(got, want) {
			t.Fatalf("department %d %s: %d members from %d on are %v and not %v", d.ID, order, n, offset, got, want)
		}
	}
}

// checkBelongingSame: what is said to be the same since an earlier version must
// be the same.
func checkBelongingSame(t *rapid.T, now *directory.Root, model *modeltest.Model, then era) {
	t.Helper()
	for _, at := range model.Instants() {
		if !now.BelongingSame(then.root.Version(), at) {
			return
		}
		if d := modeltest.Differ(modeltest.Past(now, at), modeltest.Past(then.root, at)); d != "" {
			t.Fatalf("versions %d and %d are said to have the same belongings before %d: %s", then.root.Version(), now.Version(), at, d)
		}
	}
}

// An intent sees what the version before has.
func TestAnIntentSeesTheNewestVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		pick := picker(t)
		corp, model := w.solo(t)
		ops := modeltest.Operations{Pick: pick, People: 20, NoCrowds: true}
		for range 1 + pick(6) {
			w.clock.Advance(time.Minute)
			changes := ops.Transaction(model, rollcall.At(w.clock.Now()))
			_, err := corp.Do(context.Background(), "test", func(s *directory.State) (directory.Batch, error) {
				return directory.Batch{Changes: changes}, blind(s, model)
			})
			if err != nil {
				t.Fatalf("%v", err)
			}
			for i := range changes {
				changes[i].At = rollcall.At(w.clock.Now())
			}
			model.Apply(changes)
		}
	})
}

// Intents that share a transaction see what those before them decided, and
// together they come to the same as one after the other.
func TestIntentsOfOneTransactionSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		pick := picker(rt)
		w.clock.Set(start)
		model := w.newCorp(rt)
		ops := modeltest.Operations{Pick: pick, People: 20, NoCrowds: true}
		for range 1 + pick(6) {
			w.clock.Advance(time.Minute)
			steps := ops.Steps(model, rollcall.At(w.clock.Now()))
			var intents []directory.Intent
			for _, changes := range steps {
				logChanges(rt, changes)
				before := model.Clone()
				intents = append(intents, func(s *directory.State) (directory.Batch, error) {
					return directory.Batch{Changes: changes}, blind(s, before)
				})
				model.Apply(changes)
			}
			corp, results := together(rt, w, model.Corp.ID, intents...)
			for i, r := range results {
				if r.err != nil {
					rt.Fatalf("step %d: %v", i, r.err)
				}
				if r.out.Version != results[0].out.Version {
					rt.Fatalf("step %d is version %d, the first is %d", i, r.out.Version, results[0].out.Version)
				}
			}
			agree(rt, corp.Current(), model, 7)
			sameAfresh(rt, w, corp.Current())
		}
	})
}
