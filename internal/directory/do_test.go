package directory_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
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
// only when the gate is opened. An intent without changes is what it waits
// with.
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
	go func() { _, _ = g.corp.Do(context.Background(), "gate", want()) }()
	<-first
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

// Many write and read at the same time: no acknowledged change is lost, the
// versions have no gaps, and every reader sees whole versions that only go
// forward.
func TestManyWritersAndReaders(t *testing.T) {
	t.Parallel()
	const writers, each = 64, 4
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, created(2, 1))

	var acknowledged [writers][each]directory.Outcome
	var writing, reading sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		reading.Go(func() {
			last := uint64(0)
			for {
				select {
				case <-stop:
					return
				default:
				}
				r := corp.Current()
				if r.Version() < last {
					t.Errorf("version %d after %d", r.Version(), last)
				}
				last = r.Version()
				// Everybody comes in together with a membership.
				members, _ := r.Members(2, rollcall.OrderModifyDesc, rollcall.English, true)
				if direct, _ := r.MemberCount(2); members.Len() != r.Count(false) || direct != r.Count(false) {
					t.Errorf("version %d: %d people, %d members, %d counted", last, r.Count(false), members.Len(), direct)
				}
				if n := strings.Count(string(r.AppendAllUserIDs(nil, members)), ","); n != max(0, members.Len()-1) {
					t.Errorf("version %d: %d members, %d commas", last, members.Len(), n)
				}
				runtime.Gosched()
			}
		})
	}
	for i := range writers {
		writing.Go(func() {
			for k := range each {
				out, err := corp.Do(context.Background(), "test", func(s *directory.State) (directory.Batch, error) {
					o := s.NextOrdinal()
					return directory.Batch{Changes: []rollcall.Change{joined(o, fmt.Sprintf("w%d-%d", i, k), "王伟"), added(o, 2)}}, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				acknowledged[i][k] = out
				if corp.Current().Version() < out.Version {
					t.Errorf("version %d was acknowledged before it was visible", out.Version)
				}
				if _, ok := corp.Current().UserByID(fmt.Sprintf("w%d-%d", i, k)); !ok {
					t.Errorf("w%d-%d was acknowledged and is not visible", i, k)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()

	var all []directory.Outcome
	for _, outs := range acknowledged {
		all = append(all, outs[:]...)
	}
	slices.SortFunc(all, func(a, b directory.Outcome) int { return int(a.Changes[0].Ordinal) - int(b.Changes[0].Ordinal) })
	for i, out := range all {
		if int(out.Changes[0].Ordinal) != i {
			t.Fatalf("the ordinal %d is missing", i)
		}
		model.Apply(out.Changes)
	}
	agree(t, corp.Current(), model, 100)
	sameAfresh(t, w, corp.Current())

	next := uint64(1)
	_, err := w.store.Changes(t.Context(), model.Corp.ID, 0, func(c rollcall.Change) error {
		if c.Version != next && c.Version != next+1 {
			t.Errorf("the log goes from version %d to %d", next, c.Version)
		}
		next = c.Version
		return nil
	})
	if err != nil || next != corp.Current().Version() {
		t.Errorf("the log ends at version %d of %d: %v", next, corp.Current().Version(), err)
	}
}

// Changes that the operations of the model have no way to come by.
func TestComingAndGoingWithinOneTransaction(t *testing.T) {
	t.Parallel()
	limited := rollcall.UserUpdate{AccessLimited: ptr(true)}
	tests := map[string][]rollcall.Change{
		"the first person leaves at once":         {joined(0, "a", "Anna"), left(0)},
		"a person comes, leaves and comes back":   {joined(0, "a", "Anna"), left(0), joined(0, "a", "Anna"), added(0, 1)},
		"a department comes and goes":             {created(2, 1), deleted(2)},
		"a department comes, goes and comes back": {created(2, 1), joined(0, "a", "Anna"), added(0, 2), removed(0, 2), deleted(2), created(2, 1), added(0, 2)},
		"a tree is deleted from below":            {created(2, 1), created(3, 2), created(4, 3), deleted(4), deleted(3), deleted(2)},
		"a restricted person goes in and out":     {created(2, 1), joined(0, "a", "Anna"), updated(0, limited), added(0, 2), removed(0, 2), deleted(2), created(2, 1)},
	}
	w := newWorld(t)
	for name, changes := range tests {
		t.Run(name, func(t *testing.T) {
			corp, model := w.solo(t)
			do(t, corp, model, changes...)
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
			do(t, corp, model, joined(rollcall.Ordinal(len(model.People)), "next", "Next"), created(70, 1))
			agree(t, corp.Current(), model, 7)
			sameAfresh(t, w, corp.Current())
		})
	}
}

// Many people at once take other ways through the code than few.
func TestCrowds(t *testing.T) {
	t.Parallel()
	const people = 1500
	w := newWorld(t)
	corp, model := w.solo(t)
	changes := []rollcall.Change{created(2, 1), created(3, 1)}
	for o := range rollcall.Ordinal(people) {
		changes = append(changes, joined(o, fmt.Sprintf("u%d", o*7919%people), modeltest.Names()[int(o)%len(modeltest.Names())]), added(o, 2))
	}
	do(t, corp, model, changes...)
	old, oldPicture := corp.Current(), model.Picture()

	var every []rollcall.Change
	for o := rollcall.Ordinal(0); o < people; o += 3 {
		every = append(every, updated(o, rollcall.UserUpdate{Name: ptr("新名"), AccessLimited: ptr(o%2 == 0)}), removed(o, 2), added(o, 3))
	}
	do(t, corp, model, every...)
	agree(t, corp.Current(), model, 1000)
	sameAfresh(t, w, corp.Current())
	do(t, corp, model, updated(1, rollcall.UserUpdate{AccessLimited: ptr(true)}), updated(4, rollcall.UserUpdate{NameEN: ptr("Four")}))
	agree(t, corp.Current(), model, 100)
	if d := modeltest.Differ(modeltest.Picture(old, 100), oldPicture); d != "" {
		t.Errorf("the old version has changed: %s", d)
	}
}

// A department that had members and children is deleted and made anew within
// one transaction, and the same in a process that takes it over at once.
func TestADepartmentIsMadeAnew(t *testing.T) {
	t.Parallel()
	restricted := updated(0, rollcall.UserUpdate{AccessLimited: ptr(true)})
	english := updated(1, rollcall.UserUpdate{NameEN: ptr("Bob")})
	tests := map[string][]rollcall.Change{
		"empty":                   {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 1)},
		"with others in it":       {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 1), added(2, 2)},
		"with the same in it":     {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 1), added(1, 2), added(0, 2), moved(3, 2)},
		"below what it had":       {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 3), added(0, 2)},
		"and deleted once more":   {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 1), added(0, 2), removed(0, 2), deleted(2)},
		"and with one restricted": {removed(0, 2), removed(1, 2), moved(3, 1), deleted(2), created(2, 1), added(1, 2), updated(1, *restricted.UserUpdate)},
	}
	w := newWorld(t)
	second := w.connect(t)
	for name, changes := range tests {
		t.Run(name, func(t *testing.T) {
			corp, model := w.solo(t)
			do(t, corp, model,
				created(2, 1), created(3, 2), joined(0, "a", "Anna"), joined(1, "b", "Bob"), joined(2, "c", "C"),
				restricted, english, added(0, 2), added(1, 2))
			follower := w.open(t, second, model.Corp.ID)
			do(t, corp, model, changes...)
			do(t, corp, model, created(4, 1))
			for _, c := range []*directory.Corp{corp, follower} {
				if err := c.CatchUp(t.Context()); err != nil {
					t.Fatal(err)
				}
				agree(t, c.Current(), model, 7)
				for _, at := range model.Instants() {
					agreeAt(t, c.Current(), model, at)
				}
			}
			sameAfresh(t, w, corp.Current())
		})
	}
}

// Where the clock goes back, times can contradict each other: here department 2
// was below 3 and 3 below 2. That has no right answer, but it has one.
func TestAClockThatWentBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, created(3, 1), created(2, 3))
	w.clock.Advance(2 * time.Hour)
	do(t, corp, model, moved(2, 1))
	w.clock.Advance(-time.Hour)
	do(t, corp, model, moved(3, 2))
	agree(t, corp.Current(), model, 7)
	for _, at := range model.Instants() {
		agreeAt(t, corp.Current(), model, at)
	}
	sameAfresh(t, w, corp.Current())
}

