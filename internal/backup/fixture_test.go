package backup

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/ordset"
	"rollcall/internal/store/sqlite"
)

const day = rollcall.Instant(1_780_000_000_000)

func openStore(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), dir, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newStore(t testing.TB) *sqlite.Store { return openStore(t, filepath.Join(t.TempDir(), "data")) }

func ptr[T any](v T) *T { return &v }

func commit(t testing.TB, s rollcall.Store, corpID string, changes ...rollcall.Change) rollcall.Head {
	t.Helper()
	tx, err := s.Begin(context.Background(), corpID)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for i := range changes {
		changes[i].At, changes[i].By = day+rollcall.Instant(tx.Head().Version), "test"
	}
	if err := tx.Append(changes); err != nil {
		t.Fatal(err)
	}
	head, err := tx.Commit(fmt.Sprint("batch ", tx.Head().Version))
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func signIn(t testing.TB, s rollcall.Store, corpID string, d rollcall.Day, chunk uint32, ordinals ...uint32) {
	t.Helper()
	tx, err := s.Begin(context.Background(), corpID)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	set := ordset.New(0)
	for _, o := range ordinals {
		set.Add(o)
	}
	if err := tx.PutSignInChunk(d, chunk, set.AppendChunk(nil, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Commit("feed"); err != nil {
		t.Fatal(err)
	}
}

func dept(id, parent rollcall.DeptID) rollcall.Change {
	d := &rollcall.Dept{ID: id, ParentID: parent, Name: fmt.Sprint("Department ", id), Since: day, CreatedAt: day, ModifiedAt: day}
	return rollcall.Change{Kind: rollcall.DeptCreated, DeptID: id, Payload: rollcall.Payload{Dept: d}}
}

func join(o rollcall.Ordinal, userid string) rollcall.Change {
	u := &rollcall.User{Ordinal: o, UserID: userid, Name: "Name of " + userid, Stay: rollcall.Stay{From: day, To: rollcall.Open}, CreatedAt: day, ModifiedAt: day}
	return rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: u}}
}

func enter(o rollcall.Ordinal, d rollcall.DeptID) rollcall.Change {
	return rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: d, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: d, Entered: day, Modified: day}}}
}

func about(k rollcall.Kind, o rollcall.Ordinal, d rollcall.DeptID, p rollcall.Payload) rollcall.Change {
	return rollcall.Change{Kind: k, Ordinal: o, DeptID: d, Payload: p}
}

