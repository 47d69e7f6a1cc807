package api

import (
	"math"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

const (
	// maxGroups and maxHolders are the most that a page of a list shows, and
	// roleDefault how much it shows where nobody says (contract 7).
	maxGroups   = 200
	maxHolders  = 100
	roleDefault = 20
)

// roleID is the parameter that names a role.
func roleID(name string) wire.Param {
	return wire.Param{
		Name: name, Kind: wire.Int, Required: true, Min: 1, Max: math.MaxInt64, Malformed: wire.FaultRoleID,
		Doc: "The id of the role.",
	}
}

// rolePage are the two parameters that say which page of a list is asked for.
func rolePage(most int64, of string) []wire.Param {
	return []wire.Param{
		{
			Name: "size", Kind: wire.Int, Min: 1, Max: most, Malformed: wire.FaultInvalidSize,
			Doc: "How many " + of + " a page shows; 20 without it. It counts only together with offset.",
		},
		{
			Name: "offset", Kind: wire.Int, Min: 0, Max: math.MaxInt64, Malformed: wire.FaultInvalidOffset,
			Doc: "Where the page begins: 0, then the nextCursor of the page before. It counts only together with size.",
		},
	}
}

// pageAsked reads the parameters of rolePage, of which the first has an index.
func pageAsked(c *wire.Call, first, total int) (offset, size int, more bool) {
	size = roleDefault
	if c.Given(first) && c.Given(first+1) {
		offset, size = int(min(c.Int(first+1), int64(total))), int(c.Int(first))
	}
	return offset, size, offset+size < total
}

// rolesPage is one page of a list, as the calls about roles spell it.
func rolesPage(of wire.Schema, doc string) wire.Schema {
	return wire.Object(
		wire.Prop("hasMore", wire.Boolean, "Whether there are more pages."),
		wire.Prop("list", wire.List(of), doc),
		wire.Optional("nextCursor", wire.Integer.Like("20"), "only when hasMore is true", "Where the next page begins."),
	)
}

// endRolesPage ends what rolesPage describes.
func endRolesPage(out *wire.Buffer, offset, size int, more bool) {
	out.Raw("]")
	if more {
		out.Raw(`,"nextCursor":`).Int(int64(offset + size))
	}
	out.Raw("}")
}

// chosenRoles is what was decided about the lists of roles and of their holders.
func chosenRoles() []string {
	return []string{
		"the roles of the group 默认 follow from what people are: who is marked as the boss, leads any department, or is an administrator of the first or of the second level; their ids are 1 to 4 in every organization",
	}
}

// POST or GET /topapi/role/list (contract 7)
func (s *Server) roleList() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/role/list", Family: wire.TOP, Methods: both(),
		Summary:    "List the roles by their groups, page by page",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params:     rolePage(maxGroups, "groups"),
		Unparsable: wire.FaultParamFormat,
		Result: rolesPage(wire.Object(
			wire.Prop("groupId", wire.Integer.Like("101"), "The id of the group."),
			wire.Prop("name", wire.Text.Like(`"Offices"`), "The name of the group."),
			wire.Prop("roles", wire.List(wire.Object(
				wire.Prop("id", wire.Integer.Like("101"), "The id of the role."),
				wire.Prop("name", wire.Text.Like(`"Head"`), "The name of the role."),
			)), "The roles of the group, by id."),
		), "The groups, by id."),
		Chosen: append(chosenRoles(), "a page counts groups, and each is shown with all its roles; groups without roles are shown too"),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			var groups []rollcall.RoleGroup
			for g := range r.RoleGroups() {
				groups = append(groups, g)
			}
			roles := map[rollcall.GroupID][]rollcall.Role{}
			for role := range r.Roles() {
				roles[role.GroupID] = append(roles[role.GroupID], role)
			}
			offset, size, more := pageAsked(c, 0, len(groups))
			out := c.Result().Raw(`{"hasMore":`).Bool(more).Raw(`,"list":[`)
			for i, g := range groups[offset:min(offset+size, len(groups))] {
				if i > 0 {
					out.Raw(",")
				}
				out.Raw(`{"groupId":`).Int(int64(g.ID)).Raw(`,"name":`).String(g.Name).Raw(`,"roles":[`)
				for k, role := range roles[g.ID] {
					if k > 0 {
						out.Raw(",")
					}
					out.Raw(`{"id":`).Int(int64(role.ID)).Raw(`,"name":`).String(role.Name).Raw("}")
				}
				out.Raw("]}")
			}
			endRolesPage(out, offset, size, more)
			return nil
		},
	}
}

