package directory_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
)

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
				agreeAlways(t, c.Current(), model)
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
	agreeAlways(t, corp.Current(), model)
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
