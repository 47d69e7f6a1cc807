package directory

import (
	"context"
	"testing"

	"rollcall"
	"rollcall/internal/directory/sequence"
)

// Verify finds whatever a version could have wrong. Each break is done to a
// version of its own.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	m := newBenchMaker()
	firstTwo := func(q sequence.Seq) sequence.Seq {
		list := q.Append(nil, 0, q.Len())
		list[0], list[1] = list[1], list[0]
		return sequence.Build(list)
	}
	without := func(q sequence.Seq) sequence.Seq { return sequence.Build(q.Append(nil, 1, q.Len())) }
	encode := func(r *Root, o int, change func(u *rollcall.User)) {
		u := r.User(rollcall.Ordinal(o))
		change(u)
		e := r.records.edit()
		var fresh items
		fresh[o%blockLen] = m.appendRecord(nil, u)
		renew(e, o/blockLen, &fresh)
		r.records = e.vector()
	}
	tests := map[string]func(r *Root){
		"count":                     func(r *Root) { r.count++ },
		"active":                    func(r *Root) { r.active-- },
		"present":                   func(r *Root) { e := r.present.edit(); e.set(0, e.at(0)^1); r.present = e.vector() },
		"activated":                 func(r *Root) { e := r.activated.edit(); e.set(0, e.at(0)^1); r.activated = e.vector() },
		"present beyond the last":   func(r *Root) { e := r.present.edit(); e.set(r.present.n-1, 1<<63); r.present = e.vector() },
		"arrivals out of order":     func(r *Root) { r.arrivals = firstTwo(r.arrivals) },
		"arrival missing":           func(r *Root) { r.arrivals = without(r.arrivals) },
		"ended stays out of order":  func(r *Root) { r.departed = []pastStay{{0, rollcall.Stay{To: 9}}, {1, rollcall.Stay{To: 5}}} },
		"userid not found":          func(r *Root) { r.users = newIndex(0) },
		"department not found":      func(r *Root) { r.deptNos = newIndex(0) },
		"left, and still a member":  func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Stay.To = benchTime }) },
		"in an unknown department":  func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Memberships[0].DeptID = 99 }) },
		"in another department":     func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Memberships[0].DeptID = 3 }) },
		"restricted":                func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.AccessLimited = true }) },
		"not restricted":            func(r *Root) { encode(r, 0, func(u *rollcall.User) { u.AccessLimited = false }) },
		"with an English name":      func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.NameEN = "x" }) },
		"custom order":              func(r *Root) { d := own(r, 1); d.all.custom = firstTwo(d.all.custom) },
		"custom order in English":   func(r *Root) { d := own(r, 1); d.all.customEN = firstTwo(d.all.customEN) },
		"order of entry":            func(r *Root) { d := own(r, 1); d.all.entry = firstTwo(d.all.entry) },
		"order of modification":     func(r *Root) { d := own(r, 1); d.all.modify = firstTwo(d.all.modify) },
		"member missing":            func(r *Root) { d := own(r, 1); d.all.entry = without(d.all.entry) },
		"shown order":               func(r *Root) { d := own(r, 1); o := *d.shown; o.modify = firstTwo(o.modify); d.shown = &o },
		"shown member missing":      func(r *Root) { d := own(r, 1); o := *d.shown; o.custom = without(o.custom); d.shown = &o },
		"nobody hidden":             func(r *Root) { own(r, 1).shown = nil },
		"count of restricted":       func(r *Root) { own(r, 1).limited++ },
		"count of English":          func(r *Root) { own(r, 1).english++ },
		"deleted, and not empty":    func(r *Root) { own(r, 1).ended = benchTime },
		"deleted, and with a child": func(r *Root) { own(r, 0).ended = benchTime },
		"child missing":             func(r *Root) { d := own(r, 0); d.children = d.children[1:] },
		"child twice":               func(r *Root) { d := own(r, 0); d.children = append(d.children[:2:2], 1) },
		"child of another":          func(r *Root) { own(r, 1).ParentID = 3 },
		"mobile not found":          func(r *Root) { r.contacts[Mobile] = newIndex(0) },
		"telephone not found":       func(r *Root) { r.contacts[Telephone] = newIndex(0) },
		"mobile of two":             func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Mobile = r.User(4).Mobile }) },
		"telephone nobody wrote in": func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Telephone = "8" }) },
		"role held in the record":   func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Roles = []rollcall.RoleID{101} }) },
		"role held in the list":     func(r *Root) { holders(r, 0, 1) },
		"role held by nobody":       func(r *Root) { holders(r) },
		"system role of nobody":     func(r *Root) { r.system[0] = sequence.Build([]uint32{0}) },
		"system role forgotten":     func(r *Root) { encode(r, 3, func(u *rollcall.User) { u.Admin = 2 }) },
		"unknown role held":         func(r *Root) { r.roles = r.roles.clone(); delete(r.roles.roles, 101) },
		"role of an unknown group":  func(r *Root) { r.roles = r.roles.clone(); delete(r.roles.groups, 101) },
		"role under another number": func(r *Root) { r.roles = r.roles.clone(); r.roles.roles[102] = r.roles.roles[101] },
		"role beyond the last":      func(r *Root) { r.roles = r.roles.clone(); r.roles.lastRole = 100 },
		"group beyond the last":     func(r *Root) { r.roles = r.roles.clone(); r.roles.lastGroup = 100 },
	}
	c := newCrowd(70, 5)
	c.people[0].AccessLimited, c.people[2].NameEN = true, "Two"
	c.people[1].Telephone, c.people[1].Roles = "81", []rollcall.RoleID{101}
	c.ended = offices
	for name, spoil := range tests {
		r, err := load(context.Background(), c, "test", m)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := r.Verify(); err != nil || v.Present != 75 || v.Departments != 3 || v.Memberships != 75 || v.Lists != 3*4+4 {
			t.Fatalf("unspoilt: %+v, %v", v, err)
		}
		spoil(r)
		if _, err := r.Verify(); err == nil {
			t.Errorf("%s: it was not found", name)
		}
	}
}

