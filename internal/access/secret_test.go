package access

import (
	"regexp"
	"testing"

	"rollcall"
)

func TestAppkeysCarryTheirOrganization(t *testing.T) {
	form := regexp.MustCompile(`^ding[0-9a-f]{8}[0-9a-z]{12}$`)
	seen := map[string]bool{}
	for range 200 {
		key := NewAppkey("acme")
		if !form.MatchString(key) || seen[key] {
			t.Fatalf("appkey %q", key)
		}
		seen[key] = true
		if tag, ok := tagOfAppkey(key); !ok || tag != tagOf("acme") || tag == tagOf("other") {
			t.Fatalf("%q has the tag %q", key, tag)
		}
		app := newApp(testKey(1), "acme", key)
		if err := app.Validate(); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"", "ding", "dingAAAAAAAAaaaaaaaaaaaa", "ding0123456zaaaaaaaaaaaa", "ding01234567aaaaaaaaaaaaa"} {
		if tag, ok := tagOfAppkey(other); ok {
			t.Errorf("%q has the tag %q", other, tag)
		}
	}
}

func TestSecrets(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{42,}$`)
	seen := map[string]bool{}
	for range 500 {
		s := NewSecret()
		if !form.MatchString(s) || seen[s] {
			t.Fatalf("secret %q", s)
		}
		seen[s] = true
	}
}

func TestASecretBelongsToOneAppAndOneKey(t *testing.T) {
	k := testKey(1)
	hash := k.HashSecret("acme", "app1", "s3cret")
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(hash) {
		t.Fatalf("hash %q", hash)
	}
	app := func(key, hash string) *rollcall.App { return &rollcall.App{Appkey: key, SecretHash: hash} }
	tests := []struct {
		name, corp, secret string
		key                Key
		app                *rollcall.App
		want               bool
	}{
		{"right", "acme", "s3cret", k, app("app1", hash), true},
		{"wrong secret", "acme", "s3cres", k, app("app1", hash), false},
		{"no secret", "acme", "", k, app("app1", hash), false},
		{"the hash itself", "acme", hash, k, app("app1", hash), false},
		{"other organization", "acm", "s3cret", k, app("app1", hash), false},
		{"other app", "acme", "s3cret", k, app("app2", hash), false},
		{"moved border", "acmea", "s3cret", k, app("pp1", hash), false},
		{"other key", "acme", "s3cret", testKey(2), app("app1", hash), false},
		{"no hash", "acme", "", k, app("app1", ""), false},
		{"cut hash", "acme", "s3cret", k, app("app1", hash[:32]), false},
	}
	for _, test := range tests {
		if got := test.key.VerifySecret(test.corp, test.app, test.secret); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}
