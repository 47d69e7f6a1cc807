package rollcall_test

import (
	"net/netip"
	"reflect"
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
		"people":             {func(a *rollcall.App) { a.ScopeUsers = []string{"ann", "王"} }, ""},
		"a person no one is": {func(a *rollcall.App) { a.ScopeUsers = []string{"ann", ""} }, "scope-user"},
		"a long userid":      {func(a *rollcall.App) { a.ScopeUsers = []string{strings.Repeat("x", 65)} }, "scope-user"},
		"networks":           {func(a *rollcall.App) { a.AllowedIPs = networks(t, "10.0.0.0/8", "::1") }, ""},
		"bits of a host":     {func(a *rollcall.App) { a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")} }, "allow-ip"},
		"no network":         {func(a *rollcall.App) { a.AllowedIPs = []netip.Prefix{{}} }, "allow-ip"},
		"IPv4 in IPv6":       {func(a *rollcall.App) { a.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.1/128")} }, "allow-ip"},
		"rate":               {func(a *rollcall.App) { a.Rate = 1_000_000 }, ""},
		"negative rate":      {func(a *rollcall.App) { a.Rate = -1 }, "rate"},
		"rate too high":      {func(a *rollcall.App) { a.Rate = 1_000_001 }, "rate"},
		"any ticket":         {func(a *rollcall.App) { a.AnyTicket, a.Type = true, rollcall.ThirdParty }, ""},
		"ticket of nobody":   {func(a *rollcall.App) { a.AnyTicket = true }, "any-ticket"},
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

func networks(t *testing.T, list ...string) (parsed []netip.Prefix) {
	t.Helper()
	for _, s := range list {
		p, err := rollcall.ParseNetwork(s)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, p)
	}
	return parsed
}

func TestParseNetwork(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3/8": "10.0.0.0/8", "192.0.2.7": "192.0.2.7/32", "0.0.0.0/0": "0.0.0.0/0",
		"2001:db8::/32": "2001:db8::/32", "::1": "::1/128", "2001:DB8::7/128": "2001:db8::7/128", "::ffff:192.0.2.7": "192.0.2.7/32",
	} {
		if got := networks(t, text)[0].String(); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{
		"", "x", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", " 10.0.0.1", "fe80::1%eth0", "::1/129", "::ffff:10.0.0.0/104", "localhost",
	} {
		_, err := rollcall.ParseNetwork(text)
		wantParam(t, text, err, "allow-ip")
	}
}

// What an update changes and what a new secret changes are together all of an
// app but its appkey, its type and its birth.
func TestEveryFieldOfAnAppCanChangeOnce(t *testing.T) {
	t.Parallel()
	full := rollcall.App{
		Appkey: "a", Name: "b", Type: "c", Permissions: []rollcall.Permission{"d"}, ScopeDepts: []rollcall.DeptID{1},
		ScopeUsers: []string{"e"}, AllowedIPs: networks(t, "::1"), Rate: 2, TicketGeneration: 3, AnyTicket: true,
		SecretHash: "f", SecretSealed: "g", SecretGeneration: 4, CreatedAt: 5,
	}
	var updated, reset rollcall.App
	updated.Update(&full)
	reset.ResetSecret(&full)
	fixed := map[string]bool{"Appkey": true, "Type": true, "CreatedAt": true}
	for i := range reflect.TypeFor[rollcall.App]().NumField() {
		name := reflect.TypeFor[rollcall.App]().Field(i).Name
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("%s has no value in this test", name)
		}
		changes := 0
		for _, a := range []rollcall.App{updated, reset} {
			if !reflect.ValueOf(a).Field(i).IsZero() {
				changes++
			}
		}
		if changes != 1 != fixed[name] {
			t.Errorf("%s: changed by %d of the two", name, changes)
		}
	}
}
