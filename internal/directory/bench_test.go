package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"rollcall"
	"rollcall/internal/pinyin"
)

// crowd is a store that has people in departments of given sizes, which can be
// loaded and nothing else. Everyone is in one department.
type crowd struct {
	rollcall.Store
	zone    string
	depts   []rollcall.Dept
	people  []rollcall.User
	members []rollcall.Membership
	ended   func(s rollcall.Snapshot) error // gives belongings that are over; may be nil
}

const benchTime = rollcall.Instant(1_780_000_000_000)

// newCrowd makes departments 2, 3, … of these sizes.
func newCrowd(sizes ...int) *crowd {
	rnd := rand.New(rand.NewPCG(1, 2))
	family, given := []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"), []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国文志")
	c := &crowd{zone: "Asia/Shanghai", depts: []rollcall.Dept{{ID: rollcall.RootDept, Name: "Bench"}}}
	for i, size := range sizes {
		id := rollcall.DeptID(i + 2)
		c.depts = append(c.depts, rollcall.Dept{ID: id, ParentID: rollcall.RootDept, Name: fmt.Sprint("dept ", id)})
		for range size {
			o := len(c.people)
			name := string([]rune{family[rnd.IntN(len(family))], given[rnd.IntN(len(given))], given[rnd.IntN(len(given))]})
			at := benchTime - rollcall.Instant(rnd.IntN(1_000_000_000))
			c.people = append(c.people, rollcall.User{
				Ordinal: rollcall.Ordinal(o), UserID: fmt.Sprintf("u%08x%06d", rnd.Uint32(), o), Name: name, Active: true,
				Mobile: fmt.Sprint(13800000000 + o), Email: fmt.Sprintf("u%d@example.com", o),
				Stay: rollcall.Stay{From: at, To: rollcall.Open}, CreatedAt: at, ModifiedAt: at,
			})
			c.members = append(c.members, rollcall.Membership{
				DeptID: id, Ordered: o%50 == 0, Order: int64(rnd.IntN(1000)), Entered: at, Modified: benchTime - rollcall.Instant(rnd.IntN(1_000_000_000)),
			})
		}
	}
	return c
}

func (c *crowd) Load(_ context.Context, corpID string, s rollcall.Snapshot) (rollcall.Head, error) {
	corp := rollcall.Corp{ID: corpID, Name: "Bench", Settings: rollcall.DefaultSettings()}
	corp.Timezone = c.zone
	if err := s.Corp(&corp); err != nil {
		return rollcall.Head{}, err
	}
	for i := range c.depts {
		if err := s.Dept(&c.depts[i], rollcall.Open); err != nil {
			return rollcall.Head{}, err
		}
	}
	for i := range c.people {
		u := c.people[i]
		u.Memberships = c.members[i : i+1 : i+1]
		if err := s.User(&u); err != nil {
			return rollcall.Head{}, err
		}
	}
	if c.ended != nil {
		if err := c.ended(s); err != nil {
			return rollcall.Head{}, err
		}
	}
	return rollcall.Head{CorpID: corpID, Version: 1}, nil
}

