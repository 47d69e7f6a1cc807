package storetest

import (
	"bytes"

	"rollcall"
)

// saveToken stores the one token of an app, whatever it had before.
func saveToken(f *fixture, corpID string, t rollcall.Token) {
	f.Helper()
	f.equal("the token that counts", t, f.token(corpID, t, 1, rollcall.Open))
}

func (f *fixture) token(corpID string, t rollcall.Token, keep int, now rollcall.Instant) rollcall.Token {
	f.Helper()
	counts, err := f.store.SaveToken(f.Context(), corpID, t, keep, now)
	if err != nil {
		f.Fatal(err)
	}
	return counts
}

func tokens(f *fixture) {
	f.populate("acme")
	f.commit("acme", createApp(day, "another"))
	check := func(what string, want ...rollcall.Token) {
		f.Helper()
		list, err := f.store.LoadTokens(f.Context(), "acme")
		if err != nil {
			f.Fatal(err)
		}
		f.equal(what, want, list)
	}
	check("no token yet")
	head := f.heads()

	one := rollcall.Token{
		Appkey: "key.acme", Kind: rollcall.AppToken, SecretGeneration: 3, Nonce: []byte{0, 1, 255}, ExpiresAt: later, Hash: bytes.Repeat([]byte{9}, 32),
	}
	two := rollcall.Token{Appkey: "another", Kind: rollcall.AppToken, SecretGeneration: 1, Nonce: []byte("n"), ExpiresAt: -1, Hash: []byte("h")}
	saveToken(f, "acme", one)
	saveToken(f, "acme", two)
	check("two tokens", two, one)

	one.SecretGeneration, one.ExpiresAt, one.Hash = 4, later+1, []byte{0}
	saveToken(f, "acme", one)
	check("one again", two, one)
	one.Nonce, one.ExpiresAt = []byte("m"), 0
	saveToken(f, "acme", one)
	check("one in place of the one before", two, one)

	corp := func(nonce string, expires rollcall.Instant) rollcall.Token {
		return rollcall.Token{Appkey: "another", Kind: rollcall.CorpToken, Nonce: []byte(nonce), ExpiresAt: expires, Hash: []byte(nonce)}
	}
	for _, t := range []rollcall.Token{corp("b", 20), corp("a", 20), corp("c", 30)} {
		f.token("acme", t, 3, 0)
	}
	check("three of another kind", two, corp("a", 20), corp("b", 20), corp("c", 30), one)
	f.token("acme", corp("d", 10), 3, 0)
	check("no more than three, the new one among them", two, corp("a", 20), corp("c", 30), corp("d", 10), one)
	saveToken(f, "acme", corp("d", 25))
	check("only the new one", two, corp("d", 25), one)
	f.equal("the heads", head, f.heads())

	_, err := f.store.SaveToken(f.Context(), "acme", rollcall.Token{Appkey: "nobody's", Nonce: []byte("SECRET"), Hash: []byte("SECRET")}, 1, 0)
	if rollcall.KindOf(err) != rollcall.KindNotFound {
		f.Errorf("a token of no app: %v", err)
	} else if bytes.Contains([]byte(err.Error()), []byte("SECRET")) {
		f.Errorf("the error tells secrets: %v", err)
	}

	f.commit("acme", change(rollcall.AppSecretReset, later, rollcall.Payload{App: &rollcall.App{Appkey: "another", SecretGeneration: 2}}))
	f.commit("acme", change(rollcall.AppDeleted, later, rollcall.Payload{App: &rollcall.App{Appkey: "key.acme"}}))
	check("after the app was deleted", two, corp("d", 25))
	f.commit("acme", createApp(later, "key.acme"))
	check("after it was created again", two, corp("d", 25))
}

// firstToken checks that several nodes give an app the same token.
func firstToken(f *fixture) {
	f.populate("acme")
	other := &fixture{T: f.T, store: f.another()}
	made := func(nonce string, generation int, expires rollcall.Instant) rollcall.Token {
		return rollcall.Token{
			Appkey: "key.acme", Kind: rollcall.AppToken, SecretGeneration: generation, Nonce: []byte(nonce), ExpiresAt: expires,
			Hash: []byte("hash of " + nonce),
		}
	}
	a := made("a", 1, 100)
	f.equal("the first", a, f.token("acme", a, 1, 10))
	f.equal("another node's", a, other.token("acme", made("b", 1, 150), 1, 99))
	f.equal("an earlier generation's", a, other.token("acme", made("b", 0, 150), 1, 99))

	longer, shorter := made("a", 1, 200), made("a", 1, 120)
	f.equal("a renewal", longer, other.token("acme", longer, 1, 50))
	f.equal("a renewal for less", longer, f.token("acme", shorter, 1, 50))
	stored := func(what string, want ...rollcall.Token) {
		f.Helper()
		list, err := f.store.LoadTokens(f.Context(), "acme")
		if err != nil {
			f.Fatal(err)
		}
		f.equal(what, want, list)
	}
	stored("stored so far", longer)

	suite := made("s", 1, 100)
	suite.Kind = rollcall.SuiteToken
	f.equal("another kind", suite, f.token("acme", suite, 1, 10))
	stored("both kinds", longer, suite)

	// One that ends now has ended; of a later generation there is none.
	b, c := made("b", 1, 300), made("c", 2, 250)
	f.equal("after its end", b, f.token("acme", b, 1, 200))
	f.equal("after a new secret", c, other.token("acme", c, 1, 210))
	f.equal("a node that has not heard of it", c, f.token("acme", made("d", 1, 400), 1, 210))
	stored("at the end", c, suite)

	// Of a kind of which an app has many, each is stored.
	for _, nonce := range []string{"x", "y"} {
		t := made(nonce, 2, 300)
		t.Kind = rollcall.CorpToken
		f.equal("one of many", t, f.token("acme", t, 2, 0))
	}
}
