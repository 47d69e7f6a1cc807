package backup

import "rollcall"

// tee tells several the same, in their order, until one fails.
type tee []rollcall.Copy

func (t tee) each(tell func(rollcall.Copy) error) error {
	for _, to := range t {
		if err := tell(to); err != nil {
			return err
		}
	}
	return nil
}

// Corp implements [rollcall.Snapshot].
func (t tee) Corp(c *rollcall.Corp) error {
	return t.each(func(to rollcall.Copy) error { return to.Corp(c) })
}

// Dept implements [rollcall.Snapshot].
func (t tee) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	return t.each(func(to rollcall.Copy) error { return to.Dept(d, ended) })
}

// User implements [rollcall.Snapshot].
func (t tee) User(u *rollcall.User) error {
	return t.each(func(to rollcall.Copy) error { return to.User(u) })
}

// EndedStay implements [rollcall.Snapshot].
func (t tee) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	return t.each(func(to rollcall.Copy) error { return to.EndedStay(o, s) })
}

// EndedMembership implements [rollcall.Snapshot].
func (t tee) EndedMembership(o rollcall.Ordinal, d rollcall.DeptID, s rollcall.Stay) error {
	return t.each(func(to rollcall.Copy) error { return to.EndedMembership(o, d, s) })
}

// EndedParent implements [rollcall.Snapshot].
func (t tee) EndedParent(d, parent rollcall.DeptID, s rollcall.Stay) error {
	return t.each(func(to rollcall.Copy) error { return to.EndedParent(d, parent, s) })
}

// RoleGroup implements [rollcall.Snapshot].
func (t tee) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	return t.each(func(to rollcall.Copy) error { return to.RoleGroup(g, deleted) })
}

// Role implements [rollcall.Snapshot].
func (t tee) Role(r *rollcall.Role, deleted bool) error {
	return t.each(func(to rollcall.Copy) error { return to.Role(r, deleted) })
}

// App implements [rollcall.Snapshot].
func (t tee) App(a *rollcall.App) error {
	return t.each(func(to rollcall.Copy) error { return to.App(a) })
}

// Change implements [rollcall.Copy].
func (t tee) Change(c *rollcall.Change) error {
	return t.each(func(to rollcall.Copy) error { return to.Change(c) })
}

// SignInChunk implements [rollcall.Copy].
func (t tee) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	return t.each(func(to rollcall.Copy) error { return to.SignInChunk(d, chunk, bits) })
}

// Token implements [rollcall.Copy].
func (t tee) Token(tok *rollcall.Token) error {
	return t.each(func(to rollcall.Copy) error { return to.Token(tok) })
}