// eventful makes an organization with something of everything that is kept.
func eventful(t testing.TB, s rollcall.Store, corpID string) {
	t.Helper()
	c := rollcall.Corp{ID: corpID, Name: "Äcme \"王\" & <Söhne>", CreatedAt: day, Settings: rollcall.DefaultSettings()}
	if err := s.CreateCorp(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	settings := rollcall.Settings{ErrmsgLanguage: rollcall.Chinese, Timezone: "Europe/Berlin", ClosingHour: 7, Subdepartments: true, Sandbox: true}
	full := join(2, "cid")
	full.User.NameEN, full.User.Active, full.User.AccessLimited, full.User.Mobile, full.User.Email = "Cid", true, true, "+86 1", "c@example.com"
	full.User.Title, full.User.JobNumber, full.User.HiredDate, full.User.Extension = "Dr.", "007", 99, `{"a":"\u003c\\ufffd"}`
	full.User.Details = rollcall.Details{
		UnionID: "u", Telephone: "t", OrgEmail: "o@", OrgEmailType: "ot", WorkPlace: "w", Remark: "line\nline\ufffd", Avatar: "a", Gender: "g", LoginID: "l",
		ExclusiveType: "sso", Exclusive: true, HideMobile: true, Senior: true, Boss: true, Admin: 2,
		AdminDepts: []rollcall.DeptID{2, 3}, Manager: ptr(rollcall.Ordinal(0)),
	}
	led := enter(2, 2)
	*led.Member = rollcall.Membership{DeptID: 2, Order: -3, Ordered: true, Leader: true, Title: "Head", Main: true, WorkPlace: "Hall", Entered: day, Modified: day}
	child := dept(3, 9)
	child.Dept.NameEN, child.Dept.Order, child.Dept.SourceIdentifier, child.Dept.Brief = "Three", -12, "hr-3", "brief"
	child.Dept.Options = &rollcall.DeptOptions{Hidden: true, PermitDepts: []rollcall.DeptID{2}, PermitUsers: []rollcall.Ordinal{0}, GroupOwner: ptr(rollcall.Ordinal(0)), Code: "c"}
	app := rollcall.App{
		Appkey: "key." + corpID, Name: "App", Type: rollcall.ThirdParty, Permissions: []rollcall.Permission{rollcall.PermMember}, ScopeDepts: []rollcall.DeptID{3},
		ScopeUsers: []string{"bob"}, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Rate: 40, TicketGeneration: 2, AnyTicket: true,
		SecretHash: "abcdef", SecretSealed: "sealed", SecretGeneration: 4, CreatedAt: day,
	}
	plain := rollcall.App{Appkey: "another." + corpID, Name: "Another", Type: rollcall.Internal, SecretHash: "h", SecretGeneration: 1, CreatedAt: day}
	commit(t, s, corpID, about(rollcall.CorpUpdated, 0, 0, rollcall.Payload{Corp: &rollcall.CorpUpdate{
		Settings: &settings, Eras: &[]rollcall.Era{{Until: 20260801, Timezone: "UTC", ClosingHour: 3}},
	}}))
	commit(t, s, corpID, dept(2, 1), dept(9, 1), child, dept(4, 1), join(0, "ann"), enter(0, 2), join(1, "bob"), enter(1, 2), enter(1, 3), full, led,
		about(rollcall.AppCreated, 0, 0, rollcall.Payload{App: &app}), about(rollcall.AppCreated, 0, 0, rollcall.Payload{App: &plain}),
		about(rollcall.RoleGroupCreated, 0, 0, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "g"}}),
		about(rollcall.RoleCreated, 0, 0, rollcall.Payload{Role: &rollcall.Role{ID: 101, GroupID: 101, Name: "r"}}),
		about(rollcall.RoleCreated, 0, 0, rollcall.Payload{Role: &rollcall.Role{ID: 102, GroupID: 101, Name: "r2"}}),
		about(rollcall.RoleGiven, 2, 0, rollcall.Payload{Role: &rollcall.Role{ID: 101}}))
	gone := []rollcall.Change{about(rollcall.MemberRemoved, 0, 2, rollcall.Payload{}), about(rollcall.UserLeft, 0, 0, rollcall.Payload{})}
	commit(t, s, corpID, gone...)
	commit(t, s, corpID, join(0, "ann"), enter(0, 2),
		about(rollcall.DeptUpdated, 0, 3, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.DeptID(2))}}),
		about(rollcall.DeptDeleted, 0, 4, rollcall.Payload{}),
		about(rollcall.RoleDeleted, 0, 0, rollcall.Payload{Role: &rollcall.Role{ID: 102}}),
		about(rollcall.UserUpdated, 1, 0, rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("Bobby")}, UserBefore: &rollcall.UserUpdate{Name: ptr("Name of bob")}}))
	commit(t, s, corpID, about(rollcall.MemberRemoved, 1, 2, rollcall.Payload{}), about(rollcall.MemberRemoved, 1, 3, rollcall.Payload{}),
		about(rollcall.UserLeft, 1, 0, rollcall.Payload{}))
	commit(t, s, corpID, about(rollcall.UserErased, 1, 0, rollcall.Payload{User: &rollcall.User{UserID: "erased"}}))
	signIn(t, s, corpID, 20260820, 0, 0, 1, 2)
	signIn(t, s, corpID, 20260821, 0, 2)
	for i := range 2 {
		tok := rollcall.Token{Appkey: app.Appkey, Kind: rollcall.CorpToken, SecretGeneration: 4, Nonce: []byte{byte(i), 255}, ExpiresAt: day, Hash: []byte{0, byte(i)}}
		if _, err := s.SaveToken(context.Background(), corpID, tok, 5, day-1); err != nil {
			t.Fatal(err)
		}
	}
}

// written returns a backup of organizations as bytes.
func written(t testing.TB, from Source, ids ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, "test", day)
	for _, id := range ids {
		if _, err := w.Organization(context.Background(), from, id, nil); err != nil {
			t.Fatal(err)
		}
	}
	out, err := w.Close()
	if err != nil || out.Bytes != int64(b.Len()) {
		t.Fatalf("%d bytes of %d: %v", out.Bytes, b.Len(), err)
	}
	return b.Bytes()
}

func open(b []byte) (*File, error) { return Open(bytes.NewReader(b), int64(len(b))) }

// sealed makes a backup of lines that a store may never have told. The head is that
// of the last change.
func sealed(t testing.TB, corpID string, lines [parts]string, h rollcall.Head) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b, "test", day)
	s := Section{CorpID: corpID, Version: h.Version, Feed: h.Feed, Batch: h.Batch}
	sum := newSummer(nil)
	p := partWriter{to: w, now: -1}
	for part := range parts {
		if err := p.reach(part); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(lines[part]) {
			if err := p.line(part, []byte(line)); err != nil {
				t.Fatal(err)
			}
			sum.hashes[part].Write([]byte(line))
			sum.lines[part]++
		}
	}
	if err := p.reach(parts); err != nil {
		t.Fatal(err)
	}
	for part := range parts {
		p.places[part].Records, p.places[part].SHA256 = sum.lines[part], hex.EncodeToString(sum.hashes[part].Sum(nil))
	}
	s.Parts = p.places
	w.contents.Organizations = append(w.contents.Organizations, s)
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// linesOf returns the lines of an organization by part.
func linesOf(t testing.TB, from Source, corpID string) (lines [parts]string, h rollcall.Head) {
	t.Helper()
	s := newSummer(func(p Part, line []byte) error { lines[p] += string(line); return nil })
	h, err := from.Dump(context.Background(), corpID, s)
	if err != nil {
		t.Fatal(err)
	}
	return lines, h
}

// sumOf is [SumOf] that has to succeed.
func sumOf(t testing.TB, from Source, corpID string) Sum {
	t.Helper()
	s, err := SumOf(context.Background(), from, corpID, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
