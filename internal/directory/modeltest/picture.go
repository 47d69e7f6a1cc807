package modeltest

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/ordset"
)

// Encoder shows a person as name|"userid".
type Encoder struct{}

var _ directory.Encoder = Encoder{}

// AppendCard implements [directory.Encoder].
func (Encoder) AppendCard(dst []byte, name, userid string) (out []byte, from, to int) {
	dst = append(append(dst, name...), '|')
	from = len(dst)
	dst = strconv.AppendQuote(dst, userid)
	return dst, from, len(dst)
}

// list names one list of a department.
type list struct {
	order       rollcall.Order
	language    rollcall.Language
	withLimited bool
}

func (l list) String() string {
	return fmt.Sprintf("%s %s limited=%v:", l.order, l.language, l.withLimited)
}

// lists yields every list that a department has.
func lists(yield func(list) bool) {
	for _, o := range rollcall.Orders() {
		for _, lang := range []rollcall.Language{rollcall.Chinese, rollcall.English} {
			if !yield(list{o, lang, false}) || !yield(list{o, lang, true}) {
				return
			}
		}
	}
}

// ShowUser is a person as text, with what the pointers point to.
func ShowUser(u *rollcall.User) string {
	c, manager := *u, "nobody"
	if c.Manager != nil {
		manager = fmt.Sprint(*c.Manager)
	}
	c.Manager = nil
	return fmt.Sprintf("%+v managed by %s", c, manager)
}

// ShowDept is a department as text, with what the pointers point to.
func ShowDept(d *rollcall.Dept) string {
	c, o, owner := *d, *d.Opt(), "nobody"
	if o.GroupOwner != nil {
		owner = fmt.Sprint(*o.GroupOwner)
	}
	c.Options, o.GroupOwner = nil, nil
	return fmt.Sprintf("%+v with %+v owned by %s", c, o, owner)
}

// Picture is everything visible of the present, line by line.
func (m *Model) Picture() string {
	var b strings.Builder
	fmt.Fprintf(&b, "organization %+v in %s\ncount %d active %d next %d\n", m.Corp, m.Corp.Timezone, m.Count(false), m.Count(true), len(m.People))
	for o := range m.People {
		u := m.User(rollcall.Ordinal(o))
		fmt.Fprintf(&b, "person %s\n", ShowUser(&u))
	}
	for _, id := range m.LivingDepts() {
		direct, subtree := m.MemberCount(id)
		fmt.Fprintf(&b, "dept %s\n children %v members %d all %d leaders %q\n", ShowDept(&m.Depts[id].Dept), m.Children(id), direct, subtree, m.Leaders(id))
		for l := range lists {
			var cards, userids []string
			for _, p := range m.List(id, l.order, l.language, l.withLimited) {
				userids = append(userids, strconv.Quote(p.Own.UserID))
				cards = append(cards, shownName(p, l.language)+"|"+strconv.Quote(p.Own.UserID))
			}
			fmt.Fprintf(&b, " %s %s\n  %s\n", l, strings.Join(cards, ","), strings.Join(userids, ","))
		}
	}
	for _, id := range m.EveryDept() {
		fmt.Fprintf(&b, "department %d ever: below %d\n", id, m.Depts[id].ParentID)
	}
	m.appendRoles(&b)
	appendApps(&b, maps.Values(m.Apps))
	return b.String()
}

// Picture is what a version shows in fact; its lists are read in pages of one
// size.
func Picture(r *directory.Root, page int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "organization %+v in %s\ncount %d active %d next %d\n", r.Corp(), r.Location(), r.Count(false), r.Count(true), r.NextOrdinal())
	for u := range r.Users() {
		if byID, ok := r.UserByID(u.UserID); !ok || byID.Ordinal != u.Ordinal {
			fmt.Fprintf(&b, "%q is not found\n", u.UserID)
		}
		fmt.Fprintf(&b, "person %s\n", ShowUser(u))
	}
	depts := slices.SortedFunc(r.Depts(), byID)
	for _, d := range depts {
		var children []rollcall.DeptID
		for child := range r.Children(d.ID) {
			children = append(children, child.ID)
		}
		direct, subtree := r.MemberCount(d.ID)
		fmt.Fprintf(&b, "dept %s\n children %v members %d all %d leaders %q\n", ShowDept(d), children, direct, subtree, r.Leaders(d.ID))
		for l := range lists {
			members, _ := r.Members(d.ID, l.order, l.language, l.withLimited)
			var cards []string
			for offset := 0; offset < members.Len(); offset += page {
				cards = append(cards, string(r.AppendCards(nil, members.Append(nil, offset, page), l.language)))
			}
			fmt.Fprintf(&b, " %s %s\n  %s\n", l, strings.Join(cards, ","), r.AppendAllUserIDs(nil, members))
		}
	}
	for _, id := range DeptIDs() {
		d, exists := r.Dept(id)
		_, listed := r.Members(id, rollcall.OrderCustom, rollcall.Chinese, true)
		if i := slices.IndexFunc(depts, func(d *rollcall.Dept) bool { return d.ID == id }); exists != (i >= 0) || exists != listed || exists && d != depts[i] {
			fmt.Fprintf(&b, "department %d exists: %v, with a list: %v\n", id, exists, listed)
		}
		if parent, ok := r.DeptEver(id); ok {
			fmt.Fprintf(&b, "department %d ever: below %d\n", id, parent)
		}
	}
	appendRoles(&b, r, page)
	appendApps(&b, func(yield func(rollcall.App) bool) {
		for listed := range r.Apps() {
			a, ok := r.App(listed.Appkey)
			if !ok || !yield(*a) {
				return
			}
		}
	})
	return b.String()
}

func byID(a, b *rollcall.Dept) int { return cmp.Compare(a.ID, b.ID) }

func appendApps(b *strings.Builder, apps iter.Seq[rollcall.App]) {
	for _, a := range slices.SortedFunc(apps, func(a, b rollcall.App) int { return cmp.Compare(a.Appkey, b.Appkey) }) {
		fmt.Fprintf(b, "app %+v\n", a)
	}
}

// Past is everything about who belonged where just before t. Departments that
// had nobody and nothing below them are left out.
func (m *Model) Past(t rollcall.Instant) string {
	var b strings.Builder
	fmt.Fprintf(&b, "roster %v\n", m.RosterAt(t))
	for _, id := range m.EveryDept() {
		appendPast(&b, id, m.MembersAt([]rollcall.DeptID{id}, t), m.SubtreeAt(id, t))
	}
	return b.String()
}

func appendPast(b *strings.Builder, id rollcall.DeptID, members []uint32, subtree []rollcall.DeptID) {
	if len(members) > 0 || len(subtree) > 1 {
		fmt.Fprintf(b, "dept %d members %v subtree %v\n", id, members, subtree)
	}
}

// Past is the same as a version has it in fact.
func Past(r *directory.Root, t rollcall.Instant) string {
	var b strings.Builder
	fmt.Fprintf(&b, "roster %v\n", ordinals(r.RosterAt(t)))
	for _, id := range DeptIDs() {
		members := ordset.New(0)
		r.AddMembersAt(members, id, t)
		subtree := r.SubtreeAt(id, t)
		slices.Sort(subtree)
		appendPast(&b, id, ordinals(members), subtree)
	}
	return b.String()
}

func ordinals(s *ordset.Set) []uint32 { return slices.AppendSeq([]uint32{}, s.All()) }

// Differ returns the first line in which two pictures differ, empty where they
// are the same.
func Differ(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d:\n got %s\nwant %s", i+1, a, b)
		}
	}
	return ""
}
