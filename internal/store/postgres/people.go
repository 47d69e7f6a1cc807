package postgres

import (
	"encoding/json"
	"fmt"

	"rollcall"
)

// pageSize is how many ordinals are read at a time. They are dense, but for those
// of people whose joining was given up.
const pageSize = 5_000

// ranges reads people and memberships side by side, a range of ordinals at a
// time. While one is told, the server works on the next.
type ranges struct {
	*loader
	next, end int64 // where the next range begins, and where the last one ends
	page      people
}

// bounds takes the smallest and the largest ordinal, which are NULL where there is
// nobody.
func (r *ranges) bounds(b row) error {
	if !b.null(1) {
		r.next, r.end = b.int(0), b.int(1)+1
	}
	return nil
}

func (r *ranges) all() error {
	for r.next < r.end {
		if err := r.dense(); err != nil {
			return err
		}
		if err := r.jump(); err != nil {
			return err
		}
	}
	return nil
}

// jump goes over ordinals that nobody has.
func (r *ranges) jump() error {
	if r.next >= r.end {
		return nil
	}
	q := statement(selectNext)
	q.corp(r.corpID).int(r.next)
	return r.link.each(r.ctx, q, func(b row) error {
		if r.next = b.int(0); b.null(0) {
			r.next = r.end
		}
		return nil
	})
}

// dense reads ranges until one is empty.
func (r *ranges) dense() error {
	p, err := r.link.pipeline(r.ctx)
	if err != nil {
		return err
	}
	err = r.through(p)
	if failed := p.end(); err == nil {
		err = failed
	}
	return err
}

func (r *ranges) through(p *pipeline) error {
	asked, err := r.ask(p)
	for more := true; err == nil && asked; {
		if asked = false; more {
			asked, err = r.ask(p)
		}
		if err == nil {
			more, err = r.tell(p)
		}
	}
	return err
}

// ask asks for the next range, where there is one.
func (r *ranges) ask(p *pipeline) (asked bool, err error) {
	if r.next >= r.end {
		return false, nil
	}
	to := min(r.next+pageSize, r.end)
	steps := r.steps()
	for i := range steps {
		steps[i].corp(r.corpID).int(r.next).int(to)
	}
	r.next = to
	return true, p.send(steps)
}

// steps are the statements about a range, without it.
func (r *ranges) steps() []step {
	return []step{
		{query: statement(selectUsers), each: r.page.user},
		{query: statement(selectMemberships), each: r.page.member},
	}
}

// tell reads one range that was asked for and tells who is in it.
func (r *ranges) tell(p *pipeline) (more bool, err error) {
	r.page.turn()
	if err := p.results(r.steps()); err != nil {
		return false, err
	}
	for i := range r.page.list {
		u := &r.page.list[i]
		u.Roles = r.holders[u.Ordinal]
		if err := r.to.User(u); err != nil {
			return false, err
		}
	}
	return len(r.page.list) > 0, nil
}

// people are those of a range; their space serves the next one too.
type people struct {
	list  []rollcall.User
	at    int // of the person whose memberships come
	texts texts
}

// turn begins the next range.
func (p *people) turn() { p.list, p.at = p.list[:0], 0 }

func (p *people) user(r row) error {
	var members []rollcall.Membership
	if n := len(p.list); n < cap(p.list) {
		members = p.list[:n+1][n].Memberships[:0]
	}
	p.list = append(p.list, rollcall.User{
		Ordinal:       rollcall.Ordinal(r.int(0)),
		Active:        r.flag(1),
		AccessLimited: r.flag(2),
		HiredDate:     r.instant(3),
		Stay:          rollcall.Stay{From: r.instant(4), To: r.end(5)},
		CreatedAt:     r.instant(6),
		ModifiedAt:    r.instant(7),
		Memberships:   members,
	})
	u := &p.list[len(p.list)-1]
	p.texts.read(r, 8, &u.UserID, &u.Name, &u.NameEN, &u.Mobile, &u.Email, &u.Title, &u.JobNumber, &u.Extension)
	if len(r[16]) > 0 {
		if err := json.Unmarshal(r[16], &u.Details); err != nil {
			return fmt.Errorf("details of ordinal %d: %w", u.Ordinal, err)
		}
	}
	return nil
}

func (p *people) member(r row) error {
	o := rollcall.Ordinal(r.int(0))
	for p.at < len(p.list) && p.list[p.at].Ordinal < o {
		p.at++
	}
	if p.at == len(p.list) || p.list[p.at].Ordinal != o {
		return fmt.Errorf("the memberships of ordinal %d are nobody's", o)
	}
	u := &p.list[p.at]
	u.Memberships = append(u.Memberships, rollcall.Membership{
		DeptID:    rollcall.DeptID(r.int(1)),
		Order:     r.int(2),
		Ordered:   r.flag(3),
		Leader:    r.flag(4),
		Entered:   r.instant(5),
		Modified:  r.instant(6),
		Title:     r.text(7),
		Main:      r.flag(8),
		WorkPlace: r.text(9),
	})
	return nil
}
