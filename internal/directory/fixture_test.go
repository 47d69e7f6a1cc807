package directory_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

// tb is what *testing.T and *rapid.T have in common, as far as it is needed.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

var start = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// world is a database with what is needed to open organizations in it.
type world struct {
	dir   string
	store rollcall.Store
	clock *modeltest.Clock
	keyer *pinyin.Keyer
	corps atomic.Int32
}

func newWorld(t testing.TB) *world {
	w := &world{dir: t.TempDir(), clock: modeltest.NewClock(start), keyer: pinyin.New()}
	if err := sqlite.Create(t.Context(), w.dir); err != nil {
		t.Fatal(err)
	}
	w.store = w.connect(t)
	return w
}

// connect opens the database once more, as another process would.
func (w *world) connect(t testing.TB) *sqlite.Store {
	s, err := sqlite.Open(t.Context(), w.dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return s
}

func (w *world) options(s rollcall.Store) directory.Options {
	return directory.Options{Store: s, Encoder: modeltest.Encoder{}, Keyer: w.keyer, Clock: w.clock.Now}
}

// newCorp adds an organization and returns its model.
func (w *world) newCorp(t tb) *modeltest.Model {
	t.Helper()
	c := rollcall.Corp{
		ID: fmt.Sprintf("corp%d", w.corps.Add(1)), Name: "Org",
		CreatedAt: rollcall.At(w.clock.Now()), Settings: rollcall.DefaultSettings(),
	}
	if err := w.store.CreateCorp(context.Background(), c); err != nil {
		t.Fatalf("%v", err)
	}
	return modeltest.New(c, w.keyer)
}

// open opens an organization through a store.
func (w *world) open(t tb, s rollcall.Store, corpID string) *directory.Corp {
	t.Helper()
	return openWith(t, corpID, w.options(s))
}

func openWith(t tb, corpID string, opt directory.Options) *directory.Corp {
	t.Helper()
	c, err := directory.Open(context.Background(), corpID, opt)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

// solo is newCorp and open in one.
func (w *world) solo(t tb) (*directory.Corp, *modeltest.Model) {
	t.Helper()
	m := w.newCorp(t)
	return w.open(t, w.store, m.Corp.ID), m
}

// want makes an intent of changes that were decided before.
func want(changes ...rollcall.Change) directory.Intent {
	return func(*directory.State) (directory.Batch, error) { return directory.Batch{Changes: changes}, nil }
}

// do carries out changes, also on the model.
func do(t tb, c *directory.Corp, m *modeltest.Model, changes ...rollcall.Change) {
	t.Helper()
	before := c.Current().Version()
	out, err := c.Do(context.Background(), "test", want(changes...))
	if err != nil {
		t.Fatalf("%v", err)
	}
	if out.Version != before+1 || c.Current().Version() != out.Version || len(out.Changes) != len(changes) {
		t.Fatalf("version %d: %d changes were committed as version %d, %d of them; the newest is %d",
			before, len(changes), out.Version, len(out.Changes), c.Current().Version())
	}
	m.Apply(out.Changes)
}

// agree fails unless a version is what the model says, in itself and in every
// list.
func agree(t tb, r *directory.Root, m *modeltest.Model, page int) {
	t.Helper()
	if _, err := r.Verify(); err != nil {
		t.Fatalf("version %d: %v", r.Version(), err)
	}
	if d := modeltest.Differ(modeltest.Picture(r, page), m.Picture()); d != "" {
		t.Fatalf("version %d is not what the model says, in pages of %d: %s", r.Version(), page, d)
	}
	agreeFound(t, r, m, m.Seen)
}

// agreeFound fails unless a version finds the people whom the model finds.
func agreeFound(t tb, r *directory.Root, m *modeltest.Model, seen modeltest.Seen) {
	t.Helper()
	if d := modeltest.Differ(modeltest.Found(r, seen), m.Found(seen)); d != "" {
		t.Fatalf("version %d does not find whom the model finds: %s", r.Version(), d)
	}
}

// agreeAlways is agree, and about all instants at which something happened.
func agreeAlways(t tb, r *directory.Root, m *modeltest.Model) {
	t.Helper()
	agree(t, r, m, 7)
	for _, at := range m.Instants() {
		agreeAt(t, r, m, at)
	}
}

// agreeAt fails unless a version says the same as the model about who belonged
// where just before an instant.
func agreeAt(t tb, r *directory.Root, m *modeltest.Model, at rollcall.Instant) {
	t.Helper()
	if d := modeltest.Differ(modeltest.Past(r, at), m.Past(at)); d != "" {
		t.Fatalf("version %d is not what the model says about %d: %s", r.Version(), at, d)
	}
}

// sameAfresh fails unless the organization is the same when it is loaded, and
// the log gives what the tables have.
func sameAfresh(t tb, w *world, r *directory.Root) {
	t.Helper()
	fresh := w.open(t, w.store, r.Corp().ID).Current()
	if fresh.Version() != r.Version() {
		t.Fatalf("version %d was loaded as %d", r.Version(), fresh.Version())
	}
	if err := directory.Differ(r, fresh); err != nil {
		t.Fatalf("version %d in memory and as loaded: %v", r.Version(), err)
	}
	if _, err := fresh.Verify(); err != nil {
		t.Fatalf("version %d as loaded: %v", r.Version(), err)
	}
	v, err := directory.CheckStore(context.Background(), r.Corp().ID, w.options(w.store))
	if err != nil {
		t.Fatalf("version %d: %v", r.Version(), err)
	}
	if v.Version != r.Version() || v.Present != r.Count(false) || v.People != int(r.NextOrdinal()) {
		t.Fatalf("version %d: checked %+v", r.Version(), v)
	}
}

// The changes that tests write most.

func joined(o rollcall.Ordinal, userid, name string) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{
		User: &rollcall.User{UserID: userid, Name: name, Stay: rollcall.Stay{To: rollcall.Open}},
	}}
}

func left(o rollcall.Ordinal) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserLeft, Ordinal: o}
}

func updated(o rollcall.Ordinal, u rollcall.UserUpdate) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: o, Payload: rollcall.Payload{UserUpdate: &u}}
}

func added(o rollcall.Ordinal, id rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: id, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: id}}}
}

func removed(o rollcall.Ordinal, id rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: o, DeptID: id}
}

func led(o rollcall.Ordinal, id rollcall.DeptID, leads bool) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberUpdated, Ordinal: o, DeptID: id, Payload: rollcall.Payload{MemberUpdate: &rollcall.MembershipUpdate{Leader: &leads}}}
}

func created(id, parent rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptCreated, DeptID: id, Payload: rollcall.Payload{
		Dept: &rollcall.Dept{ID: id, ParentID: parent, Name: fmt.Sprint("dept ", id)},
	}}
}

func moved(id, parent rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptUpdated, DeptID: id, Payload: rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: &parent}}}
}

func deleted(id rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptDeleted, DeptID: id}
}

func ptr[T any](v T) *T { return &v }
