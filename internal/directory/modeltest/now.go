package modeltest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"rollcall"
)

// Count returns how many people belong now, or how many of them are activated.
func (m *Model) Count(onlyActive bool) int {
	n := 0
	for _, p := range m.People {
		if p.Present() && (p.Own.Active || !onlyActive) {
			n++
		}
	}
	return n
}

// LivingDepts returns the departments that exist now, by id.
func (m *Model) LivingDepts() []rollcall.DeptID {
	var ids []rollcall.DeptID
	for _, id := range m.EveryDept() {
		if m.Depts[id].Alive() {
			ids = append(ids, id)
		}
	}
	return ids
}

// EveryDept returns the departments that exist or existed, by id.
func (m *Model) EveryDept() []rollcall.DeptID { return slices.Sorted(maps.Keys(m.Depts)) }

// Children returns the departments directly below one, by order and id.
func (m *Model) Children(id rollcall.DeptID) []rollcall.DeptID {
	var ids []rollcall.DeptID
	for _, child := range m.LivingDepts() {
		if child != rollcall.RootDept && m.Depts[child].ParentID == id {
			ids = append(ids, child)
		}
	}
	slices.SortStableFunc(ids, func(a, b rollcall.DeptID) int { return cmp.Compare(m.Depts[a].Order, m.Depts[b].Order) })
	return ids
}

// Below reports whether a department is another one or below it, now.
func (m *Model) Below(id, top rollcall.DeptID) bool {
	for ; id != top; id = m.Depts[id].ParentID {
		if id == rollcall.RootDept {
			return false
		}
	}
	return true
}

// MemberCount returns how many people are directly in a department, and how
// many in it and everything below it.
func (m *Model) MemberCount(id rollcall.DeptID) (direct, subtree int) {
	for _, p := range m.People {
		if p.In(id) {
			direct++
		}
		if slices.ContainsFunc(m.LivingDepts(), func(d rollcall.DeptID) bool { return p.In(d) && m.Below(d, id) }) {
			subtree++
		}
	}
	return direct, subtree
}

// List returns a department's members in an order (contract D8), everyone or
// only those who are not restricted (contract D9).
func (m *Model) List(id rollcall.DeptID, o rollcall.Order, l rollcall.Language, withLimited bool) []*Person {
	var list []*Person
	for _, p := range m.People {
		if p.In(id) && (withLimited || !p.Own.AccessLimited) {
			list = append(list, p)
		}
	}
	// Ties are by userid, so that is the order to begin with.
	slices.SortFunc(list, func(a, b *Person) int { return cmp.Compare(a.Own.UserID, b.Own.UserID) })
	slices.SortStableFunc(list, func(a, b *Person) int {
		x, y := a.member(id), b.member(id)
		switch o {
		case rollcall.OrderEntryAsc:
			return cmp.Compare(x.Entered, y.Entered)
		case rollcall.OrderEntryDesc:
			return cmp.Compare(y.Entered, x.Entered)
		case rollcall.OrderModifyAsc:
			return cmp.Compare(x.Modified, y.Modified)
		case rollcall.OrderModifyDesc:
			return cmp.Compare(y.Modified, x.Modified)
		}
		switch {
		case x.Ordered && !y.Ordered:
			return -1
		case y.Ordered && !x.Ordered:
			return 1
		case x.Ordered && x.Order != y.Order:
			return cmp.Compare(y.Order, x.Order)
		}
		return bytes.Compare(m.key(a, l), m.key(b, l))
	})
	return list
}

func (m *Model) key(p *Person, l rollcall.Language) []byte {
	return m.keyer.AppendKey(nil, shownName(p, l))
}

func shownName(p *Person, l rollcall.Language) string {
	if l == rollcall.English && p.Own.NameEN != "" {
		return p.Own.NameEN
	}
	return p.Own.Name
}

// Leaders returns the userids of a department's leaders, in custom order.
func (m *Model) Leaders(id rollcall.DeptID) []string {
	leaders := []string{}
	for _, p := range m.List(id, rollcall.OrderCustom, rollcall.Chinese, true) {
		if p.member(id).Leader {
			leaders = append(leaders, p.Own.UserID)
		}
	}
	return leaders
}
