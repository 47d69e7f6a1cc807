package rest

import (
	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// GET /rollcall/v1/departments: all of them, each after its parent, at one
// version, which the first line tells.
func (s *Server) departments(c *call) error {
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
	// Level by level, so that a reader can put each below one that it has.
	level := []rollcall.DeptID{rollcall.RootDept}
	if d, ok := r.Dept(rollcall.RootDept); ok {
		deptLine(&out.Buffer, r, d)
		out.end()
	}
	for len(level) > 0 {
		var next []rollcall.DeptID
		for _, id := range level {
			for d := range r.Children(id) {
				deptLine(&out.Buffer, r, d)
				if !out.end() {
					return nil
				}
				next = append(next, d.ID)
			}
		}
		level = next
	}
	return nil
}

// corpLine tells the organization and the version of what follows.
func corpLine(b *wire.Buffer, r *directory.Root) {
	corp := r.Corp()
	b.Raw(`{"version":`).Int(int64(r.Version())).Raw(`,"corp":{"corp_id":`).String(corp.ID).Raw(`,"name":`).String(corp.Name).
		Raw(`,"timezone":`).String(corp.Timezone).Raw(`,"user_count":`).Int(int64(r.Count(false))).Raw("}}")
}

func deptLine(b *wire.Buffer, _ *directory.Root, d *rollcall.Dept) {
	b.Raw(`{"dept":{"dept_id":`).Int(int64(d.ID)).Raw(`,"parent_id":`).Int(int64(d.ParentID)).
		Raw(`,"name":`).String(d.Name)
	text(b, "name_en", d.NameEN)
	b.Raw(`,"order":`).Int(d.Order)
	text(b, "source_identifier", d.SourceIdentifier)
	text(b, "brief", d.Brief)
	opt := d.Opt()
	text(b, "code", opt.Code)
	text(b, "telephone", opt.Telephone)
	flag(b, "hide_dept", opt.Hidden)
	flag(b, "outer_dept", opt.Outer)
	b.Raw(`,"created_at":`).Int(int64(d.CreatedAt)).Raw(`,"modified_at":`).Int(int64(d.ModifiedAt)).Raw("}}")
}

// text writes a member that is there only where it says something.
func text(b *wire.Buffer, name, value string) {
	if value != "" {
		b.Raw(`,"`).Raw(name).Raw(`":`).String(value)
	}
}

func flag(b *wire.Buffer, name string, value bool) {
	if value {
		b.Raw(`,"`).Raw(name).Raw(`":true`)
	}
}

func number(b *wire.Buffer, name string, value int64) {
	if value != 0 {
		b.Raw(`,"`).Raw(name).Raw(`":`).Int(value)
	}
}
