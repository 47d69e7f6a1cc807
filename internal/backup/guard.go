package backup

import (
	"context"
	"errors"
	"slices"

	"rollcall"
	"rollcall/internal/ordset"
)

// Counts says how much there is of an organization.
type Counts struct {
	Departments int `json:"departments"` // deleted ones too
	People      int `json:"people"`      // also those who have left
	Memberships int `json:"memberships"` // present ones
	Apps        int `json:"apps"`
	Changes     int `json:"changes"`
	Days        int `json:"days"` // with sign-ins
	Tokens      int `json:"tokens"`
}

// guard is a [rollcall.Copy] that refuses what no store tells, and counts. What it
// lets through comes in the promised order and once, its log leads without a gap
// to the head, and its sign-ins can be read. That the log makes the state is for
// the directory to check.
type guard struct {
	ctx    context.Context // a store that reads for long may not look at it often
	tell   Progress        // may be nil
	calls  int
	corpID string
	kinds  []rollcall.Kind
	stage  stage
	Counts

	dept    rollcall.DeptID
	group   rollcall.GroupID
	role    rollcall.RoleID
	appkey  string
	version uint64
	day     rollcall.Day
	chunk   uint32
}

// stage is how far an organization has been told.
type stage int

const (
	atNothing stage = iota
	atCorp
	atDepts
	atUsers
	atEnded
	atGroups
	atRoles
	atApps
	atLog
	atSignIns
	atTokens
)

func newGuard(ctx context.Context, corpID string, tell Progress) *guard {
	return &guard{ctx: ctx, tell: tell, corpID: corpID, kinds: rollcall.Kinds()}
}

// wrong is the error of what is told; nobody but who gave it can help.
func wrong(format string, args ...any) error { return rollcall.Invalid("", format, args...) }

func (g *guard) reach(s stage) error {
	switch {
	case s < g.stage:
		return wrong("its parts come in the wrong order")
	case s > atCorp && g.stage == atNothing:
		return wrong("the organization itself is missing")
	case s > atDepts && g.Departments == 0:
		return wrong("the departments are missing")
	}
	g.stage = s
	g.calls++
	if g.calls%1024 == 0 {
		if g.tell != nil {
			g.tell(g.corpID, g.Counts)
		}
		return g.ctx.Err()
	}
	return nil
}

// rising is the error of something that does not come after the one before it.
func rising(ok bool, what string, id any) error {
	if ok {
		return nil
	}
	return wrong("%s %v is there twice or in the wrong place", what, id)
}

// Corp implements [rollcall.Snapshot].
func (g *guard) Corp(c *rollcall.Corp) error {
	if g.stage != atNothing || c.ID != g.corpID {
		return wrong("organization %q is told in place of %q", c.ID, g.corpID)
	}
	return g.reach(atCorp)
}

// Dept implements [rollcall.Snapshot].
func (g *guard) Dept(d *rollcall.Dept, _ rollcall.Instant) error {
	if g.Departments == 0 && d.ID != rollcall.RootDept {
		return wrong("the root department is missing")
	}
	err := rising(d.ID > g.dept, "department", d.ID)
	g.dept = d.ID
	g.Departments++
	return errors.Join(g.reach(atDepts), err)
}

// User implements [rollcall.Snapshot].
func (g *guard) User(u *rollcall.User) error {
	if int64(u.Ordinal) != int64(g.People) {
		return wrong("the ordinal %d comes in place of %d", u.Ordinal, g.People)
	}
	if !slices.IsSortedFunc(u.Memberships, func(a, b rollcall.Membership) int { return int(min(1, max(-1, a.DeptID-b.DeptID))) }) {
		return wrong("the memberships of ordinal %d are in the wrong order", u.Ordinal)
	}
	g.People++
	g.Memberships += len(u.Memberships)
	return g.reach(atUsers)
}

// EndedStay implements [rollcall.Snapshot].
func (g *guard) EndedStay(rollcall.Ordinal, rollcall.Stay) error { return g.reach(atEnded) }

// EndedMembership implements [rollcall.Snapshot].
func (g *guard) EndedMembership(rollcall.Ordinal, rollcall.DeptID, rollcall.Stay) error {
	return g.reach(atEnded)
}

// EndedParent implements [rollcall.Snapshot].
func (g *guard) EndedParent(rollcall.DeptID, rollcall.DeptID, rollcall.Stay) error {
	return g.reach(atEnded)
}

// RoleGroup implements [rollcall.Snapshot].
func (g *guard) RoleGroup(r *rollcall.RoleGroup, _ bool) error {
	err := rising(r.ID > g.group, "role group", r.ID)
	g.group = r.ID
	return errors.Join(g.reach(atGroups), err)
}

// Role implements [rollcall.Snapshot].
func (g *guard) Role(r *rollcall.Role, _ bool) error {
	err := rising(r.ID > g.role, "role", r.ID)
	g.role = r.ID
	return errors.Join(g.reach(atRoles), err)
}

// App implements [rollcall.Snapshot].
func (g *guard) App(a *rollcall.App) error {
	err := rising(a.Appkey > g.appkey || g.Apps == 0, "app", a.Appkey)
	g.appkey = a.Appkey
	g.Apps++
	return errors.Join(g.reach(atApps), err)
}

// Change implements [rollcall.Copy].
func (g *guard) Change(c *rollcall.Change) error {
	if c.Version != g.version+1 && (c.Version != g.version || g.version == 0) {
		return wrong("the change log goes from version %d to %d", g.version, c.Version)
	}
	if !slices.Contains(g.kinds, c.Kind) {
		return wrong("the change log has a kind of change that this version of Rollcall does not know: %q", c.Kind)
	}
	g.version = c.Version
	g.Changes++
	return g.reach(atLog)
}

// SignInChunk implements [rollcall.Copy].
func (g *guard) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	if _, err := rollcall.ParseDay(d.String()); err != nil {
		return wrong("the day of sign-ins %s", err)
	}
	if g.Days > 0 && (d < g.day || d == g.day && chunk <= g.chunk) {
		return rising(false, "the sign-ins of", d)
	}
	if chunk >= 1<<16 {
		return wrong("chunk %d of the sign-ins of %s is of nobody", chunk, d)
	}
	if err := ordset.New(0).OrChunk(0, bits); err != nil {
		return wrong("the sign-ins of %s: %s", d, err)
	}
	if g.Days == 0 || d != g.day {
		g.Days++
	}
	g.day, g.chunk = d, chunk
	return g.reach(atSignIns)
}

// Token implements [rollcall.Copy].
func (g *guard) Token(*rollcall.Token) error {
	g.Tokens++
	return g.reach(atTokens)
}

// end says whether all that was told belongs to a head.
func (g *guard) end(h rollcall.Head) error {
	switch {
	case g.Departments == 0:
		return wrong("the organization itself is missing")
	case h.CorpID != g.corpID:
		return wrong("it is the head of organization %q", h.CorpID)
	case h.Version != g.version:
		return wrong("the change log ends at version %d, the organization is at %d", g.version, h.Version)
	case g.Days > 0 && h.Feed == 0:
		return wrong("there are sign-ins, and there never was a feed")
	}
	return nil
}
