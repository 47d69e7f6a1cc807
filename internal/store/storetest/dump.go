package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"rollcall"
)

// whole is a [rollcall.Copy] that keeps everything of an organization, in the
// order in which it was told, and insists on the promised one.
type whole struct {
	recorder
	Log    []rollcall.Change
	Chunks []chunkState
	Tokens []rollcall.Token
}

type chunkState struct {
	Day   rollcall.Day
	Chunk uint32
	Bits  []byte
}

// The stages after those of a snapshot.
const (
	atLog = atRest + 1 + iota
	atSignIns
	atTokens
)

// told is what was told, in a form that can be compared.
func (w *whole) told() []any { return []any{w.state, w.Log, w.Chunks, w.Tokens} }

func newWhole() *whole { return &whole{recorder: recorder{state: &state{}}} }

func (w *whole) Change(c *rollcall.Change) error {
	if n := len(w.Log); n > 0 && w.Log[n-1].Version > c.Version {
		return fmt.Errorf("version %d comes after version %d", c.Version, w.Log[n-1].Version)
	}
	w.Log = append(w.Log, *c)
	return w.at(atLog)
}

func (w *whole) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	if n := len(w.Chunks); n > 0 && (w.Chunks[n-1].Day > d || w.Chunks[n-1].Day == d && w.Chunks[n-1].Chunk >= chunk) {
		return fmt.Errorf("chunk %d of %s comes after another one", chunk, d)
	}
	w.Chunks = append(w.Chunks, chunkState{d, chunk, bytes.Clone(bits)})
	return w.at(atSignIns)
}

func (w *whole) Token(t *rollcall.Token) error {
	w.Tokens = append(w.Tokens, *t)
	return w.at(atTokens)
}

func dump(ctx context.Context, s rollcall.Store, corpID string) (*whole, error) {
	w := newWhole()
	head, err := s.Dump(ctx, corpID, w)
	w.Head = head
	return w, err
}

func (f *fixture) dump(corpID string) *whole {
	f.Helper()
	w, err := dump(f.Context(), f.store, corpID)
	if err != nil {
		f.Fatal(err)
	}
	return w
}

// as returns the same under another id. Appkeys get the id behind them: some
// engines keep them apart across all organizations.
func (w *whole) as(corpID string) *whole {
	key := func(a rollcall.App) rollcall.App {
		a.Appkey += "@" + corpID
		return a
	}
	s := *w.state
	s.Head.CorpID, s.Corp.ID = corpID, corpID
	s.Apps = nil
	for _, a := range w.Apps {
		s.Apps = append(s.Apps, key(a))
	}
	c := &whole{recorder: recorder{state: &s}, Chunks: w.Chunks}
	for _, ch := range w.Log {
		for _, a := range []**rollcall.App{&ch.App, &ch.AppBefore} {
			if *a != nil {
				renamed := key(**a)
				*a = &renamed
			}
		}
		c.Log = append(c.Log, ch)
	}
	for _, t := range w.Tokens {
		t.Appkey += "@" + corpID
		c.Tokens = append(c.Tokens, t)
	}
	slices.SortFunc(c.Apps, func(a, b rollcall.App) int { return bytes.Compare([]byte(a.Appkey), []byte(b.Appkey)) })
	slices.SortStableFunc(c.Tokens, func(a, b rollcall.Token) int { return bytes.Compare([]byte(a.Appkey), []byte(b.Appkey)) })
	return c
}

