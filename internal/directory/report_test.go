package directory_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

func details(d rollcall.Details) rollcall.UserUpdate { return rollcall.UserUpdate{Details: &d} }

// Who reports to whom is found, in a version and on the way to the next.
func TestReportsAndAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	zero, one, three := rollcall.Ordinal(0), rollcall.Ordinal(1), rollcall.Ordinal(3)
	do(t, corp, model, joined(0, "a", "A"), joined(1, "b", "B"), joined(2, "c", "C"), joined(3, "d", "D"), joined(4, "e", "E"))
	do(t, corp, model, updated(1, details(rollcall.Details{Manager: &zero, Admin: rollcall.SubAdmin})),
		updated(2, details(rollcall.Details{Manager: &one})), updated(3, details(rollcall.Details{Manager: &zero})),
		updated(4, details(rollcall.Details{Manager: &three, Admin: rollcall.MainAdmin})))
	wantReports(t, corp.Current(), 0, 1, 3)
	wantReports(t, corp.Current(), 1, 2)
	wantReports(t, corp.Current(), 2)
	wantReports(t, corp.Current(), 3, 4)
	if got := corp.Current().Admins(); !slices.Equal(got, []rollcall.Ordinal{1, 4}) {
		t.Errorf("the administrators are %v", got)
	}

	before := corp.Current()
	_, err := corp.Do(context.Background(), "test", func(s *directory.State) (directory.Batch, error) {
		if got := s.Reports(0); !slices.Equal(got, []rollcall.Ordinal{1, 3}) {
			t.Errorf("the state says %v", got)
		}
		return directory.Batch{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	do(t, corp, model, left(1), updated(2, details(rollcall.Details{Manager: &zero})), updated(4, details(rollcall.Details{})))
	wantReports(t, before, 0, 1, 3)
	wantReports(t, corp.Current(), 0, 2, 3)
	wantReports(t, corp.Current(), 1)
	wantReports(t, corp.Current(), 3)
	if got := corp.Current().Admins(); len(got) != 0 {
		t.Errorf("the administrators are %v", got)
	}
	sameAfresh(t, w, corp.Current())
}

func wantReports(t *testing.T, r *directory.Root, to rollcall.Ordinal, want ...rollcall.Ordinal) {
	t.Helper()
	if got := slices.Collect(r.Reports(to)); !slices.Equal(got, want) {
		t.Errorf("version %d: %v report to %d, not %v", r.Version(), got, to, want)
	}
}

// Everyone who left is there once, by the time of leaving, and no more after
// coming back.
func TestDepartedAreThereOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, joined(0, "a", "A"), joined(1, "b", "B"), joined(2, "c", "C"))
	do(t, corp, model, left(2))
	w.clock.Advance(time.Millisecond)
	do(t, corp, model, left(0), left(1))
	departed := func() []rollcall.Ordinal { return slices.Collect(corp.Current().Departed()) }
	if got := departed(); !slices.Equal(got, []rollcall.Ordinal{2, 0, 1}) {
		t.Errorf("departed are %v", got)
	}
	do(t, corp, model, joined(2, "c", "C"))
	if got := departed(); !slices.Equal(got, []rollcall.Ordinal{0, 1}) {
		t.Errorf("departed are %v", got)
	}
	// Two stays of the same bounds.
	do(t, corp, model, left(2), joined(2, "c", "C"), left(2))
	if got := departed(); !slices.Equal(got, []rollcall.Ordinal{0, 1, 2}) {
		t.Errorf("departed are %v", got)
	}
}

// Erasing renames a person everywhere, also in the contact scopes of apps, and
// frees the userid.
func TestErasedPeopleAreNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, model := w.solo(t)
	do(t, corp, model, joined(0, "a", "A"), joined(1, "b", "B"))
	do(t, corp, model, left(0))
	app := rollcall.App{
		Appkey: "scoped", Name: "app", Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermMember},
		ScopeUsers: []string{"b", "a"}, SecretHash: "00", SecretGeneration: 1,
	}
	changed := app
	changed.Name = "other"
	for _, c := range []rollcall.Change{
		{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &app}},
		{Kind: rollcall.AppUpdated, Payload: rollcall.Payload{App: &changed, AppBefore: &app}},
		{Kind: rollcall.UserErased, Ordinal: 0, Payload: rollcall.Payload{User: &rollcall.User{UserID: "erased-0"}}},
	} {
		if _, err := corp.Do(context.Background(), "test", want(c)); err != nil {
			t.Fatal(err)
		}
	}
	r := corp.Current()
	if u, ok := r.UserByID("a"); ok {
		t.Errorf("a is %+v", u)
	}
	if u, ok := r.UserByID("erased-0"); !ok || u.Ordinal != 0 || !u.Erased() {
		t.Errorf("erased-0 is %+v", u)
	}
	if a, _ := r.App("scoped"); !slices.Equal(a.ScopeUsers, []string{"b", "erased-0"}) {
		t.Errorf("the scope is %v", a.ScopeUsers)
	}
	if app.ScopeUsers[1] != "a" {
		t.Error("the scope of an older version changed")
	}
	sameAfresh(t, w, r)

	// The userid is free, also within the transaction that erases.
	if _, err := corp.Do(context.Background(), "test", want(
		left(1), rollcall.Change{Kind: rollcall.UserErased, Ordinal: 1, Payload: rollcall.Payload{User: &rollcall.User{UserID: "erased-1"}}},
		joined(2, "b", "Bee"),
	)); err != nil {
		t.Fatal(err)
	}
	if u, ok := corp.Current().UserByID("b"); !ok || u.Ordinal != 2 {
		t.Errorf("b is %+v", u)
	}
	sameAfresh(t, w, corp.Current())
}
