"""dingtalk-utils: it reads people and departments under /topapi, and hands on whatever is answered."""

from dingtalk_utils.client import CorpClient
from dingtalk_utils.contacts import ContactsApi
from dingtalk_utils.department import DepartmentApi

from steps import answers, end, env, equal, step


def token(name):
    reply = answers(0, CorpClient(env(name + "_APPKEY"), env(name + "_APPSECRET")).get_corp_token())
    equal("expires_in", reply["expires_in"], 7200)
    return reply["access_token"]


people, departments = ContactsApi(token("FULL")), DepartmentApi(token("FULL"))

with step("walk the tree"):
    seen = []

    def walk(dept):
        seen.append(dept)
        subs = answers(0, departments.get_dept_listSub(dept))["result"]
        ids = answers(0, departments.get_dept_child(dept))["result"]["dept_id_list"]
        equal("below %d" % dept, ids, [s["dept_id"] for s in subs])
        for sub in ids:
            walk(sub)

    walk(1)
    equal("departments", seen, [1, 2, 3, 4, 5, 6])
    equal("name", departments.get_dept_detail(2, "en_US")["result"]["name"], "Engineering")

with step("people page by page"):
    listed, cursor, more = [], 0, True
    while more:
        page = answers(0, people.get_user_listSimple(5, 50, cursor))["result"]
        listed += [p["userid"] for p in page["list"]]
        more, cursor = page["has_more"], page.get("next_cursor")
    equal("people", (len(listed), len(set(listed))), (120, 120))
    equal("listid", answers(0, people.get_user_list(5))["result"]["userid_list"], listed)

with step("a person, by mobile, by unionid"):
    zhang = answers(0, people.get_user("zhangsan"))["result"]
    equal("name", zhang["name"], "张三")
    equal("by mobile", answers(0, people.get_user_byMobile("13900001001"))["result"]["userid"], "zhangsan")
    equal("by unionid", answers(0, people.getByUnionid(zhang["unionid"]))["result"]["userid"], "zhangsan")

with step("refusals"):
    answers(60003, people.get_user_list(99999))
    answers(60121, people.get_user("nobody"))
    answers(60121, people.get_user_byMobile("13999999999"))
    answers(60121, people.getByUnionid("nobody"))
    answers(40069, people.get_user_listSimple(5, 101, 0))
    wrong = answers(88, ContactsApi("0123456789abcdef0123456789abcdef").get_user_list(1))
    equal("sub_code", wrong["sub_code"], "40014")
    reader = answers(88, ContactsApi(token("READER")).get_user_listSimple(2, 10, 0))
    equal("sub_code", reader["sub_code"], "60011")
    answers(40096, CorpClient(env("FULL_APPKEY"), "wrong").get_corp_token())

end()
