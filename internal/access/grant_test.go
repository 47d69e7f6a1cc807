package access

import (
	"bytes"
	"strings"
	"testing"

	"rollcall"
)

func TestAGrantShowsTheNewestApp(t *testing.T) {
	h := newHall(t)
	h.corp.language = rollcall.Chinese
	token := []byte(h.get())
	g, ok := h.Grant(token)
	if !ok {
		t.Fatal("no grant")
	}
	if g.Appkey() != h.app.Appkey || g.AppType() != rollcall.Internal || g.App() != h.app ||
		g.Language() != rollcall.Chinese || g.Corp() != Corp(h.corp) {
		t.Errorf("grant %+v", g)
	}
	if !g.Holds(rollcall.PermMember) || g.Holds(rollcall.PermLiveness) || g.Holds("") {
		t.Error("permission points")
	}
	if again, _ := h.Grant(token); again != g {
		t.Error("another grant although nothing changed")
	}

	next := *h.app
	next.Type, next.Permissions = rollcall.ThirdParty, []rollcall.Permission{rollcall.PermLiveness}
	next.ScopeDepts = []rollcall.DeptID{5}
	h.corp.put(&next)
	g2, ok := h.Grant(token)
	if !ok || g2.AppType() != rollcall.ThirdParty || !g2.Holds(rollcall.PermLiveness) || g2.Holds(rollcall.PermMember) {
		t.Errorf("the change does not show: %+v", g2)
	}
	none := func(rollcall.DeptID) (rollcall.DeptID, bool) { return 0, false }
	if g2.InScope(6, none) || !g2.InScope(5, none) {
		t.Error("the new scope does not show")
	}
	if g.AppType() != rollcall.Internal || !g.InScope(6, none) {
		t.Error("a grant changed in use")
	}
}

func TestWhatIsNoToken(t *testing.T) {
	h := newHall(t)
	token := h.get()
	for _, s := range []string{
		"", " ", token[:39], token + "0", token + " ", strings.ToUpper(token), token[1:] + "0", "0" + token[:39],
		token[:8], token[8:], strings.Repeat("0", 40), strings.Repeat("\xff", 40), token[:39] + "\x00",
		tagOf("nobody") + token[8:], token[:8] + strings.Repeat("0", 32), h.app.Appkey, h.creds.Appsecret,
	} {
		h.grants(s, false, s)
	}
	if _, ok := h.Grant(nil); ok {
		t.Error("nothing is granted")
	}
	if _, ok := h.GrantAt([]byte(token), h.clock().Add(life)); ok {
		t.Error("GrantAt does not look at its time")
	}
	if _, ok := h.GrantAt([]byte(token), h.clock().Add(life-1)); !ok {
		t.Error("GrantAt refuses a live token")
	}
}

func TestContactScope(t *testing.T) {
	parents := map[rollcall.DeptID]rollcall.DeptID{
		2: 1, 3: 2, 4: 3, 5: 1, 6: 5,
		20: 21, 21: 22, 22: 20, // a circle
		30: 31, 31: 32, 32: 33, 33: 34, 34: 32, // a way into a circle
		40: 40,
	}
	up := func(d rollcall.DeptID) (rollcall.DeptID, bool) {
		p, ok := parents[d]
		return p, ok
	}
	tests := []struct {
		name  string
		scope []rollcall.DeptID
		in    []rollcall.DeptID
		out   []rollcall.DeptID
	}{
		{"none", nil, []rollcall.DeptID{1, 4, 20, 99}, nil},
		{"root", []rollcall.DeptID{1}, []rollcall.DeptID{1, 4, 20, 99}, nil},
		{"root among others", []rollcall.DeptID{5, 1}, []rollcall.DeptID{1, 4, 6}, nil},
		{"subtree", []rollcall.DeptID{2}, []rollcall.DeptID{2, 3, 4}, []rollcall.DeptID{1, 5, 6, 99, 20, 30, 40}},
		{"leaf", []rollcall.DeptID{4}, []rollcall.DeptID{4}, []rollcall.DeptID{1, 2, 3, 5}},
		{"two, unsorted", []rollcall.DeptID{6, 3, 6}, []rollcall.DeptID{3, 4, 6}, []rollcall.DeptID{1, 2, 5}},
		{"in the circle", []rollcall.DeptID{34}, []rollcall.DeptID{30, 31, 32, 33, 34}, []rollcall.DeptID{20, 40, 1}},
		{"gone department", []rollcall.DeptID{77}, []rollcall.DeptID{77}, []rollcall.DeptID{1, 2}},
	}
	for _, test := range tests {
		g := newGrant(nil, &rollcall.App{ScopeDepts: test.scope})
		for _, d := range test.in {
			if !g.InScope(d, up) {
				t.Errorf("%s: %d is outside", test.name, d)
			}
		}
		for _, d := range test.out {
			if g.InScope(d, up) {
				t.Errorf("%s: %d is inside", test.name, d)
			}
		}
	}
	app := &rollcall.App{ScopeDepts: []rollcall.DeptID{9, 3}}
	if newGrant(nil, app); app.ScopeDepts[0] != 9 {
		t.Error("the app was written to")
	}
}

