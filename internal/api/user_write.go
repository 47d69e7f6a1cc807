package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/edit"
	"rollcall/internal/wire"
)

// permitted makes an intent refuse people and departments outside an app's
// contact scope, as they are when it is decided (contract 6). Those who or which
// are not there are left to the intent.
func permitted(grant *access.Grant, intent directory.Intent, userids []string, depts []rollcall.DeptID) directory.Intent {
	return func(s *directory.State) (directory.Batch, error) {
		parent := func(id rollcall.DeptID) (rollcall.DeptID, bool) {
			d, ok := s.Dept(id)
			if !ok {
				return 0, false
			}
			return d.ParentID, true
		}
		for _, userid := range userids {
			if u, ok := s.UserByID(userid); ok && u.Present() && !grant.InScopeUser(u, parent) {
				return directory.Batch{}, userOutOfScope("userid")
			}
		}
		for _, id := range depts {
			if _, ok := s.Dept(id); ok && !grant.InScope(id, parent) {
				return directory.Batch{}, outOfScope("dept_id_list")
			}
		}
		return intent(s)
	}
}

// createUser carries out a creation; it returns who came in.
func (s *Server) createUser(c *wire.Call, f *userForm) (userid, unionid string, err error) {
	v, err := f.values(c)
	if err != nil {
		return "", "", err
	}
	if v.Mobile == nil && (v.Exclusive == nil || !*v.Exclusive) {
		return "", "", &rollcall.Error{Kind: rollcall.KindMissing, Param: "mobile", Detail: "only an account of the organization has none"}
	}
	if v.Depts == nil {
		v.Depts = []rollcall.DeptID{rollcall.RootDept}
	}
	grant, org := caller(c)
	userid = c.Text(0)
	intent := edit.CreateUser(&userid, rollcall.At(s.Clock()), v)
	out, err := do(c, permitted(grant, intent, nil, v.Depts))
	if err != nil {
		return "", "", f.as(err)
	}
	return userid, org.Current().Union(out.Changes[0].User), nil
}

// updateUser carries out an update.
func (s *Server) updateUser(c *wire.Call, f *userForm) error {
	v, err := f.values(c)
	if err != nil {
		return err
	}
	grant, _ := caller(c)
	intent := edit.UpdateUser(c.Text(0), rollcall.At(s.Clock()), v)
	_, err = do(c, permitted(grant, intent, []string{c.Text(0)}, v.Depts))
	return f.as(err)
}

// deleteUsers carries out a deletion.
func deleteUsers(c *wire.Call, userids ...string) error {
	grant, _ := caller(c)
	_, err := do(c, permitted(grant, edit.DeleteUser(userids...), userids, nil))
	return err
}

// newUserParam is the userid of somebody new.
func newUserParam() wire.Param {
	p := userParam("userid")
	p.Required, p.Doc = false, "The userid; one is made up without it."
	return p
}

func createUserRows(f *userForm, missing wire.Fault) []wire.FaultRow {
	return f.rows(
		wire.FaultRow{Kind: rollcall.KindConflict, Param: "userid", Fault: wire.FaultUserExists},
		wire.FaultRow{Kind: rollcall.KindInvalid, Param: "userid", Fault: wire.FaultInvalidUserID},
		wire.FaultRow{Kind: rollcall.KindMissing, Param: "mobile", Fault: missing},
	)
}

func updateUserRows(f *userForm) []wire.FaultRow {
	return f.rows(
		wire.FaultRow{Kind: rollcall.KindNotFound, Param: "userid", Fault: wire.FaultUserNotFound},
		wire.FaultRow{Kind: rollcall.KindDenied, Param: "userid", Fault: wire.FaultUserScope},
	)
}

// chosenForUserValues is what was decided about the values of people.
func chosenForUserValues() []string {
	return []string{
		"a name has at most 64 characters, where the documentation says 80",
		"a mobile number is one of mainland China, 11 digits, or of the form +xx-xxxx; numbers of the mainland are kept without +86",
		"a text that is too long or has control characters has the code that older documents have for the value",
		"a telephone that belongs to another person is 40063",
		"an empty value counts as not given, so that it takes nothing away",
		"an order, a title or a position in a department that the person is not in is 40009; an order of 0 takes it away, a negative one is 40011",
		"is_main makes the other departments not the main one",
		"a manager whom nobody knows is 60121; oneself, or somebody who reports to the person, is 33012",
		"init_password, login_email and the like are not kept",
	}
}

// POST /topapi/v2/user/create (contract 5.1, 5.4, D15)
func (s *Server) userCreate() *wire.Endpoint {
	f := newUserForm(wire.TOP, false)
	return &wire.Endpoint{
		Path: "/topapi/v2/user/create", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Let a person come into the organization",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: f.params(newUserParam()), Unparsable: wire.FaultParamFormat, Faults: createUserRows(f, wire.FaultMissingArgument),
		Result: wire.Object(
			wire.Prop("unionId", wire.Text.Like(`"PiiiPyQqBNBii0HnCJ3zlj"`), "The unionid."),
			wire.Prop("userid", userid(), "The userid."),
		),
		Chosen: append([]string{
			"without dept_id_list the person is in the root",
			"only an account of the organization (exclusive_account) needs no mobile number",
			"a userid that left comes back as the same person, with none of the former values but what the account has: unionid and active",
		}, chosenForUserValues()...),
		Serve: func(c *wire.Call) error {
			userid, unionid, err := s.createUser(c, f)
			if err != nil {
				return err
			}
			c.Result().Raw(`{"unionId":`).String(unionid).Raw(`,"userid":`).String(userid).Raw("}")
			return nil
		},
	}
}

// POST /topapi/v2/user/update (contract 5.1, 5.4)
func (s *Server) userUpdate() *wire.Endpoint {
	f := newUserForm(wire.TOP, true)
	return &wire.Endpoint{
		Path: "/topapi/v2/user/update", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Change a person; what is not given stays as it is",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: f.params(userParam("userid")), Unparsable: wire.FaultParamFormat, Faults: updateUserRows(f),
		Chosen: append([]string{
			"with language=en_US the name that is given is the English one, and the other one stays",
			"somebody who leaves a department does not own its group any more",
		}, chosenForUserValues()...),
		Serve: func(c *wire.Call) error { return s.updateUser(c, f) },
	}
}

// POST /topapi/v2/user/delete (contract 5.1)
func (s *Server) userDelete() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/v2/user/delete", Family: wire.TOP, Methods: []string{"POST"},
		Summary:    "Let a person leave the organization",
		Permission: rollcall.PermManageAddress, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params:     []wire.Param{userParam("userid")},
		Unparsable: wire.FaultParamFormat, Faults: userFaults(),
		Chosen: append(chosenUsers(), "roles, permit lists, owned groups and whom others report to do not name the person any more"),
		Serve:  func(c *wire.Call) error { return deleteUsers(c, c.Text(0)) },
	}
}
