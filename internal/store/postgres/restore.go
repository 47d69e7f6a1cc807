package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rollcall"
	"rollcall/internal/store/pack"
)

const (
	// A restore of the same organization by another node is waited for, as long as
	// it takes: then it is known whether the id is taken.
	waitForever = `SELECT set_config('lock_timeout', '0', true)`

	insertDay = `INSERT INTO signin_days (corp, day, feed) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`

	// The feed is known at the end only.
	updateFeed = `UPDATE signin_days SET feed = $2 WHERE corp = $1`

	// restoreBytes is how much is collected before it is sent.
	restoreBytes = 8 << 20
)

// A restorer is a [rollcall.Restorer]: one write transaction, whose rows go by
// COPY. Rows may come before those that they point to.
type restorer struct {
	*tx
	corpID string

	depts, users, members, stays, endedMembers, parents rowSet
	groups, roles, holders, chunks, tokens              rowSet
	log                                                 *journal
	version                                             uint64 // of the last change, and its place there
	seq                                                 int64
	day                                                 rollcall.Day // that was inserted last
}

// Restore implements [rollcall.Store].
func (s *Store) Restore(ctx context.Context, corpID string) (rollcall.Restorer, error) {
	r, err := s.restore(ctx, corpID)
	if err != nil {
		return nil, fmt.Errorf("restore %q: %w", corpID, err)
	}
	return r, nil
}

func (s *Store) restore(ctx context.Context, corpID string) (*restorer, error) {
	if corpID == "" {
		return nil, errors.New("it has no id")
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	r := newRestorer(corpID)
	t, err := s.beginRestore(ctx, corpID)
	if err != nil {
		s.inside.Done()
		return nil, err
	}
	t.sign = time.AfterFunc(s.alive, t.signOfLife)
	r.tx = t
	return r, nil
}

func newRestorer(corpID string) *restorer {
	history := func(name, columns, types string) rowSet {
		return rowSet{table: table{name, "corp, version, seq, " + columns, "iii" + types}}
	}
	return &restorer{
		corpID: corpID,
		depts:  rowSet{table: deptTable()}, users: rowSet{table: userTable()}, members: rowSet{table: memberTable()},
		stays:        history("user_history", "ordinal, joined_at, left_at", "iii"),
		endedMembers: history("membership_history", "ordinal, dept_id, entered_at, left_at", "iiii"),
		parents:      history("department_history", "dept_id, parent_id, since, until", "iiii"),
		groups:       rowSet{table: table{"role_groups", "corp, group_id, name, deleted_at", "iiti"}},
		roles:        rowSet{table: table{"roles", "corp, role_id, group_id, name, deleted_at", "iiiti"}},
		holders:      rowSet{table: table{"role_members", "corp, ordinal, role_id", "iii"}},
		chunks:       rowSet{table: table{"signin_chunks", "corp, day, chunk, bits", "iiiy"}},
		tokens:       rowSet{table: table{"tokens", "corp, appkey, kind, nonce, secret_generation, expires_at, hash", "ittyiiy"}},
		log:          newJournal(),
	}
}

func (s *Store) beginRestore(ctx context.Context, corpID string) (*tx, error) {
	ctx, cancel := s.until(ctx)
	defer cancel()
	turn, err := s.turns.take(ctx, corpID)
	if err != nil {
		return nil, ended(ctx, err)
	}
	t := &tx{store: s, turn: turn, corp: corpKey(corpID), changes: largeTx + 1}
	taken := statement(selectHead)
	taken.corp(corpID)
	err = s.beginOn(ctx, []step{{query: statement(waitForever)}, {query: taken, check: func(found int64, err error) error {
		if err == nil && found > 0 {
			err = rollcall.ErrCorpExists
		}
		return err
	}}}, &t.link)
	if err != nil {
		turn()
		return nil, ended(ctx, err)
	}
	return t, nil
}

// do carries out one call, unless one failed before. what says what it is about.
func (r *restorer) do(what string, write func(context.Context) error) error {
	ctx, leave, err := r.enter(true)
	if err != nil {
		return fmt.Errorf("restore %q: %w", r.corpID, err)
	}
	defer leave()
	if err = write(ctx); err == nil {
		return nil
	}
	if isTaken(err) {
		err = conflict("", "it is there already")
	}
	return r.fail(fmt.Errorf("restore %q: %s: %w", r.corpID, what, err))
}

// add adds rows, and sends them when they are many.
func (r *restorer) add(what string, rows func() error) error {
	return r.do(what, func(ctx context.Context) error {
		if err := rows(); err != nil {
			return err
		}
		size := 0
		for _, s := range r.inOrder() {
			size += len(s.buf)
		}
		if size < restoreBytes {
			return nil
		}
		return r.send(ctx, false)
	})
}

// inOrder lists what is sent, each after what it points to.
func (r *restorer) inOrder() []*rowSet {
	return []*rowSet{
		&r.depts, &r.users, &r.members, &r.stays, &r.endedMembers, &r.parents, &r.groups, &r.roles, &r.holders,
		&r.log.rows, &r.chunks, &r.tokens,
	}
}

// send copies the rows. Departments wait until all are there, because one may
// come before its parent, and holders until the roles are.
func (r *restorer) send(ctx context.Context, all bool) error {
	r.log.finish(r.corp)
	var steps []step
	for _, s := range r.inOrder() {
		if s.n == 0 || !all && (s == &r.depts && r.users.n == 0 || s == &r.holders) {
			continue
		}
		copied := s.copied(nil)
		complete := copied.check
		copied.check = func(touched int64, err error) error {
			if isTaken(err) {
				return conflict("", "in %s: it is there already", s.name)
			}
			if err = complete(touched, err); err != nil {
				return fmt.Errorf("in %s: %w", s.name, err)
			}
			return nil
		}
		steps = append(steps, copied)
	}
	return r.link.all(ctx, steps)
}

// Corp implements [rollcall.Snapshot].
func (r *restorer) Corp(c *rollcall.Corp) error {
	return r.do("the organization", func(ctx context.Context) error {
		if c.ID != r.corpID {
			return fmt.Errorf("it is %q", c.ID)
		}
		q, err := newCorp(c)
		if err != nil {
			return err
		}
		if _, err = r.link.run(ctx, q); isTaken(err) {
			err = rollcall.ErrCorpExists
		}
		return err
	})
}

// Dept implements [rollcall.Snapshot].
func (r *restorer) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	return r.add("a department", func() error {
		options, err := pack.Options(d.Options)
		if err != nil {
			return err
		}
		s := r.depts.row().int(r.corp).int(int64(d.ID)).intOrNull(int64(d.ParentID), d.ParentID != 0).text(d.Name).text(d.NameEN).int(d.Order)
		s.text(d.SourceIdentifier).text(d.Brief).int(int64(d.Since)).int(int64(d.CreatedAt)).int(int64(d.ModifiedAt)).end(ended).text(options)
		return nil
	})
}

