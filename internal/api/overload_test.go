package api_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"rollcall"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
)

// held is a server whose write path stands still: an intent has been asked and
// does not answer until release is called.
type held struct {
	*world
	token   string
	release func()
	done    chan error // of the intent
}

func hold(t *testing.T, corpID string) *held {
	w := newWorld(t, corpID, at(t, plainNow))
	a := everything(corpID+"-everything", "a-secret-of-everything")
	w.add(a)
	w.serve(nil)
	asked, answer := make(chan struct{}), make(chan struct{})
	h := &held{world: w, token: w.token(a), release: sync.OnceFunc(func() { close(answer) }), done: make(chan error, 1)}
	t.Cleanup(h.release)
	once := sync.OnceFunc(func() { close(asked) })
	go func() {
		_, err := w.org.Do(context.Background(), "test", func(*directory.State) (directory.Batch, error) {
			once()
			<-answer
			return directory.Batch{}, nil
		})
		h.done <- err
	}()
	<-asked
	return h
}

// hire posts a creation.
func (h *held) hire(addr, userid, mobile string) (envelope, error) {
	return post(http.DefaultClient, "http://"+addr+"/topapi/v2/user/create?access_token="+h.token,
		"userid="+userid+"&name=Anna&dept_id_list=1&mobile="+mobile)
}

// sound fails unless the organization is whole, in memory and in the store, and
// has that many people.
func (h *held) sound(people int) {
	h.t.Helper()
	opt := directory.Options{Store: h.store, Encoder: api.Card{}, Keyer: keyer, Clock: h.clock}
	if v, err := directory.CheckStore(context.Background(), h.org.ID(), opt); err != nil || v.Present != people {
		h.t.Errorf("%d people, not %d; %v", v.Present, people, err)
	}
	if _, err := h.org.Current().Verify(); err != nil {
		h.t.Error(err)
	}
}

// Where too many changes wait already a call is answered with -1 at once. Those
// that wait are carried out, and the one that was refused can be made again.
func TestAFullPoolIsBusy(t *testing.T) {
	t.Parallel()
	h := hold(t, "overload")
	// One more than there is room for: when it is refused, all others wait.
	const room = 4096
	refused := make(chan error, room+1)
	var waiting sync.WaitGroup
	for i := range room + 1 {
		waiting.Go(func() {
			userid, name := fmt.Sprint("waits", i), "Waits"
			_, err := h.org.Do(context.Background(), "test", edit.CreateUser(&userid, rollcall.At(h.clock()), edit.UserValues{Name: &name}))
			if err != nil {
				refused <- err
			}
		})
	}
	if err := <-refused; rollcall.KindOf(err) != rollcall.KindBusy {
		t.Fatal(err)
	}
	if e, err := h.hire(h.addr, "late", "13900000001"); err != nil || e.Errcode != -1 || e.Errmsg != "System busy" {
		t.Errorf("%+v, %v", e, err)
	}
	h.release()
	waiting.Wait()
	close(refused)
	for err := range refused {
		t.Error(err)
	}
	if err := <-h.done; err != nil {
		t.Error(err)
	}
	h.sound(room)
	if e, err := h.hire(h.addr, "late", "13900000001"); err != nil || e.Errcode != 0 {
		t.Errorf("made again: %+v, %v", e, err)
	}
	h.sound(room + 1)
}

// A client that goes away while its change waits takes the change along: nothing
// of it is there, and what it wanted is free for others.
func TestAWriterThatGoesAwayLeavesNothing(t *testing.T) {
	t.Parallel()
	h := hold(t, "away")
	arrived, gone := make(chan struct{}), make(chan struct{})
	serve := h.handler
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		defer close(gone)
		serve.ServeHTTP(w, r)
	})
	addr, _ := h.listen(nil)
	c := dial(t, addr)
	form := "userid=anna&name=Anna&dept_id_list=1&mobile=13900000001"
	fmt.Fprintf(c, "POST /topapi/v2/user/create?access_token=%s HTTP/1.1\r\nHost: x\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", h.token, len(form), form)
	<-arrived
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	<-gone // although the write path stands still
	h.release()
	if err := <-h.done; err != nil {
		t.Error(err)
	}
	h.sound(0)
	if e, err := h.hire(h.addr, "berta", "13900000001"); err != nil || e.Errcode != 0 {
		t.Errorf("the mobile number is not free: %+v, %v", e, err)
	}
	if e, err := h.hire(h.addr, "anna", "13900000002"); err != nil || e.Errcode != 0 {
		t.Errorf("the userid is not free: %+v, %v", e, err)
	}
	h.sound(2)
}
