// Package storetest is the conformance suite of [rollcall.Store]. Every engine
// runs it, so that the engines cannot differ in what they promise.
package storetest

import (
	"context"
	"net/netip"
	"testing"

	"rollcall"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Run tests an engine. open opens a store: within one test always on the same
// database, which is empty at first, in another test on another one. Tests run at
// the same time. The suite closes what it opens.
func Run(t *testing.T, open func(t *testing.T) rollcall.Store) {
	for _, test := range []struct {
		name string
		run  func(*fixture)
	}{
		{"heads", heads},
		{"a_corp_is_created_once", createTwice},
		{"a_new_corp_has_its_root_only", newCorp},
		{"unknown_corp", unknownCorp},
		{"corps_do_not_see_each_other", separateCorps},
		{"every_kind_of_change", everyKind},
		{"refused_changes_leave_nothing", refusedChanges},
		{"conflicts", conflicts},
		{"large_transactions", largeTransactions},
		{"faults_in_large_transactions", largeFaults},
		{"odd_texts_round_trip", oddTexts},
		{"texts_compare_by_bytes", byteOrder},
		{"extreme_numbers_round_trip", extremeNumbers},
		{"snapshot_order", snapshotOrder},
		{"errors_of_callbacks_come_back", callbackErrors},
		{"versions_feeds_and_batches", versions},
		{"changes_come_in_order", changesInOrder},
		{"rollback_leaves_nothing", rollbackLeavesNothing},
		{"others_see_what_is_committed", isolation},
		{"a_finished_transaction_is_closed", finishedTx},
		{"begin_waits_for_its_turn", beginWaits},
		{"waiting_ends_with_the_context", waitingEnds},
		{"reading_ends_with_the_context", readingEnds},
		{"the_context_of_begin_ends_only_the_waiting", beginContext},
		{"writers_and_readers_at_once", atOnce},
		{"two_stores_on_one_database", twoStores},
		{"sign_ins", signIns},
		{"old_sign_ins_are_forgotten", oldSignIns},
		{"tokens", tokens},
		{"the_first_node_gives_the_token", firstToken},
		{"batches_are_remembered", batches},
		{"the_last_thousand_batches_are_remembered", manyBatches},
		{"a_closed_store", closedStore},
		{"close_ends_the_waiting", closeEndsWaiting},
		{"reopened_it_is_the_same", reopened},
		{"random_changes", randomChanges},
		{"dump_is_one_state", dumpIsOneState},
		{"dump_ends_early", dumpEndsEarly},
		{"restored_it_is_the_same", restoring},
		{"restored_at_random", randomRestores},
		{"nobody_sees_half_a_restore", restoreIsolation},
		{"an_unfinished_restore_leaves_nothing", restoreUnfinished},
		{"what_cannot_be_restored", restoreRefused},
		{"one_of_several_restores_is_the_first", restoreRace},
		{"rewritten_it_is_the_same", rewriting},
		{"rewriting_waits_for_its_turn", rewritingWaits},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := &fixture{T: t, open: open}
			f.store = f.another()
			test.run(f)
		})
	}
}

// fixture is a test with its store.
type fixture struct {
	*testing.T
	open  func(*testing.T) rollcall.Store
	store rollcall.Store
}

// another opens a further store on the same database.
func (f *fixture) another() rollcall.Store {
	f.Helper()
	s := f.open(f.T)
	f.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s
}

// day is an instant from which the tests count.
const day = rollcall.Instant(1_780_000_000_000)

func aCorp(id string) rollcall.Corp {
	return rollcall.Corp{ID: id, Name: "Corp " + id, CreatedAt: day, Settings: rollcall.DefaultSettings()}
}

// corp creates an organization.
func (f *fixture) corp(id string) {
	f.Helper()
	if err := f.store.CreateCorp(f.Context(), aCorp(id)); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) begin(corpID string) rollcall.Tx {
	f.Helper()
	tx, err := f.store.Begin(f.Context(), corpID)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(tx.Rollback)
	return tx
}

// commit commits changes in one transaction.
func (f *fixture) commit(corpID string, changes ...rollcall.Change) rollcall.Head {
	f.Helper()
	tx := f.begin(corpID)
	if err := tx.Append(changes); err != nil {
		f.Fatal(err)
	}
	return f.end(tx, "batch")
}

