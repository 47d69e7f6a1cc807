package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"rollcall"
)

// A person who comes in, changes, leaves and comes back, all over HTTP, is one
// person: with one ordinal, the unionid made of it, and both stays.
func TestAPersonKeepsTheOrdinalOverHTTP(t *testing.T) {
	w, apps := fixture(t, setups["plain"])
	w.serve(nil)
	token := ""
	for _, a := range apps {
		if a.name == "full" {
			token = w.token(a)
		}
	}
	next := w.org.Current().NextOrdinal()
	call := func(path, form string) string {
		t.Helper()
		e, err := post(http.DefaultClient, "http://"+w.addr+path, "access_token="+token+"&"+form)
		if err != nil || e.Errcode != 0 {
			t.Fatalf("%s %s: %v %+v", path, form, err, e)
		}
		return string(e.Result)
	}
	union := rollcall.NewUnions(fixtureCorp).Of(&rollcall.User{Ordinal: next})
	created := fmt.Sprintf(`{"unionId":%q,"userid":"again"}`, union)
	if got := call("/topapi/v2/user/create", "userid=again&name=First&mobile=13911111111&dept_id_list=2"); got != created {
		t.Errorf("created: %s", got)
	}
	first := w.person(w.org.Current(), "again")
	call("/topapi/v2/user/update", "userid=again&name=Second&dept_id_list=3,4&mobile=13922222222")
	call("/topapi/v2/user/delete", "userid=again")
	if got := call("/topapi/smartwork/hrm/employee/querydimission", "offset=0&size=50"); !strings.Contains(got, `"again"`) {
		t.Errorf("who left: %s", got)
	}
	if got := call("/topapi/v2/user/create", "userid=again&name=Third&mobile=13911111111&dept_id_list=2"); got != created {
		t.Errorf("created again: %s", got)
	}
	u := w.person(w.org.Current(), "again")
	if u.Ordinal != next || u.Ordinal != first.Ordinal || u.Name != "Third" || !u.Present() || len(u.Memberships) != 1 {
		t.Errorf("it is %+v, and was %+v", u, first)
	}
	if n := w.org.Current().NextOrdinal(); n != next+1 {
		t.Errorf("the next ordinal is %d and not %d", n, next+1)
	}
	if got := call("/topapi/user/getbyunionid", "unionid="+url.QueryEscape(union)); got != `{"contact_type":0,"userid":"again"}` {
		t.Errorf("by unionid: %s", got)
	}
}

// Many clients create the same userid and the same mobile number at once: one of
// them succeeds.
func TestOneOfManyGetsAUserid(t *testing.T) {
	w, apps := fixture(t, setups["plain"])
	w.serve(nil)
	token := ""
	for _, a := range apps {
		if a.name == "full" {
			token = w.token(a)
		}
	}
	for _, tt := range []struct {
		form func(i int) string
		lost int
	}{
		{func(i int) string { return fmt.Sprintf("userid=wanted&name=N&mobile=139%08d", i) }, 60102},
		{func(i int) string { return fmt.Sprintf("userid=other%d&name=N&mobile=13800000077", i) }, 60104},
	} {
		const clients = 16
		codes := make([]int, clients)
		var work sync.WaitGroup
		for i := range clients {
			work.Go(func() {
				e, err := post(http.DefaultClient, "http://"+w.addr+"/topapi/v2/user/create", "access_token="+token+"&"+tt.form(i))
				if err != nil {
					t.Error(err)
				}
				codes[i] = e.Errcode
			})
		}
		work.Wait()
		won := 0
		for _, code := range codes {
			if code == 0 {
				won++
			} else if code != tt.lost {
				t.Errorf("somebody gets %d", code)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d succeeded: %v", won, clients, codes)
		}
	}
	if _, err := w.org.Current().Verify(); err != nil {
		t.Error(err)
	}
}
