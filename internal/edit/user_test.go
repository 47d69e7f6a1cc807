package edit_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/directory/modeltest"
	"rollcall/internal/edit"
	"rollcall/internal/store/sqlite"
)

const userTestNow rollcall.Instant = 1_787_277_600_000

// company is an organization with departments 2, 3 and 4 and these people:
//
//	0 anna  in 2, leads it; a main administrator; holds both roles; owns the
//	        group of 2 and is on the permit lists of 2 and 3
//	1 bob   in 2 and 3, reports to anna; holds role 103
//	2 cara  in 3, reports to bob
//	3 dan   has left, with a mobile number and a unionid
//	4 eve   in 4, has no values
type company struct {
	*directory.Corp
	t     testing.TB
	store *sqlite.Store
	opt   directory.Options
	clock *modeltest.Clock
}

func newCompany(t testing.TB) *company {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	store, err := sqlite.Open(ctx, dir, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	corp := rollcall.Corp{ID: "corp", Name: "Org", CreatedAt: userTestNow, Settings: rollcall.DefaultSettings()}
	if err := store.CreateCorp(ctx, corp); err != nil {
		t.Fatal(err)
	}
	c := &company{t: t, store: store, clock: modeltest.NewClock(time.UnixMilli(int64(userTestNow)))}
	c.opt = directory.Options{Store: store, Encoder: modeltest.Encoder{}, Keyer: roleKeyer(), Clock: c.clock.Now}
	if c.Corp, err = directory.Open(ctx, "corp", c.opt); err != nil {
		t.Fatal(err)
	}
	c.commit(c.founding()...)
	c.clock.Advance(time.Hour)
	return c
}

func (c *company) founding() (changes []rollcall.Change) {
	anna, bob := rollcall.Ordinal(0), rollcall.Ordinal(1)
	for id, options := range []*rollcall.DeptOptions{
		2: {Hidden: true, PermitUsers: []rollcall.Ordinal{0, 1, 4}, GroupOwner: &anna, Code: "c"},
		3: {Outer: true, OuterUsers: []rollcall.Ordinal{1, 0}},
		4: nil,
	} {
		if id > 1 {
			d := rollcall.Dept{ID: rollcall.DeptID(id), ParentID: 1, Name: fmt.Sprint("Dept ", id), Options: options}
			changes = append(changes, rollcall.Change{Kind: rollcall.DeptCreated, DeptID: d.ID, Payload: rollcall.Payload{Dept: &d}})
		}
	}
	for o, p := range []struct {
		userid, mobile string
		details        rollcall.Details
		in             []rollcall.Membership
	}{
		{"anna", "13800000001", rollcall.Details{Admin: rollcall.MainAdmin, Telephone: "8001"}, []rollcall.Membership{{DeptID: 2, Leader: true}}},
		{"bob", "13800000002", rollcall.Details{Manager: &anna, Remark: "r"}, []rollcall.Membership{{DeptID: 2, Order: 5, Ordered: true, Title: "Second"}, {DeptID: 3}}},
		{"cara", "", rollcall.Details{Manager: &bob}, []rollcall.Membership{{DeptID: 3}}},
		{"dan", "13800000004", rollcall.Details{UnionID: "union of dan"}, nil},
		{"eve", "", rollcall.Details{}, []rollcall.Membership{{DeptID: 4}}},
	} {
		o := rollcall.Ordinal(o)
		u := rollcall.User{UserID: p.userid, Name: strings.ToUpper(p.userid), Mobile: p.mobile, Details: p.details, Active: o == 3, Stay: rollcall.Stay{From: userTestNow, To: rollcall.Open}}
		changes = append(changes, rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: &u}})
		for _, m := range p.in {
			changes = append(changes, rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: m.DeptID, Payload: rollcall.Payload{Member: &m}})
		}
	}
	changes = append(changes, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: 3},
		rollcall.Change{Kind: rollcall.RoleGroupCreated, Payload: rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "Offices"}}})
	for _, id := range []rollcall.RoleID{102, 103} {
		changes = append(changes, rollcall.Change{Kind: rollcall.RoleCreated, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id, GroupID: 101, Name: fmt.Sprint("Role ", id)}}})
	}
	for _, given := range []struct {
		o  rollcall.Ordinal
		id rollcall.RoleID
	}{{0, 102}, {0, 103}, {1, 103}} {
		changes = append(changes, rollcall.Change{Kind: rollcall.RoleGiven, Ordinal: given.o, Payload: rollcall.Payload{Role: &rollcall.Role{ID: given.id}}})
	}
	return append(changes, rollcall.Change{Kind: rollcall.AppCreated, Payload: rollcall.Payload{App: &rollcall.App{
		Appkey: "app.one", Name: "app", Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermMember},
		ScopeUsers: []string{"anna", "dan"}, SecretHash: "00", SecretGeneration: 1,
	}}})
}

