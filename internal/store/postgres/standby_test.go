package postgres_test

import (
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/store/pgtest"
)

// waitsForStandby waits until somebody waits for the standby.
func waitsForStandby(t *testing.T, s *pgtest.Server) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for give := time.After(30 * time.Second); ; {
		n, err := s.Query("postgres", "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
		if err != nil {
			t.Fatal(err)
		}
		if n != "0" {
			return
		}
		select {
		case <-again.C:
		case <-give:
			t.Fatal("nobody waits for the standby")
		}
	}
}

// A commit that is told to stop waiting for the synchronous standby is shown by the
// primary, and says that it succeeded. It counts only when the standby has it.
func TestACommitThatTheStandbyMayNotHaveIsNotKnown(t *testing.T) {
	primary, url := ownServer(t)
	standby := pgtest.StartStandby(t, primary, pgtest.Options{})
	s := open(t, url)
	commitDept(t, s, 2)
	if err := standby.Pause(); err != nil {
		t.Fatal(err)
	}
	committed := make(chan error)
	tx := begin(t, s)
	if err := tx.Append([]rollcall.Change{dept(3)}); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := tx.Commit("broken off")
		committed <- err
	}()
	waitsForStandby(t, primary)
	if _, err := primary.Query("postgres", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); err != nil {
		t.Fatal(err)
	}
	if err := <-committed; err == nil {
		t.Error("the commit says that it succeeded")
	}
	if heads, err := s.Heads(t.Context(), "acme"); err != nil || heads[0].Version != 2 {
		t.Fatalf("%+v, %v: the primary does not show it, so that nothing is tested", heads, err)
	}

	type answer struct {
		head rollcall.Head
		ok   bool
		err  error
	}
	asked := make(chan answer, 1)
	go func() {
		tx, err := s.Begin(t.Context(), "acme")
		if err != nil {
			asked <- answer{err: err}
			return
		}
		defer tx.Rollback()
		var a answer
		a.head, a.ok, a.err = tx.Committed("broken off")
		asked <- a
	}()
	waitsForStandby(t, primary)
	select {
	case a := <-asked:
		t.Errorf("it is answered while the standby stands: %+v", a)
	default:
	}
	if err := standby.Resume(); err != nil {
		t.Fatal(err)
	}
	a := <-asked
	want := rollcall.Head{CorpID: "acme", Version: 2, Batch: "broken off"}
	if a.err != nil || !a.ok || a.head != want {
		t.Fatalf("%+v", a)
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	promoted := open(t, standby.URL("own"))
	if passed, err := promoted.Passed(t.Context(), want); err != nil || !passed {
		t.Errorf("on the promoted standby: %v, %v", passed, err)
	}
}

// What the standby never got is not there when it takes over, and the history that
// goes on is another one.
func TestWhatTheStandbyDoesNotHaveWasNotPassed(t *testing.T) {
	primary, url := ownServer(t)
	standby := pgtest.StartStandby(t, primary, pgtest.Options{})
	s := open(t, url)
	kept := commitDept(t, s, 2)
	if _, err := primary.Query("postgres", "ALTER SYSTEM SET synchronous_standby_names = ''"); err != nil {
		t.Fatal(err)
	}
	if _, err := primary.Query("postgres", "SELECT pg_reload_conf()"); err != nil {
		t.Fatal(err)
	}
	if err := standby.Stop(); err != nil {
		t.Fatal(err)
	}
	lost := commitDept(t, s, 3)
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Start(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	promoted := open(t, standby.URL("own"))
	other := commitDept(t, promoted, 4)
	if other.Version != lost.Version {
		t.Fatalf("%+v is not beside %+v", other, lost)
	}
	for h, want := range map[rollcall.Head]bool{kept: true, lost: false, other: true} {
		if passed, err := promoted.Passed(t.Context(), h); err != nil || passed != want {
			t.Errorf("%+v: %v, %v", h, passed, err)
		}
	}
}
