package api

import (
	"rollcall"
	"rollcall/internal/wire"
)

// maxBatch is the most people that one call lets leave (contract 5.5).
const maxBatch = 20

// POST /user/create (contract 5.5)
func (s *Server) classicUserCreate() *wire.Endpoint {
	f := newUserForm(wire.Classic, false)
	return &wire.Endpoint{
		Path: "/user/create", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Let a person come into the organization",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: f.params(newUserParam()), Unparsable: wire.FaultInvalidParameter, Faults: createUserRows(f, wire.FaultMissingParam),
		Result: wire.Object(
			wire.Prop("userid", userid(), "The userid."),
			wire.Prop("unionId", wire.Text.Like(`"PiiiPyQqBNBii0HnCJ3zlj"`), "The unionid."),
		),
		Chosen: []string{
			"the rules are those of v2/user/create",
			"orderInDepts may be an object, or a text of one with or without quotes around the ids",
			"errmsg is ok, where it was created once",
		},
		Serve: func(c *wire.Call) error {
			userid, unionid, err := s.createUser(c, f)
			if err != nil {
				return err
			}
			c.Result().Raw(`{"errcode":0,"errmsg":"ok","userid":`).String(userid).Raw(`,"unionId":`).String(unionid).Raw("}")
			return nil
		},
	}
}

// POST /user/update (contract 5.5)
func (s *Server) classicUserUpdate() *wire.Endpoint {
	f := newUserForm(wire.Classic, true)
	return &wire.Endpoint{
		Path: "/user/update", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Change a person; what is not given stays as it is",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: f.params(userParam("userid")), Unparsable: wire.FaultInvalidParameter, Faults: updateUserRows(f),
		Chosen: []string{
			"the rules are those of v2/user/update; extattr replaces what is there",
			"department as the text null is not given: the official Java SDK sends it where no department is set",
		},
		Serve: func(c *wire.Call) error { return s.updateUser(c, f) },
	}
}

// GET or POST /user/delete (contract 5.5)
func (s *Server) classicUserDelete() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/delete", Family: wire.Classic, Methods: both(),
		Summary:    "Let a person leave the organization",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params:     []wire.Param{userParam("userid")},
		Unparsable: wire.FaultInvalidParameter, Faults: userFaults(),
		Chosen: []string{"it is documented with GET and takes it, although it changes something"},
		Serve:  func(c *wire.Call) error { return deleteUsers(c, c.Text(0)) },
	}
}

// POST /user/batchdelete (contract 5.5)
func (s *Server) classicUserBatchDelete() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/user/batchdelete", Family: wire.Classic, Methods: []string{"POST"},
		Summary:    "Let several people leave the organization",
		Permission: rollcall.PermManageAddress, AppTypes: everyType(),
		Params: []wire.Param{{
			Name: "useridlist", Kind: wire.Strings, Required: true, MaxItems: maxBatch,
			Malformed: wire.FaultUserIDList, OutOfRange: wire.FaultUserIDListLength, Doc: "The userids, 1 to 20.",
		}},
		Unparsable: wire.FaultInvalidParameter, Faults: userFaults(),
		Chosen: []string{"where one of the people is not there, nobody leaves"},
		Serve:  func(c *wire.Call) error { return deleteUsers(c, c.Strings(0)...) },
	}
}
