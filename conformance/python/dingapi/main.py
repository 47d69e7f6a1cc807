"""dingapi: the classic calls. Booleans come as Python writes them, in the query string."""

from dingapi.client import DingApi
from dingapi.exception import DingRequestError

from steps import end, env, equal, refused, step


def app(name):
    api = DingApi(env(name + "_APPKEY"), env(name + "_APPSECRET"), agent_id="1")
    api.host = env("URL")
    return api


api = app("FULL")


def bad(code, call):
    return refused(DingRequestError, code, call)


with step("walk the tree by department/list"):
    seen = []

    def walk(dept):
        seen.append(dept)
        for sub in api.department.list(dept)["department"]:
            walk(sub["id"])

    walk(1)
    equal("departments", seen, [1, 2, 3, 4, 5, 6])
    everything = [d["id"] for d in api.department.list(2, fetch_child=True)["department"]]
    equal("below 2", everything, [3, 4])

with step("people page by page, all at once, and their ids"):
    listed, offset, more = [], 0, True
    while more:
        page = api.user.listbypage(5, offset, 50)
        listed += [p["userid"] for p in page["userlist"]]
        more, offset = page["hasMore"], offset + 50
    equal("people", (len(listed), len(set(listed))), (120, 120))
    equal("simplelist without paging", len(api.user.simplelist(5)["userlist"]), 120)
    equal("members of 2", api.user.getDeptMember(2)["userIds"], ["zhangsan", "lisi"])

with step("a person, by mobile"):
    equal("name", api.user.get("zhangsan")["name"], "张三")
    equal("by mobile", api.user.get_by_mobile("13900001001")["userid"], "zhangsan")

with step("create, change and delete a person"):
    made = api.user.create({"userid": "api-1", "name": "王小明", "mobile": "13911140001", "department": [6]})
    equal("userid", made["userid"], "api-1")
    api.user.update("api-1", name="王大明", position="工程师")
    person = api.user.get("api-1")
    equal("it", (person["name"], person["position"], person["mobile"]), ("王大明", "工程师", "13911140001"))
    bad(60104, lambda: api.user.create({"name": "x", "mobile": "13911140001", "department": [6]}))
    api.user.delete("api-1")
    bad(60121, lambda: api.user.get("api-1"))

with step("refusals"):
    bad(60003, lambda: api.user.getDeptMember(99999))
    bad(60003, lambda: api.department.list(99999))
    bad(50002, lambda: app("SCOPED").user.get("boss"))
    bad(60011, lambda: app("READER").department.list(1))
    api.cache.set("access_token", "0123456789abcdef0123456789abcdef")
    bad(40014, lambda: api.user.get("zhangsan"))

end()
