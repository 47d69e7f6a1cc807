package api

import (
	"rollcall"
	"rollcall/internal/wire"
)

// authUserFields names what an app sees of a person, in the words of the classic
// calls (contract 6).
func authUserFields(showsMobile, showsPersonal bool) []string {
	fields := []string{
		"jobnumber", "isLeader", "name", "position", "isAdmin", "avatar", "department", "userid", "deviceId", "isHide",
	}
	if showsMobile {
		fields = append(fields, "mobile", "stateCode")
	}
	if showsPersonal {
		fields = append(fields, "email", "orgEmail", "workPlace", "remark", "extattr")
	}
	return fields
}

// GET or POST /auth/scopes (contract 6)
func (s *Server) authScopes() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/auth/scopes", Family: wire.Classic, Methods: both(),
		Summary:    "Tell the contact scope of the app and the fields that it sees of people",
		Permission: rollcall.PermBase, AppTypes: everyType(),
		Unparsable: wire.FaultInvalidParameter,
		Result: wire.Object(
			wire.Prop("condition_field", wire.List(wire.Text), "Always empty."),
			wire.Prop("auth_user_field", wire.List(wire.Text.Like(`"name"`)), "What the app sees of a person."),
			wire.Prop("auth_org_scopes", wire.Object(
				wire.Prop("authed_user", wire.List(userid()), "The people who are listed singly."),
				wire.Prop("authed_dept", wire.List(wire.Integer.Like("1")), "The departments, with everything below them; 1 is the whole organization."),
			), "The contact scope of the app."),
		),
		Chosen: []string{
			"the names in auth_user_field that a permission point opens: mobile and stateCode; email, orgEmail, workPlace, remark and extattr",
			"people who left and departments that were deleted are not shown",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			out := c.Result().Raw(`{"errcode":0,"condition_field":[],"auth_user_field":[`)
			for i, field := range authUserFields(grant.ShowsMobile(), grant.ShowsPersonal()) {
				separate(out, i)
				out.String(field)
			}
			depts, users := grant.Scope()
			out.Raw(`],"auth_org_scopes":{"authed_user":[`)
			n := 0
			for _, userid := range users {
				if u, ok := r.UserByID(userid); ok && u.Present() {
					separate(out, n)
					out.String(userid)
					n++
				}
			}
			out.Raw(`],"authed_dept":[`)
			n = 0
			for _, id := range depts {
				if _, ok := r.Dept(id); ok {
					separate(out, n)
					out.Int(int64(id))
					n++
				}
			}
			out.Raw(`]},"errmsg":"ok"}`)
			return nil
		},
	}
}

// separate puts a comma before every item of a list but the first.
func separate(out *wire.Buffer, i int) {
	if i > 0 {
		out.Raw(",")
	}
}
