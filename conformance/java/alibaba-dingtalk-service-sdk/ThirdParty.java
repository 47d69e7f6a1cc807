import com.dingtalk.api.DefaultDingTalkClient;
import com.dingtalk.api.request.*;
import com.dingtalk.api.response.OapiServiceGetCorpTokenResponse;

/** ThirdParty is an app of another company. The SDK signs its request with the machine's time, so the server's is that too. */
final class ThirdParty {
    private static final String BASE = Steps.env("TODAY_URL");
    private final Steps steps;

    ThirdParty(Steps steps) {
        this.steps = steps;
    }

    void walk() {
        steps.step("service/get_corp_token, signed by the SDK: another token each time", () -> {
            var first = corpToken(Steps.env("PARTNER_APPKEY"), Steps.env("PARTNER_APPSECRET"));
            Steps.equal("errcode", first.getErrcode(), 0L);
            Steps.equal("expires_in", first.getExpiresIn(), 7200L);
            var second = corpToken(Steps.env("PARTNER_APPKEY"), Steps.env("PARTNER_APPSECRET"));
            Steps.equal("the same token", first.getAccessToken().equals(second.getAccessToken()), false);
        });
        steps.step("a wrong secret and a wrong key: 853004 and 853003", () -> {
            Steps.equal("errcode", corpToken(Steps.env("PARTNER_APPKEY"), "wrong").getErrcode(), 853004L);
            Steps.equal("errcode", corpToken("suitenobody", "wrong").getErrcode(), 853003L);
        });
        steps.step("service/get_suite_token", () -> {
            OapiServiceGetSuiteTokenRequest req = new OapiServiceGetSuiteTokenRequest();
            req.setSuiteKey(Steps.env("PARTNER_APPKEY"));
            req.setSuiteSecret(Steps.env("PARTNER_APPSECRET"));
            req.setSuiteTicket("ticket");
            var rsp = new DefaultDingTalkClient(BASE + "/service/get_suite_token").execute(req);
            Steps.equal("errcode of " + rsp.getBody(), rsp.getErrcode(), 0L);
            Steps.equal("is there", rsp.getSuiteAccessToken() != null, true);
        });
        steps.step("it does not get mobile, email and the like", () -> {
            var zhang = People.get(partner(), "zhangsan");
            Steps.equal("name", zhang.getName(), "张三");
            Steps.equal("mobile", zhang.getMobile(), null);
            Steps.equal("state_code", zhang.getStateCode(), null);
            Steps.equal("email", zhang.getEmail(), null);
            Steps.equal("hired_date", zhang.getHiredDate(), null);
            Steps.equal("extension", zhang.getExtension(), null);
        });
        steps.step("a call that is for internal apps only: 88 with 60011", () -> {
            OapiInactiveUserV2GetRequest req = new OapiInactiveUserV2GetRequest();
            req.setIsActive(false);
            req.setOffset(0L);
            req.setSize(10L);
            req.setQueryDate("20260820");
            partner().denied("60011", "", "/topapi/inactive/user/v2/get", req);
        });
    }

    private static Client partner() throws Exception {
        return new Client(BASE, corpToken(Steps.env("PARTNER_APPKEY"), Steps.env("PARTNER_APPSECRET")).getAccessToken());
    }

    private static OapiServiceGetCorpTokenResponse corpToken(String key, String secret) throws Exception {
        OapiServiceGetCorpTokenRequest req = new OapiServiceGetCorpTokenRequest();
        req.setAuthCorpid(Steps.env("CORPID"));
        return new DefaultDingTalkClient(BASE + "/service/get_corp_token").execute(req, key, secret, "ticket");
    }
}
