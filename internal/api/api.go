// Package api holds the endpoints: one table, and one file for each noun. It
// knows what a call means, not how it looks on the wire.
package api

import (
	"context"
	"strconv"
	"time"

	"rollcall"
	"rollcall/internal/access"
	"rollcall/internal/directory"
	"rollcall/internal/node"
	"rollcall/internal/wire"
)

// Server answers the calls. Its fields are set once.
type Server struct {
	Access *access.Registry
	Clock  func() time.Time
}

// Endpoints returns the table of endpoints: every path that is served.
func (s *Server) Endpoints() []*wire.Endpoint {
	return []*wire.Endpoint{
		s.gettoken(),
		s.getCorpToken(),
		s.getSuiteToken(),
		s.oauthAccessToken(),
		s.oauthCorpAccessToken(),
		s.oauthSuiteAccessToken(),
		s.oauthToken(),
		s.authScopes(),
		s.userCount(),
		s.userListID(),
		s.userListSimple(),
		s.inactiveUserV2Get(),
		s.departmentListSub(),
		s.departmentListSubID(),
		s.departmentGet(),
		s.departmentListParentByDept(),
		s.departmentListParentByUser(),
		s.departmentCreate(),
		s.departmentUpdate(),
		s.departmentDelete(),
		s.classicDepartmentList(),
		s.classicDepartmentListIDs(),
		s.classicDepartmentGet(),
		s.classicParentsByDept(),
		s.classicParentsByUser(),
		s.classicDepartmentCreate(),
		s.classicDepartmentUpdate(),
		s.classicDepartmentDelete(),
		s.userGet(),
		s.userList(),
		s.userGetByMobile(),
		s.userGetByUnionID(),
		s.userListAdmin(),
		s.userGetAdminScope(),
		s.queryDimission(),
		s.userCreate(),
		s.userUpdate(),
		s.userDelete(),
		s.classicUserGet(),
		s.classicUserSimpleList(),
		s.classicUserListByPage(),
		s.classicUserList(),
		s.classicUserDeptMember(),
		s.classicUserCount(),
		s.classicUserByMobile(),
		s.classicUserByUnionID(),
		s.classicUserAdmins(),
		s.classicUserCreate(),
		s.classicUserUpdate(),
		s.classicUserDelete(),
		s.classicUserBatchDelete(),
		s.roleList(),
		s.roleSimpleList(),
		s.roleGetRole(),
		s.roleGetRoleGroup(),
		s.roleAddRolesForEmps(),
		s.roleRemoveRolesForEmps(),
		s.roleDeleteRole(),
		s.roleAddRole(),
		s.roleUpdateRole(),
		s.roleAddRoleGroup(),
	}
}

// Admit implements [wire.Authority].
func (s *Server) Admit(ctx context.Context, token []byte, now time.Time, minVersion uint64) (wire.Admission, error) {
	a, err := s.Access.Admit(ctx, access.Request{Token: token, Now: now, MinVersion: minVersion})
	if err != nil || a.Grant == nil {
		return wire.Admission{}, err // and not a Caller that holds a nil Grant
	}
	return wire.Admission{Caller: a.Grant, Stale: a.Stale}, nil
}

// Language implements [wire.Authority].
func (s *Server) Language() rollcall.Language { return s.Access.Language() }

// caller returns who calls, and the organization that is called.
func caller(c *wire.Call) (*access.Grant, *node.Org) {
	g := c.Caller().(*access.Grant)
	return g, g.Corp().(*node.Org)
}

// current returns the newest version of the organization and answers from it.
func current(c *wire.Call, org *node.Org) *directory.Root { return answerFrom(c, org.Current()) }

// answerFrom says that the reply is of a version.
func answerFrom(c *wire.Call, r *directory.Root) *directory.Root {
	c.AnsweredFrom(r.VersionHeader())
	return r
}

// do carries out an intent of the caller's; the reply is of the version that it
// made, or on which it was refused.
func do(c *wire.Call, intent directory.Intent) (directory.Outcome, error) {
	grant, org := caller(c)
	out, err := org.Do(c.Context(), grant.Appkey(), intent)
	if out.Version > 0 {
		c.AnsweredFrom([]string{strconv.FormatUint(out.Version, 10)})
	}
	return out, err
}

// Card encodes a person the way listsimple shows one.
type Card struct{}

// AppendCard implements the directory's Encoder.
func (Card) AppendCard(dst []byte, name, userid string) (out []byte, from, to int) {
	dst = append(dst, `{"name":`...)
	dst = wire.AppendString(dst, name)
	dst = append(dst, `,"userid":`...)
	from = len(dst)
	dst = wire.AppendString(dst, userid)
	return append(dst, '}'), from, len(dst)
}

func notFound(param string) error {
	return &rollcall.Error{Kind: rollcall.KindNotFound, Param: param, Detail: "there is no such department"}
}

func outOfScope(param string) error {
	return &rollcall.Error{Kind: rollcall.KindDenied, Param: param, Detail: "the department is outside the contact scope"}
}

// both are the methods of a call that reads (contract D11).
func both() []string { return []string{"POST", "GET"} }

// everyType are the app types of most calls.
func everyType() []rollcall.AppType {
	return []rollcall.AppType{rollcall.Internal, rollcall.ThirdParty}
}
