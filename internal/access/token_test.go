package access

import (
	"encoding/hex"
	"errors"
	"regexp"
	"testing"
	"time"

	"rollcall"
)

func TestTheFormOfATokenAndOfItsRow(t *testing.T) {
	h := newHall(t)
	token := h.get()
	if !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(token) || token[:8] != tagOf("acme") {
		t.Fatalf("token %q", token)
	}
	row := h.store.rows["acme"][h.app.Appkey]
	if row.SecretGeneration != 1 || len(row.Hash) != 32 || row.ExpiresAt < rollcall.At(h.clock().Add(life)) {
		t.Errorf("row %+v", row)
	}
	for _, b := range [][]byte{row.Nonce, row.Hash} {
		if s := hex.EncodeToString(b); s[:16] == token[8:24] {
			t.Error("the row shows the token")
		}
	}
	// Whoever has the row, but another key, arrives at another token.
	if l, ok := testKey(2).restore("acme", row); ok || l.token == token {
		t.Error("the token can be made without the key")
	}
}

// The rules of contract 3.1, with every edge.
func TestATokenStaysTheSameForAsLongAsItIsAskedFor(t *testing.T) {
	tests := []struct {
		name  string
		waits []time.Duration // before each further gettoken
		same  bool            // is the last token the first?
		saves int
	}{
		{"at once", []time.Duration{0}, true, 1},
		{"within a minute", []time.Duration{30 * time.Second, 30 * time.Second}, true, 1},
		{"after a minute", []time.Duration{time.Minute + time.Millisecond}, true, 2},
		{"each second for two minutes", repeat(time.Second, 122), true, 3},
		{"at 7199 s", []time.Duration{7199 * time.Second}, true, 2},
		{"just before the end", []time.Duration{life - time.Millisecond}, true, 2},
		{"at 7200 s", []time.Duration{7200 * time.Second}, false, 2},
		{"long after", []time.Duration{24 * time.Hour}, false, 2},
		{"always at 7199 s", repeat(7199*time.Second, 24), true, 25},
		{"renewed once without a save", []time.Duration{time.Minute, 7199 * time.Second}, true, 2},
		{"too late after a renewal", []time.Duration{7199 * time.Second, 7200 * time.Second}, false, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHall(t)
			first := h.get()
			last := first
			for _, d := range test.waits {
				h.pass(d)
				last = h.get()
			}
			if (last == first) != test.same {
				t.Errorf("the same token: %v, want %v", last == first, test.same)
			}
			h.saved(test.saves, "at the end")
			h.grants(last, true, "at once")
			h.grants(first, test.same, "the first token")
			h.pass(7199 * time.Second)
			h.grants(last, true, "7199 s after it was asked for")
			h.pass(time.Second)
			h.grants(last, false, "7200 s after it was asked for")
		})
	}
}

func repeat(d time.Duration, n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = d
	}
	return all
}

func TestARestartKeepsPromises(t *testing.T) {
	for _, renewedAfter := range []time.Duration{0, time.Second, 59 * time.Second, time.Minute, 2 * time.Minute, 7199 * time.Second} {
		h := newHall(t)
		token := h.get()
		h.pass(renewedAfter)
		if h.get() != token {
			t.Fatal("another token")
		}
		h.pass(7199 * time.Second)
		h.restart(h.key)
		h.grants(token, true, "7199 s after the promise")
		if h.get() != token {
			t.Errorf("renewed after %v: another token after the restart", renewedAfter)
		}
		if h.ForeignTokens() != 0 {
			t.Error("its own token is foreign")
		}
		h.pass(life + ahead)
		h.restart(h.key)
		h.grants(token, false, "at the end of what was stored")
		if h.get() == token {
			t.Errorf("renewed after %v: a token came back from the dead", renewedAfter)
		}
	}
}

func TestATokenDiesWithTheSecret(t *testing.T) {
	h := newHall(t)
	token := h.get()
	rotated := *h.app
	rotated.SecretGeneration = 2
	rotated.SecretHash = h.key.HashSecret("acme", h.app.Appkey, "new")
	h.corp.put(&rotated)
	h.grants(token, false, "after the rotation")
	if _, _, err := h.Token(t.Context(), h.creds); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("the old secret: %v", err)
	}
	h.restart(h.key)
	h.grants(token, false, "after the rotation and a restart")

	h.creds.Appsecret = "new"
	second := h.get()
	if second == token {
		t.Error("the new secret got the old token")
	}
	h.grants(second, true, "with the new secret")
	h.grants(token, false, "when there is a new token")
}

func TestATokenDiesWithTheApp(t *testing.T) {
	h := newHall(t)
	token := h.get()
	h.corp.delete(h.app.Appkey)
	h.grants(token, false, "after the deletion")
	if _, _, err := h.Token(t.Context(), h.creds); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("the deleted app: %v", err)
	}
	// The same appkey given again, and even the same secret, is another app.
	again := *h.app
	again.CreatedAt++
	h.corp.put(&again)
	h.grants(token, false, "when the appkey is given again")
	h.restart(h.key)
	h.grants(token, false, "when the appkey is given again, after a restart")
	if h.ForeignTokens() != 0 {
		t.Error("the token of the app before counts as foreign")
	}
	if h.get() == token {
		t.Error("the new app got the old token")
	}
}

func TestAWrongKeyFileIsNoticed(t *testing.T) {
	h := newHall(t)
	token := h.get()
	h.restart(testKey(2))
	if h.ForeignTokens() != 1 {
		t.Errorf("%d foreign tokens, want 1", h.ForeignTokens())
	}
	h.grants(token, false, "with another key")
	if _, _, err := h.Token(t.Context(), h.creds); !errors.Is(err, ErrWrongSecret) {
		t.Errorf("with another key: %v", err)
	}
	h.pass(24 * time.Hour)
	h.restart(testKey(2))
	if h.ForeignTokens() != 1 {
		t.Error("an expired token does not show the wrong key")
	}
	h.Remove("acme")
	if h.ForeignTokens() != 0 {
		t.Error("the removed organization counts")
	}
	rotated := *h.app
	rotated.SecretGeneration++
	h.corp.put(&rotated)
	h.restart(testKey(2))
	if h.ForeignTokens() != 0 {
		t.Error("the token of a secret that was replaced counts")
	}
	h.corp.put(h.app)

	row := h.store.rows["acme"][h.app.Appkey]
	row.Nonce = row.Nonce[:5]
	h.store.rows["acme"][h.app.Appkey] = row
	h.restart(h.key)
	if h.ForeignTokens() != 1 {
		t.Error("a damaged row is not counted")
	}
}
