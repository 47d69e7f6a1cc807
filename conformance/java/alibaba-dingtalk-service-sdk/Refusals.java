import com.dingtalk.api.request.*;

/** Refusals meets the errors, as the SDK shows them. */
final class Refusals {
    private final Steps steps;
    private final Client api;

    Refusals(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    void walk() {
        steps.step("a wrong token: 88 with 40014, and 40014 on the classic paths", () -> {
            Client wrong = new Client("0123456789abcdef0123456789abcdef");
            wrong.denied("40014", "access_token", "/topapi/user/listid", listid(1));
            OapiAuthScopesRequest scopes = new OapiAuthScopesRequest();
            scopes.setHttpMethod("GET");
            wrong.bad(40014, "/auth/scopes", scopes);
        });
        steps.step("a wrong secret: 40096", () -> {
            OapiGettokenRequest req = new OapiGettokenRequest();
            req.setAppkey(Steps.env("FULL_APPKEY"));
            req.setAppsecret("wrong");
            req.setHttpMethod("GET");
            new Client(null).bad(40096, "/gettoken", req);
        });
        steps.step("a missing permission point: 88 with 60011", () -> {
            Client reader = Client.of("READER");
            reader.denied("60011", "qyapi_get_department_member", "/topapi/user/listsimple", listsimple(1, 0, 10));
            OapiV2UserDeleteRequest delete = new OapiV2UserDeleteRequest();
            delete.setUserid("zhangsan");
            reader.denied("60011", "qyapi_manage_addresslist", "/topapi/v2/user/delete", delete);
        });
        steps.step("outside of the contact scope: 50004 and 50002", () -> {
            Client scoped = Client.of("SCOPED");
            scoped.good("/topapi/user/listsimple", listsimple(3, 0, 10));
            scoped.bad(50004, "/topapi/user/listsimple", listsimple(5, 0, 10));
            scoped.good("/topapi/user/listid", listid(5));
            OapiV2UserGetRequest get = new OapiV2UserGetRequest();
            get.setUserid("boss");
            scoped.bad(50002, "/topapi/v2/user/get", get);
        });
        steps.step("no such department: 60003", () -> {
            api.bad(60003, "/topapi/user/listid", listid(99999));
            api.bad(60003, "/topapi/user/listsimple", listsimple(99999, 0, 10));
            OapiV2DepartmentGetRequest get = new OapiV2DepartmentGetRequest();
            get.setDeptId(99999L);
            api.bad(60003, "/topapi/v2/department/get", get);
        });
        steps.step("no such person: 60121", () -> {
            OapiV2UserGetRequest get = new OapiV2UserGetRequest();
            get.setUserid("nobody");
            api.bad(60121, "/topapi/v2/user/get", get);
            OapiUserGetbyunionidRequest union = new OapiUserGetbyunionidRequest();
            union.setUnionid("nobody");
            api.bad(60121, "/topapi/user/getbyunionid", union);
        });
        steps.step("bad paging: 40069 and 40068; a day that cannot be read yet: 400002", () -> {
            OapiInactiveUserV2GetRequest req = new OapiInactiveUserV2GetRequest();
            req.setIsActive(false);
            req.setOffset(0L);
            req.setSize(101L);
            req.setQueryDate("20260820");
            api.bad(40069, "/topapi/inactive/user/v2/get", req);
            req.setSize(10L);
            req.setOffset(-1L);
            api.bad(40068, "/topapi/inactive/user/v2/get", req);
            req.setOffset(0L);
            req.setQueryDate("20260821");
            api.bad(400002, "/topapi/inactive/user/v2/get", req);
        });
        steps.step("a path that does not exist: 22", () -> {
            api.bad(22, "/topapi/v2/user/notexist", listid(1));
        });
    }

    private static OapiUserListidRequest listid(long dept) {
        OapiUserListidRequest req = new OapiUserListidRequest();
        req.setDeptId(dept);
        return req;
    }

    private static OapiUserListsimpleRequest listsimple(long dept, long cursor, long size) {
        OapiUserListsimpleRequest req = new OapiUserListsimpleRequest();
        req.setDeptId(dept);
        req.setCursor(cursor);
        req.setSize(size);
        return req;
    }
}
