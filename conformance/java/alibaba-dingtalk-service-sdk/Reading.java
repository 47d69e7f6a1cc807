import com.dingtalk.api.request.*;
import com.dingtalk.api.response.*;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Reading walks the tree and makes the four seed calls. */
final class Reading {
    private final Steps steps;
    private final Client api;

    Reading(Steps steps, Client api) {
        this.steps = steps;
        this.api = api;
    }

    void walk() {
        steps.step("user/count", () -> {
            Steps.equal("all", count(false), 127L);
            Steps.equal("active", count(true), 125L);
        });
        steps.step("walk the tree by listsub", () -> {
            List<Long> seen = new ArrayList<>();
            subtree(1L, seen);
            Steps.equal("departments in the order of the walk", seen, List.of(1L, 2L, 3L, 4L, 5L, 6L));
        });
        steps.step("walk the tree by listsubid", () -> {
            Steps.equal("below 1", below(1L), List.of(2L, 5L, 6L));
            Steps.equal("below 2", below(2L), List.of(3L, 4L));
            Steps.equal("below 6", below(6L), List.of());
        });
        steps.step("department/get", () -> {
            OapiV2DepartmentGetRequest req = new OapiV2DepartmentGetRequest();
            req.setDeptId(4L);
            req.setLanguage("zh_CN");
            var dept = api.good("/topapi/v2/department/get", req).getResult();
            Steps.equal("name", dept.getName(), "分/子公司 <A&B> \"引号\"");
            Steps.equal("parent_id", dept.getParentId(), 2L);
            Steps.equal("dept_id", dept.getDeptId(), 4L);
            req.setDeptId(2L);
            req.setLanguage("en_US");
            dept = api.good("/topapi/v2/department/get", req).getResult();
            Steps.equal("English name", dept.getName(), "Engineering");
            Steps.equal("order", dept.getOrder(), 10L);
            Steps.equal("managers", dept.getDeptManagerUseridList(), List.of("zhangsan"));
            Steps.equal("source_identifier", dept.getSourceIdentifier(), "rd");
        });
        steps.step("listparentbydept and listparentbyuser", () -> {
            OapiV2DepartmentListparentbydeptRequest dept = new OapiV2DepartmentListparentbydeptRequest();
            dept.setDeptId(3L);
            Steps.equal("above 3", api.good("/topapi/v2/department/listparentbydept", dept).getResult().getParentIdList(), List.of(3L, 2L, 1L));
            OapiV2DepartmentListparentbyuserRequest user = new OapiV2DepartmentListparentbyuserRequest();
            user.setUserid("zhangsan");
            List<List<Long>> paths = new ArrayList<>();
            for (var path : api.good("/topapi/v2/department/listparentbyuser", user).getResult().getParentList()) {
                paths.add(path.getParentDeptIdList());
            }
            Steps.equal("above zhangsan", new HashSet<>(paths), new HashSet<>(List.of(List.of(2L, 1L), List.of(3L, 2L, 1L))));
        });
        steps.step("user/listid", () -> {
            Steps.equal("in 2", listid(2L), List.of("zhangsan", "lisi"));
            Steps.equal("in 5", listid(5L).size(), 120);
            Steps.equal("in 6", listid(6L), List.of());
        });
        steps.step("user/listsimple page by page", () -> {
            List<String> all = new ArrayList<>();
            long cursor = 0;
            int pages = 0;
            for (boolean more = true; more; pages++) {
                OapiUserListsimpleResponse.PageResult page = listsimple(5L, cursor, 50L, null, null);
                page.getList().forEach(p -> all.add(p.getUserid()));
                more = page.getHasMore();
                if (more) {
                    Steps.equal("next_cursor", page.getNextCursor(), cursor + 50);
                    cursor = page.getNextCursor();
                } else {
                    Steps.equal("next_cursor of the last page", page.getNextCursor(), null);
                }
            }
            Steps.equal("pages", pages, 3);
            Steps.equal("people", new HashSet<>(all).size(), 120);
            Steps.equal("people listed", all.size(), 120);
        });
        steps.step("user/listsimple with every order, restricted people, and names with marks", () -> {
            for (String order : List.of("entry_asc", "entry_desc", "modify_asc", "modify_desc", "custom")) {
                Steps.equal(order, listsimple(2L, 0, 100L, order, false).getList().size(), 2);
            }
            var shown = listsimple(4L, 0, 100L, null, false).getList();
            Steps.equal("shown", shown.size(), 1);
            Steps.equal("name", shown.get(0).getName(), "Bob <script>&\"\\");
            Steps.equal("with restricted people", listsimple(4L, 0, 100L, null, true).getList().size(), 2);
            Steps.equal("nobody", listsimple(6L, 0, 100L, null, null).getList(), List.of());
        });
        steps.step("inactive/user/v2/get page by page", () -> {
            List<String> all = new ArrayList<>();
            long offset = 0;
            for (boolean more = true; more;) {
                var page = inactive(false, null, offset, 10L);
                all.addAll(page.getList());
                more = page.getHasMore();
                if (more) {
                    offset = page.getNextCursor();
                }
            }
            Steps.equal("who did not sign in", all.size(), 23);
            Steps.equal("the first of them", all.subList(0, 3), List.of("lisi", "alice", "bob"));
            Steps.equal("who did", inactive(true, null, 0, 100L).getHasMore(), true);
        });
        steps.step("inactive/user/v2/get with departments in each of the SDK's forms", () -> {
            for (String form : List.of("2,3", "[2,3]", "\"2,3\"", "\\\"2,3\\\"", "[\"2\",\"3\"]")) {
                Steps.equal("dept_ids " + form, inactive(false, form, 0, 100L).getList(), List.of("lisi", "alice"));
            }
        });
        steps.step("auth/scopes", () -> {
            OapiAuthScopesRequest req = new OapiAuthScopesRequest();
            req.setHttpMethod("GET");
            var rsp = api.good("/auth/scopes", req);
            Steps.equal("departments", rsp.getAuthOrgScopes().getAuthedDept(), List.of(1L));
            Steps.equal("people", rsp.getAuthOrgScopes().getAuthedUser(), List.of());
        });
    }

