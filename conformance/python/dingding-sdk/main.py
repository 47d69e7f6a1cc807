"""dingding-sdk: the calls under /topapi and the roles, some as forms and some as JSON. It asks for a token before each call."""

from dingtalk.dingtalk import DingTalk
from dingtalk.exceptions import DingTalkException

from steps import end, env, equal, refused, step


def app(name):
    return DingTalk(env(name + "_APPKEY"), env(name + "_APPSECRET"), corpid=env("CORPID"))


api = app("FULL")


def bad(code, call):
    return refused(DingTalkException, code, call)


with step("count, listid"):
    equal("all", api.user.get_users_count(), 127)
    equal("active", api.user.get_users_count(only_active=True), 125)
    equal("in 2", api.user.get_userids_by_department(2), ["zhangsan", "lisi"])
    equal("in 6", api.user.get_userids_by_department(6), [])

with step("walk the tree by listsub and listsubid"):
    seen = []

    def walk(dept):
        seen.append(dept)
        subs = api.department.get(dept)
        equal("below %d" % dept, api.department.get_children(dept), [s["dept_id"] for s in subs])
        for sub in subs:
            equal("parent_id", sub["parent_id"], dept)
            walk(sub["dept_id"])

    walk(1)
    equal("departments", seen, [1, 2, 3, 4, 5, 6])
    equal("of the root without dept_id", [s["dept_id"] for s in api.department.get()], [2, 5, 6])

with step("department/get, listparentbydept, listparentbyuser"):
    dept = api.department.get_info(4)
    equal("name and parent_id", (dept["name"], dept["parent_id"]), ('分/子公司 <A&B> "引号"', 2))
    equal("the root has no parent_id", "parent_id" in api.department.get_info(1), False)
    equal("above 3", api.department.get_parents(3), [3, 2, 1])
    paths = [p["parent_dept_id_list"] for p in api.department.get_user_departments("zhangsan")]
    equal("above zhangsan", sorted(paths), [[2, 1], [3, 2, 1]])


def pages(call, dept, size):
    people, cursor = [], 0
    while True:
        page = call(dept, cursor=cursor, size=size)
        people += page["list"]
        if not page["has_more"]:
            equal("next_cursor on the last page", "next_cursor" in page, False)
            return people
        cursor = page["next_cursor"]


with step("people page by page: listsimple and v2/user/list"):
    simple = pages(api.user.get_users_by_department, 5, 50)
    full = pages(api.user.get_userinfo_by_department, 5, 100)
    equal("people", (len(simple), len({p["userid"] for p in simple})), (120, 120))
    equal("the same", [p["userid"] for p in full], [p["userid"] for p in simple])
    equal("keys", sorted(simple[0]), ["name", "userid"])
    equal("nobody", pages(api.user.get_users_by_department, 6, 50), [])
    both = api.user.get_users_by_department(4, size=10, contain_access_limit=True, language="en_US", order_field="entry_desc")
    equal("with restricted people", len(both["list"]), 2)

with step("who did not sign in"):
    first = api.user.get_inactive_users("20260820", size=20)
    equal("first page", (len(first["list"]), first["has_more"], first["next_cursor"]), (20, True, 20))
    equal("second page", len(api.user.get_inactive_users("20260820", offset=20, size=20)["list"]), 3)
    for depts in ([2, 3], "2,3", [], "", None):
        some = api.user.get_inactive_users("20260820", dept_ids=depts)["list"]
        equal("dept_ids %r" % (depts,), some if depts else len(some), ["lisi", "alice"] if depts else 23)

with step("v2/user/get, by unionid"):
    zhang = api.user.get("zhangsan", lang="zh_CN")
    equal("name", zhang["name"], "张三")
    equal("departments", sorted(zhang["dept_id_list"]), [2, 3])
    equal("extension is a string", isinstance(zhang["extension"], str), True)
    equal("by unionid", api.user.get_userid_by_unionid(zhang["unionid"]), {"contact_type": 0, "userid": "zhangsan"})
    equal("admins", isinstance(api.user.get_managers(), list), True)

with step("create, change and delete a department"):
    made = api.department.create("新部门", 6, order=5, hide_dept=True, dept_permits="2,3", source_identifier="py")
    got = api.department.get_info(made)
    equal("it", (got["name"], got["parent_id"], got["order"], got["hide_dept"], got["dept_permits"]), ("新部门", 6, 5, True, [2, 3]))
    equal("update", api.department.update(made, name="改名", hide_dept="false"), True)
    got = api.department.get_info(made)
    equal("it", (got["name"], got["order"], got["hide_dept"]), ("改名", 5, False))

