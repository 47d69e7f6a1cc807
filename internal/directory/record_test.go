package directory

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"rollcall"

	"pgregory.net/rapid"
)

// oddInstants are at the edges of what the narrow form of a membership holds.
func oddInstants() []rollcall.Instant {
	return []rollcall.Instant{
		rollcall.Beginning, benchTime, 1, -1, 1<<47 - 1, 1 << 47, -1 << 47, -1<<47 - 1, math.MinInt64, rollcall.Open - 1, rollcall.Open,
	}
}

func randomText(t *rapid.T, what string) string {
	if rapid.Bool().Draw(t, what+" given") {
		return rapid.StringN(0, 200, 300).Draw(t, what)
	}
	return ""
}

func randomUser(t *rapid.T) rollcall.User {
	instant := func(what string) rollcall.Instant { return rapid.SampledFrom(oddInstants()).Draw(t, what) }
	flag := func(what string) bool { return rapid.Bool().Draw(t, what) }
	u := rollcall.User{
		Ordinal: rollcall.Ordinal(rapid.Uint32().Draw(t, "ordinal")), UserID: rapid.StringN(1, 64, 256).Draw(t, "userid"),
		Active: flag("active"), AccessLimited: flag("limited"), HiredDate: instant("hired"),
		Stay:      rollcall.Stay{From: instant("from"), To: instant("to")},
		CreatedAt: instant("created"), ModifiedAt: instant("modified"),
	}
	for i, text := range textFields(&u) {
		*text = randomText(t, []string{"text", "one more"}[i%2])
	}
	u.Exclusive, u.HideMobile, u.Senior, u.Boss = flag("exclusive"), flag("hide"), flag("senior"), flag("boss")
	u.Admin = uint8(rapid.IntRange(0, 2).Draw(t, "admin"))
	numbers := rapid.SliceOfN(rapid.Int64Range(1, math.MaxInt64), 0, 3)
	for _, n := range numbers.Draw(t, "admin depts") {
		u.AdminDepts = append(u.AdminDepts, rollcall.DeptID(n))
	}
	for _, n := range numbers.Draw(t, "roles") {
		u.Roles = append(u.Roles, rollcall.RoleID(n))
	}
	if flag("manager") {
		manager := rollcall.Ordinal(rapid.Uint32().Draw(t, "manager"))
		u.Manager = &manager
	}
	for range rapid.IntRange(0, 4).Draw(t, "memberships") {
		m := rollcall.Membership{
			DeptID: rapid.SampledFrom([]rollcall.DeptID{1, 2, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64}).Draw(t, "dept"),
			Leader: flag("leader"), Main: flag("main"), Title: randomText(t, "title"), WorkPlace: randomText(t, "place"),
			Entered: instant("entered"), Modified: instant("changed"),
		}
		if flag("ordered") {
			m.Ordered, m.Order = flag("order counts"), rapid.Int64().Draw(t, "order")
		}
		u.Memberships = append(u.Memberships, m)
	}
	return u
}

// Whatever a person has comes back out of the record, whole and piece by piece.
func TestARecordHoldsAWholePerson(t *testing.T) {
	t.Parallel()
	m := newBenchMaker()
	rapid.Check(t, func(t *rapid.T) {
		u := randomUser(t)
		rec := record(m.appendRecord([]byte("before"), &u)[len("before"):])
		if got := rec.user(u.Ordinal); !reflect.DeepEqual(*got, u) {
			t.Fatalf("got  %+v\nwant %+v", *got, u)
		}
		if string(rec.userid()) != u.UserID || rec.active() != u.Active || rec.limited() != u.AccessLimited || rec.stay() != u.Stay {
			t.Fatalf("the record of %+v begins with another person", u)
		}
		if got, want := rec.key(rollcall.Chinese), m.keyer.AppendKey(nil, u.Name); !slices.Equal(got, want) {
			t.Fatalf("the sort key of %q is %x and not %x", u.Name, got, want)
		}
		if got, want := rec.key(rollcall.English), m.keyer.AppendKey(nil, u.NameIn(rollcall.English)); !slices.Equal(got, want) {
			t.Fatalf("the English sort key of %q is %x and not %x", u.NameEN, got, want)
		}
		for i, text := range textFields(&u) {
			if got := rec.text(i); string(got) != *text {
				t.Fatalf("text %d is %q and not %q", i, got, *text)
			}
		}
		for i, want := range u.Memberships {
			got := rec.member(i)
			if got.dept() != want.DeptID || got.order() != want.Order || got.ordered() != want.Ordered || got.leader() != want.Leader ||
				got.entered() != want.Entered || got.modified() != want.Modified {
				t.Fatalf("membership %d is not %+v", i, want)
			}
		}
		if rec.members() != len(u.Memberships) {
			t.Fatalf("there are %d memberships and not %d", rec.members(), len(u.Memberships))
		}
	})
}

// Most memberships take little room; one that needs more gives it to all of a
// person's.
func TestMembershipsAreNarrowWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	plain := rollcall.Membership{DeptID: math.MaxUint32, Leader: true, Main: true, Title: "x", Entered: 1<<47 - 1, Modified: -1 << 47}
	tests := map[string]struct {
		change func(m *rollcall.Membership)
		wide   bool
	}{
		"as it is":            {func(*rollcall.Membership) {}, false},
		"since the beginning": {func(m *rollcall.Membership) { m.Entered, m.Modified = 0, benchTime }, false},
		"with an order":       {func(m *rollcall.Membership) { m.Ordered = true }, true},
		"order without count": {func(m *rollcall.Membership) { m.Order = 1 }, true},
		"large dept_id":       {func(m *rollcall.Membership) { m.DeptID++ }, true},
		"late":                {func(m *rollcall.Membership) { m.Entered++ }, true},
		"early":               {func(m *rollcall.Membership) { m.Modified-- }, true},
	}
	for name, test := range tests {
		second := plain
		test.change(&second)
		list := []rollcall.Membership{plain, second}
		if isWide(list) != test.wide {
			t.Errorf("%s: wide is %v", name, !test.wide)
		}
	}
}

// Each text has a bit of its own, and costs nothing where it is not given.
func TestTextsThatAreNotGivenTakeNoRoom(t *testing.T) {
	t.Parallel()
	none := len(appendTexts(nil, &rollcall.User{}))
	if none != 1 {
		t.Errorf("no text at all takes %d bytes", none)
	}
	for set := range uint64(1) << textCount {
		var u rollcall.User
		size := 0
		for i, text := range textFields(&u) {
			if set>>i&1 == 1 {
				*text = string(rune('a' + i))
				size += 2
			}
		}
		b := appendTexts(nil, &u)
		var got rollcall.User
		d := decoder(b)
		d.texts(&got, string(b))
		if !reflect.DeepEqual(u, got) || len(d) > 0 || len(b)-size > 3 {
			t.Fatalf("of the texts %b came %+v, %d bytes left of %d", set, got, len(d), len(b))
		}
	}
}
