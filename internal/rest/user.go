package rest

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// GET /rollcall/v1/users: everyone who belongs, by ordinal, at one version,
// which the first line tells.
func (s *Server) users(c *call) error {
	if err := c.whole(); err != nil {
		return err
	}
	r := c.current()
	out := s.lines(c)
	defer out.close()
	corpLine(&out.Buffer, r)
	if !out.end() {
		return nil
	}
	for u := range r.Users() {
		if !u.Present() {
			continue
		}
		userLine(&out.Buffer, r, u, c.grant)
		if !out.end() {
			return nil
		}
	}
	return nil
}

// userLine tells a person, as far as the app may see one (contract 5.2). The
// ordinal is what a reader keeps people by: it stays when everything else
// changes.
func userLine(b *wire.Buffer, r *directory.Root, u *rollcall.User, g *access.Grant) {
	b.Raw(`{"user":{"ordinal":`).Int(int64(u.Ordinal)).Raw(`,"userid":`).String(u.UserID).
		Raw(`,"unionid":`).String(r.Union(u)).Raw(`,"name":`).String(u.Name)
	text(b, "name_en", u.NameEN)
	b.Raw(`,"active":`).Bool(u.Active)
	flag(b, "access_limited", u.AccessLimited)
	text(b, "title", u.Title)
	text(b, "job_number", u.JobNumber)
	text(b, "avatar", u.Avatar)
	flag(b, "hide_mobile", u.HideMobile)
	flag(b, "senior", u.Senior)
	flag(b, "boss", u.Boss)
	number(b, "sys_level", int64(u.Admin))
	if g.ShowsMobile() {
		text(b, "mobile", u.Mobile)
	}
	if g.ShowsPersonal() {
		text(b, "email", u.Email)
		text(b, "org_email", u.OrgEmail)
		text(b, "work_place", u.WorkPlace)
		text(b, "remark", u.Remark)
		text(b, "extension", u.Extension)
	}
	if g.ShowsPrivate() {
		text(b, "telephone", u.Telephone)
		number(b, "hired_date", int64(u.HiredDate))
	}
	if u.Manager != nil {
		b.Raw(`,"manager":`).Int(int64(*u.Manager))
	}
	b.Raw(`,"memberships":[`)
	for i := range u.Memberships {
		if i > 0 {
			b.Raw(",")
		}
		memberLine(b, &u.Memberships[i])
	}
	b.Raw("]")
	if len(u.Roles) > 0 {
		b.Raw(`,"roles":[`)
		for i, id := range u.Roles {
			if i > 0 {
				b.Raw(",")
			}
			b.Int(int64(id))
		}
		b.Raw("]")
	}
	b.Raw(`,"joined":`).Int(int64(u.Stay.From)).Raw(`,"created_at":`).Int(int64(u.CreatedAt)).
		Raw(`,"modified_at":`).Int(int64(u.ModifiedAt)).Raw("}}")
}

func memberLine(b *wire.Buffer, m *rollcall.Membership) {
	b.Raw(`{"dept_id":`).Int(int64(m.DeptID))
	if m.Ordered {
		b.Raw(`,"order":`).Int(m.Order)
	}
	flag(b, "leader", m.Leader)
	flag(b, "is_main", m.Main)
	text(b, "title", m.Title)
	text(b, "work_place", m.WorkPlace)
	b.Raw(`,"entered":`).Int(int64(m.Entered)).Raw(`,"modified":`).Int(int64(m.Modified)).Raw("}")
}