// POST or GET /topapi/role/simplelist (contract 7)
func (s *Server) roleSimpleList() *wire.Endpoint {
	const role, first = 0, 1
	return &wire.Endpoint{
		Path: "/topapi/role/simplelist", Family: wire.TOP, Methods: both(),
		Summary:    "List the people who hold a role, page by page",
		Permission: rollcall.PermDepartmentMember, AppTypes: everyType(),
		Params:     append([]wire.Param{role: roleID("role_id")}, rolePage(maxHolders, "people")...),
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultRoleID}},
		Result: rolesPage(wire.Object(
			wire.Optional("manageScopes", wire.List(wire.Object(
				wire.Prop("dept_id", wire.Integer.Like("2"), "The id of the department."),
				wire.Prop("name", wire.Text.Like(`"Research"`), "Its name."),
			)), "only for the role 子管理员, when departments were set", "The departments that an administrator manages."),
			wire.Prop("name", wire.Text.Like(`"Wei Zhang"`), "The name."),
			wire.Prop("userid", userid(), "The userid."),
		), "The people, in the order in which they came into the organization."),
		Chosen: append(chosenRoles(),
			"people outside the app's contact scope are left out, and the page then has fewer: offsets count everyone who holds the role",
			"people whose visibility is restricted are listed too",
		),
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r, id := current(c, org), rollcall.RoleID(c.Int(role))
			if _, ok := r.Role(id); !ok {
				return noRole("role_id")
			}
			_, total := r.RoleHolders(id, 0, 0)
			offset, size, more := pageAsked(c, first, total)
			page, _ := r.RoleHolders(id, offset, size)
			out, sep := c.Result().Raw(`{"hasMore":`).Bool(more).Raw(`,"list":`), "["
			var u rollcall.User
			for _, o := range page {
				r.ReadUser(o, &u)
				if !listed(grant, r, &u) {
					continue
				}
				out.Raw(sep).Raw("{")
				if id == rollcall.RoleSubAdmin {
					appendManageScopes(out, r, &u)
				}
				out.Raw(`"name":`).String(u.Name).Raw(`,"userid":`).String(u.UserID).Raw("}")
				sep = ","
			}
			if sep == "[" {
				out.Raw(sep)
			}
			endRolesPage(out, offset, size, more)
			return nil
		},
	}
}

// listed reports whether a list may show a person: whether one of the person's
// departments is in the contact scope (contract D13).
func listed(grant *access.Grant, r *directory.Root, u *rollcall.User) bool {
	if grant.InScope(rollcall.RootDept, r.DeptEver) {
		return true
	}
	for i := range u.Memberships {
		if grant.InScope(u.Memberships[i].DeptID, r.DeptEver) {
			return true
		}
	}
	return false
}

func appendManageScopes(out *wire.Buffer, r *directory.Root, u *rollcall.User) {
	sep := `"manageScopes":[`
	for _, id := range u.AdminDepts {
		if d, ok := r.Dept(id); ok {
			out.Raw(sep).Raw(`{"dept_id":`).Int(int64(id)).Raw(`,"name":`).String(d.Name).Raw("}")
			sep = ","
		}
	}
	if sep == "," {
		out.Raw("],")
	}
}

func noRole(param string) error {
	return &rollcall.Error{Kind: rollcall.KindNotFound, Param: param, Detail: "there is no such role"}
}

// POST or GET /topapi/role/getrole (contract 7)
func (s *Server) roleGetRole() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/role/getrole", Family: wire.TOP, Methods: both(),
		Summary:    "Get one role",
		Permission: rollcall.PermDepartmentMember, AppTypes: everyType(),
		Params:     []wire.Param{roleID("roleId")},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultRoleID}},
		Result: wire.Beside(wire.Prop("role", wire.Object(
			wire.Prop("groupId", wire.Integer.Like("101"), "The id of its group."),
			wire.Prop("name", wire.Text.Like(`"Head"`), "The name of the role."),
		), "The role.")),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			role, ok := current(c, org).Role(rollcall.RoleID(c.Int(0)))
			if !ok {
				return noRole("roleId")
			}
			c.Result().Raw(`"role":{"groupId":`).Int(int64(role.GroupID)).Raw(`,"name":`).String(role.Name).Raw("}")
			return nil
		},
	}
}

// POST or GET /topapi/role/getrolegroup (contract 7)
func (s *Server) roleGetRoleGroup() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/role/getrolegroup", Family: wire.TOP, Methods: both(),
		Summary:    "Get one group of roles",
		Permission: rollcall.PermDepartmentList, AppTypes: everyType(),
		Params: []wire.Param{{
			Name: "group_id", Kind: wire.Int, Required: true, Min: 1, Max: math.MaxInt64, Malformed: wire.FaultParamInvalid,
			Doc: "The id of the group.",
		}},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultParamInvalid}},
		Result: wire.Beside(wire.Prop("role_group", wire.Object(
			wire.Prop("group_name", wire.Text.Like(`"Offices"`), "The name of the group."),
			wire.Prop("roles", wire.List(wire.Object(
				wire.Prop("role_id", wire.Integer.Like("101"), "The id of the role."),
				wire.Prop("role_name", wire.Text.Like(`"Head"`), "The name of the role."),
			)), "The roles of the group, by id."),
		), "The group.")),
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			g, ok := r.RoleGroup(rollcall.GroupID(c.Int(0)))
			if !ok {
				return &rollcall.Error{Kind: rollcall.KindNotFound, Param: "group_id", Detail: "there is no such group"}
			}
			out, first := c.Result().Raw(`"role_group":{"group_name":`).String(g.Name).Raw(`,"roles":[`), true
			for role := range r.Roles() {
				if role.GroupID != g.ID {
					continue
				}
				if !first {
					out.Raw(",")
				}
				first = false
				out.Raw(`{"role_id":`).Int(int64(role.ID)).Raw(`,"role_name":`).String(role.Name).Raw("}")
			}
			out.Raw("]}")
			return nil
		},
	}
}
