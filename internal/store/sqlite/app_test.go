package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"rollcall"
)

// A database of the first release has apps without what came later, and one
// token for each.
func TestAppsAndTokensSurviveTheUpgrade(t *testing.T) {
	dir := t.TempDir()
	first, err := migrations.ReadFile("migrations/00001_start.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := fstest.MapFS{"migrations/00001_start.sql": {Data: first}}
	if err := os.WriteFile(filepath.Join(dir, fileName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := migrate(t.Context(), filepath.Join(dir, fileName), old); err != nil {
		t.Fatal(err)
	}
	write(t, dir, `
INSERT INTO corps VALUES ('acme', 'Acme', 'en_US', 'UTC', 9, 0, 1);
INSERT INTO heads VALUES ('acme', 0, 0, '');
INSERT INTO apps VALUES ('acme', 'key1', 'App', 'third_party', '["qyapi_base"]', 'null', 'hash', 2, 5);
INSERT INTO tokens VALUES ('acme', 'key1', 2, x'0102', 77, x'03')`)

	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it only read
	tokens, err := s.LoadTokens(t.Context(), "acme")
	want := rollcall.Token{Appkey: "key1", Kind: rollcall.AppToken, SecretGeneration: 2, Nonce: []byte{1, 2}, ExpiresAt: 77, Hash: []byte{3}}
	if err != nil || len(tokens) != 1 || tokens[0].Appkey != want.Appkey || tokens[0].Kind != want.Kind ||
		tokens[0].SecretGeneration != 2 || string(tokens[0].Nonce) != "\x01\x02" || tokens[0].ExpiresAt != 77 || string(tokens[0].Hash) != "\x03" {
		t.Errorf("tokens %+v, %v", tokens, err)
	}
	if _, err := s.SaveToken(t.Context(), "acme", want, 1, 0); err != nil {
		t.Error(err)
	}
	apps := &oneApp{}
	if _, err := s.Load(t.Context(), "acme", apps); err != nil {
		t.Fatal(err)
	}
	a := apps.app
	if a.Appkey != "key1" || len(a.Permissions) != 1 || len(a.ScopeDepts)+len(a.ScopeUsers)+len(a.AllowedIPs)+a.Rate != 0 || a.AnyTicket ||
		a.SecretSealed != "" || a.SecretHash != "hash" {
		t.Errorf("app %+v", a)
	}
	if err := s.IntegrityCheck(t.Context()); err != nil {
		t.Error(err)
	}
}

// oneApp is a snapshot that keeps the app.
type oneApp struct {
	discard
	app rollcall.App
}

func (o *oneApp) App(a *rollcall.App) error {
	o.app = *a
	return nil
}