// offices makes a group with a role.
func offices(s rollcall.Snapshot) error {
	if err := s.RoleGroup(&rollcall.RoleGroup{ID: 101, Name: "offices"}, false); err != nil {
		return err
	}
	return s.Role(&rollcall.Role{ID: 101, GroupID: 101, Name: "head"}, false)
}

// holders replaces the list of those who hold role 101.
func holders(r *Root, people ...uint32) {
	r.roles = r.roles.clone()
	h := r.roles.roles[101]
	h.people = sequence.Build(people)
	r.roles.roles[101] = h
}

// own makes department n the version's own.
func own(r *Root, n int) *dept {
	d := *r.depts.at(n)
	e := r.depts.edit()
	e.set(n, &d)
	r.depts = e.vector()
	return &d
}

// Differ finds any difference, whichever of the two has it.
func TestDifferFindsWhatIsDifferent(t *testing.T) {
	t.Parallel()
	m := newBenchMaker()
	past := pastStay{0, rollcall.Stay{From: 1, To: 2}}
	tests := map[string]func(r *Root){
		"organization":      func(r *Root) { r.corp.ClosingHour++ },
		"people":            func(r *Root) { r.people-- },
		"count":             func(r *Root) { r.count-- },
		"active":            func(r *Root) { r.active-- },
		"ended stays":       func(r *Root) { r.departed = []pastStay{past} },
		"apps":              func(r *Root) { r.apps = map[string]*rollcall.App{"a": {Appkey: "a", Name: "x"}} },
		"no app":            func(r *Root) { r.apps = nil },
		"department":        func(r *Root) { own(r, 1).Brief = "x" },
		"deleted":           func(r *Root) { own(r, 1).ended = benchTime },
		"ended memberships": func(r *Root) { own(r, 1).past = []pastStay{past} },
		"ended parents":     func(r *Root) { own(r, 1).parents = []pastParent{{1, past.Stay}} },
		"a list":            func(r *Root) { own(r, 1).all.modify = sequence.Seq{} },
		"roles":             func(r *Root) { holders(r, 1) },
		"a role's name":     func(r *Root) { r.roles.roles[101] = roleHolders{Role: rollcall.Role{ID: 101, GroupID: 101, Name: "x"}} },
		"no role":           func(r *Root) { delete(r.roles.roles, 101) },
		"a group's name":    func(r *Root) { r.roles.groups[101] = rollcall.RoleGroup{ID: 101, Name: "x"} },
		"last group":        func(r *Root) { r.roles.lastGroup++ },
		"last role":         func(r *Root) { r.roles.lastRole++ },
		"last department":   func(r *Root) { r.lastDept++ },
		"a detail": func(r *Root) {
			u := r.User(3)
			u.Remark = "x"
			e := r.records.edit()
			renew(e, 0, &items{3: m.appendRecord(nil, u)})
			r.records = e.vector()
		},
		"one department less": func(r *Root) {
			r.depts.n--
		},
		"a card": func(r *Root) {
			u := r.User(3)
			u.Name = "x"
			e := r.cards.edit()
			renew(e, 0, &items{3: m.appendCard(nil, u)})
			r.cards = e.vector()
		},
	}
	c := newCrowd(70, 5)
	c.ended = offices
	for name, change := range tests {
		var two [2]*Root
		for i := range two {
			r, err := load(context.Background(), c, "test", m)
			if err != nil {
				t.Fatal(err)
			}
			r.apps["a"] = &rollcall.App{Appkey: "a"}
			two[i] = r
		}
		if err := Differ(two[0], two[1]); err != nil {
			t.Fatal(err)
		}
		change(two[0])
		if Differ(two[0], two[1]) == nil || Differ(two[1], two[0]) == nil {
			t.Errorf("%s: it was not found", name)
		}
	}
}

