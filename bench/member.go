package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/ops"
	"rollcall/internal/pinyin"
	"rollcall/internal/sample"
	"rollcall/internal/store/sqlite"
)

// moves are what joining and leaving costs in a large and in a small
// department, in µs a change, round by round.
type moves struct{ Big, Small, BigCPU, SmallCPU []float64 }

// joinLeave lets people leave a department and join it again, in turn in a
// department that everyone is in and in one of about ten.
func joinLeave(args []string) (err error) {
	f := flag.NewFlagSet("joinleave", flag.ContinueOnError)
	dir := f.String("data", "", "directory of the database; without it, nothing is stored")
	people := f.Int("people", 0, "how many people there are")
	rounds := f.Int("rounds", 3, "how often")
	changes := f.Int("changes", 1000, "changes in a round and department")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	var store rollcall.Store
	if *dir == "" {
		store = newInstantStore(sample.Generate(crowded(*people)))
	} else if store, err = sqlite.Open(ctx, *dir, sqlite.Options{}); err != nil {
		return err
	}
	defer closing(&err, store.Close)
	c, err := directory.Open(ctx, corp("").ID, directory.Options{
		Store: store, Encoder: api.Card{}, Keyer: pinyin.New(), Clock: ops.NewClock(now()).Now,
	})
	if err != nil {
		return err
	}
	ops.KeepHeadroom(c.Current().Count(false))
	ops.ReturnMemory()
	ten := smallDept(c.Current())
	var m moves
	const block = 50 // changes until it is the other's turn
	for round := range *rounds + 1 {
		var wall, cpu [2]time.Duration
		for range *changes / block {
			for i, id := range []rollcall.DeptID{sample.BigDept, ten} {
				began, used := time.Now(), ownCPU()
				for range block / 2 {
					if err := leaveAndJoin(ctx, c, id); err != nil {
						return err
					}
				}
				wall[i] += time.Since(began)
				cpu[i] += ownCPU() - used
			}
		}
		if round == 0 {
			continue // the first is to warm up
		}
		us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(*changes/block*block) }
		m.Big, m.Small = append(m.Big, us(wall[0])), append(m.Small, us(wall[1]))
		m.BigCPU, m.SmallCPU = append(m.BigCPU, us(cpu[0])), append(m.SmallCPU, us(cpu[1]))
	}
	return answer(m)
}

// smallDept finds the department whose number of people is next to ten.
func smallDept(r *directory.Root) rollcall.DeptID {
	best, off := rollcall.RootDept, 1<<30
	for d := range r.Depts() {
		direct, _ := r.MemberCount(d.ID)
		if o := max(direct-10, 10-direct); o < off && direct > 1 {
			best, off = d.ID, o
		}
	}
	return best
}

// leaveAndJoin takes somebody out of a department and, with a change of its
// own, in again.
func leaveAndJoin(ctx context.Context, c *directory.Corp, id rollcall.DeptID) error {
	m, ok := c.Current().Members(id, rollcall.OrderCustom, rollcall.Chinese, true)
	if !ok || m.Len() == 0 {
		return fmt.Errorf("department %d is empty", id)
	}
	var one [1]uint32
	o := rollcall.Ordinal(m.Append(one[:0], rand.IntN(m.Len()), 1)[0])
	do := func(ch rollcall.Change) error {
		_, err := c.Do(ctx, "bench", func(*directory.State) (directory.Batch, error) {
			return directory.Batch{Changes: []rollcall.Change{ch}}, nil
		})
		return err
	}
	if err := do(rollcall.Change{Kind: rollcall.MemberRemoved, Ordinal: o, DeptID: id}); err != nil {
		return err
	}
	at := rollcall.At(now())
	return do(rollcall.Change{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: id, Payload: rollcall.Payload{
		Member: &rollcall.Membership{DeptID: id, Entered: at, Modified: at},
	}})
}

// joinLeave measures P13, in memory alone and with SQLite.
func (b *bench) joinLeave() error {
	rounds := strconv.Itoa(b.times(3))
	show := func(what string, args ...string) error {
		var m moves
		if err := ask(&m, "joinleave", append(args, "-rounds", rounds)...); err != nil {
			return err
		}
		b.print(against(line{
			Case: "P13", What: fmt.Sprintf("join or leave a department of %d, %s", b.most, what), Unit: "µs", Values: m.Big,
			Baseline: "of 10",
			Note:     fmt.Sprintf("wall time; CPU %s µs, of 10 %s µs", spread(m.BigCPU), spread(m.SmallCPU)),
		}, m.Small, 2))
		return nil
	}
	b.progress("joining and leaving, in memory")
	if err := show("in memory", "-people", strconv.Itoa(b.most), "-changes", "5000"); err != nil {
		return err
	}
	dir, err := b.org("crowded", crowded(b.most))
	if err != nil {
		return err
	}
	if dir, err = b.copyOf(dir); err != nil {
		return err
	}
	b.progress("joining and leaving, on SQLite")
	return show("on SQLite", "-data", dir, "-changes", "1000")
}
