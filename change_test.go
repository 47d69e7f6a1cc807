package rollcall_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"rollcall"
)

const personal = "somebody's own"

// fill sets every text below v, and makes what pointers point to.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(personal)
	case reflect.Int64, reflect.Uint32, reflect.Uint8:
		v.Set(reflect.ValueOf(7).Convert(v.Type()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}

func payloadText(t *testing.T, p rollcall.Payload) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Erasing leaves nothing of a person in a payload, also of values that somebody
// adds to the vocabulary later, and changes nothing that others hold.
func TestEraseLeavesNothingPersonal(t *testing.T) {
	t.Parallel()
	var p rollcall.Payload
	fill(reflect.ValueOf(&p.User).Elem())
	fill(reflect.ValueOf(&p.UserUpdate).Elem())
	fill(reflect.ValueOf(&p.UserBefore).Elem())
	fill(reflect.ValueOf(&p.Member).Elem())
	fill(reflect.ValueOf(&p.MemberUpdate).Elem())
	fill(reflect.ValueOf(&p.MemberBefore).Elem())
	whole, shared := payloadText(t, p), p
	if n := strings.Count(whole, personal); n < 60 {
		t.Fatalf("only %d texts are filled in: %s", n, whole)
	}
	p.Erase("gone-7")
	got := payloadText(t, p)
	if strings.Contains(got, personal) {
		t.Errorf("it still has %s", got)
	}
	want := `{"user":{"ordinal":7,"userid":"gone-7","name":"","active":true,"stay":{"From":7,"To":7},"created_at":7,"modified_at":7},` +
		`"user_update":{"name":"","name_en":"","active":true,"access_limited":false,"mobile":"","email":"","title":"","job_number":"",` +
		`"hired_date":0,"extension":"","details":{},"joined":7}`
	if !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	if payloadText(t, shared) != whole {
		t.Error("what others hold has changed")
	}
}

// Erasing what is not about a person changes nothing.
func TestEraseOfOtherPayloads(t *testing.T) {
	t.Parallel()
	var p rollcall.Payload
	fill(reflect.ValueOf(&p.Dept).Elem())
	fill(reflect.ValueOf(&p.Role).Elem())
	before := payloadText(t, p)
	p.Erase("gone-7")
	if payloadText(t, p) != before {
		t.Errorf("got %s", payloadText(t, p))
	}
}
