package rollcall_test

import (
	"strings"
	"testing"

	"rollcall"
)

func TestValidateApp(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		change func(a *rollcall.App)
		param  string
	}{
		"good":               {func(*rollcall.App) {}, ""},
		"third party":        {func(a *rollcall.App) { a.Type = rollcall.ThirdParty }, ""},
		"every permission":   {func(a *rollcall.App) { a.Permissions = rollcall.Permissions() }, ""},
		"scope":              {func(a *rollcall.App) { a.ScopeDepts = []rollcall.DeptID{1, 1 << 60} }, ""},
		"longest appkey":     {func(a *rollcall.App) { a.Appkey = strings.Repeat("x", 64) }, ""},
		"short appkey":       {func(a *rollcall.App) { a.Appkey = "abc" }, "appkey"},
		"long appkey":        {func(a *rollcall.App) { a.Appkey = strings.Repeat("x", 65) }, "appkey"},
		"appkey with blank":  {func(a *rollcall.App) { a.Appkey = "ab cd" }, "appkey"},
		"no type":            {func(a *rollcall.App) { a.Type = "" }, "type"},
		"unknown type":       {func(a *rollcall.App) { a.Type = "Internal" }, "type"},
		"no permission":      {func(a *rollcall.App) { a.Permissions = nil }, "permission"},
		"unknown permission": {func(a *rollcall.App) { a.Permissions = append(a.Permissions, "everything") }, "permission"},
		"scope 0":            {func(a *rollcall.App) { a.ScopeDepts = []rollcall.DeptID{2, 0} }, "scope-dept"},
	} {
		a := rollcall.App{Appkey: "app-1_x.y", Name: "app", Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermMember}}
		test.change(&a)
		wantParam(t, what, a.Validate(), test.param)
	}
	for what, param := range names("name") {
		a := rollcall.App{Appkey: "app1", Name: text(what), Type: rollcall.Internal, Permissions: []rollcall.Permission{rollcall.PermMember}}
		wantParam(t, "name: "+what, a.Validate(), param)
	}
	a := rollcall.App{Permissions: []rollcall.Permission{rollcall.PermMember}}
	if !a.Holds(rollcall.PermMember) || a.Holds(rollcall.PermBase) {
		t.Error("it holds another permission")
	}
}
