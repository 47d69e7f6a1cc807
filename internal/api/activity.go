package api

import (
	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/activity"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// maxDeptIDs is how many departments one call may name (contract D2).
const maxDeptIDs = 100

// POST or GET /topapi/inactive/user/v2/get (contract 2.4, D2, D6)
func (s *Server) inactiveUserV2Get() *wire.Endpoint {
	const active, date, depts, size, offset = 0, 1, 2, 3, 4
	invalid, format := wire.FaultParamInvalid, wire.FaultParamFormat
	return &wire.Endpoint{
		Path: "/topapi/inactive/user/v2/get", Family: wire.TOP, Methods: both(),
		Summary:    "List who did not sign in on a day, or who did, page by page",
		Permission: rollcall.PermLiveness, AppTypes: []rollcall.AppType{rollcall.Internal},
		Params: []wire.Param{
			active: {
				Name: "is_active", Kind: wire.Bool, Required: true, Missing: invalid, Malformed: format,
				Doc: "false lists who did not sign in, true who did.",
			},
			depts: {
				Name: "dept_ids", Kind: wire.IDs, MaxItems: maxDeptIDs, Malformed: format,
				Doc: "Only people who were direct members of one of these departments; without it, the whole organization.",
			},
			date: {
				Name: "query_date", Kind: wire.Date, Required: true, Missing: invalid, Malformed: format,
				Doc: "The day, yyyyMMdd: one that is closed, at most one month back.",
			},
			size:   sizeParam(),
			offset: offsetParam("offset"),
		},
		Unparsable: format,
		Faults: []wire.FaultRow{
			{Kind: rollcall.KindInvalid, Param: "query_date", Fault: invalid},
			{Kind: rollcall.KindNotFound, Fault: wire.FaultDeptNotFound},
			{Kind: rollcall.KindDenied, Fault: wire.FaultDeptScope},
		},
		Result: pageOf(userid(), "The userids, in the order in which the people first came into the organization."),
		Chosen: []string{
			"people who never activated their account are among those who did not sign in",
			"is_active=true is answered as the parameter's documentation says, the people of the day who signed in",
			"dept_ids means direct members; the setting activity.subdepartments takes in everything below",
			"a day before or after those that can be read is 400002",
			"an app with a limited contact scope that names no department gets the people of its scope",
			"the order is that in which people first came into the organization",
		},
		Serve: func(c *wire.Call) error {
			grant, org := caller(c)
			r := current(c, org)
			set := r.Corp().Settings
			day := c.Day(date)
			if first, last := r.Calendar().Window(s.Clock()); day < first || day > last {
				return rollcall.Invalid("query_date", "only days from %s to %s can be read now", first, last)
			}
			q := activity.Query{Day: day, Active: c.Bool(active), Depts: c.IDs(depts), Subtrees: set.Subdepartments}
			if err := admit(grant, r, &q); err != nil {
				return err
			}
			list := org.Activity.Answer(r, q)
			at := int(min(c.Int(offset), int64(list.Count())))
			n := int(c.Int(size))
			more := at+n < list.Count()
			out := c.Result().Raw(`{"has_more":`).Bool(more).Raw(`,"list":[`)
			*out = list.AppendUserIDs(*out, r, at, n)
			out.Raw("]")
			if more {
				out.Raw(`,"next_cursor":`).Int(int64(at + n))
			}
			out.Raw("}")
			return nil
		},
	}
}

// admit checks the departments of a query. An app that may not see everything
// and names none gets the people of its contact scope.
func admit(grant *access.Grant, r *directory.Root, q *activity.Query) error {
	for _, id := range q.Depts {
		if _, ever := r.DeptEver(id); !ever {
			return notFound("dept_ids")
		}
	}
	for _, id := range q.Depts {
		if !grant.InScope(id, r.DeptEver) {
			return outOfScope("dept_ids")
		}
	}
	if len(q.Depts) == 0 && !grant.InScope(rollcall.RootDept, r.DeptEver) {
		q.Depts, q.Subtrees = grant.App().ScopeDepts, true
	}
	return nil
}
