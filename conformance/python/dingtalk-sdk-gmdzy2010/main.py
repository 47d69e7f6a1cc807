"""dingtalk-sdk-gmdzy2010: the classic calls that read, one class for each."""

from dingtalk_sdk_gmdzy2010.authority_request import AccessTokenRequest, AuthAddressBookRequest
from dingtalk_sdk_gmdzy2010.department_request import DeptRequest, DeptsRequest, ParentDeptPathRequest, SubDeptIdsRequest
from dingtalk_sdk_gmdzy2010.user_request import (
    DeptUserIdsRequest, DeptUserRequest, DeptUsersRequest, DeptUsersSimpleRequest, UseridByUnionidRequest)

from steps import answers, end, env, equal, step


def ask(kind, code=0, **params):
    request = kind(params=params)
    answers(code, request.get_json_response())
    return request


token = ask(AccessTokenRequest, appkey=env("FULL_APPKEY"), appsecret=env("FULL_APPSECRET")).get_access_token()

with step("auth/scopes"):
    scopes = ask(AuthAddressBookRequest, access_token=token).get_auth_org_scopes()
    equal("scopes", scopes, {"authed_dept": [1], "authed_user": []})

with step("departments"):
    equal("children", ask(SubDeptIdsRequest, access_token=token, id=1).get_sub_dept_ids(), [2, 5, 6])
    depts = ask(DeptsRequest, access_token=token, id=1, fetch_child=True).get_depts()
    equal("all below", sorted(d["id"] for d in depts), [2, 3, 4, 5, 6])
    by_default = ask(DeptsRequest, access_token=token, id=1).get_depts()
    equal("which is the default, as the SDK says", by_default, depts)
    dept = ask(DeptRequest, access_token=token, id=2)
    equal("name and managers", (dept.get_dept_name(), dept.get_dept_manager_ids()), ("研发部", "zhangsan"))
    equal("path", ask(ParentDeptPathRequest, access_token=token, id=3).get_parent_dept_path(), [3, 2, 1])

with step("people"):
    person = ask(DeptUserRequest, access_token=token, userid="zhangsan")
    info = person.get_userinfo()
    equal("info", (info["name"], info["mobile"], info["position"]), ("张三", "13900001001", "工程师"))
    found = ask(UseridByUnionidRequest, access_token=token, unionid=person.get_unionid()).get_userid()
    equal("by unionid", found, "zhangsan")
    equal("ids", ask(DeptUserIdsRequest, access_token=token, deptId=2).get_dept_user_ids(), ["zhangsan", "lisi"])
    page = ask(DeptUsersRequest, access_token=token, department_id=5, offset=100, size=100).get_dept_users_detail()
    equal("second page", len(page), 20)
    brief = ask(DeptUsersSimpleRequest, access_token=token, department_id=2).get_dept_users_brief()
    equal("brief", brief, [{"name": "张三", "userid": "zhangsan"}, {"name": "李四", "userid": "lisi"}])

with step("refusals"):
    ask(DeptRequest, 40014, access_token="0123456789abcdef0123456789abcdef", id=2)
    ask(DeptRequest, 40035, id=2)
    ask(DeptRequest, 60003, access_token=token, id=99999)
    ask(DeptUserRequest, 60121, access_token=token, userid="nobody")
    ask(AccessTokenRequest, 40096, appkey=env("FULL_APPKEY"), appsecret="wrong")

end()
