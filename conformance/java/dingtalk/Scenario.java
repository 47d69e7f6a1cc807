import com.aliyun.dingtalkoauth2_1_0.Client;
import com.aliyun.dingtalkoauth2_1_0.models.GetAccessTokenRequest;
import com.aliyun.dingtalkoauth2_1_0.models.GetCorpAccessTokenRequest;
import com.aliyun.dingtalkoauth2_1_0.models.GetSuiteAccessTokenRequest;
import com.aliyun.dingtalkoauth2_1_0.models.GetTokenRequest;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Scenario makes the token calls of the newer host with its official SDK. The endpoint is an option. */
public final class Scenario {
    private interface Call {
        Object run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        Steps steps = new Steps();
        URI base = URI.create(Steps.env("URL"));
        Config config = new Config();
        config.protocol = base.getScheme();
        config.regionId = "central";
        config.endpoint = base.getAuthority();
        Client client = new Client(config);

        steps.step("accessToken: the token of /gettoken, good for the older calls", () -> {
            var body = client.getAccessToken(accessToken(Steps.env("FULL_APPSECRET"))).getBody();
            Steps.equal("expireIn", body.getExpireIn(), 7200L);
            String classic = get("/gettoken?appkey=" + Steps.env("FULL_APPKEY") + "&appsecret=" + Steps.env("FULL_APPSECRET"));
            Steps.equal("is the same token", classic.contains(body.getAccessToken()), true);
            counts(body.getAccessToken());
        });
        steps.step("/{corpId}/token", () -> {
            var body = client.getToken(Steps.env("CORPID"), token("client_credentials")).getBody();
            Steps.equal("expiresIn", body.getExpiresIn(), 7200);
            counts(body.getAccessToken());
        });
        steps.step("a wrong secret: invalidClientIdOrSecret, with status 400", () ->
                Steps.equal("status", refused("invalidClientIdOrSecret", () -> client.getAccessToken(accessToken("wrong"))).getStatusCode(), 400));
        steps.step("a wrong grant type: unsupported.grant.type", () ->
                refused("unsupported.grant.type", () -> client.getToken(Steps.env("CORPID"), token("password"))));
        steps.step("corpAccessToken and suiteAccessToken of a third-party app", () -> {
            var body = client.getCorpAccessToken(corpAccessToken(Steps.env("PARTNER_APPKEY"), Steps.env("PARTNER_APPSECRET"))).getBody();
            Steps.equal("expireIn", body.getExpireIn(), 7200L);
            counts(body.getAccessToken());
            GetSuiteAccessTokenRequest suite = new GetSuiteAccessTokenRequest();
            suite.setSuiteKey(Steps.env("PARTNER_APPKEY"));
            suite.setSuiteSecret(Steps.env("PARTNER_APPSECRET"));
            suite.setSuiteTicket("ticket");
            Steps.equal("expireIn", client.getSuiteAccessToken(suite).getBody().getExpireIn(), 7200L);
        });
        steps.step("a suite that does not exist: invalidSuiteKey", () -> {
            refused("invalidSuiteKey", () -> client.getCorpAccessToken(corpAccessToken("suitenobody", "wrong")));
        });
        steps.end();
    }

    private static GetAccessTokenRequest accessToken(String secret) {
        return new GetAccessTokenRequest().setAppKey(Steps.env("FULL_APPKEY")).setAppSecret(secret);
    }

    private static GetTokenRequest token(String grantType) {
        return new GetTokenRequest().setClientId(Steps.env("FULL_APPKEY")).setClientSecret(Steps.env("FULL_APPSECRET"))
                .setGrantType(grantType);
    }

    private static GetCorpAccessTokenRequest corpAccessToken(String key, String secret) {
        return new GetCorpAccessTokenRequest().setSuiteKey(key).setSuiteSecret(secret)
                .setAuthCorpId(Steps.env("CORPID")).setSuiteTicket("ticket");
    }

    private static TeaException refused(String code, Call call) throws Exception {
        Object got;
        try {
            got = call.run();
        } catch (TeaException e) {
            Steps.equal("the code of " + e.getMessage(), e.getCode(), code);
            return e;
        }
        throw new Steps.Surprise("it is not refused, but answers " + got);
    }

    private static void counts(String token) throws Exception {
        String reply = get("/topapi/user/count?only_active=false&access_token=" + token);
        Steps.equal("the older call is answered in " + reply, reply.contains("\"result\":{\"count\":127}"), true);
    }

    private static String get(String path) throws Exception {
        HttpRequest req = HttpRequest.newBuilder(URI.create(Steps.env("URL") + path)).build();
        return HttpClient.newHttpClient().send(req, HttpResponse.BodyHandlers.ofString()).body();
    }
}
