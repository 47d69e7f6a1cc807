package rollcall_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollcall"
)

func TestValidateUser(t *testing.T) {
	t.Parallel()
	member := func(ids ...rollcall.DeptID) (ms []rollcall.Membership) {
		for _, id := range ids {
			ms = append(ms, rollcall.Membership{DeptID: id})
		}
		return ms
	}
	long := func(n int) string { return strings.Repeat("王", n) }
	for what, test := range map[string]struct {
		change func(u *rollcall.User)
		param  string
	}{
		"good":                  {func(*rollcall.User) {}, ""},
		"longest userid":        {func(u *rollcall.User) { u.UserID = long(64) }, ""},
		"empty userid":          {func(u *rollcall.User) { u.UserID = "" }, "userid"},
		"long userid":           {func(u *rollcall.User) { u.UserID = long(65) }, "userid"},
		"userid with a newline": {func(u *rollcall.User) { u.UserID = "a\n" }, "userid"},
		"userid not UTF-8":      {func(u *rollcall.User) { u.UserID = "\xff" }, "userid"},
		"long English name":     {func(u *rollcall.User) { u.NameEN = long(65) }, "name_en"},
		"long mobile":           {func(u *rollcall.User) { u.Mobile = long(33) }, "mobile"},
		"long email":            {func(u *rollcall.User) { u.Email = long(129) }, "email"},
		"long title":            {func(u *rollcall.User) { u.Title = long(201) }, "title"},
		"long job number":       {func(u *rollcall.User) { u.JobNumber = long(65) }, "job_number"},
		"longest texts": {func(u *rollcall.User) {
			u.Mobile, u.Email, u.Title, u.JobNumber = long(32), long(128), long(200), long(64)
		}, ""},
		"extension":              {func(u *rollcall.User) { u.Extension = `{"a":{"b":[1]}}` }, ""},
		"empty extension":        {func(u *rollcall.User) { u.Extension = `{}` }, ""},
		"extension of null":      {func(u *rollcall.User) { u.Extension = `null` }, "extension"},
		"extension of a list":    {func(u *rollcall.User) { u.Extension = `[]` }, "extension"},
		"extension of two":       {func(u *rollcall.User) { u.Extension = `{}{}` }, "extension"},
		"broken extension":       {func(u *rollcall.User) { u.Extension = `{"a"}` }, "extension"},
		"longest extension":      {func(u *rollcall.User) { u.Extension = `{"a":"` + strings.Repeat("x", 16<<10-8) + `"}` }, ""},
		"long extension":         {func(u *rollcall.User) { u.Extension = `{"a":"` + strings.Repeat("x", 16<<10-7) + `"}` }, "extension"},
		"departments":            {func(u *rollcall.User) { u.Memberships = member(1, 2, 70) }, ""},
		"department 0":           {func(u *rollcall.User) { u.Memberships = member(0, 2) }, "dept_id_list"},
		"department named twice": {func(u *rollcall.User) { u.Memberships = member(2, 2) }, "dept_id_list"},
		"unsorted departments":   {func(u *rollcall.User) { u.Memberships = member(3, 2) }, "dept_id_list"},
		"long department title": {func(u *rollcall.User) {
			u.Memberships = []rollcall.Membership{{DeptID: 1, Title: long(201)}}
		}, "title"},
	} {
		u := rollcall.User{UserID: "u1", Name: "王伟"}
		test.change(&u)
		wantParam(t, what, u.Validate(), test.param)
	}
	for what, param := range names("name") {
		u := rollcall.User{UserID: "u1", Name: text(what)}
		wantParam(t, "name: "+what, u.Validate(), param)
	}
}

