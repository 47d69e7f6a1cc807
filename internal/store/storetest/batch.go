package storetest

import (
	"errors"
	"fmt"

	"rollcall"
)

func batches(f *fixture) {
	f.corp("acme")
	f.corp("other")
	heads := map[string]rollcall.Head{}
	heads["changes"] = f.commitAs("acme", "changes", true, false)
	heads["sign-ins"] = f.commitAs("acme", "sign-ins", false, true)
	heads["both"] = f.commitAs("acme", "both", true, true)
	heads["\U0001f600 '"] = f.commitAs("acme", "\U0001f600 '", true, false)
	f.commitAs("acme", "empty", false, false)
	f.commitAs("other", "elsewhere", true, false)
	dropped := f.begin("acme")
	if err := dropped.Append([]rollcall.Change{createDept(day, 50, 1, "x")}); err != nil {
		f.Fatal(err)
	}
	if _, ok, err := dropped.Committed("dropped"); ok || err != nil {
		f.Errorf("a batch that is not committed yet: %v, %v", ok, err)
	}
	dropped.Rollback()

	second := &fixture{T: f.T, store: f.another()}
	for _, x := range []*fixture{f, second} {
		tx := x.begin("acme")
		for batch, want := range heads {
			h, ok, err := tx.Committed(batch)
			if err != nil || !ok {
				f.Errorf("batch %q: %v, %v", batch, ok, err)
			}
			f.equal("the head of "+batch, want, h)
		}
		for _, batch := range []string{"empty", "elsewhere", "dropped", "CHANGES", ""} {
			if h, ok, err := tx.Committed(batch); ok || err != nil || h != (rollcall.Head{}) {
				f.Errorf("batch %q is there: %+v, %v, %v", batch, h, ok, err)
			}
		}
		tx.Rollback()
		x.passed(rollcall.Head{CorpID: "acme"}, true)
		for batch, h := range heads {
			x.passed(h, true)
			for _, other := range []rollcall.Head{
				{CorpID: "other", Version: h.Version, Feed: h.Feed, Batch: h.Batch},
				{CorpID: "acme", Version: h.Version + 1, Feed: h.Feed, Batch: h.Batch},
				{CorpID: "acme", Version: h.Version, Feed: h.Feed + 1, Batch: h.Batch},
				{CorpID: "acme", Version: h.Version, Feed: h.Feed, Batch: batch + "x"},
				{CorpID: "acme", Version: h.Version, Feed: h.Feed},
				{CorpID: "nobody", Version: h.Version, Feed: h.Feed, Batch: h.Batch},
			} {
				x.passed(other, false)
			}
		}
	}
	f.passed(rollcall.Head{CorpID: "nobody"}, false)
}

// passed asks whether there was a head.
func (f *fixture) passed(h rollcall.Head, want bool) {
	f.Helper()
	if ok, err := f.store.Passed(f.Context(), h); err != nil || ok != want {
		f.Errorf("the head %+v was passed: %v, %v", h, ok, err)
	}
}

// commitAs commits something under a name.
func (f *fixture) commitAs(corpID, batch string, changes, signIns bool) rollcall.Head {
	f.Helper()
	tx := f.begin(corpID)
	var err1, err2 error
	if changes {
		err1 = tx.Append([]rollcall.Change{createDept(day, rollcall.DeptID(tx.Head().Version+2), 1, "x")})
	}
	if signIns {
		err2 = tx.PutSignInChunk(20260820, 0, []byte{1})
	}
	if err := errors.Join(err1, err2); err != nil {
		f.Fatal(err)
	}
	return f.end(tx, batch)
}

func manyBatches(f *fixture) {
	f.corp("acme")
	const all, remembered = 1_200, 1_000
	var heads []rollcall.Head
	for i := range all {
		heads = append(heads, f.commitAs("acme", fmt.Sprint("batch ", i), i%3 != 1, i%5 != 2 || i%3 == 1))
	}
	tx := f.begin("acme")
	for i := all - remembered; i < all; i++ {
		h, ok, err := tx.Committed(fmt.Sprint("batch ", i))
		if err != nil || !ok || h != heads[i] {
			f.Fatalf("batch %d of %d: %+v, %v, %v", i, all, h, ok, err)
		}
		f.passed(heads[i], true)
	}
}