// An app's secret changes on its own, as does everything else but its type; an
// empty scope is none.
func TestApps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	app := func(k rollcall.Kind, a rollcall.App) rollcall.Change {
		return rollcall.Change{Kind: k, Payload: rollcall.Payload{App: &a}}
	}
	do(t, corp, model, app(rollcall.AppCreated, rollcall.App{
		Appkey: "apps", Name: "app", Type: rollcall.Internal, SecretHash: "00", SecretGeneration: 1,
		Permissions: []rollcall.Permission{rollcall.PermBase}, ScopeDepts: []rollcall.DeptID{},
	}))
	sameAfresh(t, w, corp.Current())
	w.clock.Advance(time.Hour)
	do(t, corp, model, app(rollcall.AppSecretReset, rollcall.App{Appkey: "apps", Name: "other", SecretHash: "11", SecretSealed: "22", SecretGeneration: 2}))
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
	w.clock.Advance(time.Hour)
	before, _ := corp.Current().App("apps")
	do(t, corp, model, app(rollcall.AppUpdated, rollcall.App{
		Appkey: "apps", Name: "third", Type: rollcall.ThirdParty, SecretHash: "33", SecretGeneration: 7, Rate: 5,
		Permissions: []rollcall.Permission{rollcall.PermMember}, ScopeUsers: []string{"a"},
		AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, CreatedAt: 1,
	}))
	if after, _ := corp.Current().App("apps"); before == after || before.Name != "app" {
		t.Error("an app was changed in use")
	}
	agree(t, corp.Current(), model, 7)
	sameAfresh(t, w, corp.Current())
}
