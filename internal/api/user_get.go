package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// userParam names a person. What cannot be a userid is told apart from one that
// nobody has.
func userParam(name string) wire.Param {
	return wire.Param{
		Name: name, Kind: wire.String, Required: true, Max: maxUserID,
		Malformed: wire.FaultInvalidUserID, Doc: "The userid of the person.",
	}
}

// maxUserID is the length of a userid (contract 5.1).
const maxUserID = 64

// userFaults are what goes wrong with a call about one person (contract 5.1, 9).
func userFaults() []wire.FaultRow {
	return []wire.FaultRow{
		{Kind: rollcall.KindNotFound, Fault: wire.FaultUserNotFound},
		{Kind: rollcall.KindDenied, Fault: wire.FaultUserScope},
	}
}

// chosenUsers is what was decided about calls about one person.
func chosenUsers() []string {
	return []string{
		"a userid that nobody has is 60121, as the service was seen to answer, and not the 33012 of its documentation; 33012 is for a text that cannot be a userid",
		"people who have left are not found",
	}
}

// visible makes sure that a call may be about a person (contract D13).
func visible(grant *access.Grant, r *directory.Root, u *rollcall.User, found bool, param string) error {
	switch {
	case !found || !u.Present():
		return noUser(param)
	case !grant.InScopeUser(u, r.DeptEver):
		return userOutOfScope(param)
	}
	return nil
}

func noUser(param string) error {
	return &rollcall.Error{Kind: rollcall.KindNotFound, Param: param, Detail: "there is no such person"}
}

func userOutOfScope(param string) error {
	return &rollcall.Error{Kind: rollcall.KindDenied, Param: param, Detail: "the person is outside the contact scope"}
}

// POST or GET /topapi/v2/user/get (contract 5.1, 5.2)
func (s *Server) userGet() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/user/get", Family: wire.TOP, Methods: both(),
		Summary:    "Get one person in full",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{userParam("userid"), languageParam(wire.FaultParamInvalid)},
		Unparsable: wire.FaultParamFormat, Faults: userFaults(),
		Result: personSchema(false),
		Chosen: append(chosenUsers(), chosenPeople()...),
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			u, ok := r.UserByID(c.Text(0))
			if err := visible(grant, r, u, ok, "userid"); err != nil {
				return err
			}
			view{r, grant, languageOf(c, 1)}.append(c.Result(), u, nil)
			return nil
		},
	}
}

// chosenPeople is what was decided about people in full.
func chosenPeople() []string {
	return []string{
		"an order of 0 is none: reading it and writing it back changes nothing",
		"avatar, job_number and title, and with their permission points email, mobile and state_code, are there and empty where there is nothing; the other values that few people have are not there then",
		"a mobile number without a country code is one of mainland China: state_code is 86",
		"real_authed is false: nobody's name is verified here; union_emp_ext is empty",
	}
}

// POST or GET /topapi/v2/user/getbymobile (contract 5.1)
func (s *Server) userGetByMobile() *wire.Endpoint {
	const mobile, exclusive = 0, 1
	return &wire.Endpoint{
		Path: "/topapi/v2/user/getbymobile", Family: wire.TOP, Methods: both(),
		Summary:    "Find a person by the mobile number",
		Permission: rollcall.PermMemberByMobile, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: []wire.Param{
			mobile: mobileParam(),
			exclusive: {
				Name: "support_exclusive_account_search", Kind: wire.Bool, Malformed: wire.FaultParamFormat,
				Doc: "Whether accounts that belong to the organization are told apart.",
			},
		},
		Unparsable: wire.FaultParamFormat, Faults: userFaults(),
		Result: wire.Object(
			wire.Optional("exclusive_account_userid_list", wire.List(userid()), "only when support_exclusive_account_search is true",
				"Of the people who were found those whose account belongs to the organization."),
			wire.Prop("userid", userid(), "The userid."),
		),
		Chosen: []string{
			"numbers of mainland China are found with +86- and without, others as +xx-xxxx",
			"people who have left are not found",
		},
		Serve: func(c *wire.Call) error {
			u, err := byMobile(c, c.Text(mobile))
			if err != nil {
				return err
			}
			out := c.Result().Raw("{")
			if c.Bool(exclusive) {
				out.Raw(`"exclusive_account_userid_list":[`)
				if u.Exclusive {
					out.String(u.UserID)
				}
				out.Raw("],")
			}
			out.Raw(`"userid":`).String(u.UserID).Raw("}")
			return nil
		},
	}
}

func mobileParam() wire.Param {
	return wire.Param{
		Name: "mobile", Kind: wire.String, Required: true, Max: 15, Malformed: wire.FaultUnknownMobile,
		Doc: "The mobile number: of mainland China, or as +xx-xxxx.",
	}
}

// byMobile finds the person whom a call is about by the mobile number, as it is
// stored or in the form in which the wire stores it.
func byMobile(c *wire.Call, mobile string) (*rollcall.User, error) {
	grant, org := caller(c)
	r := current(c, org)
	u, ok := r.UserByContact(directory.Mobile, mobile)
	if !ok {
		if same, err := edit.Mobile(mobile); err == nil {
			u, ok = r.UserByContact(directory.Mobile, same)
		}
	}
	return u, visible(grant, r, u, ok, "mobile")
}

