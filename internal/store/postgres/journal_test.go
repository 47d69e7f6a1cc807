package postgres

import (
	"reflect"
	"testing"

	"rollcall"

	"github.com/klauspost/compress/s2"
)

// FuzzUnpacked: what is in a row of the log is a list of changes or an error, and the
// list is the same when it is packed again.
func FuzzUnpacked(f *testing.F) {
	name := "王\x00\u2028"
	b, err := packed([]logged{
		{Kind: rollcall.UserJoined, Ordinal: 7, Payload: rollcall.Payload{User: &rollcall.User{Ordinal: 7, UserID: "a", Name: name}}},
		{Kind: rollcall.MemberAdded, Ordinal: 7, DeptID: 2, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: 2}}},
		{Kind: rollcall.UserUpdated, Ordinal: 7, Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Name: &name}}},
		{Kind: rollcall.DeptDeleted, DeptID: 3},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x0f}) // 4 GiB, it says
	f.Add(s2.EncodeSnappy(nil, []byte(`[{"kind":"user_leave"},{"kind":"dept_delete","dept_id":-1}]`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := unpacked(b)
		if err != nil || len(list) == 0 {
			return
		}
		for _, m := range list {
			if _, known := effectOf(m.Kind); !known {
				return
			}
		}
		again, err := packed(list)
		if err != nil {
			t.Fatal(err)
		}
		same, err := unpacked(again)
		if err != nil || !reflect.DeepEqual(list, same) {
			t.Fatalf("%+v\nbecame %+v, %v", list, same, err)
		}
	})
}
