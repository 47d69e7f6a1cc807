package api

import (
	"math"

	"rollcall"
	"rollcall/internal/wire"
)

// deptID is the parameter that names a department, with the same fault for
// everything that is wrong with it.
func deptID(required bool, fault wire.Fault) wire.Param {
	return wire.Param{
		Name: "dept_id", Kind: wire.Int, Required: required, Min: 1, Max: math.MaxInt64,
		Missing: fault, Malformed: fault, OutOfRange: fault, Doc: "The id of the department; the root is 1.",
	}
}

// POST or GET /topapi/user/count (contract 2.1, D2, D7)
func (s *Server) userCount() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/user/count", Family: wire.TOP, Methods: both(),
		Summary:    "Count the people of the organization",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params: []wire.Param{{
			Name: "only_active", Kind: wire.Bool, Required: true,
			Missing: wire.FaultParamEmpty, Malformed: wire.FaultInvalidParameter,
			Doc: "Whether only people who activated their account are counted.",
		}},
		Unparsable: wire.FaultInvalidParameter,
		Result:     wire.Object(wire.Prop("count", wire.Integer.Like("304"), "How many people there are.")),
		Chosen:     []string{"somebody who ever signed in counts as activated, also by an imported sign-in"},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			c.Result().Raw(`{"count":`).Int(int64(current(c, org).Count(c.Bool(0)))).Raw("}")
			return nil
		},
	}
}

// POST or GET /topapi/user/listid (contract 2.2, D2, D7, D8)
func (s *Server) userListID() *wire.Endpoint {
	return &wire.Endpoint{
		Path: "/topapi/user/listid", Family: wire.TOP, Methods: both(),
		Summary:    "List the userids of a department's direct members",
		Permission: rollcall.PermMember, AppTypes: everyType(),
		Params:     []wire.Param{deptID(true, wire.FaultParamInvalid)},
		Unparsable: wire.FaultParamFormat,
		Faults:     []wire.FaultRow{{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound}},
		Result:     wire.Object(wire.Prop("userid_list", wire.List(userid()), "The userids of all direct members, in the department's order.")),
		Chosen: []string{
			"the order is that of listsimple",
			"people whose visibility is restricted are listed too",
			"without members the list is empty, and there",
		},
		Serve: func(c *wire.Call) error {
			_, org := caller(c)
			r := current(c, org)
			m, ok := r.Members(rollcall.DeptID(c.Int(0)), rollcall.OrderCustom, rollcall.Chinese, true)
			if !ok {
				return notFound("dept_id")
			}
			out := c.Result().Raw(`{"userid_list":[`)
			*out = r.AppendAllUserIDs(*out, m)
			out.Raw("]}")
			return nil
		},
	}
}

// maxPage is the most people that one page shows.
const maxPage = 100

// sizeParam and offsetParam say which page of a list is asked for (contract
// D2).
func sizeParam() wire.Param {
	return wire.Param{
		Name: "size", Kind: wire.Int, Required: true, Min: 1, Max: maxPage,
		Missing: wire.FaultParamInvalid, Malformed: wire.FaultInvalidSize,
		Doc: "How many people a page shows, 1 to 100.",
	}
}

func offsetParam(name string) wire.Param {
	return wire.Param{
		Name: name, Kind: wire.Int, Required: true, Min: 0, Max: math.MaxInt64,
		Missing: wire.FaultParamInvalid, Malformed: wire.FaultInvalidOffset,
		Doc: "Where the page begins: 0, then the next_cursor of the page before.",
	}
}

// POST or GET /topapi/user/listsimple (contract 2.3, D2, D8, D9, D10)
func (s *Server) userListSimple() *wire.Endpoint {
	const dept, order, limited, language, size, cursor = 0, 1, 2, 3, 4, 5
	l := departmentList{dept, order, limited, language, size, cursor, "dept_id", ""}
	invalid := wire.FaultParamInvalid
	return &wire.Endpoint{
		Path: "/topapi/user/listsimple", Family: wire.TOP, Methods: both(),
		Summary:    "List a department's direct members, page by page",
		Permission: rollcall.PermDepartmentMember, AppTypes: everyType(),
		Params: []wire.Param{
			dept:     deptID(true, invalid),
			order:    orderParam("order_field", invalid),
			limited:  limitedParam(),
			language: languageParam(invalid),
			size:     sizeParam(),
			cursor:   offsetParam("cursor"),
		},
		Unparsable: wire.FaultParamFormat,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindNotFound, Fault: wire.FaultTheDeptNotFound},
			{Kind: rollcall.KindDenied, Fault: wire.FaultDeptScope},
		},
		Result: pageOf(wire.Object(
			wire.Prop("name", wire.Text.Like(`"Wei Zhang"`), "The name, in the language that was asked for."),
			wire.Prop("userid", userid(), "The userid."),
		), "The people, in the order that was asked for."),
		Chosen: []string{
			"who has no explicit order comes by pinyin, Latin names before Han names, then by userid",
			"ties are broken by userid, ascending in the descending orders too",
			"contain_access_limit shows people who are marked as restricted; which people the real service restricts is not documented",
			"a walk from page to page sees one version of the organization",
			"without people the list is empty, and there; past the end too",
		},
		Serve: func(c *wire.Call) error {
			r, m, offset, err := l.walk(c)
			if err != nil {
				return err
			}
			more := l.more(c, m, offset)
			out := c.Result().Raw(`{"has_more":`).Bool(more).Raw(`,"list":[`)
			*out = r.AppendPage(*out, m, offset, int(c.Int(size)), languageOf(c, language))
			out.Raw("]")
			l.next(c, more)
			out.Raw("}")
			return nil
		},
	}
}

func languageParam(fault wire.Fault) wire.Param {
	return wire.Param{
		Name: "language", Kind: wire.Enum, Enum: []string{string(rollcall.Chinese), string(rollcall.English)}, Malformed: fault,
		Doc: "The language of the names.",
	}
}

// languageOf reads a parameter made by languageParam.
func languageOf(c *wire.Call, i int) rollcall.Language {
	if c.Enum(i) == 1 {
		return rollcall.English
	}
	return rollcall.Chinese
}
