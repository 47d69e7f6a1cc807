import com.dingtalk.api.request.*;
import com.dingtalk.api.response.OapiV2UserGetResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** People reads people in full. */
final class People {
    private final Steps steps;
    private final Client api;

    People(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    void walk() {
        steps.step("v2/user/get", () -> {
            var zhang = get(api, "zhangsan");
            Steps.equal("name", zhang.getName(), "张三");
            Steps.equal("mobile", zhang.getMobile(), "13900001001");
            Steps.equal("state_code", zhang.getStateCode(), "86");
            Steps.equal("email", zhang.getEmail(), "zhangsan@example.com");
            Steps.equal("title", zhang.getTitle(), "工程师");
            Steps.equal("job_number", zhang.getJobNumber(), "E-1001");
            Steps.equal("hired_date", zhang.getHiredDate(), 1582992000000L);
            Steps.equal("active", zhang.getActive(), true);
            Steps.equal("departments", new HashSet<>(zhang.getDeptIdList()), new HashSet<>(List.of(2L, 3L)));
            if (!zhang.getExtension().contains("\"爱好\":\"旅游\"")) {
                throw new Steps.Surprise("extension is " + zhang.getExtension());
            }
            for (var lead : zhang.getLeaderInDept()) {
                Steps.equal("leader in " + lead.getDeptId(), lead.getLeader(), lead.getDeptId() == 2L);
            }
        });
        steps.step("v2/user/list page by page", () -> {
            List<String> all = new ArrayList<>();
            long cursor = 0;
            for (boolean more = true; more;) {
                OapiV2UserListRequest req = new OapiV2UserListRequest();
                req.setDeptId(5L);
                req.setCursor(cursor);
                req.setSize(100L);
                var page = api.good("/topapi/v2/user/list", req).getResult();
                for (var p : page.getList()) {
                    all.add(p.getUserid());
                    Steps.equal("departments of " + p.getUserid(), p.getDeptIdList(), List.of(5L));
                    Steps.equal("leader " + p.getUserid(), p.getLeader(), false);
                }
                more = page.getHasMore();
                if (more) {
                    cursor = page.getNextCursor();
                }
            }
            Steps.equal("people", new HashSet<>(all).size(), 120);
            Steps.equal("people listed", all.size(), 120);
        });
        steps.step("getbymobile and getbyunionid", () -> {
            OapiV2UserGetbymobileRequest mobile = new OapiV2UserGetbymobileRequest();
            mobile.setMobile("13900001003");
            Steps.equal("by mobile", api.good("/topapi/v2/user/getbymobile", mobile).getResult().getUserid(), "wangwu");
            OapiUserGetbyunionidRequest unionid = new OapiUserGetbyunionidRequest();
            unionid.setUnionid(get(api, "wangwu").getUnionid());
            var found = api.good("/topapi/user/getbyunionid", unionid).getResult();
            Steps.equal("by unionid", found.getUserid(), "wangwu");
            Steps.equal("contact_type", found.getContactType(), 0L);
        });
        steps.step("listadmin and get_admin_scope", () -> {
            Steps.equal("admins", api.good("/topapi/user/listadmin", new OapiUserListadminRequest()).getResult() != null, true);
            OapiUserGetAdminScopeRequest scope = new OapiUserGetAdminScopeRequest();
            scope.setUserid("zhangsan");
            Steps.equal("departments", api.good("/topapi/user/get_admin_scope", scope).getDeptIds() != null, true);
        });
    }

    static OapiV2UserGetResponse.UserGetResponse get(Client api, String userid) throws Exception {
        OapiV2UserGetRequest req = new OapiV2UserGetRequest();
        req.setUserid(userid);
        req.setLanguage("zh_CN");
        return api.good("/topapi/v2/user/get", req).getResult();
    }
}