    private long count(boolean active) throws Exception {
        OapiUserCountRequest req = new OapiUserCountRequest();
        req.setOnlyActive(active);
        return api.good("/topapi/user/count", req).getResult().getCount();
    }

    private void subtree(long dept, List<Long> seen) throws Exception {
        seen.add(dept);
        OapiV2DepartmentListsubRequest req = new OapiV2DepartmentListsubRequest();
        req.setDeptId(dept);
        req.setLanguage("zh_CN");
        for (var sub : api.good("/topapi/v2/department/listsub", req).getResult()) {
            Steps.equal("parent_id of " + sub.getDeptId(), sub.getParentId(), dept);
            subtree(sub.getDeptId(), seen);
        }
    }

    private List<Long> below(long dept) throws Exception {
        OapiV2DepartmentListsubidRequest req = new OapiV2DepartmentListsubidRequest();
        req.setDeptId(dept);
        return api.good("/topapi/v2/department/listsubid", req).getResult().getDeptIdList();
    }

    private List<String> listid(long dept) throws Exception {
        OapiUserListidRequest req = new OapiUserListidRequest();
        req.setDeptId(dept);
        return api.good("/topapi/user/listid", req).getResult().getUseridList();
    }

    private OapiUserListsimpleResponse.PageResult listsimple(long dept, long cursor, long size, String order, Boolean restricted)
            throws Exception {
        OapiUserListsimpleRequest req = new OapiUserListsimpleRequest();
        req.setDeptId(dept);
        req.setCursor(cursor);
        req.setSize(size);
        req.setOrderField(order);
        req.setContainAccessLimit(restricted);
        req.setLanguage("zh_CN");
        return api.good("/topapi/user/listsimple", req).getResult();
    }

    private OapiInactiveUserV2GetResponse.PageVo inactive(boolean active, String depts, long offset, long size) throws Exception {
        OapiInactiveUserV2GetRequest req = new OapiInactiveUserV2GetRequest();
        req.setIsActive(active);
        req.setDeptIds(depts);
        req.setOffset(offset);
        req.setSize(size);
        req.setQueryDate("20260820");
        return api.good("/topapi/inactive/user/v2/get", req).getResult();
    }
}
