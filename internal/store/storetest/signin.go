package storetest

import (
	"bytes"
	"context"
	"errors"

	"rollcall"
)

// chunk is what SignInChunks tells.
type chunk struct {
	chunkKey
	bits []byte
}

func readChunks(ctx context.Context, s rollcall.Store, corpID string, after uint64) (list []chunk, head rollcall.Head, err error) {
	head, err = s.SignInChunks(ctx, corpID, after, func(d rollcall.Day, n uint32, bits []byte) error {
		list = append(list, chunk{chunkKey{d, n}, bits})
		return nil
	})
	return list, head, err
}

func sameChunks(a, b []chunk) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].chunkKey != b[i].chunkKey || !bytes.Equal(a[i].bits, b[i].bits) {
			return false
		}
	}
	return true
}

func signIns(f *fixture) {
	f.corp("acme")
	m := newModel(aCorp("acme"))
	large := bytes.Repeat([]byte{0, 255, '\'', 7}, 8192/4)
	for i, batch := range []map[chunkKey][]byte{
		{{20260821, 10}: {1}, {20260821, 9}: {2}, {20260820, 0}: large},
		{{20260820, 1}: {4}},
		{{20260101, 65535}: {5}, {20260821, 9}: {0, 0, 6}},
		{{20260820, 0}: {7}},
	} {
		tx := f.begin("acme")
		for k, bits := range batch {
			before, err := tx.SignInChunk(k.day, k.chunk)
			if err != nil || !bytes.Equal(before, m.chunks[k]) || (before == nil) != (m.chunks[k] == nil) {
				f.Fatalf("batch %d, chunk %v before: %v, %v", i, k, before, err)
			}
			if err := tx.PutSignInChunk(k.day, k.chunk, bits); err != nil {
				f.Fatal(err)
			}
			if after, err := tx.SignInChunk(k.day, k.chunk); err != nil || !bytes.Equal(after, bits) {
				f.Fatalf("batch %d, chunk %v after: %v, %v", i, k, after, err)
			}
		}
		m.put("batch", batch)
		f.equal("the head", m.head, f.end(tx, "batch"))
		for after := range uint64(6) {
			list, head, err := readChunks(f.Context(), f.store, "acme", after)
			if err != nil {
				f.Fatal(err)
			}
			if want := m.chunksAfter(after); !sameChunks(want, list) {
				f.Errorf("batch %d, sign-ins after feed %d: %v, not %v", i, after, list, want)
			}
			f.equal("the head of the sign-ins", m.head, head)
		}
	}
	want := errors.New("enough")
	_, err := f.store.SignInChunks(f.Context(), "acme", 0, func(rollcall.Day, uint32, []byte) error { return want })
	if !errors.Is(err, want) {
		f.Errorf("the error of a callback: %v", err)
	}
}

func saveToken(f *fixture, corpID string, t rollcall.Token) {
	f.Helper()
	if err := f.store.SaveToken(f.Context(), corpID, t, 1); err != nil {
		f.Fatal(err)
	}
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
		if err := f.store.SaveToken(f.Context(), "acme", t, 3); err != nil {
			f.Fatal(err)
		}
	}
	check("three of another kind", two, corp("a", 20), corp("b", 20), corp("c", 30), one)
	if err := f.store.SaveToken(f.Context(), "acme", corp("d", 10), 3); err != nil {
		f.Fatal(err)
	}
	check("no more than three, the new one among them", two, corp("a", 20), corp("c", 30), corp("d", 10), one)
	saveToken(f, "acme", corp("d", 25))
	check("only the new one", two, corp("d", 25), one)
	f.equal("the heads", head, f.heads())

	err := f.store.SaveToken(f.Context(), "acme", rollcall.Token{Appkey: "nobody's", Nonce: []byte("SECRET"), Hash: []byte("SECRET")}, 1)
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

func oldSignIns(f *fixture) {
	f.corp("acme")
	f.corp("other")
	for _, corpID := range []string{"acme", "other"} {
		tx := f.begin(corpID)
		for _, d := range []rollcall.Day{20251231, 20260101, 20260102} {
			for c := range uint32(2) {
				if err := tx.PutSignInChunk(d, c, []byte{byte(c), 1}); err != nil {
					f.Fatal(err)
				}
			}
		}
		if _, err := tx.Commit("batch"); err != nil {
			f.Fatal(err)
		}
	}
	left := func(corpID string) (days []rollcall.Day) {
		list, _, err := readChunks(f.Context(), f.store, corpID, 0)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range list {
			days = append(days, c.day)
		}
		return days
	}
	drop := func(before rollcall.Day, want int) {
		f.Helper()
		if n, err := f.store.DropSignIns(f.Context(), "acme", before); err != nil || n != want {
			f.Errorf("before %s %d days were forgotten, %v; not %d", before, n, err, want)
		}
	}
	drop(20251231, 0)
	drop(20260102, 2)
	drop(20260102, 0)
	f.equal("what is left", []rollcall.Day{20260102, 20260102}, left("acme"))
	if n := len(left("other")); n != 6 {
		f.Errorf("of the other organization %d chunks are left", n)
	}
	// A day that was forgotten can be recorded again.
	tx := f.begin("acme")
	if err := tx.PutSignInChunk(20251231, 0, []byte{9}); err != nil {
		f.Fatal(err)
	}
	if _, err := tx.Commit("again"); err != nil {
		f.Fatal(err)
	}
	f.equal("with it again", []rollcall.Day{20251231, 20260102, 20260102}, left("acme"))
}
