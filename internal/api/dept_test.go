package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"rollcall"
	"rollcall/internal/sample"
)

// ask sends a GET and reads the reply into out, which says what is there.
func ask(t *testing.T, w *world, token, path, query string, out any) {
	t.Helper()
	resp, err := http.Get("http://" + w.addr + path + "?access_token=" + token + "&" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil || e.Errcode != 0 {
		t.Fatalf("%s?%s: %v %s", path, query, err, b)
	}
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatalf("%s?%s: %v %s", path, query, err, b)
	}
}

// listed is a department as both kinds of calls tell it.
type listed struct {
	id, parent rollcall.DeptID
	name       string
	order      int64
}

// TestDemoTreeBothWays walks the tree of the demo by the calls under /topapi and
// by the classic ones, level by level and at once, and finds the same.
func TestDemoTreeBothWays(t *testing.T) {
	t.Parallel()
	now := at(t, plainNow)
	w := newWorld(t, "demo", now)
	w.do(sample.Demo(now, w.org.Current().Location()).Changes, nil)
	a := everything("demo-everything", "demo-everything-secret")
	w.add(a)
	token := w.token(a)
	w.serve(nil)

	var walk, classic func(id rollcall.DeptID) []listed
	walk = func(id rollcall.DeptID) (all []listed) {
		var sub struct {
			Result []struct {
				ID     rollcall.DeptID `json:"dept_id"`
				Parent rollcall.DeptID `json:"parent_id"`
				Name   string          `json:"name"`
			} `json:"result"`
		}
		ask(t, w, token, "/topapi/v2/department/listsub", fmt.Sprint("dept_id=", id), &sub)
		var ids struct {
			Result struct {
				List []rollcall.DeptID `json:"dept_id_list"`
			} `json:"result"`
		}
		ask(t, w, token, "/topapi/v2/department/listsubid", fmt.Sprint("dept_id=", id), &ids)
		var told []rollcall.DeptID
		for _, d := range sub.Result {
			var full struct {
				Result struct {
					Order int64 `json:"order"`
				} `json:"result"`
			}
			ask(t, w, token, "/topapi/v2/department/get", fmt.Sprint("dept_id=", d.ID), &full)
			told = append(told, d.ID)
			all = append(all, listed{d.ID, d.Parent, d.Name, full.Result.Order})
		}
		if !slices.Equal(told, ids.Result.List) {
			t.Errorf("below %d listsub tells %v and listsubid %v", id, told, ids.Result.List)
		}
		for _, d := range slices.Clone(all) {
			all = append(all, walk(d.id)...)
		}
		return all
	}
	type answer struct {
		Department []struct {
			ID     rollcall.DeptID `json:"id"`
			Parent rollcall.DeptID `json:"parentid"`
			Name   string          `json:"name"`
		} `json:"department"`
	}
	classic = func(id rollcall.DeptID) (all []listed) {
		var sub answer
		ask(t, w, token, "/department/list", fmt.Sprint("fetch_child=false&id=", id), &sub)
		var ids struct {
			List []rollcall.DeptID `json:"sub_dept_id_list"`
		}
		ask(t, w, token, "/department/list_ids", fmt.Sprint("id=", id), &ids)
		var told []rollcall.DeptID
		for _, d := range sub.Department {
			var full struct {
				Order int64 `json:"order"`
			}
			ask(t, w, token, "/department/get", fmt.Sprint("id=", d.ID), &full)
			told = append(told, d.ID)
			all = append(all, listed{d.ID, d.Parent, d.Name, full.Order})
		}
		if !slices.Equal(told, ids.List) {
			t.Errorf("below %d list tells %v and list_ids %v", id, told, ids.List)
		}
		for _, d := range slices.Clone(all) {
			all = append(all, classic(d.id)...)
		}
		return all
	}
	byCalls, byClassic := walk(rollcall.RootDept), classic(rollcall.RootDept)
	if len(byCalls) < 10 || !slices.Equal(byCalls, byClassic) {
		t.Fatalf("listsub leads to %v\ndepartment/list to %v", byCalls, byClassic)
	}

	// At once: the same departments, by order and id.
	var whole answer
	ask(t, w, token, "/department/list", "fetch_child=true", &whole)
	wanted := slices.Clone(byCalls)
	slices.SortFunc(wanted, func(a, b listed) int {
		if a.order != b.order {
			return int(a.order - b.order)
		}
		return int(a.id - b.id)
	})
	var got []listed
	for i, d := range whole.Department {
		got = append(got, listed{d.ID, d.Parent, d.Name, wanted[min(i, len(wanted)-1)].order})
	}
	if !slices.Equal(got, wanted) {
		t.Errorf("at once: %v\nwant     %v", got, wanted)
	}

	// Upwards from each of them.
	parent := map[rollcall.DeptID]rollcall.DeptID{}
	for _, d := range byCalls {
		parent[d.id] = d.parent
	}
	for _, d := range byCalls {
		var path []rollcall.DeptID
		for id := d.id; id != 0; id = parent[id] {
			path = append(path, id)
		}
		var up struct {
			Result struct {
				List []rollcall.DeptID `json:"parent_id_list"`
			} `json:"result"`
		}
		ask(t, w, token, "/topapi/v2/department/listparentbydept", fmt.Sprint("dept_id=", d.id), &up)
		var old struct {
			List []rollcall.DeptID `json:"parentIds"`
		}
		ask(t, w, token, "/department/list_parent_depts_by_dept", fmt.Sprint("id=", d.id), &old)
		if !slices.Equal(up.Result.List, path) || !slices.Equal(old.List, path) {
			t.Errorf("above %d are %v, and not %v or %v", d.id, path, up.Result.List, old.List)
		}
	}
}

