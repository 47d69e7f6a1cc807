package sqlite

import (
	"fmt"
	"testing"

	"rollcall"
)

const now = rollcall.Instant(1_780_000_000_000)

// person returns somebody of a realistic size.
func person(i int) rollcall.User {
	return rollcall.User{
		Ordinal:   rollcall.Ordinal(i),
		UserID:    fmt.Sprintf("u%x%07d", uint32(i)*2654435761, i),
		Name:      fmt.Sprintf("王小明%d", i),
		NameEN:    fmt.Sprintf("Wang Xiaoming %d", i),
		Active:    i%3 == 0,
		Mobile:    fmt.Sprintf("138%08d", i),
		Email:     fmt.Sprintf("wang.xiaoming.%d@example.com", i),
		Title:     "工程师",
		JobNumber: fmt.Sprintf("J%07d", i),
		HiredDate: now - rollcall.Instant(i)*1000,
		Stay:      rollcall.Stay{From: now, To: rollcall.Open},
	}
}

// joins returns the changes by which n people come in, each tenth of them into
// two departments.
func joins(n, depts int) []rollcall.Change {
	changes := make([]rollcall.Change, 0, depts+2*n+n/10)
	for d := range depts {
		changes = append(changes, rollcall.Change{
			Kind: rollcall.DeptCreated, At: now, By: "bench", DeptID: rollcall.DeptID(d + 2),
			Payload: rollcall.Payload{Dept: &rollcall.Dept{
				ID: rollcall.DeptID(d + 2), ParentID: rollcall.RootDept, Name: fmt.Sprintf("部门%d", d),
			}},
		})
	}
	for i := range n {
		u := person(i)
		changes = append(changes, rollcall.Change{
			Kind: rollcall.UserJoined, At: now, By: "bench", Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &u},
		})
		for k := range 1 + (i+1)%10/9 {
			d := rollcall.DeptID(2 + (i+k)%depts)
			changes = append(changes, rollcall.Change{
				Kind: rollcall.MemberAdded, At: now, By: "bench", Ordinal: u.Ordinal, DeptID: d,
				Payload: rollcall.Payload{Member: &rollcall.Membership{DeptID: d, Order: int64(i), Ordered: i%2 == 0, Entered: now, Modified: now}},
			})
		}
	}
	return changes
}

func openBench(b *testing.B) *Store {
	s, err := Open(b.Context(), b.TempDir(), Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	err = s.CreateCorp(b.Context(), rollcall.Corp{ID: "ding0123456789abcdef", Name: "Bench", Settings: rollcall.DefaultSettings()})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func commit(b *testing.B, s *Store, changes []rollcall.Change) {
	tx, err := s.Begin(b.Context(), "ding0123456789abcdef")
	if err != nil {
		b.Fatal(err)
	}
	if err := tx.Append(changes); err != nil {
		b.Fatal(err)
	}
	if _, err := tx.Commit("b"); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := openBench(b)
			commit(b, s, joins(n, 10_000))
			b.ReportAllocs()
			for b.Loop() {
				var c counter
				if _, err := s.Load(b.Context(), "ding0123456789abcdef", &c); err != nil || c.users != n {
					b.Fatal(c, err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	changes := joins(100_000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		s := openBench(b)
		b.StartTimer()
		commit(b, s, changes)
	}
}

// BenchmarkCommit is one small change, durable.
func BenchmarkCommit(b *testing.B) {
	s := openBench(b)
	commit(b, s, joins(10_000, 100))
	title, i := "新的", 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		commit(b, s, []rollcall.Change{{
			Kind: rollcall.UserUpdated, At: now, By: "bench", Ordinal: rollcall.Ordinal(i * 7919 % 10_000),
			Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Title: &title}},
		}})
	}
}

// BenchmarkHeads is what a follower costs while nothing happens.
func BenchmarkHeads(b *testing.B) {
	s := openBench(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Heads(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGroup is 64 people who are created in one transaction, as a busy
// server does it; the figure is for one of them.
func BenchmarkGroup(b *testing.B) {
	const group = 64
	s := openBench(b)
	commit(b, s, joins(100_000, 10_000))
	next := rollcall.Ordinal(100_000)
	var changes []rollcall.Change
	for i := 0; b.Loop(); i++ {
		for _, c := range joins(1, 1) {
			c.Ordinal = next
			if c.User != nil {
				u := *c.User
				u.Ordinal, u.UserID = next, fmt.Sprintf("new.%d", next)
				c.User = &u
			}
			if c.Member != nil {
				m := *c.Member
				m.DeptID = rollcall.DeptID(2 + next*7919%9_000)
				c.Member, c.DeptID = &m, m.DeptID
			}
			if c.Kind == rollcall.UserJoined || c.Kind == rollcall.MemberAdded {
				changes = append(changes, c)
			}
		}
		next++
		if i%group == group-1 {
			commit(b, s, changes)
			changes = changes[:0]
		}
	}
}
