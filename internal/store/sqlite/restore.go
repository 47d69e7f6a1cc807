package sqlite

import (
	"context"
	"errors"
	"fmt"

	"rollcall"
	"rollcall/internal/store/pack"

	"zombiezen.com/go/sqlite"
)

const (
	restoreCorp = `
INSERT INTO corps (corp_id, name, errmsg_language, timezone, closing_hour, subdepartments, created_at, retention_days, sandbox, eras)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`

	restoreDept = `
INSERT INTO departments (corp_id, dept_id, parent_id, name, name_en, sort_order, source_identifier, brief, since,
	created_at, modified_at, deleted_at, options)
VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`

	restoreUser = `
INSERT INTO users (corp_id, ordinal, userid, name, name_en, active, access_limited, mobile, email, title, job_number,
	hired_date, extension, joined_at, left_at, created_at, modified_at, details)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)`

	restoreMember = `
INSERT INTO memberships (corp_id, ordinal, dept_id, sort_order, ordered, leader, title, entered_at, modified_at, is_main, work_place)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`

	restoreHolder = `INSERT INTO role_members (corp_id, ordinal, role_id) VALUES (?1, ?2, ?3)`

	// What ended before belongs to version 0, so that whatever ends later comes
	// after it.
	restoreStay = `INSERT INTO user_history (corp_id, version, seq, ordinal, joined_at, left_at) VALUES (?1, 0, ?2, ?3, ?4, ?5)`

	restoreEndedMember = `
INSERT INTO membership_history (corp_id, version, seq, ordinal, dept_id, entered_at, left_at) VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6)`

	restoreParent = `
INSERT INTO department_history (corp_id, version, seq, dept_id, parent_id, since, until) VALUES (?1, 0, ?2, ?3, nullif(?4, 0), ?5, ?6)`

	// When a group or a role was deleted is told to nobody; that it was counts.
	restoreGroup = `INSERT INTO role_groups (corp_id, group_id, name, deleted_at) VALUES (?1, ?2, ?3, iif(?4, 0, NULL))`

	restoreRole = `INSERT INTO roles (corp_id, role_id, group_id, name, deleted_at) VALUES (?1, ?2, ?3, ?4, iif(?5, 0, NULL))`

	// The feed is known at the end only.
	restoreDay = `INSERT INTO signin_days (corp_id, day, feed) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING`

	restoreChunk = `INSERT INTO signin_chunks (corp_id, day, chunk, bits) VALUES (?1, ?2, ?3, ?4)`

	restoreFeed = `UPDATE signin_days SET feed = ?2 WHERE corp_id = ?1`

	restoreToken = `
INSERT INTO tokens (corp_id, appkey, kind, nonce, secret_generation, expires_at, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`

	restoreHead = `INSERT INTO heads (corp_id, version, feed, batch) VALUES (?1, ?2, ?3, ?4)`
)

// restorer is a [rollcall.Restorer]: one write transaction, which holds the turn
// to write until it is over. Rows may come before those that they point to (a
// department before its parent): what points to nothing is found at COMMIT.
type restorer struct {
	store  *Store
	conn   *sqlite.Conn
	corpID string
	log    log

	stays, members, parents int64 // rows of the histories so far
	at                      place // of the last change

	failed error
	over   bool
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
	conn, err := s.write(ctx)
	if err != nil {
		return nil, err
	}
	_, err = headOf(conn, corpID)
	switch {
	case err == nil:
		err = rollcall.ErrCorpExists
	case errors.Is(err, rollcall.ErrNoCorp):
		err = execute(conn, "PRAGMA defer_foreign_keys=on") // until the transaction is over
	}
	if err != nil {
		s.endWrite(conn)
		return nil, err
	}
	return &restorer{store: s, conn: conn, corpID: corpID, at: place{corpID: corpID}}, nil
}

// on prepares a statement whose first parameter is the organization.
func (r *restorer) on(sql string) query {
	q := prepare(r.conn, sql)
	q.text(r.corpID)
	return q
}

// do carries out one call, unless one failed before. what says what it is about.
func (r *restorer) do(what func() string, write func() error) error {
	switch {
	case r.over:
		return fmt.Errorf("restore %q: the transaction is %w", r.corpID, rollcall.ErrClosed)
	case r.failed != nil:
		return fmt.Errorf("restore %q: it failed before: %w", r.corpID, r.failed)
	}
	err := write()
	if err == nil {
		return nil
	}
	if isTaken(err) {
		err = conflict("", "it is there already")
	}
	r.failed = fmt.Errorf("restore %q: %s: %w", r.corpID, what(), err)
	return r.failed
}

