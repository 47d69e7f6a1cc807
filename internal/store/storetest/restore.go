package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"rollcall"

	"pgregory.net/rapid"
)

// eventful makes an organization with something of everything that is kept,
// what is over included.
func (f *fixture) eventful(corpID string) {
	f.Helper()
	f.populate(corpID)
	gone := []rollcall.Change{
		memberChange(rollcall.MemberRemoved, later, 0, 2, rollcall.Payload{}), userChange(rollcall.UserLeft, later, 0, rollcall.Payload{}),
	}
	f.commit(corpID, gone...)
	f.commit(corpID, join(later+1, 0, "ann"), enter(later+1, 0, 2))
	f.commit(corpID, slices.Concat([]rollcall.Change{
		memberChange(rollcall.MemberRemoved, later+1, 1, 3, rollcall.Payload{}),
		enter(later+1, 1, 3), memberChange(rollcall.MemberRemoved, later+1, 1, 3, rollcall.Payload{}),
		createDept(later, 7, 3, "Moves"),
		deptChange(rollcall.DeptUpdated, later+1, 7, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.DeptID(2))}}),
		createDept(later, 9, 3, "Above"),
		deptChange(rollcall.DeptUpdated, later+2, 7, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.DeptID(9))}}),
		createDept(later, 8, 1, "Ends"), deptChange(rollcall.DeptDeleted, later+1, 8, rollcall.Payload{}),
		change(rollcall.RoleGroupCreated, later, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "g"}}),
		change(rollcall.RoleGroupCreated, later, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 102, Name: "ends"}}),
		change(rollcall.RoleGroupDeleted, later, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 102}}),
		change(rollcall.RoleCreated, later, rollcall.Payload{Role: &rollcall.Role{ID: 101, GroupID: 101, Name: "r"}}),
		change(rollcall.RoleCreated, later, rollcall.Payload{Role: &rollcall.Role{ID: 102, GroupID: 101, Name: "ends"}}),
		change(rollcall.RoleDeleted, later, rollcall.Payload{Role: &rollcall.Role{ID: 102}}),
		userChange(rollcall.RoleGiven, later, 1, rollcall.Payload{Role: &rollcall.Role{ID: 101}}),
		join(later, 2, "cid"), userChange(rollcall.UserLeft, later+1, 2, rollcall.Payload{}),
	}, gone)...)
	f.commit(corpID, userChange(rollcall.UserErased, later+3, 2, rollcall.Payload{User: &rollcall.User{UserID: "erased"}}))
	for _, d := range []rollcall.Day{20260820, 20260821} {
		tx := f.begin(corpID)
		for c := range uint32(2) {
			if err := tx.PutSignInChunk(d, c*40_000, []byte{byte(c), 0, 255}); err != nil {
				f.Fatal(err)
			}
		}
		f.end(tx, "feed")
	}
	for i := range 3 {
		t := rollcall.Token{
			Appkey: "key." + corpID, Kind: rollcall.CorpToken, SecretGeneration: i, Nonce: []byte{byte(i), 255},
			ExpiresAt: later, Hash: []byte{0, byte(i)},
		}
		if _, err := f.store.SaveToken(f.Context(), corpID, t, 5, day); err != nil {
			f.Fatal(err)
		}
	}
}

// restore puts an organization in.
func restore(ctx context.Context, s rollcall.Store, w *whole) error {
	r, err := s.Restore(ctx, w.Head.CorpID)
	if err != nil {
		return err
	}
	defer r.Rollback()
	if err := w.tell(r); err != nil {
		return err
	}
	return r.Commit(w.Head)
}

// restoring: an organization that was put in tells everything as the one that it
// is a copy of, in the same order, whatever happened to that one.
func restoring(f *fixture) {
	check := func(name, corpID string) {
		f.Helper()
		want := f.dump(corpID).as("copy-of-" + corpID)
		if err := restore(f.Context(), f.store, want); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.equal(name, want.told(), f.dump(want.Head.CorpID).told())
		if !slices.Contains(f.heads(), want.Head) {
			f.Errorf("%s: %v is not among %v", name, want.Head, f.heads())
		}
		tx := f.begin(want.Head.CorpID)
		if h, ok, err := tx.Committed(want.Head.Batch); err != nil || ok != (want.Head.Version+want.Head.Feed > 0) || ok && h != want.Head {
			f.Errorf("%s: its last batch is known to have made %v, %v, %v", name, h, ok, err)
		}
		tx.Rollback()
	}
	f.corp("empty")
	check("an empty one", "empty")
	f.eventful("eventful")
	check("an eventful one", "eventful")
	check("a copy", "copy-of-eventful")
	for i := range kindCases("x") {
		id := fmt.Sprint("x", i)
		c := kindCases(id)[i]
		f.populate(id)
		if len(c.before) > 0 {
			f.commit(id, c.before...)
		}
		f.commit(id, c.change)
		check(c.name, id)
	}

	// The copy goes on by itself, and what ends then comes after what ended before.
	id := "copy-of-eventful"
	before := f.dump(id)
	head := f.commit(id,
		userChange(rollcall.RoleTaken, later+5, 1, rollcall.Payload{Role: &rollcall.Role{ID: 101}}),
		memberChange(rollcall.MemberRemoved, later+5, 1, 2, rollcall.Payload{}), userChange(rollcall.UserLeft, later+5, 1, rollcall.Payload{}),
		join(later+6, 1, "bob"),
		deptChange(rollcall.DeptUpdated, later+5, 7, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}))
	f.equal("the next version", before.Head.Version+1, head.Version)
	after := f.dump(id)
	f.equal("the last stay that ended", endedStay{1, rollcall.Stay{From: day, To: later + 5}}, after.EndedStays[len(before.EndedStays)])
	f.equal("the last membership that ended", endedMembership{1, 2, rollcall.Stay{From: day, To: later + 5}}, after.EndedMemberships[len(before.EndedMemberships)])
	f.equal("the last parent that ended", endedParent{7, 9, rollcall.Stay{From: later + 2, To: later + 5}}, after.EndedParents[len(before.EndedParents)])
	f.equal("what ended before", before.EndedMemberships, after.EndedMemberships[:len(before.EndedMemberships)])
	for feed, want := range map[uint64]int{head.Feed - 1: len(after.Chunks), head.Feed: 0} {
		if list, _, err := readChunks(f.Context(), f.store, id, feed); err != nil || len(list) != want {
			f.Errorf("%d chunks after feed %d, not %d: %v", len(list), feed, want, err)
		}
	}
}

