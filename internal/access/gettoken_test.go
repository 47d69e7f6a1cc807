package access

import (
	"context"
	"errors"
	"testing"
	"time"

	"rollcall"
)

func TestAFailedSaveGivesNoToken(t *testing.T) {
	h := newHall(t)
	full := errors.New("disk full")
	refused := func(ctx context.Context, because error) {
		t.Helper()
		token, seconds, err := h.Token(ctx, h.creds)
		if token != "" || seconds != 0 || rollcall.KindOf(err) != rollcall.KindBusy || !errors.Is(err, because) {
			t.Errorf("token %q, error %v", token, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()

	h.store.fail = full
	refused(t.Context(), full)
	h.store.fail = nil
	refused(gone, context.Canceled)
	if n := len(h.leases().byToken); n != 0 {
		t.Errorf("%d leases", n)
	}

	token := h.get()
	h.pass(time.Hour)
	h.store.fail = full
	refused(t.Context(), full)
	h.grants(token, true, "after a failed renewal")
	h.pass(time.Hour)
	h.grants(token, false, "a failed renewal promises nothing")
	refused(t.Context(), full)

	h.store.fail = nil
	if h.get() == token {
		t.Error("the expired token came back")
	}
	h.store.fail = full
	h.pass(time.Minute)
	h.get() // covered by what is stored
}

func TestATokenThatExpiresWhileItsRenewalIsStored(t *testing.T) {
	h := newHall(t)
	token := h.get()
	h.pass(7199 * time.Second)
	h.store.onSave = func() {
		h.grants(token, true, "before the end, while the renewal is stored")
		h.pass(2 * time.Second)
		h.grants(token, false, "after the end, while the renewal is stored")
	}
	if h.get() != token {
		t.Error("another token")
	}
	h.store.onSave = nil
	h.grants(token, true, "when the renewal is stored")
	h.pass(7199 * time.Second)
	h.grants(token, true, "7199 s after the answer")
	h.restart(h.key)
	h.grants(token, true, "7199 s after the answer and a restart")
	h.pass(time.Second)
	if h.restart(h.key); h.store.rows["acme"][h.app.Appkey].ExpiresAt < h.now() {
		t.Error("stored too short")
	}
}

func TestASaveOfOverAMinutePromisesNoMoreThanIsStored(t *testing.T) {
	h := newHall(t)
	h.store.onSave = func() { h.pass(3 * time.Minute) }
	token := h.get()
	h.store.onSave = nil
	stored := h.store.rows["acme"][h.app.Appkey].ExpiresAt
	h.time.Store(int64(stored) - 1)
	h.grants(token, true, "before the stored expiry")
	h.time.Store(int64(stored))
	h.grants(token, false, "at the stored expiry")
}

func TestWhoeverWaitsForAStoreCanGiveUp(t *testing.T) {
	h := newHall(t)
	h.index.Load().corp("acme").saving <- struct{}{} // a store that hangs
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := h.Token(ctx, h.creds); rollcall.KindOf(err) != rollcall.KindBusy || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	h.saved(0, "at the end")
}

// The app changes between the check of its secret and the turn to store.
func TestAnAppThatChangesWhileItsTokenWaits(t *testing.T) {
	for name, change := range map[string]func(*hall){
		"deleted": func(h *hall) { h.corp.delete(h.app.Appkey) },
		"rotated": func(h *hall) {
			a := *h.app
			a.SecretGeneration++
			h.corp.put(&a)
		},
		"given again": func(h *hall) {
			a := *h.app
			a.CreatedAt++
			h.corp.put(&a)
		},
	} {
		h := newHall(t)
		tenant, app, err := h.authenticate(t.Context(), h.creds)
		if err != nil {
			t.Fatal(err)
		}
		change(h)
		if _, err := h.Registry.store(t.Context(), tenant, app, rollcall.AppToken, h.creds.refusal()); !errors.Is(err, ErrWrongSecret) {
			t.Errorf("%s: %v", name, err)
		}
		h.saved(0, name)
	}
}

func (h *hall) leases() *leases { return h.index.Load().corp("acme").leases.Load() }

func TestWhatIsOverIsDropped(t *testing.T) {
	h := newHall(t)
	var last Credentials
	for range 100 {
		app := newApp(h.key, "acme", NewAppkey("acme"))
		h.corp.put(app)
		last = Credentials{Appkey: app.Appkey, Appsecret: secretOf(app.Appkey)}
		if _, _, err := h.Token(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		if ls := h.leases(); len(ls.single) != len(ls.byToken) {
			t.Fatal("the two maps differ")
		}
	}
	if n := len(h.leases().byToken); n != 100 {
		t.Fatalf("%d leases of 100 apps", n)
	}
	for key := range *h.corp.apps.Load() {
		if key != last.Appkey && key != h.app.Appkey {
			h.corp.delete(key)
		}
	}
	h.get()
	if n := len(h.leases().byToken); n != 2 {
		t.Errorf("%d leases of 2 apps", n)
	}
	h.pass(life)
	h.get()
	if n := len(h.leases().byToken); n != 1 {
		t.Errorf("%d leases, 1 is not expired", n)
	}
}
