package directory_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rollcall"
	"rollcall/internal/directory"
)

// The pages of a large department show what the people are called now, in every
// version and in both languages, whoever joins, leaves or is renamed, also where
// the new name stands at the same place.
func TestPagesOfALargeDepartmentShowTheNewestCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	corp, _ := w.solo(t)
	var changes []rollcall.Change
	join := func(o int) {
		changes = append(changes,
			rollcall.Change{Kind: rollcall.UserJoined, Ordinal: rollcall.Ordinal(o), Payload: rollcall.Payload{User: &rollcall.User{
				UserID: fmt.Sprintf("u%04d", o), Name: "Zoe\u0308", NameEN: "Wang Wei", Stay: rollcall.Stay{To: rollcall.Open},
			}}},
			rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: rollcall.Ordinal(o), DeptID: 1, Payload: rollcall.Payload{
				Member: &rollcall.Membership{DeptID: 1},
			}})
	}
	const people = 1400
	for o := range people {
		join(o)
	}
	commit := func() *directory.Root {
		t.Helper()
		if _, err := corp.Do(t.Context(), "test", want(changes...)); err != nil {
			t.Fatal(err)
		}
		changes = nil
		return corp.Current()
	}
	rng := rand.New(rand.NewPCG(5, 6))
	check := func(r *directory.Root) {
		t.Helper()
		for _, l := range []rollcall.Language{rollcall.Chinese, rollcall.English} {
			m, ok := r.Members(1, rollcall.OrderCustom, l, true)
			if !ok || m.Len() < 1000 {
				t.Fatalf("there are %d members", m.Len())
			}
			for range 40 {
				offset, n := rng.IntN(m.Len()+50), 1+rng.IntN(m.Len())
				got := string(r.AppendPage([]byte("["), m, offset, n, l))
				if want := string(r.AppendCards([]byte("["), m.Append(nil, offset, n), l)); got != want {
					t.Fatalf("version %d, %s, %d from %d:\ngot  %s\nwant %s", r.Version(), l, n, offset, got, want)
				}
			}
		}
	}
	versions := []*directory.Root{commit()}
	next := people
	for step := range 60 {
		check(corp.Current())
		w.clock.Advance(time.Second)
		o := rollcall.Ordinal(step / 4)
		switch step % 4 {
		case 0, 1: // two ways to write the same, which leave the list as it is
			name := []string{"Zo\u00eb", "Zoe\u0308"}[step%4]
			changes = append(changes, rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: o, Payload: rollcall.Payload{
				UserUpdate: &rollcall.UserUpdate{Name: &name},
			}})
		case 2:
			join(next)
			next++
		default:
			name := fmt.Sprint("Wang ", rng.IntN(9))
			changes = append(changes, rollcall.Change{Kind: rollcall.UserUpdated, Ordinal: o, Payload: rollcall.Payload{
				UserUpdate: &rollcall.UserUpdate{NameEN: &name},
			}})
		}
		versions = append(versions, commit())
		check(versions[rng.IntN(len(versions))])
	}
}
