package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/ops"
	"rollcall/internal/pinyin"
	"rollcall/internal/store/sqlite"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// rate is how many durable changes were made, and what they cost.
type rate struct {
	Done      int
	Wall, CPU time.Duration
}

func (r rate) perSecond() float64 { return float64(r.Done) / r.Wall.Seconds() }
func (r rate) cpu() float64       { return float64(r.CPU.Nanoseconds()) / 1000 / float64(r.Done) }

// writeRate creates people through the write path, each by an intent of its
// own, for a while.
func writeRate(args []string) (err error) {
	f := flag.NewFlagSet("write", flag.ContinueOnError)
	dir := f.String("data", "", "directory of the database")
	writers := f.Int("writers", 1, "how many write at a time")
	d := f.Duration("time", time.Second, "how long")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, *dir, sqlite.Options{})
	if err != nil {
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
	var depts []rollcall.DeptID
	for d := range c.Current().Depts() {
		depts = append(depts, d.ID)
	}
	var done, failed atomic.Int64
	var work sync.WaitGroup
	began, used := time.Now(), ownCPU()
	for w := range *writers {
		work.Go(func() {
			for i := 0; time.Since(began) < *d; i++ {
				if err := create(ctx, c, fmt.Sprintf("new.%d.%d.%d", os.Getpid(), w, i), depts[rand.IntN(len(depts))]); err != nil {
					failed.Add(1)
					fmt.Fprintln(os.Stderr, "bench:", err)
					return
				}
				done.Add(1)
			}
		})
	}
	work.Wait()
	if failed.Load() > 0 {
		return fmt.Errorf("%d writers failed", failed.Load())
	}
	return answer(rate{int(done.Load()), time.Since(began), ownCPU() - used})
}

// create brings one person into the organization and into a department.
func create(ctx context.Context, c *directory.Corp, userid string, dept rollcall.DeptID) error {
	_, err := c.Do(ctx, "bench", func(s *directory.State) (directory.Batch, error) {
		if _, taken := s.UserByID(userid); taken {
			return directory.Batch{}, fmt.Errorf("%q is there already", userid)
		}
		at, o := rollcall.At(now()), s.NextOrdinal()
		return directory.Batch{Changes: []rollcall.Change{
			{Kind: rollcall.UserJoined, Ordinal: o, Payload: rollcall.Payload{User: &rollcall.User{
				Ordinal: o, UserID: userid, Name: "新人", Mobile: "18800000000", Email: userid + "@sample.example",
				Title: "工程师", Stay: rollcall.Stay{From: at, To: rollcall.Open},
			}}},
			{Kind: rollcall.MemberAdded, Ordinal: o, DeptID: dept, Payload: rollcall.Payload{
				Member: &rollcall.Membership{DeptID: dept, Entered: at, Modified: at},
			}},
		}}, nil
	})
	return err
}

// bareInsert is the baseline of the rate: transactions of one person and one
// membership in plain tables, with the driver and the durability of the store.
func bareInsert(args []string) (err error) {
	f := flag.NewFlagSet("bareinsert", flag.ContinueOnError)
	db := f.String("db", "", "file to make")
	d := f.Duration("time", time.Second, "how long")
	if err := f.Parse(args); err != nil {
		return err
	}
	conn, err := lite.OpenConn(*db, lite.OpenReadWrite|lite.OpenCreate)
	if err != nil {
		return err
	}
	defer closing(&err, conn.Close)
	if err := makeBareTables(conn); err != nil {
		return err
	}
	began, used := time.Now(), ownCPU()
	i := 0
	for ; time.Since(began) < *d; i++ {
		userid := "new." + strconv.Itoa(i)
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{"BEGIN IMMEDIATE", nil},
			{"INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", []any{i, userid, "新人", "18800000000", userid + "@sample.example", "工程师", ""}},
			{"INSERT INTO memberships VALUES (?, ?, ?, ?)", []any{i, 2, false, 0}},
			{"COMMIT", nil},
		} {
			if err := sqlitex.Execute(conn, q.sql, &sqlitex.ExecOptions{Args: q.args}); err != nil {
				return err
			}
		}
	}
	return answer(rate{i, time.Since(began), ownCPU() - used})
}

// rates measures the rate of durable changes.
func (b *bench) rates() error {
	run := (2 * b.run).String()
	rounds := b.times(3)
	for _, people := range []int{b.small, b.medium, b.most} {
		dir, err := b.usual(people)
		if err != nil {
			return err
		}
		if dir, err = b.copyOf(dir); err != nil {
			return err
		}
		var base []float64
		all, cpu := map[int][]float64{}, map[int][]float64{}
		for round := range rounds {
			b.progress("writes among %d people: round %d of %d", people, round+1, rounds)
			var r rate
			db := filepath.Join(b.temp, fmt.Sprintf("bare-%d-%d.db", people, round))
			if err := ask(&r, "bareinsert", "-db", db, "-time", run); err != nil {
				return err
			}
			base = append(base, r.perSecond())
			for _, writers := range []int{1, 64} {
				if err := ask(&r, "write", "-data", dir, "-writers", strconv.Itoa(writers), "-time", run); err != nil {
					return err
				}
				all[writers] = append(all[writers], r.perSecond())
				cpu[writers] = append(cpu[writers], r.cpu())
			}
		}
		for _, writers := range []int{1, 64} {
			what := map[int]string{1: "1 writer", 64: "64 writers"}[writers]
			b.print(against(line{
				Case: "rate", What: fmt.Sprintf("people created a second, %s, among %d", what, people), Unit: "/s", Values: all[writers],
				Baseline: "bare SQLite, 1 writer", Note: fmt.Sprintf("CPU %s µs each", spread(cpu[writers])),
			}, base, 0))
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}
