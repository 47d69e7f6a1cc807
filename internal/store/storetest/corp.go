package storetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"rollcall"
)

func heads(f *fixture) {
	f.equal("the heads of nothing", []rollcall.Head{}, f.heads())
	// Byte order: upper case before lower case, digits before both.
	for _, id := range []string{"b", "B", "a", "1", "aa", "_"} {
		f.corp(id)
	}
	want := []rollcall.Head{{CorpID: "1"}, {CorpID: "B"}, {CorpID: "_"}, {CorpID: "a"}, {CorpID: "aa"}, {CorpID: "b"}}
	f.equal("the heads", want, f.heads())

	want[3] = f.commit("a", createDept(day, 2, 1, "x"))
	got := f.heads()
	f.equal("the heads after a commit", want, got)

	got[0].CorpID = "scribbled over" // the list is the caller's
	f.equal("the heads again", want, f.heads())

	for _, only := range [][]string{{"a"}, {"b", "nobody", "1", "B", "b"}, {"A", ""}} {
		list := []rollcall.Head{}
		for _, h := range want {
			if slices.Contains(only, h.CorpID) {
				list = append(list, h)
			}
		}
		some, err := f.store.Heads(f.Context(), only...)
		if err != nil {
			f.Fatal(err)
		}
		f.equal(fmt.Sprintf("the heads of %q", only), list, some)
	}
}

func createTwice(f *fixture) {
	f.corp("acme")
	f.commit("acme", createDept(day, 2, 1, "x"))
	want := f.load("acme")
	c := aCorp("acme")
	c.Name = "Another"
	if err := f.store.CreateCorp(f.Context(), c); !errors.Is(err, rollcall.ErrCorpExists) {
		f.Errorf("CreateCorp again: %v, not ErrCorpExists", err)
	}
	f.equal("the organization", want, f.load("acme"))
}

func newCorp(f *fixture) {
	c := rollcall.Corp{ID: "acme", Name: "Äcme 株式会社", CreatedAt: day, Settings: rollcall.Settings{
		ErrmsgLanguage: rollcall.Chinese, Timezone: "Europe/Berlin", ClosingHour: 7, Subdepartments: true,
	}}
	if err := f.store.CreateCorp(f.Context(), c); err != nil {
		f.Fatal(err)
	}
	f.equal("a new organization", &state{
		Head: rollcall.Head{CorpID: "acme"},
		Corp: c,
		Depts: []deptState{{
			rollcall.Dept{ID: rollcall.RootDept, Name: c.Name, Since: rollcall.Beginning, CreatedAt: day, ModifiedAt: day},
			rollcall.Open,
		}},
	}, f.load("acme"))
	f.equal("its log", []rollcall.Change{}, f.changes("acme", 0))
}

func unknownCorp(f *fixture) {
	f.corp("acme")
	ctx := f.Context()
	for name, call := range map[string]func(corpID string) error{
		"Load":    func(id string) error { _, err := f.store.Load(ctx, id, &recorder{state: &state{}}); return err },
		"Changes": func(id string) error { _, _, err := readChanges(ctx, f.store, id, 0); return err },
		"Begin": func(id string) error {
			tx, err := f.store.Begin(ctx, id)
			if err == nil {
				tx.Rollback()
			}
			return err
		},
		"SignInChunks": func(id string) error { _, _, err := readChunks(ctx, f.store, id, 0); return err },
		"Dump":         func(id string) error { _, err := f.store.Dump(ctx, id, newWhole()); return err },
		"LoadTokens":   func(id string) error { _, err := f.store.LoadTokens(ctx, id); return err },
		"SaveToken": func(id string) error {
			_, err := f.store.SaveToken(ctx, id, rollcall.Token{Appkey: "key.acme"}, 1, 0)
			return err
		},
	} {
		for _, id := range []string{"nobody", "ACME", "acme ", ""} {
			if err := call(id); !errors.Is(err, rollcall.ErrNoCorp) {
				f.Errorf("%s(%q): %v, not ErrNoCorp", name, id, err)
			}
		}
	}
}

