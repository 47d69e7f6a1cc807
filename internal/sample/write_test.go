package sample

import (
	"context"
	"slices"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/activity"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"
)

// write brings an organization in on the write path and returns it.
func write(t *testing.T, now time.Time, org Organization) *directory.Root {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(ctx, t.TempDir(), sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	corp := rollcall.Corp{ID: "sample", Name: org.Name, Settings: rollcall.DefaultSettings(), CreatedAt: rollcall.At(now)}
	if err := store.CreateCorp(ctx, corp); err != nil {
		t.Fatal(err)
	}
	c, err := directory.Open(ctx, corp.ID, directory.Options{
		Store: store, Encoder: api.Card{}, Keyer: pinyin.New(), Clock: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(ctx, "test", func(*directory.State) (directory.Batch, error) {
		return directory.Batch{Changes: org.Changes, InTx: func(tx rollcall.Tx) error {
			_, err := activity.Record(tx, org.SignIns)
			return err
		}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Current().Verify(); err != nil {
		t.Fatal(err)
	}
	return c.Current()
}

func TestDemoGoesThroughTheWritePath(t *testing.T) {
	now, loc := demoNow()
	org := Demo(now, loc)
	r := write(t, now, org)
	if people := len(apply(t, org.Changes).users); r.Count(false) != people {
		t.Errorf("%d people came in, want %d", r.Count(false), people)
	}
	if root, _ := r.Dept(rollcall.RootDept); root.Name != org.Name || root.NameEN == "" {
		t.Errorf("the root department is called %q, %q", root.Name, root.NameEN)
	}
}

func TestGeneratedGoesThroughTheWritePath(t *testing.T) {
	now, _ := demoNow()
	g := Generate(Defaults(500))
	org := Organization{Name: g.Name(), Changes: slices.Collect(g.Changes()), SignIns: map[rollcall.Day][]rollcall.Ordinal{}}
	for day, list := range g.SignIns() {
		org.SignIns[day] = slices.Clone(list)
	}
	r := write(t, now, org)
	if direct, _ := r.MemberCount(BigDept); r.Count(false) != 500 || direct != 100 {
		t.Errorf("%d people came in, %d of them into the big department", r.Count(false), direct)
	}
}