// A difference applied makes the one into the other, and what it returns makes
// it as it was: field by field, so that none is forgotten.
func TestDiffUser(t *testing.T) {
	t.Parallel()
	a := rollcall.User{UserID: "u", Name: "a", Stay: rollcall.Stay{From: 5, To: rollcall.Open}}
	if _, changed := rollcall.DiffUser(&a, &a); changed {
		t.Error("it differs from itself")
	}
	changes := map[string]func(u *rollcall.User){
		"Name":          func(u *rollcall.User) { u.Name = "x" },
		"NameEN":        func(u *rollcall.User) { u.NameEN = "x" },
		"Active":        func(u *rollcall.User) { u.Active = true },
		"AccessLimited": func(u *rollcall.User) { u.AccessLimited = true },
		"Mobile":        func(u *rollcall.User) { u.Mobile = "x" },
		"Email":         func(u *rollcall.User) { u.Email = "x" },
		"Title":         func(u *rollcall.User) { u.Title = "x" },
		"JobNumber":     func(u *rollcall.User) { u.JobNumber = "x" },
		"HiredDate":     func(u *rollcall.User) { u.HiredDate = 7 },
		"Extension":     func(u *rollcall.User) { u.Extension = "{}" },
		"Details":       func(u *rollcall.User) { u.Remark, u.AdminDepts = "x", []rollcall.DeptID{4} },
		"Joined":        func(u *rollcall.User) { u.Stay.From = 9 },
	}
	fields := reflect.TypeFor[rollcall.UserUpdate]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		change := changes[name]
		if change == nil {
			t.Errorf("%s is not tested", name)
			continue
		}
		b := a
		change(&b)
		u, changed := rollcall.DiffUser(&a, &b)
		if !changed {
			t.Errorf("%s: no difference", name)
		}
		v := reflect.ValueOf(u)
		for k := range v.NumField() {
			if v.Field(k).IsNil() == (k == i) {
				t.Errorf("%s: the update of %s is there: %v", name, fields.Field(k).Name, k != i)
			}
		}
		c := a
		before := u.Apply(&c)
		if !reflect.DeepEqual(c, b) {
			t.Errorf("%s: it became %+v and not %+v", name, c, b)
		}
		before.Apply(&c)
		if !reflect.DeepEqual(c, a) {
			t.Errorf("%s: undone it is %+v and not %+v", name, c, a)
		}
	}
}

func TestDiffMembership(t *testing.T) {
	t.Parallel()
	a := rollcall.Membership{DeptID: 2, Order: 5, Ordered: true, Title: "t", Entered: 3, Modified: 4}
	for what, b := range map[string]rollcall.Membership{
		"nothing":      a,
		"order":        {DeptID: 2, Order: 6, Ordered: true, Title: "t", Entered: 3, Modified: 4},
		"no order":     {DeptID: 2, Title: "t", Entered: 3, Modified: 4},
		"leader":       {DeptID: 2, Order: 5, Ordered: true, Leader: true, Title: "t", Entered: 3, Modified: 4},
		"all":          {DeptID: 2, Order: -1, Leader: true, Entered: 9, Modified: 4},
		"only written": {DeptID: 2, Order: 5, Ordered: true, Title: "t", Entered: 3, Modified: 99},
	} {
		u, changed := rollcall.DiffMembership(&a, &b)
		if same := what == "nothing" || what == "only written"; changed == same || (u == rollcall.MembershipUpdate{}) != same {
			t.Errorf("%s: changed %v, %+v", what, changed, u)
		}
		m := a
		before := u.Apply(&m)
		m.Modified = b.Modified
		if m != b {
			t.Errorf("%s: it became %+v and not %+v", what, m, b)
		}
		before.Apply(&m)
		m.Modified = a.Modified
		if m != a {
			t.Errorf("%s: undone it is %+v and not %+v", what, m, a)
		}
	}
}

func TestUserLooksUpItsMemberships(t *testing.T) {
	t.Parallel()
	u := rollcall.User{Memberships: []rollcall.Membership{{DeptID: 2}, {DeptID: 5}, {DeptID: 1 << 60}}}
	for id, there := range map[rollcall.DeptID]bool{1: false, 2: true, 3: false, 5: true, 6: false, 1 << 60: true, 1<<62 + 1: false} {
		if m := u.Membership(id); (m != nil) != there || there && m.DeptID != id {
			t.Errorf("department %d: %+v", id, m)
		}
	}
	u.Membership(5).Title = "x"
	if u.Memberships[1].Title != "x" {
		t.Error("it is a copy")
	}
}

func TestUserNameIn(t *testing.T) {
	t.Parallel()
	u := rollcall.User{Name: "王伟"}
	if u.NameIn(rollcall.English) != "王伟" || u.NameIn(rollcall.Chinese) != "王伟" {
		t.Error("without an English name")
	}
	u.NameEN = "Wang Wei"
	if u.NameIn(rollcall.English) != "Wang Wei" || u.NameIn(rollcall.Chinese) != "王伟" {
		t.Error("with an English name")
	}
}

func TestClosedSets(t *testing.T) {
	t.Parallel()
	if kinds := rollcall.Kinds(); len(kinds) != 24 || len(slices.Compact(slices.Sorted(slices.Values(kinds)))) != 24 {
		t.Errorf("the kinds are %q", kinds)
	}
	for i, o := range rollcall.Orders() {
		if int(o) != i || o.String() != rollcall.OrderNames()[i] {
			t.Errorf("order %d is %s", i, o)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := rollcall.ErrClosed
	e := &rollcall.Error{Kind: rollcall.KindBusy, Param: "name", Detail: "is empty", Err: cause}
	if e.Error() != "name: is empty: closed" || rollcall.KindOf(e) != rollcall.KindBusy {
		t.Errorf("got %v, of kind %d", e, rollcall.KindOf(e))
	}
	if rollcall.KindOf(cause) != rollcall.KindInternal {
		t.Error("an error without a kind has one")
	}
}
