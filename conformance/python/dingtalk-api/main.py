"""dingtalk-api: tokens of both hosts, and people as strict pydantic models."""

from dingtalk_api import ApiClient
from dingtalk_api.common.exception import AuthError, OApiError
from dingtalk_api.core.session import ApiSession, OApiSession

from steps import Surprise, end, env, equal, step

with step("tokens of both hosts, of one and the same app"):
    api = ApiClient(env("FULL_APPKEY"), env("FULL_APPSECRET"))
    new, old = (s(env("FULL_APPKEY"), env("FULL_APPSECRET")) for s in (ApiSession, OApiSession))
    equal("the new host's token is the old one's", new.accessToken, old.accessToken)

with step("v2/user/get as a model, of people with many fields and with few"):
    for userid, name, title in (("zhangsan", "张三", "工程师"), ("lisi", "李四", "")):
        person = api.contact.user.queryDetails(userid)
        equal("person", (person.userid, person.name, person.title, person.hide_mobile), (userid, name, title, False))

with step("any other call by its session"):
    reply = old.request("POST", "/topapi/user/count", json={"only_active": True}).json()
    equal("count", reply["result"]["count"], 125)
    reply = old.request("GET", "/topapi/user/listid", params={"dept_id": 2}).json()
    equal("userid_list", reply["result"]["userid_list"], ["zhangsan", "lisi"])

with step("refusals"):
    for kind, call in (
        (OApiError, lambda: api.contact.user.queryDetails("nobody")),
        (AuthError, lambda: OApiSession(env("FULL_APPKEY"), "wrong")),
    ):
        try:
            raise Surprise("it is not refused, but answers %r" % (call(),))
        except kind:
            pass
        except Exception as e:
            # The SDK's reply has no result then, which its model of this call wants.
            if type(e).__name__ != "ValidationError":
                raise

end()