// randomRestores copies an organization between random transactions; from then
// on both have the same to expect of random ones.
func randomRestores(f *fixture) {
	run := 0
	rapid.Check(f.T, func(rt *rapid.T) {
		run++
		w := &world{f: f, rt: rt, now: day}
		c := aCorp(fmt.Sprintf("corp-%d", run))
		if err := f.store.CreateCorp(f.Context(), c); err != nil {
			rt.Fatal(err)
		}
		w.corps, w.models = []rollcall.Corp{c}, []*model{newModel(c)}
		for range rapid.IntRange(0, 5).Draw(rt, "transactions") {
			w.transaction(0)
		}
		w.copyFirst(c.ID + "-copy")
		w.check()
		for range rapid.IntRange(1, 4).Draw(rt, "transactions after it") {
			w.transaction(rapid.IntRange(0, 1).Draw(rt, "corp"))
			w.check()
		}
	})
}

// copyFirst restores the first organization under another id, in the store and in
// the models.
func (w *world) copyFirst(id string) {
	was, err := dump(w.f.Context(), w.f.store, w.corps[0].ID)
	if err != nil {
		w.rt.Fatal(err)
	}
	is := was.as(id)
	if err := restore(w.f.Context(), w.f.store, is); err != nil {
		w.rt.Fatal(err)
	}
	c := w.corps[0]
	c.ID = id
	m := w.models[0].replay(w.corps[0])
	m.log, m.tokens = is.Log, is.Tokens
	m = m.replay(c)
	m.head.CorpID = id
	for d := range m.feeds { // all days belong to the feed of the head
		m.feeds[d] = m.head.Feed
	}
	w.corps, w.models = append(w.corps, c), append(w.models, m)
}

// restoreIsolation: others see nothing of a restore, and then all of it.
func restoreIsolation(f *fixture) {
	f.eventful("acme")
	want := f.dump("acme").as("copy")
	other := f.another()
	heads := f.heads()
	r, err := f.store.Restore(f.Context(), "copy")
	if err != nil {
		f.Fatal(err)
	}
	defer r.Rollback()
	if err := want.tell(r); err != nil {
		f.Fatal(err)
	}
	for _, s := range []rollcall.Store{f.store, other} {
		if _, err := dump(f.Context(), s, "copy"); !errors.Is(err, rollcall.ErrNoCorp) {
			f.Errorf("before it is committed: %v, not ErrNoCorp", err)
		}
		got, err := s.Heads(f.Context())
		if err != nil {
			f.Fatal(err)
		}
		f.equal("the heads before", heads, got)
	}
	if err := r.Commit(want.Head); err != nil {
		f.Fatal(err)
	}
	r.Rollback() // too late
	for _, s := range []rollcall.Store{f.store, other} {
		got, err := dump(f.Context(), s, "copy")
		if err != nil {
			f.Fatal(err)
		}
		f.equal("what another one sees", want.told(), got.told())
		all, err := s.Heads(f.Context())
		if err != nil || len(all) != len(heads)+1 {
			f.Errorf("the heads afterwards: %v, %v", all, err)
		}
	}
	if err := r.Corp(&want.state.Corp); !errors.Is(err, rollcall.ErrClosed) {
		f.Errorf("after it was committed: %v, not ErrClosed", err)
	}
	if err := r.Commit(want.Head); !errors.Is(err, rollcall.ErrClosed) {
		f.Errorf("committed twice: %v, not ErrClosed", err)
	}
}

