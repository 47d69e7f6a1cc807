package main

import (
	"errors"
	"fmt"
	"time"

	"rollcall/internal/sample"
)

// largeRun is what is measured in an organization of 1,000,000, apart from the
// loads.
type largeRun struct {
	all                 results
	ready               []float64 // seconds
	idle, served, peak  []float64 // bytes a person
	offsets, deptOffset []int
}

// large measures P3, P6, P7 and P8. The processes are new in each round.
func (b *bench) large() (err error) {
	dir, err := b.usual(b.most)
	if err != nil {
		return err
	}
	small, err := b.usual(b.small)
	if err != nil {
		return err
	}
	if dir, err = b.inEngine(dir); err != nil {
		return err
	}
	if small, err = b.inEngine(small); err != nil {
		return err
	}
	loader, err := start("load")
	if err != nil {
		return err
	}
	defer closing(&err, loader.stop)
	people := b.most
	run := &largeRun{
		all:        results{},
		offsets:    []int{0, people / 10, people * 299 / 1000},
		deptOffset: []int{0, people / 500, people / 200},
	}
	usual := 3
	if b.wants("P6") {
		usual = 10
	}
	rounds := b.times(usual)
	for round := range rounds {
		b.progress("among %d people: round %d of %d", people, round+1, rounds)
		if err := b.largeRound(loader, round, dir, small, run); err != nil {
			return err
		}
	}
	b.printLarge(run)
	return nil
}

func (b *bench) largeRound(loader *child, round int, dir, smallDir string, run *largeRun) (err error) {
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	began := time.Now()
	real, err := b.startReal(dir)
	if err != nil {
		return err
	}
	run.ready = append(run.ready, time.Since(began).Seconds())
	servers = append(servers, real)
	time.Sleep(time.Second)
	now, peak, err := memoryOf(real.pid())
	if err != nil {
		return err
	}
	run.idle = append(run.idle, float64(now)/float64(real.People))
	run.peak = append(run.peak, float64(peak)/float64(real.People))

	var list []contender
	if b.wants("P3") || b.wants("P7") {
		list = append(list, contender{"pages", real, real.pages()})
	}
	if b.wants("P3") {
		s, err := b.startReal(smallDir)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		list = append(list, contender{"small pages", s, s.pages()})
	}
	if b.wants("P6") {
		var reply []byte
		for i := range run.offsets {
			all := inactiveCall(run.offsets[i], "")
			dept := inactiveCall(run.deptOffset[i], fmt.Sprint(sample.BigDept))
			if reply, err = real.page(all); err != nil {
				return err
			}
			if _, err = real.page(dept); err != nil {
				return err
			}
			list = append(list,
				contender{fmt.Sprint("all ", i), real, [][]byte{real.request(all)}},
				contender{fmt.Sprint("dept ", i), real, [][]byte{real.request(dept)}})
		}
		list = append(list,
			contender{"all pages", real, real.inactivePages(run.offsets[2], "")},
			contender{"dept pages", real, real.inactivePages(run.deptOffset[2], fmt.Sprint(sample.BigDept))})
		s, err := b.startBare(reply)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		list = append(list, contender{"bare", s, [][]byte{real.request(inactiveCall(0, ""))}})
	}
	if err := b.turns(loader, round, list, run.all); err != nil {
		return err
	}
	now, _, err = memoryOf(real.pid())
	run.served = append(run.served, float64(now)/float64(real.People))
	return err
}

func (b *bench) printLarge(run *largeRun) {
	people := b.most
	if b.wants("P3") {
		b.print(against(line{
			Case: "P3", What: fmt.Sprintf("listsimple, pages in turn, among %d people", people), Unit: "µs",
			Values: run.all.cpu("pages"), Baseline: fmt.Sprintf("among %d", b.small),
		}, run.all.cpu("small pages"), 1.10))
	}
	if b.wants("P6") {
		inactive := func(what, key, where string) {
			b.print(against(line{
				Case: "P6", What: fmt.Sprintf("inactive, %s, %s", what, where), Unit: "µs",
				Values: run.all.cpu(key), Baseline: "bare", Note: "p99 " + run.all.p99(key) + ", bare " + run.all.p99("bare"),
			}, run.all.cpu("bare"), 1.15))
		}
		list := func(what, key string, offsets []int) {
			for i, offset := range offsets {
				inactive(what, fmt.Sprint(key, " ", i), fmt.Sprintf("offset %d", offset))
			}
			inactive(what, key+" pages", "pages in turn")
		}
		list(fmt.Sprintf("%d people", people), "all", run.offsets)
		list(fmt.Sprintf("department of %d", sample.Defaults(people).BigDepartment), "dept", run.deptOffset)
	}
	if b.wants("P7") {
		l := atMost(line{
			Case: "P7", What: fmt.Sprintf("memory a person, %d people, after the calls", people), Unit: "B", Values: run.served,
			Note: fmt.Sprintf("when ready %s B, most while loading %s B", spread(run.idle), spread(run.peak)),
		}, 400)
		b.print(l)
	}
	if b.wants("P8") {
		b.print(atMost(line{
			Case: "P8", What: fmt.Sprintf("start until ready, %d people, %s", people, b.engineName()), Unit: "s", Values: run.ready,
		}, 5))
	}
}
