package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rollcall"
	"rollcall/internal/wire"
)

// crowd puts people with all values into a department.
func (w *world) crowd(n int, id rollcall.DeptID) {
	first := w.org.Current().NextOrdinal()
	now := rollcall.At(w.clock())
	var changes []rollcall.Change
	boss := first
	for i := range n {
		u := rollcall.User{
			Ordinal: first + rollcall.Ordinal(i), UserID: fmt.Sprintf("user%05d", i), Name: "王小明", NameEN: "Xiaoming Wang", Active: true,
			Mobile: fmt.Sprint(13810000000 + i), Email: fmt.Sprintf("user%05d@example.com", i), Title: "Engineer", JobNumber: fmt.Sprint(i),
			HiredDate: now, Extension: `{"badge":"A-17","hobby":"旅游"}`, Stay: rollcall.Stay{To: rollcall.Open},
			Details: rollcall.Details{
				Telephone: fmt.Sprintf("+86 10 %05d", i), OrgEmail: "user@corp.example.com", WorkPlace: "Shanghai, Tower 2, 17th floor",
				Remark: "Works on Tuesdays only", Avatar: "https://example.com/avatar/17.png",
			},
		}
		if i > 0 {
			u.Manager = &boss
		}
		changes = append(changes,
			rollcall.Change{Kind: rollcall.UserJoined, Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &u}},
			rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: u.Ordinal, DeptID: id, Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: id, Modified: now}}})
	}
	w.do(changes, nil)
}

// One operation is a page of a hundred people: their cards, and them in full.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b, "bench", at(b, plainNow))
	w.crowd(500, 1)
	a := everything("bench-everything", "a-secret-for-the-bench")
	w.add(a)
	w.serve(nil)
	token := w.token(a)
	for _, path := range []string{"/topapi/user/listsimple", "/topapi/v2/user/list"} {
		b.Run(path[strings.LastIndexByte(path, '/')+1:], func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				answer, err := w.service.Answer(context.Background(), wire.Request{
					Method: "POST", Path: path, RawQuery: "dept_id=1&cursor=100&size=100&access_token=" + token,
				})
				if err != nil {
					b.Fatal(err)
				}
				n = len(answer.Body())
				answer.Release()
			}
			b.SetBytes(int64(n))
		})
	}
}