func (c *company) commit(changes ...rollcall.Change) {
	c.t.Helper()
	if _, err := c.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) { return directory.Batch{Changes: changes}, nil }); err != nil {
		c.t.Fatal(err)
	}
}

// now is the time of the clock.
func (c *company) now() rollcall.Instant { return rollcall.At(c.clock.Now()) }

// done carries out an intent that must succeed, and checks the whole.
func (c *company) done(intent directory.Intent) directory.Outcome {
	c.t.Helper()
	out, err := c.Do(context.Background(), "test", intent)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Current().Verify(); err != nil {
		c.t.Fatal(err)
	}
	if _, err := directory.CheckStore(context.Background(), "corp", c.opt); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// refused carries out an intent that must be refused for a reason.
func (c *company) refused(intent directory.Intent, kind rollcall.ErrorKind, param string) {
	c.t.Helper()
	before := c.Current().Version()
	_, err := c.Do(context.Background(), "test", intent)
	var e *rollcall.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Param != param {
		c.t.Errorf("the error is %v, and not of kind %d about %q", err, kind, param)
	}
	if c.Current().Version() != before {
		c.t.Error("something changed all the same")
	}
}

func (c *company) user(userid string) *rollcall.User {
	c.t.Helper()
	u, ok := c.Current().UserByID(userid)
	if !ok {
		c.t.Fatalf("there is no %s", userid)
	}
	return u
}

func ptr[T any](v T) *T { return &v }

func TestRefusedPeople(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	type values = edit.UserValues
	const control = "a\x01b"
	long := func(n int) *string { return ptr(strings.Repeat("x", n)) }
	for name, tt := range map[string]struct {
		v     values
		kind  rollcall.ErrorKind
		param string
	}{
		"empty name":             {values{Name: ptr("")}, rollcall.KindInvalid, "name"},
		"long name":              {values{Name: long(65)}, rollcall.KindInvalid, "name"},
		"mobile of no country":   {values{Mobile: ptr("12345")}, rollcall.KindInvalid, "mobile"},
		"mobile of another":      {values{Mobile: ptr("+86-13800000001")}, rollcall.KindConflict, "mobile"},
		"telephone of another":   {values{Telephone: ptr("8001")}, rollcall.KindConflict, "telephone"},
		"long telephone":         {values{Telephone: long(51)}, rollcall.KindInvalid, "telephone"},
		"long e-mail":            {values{Email: ptr("x@" + *long(49))}, rollcall.KindInvalid, "email"},
		"e-mail without a place": {values{Email: ptr("x@")}, rollcall.KindInvalid, "email"},
		"e-mail with a blank":    {values{OrgEmail: ptr("a b@c")}, rollcall.KindInvalid, "org_email"},
		"long job number":        {values{JobNumber: long(51)}, rollcall.KindInvalid, "job_number"},
		"title":                  {values{Title: ptr(control)}, rollcall.KindInvalid, "title"},
		"work place":             {values{WorkPlace: long(101)}, rollcall.KindInvalid, "work_place"},
		"remark":                 {values{Remark: long(2001)}, rollcall.KindInvalid, "remark"},
		"extension":              {values{Extension: ptr("[1]")}, rollcall.KindInvalid, "extension"},
		"two extensions":         {values{Extension: ptr("{}{}")}, rollcall.KindInvalid, "extension"},
		"broken extension":       {values{Extension: ptr(`{"a":}`)}, rollcall.KindInvalid, "extension"},
		"large extension":        {values{Extension: ptr(`{"a":"` + *long(16 << 10) + `"}`)}, rollcall.KindInvalid, "extension"},
		"no such department":     {values{Depts: []rollcall.DeptID{2, 9}}, rollcall.KindNotFound, "dept_id_list"},
		"leads elsewhere":        {values{Leads: []rollcall.DeptID{2}}, rollcall.KindNotFound, "leader_in_dept"},
		"a place elsewhere":      {values{Places: []edit.Place{{DeptID: 2, Param: "p"}}}, rollcall.KindNotFound, "p"},
		"a negative order":       {values{Places: []edit.Place{{DeptID: 4, Order: ptr(int64(-1)), Param: "p"}}}, rollcall.KindInvalid, "p"},
		"a long title there":     {values{Places: []edit.Place{{DeptID: 4, Title: long(201), Param: "p"}}}, rollcall.KindInvalid, "p"},
		"a work place there":     {values{Places: []edit.Place{{DeptID: 4, WorkPlace: ptr(control), Param: "p"}}}, rollcall.KindInvalid, "p"},
		"manager unknown":        {values{Manager: ptr("nobody")}, rollcall.KindNotFound, "manager_userid"},
		"manager who left":       {values{Manager: ptr("dan")}, rollcall.KindNotFound, "manager_userid"},
		"administrator of what":  {values{Admin: ptr(uint8(3))}, rollcall.KindInvalid, "sys_level"},
		"departments of nobody":  {values{AdminDepts: []rollcall.DeptID{2}}, rollcall.KindInvalid, "admin_depts"},
		"departments of all":     {values{Admin: ptr(rollcall.MainAdmin), AdminDepts: []rollcall.DeptID{2}}, rollcall.KindInvalid, "admin_depts"},
		"no such to manage":      {values{Admin: ptr(rollcall.SubAdmin), AdminDepts: []rollcall.DeptID{9}}, rollcall.KindNotFound, "admin_depts"},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.refused(edit.UpdateUser("eve", c.now(), tt.v), tt.kind, tt.param)
			if tt.v.Name == nil {
				tt.v.Name = ptr("New")
			}
			if tt.v.Depts == nil {
				tt.v.Depts = []rollcall.DeptID{4}
			}
			if *tt.v.Name == "" {
				tt.kind = rollcall.KindMissing
			}
			userid := "new"
			c.refused(edit.CreateUser(&userid, c.now(), tt.v), tt.kind, tt.param)
		})
	}
	c.t = t
	for userid, kind := range map[string]rollcall.ErrorKind{"anna": rollcall.KindConflict, strings.Repeat("x", 65): rollcall.KindInvalid, "a\x01": rollcall.KindInvalid} {
		c.refused(edit.CreateUser(&userid, c.now(), edit.UserValues{Name: ptr("N")}), kind, "userid")
	}
	c.refused(edit.CreateUser(ptr("new"), c.now(), edit.UserValues{}), rollcall.KindMissing, "name")
	for _, userid := range []string{"nobody", "dan", ""} {
		c.refused(edit.UpdateUser(userid, c.now(), edit.UserValues{}), rollcall.KindNotFound, "userid")
		c.refused(edit.DeleteUser("eve", userid), rollcall.KindNotFound, "userid")
	}
	c.refused(edit.EraseUser("nobody", true, new(string)), rollcall.KindNotFound, "userid")
	c.refused(edit.EraseUser("eve", false, new(string)), rollcall.KindConflict, "userid")
}

