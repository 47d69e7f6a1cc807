package postgres_test

import (
	"fmt"
	"testing"

	"rollcall"
	"rollcall/internal/store/pgtest"
	"rollcall/internal/store/postgres"
)

const now = rollcall.Instant(1_780_000_000_000)

const corpID = "ding0123456789abcdef"

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

// joins returns the changes by which n people from one on come in, each tenth of
// them into two departments.
func joins(from, n, depts int) []rollcall.Change {
	changes := make([]rollcall.Change, 0, 2*n+n/10)
	for i := from; i < from+n; i++ {
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

func depts(n int) []rollcall.Change {
	changes := make([]rollcall.Change, 0, n)
	for d := range n {
		changes = append(changes, rollcall.Change{
			Kind: rollcall.DeptCreated, At: now, By: "bench", DeptID: rollcall.DeptID(d + 2),
			Payload: rollcall.Payload{Dept: &rollcall.Dept{
				ID: rollcall.DeptID(d + 2), ParentID: rollcall.RootDept, Name: fmt.Sprintf("部门%d", d),
			}},
		})
	}
	return changes
}

// openBench opens a store on a durable server of its own.
func openBench(b *testing.B) (*postgres.Store, *pgtest.Server) {
	server := pgtest.Start(b, pgtest.Options{Durable: true, Conf: []string{"max_wal_size = '4GB'", "shared_buffers = '512MB'"}})
	if _, err := server.Query("postgres", "CREATE DATABASE bench"); err != nil {
		b.Fatal(err)
	}
	s, err := postgres.Open(b.Context(), server.URL("bench"), postgres.Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	createCorp(b, s, corpID)
	return s, server
}

func createCorp(b *testing.B, s *postgres.Store, id string) {
	if err := s.CreateCorp(b.Context(), rollcall.Corp{ID: id, Name: "Bench", Settings: rollcall.DefaultSettings()}); err != nil {
		b.Fatal(err)
	}
}

func commit(b *testing.B, s *postgres.Store, id string, changes []rollcall.Change) {
	tx, err := s.Begin(b.Context(), id)
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

// counter is a snapshot that counts.
type counter struct {
	users, memberships int
}

func (*counter) Corp(*rollcall.Corp) error                   { return nil }
func (*counter) Dept(*rollcall.Dept, rollcall.Instant) error { return nil }

func (c *counter) User(u *rollcall.User) error {
	c.users++
	c.memberships += len(u.Memberships)
	return nil
}

func (*counter) EndedStay(rollcall.Ordinal, rollcall.Stay) error { return nil }

func (*counter) EndedMembership(rollcall.Ordinal, rollcall.DeptID, rollcall.Stay) error { return nil }

func (*counter) EndedParent(_, _ rollcall.DeptID, _ rollcall.Stay) error { return nil }

func (*counter) RoleGroup(*rollcall.RoleGroup, bool) error { return nil }

func (*counter) Role(*rollcall.Role, bool) error { return nil }

func (*counter) App(*rollcall.App) error { return nil }

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := openBench(b)
			commit(b, s, corpID, depts(max(1, n/100)))
			for at := 0; at < n; at += 100_000 {
				commit(b, s, corpID, joins(at, min(n, 100_000), max(1, n/100)))
			}
			b.ReportAllocs()
			for b.Loop() {
				var c counter
				if _, err := s.Load(b.Context(), corpID, &c); err != nil || c.users != n {
					b.Fatal(c, err)
				}
			}
		})
	}
}

// BenchmarkAppend is an import of 100,000 people, and the same rows by COPY
// alone.
func BenchmarkAppend(b *testing.B) {
	s, server := openBench(b)
	changes := joins(0, 100_000, 1000)
	first := depts(1000)
	b.Run("import", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			id := fmt.Sprint("corp", i)
			createCorp(b, s, id)
			commit(b, s, id, first)
			b.StartTimer()
			commit(b, s, id, changes)
		}
	})
	b.Run("copy", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			id := fmt.Sprint("copy", i)
			createCorp(b, s, id)
			commit(b, s, id, first)
			in := copyCorp(b, server, "corp0", id)
			b.StartTimer()
			if _, err := server.Query("bench", "BEGIN;"+in+"COMMIT;"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// copyCorp copies the people of an organization and their log to files, and
// returns the statements that copy them back as those of another one.
func copyCorp(b *testing.B, server *pgtest.Server, from, to string) (in string) {
	for table, not := range map[string]string{"users": "false", "memberships": "false", "changes": "version = 1"} {
		columns, err := server.Query("bench", fmt.Sprintf(
			`SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '%s' AND column_name <> 'corp'`, table))
		if err != nil {
			b.Fatal(err)
		}
		file := server.Dir + "/" + table + ".copy"
		if _, err := server.Query("bench", fmt.Sprintf(`COPY (SELECT %d::bigint, %s FROM %s WHERE corp = %d AND NOT %s ORDER BY corp, 1, 2) TO '%s' (FORMAT binary)`,
			postgres.CorpKey(to), columns, table, postgres.CorpKey(from), not, file)); err != nil {
			b.Fatal(err)
		}
		copyIn := fmt.Sprintf("COPY %s (corp, %s) FROM '%s' (FORMAT binary);", table, columns, file)
		if table == "users" { // others point to them
			in = copyIn + in
		} else {
			in += copyIn
		}
	}
	return in
}

// BenchmarkCommit is a group of small changes, durable.
func BenchmarkCommit(b *testing.B) {
	s, _ := openBench(b)
	commit(b, s, corpID, depts(100))
	commit(b, s, corpID, joins(0, 10_000, 100))
	b.Run("update", func(b *testing.B) {
		title, i := "新的", 0
		b.ReportAllocs()
		for b.Loop() {
			i++
			commit(b, s, corpID, []rollcall.Change{{
				Kind: rollcall.UserUpdated, At: now, By: "bench", Ordinal: rollcall.Ordinal(i * 7919 % 10_000),
				Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{Title: &title}},
			}})
		}
	})
	b.Run("64_creates", func(b *testing.B) {
		at := 10_000
		b.ReportAllocs()
		for b.Loop() {
			commit(b, s, corpID, joins(at, 64, 100))
			at += 64
		}
	})
}

// BenchmarkHeads is what a follower costs.
func BenchmarkHeads(b *testing.B) {
	s, _ := openBench(b)
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Heads(b.Context(), corpID); err != nil {
				b.Fatal(err)
			}
		}
	})
	for i := range 1000 {
		createCorp(b, s, fmt.Sprint("corp", i))
	}
	b.Run("thousand", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Heads(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