func said(format string, args ...any) func() string {
	return func() string { return fmt.Sprintf(format, args...) }
}

// run is the end of most calls.
func run(q *query) error {
	_, err := q.run()
	return err
}

// Corp implements [rollcall.Snapshot].
func (r *restorer) Corp(c *rollcall.Corp) error {
	return r.do(said("the organization"), func() error {
		if c.ID != r.corpID {
			return fmt.Errorf("it is %q", c.ID)
		}
		eras, err := pack.Eras(c.Eras)
		if err != nil {
			return err
		}
		q := r.on(restoreCorp)
		q.text(c.Name).text(string(c.ErrmsgLanguage)).text(c.Timezone).int(int64(c.ClosingHour)).flag(c.Subdepartments)
		q.int(int64(c.CreatedAt)).int(int64(c.RetentionDays)).flag(c.Sandbox).text(eras)
		return run(&q)
	})
}

// Dept implements [rollcall.Snapshot].
func (r *restorer) Dept(d *rollcall.Dept, ended rollcall.Instant) error {
	return r.do(said("department %d", d.ID), func() error {
		options, err := pack.Options(d.Options)
		if err != nil {
			return err
		}
		q := r.on(restoreDept)
		q.int(int64(d.ID)).int(int64(d.ParentID)).text(d.Name).text(d.NameEN).int(d.Order).text(d.SourceIdentifier).text(d.Brief)
		q.int(int64(d.Since)).int(int64(d.CreatedAt)).int(int64(d.ModifiedAt)).end(ended).text(options)
		return run(&q)
	})
}

// User implements [rollcall.Snapshot].
func (r *restorer) User(u *rollcall.User) error {
	return r.do(func() string { return fmt.Sprintf("the person with ordinal %d", u.Ordinal) }, func() error { return r.user(u) })
}

func (r *restorer) user(u *rollcall.User) error {
	details, err := pack.Details(&u.Details)
	if err != nil {
		return err
	}
	q := r.on(restoreUser)
	q.int(int64(u.Ordinal)).text(u.UserID).text(u.Name).text(u.NameEN).flag(u.Active).flag(u.AccessLimited)
	q.text(u.Mobile).text(u.Email).text(u.Title).text(u.JobNumber).int(int64(u.HiredDate)).text(u.Extension)
	q.int(int64(u.Stay.From)).end(u.Stay.To).int(int64(u.CreatedAt)).int(int64(u.ModifiedAt)).text(details)
	if err := run(&q); err != nil {
		return err
	}
	for i := range u.Memberships {
		m := &u.Memberships[i]
		q := r.on(restoreMember)
		q.int(int64(u.Ordinal)).int(int64(m.DeptID)).int(m.Order).flag(m.Ordered).flag(m.Leader).text(m.Title)
		q.int(int64(m.Entered)).int(int64(m.Modified)).flag(m.Main).text(m.WorkPlace)
		if err := run(&q); err != nil {
			return err
		}
	}
	for _, id := range u.Roles {
		q := r.on(restoreHolder)
		q.int(int64(u.Ordinal)).int(int64(id))
		if err := run(&q); err != nil {
			return err
		}
	}
	return nil
}

// EndedStay implements [rollcall.Snapshot].
func (r *restorer) EndedStay(o rollcall.Ordinal, s rollcall.Stay) error {
	return r.do(said("an ended stay of ordinal %d", o), func() error {
		q := r.on(restoreStay)
		q.int(r.stays).int(int64(o)).int(int64(s.From)).int(int64(s.To))
		r.stays++
		return run(&q)
	})
}

// EndedMembership implements [rollcall.Snapshot].
func (r *restorer) EndedMembership(o rollcall.Ordinal, d rollcall.DeptID, s rollcall.Stay) error {
	return r.do(said("an ended membership of ordinal %d", o), func() error {
		q := r.on(restoreEndedMember)
		q.int(r.members).int(int64(o)).int(int64(d)).int(int64(s.From)).int(int64(s.To))
		r.members++
		return run(&q)
	})
}

