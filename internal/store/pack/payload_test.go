package pack

import (
	"bytes"
	"encoding/json"
	"iter"
	"reflect"
	"testing"

	"rollcall"

	"pgregory.net/rapid"
)

// TestPayloadsAsJSONHasThem compares what is written by hand with the JSON of the
// library, byte for byte.
func TestPayloadsAsJSONHasThem(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := func(what string) string {
			return rapid.OneOf(
				rapid.SampledFrom([]string{"", "", "a", `"`, `\`, "<&>", "\x00", "\x1f\n\t", "\x7f", "张伟", "\u2028", "\u2029", "\xff", "a\xe5\xbc", "\ufffd"}),
				rapid.String(),
			).Draw(rt, what)
		}
		number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64())
		instant := func(what string) rollcall.Instant { return rollcall.Instant(number.Draw(rt, what)) }
		flag := func(what string) bool { return rapid.Bool().Draw(rt, what) }
		var p rollcall.Payload
		if flag("user") {
			p.User = &rollcall.User{
				Ordinal: rollcall.Ordinal(rapid.Uint32().Draw(rt, "ordinal")), UserID: text("userid"), Name: text("name"), NameEN: text("name_en"),
				Active: flag("active"), AccessLimited: flag("limited"), Mobile: text("mobile"), Email: text("email"), Title: text("title"),
				JobNumber: text("job_number"), HiredDate: instant("hired"), Extension: text("extension"),
				Stay: rollcall.Stay{From: instant("from"), To: instant("to")}, CreatedAt: instant("created"), ModifiedAt: instant("modified"),
			}
			switch rapid.IntRange(0, 5).Draw(rt, "more") {
			case 0:
				p.User.Telephone = "1"
			case 1:
				p.User.Roles = []rollcall.RoleID{1}
			case 2:
				p.User.Memberships = []rollcall.Membership{{DeptID: 1}}
			}
		}
		if p.User == nil || flag("both") {
			p.Member = &rollcall.Membership{
				DeptID: rollcall.DeptID(number.Draw(rt, "dept_id")), Order: number.Draw(rt, "order"), Ordered: flag("ordered"), Leader: flag("leader"),
				Title: text("its title"), Main: flag("main"), WorkPlace: text("work_place"), Entered: instant("entered"), Modified: instant("changed"),
			}
		}
		got, err := AppendPayload([]byte("x"), &p)
		if err != nil {
			rt.Fatal(err)
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&p); err != nil {
			rt.Fatal(err)
		}
		if string(got)+"\n" != "x"+want.String() {
			rt.Fatalf("got  %s\nwant x%s", got, want.String())
		}
	})
}

func TestAnEmptyPayload(t *testing.T) {
	got, err := AppendPayload(nil, &rollcall.Payload{})
	if string(got) != "{}" || err != nil {
		t.Fatalf("%s, %v", got, err)
	}
}

// TestEveryFieldIsWritten gives each field a value in turn, so that one that is new
// in the types shows.
func TestEveryFieldIsWritten(t *testing.T) {
	check := func(name string, p rollcall.Payload) {
		t.Helper()
		got, err := AppendPayload(nil, &p)
		want, err2 := json.Marshal(&p)
		if err != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s: got %s, want %s (%v, %v)", name, got, want, err, err2)
		}
	}
	user := rollcall.User{}
	for name := range filled(reflect.ValueOf(&user).Elem()) {
		check(name, rollcall.Payload{User: &user})
		if zero := user.Details.IsZero(); zero != reflect.ValueOf(user.Details).IsZero() {
			t.Errorf("%s: no detail is set: %t", name, zero)
		}
	}
	member := rollcall.Membership{}
	for name := range filled(reflect.ValueOf(&member).Elem()) {
		check(name, rollcall.Payload{Member: &member})
	}
}

// filled yields the name of each field of a struct, also of those in it, while it
// has a value that is not zero.
func filled(v reflect.Value) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			if f.Kind() == reflect.Struct {
				for inner := range filled(f) {
					if !yield(name + "." + inner) {
						return
					}
				}
				continue
			}
			switch f.Kind() {
			case reflect.String:
				f.SetString("x")
			case reflect.Bool:
				f.SetBool(true)
			case reflect.Slice:
				f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			case reflect.Pointer:
				f.Set(reflect.New(f.Type().Elem()))
			case reflect.Uint8, reflect.Uint32:
				f.SetUint(1)
			default:
				f.SetInt(1)
			}
			more := yield(name)
			f.SetZero()
			if !more {
				return
			}
		}
	}
}