// TestDepartmentsReadTheirWrites: what was acknowledged to one client is there
// for the next call of any client.
func TestDepartmentsReadTheirWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "writes", at(t, plainNow))
	a := everything("writes-everything", "writes-everything-secret")
	w.add(a)
	token := w.token(a)
	w.serve(nil)
	url := func(path string) string {
		return "http://" + w.addr + "/topapi/v2/department/" + path + "?access_token=" + token
	}
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for n := range 10 {
				name := fmt.Sprintf("Team %d/%d", i, n)
				call := func(path, form string) (e envelope) {
					e, err := post(client, url(path), form)
					if err != nil || e.Errcode != 0 && path != "get" {
						t.Errorf("%s %s: %+v %v", path, form, e, err)
					}
					return e
				}
				var made struct {
					ID rollcall.DeptID `json:"dept_id"`
				}
				_ = json.Unmarshal(call("create", "parent_id=1&name="+name).Result, &made)
				see := func(name string) {
					var d struct {
						Name string `json:"name"`
					}
					e := call("get", fmt.Sprint("dept_id=", made.ID))
					_ = json.Unmarshal(e.Result, &d)
					if d.Name != name || (e.Errcode == 60003) != (name == "") {
						t.Errorf("department %d is called %q, want %q: %+v", made.ID, d.Name, name, e)
					}
				}
				see(name)
				call("update", fmt.Sprint("dept_id=", made.ID, "&name=", name, " again"))
				see(name + " again")
				call("delete", fmt.Sprint("dept_id=", made.ID))
				see("")
			}
		})
	}
	clients.Wait()
	if _, err := w.org.Current().Verify(); err != nil {
		t.Error(err)
	}
}

// Who wrote a change is the app.
func TestDepartmentsAreWrittenByTheApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "writer", at(t, plainNow))
	a := everything("writer-everything", "writer-everything-secret")
	w.add(a)
	token := w.token(a)
	w.serve(nil)
	before := w.org.Current().Version()
	if e, err := post(http.DefaultClient, "http://"+w.addr+"/department/create?access_token="+token, "parentid=1&name=New"); err != nil || e.Errcode != 0 {
		t.Fatalf("%+v %v", e, err)
	}
	var by []string
	_, err := w.store.Changes(t.Context(), "writer", before, func(c rollcall.Change) error {
		by = append(by, fmt.Sprint(c.Kind, " ", c.By))
		return nil
	})
	if err != nil || !slices.Equal(by, []string{"dept_create writer-everything"}) {
		t.Errorf("%v %v", by, err)
	}
}
