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