// User implements [rollcall.Snapshot].
func (r *restorer) User(u *rollcall.User) error {
	return r.add("a person", func() error {
		details, err := pack.Details(&u.Details)
		if err != nil {
			return err
		}
		s := r.users.row().int(r.corp).int(int64(u.Ordinal)).int(int64(u.HiredDate)).int(int64(u.Stay.From)).end(u.Stay.To)
		s.int(int64(u.CreatedAt)).int(int64(u.ModifiedAt)).flag(u.Active).flag(u.AccessLimited).text(u.UserID).text(u.Name).text(u.NameEN)
		s.text(u.Mobile).text(u.Email).text(u.Title).text(u.JobNumber).text(u.Extension).text(details)
		for i := range u.Memberships {
			m := &u.Memberships[i]
			memberRow(&r.members, r.corp, u.Ordinal, m.DeptID, m)
		}
		for _, id := range u.Roles {
			r.holders.row().int(r.corp).int(int64(u.Ordinal)).int(int64(id))
		}
		return nil
	})
}

// past adds the row of something that is over. It belongs to version 0, so that
// whatever ends later comes after it.
func (r *restorer) past(what string, s *rowSet, stay rollcall.Stay, keys ...int64) error {
	return r.add(what, func() error {
		s.row().int(r.corp).int(0).int(int64(s.total))
		s.total++
		for _, k := range keys {
			s.intOrNull(k, k >= 0)
		}
		s.int(int64(stay.From)).int(int64(stay.To))
		return nil
	})
}