func separateCorps(f *fixture) {
	f.populate("one")
	f.populate("two")
	saveToken(f, "one", rollcall.Token{Appkey: "key.one", Nonce: []byte("1"), Hash: []byte("h")})
	tx := f.begin("one")
	if err := tx.PutSignInChunk(20260820, 0, []byte{1}); err != nil {
		f.Fatal(err)
	}
	f.end(tx, "feed")
	two := f.load("two")

	// The same numbers in the other organization.
	f.commit("one",
		deptChange(rollcall.DeptUpdated, later, 3, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}),
		userChange(rollcall.UserUpdated, later, 0, rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: ptr("x")}}),
		memberChange(rollcall.MemberRemoved, later, 1, 3, rollcall.Payload{}),
		memberChange(rollcall.MemberRemoved, later, 0, 2, rollcall.Payload{}),
		userChange(rollcall.UserLeft, later, 0, rollcall.Payload{}),
		join(later, 0, "ann"),
		change(rollcall.CorpUpdated, later, rollcall.Payload{Corp: &rollcall.CorpUpdate{Name: ptr("x")}}))

	f.equal("the other organization", two, f.load("two"))
	f.equal("its log", 8, len(f.changes("two", 0)))
	if chunks, _, err := readChunks(f.Context(), f.store, "two", 0); err != nil || len(chunks) > 0 {
		f.Errorf("its sign-ins: %v, %v", chunks, err)
	}
	if list, err := f.store.LoadTokens(f.Context(), "two"); err != nil || len(list) > 0 {
		f.Errorf("its tokens: %v, %v", list, err)
	}
	tx = f.begin("two")
	if bits, err := tx.SignInChunk(20260820, 0); err != nil || bits != nil {
		f.Errorf("its chunk: %v, %v", bits, err)
	}
	// An app of another organization is not there.
	app := rollcall.Payload{App: &rollcall.App{Appkey: "key.one"}}
	if err := tx.Append([]rollcall.Change{change(rollcall.AppDeleted, later, app)}); err == nil {
		f.Error("an app of another organization was deleted")
	}
}

// oddStrings, which are immutable, are texts that careless quoting, encoding,
// comparing or trimming would change.
var oddStrings = []string{
	"", " ", "  both ends  ", `it's "quoted" \ %s ; -- DROP TABLE users`, "<b>&amp;</b>", "a\tb\nc\rd",
	"王小明", "𠮷野家 㐂 龘", "👩‍👩‍👧‍👦 😀", "e\u0301 é", "\u2028\u2029\ufeff\ufffd", "İıſß", "NULL", "null", "0", "1e5", "true", "nul\x00 in the middle", "\x00", "\x1a00",
	strings.Repeat("长", 20_000),
}

