"""dingtalk-sdk by 007gzs: the classic calls. It gets a new token by itself when one is refused with 40014.

Its role calls reach no server: some go to a gateway that is gone, the others
call a method that the SDK does not have.
"""

from dingtalk import AppKeyClient, SecretClient
from dingtalk.client.isv import ISVClient
from dingtalk.core.exceptions import DingTalkClientException

from steps import end, env, equal, refused, step


class App(AppKeyClient):
    API_BASE_URL = env("URL") + "/"


class Corp(SecretClient):
    API_BASE_URL = env("URL") + "/"


class Suite(ISVClient):
    API_BASE_URL = env("URL") + "/"


def app(name):
    return App(env("CORPID"), env(name + "_APPKEY"), env(name + "_APPSECRET"))


api = app("FULL")


def bad(code, call):
    return refused(DingTalkClientException, code, call)


with step("a token by appkey, and by corpid: the same"):
    corp = Corp(env("CORPID"), env("FULL_APPSECRET"))
    equal("token", corp.access_token, api.access_token)

with step("a token that is refused is got anew"):
    api.cache.access_token.set(value="0123456789abcdef0123456789abcdef", ttl=7200)
    equal("children", api.department.list_ids(1), [2, 5, 6])

with step("without its retry the refusal is 40014"):
    lazy = App(env("CORPID"), env("FULL_APPKEY"), env("FULL_APPSECRET"), auto_retry=False)
    lazy.cache.access_token.set(value="0123456789abcdef0123456789abcdef", ttl=7200)
    bad(40014, lambda: lazy.department.list_ids(1))

with step("walk the tree by department/list"):
    seen = []

    def walk(dept):
        seen.append(dept)
        for sub in api.department.list(dept):
            equal("parentid of %d" % sub["id"], sub["parentid"], dept)
            walk(sub["id"])

    walk(1)
    equal("departments", seen, [1, 2, 3, 4, 5, 6])
    everything = [d["id"] for d in api.department.list(1, fetch_child=True)]
    equal("with fetch_child", sorted(everything), [2, 3, 4, 5, 6])

with step("department/get and the paths above"):
    dept = api.department.get(4)
    equal("name", dept["name"], '分/子公司 <A&B> "引号"')
    equal("parentid", dept["parentid"], 2)
    equal("English name", api.department.get(2, lang="en_US")["name"], "Engineering")
    equal("above 3", api.department.list_parent_depts_by_dept(3), [3, 2, 1])
    equal("above zhangsan", sorted(api.department.list_parent_depts("zhangsan")), [[2, 1], [3, 2, 1]])

with step("people page by page: simplelist and list"):
    for call in (api.user.simple_list, api.user.list, api.user.listbypage):
        people, offset, more = [], 0, True
        while more:
            page = call(5, offset=offset, size=50)
            people += [p["userid"] for p in page["userlist"]]
            more, offset = page["hasMore"], offset + 50
        equal("people", (len(people), len(set(people))), (120, 120))

with step("user/get"):
    zhang = api.user.get("zhangsan")
    equal("name", zhang["name"], "张三")
    equal("departments", sorted(zhang["department"]), [2, 3])
    equal("mobile", zhang["mobile"], "13900001001")
    equal("position", zhang["position"], "工程师")
    equal("extattr", zhang["extattr"], {"爱好": "旅游", "年龄": "24"})

with step("counts, members, unionid, admins, scopes"):
    # The SDK turns its flag round: True asks for everybody.
    equal("everybody", api.user.get_org_user_count(True), 127)
    equal("active", api.user.get_org_user_count(False), 125)
    equal("members of 2", api.user.get_dept_member(2), ["zhangsan", "lisi"])
    equal("nobody", api.user.get_dept_member(6), [])
    equal("by unionid", api.user.get_userid_by_unionid(zhang["unionid"])["userid"], "zhangsan")
    equal("admins", isinstance(api.user.get_admin(), list), True)
    equal("scopes", api.user.auth_scopes()["auth_org_scopes"]["authed_dept"], [1])

with step("create, change and delete a department"):
    made = api.department.create({"name": "新部门", "parentid": 6, "order": 3})
    equal("the id that update hands back", api.department.update({"id": made, "name": "改名"}), made)
    got = api.department.get(made)
    equal("name and order", (got["name"], got["order"]), ("改名", 3))

with step("create and change a person"):
    equal("userid", api.user.create({
        "userid": "py-1", "name": "王小明", "mobile": "13911120001", "department": [made],
        "position": "工程师", "extattr": {"爱好": "旅游"}, "isHide": False,
    }), "py-1")
    api.user.update({"userid": "py-1", "name": "王大明"})
    person = api.user.get("py-1")
    equal("name and position", (person["name"], person["position"]), ("王大明", "工程师"))
    equal("extattr", person["extattr"], {"爱好": "旅游"})

with step("refusals: 60104, 60102, 60005, 60006, 60007, 60008, 60004"):
    bad(60104, lambda: api.user.create({"userid": "py-2", "name": "x", "mobile": "13911120001", "department": [6]}))
    bad(60102, lambda: api.user.create({"userid": "py-1", "name": "x", "mobile": "13911120002", "department": [6]}))
    bad(60005, lambda: api.department.delete(made))
    bad(60006, lambda: api.department.delete(6))
    bad(60007, lambda: api.department.delete(1))
    bad(60008, lambda: api.department.create({"name": "改名", "parentid": 6}))
    bad(60004, lambda: api.department.create({"name": "x", "parentid": 99999}))

with step("delete the person and the department"):
    api.user.delete("py-1")
    bad(60121, lambda: api.user.get("py-1"))
    api.department.delete(made)
    bad(60003, lambda: api.department.get(made))

with step("the suite token of a third-party app"):
    suite = Suite(env("PARTNER_APPKEY"), env("PARTNER_APPSECRET"))
    suite.cache.suite_ticket.set(value="ticket", ttl=7200)
    equal("expires_in", suite.get_suite_access_token()["expires_in"], 7200)

with step("no such person or department, a wrong secret, out of scope, no permission"):
    bad(60121, lambda: api.user.get("nobody"))
    bad(60003, lambda: api.department.get(99999))
    bad(40096, lambda: App(env("CORPID"), env("FULL_APPKEY"), "wrong").access_token)
    bad(40089, lambda: Corp(env("CORPID"), "wrong").access_token)
    bad(50002, lambda: app("SCOPED").user.get("boss"))
    bad(50004, lambda: app("SCOPED").department.get(5))
    bad(60011, lambda: app("READER").department.get(2))

end()
