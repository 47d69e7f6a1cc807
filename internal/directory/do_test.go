package directory_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"rollcall"
	"rollcall/internal/directory"
)

// result is what Do returned.
type result struct {
	out directory.Outcome
	err error
}

// gate holds the first transaction of an organization back, so that what comes
// meanwhile waits and then shares the next one.
type gate struct {
	corp   *directory.Corp
	store  *faulty
	opened chan struct{}
}

// shut opens an organization through a store whose first transaction begins
// only when the gate is opened. Whoever asked for it has given up by then.
func shut(t tb, w *world, corpID string) *gate {
	g := &gate{opened: make(chan struct{})}
	first := make(chan struct{})
	var once sync.Once
	g.store = &faulty{Store: w.store, begin: func() error {
		once.Do(func() {
			close(first)
			<-g.opened
		})
		return nil
	}}
	g.corp = w.open(t, g.store, corpID)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = g.corp.Do(ctx, "gate", want())
	}()
	<-first
	cancel()
	<-done
	return g
}

// queue lets intents wait, one after the other, and returns where their results
// will be.
func (g *gate) queue(intents ...directory.Intent) []chan result {
	var results []chan result
	for _, in := range intents {
		n := g.corp.Waiting()
		c := make(chan result, 1)
		go func() {
			out, err := g.corp.Do(context.Background(), "test", in)
			c <- result{out, err}
		}()
		g.await(n + 1)
		results = append(results, c)
	}
	return results
}

func (g *gate) await(waiting int) {
	for g.corp.Waiting() != waiting {
		runtime.Gosched()
	}
}

// together carries out intents in one transaction.
func together(t tb, w *world, corpID string, intents ...directory.Intent) (*directory.Corp, []result) {
	g := shut(t, w, corpID)
	channels := g.queue(intents...)
	close(g.opened)
	var results []result
	for _, c := range channels {
		results = append(results, <-c)
	}
	return g.corp, results
}

func TestDoReturnsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	out, err := corp.Do(t.Context(), "importer", want(joined(0, "a", "Anna"), added(0, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if out.Version != 1 || len(out.Changes) != 2 {
		t.Fatalf("got %+v", out)
	}
	for _, c := range out.Changes {
		if c.By != "importer" || c.At != rollcall.At(start) || c.Version != 1 {
			t.Errorf("change %+v", c)
		}
	}
	model.Apply(out.Changes)
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

func TestNothingToDoMakesNoVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, joined(0, "a", "Anna"))
	before := corp.Current()
	out, err := corp.Do(t.Context(), "test", want())
	if err != nil || out.Version != 1 || corp.Current() != before {
		t.Fatalf("got %+v, %v; the same root: %v", out, err, corp.Current() == before)
	}
}

func TestARefusedIntentLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	refused := errors.New("I do not want to")
	before := corp.Current()
	out, err := corp.Do(t.Context(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: []rollcall.Change{joined(0, "a", "Anna")}}, refused
	})
	if !errors.Is(err, refused) || out.Version != 0 || out.Changes != nil {
		t.Fatalf("got %+v, %v", out, err)
	}
	if corp.Current() != before {
		t.Fatal("there is another version")
	}
	do(t, corp, model, joined(0, "b", "Bob"))
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

