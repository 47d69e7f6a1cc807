package directory

import (
	"bytes"
	"fmt"
	"testing"

	"rollcall"
	"rollcall/internal/pinyin"
)

// crowdRoot loads one department of so many people.
func crowdRoot(t *testing.T, people int) (*Root, *maker) {
	t.Helper()
	m := &maker{benchEncoder{}, pinyin.New()}
	r, err := load(t.Context(), newCrowd(people), "bench", m)
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

// edited is a version after some people were edited, below the level of changes.
func edited(t *testing.T, r *Root, m *maker, edit func(*rollcall.User), ordinals ...rollcall.Ordinal) *Root {
	t.Helper()
	s := r.edit()
	for _, o := range ordinals {
		u, err := s.editUser(o)
		if err != nil {
			t.Fatal(err)
		}
		edit(u)
	}
	return s.publish(r.version+1, m)
}

// A pack is taken apart by the first change in it, so that nothing of it is held
// by what has not changed; the others stay, and so does the version before.
func TestPacksAreTakenApart(t *testing.T) {
	t.Parallel()
	const perPack = packLen * blockLen
	for _, people := range []int{1, blockLen, perPack - 1, perPack, perPack + 1, 3*perPack + 3*blockLen + 5} {
		r, m := crowdRoot(t, people)
		packs := (people + perPack - 1) / perPack
		if n := r.packed.Count(); n != packs || r.cards.n != r.records.n {
			t.Fatalf("%d people are in %d packs, want %d", people, n, packs)
		}
		if err := Differ(r, r); err != nil {
			t.Fatal(err)
		}
		touched := rollcall.Ordinal(people / 2)
		now := edited(t, r, m, func(u *rollcall.User) { u.Title = "Editor" }, touched)
		for no := range r.records.n {
			apart := no/packLen == int(touched)/perPack
			for i, v := range []*[2]block{{r.records.at(no), now.records.at(no)}, {r.cards.at(no), now.cards.at(no)}} {
				if moved := &v[0][0] != &v[1][0]; moved != apart {
					t.Errorf("%d people, block %d of kind %d has its own place: %v", people, no, i, moved)
				}
			}
		}
		if r.packed.Count() != packs || now.packed.Count() != packs-1 || now.copied-r.copied < int64(len(now.records.at(0))) {
			t.Errorf("%d people: %d packs, then %d; %d bytes were copied", people, r.packed.Count(), now.packed.Count(), now.copied-r.copied)
		}
		for o := range uint32(people) {
			same := bytes.Equal(r.record(o), now.record(o))
			if same == (o == uint32(touched)) || !bytes.Equal(r.card(o), now.card(o)) {
				t.Fatalf("%d people: person %d is the same: %v", people, o, same)
			}
		}
		again := edited(t, now, m, func(u *rollcall.User) { u.Title = "" }, touched)
		if again.packed != now.packed {
			t.Errorf("%d people: a pack is taken apart twice", people)
		}
	}
}

// What is kept of userids is good until somebody gets another one.
func TestUserIDsSame(t *testing.T) {
	t.Parallel()
	r, m := crowdRoot(t, 300)
	titled := edited(t, r, m, func(u *rollcall.User) { u.Title = "Editor" }, 1, 200)
	renamed := edited(t, titled, m, func(u *rollcall.User) { u.UserID += "x" }, 200)
	after := edited(t, renamed, m, func(u *rollcall.User) { u.Title = "" }, 1, 200)
	for _, x := range []struct {
		root    *Root
		earlier uint64
		same    bool
	}{
		{r, r.version, true},
		{r, r.version - 1, false}, // who knows
		{titled, r.version, true},
		{titled, titled.version, true},
		{titled, renamed.version, false}, // that is no earlier one
		{renamed, r.version, false},
		{renamed, titled.version, false},
		{renamed, renamed.version, true},
		{after, titled.version, false},
		{after, renamed.version, true},
	} {
		if got := x.root.UserIDsSame(x.earlier); got != x.same {
			t.Errorf("version %d has the userids of version %d: %v", x.root.version, x.earlier, got)
		}
	}
}

// Userids one by one are those that are joined, with the places where they end.
func TestUserIDsOneByOne(t *testing.T) {
	t.Parallel()
	r, _ := crowdRoot(t, 3*maxAtOnce)
	for _, n := range []int{0, 1, maxAtOnce, maxAtOnce + 1, 3 * maxAtOnce} {
		ordinals := make([]uint32, n)
		for i := range ordinals {
			ordinals[i] = uint32(i*7) % uint32(r.people)
		}
		ids, ends := r.AppendEachUserID([]byte("["), []uint32{1}, ordinals)
		for i, o := range ordinals {
			want := fmt.Sprintf("%q,", r.User(rollcall.Ordinal(o)).UserID)
			if got := string(ids[ends[i]:ends[i+1]]); got != want {
				t.Fatalf("%d of %d is %s and not %s", i, n, got, want)
			}
		}
		if joined := r.AppendUserIDs([]byte("["), ordinals); len(ends) != n+1 || n > 0 && string(joined)+"," != string(ids) {
			t.Errorf("%d userids are %s and joined %s", n, ids, joined)
		}
	}
}
