package activity_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

// org is an organization with its sign-ins, live, beside its model.
type org struct {
	t     testing.TB
	dir   string
	store rollcall.Store
	clock *modeltest.Clock
	corp  *directory.Corp
	reg   *activity.Register
	model *modeltest.Model
}

func newOrg(t testing.TB, now time.Time, zone string) *org {
	x := &org{t: t, dir: t.TempDir(), clock: modeltest.NewClock(now)}
	if err := sqlite.Create(t.Context(), x.dir); err != nil {
		t.Fatal(err)
	}
	x.store = x.connect()
	c := rollcall.Corp{ID: "corp", Name: "Org", CreatedAt: rollcall.At(now), Settings: rollcall.DefaultSettings()}
	c.Timezone = zone
	if err := x.store.CreateCorp(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	keyer := pinyin.New()
	x.model = modeltest.New(c, keyer)
	var err error
	x.corp, err = directory.Open(t.Context(), c.ID, directory.Options{
		Store: x.store, Encoder: modeltest.Encoder{}, Keyer: keyer, Clock: x.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	x.reg = x.register(x.store)
	return x
}

// connect opens the database once more, as another process would.
func (x *org) connect() rollcall.Store {
	x.t.Helper()
	s, err := sqlite.Open(x.t.Context(), x.dir, sqlite.Options{})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { s.Close() })
	return s
}

func (x *org) register(s rollcall.SignIns) *activity.Register {
	x.t.Helper()
	g, err := activity.Open(x.t.Context(), s, "corp")
	if err != nil {
		x.t.Fatal(err)
	}
	return g
}

// signIns are who signed in on some days.
type signIns = map[rollcall.Day][]rollcall.Ordinal

// do carries out changes and records sign-ins in one transaction, here and in
// the model. It returns how many of the sign-ins were new.
func (x *org) do(days signIns, changes ...rollcall.Change) (added int) {
	x.t.Helper()
	out, err := x.corp.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: changes, InTx: func(tx rollcall.Tx) (err error) {
			added, err = activity.Record(tx, days)
			return err
		}}, nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
	x.model.Apply(out.Changes)
	x.model.Record(days)
	if err := x.reg.CatchUp(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	return added
}

// now is the present, as changes note it.
func (x *org) now() rollcall.Instant { return rollcall.At(x.clock.Now()) }

func (x *org) today() rollcall.Day { return x.corp.Current().Calendar().Day(x.clock.Now()) }

// check fails unless an answer is what the model says, whole and in pages.
func (x *org) check(q activity.Query) *activity.List {
	x.t.Helper()
	r := x.corp.Current()
	answer := x.reg.Answer(r, q)
	want := x.model.Answer(q.Day, r.Calendar(), q.Active, q.Depts, q.Subtrees)
	var ids []string
	for _, o := range want {
		ids = append(ids, strconv.Quote(x.model.People[o].Own.UserID))
	}
	for _, size := range []int{1, 7, 100} {
		var got []uint32
		for offset := 0; ; offset += size {
			page := answer.Append(nil, offset, size)
			userids := answer.AppendUserIDs([]byte("["), r, offset, size)
			if joined := strings.Join(ids[min(offset, len(ids)):min(offset+size, len(ids))], ","); string(userids) != "["+joined {
				x.t.Fatalf("%+v, %d from %d on: %s and not %s", q, size, offset, userids, joined)
			}
			got = append(got, page...)
			if len(page) < size {
				break
			}
		}
		if answer.Count() != len(want) || fmt.Sprint(got) != fmt.Sprint(want) {
			x.t.Fatalf("%+v in pages of %d: %d people %v and not %v", q, size, answer.Count(), got, want)
		}
	}
	return answer
}

func joined(o rollcall.Ordinal, from rollcall.Instant) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{
		User: &rollcall.User{UserID: fmt.Sprint("u", o), Name: "王伟", Stay: rollcall.Stay{From: from, To: rollcall.Open}},
	}}
}

func erased(o rollcall.Ordinal) rollcall.Change {
	return rollcall.Change{Kind: rollcall.UserErased, Ordinal: o, Payload: rollcall.Payload{
		User: &rollcall.User{UserID: fmt.Sprint("gone-", o)},
	}}
}

func added(o rollcall.Ordinal, id rollcall.DeptID, from rollcall.Instant) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: id, Payload: rollcall.Payload{
		Member: &rollcall.Membership{DeptID: id, Entered: from},
	}}
}

func created(id, parent rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.DeptCreated, DeptID: id, Payload: rollcall.Payload{
		Dept: &rollcall.Dept{ID: id, ParentID: parent, Name: "dept"},
	}}
}

func ptr[T any](v T) *T { return &v }