// EndedStay implements [rollcall.Snapshot].
func (r *restorer) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	return r.past("an ended stay", &r.stays, s, int64(o))
}

// EndedMembership implements [rollcall.Snapshot].
func (r *restorer) EndedMembership(o rollcall.Ordinal, d rollcall.DeptID, s rollcall.Stay) error {
	return r.past("an ended membership", &r.endedMembers, s, int64(o), int64(d))
}

// EndedParent implements [rollcall.Snapshot].
func (r *restorer) EndedParent(d, parent rollcall.DeptID, s rollcall.Stay) error {
	above := int64(parent)
	if parent == 0 {
		above = -1 // NULL: the root has no parent
	}
	return r.past("an ended parent", &r.parents, s, int64(d), above)
}

// RoleGroup implements [rollcall.Snapshot]. When a group or a role was deleted is
// told to nobody; that it was counts.
func (r *restorer) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	return r.add("a role group", func() error {
		r.groups.row().int(r.corp).int(int64(g.ID)).text(g.Name).intOrNull(0, deleted)
		return nil
	})
}

// Role implements [rollcall.Snapshot].
func (r *restorer) Role(role *rollcall.Role, deleted bool) error {
	return r.add("a role", func() error {
		r.roles.row().int(r.corp).int(int64(role.ID)).int(int64(role.GroupID)).text(role.Name).intOrNull(0, deleted)
		return nil
	})
}

// App implements [rollcall.Snapshot].
func (r *restorer) App(a *rollcall.App) error {
	return r.do(fmt.Sprintf("app %q", a.Appkey), func(ctx context.Context) error {
		q, err := newApp(r.corp, a, a.CreatedAt)
		if err != nil {
			return err
		}
		taken := func(found int64, err error) error {
			if err == nil && found > 0 {
				err = conflict("appkey", "it is taken")
			}
			return err
		}
		return r.link.all(ctx, []step{{query: byAppkey(a.Appkey), check: taken}, {query: q}})
	})
}

// Change implements [rollcall.Copy].
func (r *restorer) Change(c *rollcall.Change) error {
	return r.add(fmt.Sprintf("a change of version %d", c.Version), func() error {
		row, ok := effectOf(c.Kind)
		if !ok {
			return fmt.Errorf("there is no kind of change %q", c.Kind)
		}
		r.seq++
		if c.Version != r.version {
			r.version, r.seq = c.Version, 0
		}
		return r.log.add(r.corp, c.Version, r.seq, c, row)
	})
}

// SignInChunk implements [rollcall.Copy].
func (r *restorer) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	if d != r.day {
		err := r.do("a day of sign-ins", func(ctx context.Context) error {
			q := statement(insertDay)
			q.corp(r.corpID).int(int64(d))
			_, err := r.link.run(ctx, q)
			return err
		})
		if err != nil {
			return err
		}
		r.day = d
	}
	return r.add("sign-ins", func() error {
		r.chunks.row().int(r.corp).int(int64(d)).int(int64(chunk)).blob(bits)
		return nil
	})
}

// Token implements [rollcall.Copy].
func (r *restorer) Token(t *rollcall.Token) error {
	return r.add("a token", func() error {
		s := r.tokens.row().int(r.corp).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce)
		s.int(int64(t.SecretGeneration)).int(int64(t.ExpiresAt)).blob(t.Hash)
		return nil
	})
}

// Commit implements [rollcall.Restorer].
func (r *restorer) Commit(h rollcall.Head) error {
	defer r.Rollback() // drops what failed to commit
	return r.do("commit", func(ctx context.Context) error {
		if h.CorpID != r.corpID {
			return fmt.Errorf("the head is that of %q", h.CorpID)
		}
		err := r.send(ctx, true)
		if err == nil {
			err = checkReferences(ctx, r.link, &r.corp)
		}
		if err == nil {
			feed := statement(updateFeed)
			feed.corp(r.corpID).int(int64(h.Feed))
			steps := []step{{query: feed}, {query: newHead(h)}}
			if h.Version+h.Feed > 0 {
				steps = append(steps, step{query: remember(h)})
			}
			err = r.link.commit(ctx, steps)
		}
		switch {
		case isOrphan(err):
			err = errors.New("something in it points to what is not there")
		case err == nil:
			r.end(nil)
		}
		return err
	})
}