func oddTexts(f *fixture) {
	f.corp("acme")
	var changes []rollcall.Change
	for i, s := range oddStrings {
		o, d := rollcall.Ordinal(i), rollcall.DeptID(i+2)
		dept := createDept(day, d, 1, s)
		dept.Dept.NameEN, dept.Dept.SourceIdentifier, dept.Dept.Brief = s, s, s
		dept.Dept.Options = &rollcall.DeptOptions{Hidden: true, Code: s, Telephone: s, Extension: s}
		user := join(day, o, s)
		u := user.User
		u.Name, u.NameEN, u.Mobile, u.Email, u.Title, u.JobNumber, u.Extension = s, s, s, s, s, s, s
		u.Details = rollcall.Details{
			UnionID: s, Telephone: s, OrgEmail: s, OrgEmailType: s, WorkPlace: s, Remark: s, Avatar: s, Gender: s, LoginID: s, ExclusiveType: s,
		}
		member := enter(day, o, d)
		member.Member.Title, member.Member.WorkPlace = s, s
		group := change(rollcall.RoleGroupCreated, day, rollcall.Payload{Group: &rollcall.RoleGroup{ID: rollcall.GroupID(i + 1), Name: s}})
		role := change(rollcall.RoleCreated, day, rollcall.Payload{Role: &rollcall.Role{ID: rollcall.RoleID(i + 1), GroupID: group.Group.ID, Name: s}})
		app := createApp(day, fmt.Sprint("key", i))
		app.App.Name, app.App.SecretHash = s, s
		app.App.Type, app.App.Permissions = rollcall.AppType(s), []rollcall.Permission{rollcall.Permission(s)}
		for _, c := range []rollcall.Change{dept, user, member, group, role, app} {
			c.By = s
			changes = append(changes, c)
		}
	}
	tx := f.begin("acme")
	if err := tx.Append(changes); err != nil {
		f.Fatal(err)
	}
	batch := strings.Join(oddStrings, "|")
	f.equal("the batch", batch, f.end(tx, batch).Batch)
	f.equal("the batch in the heads", batch, f.heads()[0].Batch)

	m := newModel(aCorp("acme"))
	m.commit(batch, changes)
	f.equal("the state", m.state(), f.load("acme"))
	f.equal("the log", m.log, f.changes("acme", 0))

	for i, s := range oddStrings {
		update := userChange(rollcall.UserUpdated, later, rollcall.Ordinal(len(oddStrings)-1-i), rollcall.Payload{
			UserUpdate: &rollcall.UserUpdate{Name: &s, Mobile: &s}, UserBefore: &rollcall.UserUpdate{Name: &s},
		})
		f.commit("acme", update)
		m.commit("batch", []rollcall.Change{update})
	}
	f.equal("the state after updates", m.state(), f.load("acme"))
	f.equal("the log after updates", m.log, f.changes("acme", 0))
}

func byteOrder(f *fixture) {
	f.corp("acme")
	// All of these are different people, and different apps.
	ids := []string{"ann", "Ann", "ANN", "ann ", " ann", "änn", "a\u0308nn", "ａｎｎ", "ann0", "strasse", "straße", "ı", "i", "I", "İ"}
	var changes []rollcall.Change
	for i, id := range ids {
		changes = append(changes, join(day, rollcall.Ordinal(i), id), createApp(day, id))
	}
	f.commit("acme", changes...)
	for i, u := range f.load("acme").Users {
		f.equal("userid", ids[i], u.UserID)
	}
	for _, id := range ids {
		saveToken(f, "acme", rollcall.Token{Appkey: id, Nonce: []byte(id), Hash: []byte{1}})
	}
	list, err := f.store.LoadTokens(f.Context(), "acme")
	if err != nil || len(list) != len(ids) {
		f.Fatalf("%d tokens, not %d: %v", len(list), len(ids), err)
	}
	for i, t := range list {
		f.equal("nonce", t.Appkey, string(t.Nonce))
		if i > 0 && list[i-1].Appkey >= t.Appkey {
			f.Errorf("token of %q comes before that of %q", list[i-1].Appkey, t.Appkey)
		}
	}
}

func extremeNumbers(f *fixture) {
	f.corp("acme")
	const most, least = math.MaxInt64, math.MinInt64
	top := createDept(-1, most, 1, "x")
	top.Dept.Order = most
	low := createDept(most, 2, most, "x")
	low.Dept.Order, low.Dept.Since = least, -5
	user := join(least+1, math.MaxUint32, "x")
	user.User.HiredDate, user.User.Stay.From = -1, least
	user.User.AdminDepts, user.User.Manager = []rollcall.DeptID{most, 1}, ptr(rollcall.Ordinal(math.MaxUint32))
	low.Dept.Options = &rollcall.DeptOptions{
		PermitDepts: []rollcall.DeptID{most}, OuterUsers: []rollcall.Ordinal{math.MaxUint32}, GroupOwner: ptr(rollcall.Ordinal(math.MaxUint32)),
	}
	member := enter(day, math.MaxUint32, most)
	member.Member.Order, member.Member.Ordered, member.Member.Entered, member.Member.Modified = least, true, most-1, least
	app := createApp(0, "key1")
	app.App.SecretGeneration, app.App.ScopeDepts = math.MaxInt32, []rollcall.DeptID{most, 1}
	group := change(rollcall.RoleGroupCreated, day, rollcall.Payload{Group: &rollcall.RoleGroup{ID: most, Name: "x"}})
	role := change(rollcall.RoleCreated, day, rollcall.Payload{Role: &rollcall.Role{ID: most, GroupID: most, Name: "x"}})
	given := userChange(rollcall.RoleGiven, day, math.MaxUint32, rollcall.Payload{Role: &rollcall.Role{ID: most}})
	changes := []rollcall.Change{top, low, user, member, group, role, given, app}
	f.commit("acme", changes...)

	m := newModel(aCorp("acme"))
	m.commit("batch", changes)
	f.equal("the state", m.state(), f.load("acme"))
	f.equal("the log", m.log, f.changes("acme", 0))
}

