package access

import (
	"net/netip"
	"slices"
	"time"

	"rollcall"
)

// Grant is what a token opens: an app of an organization, as the app was when
// the grant was asked for. It does not change; a request asks for one and keeps
// it until its end.
type Grant struct {
	corp  Corp
	app   *rollcall.App
	all   bool              // the contact scope is the whole organization
	depts []rollcall.DeptID // else its departments, sorted
	users []string          // and the people listed singly, sorted
	shows fields
	rates *rates // nil for an app without a rate
}

// Grant returns what a token opens now, as far as is known here: see
// [Registry.Admit]. It is false for one that is expired, of a
// deleted app, of a replaced secret, one that opens no organization, or none of
// ours. It is called for every
// request and neither waits nor allocates.
func (r *Registry) Grant(token []byte) (*Grant, bool) {
	if t, l := r.find(token); l != nil {
		return t.grant(l, r.now())
	}
	return nil, false
}

// GrantAt is [Registry.Grant] for a caller that has read the clock already,
// which takes longer than all the rest.
func (r *Registry) GrantAt(token []byte, now time.Time) (*Grant, bool) {
	if t, l := r.find(token); l != nil {
		return t.grant(l, rollcall.At(now))
	}
	return nil, false
}

func (r *Registry) find(token []byte) (*tenant, *lease) {
	if len(token) != tokenLen {
		return nil, nil
	}
	for _, t := range r.index.Load().tagged(tagNumber(token)) {
		if l := t.leases.Load().byToken[string(token)]; l != nil {
			return t, l
		}
	}
	return nil, nil
}

func (t *tenant) grant(l *lease, now rollcall.Instant) (*Grant, bool) {
	if !l.live(now) || l.kind == rollcall.SuiteToken { // which opens no organization
		return nil, false
	}
	app, ok := t.corp.App(l.appkey)
	if !ok || !l.fits(app) {
		return nil, false
	}
	g := l.last.Load()
	if g == nil || g.app != app {
		g = newGrant(t.corp, app)
		g.rates = t.ratesOf(app)
		l.last.Store(g)
	}
	return g, true
}

func newGrant(c Corp, app *rollcall.App) *Grant {
	g := &Grant{corp: c, app: app, shows: fieldsOf(app)}
	g.all = len(app.ScopeDepts)+len(app.ScopeUsers) == 0 || slices.Contains(app.ScopeDepts, rollcall.RootDept)
	if !g.all {
		g.depts = slices.Sorted(slices.Values(app.ScopeDepts))
		g.users = slices.Sorted(slices.Values(app.ScopeUsers))
	}
	return g
}

// Corp returns the app's organization.
func (g *Grant) Corp() Corp { return g.corp }

// Version returns the organization's newest version as the value of a header.
func (g *Grant) Version() []string { return g.corp.VersionHeader() }

// App returns the app, which must not be written to.
func (g *Grant) App() *rollcall.App { return g.app }

// Appkey returns the app's key.
func (g *Grant) Appkey() string { return g.app.Appkey }

// AppType returns whose program the app is.
func (g *Grant) AppType() rollcall.AppType { return g.app.Type }

// Holds reports whether the app has a permission point.
func (g *Grant) Holds(p rollcall.Permission) bool { return g.app.Holds(p) }

// Networks returns those from which the app may call; any where there are none.
func (g *Grant) Networks() []netip.Prefix { return g.app.AllowedIPs }

// Language returns the language of the organization's error texts.
func (g *Grant) Language() rollcall.Language { return languageOf(g.corp) }

// Scope returns the app's contact scope: departments, which stand for all below
// them, and people who are listed singly, both sorted. The root stands for the
// whole organization.
func (g *Grant) Scope() (depts []rollcall.DeptID, users []string) {
	if g.all {
		return []rollcall.DeptID{rollcall.RootDept}, nil
	}
	return g.depts, g.users
}

// InScope reports whether the app may see a department: whether it or one above
// it is in the app's contact scope. The caller's function names the parent of a
// department; a walk that comes round in a circle is given up.
func (g *Grant) InScope(dept rollcall.DeptID, ancestors func(rollcall.DeptID) (parent rollcall.DeptID, ok bool)) bool {
	if g.all || len(g.depts) == 0 {
		return g.all
	}
	// A circle is noticed by a mark that is set anew after 1, 2, 4, ... steps:
	// once the gap is long enough, the walk comes by the mark again.
	mark, step, gap := dept, 0, 1
	for {
		if _, ok := slices.BinarySearch(g.depts, dept); ok {
			return true
		}
		parent, ok := ancestors(dept)
		if !ok || parent == mark {
			return false
		}
		if step++; step == gap {
			mark, step, gap = parent, 0, 2*gap
		}
		dept = parent
	}
}

// InScopeUser reports whether the app may see a person in a call about this
// person only: one who is listed singly, or who is in a department of the
// app's contact scope (contract D13). Someone without a department is seen by
// apps that see the whole organization. The caller's function is that of
// [Grant.InScope].
func (g *Grant) InScopeUser(u *rollcall.User, ancestors func(rollcall.DeptID) (parent rollcall.DeptID, ok bool)) bool {
	if g.all {
		return true
	}
	if _, listed := slices.BinarySearch(g.users, u.UserID); listed {
		return true
	}
	for i := range u.Memberships {
		if g.InScope(u.Memberships[i].DeptID, ancestors) {
			return true
		}
	}
	return false
}
