"""alibabacloud-dingtalk, the official SDK of the newer host: its token calls. Its endpoint is an option."""

import json
from urllib.parse import urlencode
from urllib.request import urlopen

from alibabacloud_dingtalk.oauth2_1_0 import models
from alibabacloud_dingtalk.oauth2_1_0.client import Client
from alibabacloud_tea_openapi.models import Config
from Tea.exceptions import TeaException

from steps import end, env, equal, refused, step

scheme, address = env("URL").split("://")
client = Client(Config(protocol=scheme, region_id="central", endpoint=address))


def classic(path, **params):
    with urlopen(env("URL") + path + "?" + urlencode(params)) as reply:
        return json.load(reply)


with step("accessToken: the token of /gettoken, good for the older calls"):
    request = models.GetAccessTokenRequest(app_key=env("FULL_APPKEY"), app_secret=env("FULL_APPSECRET"))
    body = client.get_access_token(request).body
    equal("expireIn", body.expire_in, 7200)
    old = classic("/gettoken", appkey=env("FULL_APPKEY"), appsecret=env("FULL_APPSECRET"))
    equal("token", old["access_token"], body.access_token)
    count = classic("/topapi/user/count", access_token=body.access_token, only_active="false")
    equal("count", count["result"]["count"], 127)

with step("/{corpId}/token"):
    request = models.GetTokenRequest(
        client_id=env("FULL_APPKEY"), client_secret=env("FULL_APPSECRET"), grant_type="client_credentials")
    body = client.get_token(env("CORPID"), request).body
    equal("expires_in", body.expires_in, 7200)
    count = classic("/topapi/user/count", access_token=body.access_token, only_active="false")
    equal("count", count["result"]["count"], 127)

with step("a wrong secret: invalidClientIdOrSecret, with status 400"):
    request = models.GetAccessTokenRequest(app_key=env("FULL_APPKEY"), app_secret="wrong")
    e = refused(TeaException, "invalidClientIdOrSecret", lambda: client.get_access_token(request), read=lambda e: e.code)
    equal("status", e.statusCode, 400)

with step("a wrong grant type: unsupported.grant.type"):
    request = models.GetTokenRequest(
        client_id=env("FULL_APPKEY"), client_secret=env("FULL_APPSECRET"), grant_type="password")
    refused(TeaException, "unsupported.grant.type", lambda: client.get_token(env("CORPID"), request), read=lambda e: e.code)

with step("corpAccessToken and suiteAccessToken of a third-party app"):
    suite = dict(suite_key=env("PARTNER_APPKEY"), suite_secret=env("PARTNER_APPSECRET"), suite_ticket="ticket")
    body = client.get_corp_access_token(models.GetCorpAccessTokenRequest(auth_corp_id=env("CORPID"), **suite)).body
    equal("expireIn", body.expire_in, 7200)
    count = classic("/topapi/user/count", access_token=body.access_token, only_active="false")
    equal("count", count["result"]["count"], 127)
    equal("expireIn", client.get_suite_access_token(models.GetSuiteAccessTokenRequest(**suite)).body.expire_in, 7200)

with step("a suite that does not exist: invalidSuiteKey"):
    request = models.GetCorpAccessTokenRequest(
        suite_key="suitenobody", suite_secret="wrong", auth_corp_id=env("CORPID"), suite_ticket="ticket")
    refused(TeaException, "invalidSuiteKey", lambda: client.get_corp_access_token(request), read=lambda e: e.code)

end()