func snapshotOrder(f *fixture) {
	f.populate("acme")
	// Departments and people come in order also where they came in otherwise;
	// that the kinds of calls do is what recorder sees to.
	f.commit("acme", createDept(day, 9, 1, "x"), createDept(day, 4, 9, "x"), enter(day, 0, 9), enter(day, 0, 4), enter(day, 0, 3),
		memberChange(rollcall.MemberRemoved, later, 1, 3, rollcall.Payload{}),
		memberChange(rollcall.MemberRemoved, later, 1, 2, rollcall.Payload{}),
		userChange(rollcall.UserLeft, later, 1, rollcall.Payload{}), join(later, 1, "bob"),
		deptChange(rollcall.DeptUpdated, later, 4, rollcall.Payload{DeptUpdate: &rollcall.DeptUpdate{ParentID: ptr(rollcall.RootDept)}}))
	var depts []rollcall.DeptID
	for _, m := range f.load("acme").Users[0].Memberships {
		depts = append(depts, m.DeptID)
	}
	f.equal("the memberships", []rollcall.DeptID{2, 3, 4, 9}, depts)
}

// failing is a snapshot that fails at one of its calls.
type failing struct {
	recorder
	at  string
	err error
}

func (s *failing) fails(call string) error {
	if call == s.at {
		return s.err
	}
	return nil
}

func (s *failing) Corp(*rollcall.Corp) error                   { return s.fails("Corp") }
func (s *failing) Dept(*rollcall.Dept, rollcall.Instant) error { return s.fails("Dept") }
func (s *failing) User(*rollcall.User) error                   { return s.fails("User") }
func (s *failing) RoleGroup(*rollcall.RoleGroup, bool) error   { return s.fails("RoleGroup") }
func (s *failing) Role(*rollcall.Role, bool) error             { return s.fails("Role") }
func (s *failing) App(*rollcall.App) error                     { return s.fails("App") }

func callbackErrors(f *fixture) {
	f.populate("acme")
	f.commit("acme",
		change(rollcall.RoleGroupCreated, day, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "x"}}),
		change(rollcall.RoleCreated, day, rollcall.Payload{Role: &rollcall.Role{ID: 101, GroupID: 101, Name: "x"}}))
	want := errors.New("enough")
	for range 20 { // more often than there are connections to lose
		for _, call := range []string{"Corp", "Dept", "User", "RoleGroup", "Role", "App"} {
			if _, err := f.store.Load(f.Context(), "acme", &failing{at: call, err: want}); !errors.Is(err, want) {
				f.Fatalf("Load with a failing %s: %v", call, err)
			}
		}
		if _, err := f.store.Changes(f.Context(), "acme", 0, func(rollcall.Change) error { return want }); !errors.Is(err, want) {
			f.Fatalf("Changes: %v", err)
		}
	}
	tx := f.begin("acme")
	if err := tx.Changes(0, func(rollcall.Change) error { return want }); !errors.Is(err, want) {
		f.Errorf("Changes of a transaction: %v", err)
	}
	if err := tx.Append([]rollcall.Change{createDept(day, 9, 1, "x")}); err != nil {
		f.Errorf("Append after it: %v", err)
	}
	f.end(tx, "x")
}