// tell gives everything to another one. What it gives by pointer it uses again for
// the next.
func (w *whole) tell(to rollcall.Copy) error {
	for _, step := range []func() error{
		func() error { return to.Corp(&w.state.Corp) },
		func() error { return each(w.Depts, func(d *deptState) error { return to.Dept(&d.Dept, d.Ended) }) },
		func() error { return each(w.Users, to.User) },
		func() error {
			return each(w.EndedStays, func(e *endedStay) error { return to.EndedStay(e.Ordinal, e.Stay) })
		},
		func() error {
			return each(w.EndedMemberships, func(e *endedMembership) error { return to.EndedMembership(e.Ordinal, e.DeptID, e.Stay) })
		},
		func() error {
			return each(w.EndedParents, func(e *endedParent) error { return to.EndedParent(e.DeptID, e.ParentID, e.Stay) })
		},
		func() error {
			return each(w.Groups, func(g *groupState) error { return to.RoleGroup(&g.RoleGroup, g.Deleted) })
		},
		func() error { return each(w.Roles, func(r *roleState) error { return to.Role(&r.Role, r.Deleted) }) },
		func() error { return each(w.Apps, to.App) },
		func() error { return each(w.Log, to.Change) },
		func() error { return each(w.Chunks, func(c *chunkState) error { return c.tell(to) }) },
		func() error { return each(w.Tokens, to.Token) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (c *chunkState) tell(to rollcall.Copy) error {
	bits := bytes.Clone(c.Bits)
	defer clear(bits)
	return to.SignInChunk(c.Day, c.Chunk, bits)
}

// each gives a list, one after the other at the same place, until one fails.
func each[T any](list []T, give func(*T) error) error {
	var v, zero T
	for i := range list {
		v = list[i]
		err := give(&v)
		v = zero
		if err != nil {
			return err
		}
	}
	return nil
}

// dumpIsOneState: what is committed while a dump goes on is not in it, not even
// where it changes what is told later, as erasing changes the log.
func dumpIsOneState(f *fixture) {
	f.eventful("acme")
	want := f.dump("acme")
	f.equal("the state", f.load("acme"), sorted(want.state))
	f.equal("the log", f.changes("acme", 0), want.Log)
	got := newWhole()
	once := &during{whole: got, do: func() {
		f.commit("acme", userChange(rollcall.UserErased, later+9, 0, rollcall.Payload{User: &rollcall.User{UserID: "gone"}}))
		tx := f.begin("acme")
		if err := tx.PutSignInChunk(20260822, 0, []byte{7}); err != nil {
			f.Error(err)
		}
		f.end(tx, "meanwhile")
		if _, err := f.store.DropSignIns(f.Context(), "acme", 20260821); err != nil {
			f.Error(err)
		}
		saveToken(f, "acme", rollcall.Token{Appkey: "key.acme", Kind: rollcall.AppToken, Nonce: []byte("other"), ExpiresAt: later, Hash: []byte{4}})
	}}
	head, err := f.store.Dump(f.Context(), "acme", once)
	if err != nil {
		f.Fatal(err)
	}
	got.Head = head
	f.equal("what was told", want.told(), got.told())
	if after := f.dump("acme"); after.Head.Version != head.Version+1 || diff(after.Log, want.Log) == "" {
		f.Error("nothing was committed meanwhile: this test shows nothing")
	}
}

func sorted(s *state) *state {
	c := *s
	c.EndedStays, c.EndedMemberships, c.EndedParents = slices.Clone(s.EndedStays), slices.Clone(s.EndedMemberships), slices.Clone(s.EndedParents)
	c.sort()
	return &c
}

// during does something at the first person.
type during struct {
	*whole
	do func()
}

func (d *during) User(u *rollcall.User) error {
	if d.do != nil {
		d.do()
		d.do = nil
	}
	return d.whole.User(u)
}

// stopping fails at one of its calls.
type stopping struct {
	*whole
	at  string
	err error
}

func (s stopping) Corp(c *rollcall.Corp) error {
	if s.at == "Corp" {
		return s.err
	}
	return s.whole.Corp(c)
}

func (s stopping) Change(c *rollcall.Change) error {
	if s.at == "Change" {
		return s.err
	}
	return s.whole.Change(c)
}

func (s stopping) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	if s.at == "SignInChunk" {
		return s.err
	}
	return s.whole.SignInChunk(d, chunk, bits)
}

func (s stopping) Token(t *rollcall.Token) error {
	if s.at == "Token" {
		return s.err
	}
	return s.whole.Token(t)
}

func dumpEndsEarly(f *fixture) {
	f.eventful("acme")
	want := errors.New("enough")
	for range 20 { // more often than there are connections to lose
		for _, call := range []string{"Corp", "Change", "SignInChunk", "Token"} {
			if _, err := f.store.Dump(f.Context(), "acme", stopping{newWhole(), call, want}); !errors.Is(err, want) {
				f.Fatalf("with a failing %s: %v", call, err)
			}
		}
	}
	ctx, cancel := context.WithCancel(f.Context())
	if _, err := f.store.Dump(ctx, "acme", &during{newWhole(), cancel}); !errors.Is(err, context.Canceled) {
		f.Errorf("after the context ended: %v", err)
	}
	f.dump("acme") // the next call is not concerned
}