// EndedParent implements [rollcall.Snapshot].
func (r *restorer) EndedParent(d, parent rollcall.DeptID, s rollcall.Stay) error {
	return r.do(said("an ended parent of department %d", d), func() error {
		q := r.on(restoreParent)
		q.int(r.parents).int(int64(d)).int(int64(parent)).int(int64(s.From)).int(int64(s.To))
		r.parents++
		return run(&q)
	})
}

// RoleGroup implements [rollcall.Snapshot].
func (r *restorer) RoleGroup(g *rollcall.RoleGroup, deleted bool) error {
	return r.do(said("role group %d", g.ID), func() error {
		q := r.on(restoreGroup)
		q.int(int64(g.ID)).text(g.Name).flag(deleted)
		return run(&q)
	})
}

// Role implements [rollcall.Snapshot].
func (r *restorer) Role(role *rollcall.Role, deleted bool) error {
	return r.do(said("role %d", role.ID), func() error {
		q := r.on(restoreRole)
		q.int(int64(role.ID)).int(int64(role.GroupID)).text(role.Name).flag(deleted)
		return run(&q)
	})
}

// App implements [rollcall.Snapshot].
func (r *restorer) App(a *rollcall.App) error {
	return r.do(said("app %q", a.Appkey), func() error {
		q, err := carrier{r.conn, r.at}.app(insertApp, a)
		if err != nil {
			return err
		}
		q.text(string(a.Type)).text(a.SecretHash).text(a.SecretSealed).int(int64(a.SecretGeneration)).int(int64(a.CreatedAt))
		if err = run(&q); isTaken(err) {
			return conflict("appkey", "it is taken")
		}
		return err
	})
}

// Change implements [rollcall.Copy].
func (r *restorer) Change(c *rollcall.Change) error {
	return r.do(func() string { return fmt.Sprintf("a change of version %d", c.Version) }, func() error {
		row, ok := effectOf(c.Kind)
		if !ok {
			return fmt.Errorf("there is no kind of change %q", c.Kind)
		}
		r.at.seq++
		if v := int64(c.Version); v != r.at.version {
			r.at.version, r.at.seq = v, 0
		}
		return r.log.write(r.conn, r.at, c, row.person, row.dept)
	})
}

// SignInChunk implements [rollcall.Copy].
func (r *restorer) SignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	return r.do(said("the sign-ins on %v", d), func() error {
		q := r.on(restoreDay)
		q.int(int64(d))
		if err := run(&q); err != nil {
			return err
		}
		q = r.on(restoreChunk)
		q.int(int64(d)).int(int64(chunk)).blob(bits)
		return run(&q)
	})
}

// Token implements [rollcall.Copy].
func (r *restorer) Token(t *rollcall.Token) error {
	return r.do(said("a token of app %q", t.Appkey), func() error {
		q := r.on(restoreToken)
		q.text(t.Appkey).text(string(t.Kind)).blob(t.Nonce).int(int64(t.SecretGeneration)).int(int64(t.ExpiresAt)).blob(t.Hash)
		return run(&q)
	})
}

// Commit implements [rollcall.Restorer].
func (r *restorer) Commit(h rollcall.Head) error {
	defer r.Rollback() // drops what failed to commit
	return r.do(said("commit"), func() error {
		if h.CorpID != r.corpID {
			return fmt.Errorf("the head is that of %q", h.CorpID)
		}
		if err := r.log.flush(r.conn, r.corpID); err != nil {
			return err
		}
		q := r.on(restoreFeed)
		q.int(int64(h.Feed))
		if err := run(&q); err != nil {
			return err
		}
		q = r.on(restoreHead)
		q.int(int64(h.Version)).int(int64(h.Feed)).text(h.Batch)
		if err := run(&q); err != nil {
			return err
		}
		if h.Version+h.Feed > 0 {
			if err := remember(r.conn, h); err != nil {
				return err
			}
		}
		err := execute(r.conn, "COMMIT")
		if isOrphan(err) {
			return errors.New("something in it points to what is not there")
		}
		return err
	})
}

// Rollback implements [rollcall.Restorer].
func (r *restorer) Rollback() {
	if r.over {
		return
	}
	r.over = true
	rollback(r.conn)
	_ = execute(r.conn, "PRAGMA shrink_memory") // fails only where nothing is lost by it
	r.store.endWrite(r.conn)
}