// What a store may not give is refused and not loaded.
func TestLoadingRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	tests := map[string]func(c *crowd){
		"ordinal missing":          func(c *crowd) { c.people[3].Ordinal = 4 },
		"member of an unknown one": func(c *crowd) { c.members[3].DeptID = 99 },
		"below an unknown one":     func(c *crowd) { c.depts[1].ParentID = 99 },
		"in an unknown time zone":  func(c *crowd) { c.zone = "Moon/Crater" },
		"ended in an unknown one": func(c *crowd) {
			c.ended = func(s rollcall.Snapshot) error { return s.EndedMembership(0, 99, rollcall.Stay{}) }
		},
		"unknown one had a parent": func(c *crowd) {
			c.ended = func(s rollcall.Snapshot) error { return s.EndedParent(99, 1, rollcall.Stay{}) }
		},
	}
	for name, spoil := range tests {
		c := newCrowd(5)
		spoil(c)
		if _, err := load(context.Background(), c, "test", newBenchMaker()); err == nil {
			t.Errorf("%s: it was loaded", name)
		}
	}
}

// An edited vector leaves the one it came from alone, and what it handed out.
func TestVector(t *testing.T) {
	t.Parallel()
	var v vector[int]
	e := v.edit()
	for i := range 3*leafLen + 1 {
		e.set(i, i)
	}
	first := e.vector()
	e.set(5, -5)
	e.set(first.n, -1)
	second := e.vector()
	third := second.edit()
	third.set(leafLen, -7)
	for i := range first.n {
		if first.at(i) != i {
			t.Fatalf("item %d has become %d", i, first.at(i))
		}
	}
	if second.n != first.n+1 || second.at(5) != -5 || second.at(first.n) != -1 || second.at(leafLen) != leafLen {
		t.Errorf("the second vector is wrong")
	}
	if v := third.vector(); v.at(leafLen) != -7 || v.at(5) != -5 {
		t.Errorf("the third vector is wrong")
	}
}