func TestContactScopeOfOnePerson(t *testing.T) {
	parents := map[rollcall.DeptID]rollcall.DeptID{2: 1, 3: 2, 4: 1}
	up := func(d rollcall.DeptID) (rollcall.DeptID, bool) {
		p, ok := parents[d]
		return p, ok
	}
	person := func(userid string, depts ...rollcall.DeptID) *rollcall.User {
		u := &rollcall.User{UserID: userid}
		for _, d := range depts {
			u.Memberships = append(u.Memberships, rollcall.Membership{DeptID: d})
		}
		return u
	}
	type depts = []rollcall.DeptID
	tests := []struct {
		depts depts
		users []string
		who   *rollcall.User
		want  bool
	}{
		{nil, nil, person("ann"), true},
		{depts{1}, []string{"bob"}, person("ann"), true},
		{depts{2}, nil, person("ann"), false},
		{depts{2}, nil, person("ann", 3), true},
		{depts{2}, nil, person("ann", 1, 4), false},
		{depts{2}, nil, person("ann", 1, 4, 3), true},
		{nil, []string{"zoe", "ann"}, person("ann", 4), true},
		{nil, []string{"zoe", "ann"}, person("zoe"), true},
		{nil, []string{"zoe", "ann"}, person("an", 1), false},
		{depts{2}, []string{"bob"}, person("bob", 4), true},
		{depts{2}, []string{"bob"}, person("ann", 4), false},
	}
	for _, test := range tests {
		g := newGrant(nil, &rollcall.App{ScopeDepts: test.depts, ScopeUsers: test.users})
		if got := g.InScopeUser(test.who, up); got != test.want {
			t.Errorf("departments %v, people %q: %+v is inside: %v", test.depts, test.users, test.who, got)
		}
	}
	// People listed singly open no department.
	g := newGrant(nil, &rollcall.App{ScopeUsers: []string{"ann"}})
	for _, d := range []rollcall.DeptID{1, 2, 4} {
		if g.InScope(d, up) {
			t.Errorf("a scope of people alone has department %d", d)
		}
	}
}

func TestContactScopeOfADeepTree(t *testing.T) {
	up := func(d rollcall.DeptID) (rollcall.DeptID, bool) { return d - 1, d > 1 }
	g := newGrant(nil, &rollcall.App{ScopeDepts: []rollcall.DeptID{500}})
	if !g.InScope(100_000, up) || g.InScope(499, up) {
		t.Error("a deep tree")
	}
}

func TestGrantDoesNotAllocate(t *testing.T) {
	h := newHall(t)
	token, wrong := []byte(h.get()), bytes.Repeat([]byte("a"), tokenLen)
	now := h.clock()
	n := testing.AllocsPerRun(100, func() {
		g, _ := h.Grant(token)
		h.GrantAt(token, now)
		_ = g.Holds(rollcall.PermMember)
		_ = g.Language()
		h.Grant(wrong)
		h.GrantAt(wrong, now)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzGrant(f *testing.F) {
	k := testKey(1)
	app := newApp(k, "acme", "app1")
	r, token := benchRegistry(f, k, newCompany("acme", app))
	f.Add([]byte(nil))
	f.Add(token[:39])
	f.Add(append(bytes.Clone(token), '0'))
	f.Add(append(bytes.Clone(token[:8]), bytes.Repeat([]byte("0"), 32)...))
	f.Add(bytes.ToUpper(token))
	f.Add(bytes.Repeat([]byte{0xff}, tokenLen))
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, ok := r.Grant(b); (ok || g != nil) && !bytes.Equal(b, token) {
			t.Fatalf("%q is granted", b)
		}
		if _, _, err := r.Token(t.Context(), Credentials{Appkey: string(b), Appsecret: string(b)}); err == nil {
			t.Fatalf("%q gets a token", b)
		}
		if _, _, err := r.Token(t.Context(), Credentials{CorpID: "acme", CorpSecret: string(b)}); err == nil {
			t.Fatalf("%q gets a token", b)
		}
	})
}