func (c *crowd) root(b *testing.B, m *maker) *Root {
	b.Helper()
	r, err := load(context.Background(), c, "bench", m)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

type benchEncoder struct{}

func (benchEncoder) AppendCard(dst []byte, name, userid string) (out []byte, from, to int) {
	dst = append(append(append(dst, `{"name":"`...), name...), `","userid":`...)
	from = len(dst)
	dst = append(append(append(dst, '"'), userid...), '"')
	to = len(dst)
	return append(dst, '}'), from, to
}

func newBenchMaker() *maker { return &maker{benchEncoder{}, pinyin.New()} }

// next makes the next version of some changes, as a transaction does without
// its store.
func next(b *testing.B, r *Root, m *maker, changes ...rollcall.Change) *Root {
	s := r.edit()
	for i := range changes {
		changes[i].Version, changes[i].At = r.version+1, benchTime+rollcall.Instant(r.version)
		if err := s.apply(&changes[i]); err != nil {
			b.Fatal(err)
		}
	}
	return s.publish(r.version+1, m)
}

// One operation is one person leaving or coming back, in an organization of a
// million people.
func BenchmarkJoinLeave(b *testing.B) {
	sizes := []int{10, 20_000, 1_000_000}
	m := newBenchMaker()
	c := newCrowd(sizes...)
	root := c.root(b, m)
	first := 0
	for i, size := range sizes {
		id, from := rollcall.DeptID(i+2), first
		first += size
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			rnd := rand.New(rand.NewPCG(1, 2))
			r := root
			b.ReportAllocs()
			b.ResetTimer()
			o := rollcall.Ordinal(0)
			for i := range b.N {
				if i%2 == 0 {
					o = rollcall.Ordinal(from + rnd.IntN(size))
					r = next(b, r, m,
						rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: o, DeptID: id},
						rollcall.Change{Kind: rollcall.UserLeft, Ordinal: o})
					continue
				}
				u, x := c.people[o], c.members[o]
				r = next(b, r, m,
					rollcall.Change{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: &u}},
					rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: id, Payload: rollcall.Payload{Member: &x}})
			}
			b.ReportMetric(float64(r.copied-root.copied)/float64(b.N), "copied-B/op")
		})
	}
}

// One operation restricts a person in a department that had no restricted
// people.
func BenchmarkFirstRestricted(b *testing.B) {
	m := newBenchMaker()
	for _, size := range []int{20_000, 1_000_000} {
		root := newCrowd(size).root(b, m)
		limited := true
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for i := range b.N {
				next(b, root, m, rollcall.Change{
					Kind: rollcall.UserUpdated, Ordinal: rollcall.Ordinal(i % size),
					Payload: rollcall.Payload{UserUpdate: &rollcall.UserUpdate{AccessLimited: &limited}},
				})
			}
		})
	}
}

// One operation is a page of a hundred cards, each at another offset.
func BenchmarkPage(b *testing.B) {
	const size = 100
	m := newBenchMaker()
	for _, people := range []int{20_000, 1_000_000} {
		root := newCrowd(people).root(b, m)
		for _, order := range []rollcall.Order{rollcall.OrderCustom, rollcall.OrderEntryDesc} {
			b.Run(fmt.Sprintf("%d/%s", people, order), func(b *testing.B) {
				var ordinals []uint32
				var page []byte
				b.ReportAllocs()
				offset := 0
				for b.Loop() {
					members, _ := root.Members(2, order, rollcall.Chinese, false)
					ordinals = members.Append(ordinals[:0], offset, size)
					page = root.AppendCards(page[:0], ordinals, rollcall.Chinese)
					offset = (offset + 7919*size) % people
				}
				b.SetBytes(int64(len(page)))
			})
		}
	}
}

// One operation loads a million people.
func BenchmarkLoad(b *testing.B) {
	m := newBenchMaker()
	c := newCrowd(10, 20_000, 979_990)
	b.ReportAllocs()
	var r *Root
	for b.Loop() {
		r = c.root(b, m)
	}
	b.ReportMetric(float64(r.Bytes())/float64(r.count), "B/person")
}

// One operation is a page of a hundred userids in the order of the ordinals, as
// an answer about a day lists them; one person in so many is on the list.
func BenchmarkUserIDs(b *testing.B) {
	const people, size = 1_000_000, 100
	root := newCrowd(people).root(b, newBenchMaker())
	for _, oneIn := range []int{3, 160} {
		for _, where := range []string{"anywhere", "same"} {
			b.Run(fmt.Sprintf("one in %d/%s", oneIn, where), func(b *testing.B) {
				ordinals := make([]uint32, size)
				var page []byte
				b.ReportAllocs()
				first := 0
				for b.Loop() {
					for i := range ordinals {
						ordinals[i] = uint32(first + i*oneIn)
					}
					page = root.AppendUserIDs(page[:0], ordinals)
					if where == "anywhere" {
						first = (first + 7919*size) % (people - size*oneIn)
					}
				}
				b.SetBytes(int64(len(page)))
			})
		}
	}
}