with step("create and change a person"):
    userid = api.user.create(
        "王小明", "13911130001", "%d,2" % made, userid="ding-1", title="工程师", extension={"爱好": "旅游"},
        dept_order_list=[{"dept_id": made, "order": 9}], hide_mobile=False, hired_date=1597573616828)
    equal("userid", userid, "ding-1")
    equal("update", api.user.update("ding-1", "13911130001", name="王大明"), True)
    person = api.user.get("ding-1")
    equal("it", (person["name"], person["title"], person["hired_date"]), ("王大明", "工程师", 1597573616828))
    equal("order", [o["order"] for o in person["dept_order_list"] if o["dept_id"] == made], [9])
    generated = api.user.create("Nameless", "13911130003", 6)
    equal("a userid is made", api.user.get(generated)["name"], "Nameless")
    api.user.delete(generated)

with step("refusals: 60104, 60102, 60005, 60006, 60007, 60008, 60004"):
    bad(60104, lambda: api.user.create("x", "13911130001", 6, userid="ding-2"))
    bad(60102, lambda: api.user.create("x", "13911130002", 6, userid="ding-1"))
    bad(60005, lambda: api.department.delete(made))
    bad(60006, lambda: api.department.delete(6))
    bad(60007, lambda: api.department.delete(1))
    bad(60008, lambda: api.department.create("改名", 6))
    bad(60004, lambda: api.department.create("x", 99999))

with step("roles"):
    group = api.role.create_group("职级")
    role = api.role.create("顾问", group)
    equal("update", api.role.update(role, "高级顾问"), True)
    equal("role", api.role.get_detail(role), {"groupId": group, "name": "高级顾问"})
    listed = [g for g in api.role.get(size=200)["list"] if g["groupId"] == group]
    equal("list", listed, [{"groupId": group, "name": "职级", "roles": [{"id": role, "name": "高级顾问"}]}])
    equal("group", api.role.get_by_groupid(group), {"group_name": "职级", "roles": [{"role_id": role, "role_name": "高级顾问"}]})
    page = api.role.get_users(role)
    equal("members", (page["list"], page["hasMore"]), ([], False))
    equal("take away", api.role.delete_users_roles(str(role), "ding-1"), True)
    equal("delete", api.role.delete(role), True)
    bad(33011, lambda: api.role.get_detail(role))

with step("delete the person and the department; who left"):
    equal("delete", api.user.delete("ding-1"), True)
    bad(60121, lambda: api.user.get("ding-1"))
    equal("who left", "ding-1" in api.hr.get_dimission_userids()["data_list"], True)
    equal("delete", api.department.delete(made), True)
    bad(60003, lambda: api.department.get_info(made))

with step("no permission: 88 with 60011, and all that the exception takes"):
    e = bad(88, lambda: app("READER").user.get_users_by_department(2))
    equal("sub_code", e.sub_code, "60011")
    equal("the point is named", "qyapi_get_department_member" in e.sub_msg, True)
    equal("the text", e.errmsg, "ding talk error[subcode=60011,submsg=%s]" % e.sub_msg)

with step("no such department or person, bad size and offset, out of scope"):
    bad(60003, lambda: api.user.get_userids_by_department(99999))
    bad(60121, lambda: api.user.get("nobody"))
    bad(40069, lambda: api.user.get_users_by_department(5, size=101))
    bad(40068, lambda: api.user.get_users_by_department(5, cursor=-1))
    bad(40069, lambda: api.user.get_inactive_users("20260820", size=101))
    bad(400002, lambda: api.user.get_inactive_users("2026-08-20"))
    bad(400002, lambda: api.user.get_inactive_users("20260821"))
    bad(50004, lambda: app("SCOPED").user.get_users_by_department(5))
    bad(50002, lambda: app("SCOPED").user.get("boss"))

with step("a wrong secret: 40096"):
    # The SDK hands the whole reply to its exception as the code.
    refused(DingTalkException, 40096, lambda: DingTalk(env("FULL_APPKEY"), "wrong").user.get("zhangsan"),
            read=lambda e: e.errcode["errcode"])

end()
