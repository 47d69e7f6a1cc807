import com.dingtalk.api.DefaultDingTalkClient;
import com.dingtalk.api.request.OapiGettokenRequest;
import com.taobao.api.ApiException;
import com.taobao.api.TaobaoRequest;
import com.taobao.api.TaobaoResponse;

/** Client calls the server with the SDK as its documentation says; only the base URL is another. */
final class Client {
    private final String base;
    final String token;
    private boolean texts;

    Client(String token) {
        this(Steps.env("URL"), token);
    }

    Client(String base, String token) {
        this.base = base;
        this.token = token;
    }

    /** inTexts is the same client with the SDK's option that sends lists and objects as texts. */
    Client inTexts() {
        Client other = new Client(base, token);
        other.texts = true;
        return other;
    }

    /** of makes the client of an app. */
    static Client of(String app) throws Exception {
        return new Client(gettoken(Steps.env(app + "_APPKEY"), Steps.env(app + "_APPSECRET")));
    }

    static String gettoken(String appkey, String secret) throws Exception {
        OapiGettokenRequest req = new OapiGettokenRequest();
        req.setAppkey(appkey);
        req.setAppsecret(secret);
        req.setHttpMethod("GET");
        var rsp = new DefaultDingTalkClient(Steps.env("URL") + "/gettoken").execute(req);
        Steps.equal("errcode", rsp.getErrcode(), 0L);
        Steps.equal("expires_in", rsp.getExpiresIn(), 7200L);
        return rsp.getAccessToken();
    }

    /** call makes a call, whatever the answer is. */
    <T extends TaobaoResponse> T call(String path, TaobaoRequest<T> req) throws ApiException {
        DefaultDingTalkClient client = new DefaultDingTalkClient(base + path);
        client.setUseJsonString(texts);
        return client.execute(req, token);
    }

    /** good makes a call that has to succeed. */
    <T extends TaobaoResponse> T good(String path, TaobaoRequest<T> req) throws Exception {
        T rsp = call(path, req);
        if (!rsp.isSuccess() || !"0".equals(rsp.getErrorCode())) {
            throw new Steps.Surprise(path + " answers " + rsp.getBody());
        }
        if (path.startsWith("/topapi/") && rsp.getRequestId() == null && !rsp.getBody().contains("\"request_id\":\"")) {
            throw new Steps.Surprise(path + " answers without a request_id: " + rsp.getBody());
        }
        return rsp;
    }

    /** bad makes a call that has to be refused with an errcode. */
    <T extends TaobaoResponse> T bad(long errcode, String path, TaobaoRequest<T> req) throws Exception {
        T rsp = call(path, req);
        if (rsp.isSuccess() || !String.valueOf(errcode).equals(rsp.getErrorCode())) {
            throw new Steps.Surprise(path + " answers " + rsp.getBody() + " (the SDK reads the code "
                    + rsp.getErrorCode() + ", success " + rsp.isSuccess() + "), not errcode " + errcode);
        }
        return rsp;
    }

    /** denied makes a call that has to be refused with errcode 88 and a sub_code. */
    <T extends TaobaoResponse> void denied(String subCode, String inText, String path, TaobaoRequest<T> req) throws Exception {
        T rsp = bad(88, path, req);
        Steps.equal("sub_code", rsp.getSubCode(), subCode);
        if (!rsp.getBody().contains("\"errmsg\":\"ding talk error[subcode=" + subCode + ",submsg=") || !rsp.getBody().contains(inText)) {
            throw new Steps.Surprise(path + " answers " + rsp.getBody());
        }
    }
}
