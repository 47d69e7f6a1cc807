package postgres_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/store/postgres"
)

// people receives an organization and keeps who is in it.
type people struct {
	rollcall.Snapshot
	corp  rollcall.Corp
	depts []rollcall.Dept
	users []rollcall.User
	apps  []rollcall.App
	ended int
	roles []string
}

func (p *people) Corp(c *rollcall.Corp) error { p.corp = *c; return nil }
func (p *people) Dept(d *rollcall.Dept, _ rollcall.Instant) error {
	p.depts = append(p.depts, *d)
	return nil
}

func (p *people) User(u *rollcall.User) error {
	c := *u
	c.Memberships, c.Roles = slices.Clone(u.Memberships), slices.Clone(u.Roles)
	p.users = append(p.users, c)
	return nil
}

func (p *people) EndedStay(rollcall.Ordinal, rollcall.Stay) error { p.ended++; return nil }
func (p *people) EndedMembership(rollcall.Ordinal, rollcall.DeptID, rollcall.Stay) error {
	p.ended++
	return nil
}

func (p *people) EndedParent(_, _ rollcall.DeptID, _ rollcall.Stay) error { p.ended++; return nil }
func (p *people) RoleGroup(g *rollcall.RoleGroup, _ bool) error {
	p.roles = append(p.roles, g.Name)
	return nil
}

func (p *people) Role(r *rollcall.Role, _ bool) error { p.roles = append(p.roles, r.Name); return nil }
func (p *people) App(a *rollcall.App) error           { p.apps = append(p.apps, *a); return nil }

// An organization as the first tables had it, with a row in each, is what it was.
func TestTheFirstTablesAreBroughtUpToDate(t *testing.T) {
	url := server.Database(t)
	if err := postgres.MigrateTo(t.Context(), url, 1); err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile("testdata/first.sql")
	if err != nil {
		t.Fatal(err)
	}
	sql(t, url, string(rows))
	s := open(t, url)
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
	heads, err := s.Heads(t.Context())
	want := []rollcall.Head{{CorpID: "acme", Version: 2, Feed: 1, Batch: "b3"}, {CorpID: "企业\x00", Version: 0}}
	if err != nil || !slices.Equal(heads, want) {
		t.Errorf("heads %v, want %v (%v)", heads, want, err)
	}
	var p people
	if _, err := s.Load(t.Context(), "acme", &p); err != nil {
		t.Fatal(err)
	}
	if p.corp.ID != "acme" || p.corp.Name != "Acme" || len(p.depts) != 2 || p.depts[1].ParentID != 1 || p.ended != 3 ||
		strings.Join(p.roles, " ") != "Offices Head" || len(p.apps) != 1 || p.apps[0].Appkey != "key" {
		t.Errorf("%+v", p)
	}
	if len(p.users) != 2 || p.users[0].UserID != "ann" || p.users[0].Present() || p.users[1].Memberships[0].DeptID != 2 || p.users[1].Roles[0] != 102 {
		t.Errorf("people %+v", p.users)
	}
	if passed, err := s.Passed(t.Context(), rollcall.Head{CorpID: "acme", Version: 1, Batch: "b1"}); !passed || err != nil {
		t.Errorf("passed %t, %v", passed, err)
	}
	tokens, err := s.LoadTokens(t.Context(), "acme")
	if err != nil || len(tokens) != 1 || tokens[0].ExpiresAt != 99 {
		t.Errorf("tokens %v, %v", tokens, err)
	}
	chunks := 0
	_, err = s.SignInChunks(t.Context(), "acme", 0, func(d rollcall.Day, chunk uint32, bits []byte) error {
		chunks++
		if d != 20260820 || chunk != 0 || string(bits) != "\x01" {
			t.Errorf("chunk %v %d %x", d, chunk, bits)
		}
		return nil
	})
	if err != nil || chunks != 1 {
		t.Errorf("%d chunks, %v", chunks, err)
	}

	// What the log says of somebody is found in old rows and in new ones.
	commitAs(t, s, "b4", rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 1, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: new("Bob")}}})
	commitAs(t, s, "b5", rollcall.Change{Kind: rollcall.UserErased, Ordinal: 0, Payload: rollcall.Payload{User: &rollcall.User{UserID: "gone"}}})
	var kinds []string
	_, err = s.Changes(t.Context(), "acme", 0, func(c rollcall.Change) error {
		kinds = append(kinds, string(c.Kind))
		if c.User != nil && (c.Ordinal == 0) != (c.User.UserID == "gone") {
			t.Errorf("%s of ordinal %d: %q", c.Kind, c.Ordinal, c.User.UserID)
		}
		return nil
	})
	if got := strings.Join(kinds, " "); err != nil || got != "user_join user_join user_leave user_update user_erase" {
		t.Errorf("the log: %s, %v", got, err)
	}
	if _, err := s.Load(t.Context(), "企业\x00", &people{}); err != nil {
		t.Error(err)
	}
}

// commitAs commits changes of acme, under the name of a batch.
func commitAs(t *testing.T, s *postgres.Store, batch string, changes ...rollcall.Change) {
	t.Helper()
	tx := begin(t, s)
	if err := tx.Append(changes); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit(batch); err != nil {
		t.Fatal(err)
	}
}