// Whatever does not fit the state fails, alone: what came before and after it
// in the same transaction is done.
func TestWhatDoesNotFitFailsAlone(t *testing.T) {
	t.Parallel()
	change := func(k rollcall.Kind, o rollcall.Ordinal, id rollcall.DeptID, p rollcall.Payload) rollcall.Change {
		return rollcall.Change{Kind: k, Ordinal: o, DeptID: id, Payload: p}
	}
	app := func(k rollcall.Kind, appkey string) rollcall.Change {
		return change(k, 0, 0, rollcall.Payload{App: &rollcall.App{Appkey: appkey}})
	}
	member := rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{Title: ptr("x")}}
	// Person 0 is in department 2, person 1 in none, person 2 has left;
	// department 3 is below 2, and 4 was deleted.
	tests := map[string][]rollcall.Change{
		"unknown kind":                          {change("no_such_kind", 0, 0, rollcall.Payload{})},
		"ordinal left out":                      {joined(99, "new", "New")},
		"userid taken by a new ordinal":         {joined(3, "a", "New")},
		"present person joins":                  {joined(0, "a", "Anna")},
		"ordinal of another userid":             {joined(2, "other", "Other")},
		"unknown person updated":                {updated(99, rollcall.UserUpdate{Name: ptr("x")})},
		"left person updated":                   {updated(2, rollcall.UserUpdate{Name: ptr("x")})},
		"unknown person activated":              {change(rollcall.UserActivated, 99, 0, rollcall.Payload{})},
		"unknown person leaves":                 {left(99)},
		"left person leaves":                    {left(2)},
		"member leaves":                         {left(0)},
		"left person enters":                    {added(2, 2)},
		"unknown person enters":                 {added(99, 2)},
		"present member enters":                 {added(0, 2)},
		"into an unknown department":            {added(0, 99)},
		"into a deleted department":             {added(0, 4)},
		"unknown membership updated":            {change(rollcall.MemberUpdated, 1, 2, member)},
		"left person's membership updated":      {change(rollcall.MemberUpdated, 2, 2, member)},
		"unknown membership removed":            {removed(1, 2)},
		"membership of left person removed":     {removed(2, 2)},
		"known department created":              {created(2, 1)},
		"below an unknown department":           {created(9, 99)},
		"below a deleted department":            {created(9, 4)},
		"unknown department updated":            {change(rollcall.DeptUpdated, 0, 99, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{Name: ptr("x")}})},
		"deleted department updated":            {change(rollcall.DeptUpdated, 0, 4, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{Name: ptr("x")}})},
		"moved below an unknown one":            {moved(2, 99)},
		"moved below a deleted one":             {moved(2, 4)},
		"moved below itself":                    {moved(2, 2)},
		"moved below its child":                 {moved(2, 3)},
		"root moved":                            {moved(1, 2)},
		"unknown department deleted":            {deleted(99)},
		"deleted department deleted":            {deleted(4)},
		"department with members deleted":       {moved(3, 1), deleted(2)},
		"department with a child deleted":       {removed(0, 2), deleted(2)},
		"root deleted":                          {deleted(1)},
		"known app created":                     {app(rollcall.AppCreated, "known")},
		"unknown app updated":                   {app(rollcall.AppUpdated, "unknown")},
		"unknown app reset":                     {app(rollcall.AppSecretReset, "unknown")},
		"unknown app deleted":                   {app(rollcall.AppDeleted, "unknown")},
		"unknown time zone":                     {change(rollcall.CorpUpdated, 0, 0, rollcall.Payload{Corp: &rollcall.CorpUpdate{Settings: &rollcall.Settings{Timezone: "Moon/Crater"}}})},
		"good changes before a bad one":         {joined(3, "c", "C"), added(3, 2), created(9, 1), left(2)},
		"department with a new member deleted":  {created(9, 1), added(0, 9), deleted(9)},
		"department with a new child deleted":   {created(9, 1), created(10, 9), deleted(9)},
		"department with a moved child deleted": {created(9, 1), moved(3, 9), deleted(9)},
	}
	w := newWorld(t)
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			_, model := w.solo(t)
			known := model.Corp.ID + "known"
			for _, c := range bad {
				if c.App != nil {
					c.App.Appkey = model.Corp.ID + c.App.Appkey
				}
			}
			corp := w.open(t, w.store, model.Corp.ID)
			do(t, corp, model,
				created(2, 1), created(3, 2), created(4, 1), deleted(4),
				joined(0, "a", "Anna"), joined(1, "b", "Bob"), joined(2, "z", "Zoë"), added(0, 2), left(2),
				change(rollcall.AppCreated, 0, 0, rollcall.Payload{App: &rollcall.App{Appkey: known, Name: "app", Type: rollcall.Internal}}))

			corp, results := together(t, w, model.Corp.ID,
				want(updated(0, rollcall.UserUpdate{Name: ptr("before")})),
				want(bad...),
				want(updated(1, rollcall.UserUpdate{Name: ptr("after")})))
			if r := results[1]; r.err == nil || r.out.Changes != nil {
				t.Errorf("got %+v, %v", r.out, r.err)
			}
			for _, r := range []result{results[0], results[2]} {
				if r.err != nil || r.out.Version != 2 || len(r.out.Changes) != 1 {
					t.Fatalf("got %+v, %v", r.out, r.err)
				}
				model.Apply(r.out.Changes)
			}
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
		})
	}
}

