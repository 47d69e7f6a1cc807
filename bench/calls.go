package main

import (
	"errors"
	"fmt"
)

// calls measures P1, P2, P4 and P5 in an organization of 100,000. The processes
// are new in each round: one and the same program differs from start to start.
func (b *bench) calls() (err error) {
	dir, err := b.usual(b.medium)
	if err != nil {
		return err
	}
	loader, err := start("load")
	if err != nil {
		return err
	}
	defer closing(&err, loader.stop)
	all, big := results{}, 0
	rounds := b.times(10)
	for round := range rounds {
		b.progress("calls among %d people: round %d of %d", b.medium, round+1, rounds)
		if big, err = b.callRound(loader, round, dir, all); err != nil {
			return err
		}
	}
	us := func(name, what, key, note string) line {
		return line{Case: name, What: what, Unit: "µs", Values: all.cpu(key), Baseline: "bare", Note: note}
	}
	if b.wants("P1") {
		p99 := func(key string) string {
			return fmt.Sprintf("p99 %s, bare %s (64 busy connections)", all.p99(key), all.p99("bare page"))
		}
		b.print(against(us("P1", fmt.Sprintf("listsimple, all pages of %d people in turn", big), "pages", p99("pages")), all.cpu("bare page"), 1.10))
		b.print(against(us("P1", "listsimple, first page", "first", p99("first")), all.cpu("bare page"), 1.10))
	}
	if b.wants("P2") {
		l := us("P2", fmt.Sprintf("listsimple, last page of %d people", big), "last", "")
		l.Baseline = "first"
		b.print(against(l, all.cpu("first"), 1.10))
	}
	if b.wants("P4") {
		b.print(against(us("P4", "user/count", "count", ""), all.cpu("bare count"), 1.10))
	}
	if b.wants("P5") {
		b.print(against(us("P5", fmt.Sprintf("listid of %d people", big), "list", ""), all.cpu("bare list"), 1.5))
	}
	return nil
}

func (b *bench) callRound(loader *child, round int, dir string, all results) (big int, err error) {
	var servers []*server
	defer func() {
		for _, s := range servers {
			err = errors.Join(err, s.stop())
		}
	}()
	real, err := b.startReal(dir)
	if err != nil {
		return 0, err
	}
	servers = append(servers, real)
	var list []contender
	enter := func(key string, s *server, requests ...[]byte) {
		list = append(list, contender{key, s, requests})
	}
	// bare enters a server that gives the real reply to a call every time.
	bare := func(key string, c call) error {
		reply, err := real.reply(c)
		if err != nil {
			return err
		}
		s, err := b.startBare(reply)
		if err != nil {
			return err
		}
		servers = append(servers, s)
		enter(key, s, real.request(c))
		return nil
	}
	if b.wants("P1") || b.wants("P2") {
		for _, at := range []int{0, real.Big / 2, real.Big - 100} {
			if _, err := real.page(pageCall(at)); err != nil {
				return 0, err
			}
		}
		enter("first", real, real.request(pageCall(0)))
	}
	if b.wants("P1") {
		enter("pages", real, real.pages()...)
		if err := bare("bare page", pageCall(0)); err != nil {
			return 0, err
		}
	}
	if b.wants("P2") {
		enter("last", real, real.request(pageCall(real.Big-100)))
	}
	if b.wants("P4") {
		enter("count", real, real.request(countCall()))
		if err := bare("bare count", countCall()); err != nil {
			return 0, err
		}
	}
	if b.wants("P5") {
		enter("list", real, real.request(listCall()))
		if err := bare("bare list", listCall()); err != nil {
			return 0, err
		}
	}
	return real.Big, b.turns(loader, round, list, all)
}
