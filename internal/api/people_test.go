package api_test

import (
	"rollcall"
	"rollcall/internal/directory"
)

// people gives the people of the fixture what only some calls show of them, and
// lets one more leave. The README of the fixture says what.
func (w *world) people() {
	w.t.Helper()
	r := w.org.Current()
	zhangwei, lina, alice := w.person(r, "zhangwei"), w.person(r, "li.na"), w.person(r, "alice")
	var changes []rollcall.Change
	own := func(u *rollcall.User, p rollcall.UserUpdate) {
		changes = append(changes, rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: u.Ordinal, Payload: rollcall.Payload{UserUpdate: &p}})
	}
	member := func(u *rollcall.User, id rollcall.DeptID, p rollcall.MembershipUpdate) {
		changes = append(changes, rollcall.Change{Kind: rollcall.MemberUpdated, Ordinal: u.Ordinal, DeptID: id, Payload: rollcall.Payload{MemberUpdate: &p}})
	}
	own(zhangwei, rollcall.UserUpdate{
		Mobile: ptr("13800000001"), Email: ptr("zhangwei@example.com"), Title: ptr("Chief"), JobNumber: ptr("A-1"),
		HiredDate: ptr(rollcall.Instant(1597573616828)), Extension: ptr(`{"爱好":"旅游","badge":17}`),
		Details: &rollcall.Details{
			Telephone: "8001", OrgEmail: "wei@dawn.example", OrgEmailType: "profession", WorkPlace: "Tower 2",
			Remark: "first line\nsecond \"line\"", Avatar: "https://dawn.example/wei.png", LoginID: "wei", ExclusiveType: "sso",
			Exclusive: true, HideMobile: true, Senior: true, Boss: true, Admin: rollcall.MainAdmin,
		},
	})
	member(zhangwei, 1, rollcall.MembershipUpdate{Main: ptr(true), Title: ptr("Chair"), WorkPlace: ptr("Top floor")})
	own(lina, rollcall.UserUpdate{
		Mobile: ptr("+852-61234567"), Email: ptr("li.na@example.com"),
		Details: &rollcall.Details{Manager: &zhangwei.Ordinal, Admin: rollcall.SubAdmin, AdminDepts: []rollcall.DeptID{2, 90}},
	})
	own(w.person(r, "wangfang"), rollcall.UserUpdate{
		Mobile: ptr("13800000003"), Details: &rollcall.Details{UnionID: "union of 王芳", Manager: &lina.Ordinal, Gender: "女"},
	})
	member(w.person(r, "wangfang"), 20, rollcall.MembershipUpdate{Main: ptr(true)})
	own(w.person(r, "newcomer"), rollcall.UserUpdate{Mobile: ptr("13800000009")})
	own(w.person(r, "bob"), rollcall.UserUpdate{Details: &rollcall.Details{Admin: rollcall.MainAdmin}})
	own(w.person(r, "deep"), rollcall.UserUpdate{Mobile: ptr("13800000016")})
	changes = append(changes, w.roles(zhangwei, alice)...)
	gone := w.person(r, "nodept")
	changes = append(changes, rollcall.Change{Kind: rollcall.UserLeft, Ordinal: gone.Ordinal})
	w.do(changes, nil)
}

// roles makes two groups with a role each, one of which only the first has, and
// a third role that nobody has.
func (w *world) roles(first, second *rollcall.User) []rollcall.Change {
	made := func(kind rollcall.Kind, p rollcall.Payload) rollcall.Change {
		return rollcall.Change{Kind: kind, Payload: p}
	}
	give := func(u *rollcall.User, id rollcall.RoleID) rollcall.Change {
		return rollcall.Change{Kind: rollcall.RoleGiven, Ordinal: u.Ordinal, Payload: rollcall.Payload{Role: &rollcall.Role{ID: id}}}
	}
	return []rollcall.Change{
		made(rollcall.RoleGroupCreated, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 101, Name: "职务"}}),
		made(rollcall.RoleGroupCreated, rollcall.Payload{Group: &rollcall.RoleGroup{ID: 102, Name: "Safety"}}),
		made(rollcall.RoleCreated, rollcall.Payload{Role: &rollcall.Role{ID: 103, GroupID: 101, Name: "总监"}}),
		made(rollcall.RoleCreated, rollcall.Payload{Role: &rollcall.Role{ID: 104, GroupID: 102, Name: "First aid"}}),
		made(rollcall.RoleCreated, rollcall.Payload{Role: &rollcall.Role{ID: 105, GroupID: 102, Name: "Fire"}}),
		give(first, 103), give(first, 104), give(second, 104),
	}
}

func (w *world) person(r *directory.Root, userid string) *rollcall.User {
	w.t.Helper()
	u, ok := r.UserByID(userid)
	if !ok {
		w.t.Fatalf("there is no %s", userid)
	}
	return u
}

func ptr[T any](v T) *T { return &v }
