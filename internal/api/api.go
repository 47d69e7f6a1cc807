// Package api holds the endpoints: one table, and one file for each noun. It
// knows what a call means, not how it looks on the wire.
package api

import (
	"time"

	"rollcall"
	"rollcall/internal/access"
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

// Caller implements [wire.Authority].
func (s *Server) Caller(token []byte, now time.Time) (wire.Caller, bool) {
	g, ok := s.Access.GrantAt(token, now)
	if !ok {
		return nil, false // and not a Caller that holds a nil Grant
	}
	return g, true
}

// Language implements [wire.Authority].
func (s *Server) Language() rollcall.Language { return s.Access.Language() }

// caller returns who calls, and the organization that is called.
func caller(c *wire.Call) (*access.Grant, *node.Org) {
	g := c.Caller().(*access.Grant)
	return g, g.Corp().(*node.Org)
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