func TestNobodyReportsInACircle(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	report := func(who, to string) directory.Intent {
		return edit.UpdateUser(who, c.now(), edit.UserValues{Manager: &to})
	}
	c.refused(report("anna", "anna"), rollcall.KindInvalid, "manager_userid")
	c.refused(report("anna", "bob"), rollcall.KindConflict, "manager_userid")
	c.refused(report("anna", "cara"), rollcall.KindConflict, "manager_userid")
	c.done(report("anna", "eve"))
	c.refused(report("eve", "cara"), rollcall.KindConflict, "manager_userid")
	c.done(report("bob", ""))
	c.done(report("eve", "cara"))
	if m := c.user("eve").Manager; m == nil || *m != 2 {
		t.Errorf("eve reports to %v", m)
	}
	// A circle that an import made is not walked round for ever.
	zero, one := rollcall.Ordinal(0), rollcall.Ordinal(1)
	c.commit(
		rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 0, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Details: &rollcall.Details{Manager: &one}}}},
		rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: 1, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Details: &rollcall.Details{Manager: &zero}}}},
	)
	c.done(report("cara", "anna"))
}

func TestAPersonComesInWithAllValues(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	userid := "new"
	c.done(edit.CreateUser(&userid, c.now(), edit.UserValues{
		Name: ptr("王五"), NameEN: ptr("Wang Wu"), Mobile: ptr("+86-13800000009"), Email: ptr("w@example.com"), Telephone: ptr("9"),
		OrgEmail: ptr("o@example.com"), Title: ptr("T"), JobNumber: ptr("J"), WorkPlace: ptr("W"), Remark: ptr("R\nR"), Avatar: ptr("A"),
		Gender: ptr("G"), OrgEmailType: ptr("base"), UnionID: ptr("U"), LoginID: ptr("L"), ExclusiveType: ptr("sso"), Exclusive: ptr(true),
		Extension: ptr(` {"b" : 1, "a":"<&>", "b":[2] } `), HiredDate: ptr(rollcall.Instant(99)), Active: ptr(true), AccessLimited: ptr(true),
		HideMobile: ptr(true), Senior: ptr(true), Boss: ptr(true), Admin: ptr(rollcall.SubAdmin), AdminDepts: []rollcall.DeptID{3, 2, 3},
		Manager: ptr("cara"), Depts: []rollcall.DeptID{4, 2, 4}, Leads: []rollcall.DeptID{4},
		Places: []edit.Place{
			{DeptID: 2, Order: ptr(int64(7)), Title: ptr("Two"), Main: ptr(true)},
			{DeptID: 4, Order: ptr(int64(0)), WorkPlace: ptr("Four"), Main: ptr(true)},
		},
	}))
	cara := rollcall.Ordinal(2)
	want := rollcall.User{
		Ordinal: 5, UserID: "new", Name: "王五", NameEN: "Wang Wu", Active: true, AccessLimited: true, Mobile: "13800000009", Email: "w@example.com",
		Title: "T", JobNumber: "J", HiredDate: 99, Extension: `{"b":[2],"a":"<&>"}`,
		Details: rollcall.Details{
			UnionID: "U", Telephone: "9", OrgEmail: "o@example.com", OrgEmailType: "base", WorkPlace: "W", Remark: "R\nR", Avatar: "A", Gender: "G",
			LoginID: "L", ExclusiveType: "sso", Exclusive: true, HideMobile: true, Senior: true, Boss: true,
			Admin: rollcall.SubAdmin, AdminDepts: []rollcall.DeptID{3, 2}, Manager: &cara,
		},
		Stay: rollcall.Stay{From: c.now(), To: rollcall.Open}, CreatedAt: c.now(), ModifiedAt: c.now(),
		Memberships: []rollcall.Membership{
			{DeptID: 2, Order: 7, Ordered: true, Title: "Two", Entered: c.now(), Modified: c.now()},
			{DeptID: 4, Leader: true, Main: true, WorkPlace: "Four", Entered: c.now(), Modified: c.now()},
		},
	}
	got := *c.user("new")
	if !got.Details.Same(&want.Details) {
		t.Errorf("the details are\n%+v, not\n%+v", got.Details, want.Details)
	}
	got.Details, want.Details = rollcall.Details{}, rollcall.Details{}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("the person is\n%+v, not\n%+v", got, want)
	}
}

