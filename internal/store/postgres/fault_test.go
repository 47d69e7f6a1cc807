package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/store/pgtest"
	"rollcall/internal/store/postgres"
)

// ownServer starts a server that a test can ill-treat, with an organization.
func ownServer(t *testing.T) (s *pgtest.Server, url string) {
	t.Helper()
	s = pgtest.Start(t, pgtest.Options{})
	if _, err := s.Query("postgres", "CREATE DATABASE own"); err != nil {
		t.Fatal(err)
	}
	url = s.URL("own")
	newCorp(t, open(t, url), "acme")
	return s, url
}

// dept is a change that can be made once.
func dept(id rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptCreated, DeptID: id, Payload: rollcall.Payload{Dept: &rollcall.Dept{ID: id, ParentID: 1, Name: "x"}}}
}

func begin(t *testing.T, s *postgres.Store) rollcall.Tx {
	t.Helper()
	tx, err := s.Begin(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tx.Rollback)
	return tx
}

// commitDept makes one change.
func commitDept(t *testing.T, s *postgres.Store, id rollcall.DeptID) rollcall.Head {
	t.Helper()
	tx := begin(t, s)
	if err := tx.Append([]rollcall.Change{dept(id)}); err != nil {
		t.Fatal(err)
	}
	head, err := tx.Commit(fmt.Sprint("batch ", id))
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// A server that was started again is used again at once, by those who read and by
// those who waited to write.
func TestAServerThatComesBackIsUsedAgain(t *testing.T) {
	server, url := ownServer(t)
	s := open(t, url)
	for id := rollcall.DeptID(2); id < 5; id++ {
		commitDept(t, s, id)
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Heads(t.Context()); err == nil {
			t.Error("there is no server, and heads are told")
		}
		began := make(chan error)
		go func() {
			tx, err := s.Begin(t.Context(), "acme")
			if err == nil {
				tx.Rollback()
			}
			began <- err
		}()
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		if err := <-began; err != nil {
			t.Errorf("Begin: %v", err)
		}
		heads, err := s.Heads(t.Context(), "acme")
		if err != nil || heads[0].Version != uint64(id-1) {
			t.Errorf("%v, %v", heads, err)
		}
	}
}

func TestWaitingForAServerEndsWithTheContext(t *testing.T) {
	server, url := ownServer(t)
	s := open(t, url)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Begin(ctx, "acme"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Begin: %v", err)
	}
}

// A connection that breaks between calls is not noticed; one that breaks within a
// transaction ends it, and nothing of it is there.
func TestBrokenConnections(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	newCorp(t, s, "acme")
	cut := func() {
		sql(t, url, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	}
	for id := rollcall.DeptID(2); id < 6; id++ {
		cut()
		if head := commitDept(t, s, id); head.Version != uint64(id-1) {
			t.Errorf("version %d after %d changes", head.Version, id-1)
		}
		cut()
		if _, err := s.Load(t.Context(), "acme", &counter{}); err != nil {
			t.Error(err)
		}
	}
	tx := begin(t, s)
	if err := tx.Append([]rollcall.Change{dept(50)}); err != nil {
		t.Fatal(err)
	}
	cut()
	if err := tx.Append([]rollcall.Change{dept(51)}); err == nil {
		t.Error("Append on a connection that is gone: no error")
	}
	if _, err := tx.Commit("gone"); err == nil {
		t.Error("committed on a connection that is gone")
	}
	tx = begin(t, s)
	if _, ok, err := tx.Committed("gone"); ok || err != nil {
		t.Errorf("the lost batch: %v, %v", ok, err)
	}
	tx.Rollback()
	commitDept(t, s, 50)
}

// A commit whose reply is lost is not made again, and the next transaction knows
// what became of it.
func TestACommitWhoseReplyIsLost(t *testing.T) {
	url := server.Database(t)
	proxy := pgtest.StartProxy(t, server.Server(t))
	newCorp(t, open(t, url), "acme")
	s := open(t, proxy.Through(url))
	arrived := 0
	for id := rollcall.DeptID(2); id < 8; id++ {
		tx := begin(t, s)
		if err := tx.Append([]rollcall.Change{dept(id)}); err != nil {
			t.Fatal(err)
		}
		reaches := id%2 == 0
		if reaches {
			proxy.LoseReplyTo("COMMIT")
		} else {
			proxy.Cut()
		}
		batch := fmt.Sprint("batch ", id)
		_, err := tx.Commit(batch)
		if err == nil {
			t.Fatal("the reply was lost, and the commit succeeded")
		}
		if reaches && !strings.Contains(err.Error(), "not known") {
			t.Errorf("%v: it should say that it is not known", err)
		}
		next := begin(t, s)
		head, ok, err := next.Committed(batch)
		// Even one that reached the server is cancelled where the cancel request of
		// the broken connection overtakes it.
		there := sql(t, url, fmt.Sprintf("SELECT count(*) FROM batches WHERE batch = '%s'", batch)) == "1"
		if err != nil || ok != there || there && !reaches {
			t.Errorf("%s: %v, %v; it is there: %v, and reached the server: %v", batch, ok, err, there, reaches)
		}
		if there {
			arrived++
		}
		if ok && head != next.Head() {
			t.Errorf("its head is %v, and that of the next transaction %v", head, next.Head())
		}
		next.Rollback()
	}
	if arrived == 0 {
		t.Error("none was committed")
	}
}

// A node that is cut off within a transaction does not keep others from writing.
func TestANodeThatIsCutOffFreesTheHead(t *testing.T) {
	url := server.Database(t)
	proxy := pgtest.StartProxy(t, server.Server(t))
	healthy := open(t, url)
	newCorp(t, healthy, "acme")
	cutOff := open(t, proxy.Through(url))
	cutOff.Patience(t, 300*time.Millisecond, time.Hour)
	tx := begin(t, cutOff)
	if err := tx.Append([]rollcall.Change{dept(2)}); err != nil {
		t.Fatal(err)
	}
	proxy.Freeze()
	commitDept(t, healthy, 2)
	proxy.Thaw()
	if _, err := tx.Commit("late"); err == nil {
		t.Error("the transaction that was cut off was committed")
	}
	if heads, err := healthy.Heads(t.Context()); err != nil || heads[0].Batch != "batch 2" {
		t.Errorf("%v, %v", heads, err)
	}
}

// A transaction whose owner only computes is not taken for one that was cut off.
func TestALongTransactionShowsThatItLives(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	newCorp(t, s, "acme")
	s.Patience(t, 500*time.Millisecond, 20*time.Millisecond)
	tx := begin(t, s)
	sql(t, url, "SELECT pg_sleep(1.5)") // its owner computes
	if err := tx.Append([]rollcall.Change{dept(2)}); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit("x"); err != nil {
		t.Error(err)
	}
}

// Whatever a server's default is, a commit is durable when it returns.
func TestCommitsAreDurableWhateverTheDefault(t *testing.T) {
	url := server.Database(t)
	s := open(t, url)
	newCorp(t, s, "acme")
	for set, want := range map[string]string{"off": "on", "local": "on", "on": "on", "remote_write": "remote_write", "remote_apply": "remote_apply"} {
		sql(t, url, "ALTER DATABASE "+database(t, url)+" SET synchronous_commit = "+set)
		fresh := open(t, url)
		tx := begin(t, fresh)
		if got := postgres.Setting(t, tx, "synchronous_commit"); got != want {
			t.Errorf("where it is %s it is %s in a transaction, not %s", set, got, want)
		}
		tx.Rollback()
	}
}

// A killed primary with a synchronous standby: what was committed is there when
// the standby is the primary.
func TestTheStandbyTakesOver(t *testing.T) {
	primary, url := ownServer(t)
	standby := pgtest.StartStandby(t, primary, pgtest.Options{})
	both := strings.Replace(url, fmt.Sprint("127.0.0.1:", primary.Port), fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", primary.Port, standby.Port), 1)
	s := open(t, both)
	for id := rollcall.DeptID(2); id < 20; id++ {
		commitDept(t, s, id)
	}
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	if head := commitDept(t, s, 20); head.Version != 19 {
		t.Errorf("version %d after 19 commits", head.Version)
	}
}