// What a store refuses although it fits the state, such as an appkey that
// another organization has, fails alone too.
func TestWhatTheStoreRefusesFailsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, firstModel := w.solo(t)
	app := rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{
		App: &rollcall.App{Appkey: "shared", Name: "app", Type: rollcall.Internal},
	}}
	do(t, first, firstModel, app)

	model := w.newCorp(t)
	failing := errors.New("the disk is full")
	corp, results := together(t, w, model.Corp.ID,
		want(joined(0, "a", "Anna")),
		want(app),
		func(*directory.State) (directory.Batch, error) {
			return directory.Batch{InTx: func(rollcall.Tx) error { return failing }}, nil
		},
		want(created(2, 1)))
	if rollcall.KindOf(results[1].err) != rollcall.KindConflict {
		t.Errorf("the taken appkey: %v", results[1].err)
	}
	if !errors.Is(results[2].err, failing) {
		t.Errorf("the failing write: %v", results[2].err)
	}
	for i, version := range map[int]uint64{0: 1, 3: 2} {
		if r := results[i]; r.err != nil || r.out.Version != version {
			t.Errorf("intent %d: %+v, %v", i, r.out, r.err)
		}
	}
	model.Apply(slices.Concat(results[0].out.Changes, results[3].out.Changes))
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

// Intents of one transaction see what those before them decided.
func TestIntentsThatShareATransactionSeeEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	setup, model := w.solo(t)
	do(t, setup, model, created(2, 1), joined(0, "a", "Anna"), added(0, 2), led(0, 2, true), joined(1, "b", "Bob"))
	model0 := model.Clone()

	steps := [][]rollcall.Change{
		{joined(2, "c", "C"), added(2, 2)},
		{created(3, 2), added(1, 3)},
		{led(1, 3, true), led(2, 2, true), led(0, 2, false)},
		{removed(0, 2), left(0)},
		{removed(2, 2), moved(3, 1), deleted(2)},
		{joined(0, "a", "Back"), added(0, 3)},
		{updated(1, rollcall.UserUpdate{NameEN: ptr("Bob")}), created(2, 3), added(2, 2)},
	}
	var intents []directory.Intent
	for i, changes := range steps {
		intents = append(intents, func(s *directory.State) (directory.Batch, error) {
			seen := model0.Clone()
			for _, before := range steps[:i] {
				at := slices.Clone(before)
				for k := range at {
					at[k].At = rollcall.At(start)
				}
				seen.Apply(at)
			}
			return directory.Batch{Changes: changes}, blind(s, seen)
		})
	}
	corp, results := together(t, w, model.Corp.ID, intents...)
	for i, r := range results {
		if r.err != nil || r.out.Version != 2 {
			t.Fatalf("intent %d: %+v, %v", i, r.out, r.err)
		}
		model.Apply(r.out.Changes)
	}
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

func TestAWaitingChangeCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	g := shut(t, w, model.Corp.ID)
	before := g.queue(want(joined(0, "a", "Anna")))

	ctx, cancel := context.WithCancel(t.Context())
	withdrawn := make(chan result)
	go func() {
		out, err := g.corp.Do(ctx, "test", func(*directory.State) (directory.Batch, error) {
			t.Error("the withdrawn intent was asked")
			return directory.Batch{}, nil
		})
		withdrawn <- result{out, err}
	}()
	g.await(2)
	after := g.queue(want(created(2, 1)))
	cancel()
	if r := <-withdrawn; rollcall.KindOf(r.err) != rollcall.KindBusy || !errors.Is(r.err, context.Canceled) {
		t.Errorf("got %v", r.err)
	}
	close(g.opened)
	for _, c := range slices.Concat(before, after) {
		r := <-c
		if r.err != nil {
			t.Fatal(r.err)
		}
		model.Apply(r.out.Changes)
	}
	agree(t, g.corp.Current(), model, 7)
}

// Once its turn has come a change is not given up: the answer is waited for.
func TestAChangeUnderWayIsFinished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	ctx, cancel := context.WithCancel(t.Context())
	corp := w.open(t, &faulty{Store: w.store, committing: func() error { cancel(); return nil }}, model.Corp.ID)
	out, err := corp.Do(ctx, "test", want(joined(0, "a", "Anna")))
	if err != nil {
		t.Fatal(err)
	}
	model.Apply(out.Changes)
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}

func TestTooManyWaitingAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	model := w.newCorp(t)
	g := shut(t, w, model.Corp.ID)
	var asked atomic.Int32
	var running sync.WaitGroup
	for range directory.MaxWaiting {
		running.Go(func() {
			_, err := g.corp.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
				asked.Add(1)
				return directory.Batch{}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	g.await(directory.MaxWaiting)
	if _, err := g.corp.Do(t.Context(), "test", want(created(2, 1))); rollcall.KindOf(err) != rollcall.KindBusy {
		t.Errorf("one more: %v", err)
	}
	close(g.opened)
	running.Wait()
	if asked.Load() != directory.MaxWaiting {
		t.Errorf("%d intents were asked", asked.Load())
	}
	if v := g.corp.Current().Version(); v != 0 {
		t.Errorf("there are %d versions", v)
	}
}