// restoreUnfinished: a restore that is not committed leaves nothing, wherever it
// ended, and can be done again.
func restoreUnfinished(f *fixture) {
	f.eventful("acme")
	want, heads := f.dump("acme").as("copy"), f.heads()
	for _, at := range []string{"Corp", "Change", "SignInChunk", "Token", ""} {
		r, err := f.store.Restore(f.Context(), "copy")
		if err != nil {
			f.Fatal(err)
		}
		enough := errors.New("enough")
		if err := want.tell(partly{r, at, enough}); at != "" && !errors.Is(err, enough) {
			f.Fatal(err)
		}
		r.Rollback()
		r.Rollback()
		if err := r.Commit(want.Head); !errors.Is(err, rollcall.ErrClosed) {
			f.Errorf("committed after it was dropped: %v, not ErrClosed", err)
		}
		f.equal("the heads", heads, f.heads())
		if _, err := dump(f.Context(), f.store, "copy"); !errors.Is(err, rollcall.ErrNoCorp) {
			f.Errorf("what is left: %v, not ErrNoCorp", err)
		}
	}
	if err := restore(f.Context(), f.store, want); err != nil {
		f.Fatal(err)
	}
	f.equal("done again", want.told(), f.dump("copy").told())
}

// partly hands on until one of its calls.
type partly struct {
	rollcall.Restorer
	at  string
	err error
}

func (p partly) Change(c *rollcall.Change) error {
	if p.at == "Corp" || p.at == "Change" && c.Version > 2 {
		return p.err
	}
	return p.Restorer.Change(c)
}

func (p partly) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	if p.at == "SignInChunk" {
		return p.err
	}
	return p.Restorer.SignInChunk(d, chunk, bits)
}

func (p partly) Token(t *rollcall.Token) error {
	if p.at == "Token" {
		return p.err
	}
	return p.Restorer.Token(t)
}

func restoreRefused(f *fixture) {
	f.eventful("acme")
	good := f.dump("acme").as("copy")
	if _, err := f.store.Restore(f.Context(), "acme"); !errors.Is(err, rollcall.ErrCorpExists) {
		f.Errorf("an id that is taken: %v, not ErrCorpExists", err)
	}
	if _, err := f.store.Restore(f.Context(), ""); err == nil {
		f.Error("an organization without an id was let in")
	}
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if _, err := f.store.Restore(ctx, "copy"); !errors.Is(err, context.Canceled) {
		f.Errorf("after the context ended: %v", err)
	}
	heads := f.heads()
	for name, spoil := range map[string]func(*whole){
		"another organization":    func(w *whole) { w.state.Corp.ID = "other" },
		"another head":            func(w *whole) { w.Head.CorpID = "other" },
		"a userid twice":          func(w *whole) { w.Users[1].UserID = w.Users[0].UserID },
		"an ordinal twice":        func(w *whole) { w.Users[1].Ordinal = w.Users[0].Ordinal },
		"a department twice":      func(w *whole) { w.Depts[1].ID = w.Depts[2].ID },
		"a parent that is not":    func(w *whole) { w.Depts[1].ParentID = 999 },
		"a membership in nothing": func(w *whole) { w.Users[1].Memberships[0].DeptID = 999 },
		"a role that is not":      func(w *whole) { w.Users[1].Roles = []rollcall.RoleID{999} },
		"an app twice":            func(w *whole) { w.Apps = append(w.Apps, w.Apps[0]) },
		"a token of no app":       func(w *whole) { w.Tokens[0].Appkey = "nobody's" },
		"a kind of change":        func(w *whole) { w.Log[0].Kind = "unheard of" },
		"a chunk twice":           func(w *whole) { w.Chunks = append(w.Chunks, w.Chunks[0]) },
		"a history of nobody":     func(w *whole) { w.EndedStays[0].Ordinal = 999 },
	} {
		bad := good.as("again")
		bad.Users, bad.Depts, bad.EndedStays = slices.Clone(bad.Users), slices.Clone(bad.Depts), slices.Clone(bad.EndedStays)
		bad.Users[1].Memberships = slices.Clone(bad.Users[1].Memberships)
		spoil(bad)
		r, err := f.store.Restore(f.Context(), "again")
		if err != nil {
			f.Fatal(err)
		}
		err = bad.tell(r)
		if err == nil {
			err = r.Commit(bad.Head)
		} else if r.Commit(bad.Head) == nil {
			f.Errorf("%s: committed after an error", name)
		}
		r.Rollback()
		if err == nil {
			f.Errorf("%s was let in", name)
		}
		f.equal(name+" left heads", heads, f.heads())
	}
}

// restoreRace: of several who put the same organization in, one does.
func restoreRace(f *fixture) {
	f.eventful("acme")
	want := f.dump("acme").as("copy")
	stores := []rollcall.Store{f.store, f.another(), f.store, f.another()}
	errs := make([]error, len(stores))
	var all sync.WaitGroup
	for i, s := range stores {
		all.Go(func() { errs[i] = restore(f.Context(), s, want.as("race")) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, rollcall.ErrCorpExists):
			f.Errorf("%v, not ErrCorpExists", err)
		}
	}
	f.equal("how many did", 1, won)
	f.equal("what is there", want.as("race").told(), f.dump("race").told())
}
