package access

import (
	"testing"

	"rollcall"
)

func TestFieldPermissions(t *testing.T) {
	type list = []rollcall.Permission
	tests := []struct {
		kind                      rollcall.AppType
		held                      list
		mobile, personal, private bool
	}{
		{rollcall.Internal, list{rollcall.PermMember}, false, false, true},
		{rollcall.Internal, list{rollcall.PermFieldMobile}, true, false, true},
		{rollcall.Internal, list{rollcall.PermContactMobile}, true, false, true},
		{rollcall.Internal, list{rollcall.PermFieldEmail}, false, true, true},
		{rollcall.Internal, rollcall.Permissions(), true, true, true},
		{rollcall.ThirdParty, rollcall.Permissions(), false, false, false},
	}
	for _, test := range tests {
		g := newGrant(nil, &rollcall.App{Type: test.kind, Permissions: test.held})
		if g.ShowsMobile() != test.mobile || g.ShowsPersonal() != test.personal || g.ShowsPrivate() != test.private {
			t.Errorf("%s with %v: shows %+v", test.kind, test.held, g.shows)
		}
	}
}
