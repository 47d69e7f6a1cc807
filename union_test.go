package rollcall_test

import (
	"testing"

	"rollcall"
)

func TestMadeUnionIDsReadBackInTheirOrganizationOnly(t *testing.T) {
	acme, elsewhere := rollcall.NewUnions("acme"), rollcall.NewUnions("other")
	seen := map[string]rollcall.Ordinal{}
	for _, o := range []rollcall.Ordinal{0, 1, 2, 63, 64, 1 << 20, 1<<32 - 1} {
		id := acme.Of(&rollcall.User{Ordinal: o})
		if other, ok := seen[id]; ok {
			t.Errorf("ordinals %d and %d have the unionid %q", o, other, id)
		}
		seen[id] = o
		if got, ok := acme.Ordinal(id); !ok || got != o {
			t.Errorf("%q reads back as %d, %v; want %d", id, got, ok, o)
		}
		if _, ok := elsewhere.Ordinal(id); ok {
			t.Errorf("%q of one organization is read by another", id)
		}
	}
	for _, text := range []string{"", "x", "AAAAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "!"} {
		if o, ok := acme.Ordinal(text); ok {
			t.Errorf("%q is read as ordinal %d", text, o)
		}
	}
}

func TestABroughtUnionIDIsTheOneShown(t *testing.T) {
	u := &rollcall.User{Ordinal: 3, Details: rollcall.Details{UnionID: "mine"}}
	if got := rollcall.NewUnions("acme").Of(u); got != "mine" {
		t.Errorf("unionid %q", got)
	}
}