func TestUseridsAreMadeUp(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	form := regexp.MustCompile(`^u[a-z0-9]{15}$`)
	seen := map[string]bool{}
	for range 20 {
		userid := ""
		c.done(edit.CreateUser(&userid, c.now(), edit.UserValues{Name: ptr("N")}))
		u := c.user(userid)
		if !form.MatchString(userid) || seen[userid] || u.Membership(rollcall.RootDept) == nil || len(u.Memberships) != 1 {
			t.Fatalf("%q: %+v", userid, u)
		}
		seen[userid] = true
	}
}

// Whoever comes back is the same person, with what the account had and nothing
// else of before.
func TestComingBack(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.done(edit.CreateUser(ptr("dan"), c.now(), edit.UserValues{Name: ptr("Dan"), Depts: []rollcall.DeptID{3}}))
	u := c.user("dan")
	if u.Ordinal != 3 || !u.Present() || u.Name != "Dan" || u.Mobile != "" || !u.Active || u.UnionID != "union of dan" || u.Membership(3) == nil || u.Stay.From != c.now() {
		t.Errorf("dan is %+v", u)
	}
	if n := c.Current().NextOrdinal(); n != 5 {
		t.Errorf("the next ordinal is %d", n)
	}
	// The unionid may be somebody else's by now, and the clock may be behind.
	c.done(edit.DeleteUser("dan"))
	left := c.user("dan").Stay.To
	c.done(edit.UpdateUser("eve", c.now(), edit.UserValues{UnionID: ptr("union of dan")}))
	c.clock.Advance(-30 * time.Minute)
	c.done(edit.CreateUser(ptr("dan"), c.now(), edit.UserValues{Name: ptr("Dan")}))
	if u := c.user("dan"); u.UnionID != "" || u.Stay.From != left {
		t.Errorf("dan is %+v; he left at %d", u, left)
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	if out := c.done(edit.UpdateUser("bob", c.now(), edit.UserValues{})); len(out.Changes) > 0 {
		t.Errorf("nothing was asked for and %d changes made", len(out.Changes))
	}
	same := edit.UserValues{
		Name: ptr("BOB"), Mobile: ptr("13800000002"), Manager: ptr("anna"), Remark: ptr("r"), Depts: []rollcall.DeptID{3, 2},
		Places: []edit.Place{{DeptID: 2, Order: ptr(int64(5)), Title: ptr("Second"), Main: ptr(false)}},
	}
	if out := c.done(edit.UpdateUser("bob", c.now(), same)); len(out.Changes) > 0 {
		t.Errorf("the same was asked for and %d changes made", len(out.Changes))
	}
	out := c.done(edit.UpdateUser("bob", c.now(), edit.UserValues{
		Mobile: ptr(""), Extension: ptr(`{"a":1}`), Depts: []rollcall.DeptID{2, 4}, Leads: []rollcall.DeptID{4},
		Places: []edit.Place{{DeptID: 2, Order: ptr(int64(0))}},
	}))
	u := c.user("bob")
	if u.Mobile != "" || u.Remark != "r" || u.Extension != `{"a":1}` || len(u.Memberships) != 2 || u.Membership(2).Ordered ||
		u.Membership(2).Title != "Second" || !u.Membership(4).Leader || u.Membership(4).Entered != c.now() {
		t.Errorf("bob is %+v", u)
	}
	var kinds []rollcall.Kind
	for _, ch := range out.Changes {
		kinds = append(kinds, ch.Kind)
	}
	if want := []rollcall.Kind{rollcall.UserUpdated, rollcall.MemberRemoved, rollcall.MemberUpdated, rollcall.MemberAdded}; !slices.Equal(kinds, want) {
		t.Errorf("the changes are %v, not %v", kinds, want)
	}
	if before := out.Changes[0].UserBefore; before == nil || *before.Mobile != "13800000002" || *before.Extension != "" {
		t.Errorf("before was %+v", before)
	}
}

func TestExtensionsAreReplacedOrJoined(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	for _, tt := range []struct {
		extension string
		more      bool
		want      string
	}{
		{`{"b":1,"a":"x"}`, false, `{"b":1,"a":"x"}`},
		{`{"c":null,"b":{"d":2}}`, true, `{"b":{"d":2},"a":"x","c":null}`},
		{`{}`, true, `{"b":{"d":2},"a":"x","c":null}`},
		{``, true, `{"b":{"d":2},"a":"x","c":null}`},
		{`{"é<\"":"\u00e9"}`, false, `{"é<\"":"\u00e9"}`},
		{`{}`, false, ``},
		{`{"z":0}`, true, `{"z":0}`},
		{``, false, ``},
	} {
		c.done(edit.UpdateUser("eve", c.now(), edit.UserValues{Extension: &tt.extension, AppendExtension: tt.more}))
		if got := c.user("eve").Extension; got != tt.want {
			t.Errorf("%s, %v: got %s, want %s", tt.extension, tt.more, got, tt.want)
		}
	}
}

func TestMobileNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"13800000001": "13800000001", "+86-13800000001": "13800000001", "+8613800000001": "13800000001",
		"+852-61234567": "+852-61234567", "+1-5550100": "+1-5550100", "+49-15112345678": "+49-15112345678",
		"": "", "1380000000": "", "23800000001": "", "138000000011": "", "+86-5550100": "", "+85261234567": "", "+-1234567": "",
		"+0-5550100": "", "+12345-5550100": "", "+1-555": "", "+1-123456789012345": "", "+1-55x0100": "", "１３８00000001": "", "+86": "",
	} {
		got, err := edit.Mobile(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string][2]string{
		"13800000001": {"86", "13800000001"}, "+86-13800000001": {"86", "13800000001"}, "+8613800000001": {"86", "13800000001"},
		"+852-61234567": {"852", "61234567"}, "": {"", ""}, "as-imported": {"86", "as-imported"}, "+": {"86", "+"},
	} {
		if code, number := edit.SplitMobile(in); code != want[0] || number != want[1] {
			t.Errorf("%q is taken apart into %q and %q", in, code, number)
		}
	}
}