func (f *fixture) end(tx rollcall.Tx, batch string) rollcall.Head {
	f.Helper()
	head, err := tx.Commit(batch)
	if err != nil {
		f.Fatal(err)
	}
	return head
}

func (f *fixture) load(corpID string) *state {
	f.Helper()
	s, err := loadState(f.Context(), f.store, corpID)
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// changes returns the changes after a version.
func (f *fixture) changes(corpID string, after uint64) []rollcall.Change {
	f.Helper()
	list, _, err := readChanges(f.Context(), f.store, corpID, after)
	if err != nil {
		f.Fatal(err)
	}
	return list
}

func readChanges(ctx context.Context, s rollcall.Store, corpID string, after uint64) (list []rollcall.Change, head rollcall.Head, err error) {
	head, err = s.Changes(ctx, corpID, after, func(c rollcall.Change) error {
		list = append(list, c)
		return nil
	})
	return list, head, err
}

func (f *fixture) heads() []rollcall.Head {
	f.Helper()
	heads, err := f.store.Heads(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return heads
}

// equal compares and shows the difference. Nil and empty lists are the same.
func (f *fixture) equal(what string, want, got any) {
	f.Helper()
	if d := diff(want, got); d != "" {
		f.Errorf("%s is not as expected (- wanted, + got):\n%s", what, d)
	}
}

func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{}))
}

// The changes that tests are made of, each with an instant of its own.

func change(kind rollcall.Kind, at rollcall.Instant, p rollcall.Payload) rollcall.Change {
	return rollcall.Change{Kind: kind, At: at, By: "test", Payload: p}
}

func deptChange(kind rollcall.Kind, at rollcall.Instant, id rollcall.DeptID, p rollcall.Payload) rollcall.Change {
	c := change(kind, at, p)
	c.DeptID = id
	return c
}

func userChange(kind rollcall.Kind, at rollcall.Instant, o rollcall.Ordinal, p rollcall.Payload) rollcall.Change {
	c := change(kind, at, p)
	c.Ordinal = o
	return c
}

func memberChange(kind rollcall.Kind, at rollcall.Instant, o rollcall.Ordinal, d rollcall.DeptID, p rollcall.Payload) rollcall.Change {
	c := userChange(kind, at, o, p)
	c.DeptID = d
	return c
}

func createDept(at rollcall.Instant, id, parent rollcall.DeptID, name string) rollcall.Change {
	d := &rollcall.Dept{ID: id, ParentID: parent, Name: name, Since: at, CreatedAt: at, ModifiedAt: at}
	return deptChange(rollcall.DeptCreated, at, id, rollcall.Payload{Dept: d})
}

func join(at rollcall.Instant, o rollcall.Ordinal, userid string) rollcall.Change {
	u := &rollcall.User{
		Ordinal: o, UserID: userid, Name: "Name of " + userid,
		Stay: rollcall.Stay{From: at, To: rollcall.Open}, CreatedAt: at, ModifiedAt: at,
	}
	return userChange(rollcall.UserJoined, at, o, rollcall.Payload{User: u})
}

func enter(at rollcall.Instant, o rollcall.Ordinal, d rollcall.DeptID) rollcall.Change {
	m := &rollcall.Membership{DeptID: d, Entered: at, Modified: at}
	return memberChange(rollcall.MemberAdded, at, o, d, rollcall.Payload{Member: m})
}

func createApp(at rollcall.Instant, appkey string) rollcall.Change {
	return change(rollcall.AppCreated, at, rollcall.Payload{App: &rollcall.App{
		Appkey: appkey, Name: "App", Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermBase},
		SecretHash: "hash of " + appkey, SecretGeneration: 1, CreatedAt: at,
	}})
}

// populate makes a small organization: departments 2 and 3 below it, ann
// (ordinal 0) in 2, bob (1) in 2 and 3, and one app.
func (f *fixture) populate(corpID string) {
	f.Helper()
	f.corp(corpID)
	f.commit(corpID,
		createDept(day, 2, 1, "Sales"),
		createDept(day, 3, 2, "Sales East"),
		join(day, 0, "ann"),
		enter(day, 0, 2),
		join(day, 1, "bob"),
		enter(day, 1, 2),
		enter(day, 1, 3),
		createApp(day, "key."+corpID))
}

func ptr[T any](v T) *T { return &v }