// POST or GET /topapi/user/getbyunionid (contract 5.1)
func (s *Server) userGetByUnionID() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/user/getbyunionid", Family: wire.TOP, Methods: both(),
		Summary:    "Find a person by the unionid",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{unionParam()},
		Unparsable: wire.FaultParamFormat, Faults: userFaults(),
		Result: wire.Object(
			wire.Prop("contact_type", wire.Integer, "0: the person belongs to the organization."),
			wire.Prop("userid", userid(), "The userid."),
		),
		Chosen: []string{"there are no external contacts: contact_type is 0"},
		Serve: func(c *wire.Call) error {
			u, err := byUnion(c, c.Text(0))
			if err != nil {
				return err
			}
			c.Result().Raw(`{"contact_type":0,"userid":`).String(u.UserID).Raw("}")
			return nil
		},
	}
}

func unionParam() wire.Param {
	return wire.Param{
		Name: "unionid", Kind: wire.String, Required: true, Max: 100, Malformed: wire.FaultParamInvalid,
		Doc: "The unionid of the person.",
	}
}

func byUnion(c *wire.Call, unionid string) (*rollcall.User, error) {
	grant, org := caller(c)
	r := current(c, org)
	u, ok := r.UserByUnion(unionid)
	return u, visible(grant, r, u, ok, "unionid")
}

// POST or GET /topapi/user/listadmin (contract 5.1); not limited by the contact
// scope (contract 6)
func (s *Server) userListAdmin() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/user/listadmin", Family: wire.TOP, Methods: both(),
		Summary:    "List the administrators",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Unparsable: wire.FaultParamFormat,
		Result:     wire.List(adminSchema()),
		Chosen:     []string{"the main administrators come first, then in the order in which they came into the organization"},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			appendAdmins(c.Result(), current(c, org))
			return nil
		},
	}
}

func adminSchema() wire.Schema {
	return wire.Object(
		wire.Prop("sys_level", wire.Integer.Like("1"), "1 for a main administrator, 2 for another."),
		wire.Prop("userid", userid(), "The userid."),
	)
}

func appendAdmins(out *wire.Buffer, r *directory.Root) {
	sep := "["
	for _, level := range []uint8{rollcall.MainAdmin, rollcall.SubAdmin} {
		for _, o := range r.Admins() {
			if u := r.User(o); u.Admin == level {
				out.Raw(sep).Raw(`{"sys_level":`).Int(int64(level)).Raw(`,"userid":`).String(u.UserID).Raw("}")
				sep = ","
			}
		}
	}
	if sep == "[" {
		out.Raw(sep)
	}
	out.Raw("]")
}

// POST or GET /topapi/user/get_admin_scope (contract 5.1)
func (s *Server) userGetAdminScope() *wire.Endpoint {
	who := userParam("userid")
	who.Missing = wire.FaultEmptyParam
	return &wire.Endpoint{
		Path: "/topapi/user/get_admin_scope", Family: wire.TOP, Methods: both(),
		Summary:    "Get the departments that an administrator manages",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{who},
		Unparsable: wire.FaultParamFormat, Faults: userFaults(),
		Result: wire.Beside(wire.Prop("dept_ids", wire.List(wire.Integer), "The departments, each with all below it.")),
		Chosen: []string{
			"a main administrator manages the root, everybody else what was set",
			"somebody who is no administrator manages nothing: the list is empty",
			"departments that are deleted are left out",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			u, ok := r.UserByID(c.Text(0))
			if err := visible(grant, r, u, ok, "userid"); err != nil {
				return err
			}
			depts := u.AdminDepts
			if u.Admin == rollcall.MainAdmin {
				depts = []rollcall.DeptID{rollcall.RootDept}
			}
			out, sep := c.Result().Raw(`"dept_ids":`), "["
			for _, id := range depts {
				if _, ok := r.Dept(id); ok && u.Admin != 0 {
					out.Raw(sep).Int(int64(id))
					sep = ","
				}
			}
			if sep == "[" {
				out.Raw(sep)
			}
			out.Raw("]")
			return nil
		},
	}
}

// POST or GET /topapi/smartwork/hrm/employee/querydimission: who left
func (s *Server) queryDimission() *wire.Endpoint {
	const offset, size = 0, 1
	page := sizeParam()
	page.Missing, page.Max, page.Doc = wire.Fault{}, maxDeparted, "How many people a page shows, 1 to 50."
	from := offsetParam("offset")
	from.Missing = wire.Fault{}
	return &wire.Endpoint{
		Path: "/topapi/smartwork/hrm/employee/querydimission", Family: wire.TOP, Methods: both(),
		Summary:    "List the userids of people who have left, page by page",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{offset: from, size: page},
		Unparsable: wire.FaultParamFormat,
		Result: wire.Object(
			wire.Prop("data_list", wire.List(userid()), "The userids, in the order in which the people left."),
			wire.Optional("next_cursor", wire.Integer.Like("50"), "only when there are more", "Where the next page begins."),
		),
		Chosen: []string{
			"the permission point is that of reading members: those of human resources do not exist here",
			"whoever came back is not listed, and neither is somebody who was erased",
			"an app with a limited contact scope gets those who are listed in it singly: nobody who left is in a department",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			skip, n := c.Int(offset), c.Int(size)
			out, sep, more := c.Result().Raw(`{"data_list":`), "[", false
			var u rollcall.User
			for o := range r.Departed() {
				r.ReadUser(o, &u)
				switch {
				case u.Erased() || !grant.InScopeUser(&u, r.DeptEver):
					continue
				case skip > 0:
					skip--
					continue
				case n == 0:
					more = true
				}
				if more {
					break
				}
				out.Raw(sep).String(u.UserID)
				sep = ","
				n--
			}
			if sep == "[" {
				out.Raw(sep)
			}
			out.Raw("]")
			if more {
				out.Raw(`,"next_cursor":`).Int(c.Int(offset) + c.Int(size))
			}
			out.Raw("}")
			return nil
		},
	}
}

// maxDeparted is the most people that a page of those who left shows.
const maxDeparted = 50
