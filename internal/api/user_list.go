package api

import (
	"math"

	"rollcall"
	"rollcall/internal/directory"
	"rollcall/internal/wire"
)

// departmentList is what the calls that list a department's members take, by
// the index of their parameters.
type departmentList struct {
	dept, order, limited, language, size, cursor int
	param                                        string // which names the department
	list                                         string // which list, as the walk knows it
}

// page finds the page of a department's members that a call asks for: the
// version that its walk reads (contract D10), the people, and whether there are
// more. It appends the people to dst.
func (l *departmentList) page(c *wire.Call, dst []uint32) (r *directory.Root, people []uint32, more bool, err error) {
	r, m, offset, err := l.walk(c)
	if err != nil {
		return nil, nil, false, err
	}
	return r, m.Append(dst, offset, int(c.Int(l.size))), l.more(c, m, offset), nil
}

// more reports whether there is anybody behind the page that begins at an
// offset.
func (l *departmentList) more(c *wire.Call, m directory.Members, offset int) bool {
	return offset+int(c.Int(l.size)) < m.Len()
}

// walk returns the version that the call reads, the list, and where in it the
// page begins (contract D10).
func (l *departmentList) walk(c *wire.Call) (r *directory.Root, m directory.Members, offset int, err error) {
	grant, org := caller(c)
	key := directory.WalkKey{
		Appkey: grant.Appkey(), List: l.list, Dept: rollcall.DeptID(c.Int(l.dept)), Order: rollcall.Order(c.Enum(l.order)),
		Language: languageOf(c, l.language), Size: int(c.Int(l.size)),
	}
	key.WithLimited = l.limited >= 0 && c.Bool(l.limited)
	at := c.Int(l.cursor)
	r = org.Current()
	if at > 0 {
		// A walk that began on another node, or before what the caller has seen
		// elsewhere, goes on with the newest version.
		if kept := org.Version(key, false); kept.Version() >= c.MinVersion() {
			r = kept
		}
	}
	answerFrom(c, r)
	if _, ok := r.Dept(key.Dept); !ok {
		return nil, m, 0, notFound(l.param)
	}
	if !grant.InScope(key.Dept, r.DeptEver) {
		return nil, m, 0, outOfScope(l.param)
	}
	if at == 0 { // only a walk that may be taken is remembered
		r = answerFrom(c, org.Version(key, true))
	}
	list, ok := r.Members(key.Dept, key.Order, key.Language, key.WithLimited)
	if !ok { // deleted this very moment
		return nil, m, 0, notFound(l.param)
	}
	return r, list, int(min(at, int64(list.Len()))), nil
}

// next writes where the next page begins, where there is one.
func (l *departmentList) next(c *wire.Call, more bool) {
	if more {
		c.Result().Raw(`,"next_cursor":`).Int(c.Int(l.cursor) + c.Int(l.size))
	}
}

// POST or GET /topapi/v2/user/list (contract 5.1, 5.3, D9, D10)
func (s *Server) userList() *wire.Endpoint {
	const dept, order, limited, language, size, cursor = 0, 1, 2, 3, 4, 5
	l := departmentList{dept, order, limited, language, size, cursor, "dept_id", "user/list"}
	bad := wire.FaultInvalidParameter
	return &wire.Endpoint{
		Path: "/topapi/v2/user/list", Family: wire.TOP, Methods: both(),
		Summary:    "List a department's direct members in full, page by page",
		Permission: rollcall.PermDepartmentMember, AppTypes: everyType(),
		Params: []wire.Param{
			dept: {
				Name: "dept_id", Kind: wire.Int, Required: true, Min: 1, Max: math.MaxInt64, Malformed: bad,
				Doc: "The id of the department; the root is 1.",
			},
			order:    orderParam("order_field", bad),
			limited:  limitedParam(),
			language: languageParam(wire.FaultParamInvalid),
			size: {
				Name: "size", Kind: wire.Int, Required: true, Min: 1, Max: maxPage, Malformed: bad,
				Doc: "How many people a page shows, 1 to 100.",
			},
			cursor: {
				Name: "cursor", Kind: wire.Int, Required: true, Min: 0, Max: math.MaxInt64, Malformed: bad,
				Doc: "Where the page begins: 0, then the next_cursor of the page before.",
			},
		},
		Unparsable: wire.FaultParamFormat, Faults: deptFaults(),
		Result: pageOf(personSchema(true), "The people, in the order that was asked for."),
		Chosen: append([]string{
			"the order, the restricted people and the walk from page to page are those of listsimple",
			"a department that does not exist is 60003",
			"title is the one in this department, where the person has one there",
		}, chosenPeople()...),
		Serve: func(c *wire.Call) error {
			var room [maxPage]uint32
			r, people, more, err := l.page(c, room[:0])
			if err != nil {
				return err
			}
			grant, _ := caller(c)
			out := c.Result().Raw(`{"has_more":`).Bool(more).Raw(`,"list":[`)
			view{r, grant, languageOf(c, l.language)}.appendAll(out, people, rollcall.DeptID(c.Int(l.dept)), view.append)
			out.Raw("]")
			l.next(c, more)
			out.Raw("}")
			return nil
		},
	}
}

// appendAll writes members of a department, with commas between them.
func (v view) appendAll(out *wire.Buffer, people []uint32, in rollcall.DeptID, one func(view, *wire.Buffer, *rollcall.User, *rollcall.Membership)) {
	var u rollcall.User
	for i, o := range people {
		if i > 0 {
			out.Raw(",")
		}
		v.ReadUser(rollcall.Ordinal(o), &u)
		one(v, out, &u, u.Membership(in))
	}
}

func orderParam(name string, fault wire.Fault) wire.Param {
	return wire.Param{
		Name: name, Kind: wire.Enum, Enum: rollcall.OrderNames(), Malformed: fault,
		Doc: "The order: the administrator's, by the time of entering the department, or by the time of the last change.",
	}
}

func limitedParam() wire.Param {
	return wire.Param{
		Name: "contain_access_limit", Kind: wire.Bool, Malformed: wire.FaultParamInvalid,
		Doc: "Whether people whose visibility is restricted are shown too.",
	}
}
